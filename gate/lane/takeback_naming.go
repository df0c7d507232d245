package lane

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// traits are what a guard says of a vehicle before it is let through, and of its
// stay afterwards.
type traits struct {
	done     bool
	plate    parking.Plate
	display  string
	typed    bool
	check    bool
	checked  bool
	reason   string
	class    parking.Class
	chosen   bool // the place, by the guard
	zone     string
	slot     string
	discount string
	stay     *parking.Stay // once it is done, or said at an exit which it is, else nil
}

// same says whether a and b are alike in what is said of the vehicle itself.
func (t traits) same(b traits) bool {
	t.stay, b.stay = nil, nil
	return t == b
}

// traits of the vehicle that an act is about; the zero value when it has gone.
func (d *Desk) traits(code string, subject uuid.UUID) traits {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, v, err := d.known(code, subject)
	if err != nil {
		return traits{}
	}
	return d.traitsOf(v)
}

// known finds a vehicle as at does, whoever asks. mu is held.
func (d *Desk) known(code string, subject uuid.UUID) (parking.Lane, *post, *vehicle, error) {
	l, p, v, _, err := d.at(WithActor(d.ctx, d.cfg.Gate), code, subject)
	return l, p, v, err
}

// traitsOf is as traits; mu is held.
func (d *Desk) traitsOf(v *vehicle) traits {
	t := traits{
		done: v.done, plate: v.Plate, display: v.Display, typed: v.Typed, check: v.Check, checked: v.checked, reason: v.reason,
		class: v.Class, chosen: v.chosen, zone: v.Zone, slot: v.Slot, discount: v.Discount,
	}
	said, id := v.chosenStay(), v.Stay
	switch {
	case v.done:
		said = &v.result
	case said == nil:
		return t
	default:
		id = said.ID
	}
	s, err := d.cfg.State.Stay(context.WithoutCancel(d.ctx), id)
	if err != nil {
		s = *said
	}
	t.stay = &s
	return t
}

// named remembers what a vehicle was said to be, or where it was to go, before
// kind changed it. Of one that is not let through yet the former word is put
// back; of a stay another fact says it.
func (c *Console) named(kind ActKind, code string, subject uuid.UUID) was {
	d := c.desk
	return func() became {
		before := d.traits(code, subject)
		return func(told []parking.Told) *lastAct {
			for _, f := range told {
				if last := d.corrected(code, subject, &before, f); last != nil {
					return last
				}
			}
			after := d.traits(code, subject)
			switch {
			case after.same(before): // nothing has become of it
				return nil
			case after.done, after.same(traits{}): // it has gone, or through, meanwhile
				return &lastAct{LastAct: LastAct{Why: sayNothingWritten}}
			}
			return &lastAct{LastAct: LastAct{Kind: kind, Display: after.display}, lane: code, undo: func(ctx context.Context) error {
				return d.rename(ctx, code, subject, &before, &after)
			}}
		}
	}
}

// corrected is the act that said by fact f something else of a stay, nil when the
// fact is of another kind.
func (d *Desk) corrected(code string, subject uuid.UUID, before *traits, f parking.Told) *lastAct {
	switch f.Says.(type) {
	case *parking.PlateCorrected, *parking.ClassCorrected, *parking.SlotChanged:
		if before.stay == nil { // it has gone through while the guard was saying so
			return &lastAct{LastAct: LastAct{Why: sayChanged}}
		}
	}
	switch says := f.Says.(type) {
	case *parking.PlateCorrected:
		return d.restayed(ActPlate, code, subject, before, says.Display, func(s *parking.Stay) any {
			if s.Plate != says.Plate {
				return nil
			}
			return &parking.PlateCorrected{
				Stay: s.ID, Plate: before.stay.Plate, Display: before.stay.Display, Was: s.Plate, Reason: sayTakenBack,
			}
		})
	case *parking.ClassCorrected:
		return d.restayed(ActClass, code, subject, before, before.stay.Display, func(s *parking.Stay) any {
			if s.Class != says.Class || s.PaidSum() != before.stay.PaidSum() { // money that came since was for this class
				return nil
			}
			return &parking.ClassCorrected{Stay: s.ID, Class: says.Was, Was: s.Class, Reason: sayTakenBack}
		})
	case *parking.SlotChanged:
		last := d.placed(before.stay, f.ID, func(s suggestion) {
			if _, _, v, err := d.known(code, subject); err == nil {
				v.Zone, v.Slot, v.result.Zone, v.result.Slot = s.zone, s.slot, s.zone, s.slot
			}
		})
		last.lane = code
		return last
	}
	return nil
}

// restayed is the act that corrected a stay; back makes the body of the fact that
// takes it back, nil when the stay is not as the act has left it.
func (d *Desk) restayed(kind ActKind, code string, subject uuid.UUID, before *traits, display string, back func(s *parking.Stay) any) *lastAct {
	return &lastAct{LastAct: LastAct{Kind: kind, Display: display}, lane: code, stay: before.stay.ID, undo: func(ctx context.Context) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		actor, err := d.actor(ctx)
		if err != nil {
			return err
		}
		s, err := d.cfg.State.Stay(ctx, before.stay.ID)
		if err != nil {
			return err
		}
		draft := state.Draft{Kind: parking.KindClassCorrected, Actor: actor, Body: back(&s)}
		if draft.Body == nil || s.State != before.stay.State {
			return changedSince()
		}
		switch body := draft.Body.(type) {
		case *parking.PlateCorrected:
			draft.Kind, body.Pass = parking.KindPlateCorrected, d.passByPlate(ctx, s.ID, body.Plate)
		case *parking.ClassCorrected:
			body.Pass = d.passByClass(ctx, s.ID, body.Class)
		}
		if _, err := d.write(ctx, draft); err != nil {
			return err
		}
		switch _, _, v, err := d.known(code, subject); {
		case err != nil:
		case v.chosenStay() != nil:
			d.priceAnew(v)
		default:
			v.Plate, v.Display, v.Typed, v.Class = before.plate, before.display, before.typed, before.class
			v.result.Plate, v.result.Display, v.result.Class = before.stay.Plate, before.stay.Display, before.stay.Class
		}
		return nil
	}}
}

// rename puts back what a vehicle that is not let through yet was said to be.
func (d *Desk) rename(ctx context.Context, code string, subject uuid.UUID, before, after *traits) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, _, v, _, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	now := d.traitsOf(v)
	if now.done || now.plate != after.plate || now.class != after.class || now.chosen != after.chosen || after.chosen && now.slot != after.slot {
		return changedSince()
	}
	if before.chosen && (!now.chosen || before.slot != now.slot || before.zone != now.zone) {
		place, err := d.target(before.class, cmp.Or(before.slot, before.zone), v)
		if err != nil {
			return err
		}
		for _, w := range placeWarnings {
			v.forget(w)
		}
		d.place(v, place)
	}
	if before.plate != now.plate || before.checked != now.checked || before.reason != now.reason {
		v.unpick()
		d.setPlate(v, before.plate, before.typed)
		v.Check, v.checked, v.reason = before.check, before.checked, before.reason
	}
	v.Class, v.Display, v.chosen = before.class, before.display, before.chosen
	d.assess(l, v)
	d.ready(v)
	return nil
}
