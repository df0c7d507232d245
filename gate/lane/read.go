package lane

import (
	"context"
	"slices"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
)

// Warnings that a subject may carry, as the guard reads them.
const (
	warnType    = "Type the plate."
	warnCheck   = "Check the plate: the reading is not sure."
	warnPattern = "This plate fits no known pattern."
	warnPhoto   = "The picture could not be kept."
)

// country is whose plates are read first.
const country = "vn"

// look takes the vehicle's picture, keeps it and has it read. It runs beside
// the lane, which never waits for it.
func (d *Desk) look(l parking.Lane, p *post, v *vehicle, given []byte) {
	frame, ok := d.picture(p, v, given)
	if !ok {
		d.mu.Lock()
		defer d.mu.Unlock()
		v.reading = false
		d.ready(v)
		return
	}
	d.mu.Lock()
	reading := v.reading
	d.mu.Unlock()
	if reading {
		d.read(l, v, frame)
		d.cropThumb(v, frame)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.vehicle != v {
		v.stop() // it went in and was read on
	}
}

// picture takes the vehicle's picture, unless one was given, and keeps it.
func (d *Desk) picture(p *post, v *vehicle, given []byte) ([]byte, bool) {
	defer close(v.pictured)
	frame := camera.Frame{JPEG: given}
	if len(given) == 0 {
		var err error
		if frame, err = d.takeFrame(v.ctx, p); err != nil {
			return nil, false
		}
	}
	ref, err := d.keepPhoto(v.ctx, frame.JPEG)
	if err == nil {
		ref.Thumb = d.keepThumb(v.ctx, frame.JPEG, [4]int{})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.log.Warn("the picture of a vehicle was not kept", "lane", p.code, "error", err)
		v.warn(warnPhoto)
	} else if !v.done {
		v.photos = append(v.photos, ref)
	}
	d.touch()
	return frame.JPEG, true
}

// keepPhoto keeps what a fact will name: a JPEG that the cloud takes too.
func (d *Desk) keepPhoto(ctx context.Context, picture []byte) (parking.PhotoRef, error) {
	photo, err := camera.Photo(picture)
	if err != nil {
		return parking.PhotoRef{}, err
	}
	return d.cfg.State.SavePhoto(ctx, parking.RolePlate, photo)
}

// keepThumb keeps a thumbnail and returns its name; "" when there is none,
// which stops nobody.
func (d *Desk) keepThumb(ctx context.Context, picture []byte, box [4]int) string {
	thumb, err := camera.Thumb(picture, box)
	if err == nil {
		var sha string
		if sha, err = d.cfg.State.SaveThumb(ctx, thumb); err == nil {
			return sha
		}
	}
	d.log.Warn("no thumbnail was kept", "error", err)
	return ""
}

// cropThumb gives the vehicle's photo the plate as its thumbnail, once it is
// known where the plate is. A fact that was written before keeps the whole
// picture, which it names; else that one is sent for nothing.
func (d *Desk) cropThumb(v *vehicle, picture []byte) {
	d.mu.Lock()
	box := v.Reading.Box
	done := v.done || len(v.photos) == 0 || v.Reading.Outcome == vision.OutcomeNone
	d.mu.Unlock()
	if done || box == [4]int{} {
		return
	}
	thumb := d.keepThumb(v.ctx, picture, box)
	d.mu.Lock()
	defer d.mu.Unlock()
	if thumb != "" && !v.done && len(v.photos) > 0 {
		v.photos = slices.Clone(v.photos) // a fact may be on its way to the disk with these
		v.photos[0].Thumb = thumb
	}
}

// takeFrame asks the camera and remembers picture and health of it.
func (d *Desk) takeFrame(ctx context.Context, p *post) (camera.Frame, error) {
	ctx, cancel := context.WithTimeout(ctx, frameTimeout)
	defer cancel()
	frame, err := p.camera.Frame(ctx)
	if err == nil {
		err = vision.CheckPicture(frame.JPEG)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p.eye = Worker{OK: err == nil}
	if err != nil {
		if ctx.Err() == nil || ctx.Err() == context.DeadlineExceeded {
			p.eye.Why = parking.ErrorMessage(err)
		}
	} else {
		p.picture = frame.JPEG
		p.number++
	}
	d.touch()
	return frame, err
}

// read has the picture read and lays the reading over the vehicle.
func (d *Desk) read(l parking.Lane, v *vehicle, picture []byte) {
	ctx, cancel := context.WithTimeout(v.ctx, readTimeout)
	defer cancel()
	reading, err := d.cfg.Vision.Read(ctx, picture, country)
	d.mu.Lock()
	defer d.mu.Unlock()
	v.reading = false
	if v.done { // it went in before its plate was read
		d.readLate(ctx, l, v, reading, err)
		return
	}
	if v.ctx.Err() != nil {
		return // the vehicle has gone
	}
	if err != nil {
		d.reader = Worker{Why: parking.ErrorMessage(err)}
		d.log.Warn("a plate was not read", "lane", l.Code, "error", err)
		d.ready(v)
		return
	}
	d.reader = Worker{OK: true}
	v.Reading = reading
	if !v.Typed { // what the guard typed stays
		v.Check = reading.Outcome == vision.OutcomeUnsure
		if reading.Outcome != vision.OutcomeNone {
			d.setPlate(v, reading.Plate, false)
		}
	}
	d.assess(l, v)
	d.ready(v)
}

// setPlate puts a plate on the vehicle. mu is held.
func (d *Desk) setPlate(v *vehicle, plate parking.Plate, typed bool) {
	v.Plate, v.Typed = plate, typed
	v.Display = plate.DisplayAs(v.Reading.Lines, v.Class)
	v.forget(warnType)
	v.forget(warnPattern)
	if plate != "" && !plate.Known() {
		v.warn(warnPattern)
	}
	if typed {
		v.Check = false
	}
}

// assess makes the offer anew after something about the vehicle changed. mu
// is held.
func (d *Desk) assess(l parking.Lane, v *vehicle) {
	v.forget(warnCheck)
	if v.Check {
		v.warn(warnCheck)
	}
	if v.dir == parking.Out {
		d.match(v)
	} else {
		d.offer(l, v)
	}
	d.touch()
}

// plateRead says in a fact how the plate came to be known.
func (v *vehicle) plateRead() parking.PlateRead {
	r := parking.PlateRead{Outcome: string(v.Reading.Outcome)}
	if v.Reading.Outcome != vision.OutcomeNone {
		r.Raw, r.Confidence = string(v.Reading.Plate), v.Reading.Confidence
	}
	if v.Typed {
		r.Outcome = "typed"
	}
	return r
}

// takePictures refreshes the pictures of idle and busy lanes alike.
func (d *Desk) takePictures() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.lanes {
		if p.camera == nil || p.taking {
			continue
		}
		p.taking = true
		d.spawn(func() {
			_, _ = d.takeFrame(d.ctx, p) // the lane's eye says what went wrong
			d.mu.Lock()
			defer d.mu.Unlock()
			p.taking = false
		})
	}
}

// watched says whether a screen has asked for a view lately.
func (d *Desk) watched(now time.Time) bool {
	return now.UnixMilli()-d.viewed.Load() < watchedFor.Milliseconds()
}

// Picture returns the newest picture of a lane, taken now if none is at hand.
// NotFound: no such lane; Unavailable: no camera, or it does not deliver.
func (d *Desk) Picture(ctx context.Context, code string) ([]byte, error) {
	d.mu.Lock()
	_, p, err := d.lane(code)
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if p.camera == nil {
		return nil, parking.Errorf(parking.Unavailable, "Lane %s has no camera.", code)
	}
	frame, err := d.takeFrame(ctx, p)
	if err != nil {
		return nil, err
	}
	return frame.JPEG, nil
}
