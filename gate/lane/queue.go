package lane

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/parking"
)

// Bounds of what a lane keeps.
const (
	maxOrder  = 4  // vehicles that wait, the one in front among them
	maxMissed = 20 // vehicles that were sensed while the order was full
	maxGone   = 4  // vehicles whose acts are still answered
	maxHeard  = 64 // names of arrivals that are known again
)

// makeRoom prepares the lane for an arrival, or says why it cannot be. mu is
// held.
func (d *Desk) makeRoom(p *post, device bool) error {
	switch {
	case p.vehicle == nil:
	case !device: // the guard says who is in front
		d.remove(p)
		if len(p.waiting) > 0 || p.missed > 0 {
			return nil
		}
		p.emptied()
	case len(p.waiting) == 0 && p.missed == 0 && d.through(p):
		d.remove(p)
		p.emptied()
	case len(p.order()) >= maxOrder:
		p.refused++
		d.touch()
		return parking.Errorf(parking.Conflict, "%d vehicles wait at lane %s already.", maxOrder, p.code)
	}
	return nil
}

// through says whether the vehicle in front need not be waited for: it has
// passed, or was let through at a lane where nothing sees vehicles pass. mu is
// held.
func (d *Desk) through(p *post) bool {
	v := p.vehicle
	return v != nil && v.done && (v.Stage == HasPassed || !d.seesPassages(p.code))
}

// join puts a vehicle into the order: in front when nobody is, else at the
// end. mu is held.
func (p *post) join(v *vehicle) {
	for _, o := range p.order() {
		o.overtaken = true
	}
	p.heard = append(p.heard, v.ID)
	if len(p.heard) > maxHeard {
		p.heard = p.heard[1:]
	}
	if len(p.order()) > 0 {
		for _, c := range p.cameras {
			if folder, ok := camera.Behind(c).(*camera.Folder); ok {
				folder.Arrive() // the next picture is this vehicle
			}
		}
	}
	if p.vehicle == nil {
		p.vehicle = v
		return
	}
	v.unseen, p.missed = p.missed, 0
	p.waiting = append(p.waiting, v)
}

// remove takes the vehicle in front off the lane and leaves its place empty.
// mu is held.
func (d *Desk) remove(p *post) {
	v := p.vehicle
	if v == nil {
		return
	}
	if !v.readsOn() {
		v.stop() // ends reading and hold
	}
	p.vehicle = nil
	if v.done {
		p.gone = append(p.gone, v)
		if len(p.gone) > maxGone {
			p.gone = p.gone[1:]
		}
	}
	d.touch()
}

// leave takes the vehicle in front off the lane; the next comes to the front.
// mu is held.
func (d *Desk) leave(p *post) {
	d.remove(p)
	d.next(p)
}

// next brings whoever waits to the front, when nobody is there. A vehicle that
// was sensed while the order was full is first looked at now. mu is held.
func (d *Desk) next(p *post) {
	if p.vehicle != nil {
		return
	}
	l, _, err := d.lane(p.code)
	if err != nil {
		return // the lane is no longer of this gate
	}
	switch {
	case len(p.waiting) > 0 && p.waiting[0].unseen == 0:
		v := p.waiting[0]
		p.waiting = slices.Clone(p.waiting[1:])
		p.vehicle = v
		if !v.done {
			d.assess(l, v) // the site has changed while it waited
		}
		if v.tapped && !v.done {
			d.spawn(func() { d.hasten(p, v) })
		}
	case len(p.waiting) > 0:
		p.waiting[0].unseen--
		d.unannounced(l, p)
	case p.missed > 0:
		p.missed--
		d.unannounced(l, p)
	default:
		p.emptied()
	}
	d.touch()
}

// unannounced puts a vehicle in front that was sensed while the order was
// full. mu is held.
func (d *Desk) unannounced(l parking.Lane, p *post) {
	waiting, missed := p.waiting, p.missed
	p.waiting, p.missed = nil, 0
	d.appear(l, p, Arrival{Device: true}, "")
	p.waiting, p.missed = waiting, missed
	for _, v := range waiting {
		v.overtaken = true
	}
}

// emptied tells simulated cameras that nobody stands at the lane. mu is held.
func (p *post) emptied() {
	for _, c := range p.cameras {
		switch c := camera.Behind(c).(type) {
		case *camera.Simulator:
			c.Leave()
		case *camera.Folder:
			c.Arrive() // the next picture is the next vehicle
		}
	}
}

// Clear takes a vehicle off the lane that went away: one in front, or one that
// waits. One that was let through is taken off the screen, and counts as gone.
func (d *Desk) Clear(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, p, err := d.lane(code); err == nil {
		i := slices.IndexFunc(p.waiting, func(v *vehicle) bool { return v.ID == subject })
		if _, err := d.actor(ctx); err == nil && i >= 0 {
			d.skip(p, i)
			return nil
		}
	}
	_, p, v, _, err := d.at(ctx, code, subject)
	if err != nil || v != p.vehicle {
		return err
	}
	d.over(ctx, p, v)
	d.leave(p)
	return nil
}

// skip takes a vehicle out of those that wait. mu is held.
func (d *Desk) skip(p *post, i int) {
	v := p.waiting[i]
	v.stop()
	p.waiting = slices.Delete(slices.Clone(p.waiting), i, i+1)
	if i < len(p.waiting) {
		p.waiting[i].unseen += v.unseen
	} else {
		p.missed += v.unseen
	}
	d.touch()
}
