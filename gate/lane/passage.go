package lane

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// Sources of a passage.
const (
	SourceLoop    = "loop"    // a loop behind the barrier
	SourceContact = "contact" // the barrier was open and is closed again
	SourceMotion  = "motion"  // a vehicle left the picture of the lane
)

// Times about openings and those who go through.
const (
	// tailgateWithin is how soon after another a passage is on the same opening.
	tailgateWithin = 15 * time.Second
	// openingWaits is how long an opening waits for its passage when its vehicle
	// is no longer in front.
	openingWaits = 10 * time.Minute
	alarmShown   = 30 * time.Second
	maxCrossings = 64 // passages of a lane that are remembered by id
)

// opening is the last opening of a lane's barrier, and who went through it.
type opening struct {
	fact    uuid.UUID
	stay    uuid.UUID // the zero id: by hand
	vehicle *vehicle  // nil: by hand
	at      time.Time
	passed  int       // vehicles that went through
	last    time.Time // when the last of them did
}

// crossing is one passage: decided when it is seen, written when its photo is
// taken.
type crossing struct {
	id       uuid.UUID // of the report, the zero id for none
	lane     string
	source   string
	stay     uuid.UUID // whose opening it was, the zero id for none
	ends     uuid.UUID // that opening
	tailgate bool      // a second one on an opening
	display  string    // plate of who was in front without an opening of its own
	written  bool
}

// PassageReport says that a vehicle went through a lane.
type PassageReport struct {
	// ID names the report: sent again it is answered as the first time, as long
	// as the program runs. The zero id: each report is a passage.
	ID     uuid.UUID
	Source string // SourceLoop, SourceContact or SourceMotion
}

// Passage takes in that a vehicle went through a lane: the one in front, since
// nobody overtakes there. The next comes to the front at once; the fact is
// written with a photo, and names the stay whose opening waited for it. A
// second passage on one opening is an alarm (tailgate). When it returns nil,
// the fact is on disk.
func (d *Desk) Passage(ctx context.Context, code string, r PassageReport) error {
	if !slices.Contains([]string{SourceLoop, SourceContact, SourceMotion}, r.Source) {
		return parking.Errorf(parking.Invalid, "A passage is seen by loop, contact or motion, not by %q.", shorten(r.Source))
	}
	d.mu.Lock()
	_, p, err := d.lane(code)
	var c *crossing
	if err == nil {
		c = d.cross(p, r)
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.record(ctx, p, c)
}

// cross decides whose passage it is and brings the next vehicle to the front.
// mu is held.
func (d *Desk) cross(p *post, r PassageReport) *crossing {
	if i := slices.IndexFunc(p.crossings, func(c *crossing) bool { return r.ID != uuid.Nil && c.id == r.ID }); i >= 0 {
		return p.crossings[i]
	}
	now, o, front := d.cfg.Now(), p.opening, p.vehicle
	c := &crossing{id: r.ID, lane: p.code, source: r.Source}
	mine := o != nil && o.vehicle != nil && o.vehicle == front
	switch {
	case o != nil && o.passed == 0 && (mine || now.Sub(o.at) < openingWaits):
		c.stay, c.ends = o.stay, o.fact
		o.passed, o.last = 1, now
	case o != nil && o.passed > 0 && now.Sub(o.last) <= tailgateWithin:
		c.tailgate = true
		o.passed++
		o.last = now
	}
	switch {
	case c.ends != uuid.Nil && mine:
		d.passes(p, front)
	case c.ends != uuid.Nil && o.vehicle != nil:
		// Its vehicle was taken off the screen before; who is in front stands there.
	case front != nil && !front.done:
		c.display = front.Display
		d.leave(p)
	}
	d.warnOf(p, c, now)
	p.crossings = append(p.crossings, c)
	if len(p.crossings) > maxCrossings {
		p.crossings = p.crossings[1:]
	}
	d.touch()
	return c
}

// passes takes the vehicle in front as gone through. It stays shown a while
// when nobody waits. mu is held.
func (d *Desk) passes(p *post, v *vehicle) {
	v.Stage, v.Why, v.Again = HasPassed, "", false
	if len(p.waiting) > 0 || p.missed > 0 {
		d.leave(p)
		return
	}
	v.expire = false
	d.dismiss(p, v)
}

// warnOf says at the lane what a guard should look at. mu is held.
func (d *Desk) warnOf(p *post, c *crossing, now time.Time) {
	switch {
	case c.tailgate:
		p.alarm, p.alarmed = c.text(), now
	case c.ends == uuid.Nil && c.display != "":
		p.alarm, p.alarmed = fmt.Sprintf("%s went through lane %s without an opening.", c.display, c.lane), now
	case c.ends == uuid.Nil:
		p.alarm, p.alarmed = fmt.Sprintf("A vehicle went through lane %s without an opening.", c.lane), now
	}
}

// text is the alarm of a tailgater.
func (c *crossing) text() string {
	if c.display != "" {
		return fmt.Sprintf("%s went through lane %s behind another vehicle, on one opening.", c.display, c.lane)
	}
	return fmt.Sprintf("A second vehicle went through lane %s on one opening.", c.lane)
}

// record takes the photo of a passage and writes its facts. mu is not held.
func (d *Desk) record(ctx context.Context, p *post, c *crossing) error {
	d.mu.Lock()
	done := c.written
	d.mu.Unlock()
	if done {
		return nil
	}
	d.step(StepSeen)
	photos := d.passagePhotos(p)
	d.mu.Lock()
	if c.written {
		d.mu.Unlock()
		return nil
	}
	actor := "lane:" + c.lane
	body := &parking.LanePassage{Lane: c.lane, Source: c.source, Photos: photos}
	if c.stay != uuid.Nil {
		body.Stay = &c.stay
	}
	drafts := []state.Draft{{Kind: parking.KindLanePassage, Body: body, Actor: actor, Ends: c.ends}}
	if c.tailgate {
		drafts = append(drafts, state.Draft{Kind: parking.KindAlarm, Actor: actor, Body: &parking.Alarm{
			Code: AlarmTailgate, Lane: c.lane, Text: c.text(), Photos: photos,
		}})
	}
	_, err := d.write(ctx, drafts...)
	c.written = err == nil
	d.mu.Unlock()
	if err == nil {
		d.step(StepPassed)
	}
	return err
}

// AlarmTailgate is the code of the alarm about a second vehicle on one opening.
const AlarmTailgate = "tailgate"
