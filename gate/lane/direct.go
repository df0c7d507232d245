package lane

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// InRequest lets a vehicle in with one call. What is empty is taken from the
// vehicle that stands at the lane, or from the lane.
type InRequest struct {
	ID      uuid.UUID // of the request and of the stay; the zero id has one made
	Subject uuid.UUID // whom it is about; the zero id: whoever is in front
	Lane    string
	Plate   string
	Class   parking.Class
	Slot    string // slot or counted zone; "" takes what is offered
	Token   string
	Reason  string // why there is no plate
	Word    string // why it goes in although a list is against it
}

// Passed is what became of a vehicle that was let in or out.
type Passed struct {
	Stay   parking.Stay
	Opened bool   // the barrier has answered
	Why    string // when it has not
}

// In lets a vehicle in: the one that stands at the lane, or one that arrives
// by this call. The same ID sent again answers as the first time and lets
// nobody in.
func (d *Desk) In(ctx context.Context, r InRequest) (Passed, error) {
	if err := checkWord(r.Word); err != nil {
		return Passed{}, err
	}
	if r.ID == uuid.Nil {
		r.ID = newID()
	}
	lock := &d.ids[r.ID[15]%64]
	lock.Lock()
	defer lock.Unlock()
	if s, err := d.cfg.State.Stay(ctx, r.ID); err == nil {
		return d.again(s, r)
	}
	subject, fresh, err := d.standing(ctx, r.Lane, r.Subject, parking.In, Arrival{Plate: r.Plate, Class: r.Class, Token: r.Token, Device: true})
	if err != nil {
		return Passed{}, err
	}
	passed, err := d.letIn(ctx, subject, fresh, r)
	if err != nil && fresh {
		_ = d.Clear(ctx, r.Lane, subject) // it came by this call only
	}
	return passed, err
}

// again answers a request for a stay that exists.
func (d *Desk) again(s parking.Stay, r InRequest) (Passed, error) {
	other := s.InGate != d.cfg.Gate || s.InLane != r.Lane
	if p, err := parking.ParsePlate(r.Plate); r.Plate != "" && (err != nil || p != s.Plate) {
		other = true
	}
	if other {
		return Passed{}, parking.Errorf(parking.Conflict, "This id was used for another vehicle (%s).", s.Display)
	}
	return Passed{Stay: s, Opened: true}, nil
}

func (d *Desk) letIn(ctx context.Context, subject uuid.UUID, fresh bool, r InRequest) (Passed, error) {
	d.wait(ctx, r.Lane, subject, r.Plate == "")
	if !fresh && r.Class != "" {
		if err := d.SetClass(ctx, r.Lane, subject, r.Class); err != nil {
			return Passed{}, err
		}
	}
	if r.Plate != "" || r.Reason != "" {
		if err := d.Correct(ctx, r.Lane, subject, r.Plate, r.Reason); err != nil {
			return Passed{}, err
		}
	}
	if r.Slot != "" {
		if err := d.ChooseSlot(ctx, r.Lane, subject, r.Slot); err != nil {
			return Passed{}, err
		}
	}
	d.mu.Lock()
	l, p, v, actor, err := d.at(ctx, r.Lane, subject)
	if err == nil && v.done {
		err = parking.Errorf(parking.Conflict, "The vehicle at lane %s was let in already.", r.Lane)
	}
	if err == nil && !fresh && r.Token != "" {
		v.Token = r.Token
	}
	if err == nil {
		d.say(v, r.Word)
		err = d.mayEnter(l, v)
	}
	if err == nil {
		err = d.enter(ctx, p, v, actor, r.ID)
	}
	d.mu.Unlock()
	if err != nil {
		return Passed{}, err
	}
	d.open(ctx, p, v, device.CauseStay)
	return d.passed(v), nil
}

func (d *Desk) passed(v *vehicle) Passed {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Passed{Stay: v.result, Opened: v.Stage == Opened || v.Stage == HasPassed, Why: v.Why}
}

// standing returns the vehicle that a request is about: the one that it names,
// the one that stands at the lane unfinished, or a new one. fresh says that it
// is new.
func (d *Desk) standing(ctx context.Context, code string, named uuid.UUID, dir parking.Direction, a Arrival) (subject uuid.UUID, fresh bool, err error) {
	d.mu.Lock()
	l, p, err := d.lane(code)
	if err == nil && l.Direction != dir {
		err = parking.Errorf(parking.Conflict, "Lane %s leads %s.", code, l.Direction)
	}
	switch {
	case err != nil:
	case named != uuid.Nil:
		subject = named
		_, _, _, _, err = d.at(ctx, code, named)
	default:
		subject, err = d.inFront(p)
	}
	d.mu.Unlock()
	if err != nil || subject != uuid.Nil {
		return subject, false, err
	}
	if err := d.knownClass(a.Class); err != nil {
		return uuid.Nil, false, err
	}
	subject, err = d.Arrive(ctx, code, a)
	return subject, true, err
}

// inFront is the vehicle that a call without a subject is about; the zero id
// when nobody is there. mu is held.
func (d *Desk) inFront(p *post) (uuid.UUID, error) {
	if p.vehicle != nil && p.vehicle.done {
		if !d.through(p) {
			return uuid.Nil, parking.Errorf(parking.Conflict, "The vehicle before has not driven through lane %s yet.", p.code)
		}
		if len(p.waiting) > 0 || p.missed > 0 {
			d.over(d.ctx, p, p.vehicle)
			d.leave(p)
		}
	}
	if p.vehicle == nil || p.vehicle.done {
		return uuid.Nil, nil
	}
	return p.vehicle.ID, nil
}

func (d *Desk) knownClass(class parking.Class) error {
	if class == "" {
		return nil
	}
	if _, ok := d.cfg.State.Site().Config.Tariff.Classes[class]; !ok {
		return parking.Errorf(parking.Invalid, "The tariff has no price for the class %q.", shorten(string(class)))
	}
	return nil
}

// pictureWait is how long a call that lets a vehicle through waits for its
// picture, because the photo belongs to the fact: as long as a camera may
// take, and a moment to keep it.
const pictureWait = frameTimeout + time.Second

// wait gives camera and reader their moment: the reading is waited for only
// when the plate is to come from it.
func (d *Desk) wait(ctx context.Context, code string, subject uuid.UUID, reading bool) {
	d.mu.Lock()
	_, _, v, _, err := d.at(ctx, code, subject)
	d.mu.Unlock()
	if err != nil {
		return
	}
	until, limit := []<-chan struct{}{v.pictured}, pictureWait
	if reading {
		until, limit = append(until, v.settled), frameTimeout+readTimeout
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, ch := range until {
		select {
		case <-ch:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-v.ctx.Done():
			return
		}
	}
}
