package lane

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// target is the place that somebody named by the code of a slot or of a
// counted zone: NotFound for neither, Conflict for a slot that is not free,
// held or offered elsewhere, or not for the class. mu is held.
func (d *Desk) target(class parking.Class, code string, v *vehicle) (suggestion, error) {
	site := d.cfg.State.Site()
	if z, ok := site.Zone(code); ok && z.Kind == parking.Counted {
		return d.countedSuggestion(z.Code, class), nil
	}
	s, ok := site.Slot(code)
	if !ok {
		return suggestion{}, parking.Errorf(parking.NotFound, "There is no slot %q.", shorten(code))
	}
	switch {
	case s.State == parking.SlotOutOfService:
		return suggestion{}, parking.Errorf(parking.Conflict, "%s is out of service.", s.Code)
	case s.State != parking.SlotFree:
		return suggestion{}, parking.Errorf(parking.Conflict, "%s is occupied.", s.Code)
	case !s.Takes(class):
		return suggestion{}, parking.Errorf(parking.Conflict, "%s does not take the class %s.", s.Code, class)
	case d.heldElsewhere(s.Code):
		return suggestion{}, parking.Errorf(parking.Conflict, "Gate %s holds %s just now.", site.Holds[s.Code].Gate, s.Code)
	case d.offered(v)[s.Code]:
		return suggestion{}, parking.Errorf(parking.Conflict, "%s is offered at another lane of this gate.", s.Code)
	}
	out := suggestion{zone: s.Zone, slot: s.Code, metres: d.position().Distance(s.At), foreign: !site.MayOffer(s.Code)}
	out.maybeGone = out.foreign && d.unheard(s)
	if out.maybeGone {
		out.warnings = []string{warnGone}
	}
	return out, nil
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// MoveStay says that a vehicle that is inside stands elsewhere: in a free
// slot or a counted zone, by code.
func (d *Desk) MoveStay(ctx context.Context, stay uuid.UUID, to, reason string) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	s, err := d.inside(ctx, stay)
	if err != nil {
		return err
	}
	place, err := d.target(s.Class, to, nil)
	if err != nil {
		return err
	}
	_, err = d.write(ctx, state.Draft{Kind: parking.KindSlotChanged, Actor: actor, Body: &parking.SlotChanged{
		Stay: stay, Zone: place.zone, Slot: place.slot, Reason: reason,
	}})
	return err
}

// Void ends a stay that never was one (a vehicle that was let in by mistake).
func (d *Desk) Void(ctx context.Context, stay uuid.UUID, reason string) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	if _, err := d.inside(ctx, stay); err != nil {
		return err
	}
	_, err = d.write(ctx, state.Draft{Kind: parking.KindStayVoided, Actor: actor, Body: &parking.StayVoided{Stay: stay, Reason: reason}})
	return err
}

// inside returns a stay that is inside: NotFound or Conflict otherwise.
func (d *Desk) inside(ctx context.Context, id uuid.UUID) (parking.Stay, error) {
	s, err := d.cfg.State.Stay(ctx, id)
	if err != nil {
		return parking.Stay{}, err
	}
	switch s.State {
	case parking.Left:
		return s, parking.Errorf(parking.Conflict, "The vehicle %s has left already.", s.Display)
	case parking.Voided:
		return s, parking.Errorf(parking.Conflict, "This stay was voided.")
	}
	return s, nil
}

// maxFound bounds what Search returns.
const maxFound = 50

// Search finds vehicles that are inside by a part of their plate, by slot or
// by token; without any such, those with the likeliest plates. An empty query
// lists the newest. At most fifty are returned.
func (d *Desk) Search(query string) []parking.Stay {
	inside := slices.Clone(d.cfg.State.Site().Inside)
	slices.SortFunc(inside, func(a, b parking.Stay) int { return inAt(b).Compare(inAt(a)) })
	found := inside
	if needle := searchable(query); needle != "" {
		found = slices.DeleteFunc(slices.Clone(inside), func(s parking.Stay) bool { return !holds(s, needle, query) })
		if plate, err := parking.ParsePlate(query); err == nil && len(found) == 0 {
			found = likely(plate, inside)
		}
	}
	if len(found) > maxFound {
		found = found[:maxFound]
	}
	return found
}
