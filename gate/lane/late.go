package lane

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
	"gatehouse/vision"
)

// A vehicle that went in by its card before its plate was read is read on with
// the frames that were kept: the one that is at hand, then the others, and
// after the worker was away all of them again.

// Bounds of late readings.
const (
	maxLate   = 64        // vehicles that wait for one, the oldest are given up
	lateTries = 5         // of one vehicle, while the worker answers others
	lateLasts = time.Hour // after the vehicle came
)

// lateReading is a vehicle whose plate is still to be read.
type lateReading struct {
	lane  parking.Lane
	v     *vehicle
	tries int
}

// wantsLate says whether a late reading of v would still count. mu is held.
func (v *vehicle) wantsLate() bool {
	return v.tapped && v.dir == parking.In && v.Plate == "" && v.reason == ""
}

// readLate takes the first reading that came after its vehicle went in. mu is
// held.
func (d *Desk) readLate(ctx context.Context, l parking.Lane, v *vehicle, reading vision.Reading, err error) {
	if !v.wantsLate() {
		return
	}
	if err == nil && sure(reading) {
		d.addPlate(ctx, l, v, reading)
		return
	}
	d.log.Info("the plate of a vehicle that went in by its card was not read", "lane", l.Code, "stay", v.Stay, "error", err)
	if err == nil && len(v.photos) < 2 {
		return // the only frame says no more
	}
	d.readLater(l, v)
}

// readLater notes a vehicle whose plate could not be read: should it go in by
// its card, it is read then. mu is held.
func (d *Desk) readLater(l parking.Lane, v *vehicle) {
	if v.dir != parking.In {
		return
	}
	if d.late = append(d.late, lateReading{lane: l, v: v}); len(d.late) > maxLate {
		d.log.Warn("too many plates wait to be read: the oldest is given up", "stay", d.late[0].v.Stay)
		d.late = slices.Delete(d.late, 0, 1)
	}
}

// restoreLate finds again, at a start, who went in by a card at this gate and has
// no plate yet: the stay names the lane that acted, and the frames that were kept.
// A guard who has said since that there is no plate has the last word. mu is held.
func (d *Desk) restoreLate() {
	if d.cfg.Vision == nil {
		return
	}
	site := d.cfg.State.Site()
	corrected := map[uuid.UUID]bool{}
	for _, e := range d.cfg.State.Recent(lateHistory) {
		corrected[e.Stay] = corrected[e.Stay] || e.Kind == parking.KindPlateCorrected
	}
	var found []parking.Stay
	for _, s := range site.Inside {
		if s.Plate == "" && s.InGate == site.Gate && s.InBy == laneActor(s.InLane) && s.InAt != nil && len(s.InPhotos) > 0 && !corrected[s.ID] {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b parking.Stay) int { return a.InAt.Compare(*b.InAt) })
	for _, s := range found {
		l, p, err := d.lane(s.InLane)
		if err != nil {
			continue // the lane is no longer of this gate
		}
		v := p.vehicle
		if v == nil || v.Stay != s.ID {
			v = d.newVehicle(l, Arrival{Class: s.Class, Token: s.Token})
			v.Stay, v.done, v.result = s.ID, true, s
			v.stop() // it is at no lane any more
		}
		v.ArrivedAt, v.tapped, v.photos = *s.InAt, true, s.InPhotos
		d.readLater(l, v)
	}
	d.dropLate()
}

// lateHistory is how much of the history is looked at after a start.
const lateHistory = 200

func sure(r vision.Reading) bool { return r.Outcome == vision.OutcomeRead && r.Plate != "" }

// addPlate adds a plate that was read for sure to a stay that has none. mu is
// held.
func (d *Desk) addPlate(ctx context.Context, l parking.Lane, v *vehicle, reading vision.Reading) {
	s, err := d.cfg.State.Stay(ctx, v.Stay)
	if err != nil || s.Plate != "" || s.State == parking.Voided {
		return // somebody was faster
	}
	display := reading.Plate.DisplayAs(reading.Lines, v.Class)
	_, err = d.write(ctx, state.Draft{Kind: parking.KindPlateCorrected, Actor: laneActor(l.Code), Body: &parking.PlateCorrected{
		Stay: v.Stay, Plate: reading.Plate, Display: display, Pass: d.passByPlate(ctx, s.ID, reading.Plate),
	}})
	if err != nil {
		return // written to the log, and shown
	}
	v.Reading, v.Plate, v.Display = reading, reading.Plate, display
	v.result.Plate, v.result.Display = reading.Plate, display
	d.touch()
}

// readAgain reads those on that wait for it, since the worker answers. mu is
// held.
func (d *Desk) readAgain() {
	if len(d.late) == 0 || d.lateBusy {
		return
	}
	d.lateBusy = true
	d.spawn(func() {
		for d.readNextLate() {
		}
	})
}

// lookLate reads them on once the worker says that it is well.
func (d *Desk) lookLate() {
	if !d.lateWaits() || !d.worker().OK {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readAgain()
}

// lateWaits says whether a plate is still to be read, for which Run's tick goes
// on; what has waited too long is given up.
func (d *Desk) lateWaits() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLate()
	return len(d.late) > 0
}

// dropLate gives up what needs no reading any more. mu is held.
func (d *Desk) dropLate() {
	now := d.cfg.Now()
	d.late = slices.DeleteFunc(d.late, func(e lateReading) bool {
		gone := e.v.ctx.Err() != nil && !e.v.done
		return gone || e.v.done && !e.v.wantsLate() || now.Sub(e.v.ArrivedAt) > lateLasts
	})
}

// readNextLate reads one vehicle's kept frames; it says whether to go on with
// the next. The worker that does not answer is waited for again.
func (d *Desk) readNextLate() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLate()
	at := slices.IndexFunc(d.late, func(e lateReading) bool { return e.v.done })
	if at < 0 || d.ctx.Err() != nil {
		d.lateBusy = false
		return false
	}
	e := d.late[at]
	d.late = slices.Delete(d.late, at, at+1)
	photos := slices.Clone(e.v.photos)
	d.mu.Unlock()
	reading, answered := d.readKept(photos)
	d.mu.Lock()
	switch {
	case answered && sure(reading):
		if e.v.wantsLate() {
			d.addPlate(d.ctx, e.lane, e.v, reading)
		}
	case answered:
	default:
		if e.tries++; e.tries < lateTries {
			d.late = append(d.late, e)
		}
		d.lateBusy = false
		return false
	}
	return true
}

// readKept reads frames that were kept until one is sure; answered says that
// the worker looked at all of them, or at one that is sure.
func (d *Desk) readKept(photos []parking.PhotoRef) (reading vision.Reading, answered bool) {
	for _, ref := range photos {
		picture, err := d.cfg.State.Photo(ref.SHA256)
		if err != nil {
			continue // it is kept no longer
		}
		ctx, cancel := context.WithTimeout(d.ctx, readTimeout)
		reading, err = d.cfg.Vision.Read(ctx, picture, country)
		cancel()
		switch {
		case err != nil && parking.ErrorCode(err) != parking.Invalid:
			return reading, false
		case err == nil && sure(reading):
			return reading, true
		}
	}
	return vision.Reading{}, true
}
