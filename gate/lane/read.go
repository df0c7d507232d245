package lane

import (
	"context"
	"time"

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
		if err == nil {
			d.readAgain()
		}
		return
	}
	if v.ctx.Err() != nil {
		return // the vehicle has gone
	}
	if err != nil {
		d.reader = Worker{Why: parking.ErrorMessage(err)}
		d.log.Warn("a plate was not read", "lane", l.Code, "error", err)
		d.readLater(l, v)
		d.ready(v)
		return
	}
	d.reader = Worker{OK: true}
	d.readAgain()
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
		d.countReceipts(v)
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

// watched says whether a screen has asked for a view lately.
func (d *Desk) watched(now time.Time) bool {
	return now.UnixMilli()-d.viewed.Load() < watchedFor.Milliseconds()
}
