package lane

import (
	"context"
	"time"

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

// ShiftView is an open drawer, as screens show it. What is expected in it is not
// among that: the count is blind.
type ShiftView struct {
	ID       uuid.UUID      `json:"id"`
	Guard    string         `json:"guard"`
	OpenedAt time.Time      `json:"opened_at"`
	Float    *parking.Money `json:"float,omitempty"` // nil: nobody has counted it
	ByItself bool           `json:"by_itself,omitempty"`
}

func shiftView(o state.OpenShift) ShiftView {
	return ShiftView{ID: o.ID, Guard: o.Guard, OpenedAt: o.OpenedAt, Float: o.Float, ByItself: o.ByItself}
}

// Shifts lists the drawers that are open at this gate.
func (d *Desk) Shifts() []ShiftView {
	open := d.cfg.State.OpenShifts()
	out := make([]ShiftView, len(open))
	for i, o := range open {
		out[i] = shiftView(o)
	}
	return out
}

// ShiftOpening opens a drawer.
type ShiftOpening struct {
	ID    uuid.UUID      // of the shift; the zero id has one made
	Float *parking.Money // what lies in it; nil: not counted
}

// OpenShift opens the drawer of who acts. A person has one at a gate. The same ID
// sent again answers as the first time.
func (d *Desk) OpenShift(ctx context.Context, r ShiftOpening) (ShiftView, error) {
	if r.ID == uuid.Nil {
		r.ID = newID()
	}
	if r.Float != nil && (*r.Float < 0 || *r.Float > parking.MaxMoney) {
		return ShiftView{}, parking.Errorf(parking.Invalid, "Nobody begins with that much cash.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.person(ctx)
	if err != nil {
		return ShiftView{}, err
	}
	if open, ok := d.cfg.State.ShiftOf(actor); ok {
		if open.ID == r.ID {
			return shiftView(open), nil
		}
		return ShiftView{}, parking.Errorf(parking.Conflict, "%s has a shift open at this gate already. Hand it over first.", actor)
	}
	if _, err := d.cfg.State.Shift(ctx, r.ID); parking.ErrorCode(err) != parking.NotFound {
		if err == nil {
			err = parking.Errorf(parking.Conflict, "This shift was opened before.")
		}
		return ShiftView{}, err
	}
	facts, err := d.write(ctx, state.Draft{Kind: parking.KindShiftOpened, Actor: actor, Body: &parking.ShiftOpened{
		Shift: r.ID, Guard: actor, Float: r.Float,
	}})
	if err != nil {
		return ShiftView{}, err
	}
	return ShiftView{ID: r.ID, Guard: actor, OpenedAt: facts[0].At, Float: r.Float}, nil
}

// person is who acts, and has a drawer: a machine has none. mu is held.
func (d *Desk) person(ctx context.Context) (string, error) {
	actor, err := d.actor(ctx)
	if err == nil && parking.IsMachine(actor) {
		err = parking.Errorf(parking.Invalid, "A drawer belongs to a person: name who acts.")
	}
	return actor, err
}

// ShiftCounted is what a guard found in the drawer.
type ShiftCounted struct {
	Shift uuid.UUID // whose drawer; the zero id: the open one of who acts
	Sum   parking.Money
	Notes []parking.NoteCount // what the sum is made of; empty: the sum was typed
	Cards *int                // cards in the box; nil: not counted
}

// ShiftDone is a drawer that was handed over: what was counted, and now also what
// was expected.
type ShiftDone struct {
	ShiftView
	ClosedAt time.Time           `json:"closed_at"`
	Counted  parking.Money       `json:"counted"`
	Notes    []parking.NoteCount `json:"notes,omitempty"`
	Cards    *int                `json:"cards,omitempty"`
	Expected parking.Money       `json:"expected"`       // float and cash taken, without refunds; without an unknown float
	Over     *parking.Money      `json:"over,omitempty"` // counted over expected; nil with an unknown float
	Cash     parking.Money       `json:"cash"`
	Transfer parking.Money       `json:"by_hand"` // transfers confirmed by hand
	Refunds  parking.Money       `json:"refunds"`
	Payments int                 `json:"payments"`
	Openings int                 `json:"openings"` // of the barrier by hand
	Again    bool                `json:"again,omitempty"`
}

// CloseShift hands the drawer of who acts over with a blind count: what was
// expected is told only once the count is on disk. The first count stands; the
// same shift closed again answers with it (Again), whatever was counted now.
func (d *Desk) CloseShift(ctx context.Context, r ShiftCounted) (ShiftDone, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.person(ctx)
	if err != nil {
		return ShiftDone{}, err
	}
	open, ok := d.cfg.State.ShiftOf(actor)
	if !ok || r.Shift != uuid.Nil && r.Shift != open.ID {
		return d.closedBefore(ctx, actor, r.Shift)
	}
	body := &parking.ShiftClosed{Shift: open.ID, Guard: actor, Counted: r.Sum, Notes: r.Notes, Cards: r.Cards}
	if _, err := d.write(ctx, state.Draft{Kind: parking.KindShiftClosed, Actor: actor, Body: body}); err != nil {
		return ShiftDone{}, err
	}
	d.step(StepCounted)
	return d.shiftDone(ctx, open.ID)
}

// closedBefore answers a count of a shift that is not open. mu is held.
func (d *Desk) closedBefore(ctx context.Context, actor string, shift uuid.UUID) (ShiftDone, error) {
	if shift == uuid.Nil {
		return ShiftDone{}, parking.Errorf(parking.Conflict, "%s has no shift open at this gate.", actor)
	}
	for _, open := range d.cfg.State.OpenShifts() {
		if open.ID == shift {
			return ShiftDone{}, parking.Errorf(parking.Forbidden, "This shift is %s's.", open.Guard)
		}
	}
	done, err := d.shiftDone(ctx, shift)
	if err != nil {
		return ShiftDone{}, err
	}
	if done.Guard != actor {
		return ShiftDone{}, parking.Errorf(parking.Forbidden, "This shift is %s's.", done.Guard)
	}
	done.Again = true
	return done, nil
}

// HandedOver is a shift that was handed over here in the last two days.
func (d *Desk) HandedOver(ctx context.Context, shift uuid.UUID) (ShiftDone, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.actor(ctx); err != nil {
		return ShiftDone{}, err
	}
	return d.shiftDone(ctx, shift)
}

// shiftDone is a shift with its count; one that is open is refused: nobody sees
// what is expected before he has counted.
func (d *Desk) shiftDone(ctx context.Context, id uuid.UUID) (ShiftDone, error) {
	s, err := d.cfg.State.Shift(context.WithoutCancel(ctx), id)
	if err != nil {
		return ShiftDone{}, err
	}
	if s.Count == nil || s.OpenedAt == nil {
		return ShiftDone{}, parking.Errorf(parking.Conflict, "This shift is open; what is expected is shown once it was counted.")
	}
	return ShiftDone{
		ShiftView: ShiftView{ID: s.ID, Guard: s.Guard, OpenedAt: *s.OpenedAt, Float: s.Float, ByItself: s.ByItself},
		ClosedAt:  s.Count.At, Counted: s.Count.Cash, Notes: s.Count.Notes, Cards: s.Count.Cards,
		Expected: s.Expected(), Over: s.Over(), Cash: s.Taken(parking.Cash), Transfer: s.Taken(parking.Manual), Refunds: s.Refunds(),
		Payments: s.CountOf(parking.KindPaymentTaken), Openings: s.CountOf(parking.KindBarrierOpened),
	}, nil
}
