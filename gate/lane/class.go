package lane

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// SetClass changes the class of the vehicle; after accepting it is a fact
// (class_corrected). Once it is said which stay a vehicle at an exit is, its class
// is the stay's, on which money hangs: CorrectClass.
func (d *Desk) SetClass(ctx context.Context, code string, subject uuid.UUID, class parking.Class) error {
	return d.setClass(ctx, code, subject, uuid.Nil, class, "")
}

// CorrectClass is SetClass, with the reason why stay, which the vehicle at an exit is
// said to be, was written down as another class. Its fee is that of the new class from
// then on, and a code that was shown for the old one is not shown any more. It is a
// Conflict when the vehicle is said to be another stay meanwhile, NotFound when this
// gate knows of the stay only by its ticket or receipt.
func (d *Desk) CorrectClass(ctx context.Context, code string, subject, stay uuid.UUID, class parking.Class, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return parking.Errorf(parking.Invalid, "Say why it came in as another class.")
	}
	return d.setClass(ctx, code, subject, stay, class, reason)
}

// setClass is SetClass, and CorrectClass where a stay is named.
func (d *Desk) setClass(ctx context.Context, code string, subject, named uuid.UUID, class parking.Class, reason string) error {
	if err := parking.ValidCode("class", string(class)); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l, _, v, actor, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	tariff := &d.cfg.State.Site().Config.Tariff
	stay := v.chosenStay()
	if named != uuid.Nil && !v.is(named) {
		return parking.Errorf(parking.Conflict, "It is not certain which vehicle this is. Compare the pictures and pick one.")
	}
	if stay != nil {
		tariff, _ = d.tariffOf(*stay)
	}
	if _, ok := tariff.Classes[class]; !ok {
		return parking.Errorf(parking.Invalid, "The tariff has no price for the class %q.", class)
	}
	switch {
	case v.done:
		err := d.correctClass(ctx, actor, &v.result, class, reason)
		if err == nil {
			v.Class, v.result.Class = class, class
		}
		return err
	case stay != nil:
		return d.reclass(ctx, actor, v, class, reason)
	}
	v.Class = class
	v.chosen = false
	v.Display = v.Plate.DisplayAs(v.Reading.Lines, class)
	d.assess(l, v)
	return nil
}

// reclass corrects the class of the stay that a vehicle at an exit is said to be, as
// the stay is now: another gate may have written it since. mu is held.
func (d *Desk) reclass(ctx context.Context, actor string, v *vehicle, class parking.Class, reason string) error {
	stay, err := d.inside(ctx, v.chosenStay().ID)
	switch {
	case err != nil:
		return err
	case stay.Class == class:
	case reason == "":
		return parking.Errorf(parking.Conflict, "It came in as another class; say why that is wrong.")
	default:
		if err := d.correctClass(ctx, actor, &stay, class, reason); err != nil {
			return err
		}
	}
	d.priceAnew(v)
	return nil
}

// correctClass writes that a stay is of another class. mu is held.
func (d *Desk) correctClass(ctx context.Context, actor string, s *parking.Stay, class parking.Class, reason string) error {
	_, err := d.write(ctx, state.Draft{Kind: parking.KindClassCorrected, Actor: actor, Body: &parking.ClassCorrected{
		Stay: s.ID, Class: class, Was: s.Class, Reason: reason, Pass: d.passByClass(ctx, s.ID, class),
	}})
	return err
}

// is says whether the vehicle is said to be a stay, or has left as it.
func (v *vehicle) is(stay uuid.UUID) bool {
	if v.done {
		return v.Stay == stay
	}
	chosen := v.chosenStay()
	return chosen != nil && chosen.ID == stay
}

// chosenStay is the stay that the vehicle at an exit is said to be, nil while that is
// open or when it has left.
func (v *vehicle) chosenStay() *parking.Stay {
	if v.done || v.Chosen < 0 || v.Chosen >= len(v.Matches) {
		return nil
	}
	return &v.Matches[v.Chosen].Stay
}
