package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// OpenShift is a drawer that is open at this gate.
type OpenShift struct {
	ID       uuid.UUID
	Guard    string
	OpenedAt time.Time
	Float    *parking.Money // nil: not counted
	ByItself bool           // it was opened by money that came without one
}

// ShiftOf is the open shift of a person, and whether there is one.
func (s *State) ShiftOf(guard string) (OpenShift, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.shifts[guard]
	return o, ok
}

// OpenShifts lists the drawers that are open at this gate, the oldest first.
func (s *State) OpenShifts() []OpenShift {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]OpenShift, 0, len(s.shifts))
	for _, o := range s.shifts {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b OpenShift) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.Guard, b.Guard))
	})
	return out
}

// MachineShift is this gate's own shift of today.
func (s *State) MachineShift() uuid.UUID {
	zone, err := time.LoadLocation(s.Site().Config.Timezone)
	if err != nil {
		zone = time.UTC
	}
	return parking.MachineShift(s.site, s.gate, s.clock.Now(), zone)
}

// Shift is what this gate's facts say of a shift that is open here or was closed
// in the last two days; NotFound otherwise.
func (s *State) Shift(ctx context.Context, id uuid.UUID) (parking.Shift, error) {
	rows, err := s.store.Read().ShiftFacts(ctx, id.String())
	if err != nil {
		return parking.Shift{}, s.diskError("read a shift", err)
	}
	told := make([]parking.Told, 0, len(rows))
	for _, encoded := range rows {
		t, err := decodeTold(encoded)
		if err != nil {
			return parking.Shift{}, fmt.Errorf("read a shift: %w", err)
		}
		told = append(told, t)
	}
	shift := parking.FoldShifts(told, func(string, time.Time) uuid.UUID { return uuid.Nil })[id]
	if shift == nil {
		return parking.Shift{}, parking.Errorf(parking.NotFound, "This shift is not known at this gate.")
	}
	return *shift, nil
}

func decodeTold(encoded []byte) (parking.Told, error) {
	f, err := parking.DecodeFact(encoded)
	if err != nil {
		return parking.Told{}, err
	}
	body, err := parking.DecodeBody(f)
	return parking.Told{Fact: f, Says: body}, err
}

// insertShift writes what a fact does to this gate's shifts.
func insertShift(ctx context.Context, q *gatesql.Queries, w *written) error {
	shift := parking.ShiftOf(w.body)
	if shift == uuid.Nil {
		return nil
	}
	if b, ok := w.body.(*parking.ShiftOpened); ok {
		if err := q.AddShift(ctx, gatesql.AddShiftParams{ID: shift.String(), Guard: b.Guard}); err != nil {
			return fmt.Errorf("open a shift: %w", err)
		}
	}
	p := gatesql.AddShiftFactParams{Fact: w.fact.ID.String(), Encoded: w.encoded, Shift: shift.String()}
	if err := q.AddShiftFact(ctx, p); err != nil {
		return fmt.Errorf("write a fact of a shift: %w", err)
	}
	if _, ok := w.body.(*parking.ShiftClosed); ok {
		p := gatesql.CloseShiftParams{ClosedMs: w.fact.At.UnixMilli(), ID: shift.String()}
		if err := q.CloseShift(ctx, p); err != nil {
			return fmt.Errorf("close a shift: %w", err)
		}
	}
	return nil
}

// tookShift brings memory to where the disk is; mu is held.
func (s *State) tookShift(f parking.Fact, body any) {
	switch b := body.(type) {
	case *parking.ShiftOpened:
		s.shifts[b.Guard] = OpenShift{ID: b.Shift, Guard: b.Guard, OpenedAt: f.At, Float: b.Float, ByItself: b.ByItself}
	case *parking.ShiftClosed:
		if s.shifts[b.Guard].ID == b.Shift {
			delete(s.shifts, b.Guard)
		}
	}
}

func (s *State) loadShifts(ctx context.Context, q *gatesql.Queries) (map[string]OpenShift, error) {
	rows, err := q.OpenShiftFacts(ctx)
	if err != nil {
		return nil, diskError("read the shifts", err)
	}
	shifts := map[string]OpenShift{}
	for _, encoded := range rows {
		t, err := decodeTold(encoded)
		if err != nil { // lanes must open; the shift's facts are in the queue, too
			s.log.Warn("the opening of a shift cannot be read", "err", err)
			continue
		}
		if b, ok := t.Says.(*parking.ShiftOpened); ok {
			shifts[b.Guard] = OpenShift{ID: b.Shift, Guard: b.Guard, OpenedAt: t.At, Float: b.Float, ByItself: b.ByItself}
		}
	}
	return shifts, nil
}

// Ended lists the stays that left or were voided in the last two days, as far as
// this gate knows them.
func (s *State) Ended() []parking.Stay {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []parking.Stay
	for id, stay := range s.base.stays {
		if s.over.stays[id] == nil && stay.State != parking.Inside {
			out = append(out, *stay)
		}
	}
	for _, stay := range s.over.stays {
		if stay.State != parking.Inside && stay.State != "" {
			out = append(out, *stay)
		}
	}
	return out
}
