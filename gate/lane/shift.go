package lane

import (
	"context"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// drawer is the shift that money belongs to which actor takes now: theirs, with
// the fact that opens one when there is none (to be written with the money, in
// one transaction), or the gate's machine shift. mu is held.
func (d *Desk) drawer(actor string) (*uuid.UUID, []state.Draft) {
	if parking.IsMachine(actor) {
		id := d.cfg.State.MachineShift()
		return &id, nil
	}
	if open, ok := d.cfg.State.ShiftOf(actor); ok {
		return &open.ID, nil
	}
	id := newID()
	return &id, []state.Draft{{Kind: parking.KindShiftOpened, Actor: actor, Body: &parking.ShiftOpened{
		Shift: id, Guard: actor, ByItself: true,
	}}}
}

// shiftAtHand is the shift of an opening by hand. It waits for nothing: where a
// shift would have to be opened first and the disk does not take it, the opening
// names none. mu is held.
func (d *Desk) shiftAtHand(ctx context.Context, actor string) *uuid.UUID {
	id, opened := d.drawer(actor)
	if len(opened) == 0 {
		return id
	}
	if facts, err := d.write(ctx, opened...); err != nil || len(facts) == 0 {
		return nil
	}
	return id
}
