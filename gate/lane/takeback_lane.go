package lane

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// How each act is taken back. Nothing is deleted and no barrier is closed: what
// was done stays in the books, and a fact says that it did not come true.

// Sentences about acts that cannot be taken back.
const (
	sayNothingWritten = "Your last act has written nothing down; there is nothing to take back."
	sayBarrier        = "A barrier that was opened cannot be taken back."
	sayCard           = "A card that was shown cannot be taken back."
	sayPaid           = "Money that was taken cannot be taken back; a refund gives it back."
	sayCode           = "A code that was shown may be paid already; it cannot be taken back."
	sayRefunded       = "A refund cannot be taken back."
	sayShift          = "What was written of a shift cannot be taken back."
	sayReceipt        = "A receipt has its number, and cannot be taken back."
	sayBackedOut      = "That a vehicle backed out stands; let it through anew."
	sayVoided         = "A stay that was voided stays so; let the vehicle in anew."
	sayLost           = "That a card or ticket is lost stands."
	sayPaper          = "What was entered from paper cannot be taken back; void the stay if need be."
	sayWalk           = "An inventory cannot be taken back; it can be done anew."
	sayTime           = "The time that was typed cannot be taken back."
	sayChanged        = "Something else has happened to it since; it cannot be taken back."
)

func changedSince() error { return parking.Errorf(parking.Conflict, sayChanged) }

// vehicleOr is what a vehicle is called in a sentence.
func vehicleOr(display string) string { return cmp.Or(display, "The vehicle") }

// letThrough remembers that a vehicle was let in or out at a lane.
func (c *Console) letThrough(code string, subject uuid.UUID) was {
	return func() became {
		return func(told []parking.Told) *lastAct {
			var last *lastAct
			paid, unknown := false, false
			for _, f := range told {
				switch says := f.Says.(type) {
				case *parking.PaymentTaken:
					paid = true
				case *parking.VehicleIn:
					stay, display := says.Stay, says.Display
					last = &lastAct{LastAct: LastAct{Kind: ActIn, Display: display}, lane: code, stay: stay}
					last.undo = func(ctx context.Context) error { return c.desk.undoIn(ctx, code, subject, stay, display) }
				case *parking.VehicleOut:
					unknown = says.Unknown
					last = &lastAct{LastAct: LastAct{Kind: ActOut, Display: says.Display}, lane: code, stay: says.Stay}
				}
			}
			switch {
			case last == nil || last.Kind == ActIn:
				return last
			case paid && unknown: // without a stay there is nothing that stays paid
				return &lastAct{LastAct: LastAct{Why: sayPaid}}
			}
			last.undo = func(ctx context.Context) error { return c.desk.undoOut(ctx, code, subject, last.Display, paid) }
			return last
		}
	}
}

// whereabouts of a vehicle that was let through: whether it stands in the lane
// still, and whether it was seen to leave it. Who is remembered no longer, where
// passages are seen, has passed. mu is held.
func (d *Desk) whereabouts(ctx context.Context, code string, subject uuid.UUID) (stands, passed bool) {
	_, p, v, _, err := d.at(ctx, code, subject)
	if err != nil {
		return false, d.seesPassages(code)
	}
	return v == p.vehicle && v.Stage != HasPassed, v.Stage == HasPassed
}

// undoIn takes an entry back. A vehicle that stands in the lane has backed out.
// One that has left it without being seen was let in by mistake, as the guard
// says: its stay is voided. One that was seen to drive in is inside, and to say
// otherwise asks for a reason.
func (d *Desk) undoIn(ctx context.Context, code string, subject, stay uuid.UUID, display string) error {
	d.mu.Lock()
	stands, passed := d.whereabouts(ctx, code, subject)
	s, err := d.inside(ctx, stay)
	d.mu.Unlock()
	switch {
	case err != nil:
		return err
	case s.PaidSum() > 0:
		return parking.Errorf(parking.Conflict, "Money was taken for %s since; it cannot be taken back.", vehicleOr(display))
	case stands:
		return d.BackOut(ctx, code, subject, sayTakenBack)
	case passed:
		return parking.Errorf(parking.Conflict, "%s was seen to drive in. Find it and void its stay if need be.", vehicleOr(display))
	}
	return d.Void(ctx, stay, sayTakenBack)
}

