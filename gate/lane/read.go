package lane

import (
	"bytes"
	"context"
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

// Frames of one vehicle vote on its plate (vision.Vote).
const (
	maxFrames  = 5
	maxEmpty   = 3                     // while none of them shows a plate
	framePause = 60 * time.Millisecond // between two, so that they are not the same
)

// readFrames has a picture read, and if the camera is live further ones, until
// two agree. The plate is shown once, when all have voted: it does not change
// under the guard's hand. better is the frame that shows the plate best, nil
// where that is the first. An error is that of the first frame.
func (d *Desk) readFrames(ctx context.Context, p *post, v *vehicle, first []byte, live bool) (reading vision.Reading, better []byte, err error) {
	next := time.NewTicker(framePause)
	defer next.Stop()
	var readings []vision.Reading
	var pictures [][]byte
	picture := first
	for {
		r, err := d.cfg.Vision.Read(ctx, picture, country)
		if err != nil && len(readings) == 0 {
			return r, nil, err
		}
		if err != nil {
			break
		}
		readings, pictures = append(readings, r), append(pictures, picture)
		if !live || settled(readings) {
			break
		}
		select {
		case <-ctx.Done():
		case <-next.C:
		}
		frame, err := d.takeFrame(ctx, p, parking.RolePlate)
		d.mu.Lock()
		// A camera slower than this has no further frame: the same one twice would
		// agree with itself.
		over := err != nil || v.done || v.overtaken || v.Typed || bytes.Equal(frame.JPEG, picture)
		d.mu.Unlock()
		if over {
			break
		}
		picture = frame.JPEG
	}
	reading = vision.Vote(readings)
	if readings[0].Outcome == vision.OutcomeRead {
		return reading, nil, nil
	}
	var sure float64
	for i, r := range readings[1:] {
		if r.Outcome == vision.OutcomeRead && r.Plate == reading.Plate && r.Confidence > sure {
			better, sure = pictures[i+1], r.Confidence
		}
	}
	return reading, better, nil
}

// settled says that further frames are not asked: two have read the same plate
// and none another, or there are enough.
func settled(frames []vision.Reading) bool {
	reads, empty, plate := 0, 0, parking.Plate("")
	for _, f := range frames {
		if f.Outcome == vision.OutcomeNone {
			empty++
		}
		if f.Outcome != vision.OutcomeRead {
			continue
		}
		if plate != "" && f.Plate != plate {
			return len(frames) == maxFrames
		}
		plate = f.Plate
		reads++
	}
	return reads >= 2 || len(frames) == maxFrames || empty == len(frames) && empty == maxEmpty
}

// read has the picture read, with further ones where another may be taken, and
// lays the reading over the vehicle. It returns a picture that shows the plate
// better, nil for none.
func (d *Desk) read(l parking.Lane, p *post, v *vehicle, picture []byte, further bool) (better []byte) {
	ctx, cancel := context.WithTimeout(v.ctx, readTimeout)
	defer cancel()
	live := further && camera.Live(p.cameras[parking.RolePlate])
	reading, better, err := d.readFrames(ctx, p, v, picture, live)
	d.mu.Lock()
	defer d.mu.Unlock()
	v.reading = false
	if v.done { // it went in before its plate was read
		d.readLate(ctx, l, v, reading, err)
		if err == nil {
			d.readAgain()
		}
		return nil
	}
	if v.ctx.Err() != nil {
		return nil // the vehicle has gone
	}
	if err != nil {
		d.reader = Worker{Why: parking.ErrorMessage(err)}
		d.log.Warn("a plate was not read", "lane", l.Code, "error", err)
		d.readLater(l, v)
		d.ready(v)
		return nil
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
	return better
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