// undoOut takes an exit back while the vehicle stands in the lane: it has backed
// out, and what was paid stays paid.
func (d *Desk) undoOut(ctx context.Context, code string, subject uuid.UUID, display string, paid bool) error {
	d.mu.Lock()
	stands, _ := d.whereabouts(ctx, code, subject)
	d.mu.Unlock()
	switch {
	case stands:
		return d.BackOut(ctx, code, subject, sayTakenBack)
	case paid:
		return parking.Errorf(parking.Conflict, "%s has gone; its exit stands. A refund gives money back.", vehicleOr(display))
	}
	return parking.Errorf(parking.Conflict, "%s has gone; its exit stands.", vehicleOr(display))
}

// turned remembers which way a lane led before.
func (c *Console) turned(code string, to parking.Direction) was {
	d := c.desk
	way := func() (parking.Direction, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		l, _, err := d.lane(code)
		return l.Direction, err
	}
	return func() became {
		before, err := way()
		return func(told []parking.Told) *lastAct {
			if err != nil || len(told) == 0 {
				return nil
			}
			return &lastAct{LastAct: LastAct{Kind: ActTurn, Display: code}, lane: code, undo: func(ctx context.Context) error {
				if now, err := way(); err != nil || now != to {
					return cmp.Or(err, changedSince())
				}
				return d.ChangeDirection(ctx, code, before, sayTakenBack)
			}}
		}
	}
}

// discounted remembers which discount a vehicle at an exit had before.
func (c *Console) discounted(code string, subject uuid.UUID) was {
	d := c.desk
	return func() became {
		before := d.traits(code, subject)
		return func([]parking.Told) *lastAct {
			after := d.traits(code, subject)
			if after.discount == before.discount {
				return nil
			}
			return &lastAct{LastAct: LastAct{Kind: ActDiscount, Display: after.display}, lane: code, undo: func(ctx context.Context) error {
				if now := d.traits(code, subject); now.discount != after.discount {
					return changedSince()
				}
				return d.Discount(ctx, code, subject, before.discount)
			}}
		}
	}
}

// moved remembers where a stay stood before.
func (c *Console) moved(ctx context.Context, stay uuid.UUID) was {
	return func() became {
		before, err := c.desk.cfg.State.Stay(ctx, stay)
		return func(told []parking.Told) *lastAct {
			if err != nil || len(told) == 0 {
				return nil
			}
			return c.desk.placed(&before, told[0].ID, func(suggestion) {})
		}
	}
}

// placed is the act that moved a stay by a fact; was is how it was before. then
// is told where it stands once it is back, with mu held.
func (d *Desk) placed(was *parking.Stay, fact uuid.UUID, then func(s suggestion)) *lastAct {
	return &lastAct{LastAct: LastAct{Kind: ActPlace, Display: was.Display}, stay: was.ID, undo: func(ctx context.Context) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		actor, err := d.actor(ctx)
		if err != nil {
			return err
		}
		s, err := d.inside(ctx, was.ID)
		if err != nil {
			return err
		}
		if n := len(s.Moves); n == 0 || s.Moves[n-1].Fact != fact {
			return changedSince()
		}
		place, err := d.formerPlace(was, s.Class)
		if err != nil {
			return err
		}
		_, err = d.write(ctx, state.Draft{Kind: parking.KindSlotChanged, Actor: actor, Body: &parking.SlotChanged{
			Stay: was.ID, Zone: place.zone, Slot: place.slot, Reason: sayTakenBack,
		}})
		if err == nil {
			then(place)
		}
		return err
	}}
}

// formerPlace is where a stay stood, if it can stand there again. mu is held.
func (d *Desk) formerPlace(was *parking.Stay, class parking.Class) (suggestion, error) {
	if z, ok := d.cfg.State.Site().Zone(was.Zone); was.Slot == "" && (!ok || z.Kind != parking.Counted) {
		return suggestion{zone: was.Zone}, nil // it was without a slot, and is so again
	}
	return d.target(class, cmp.Or(was.Slot, was.Zone), nil)
}
