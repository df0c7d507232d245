package state_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

func opened(shift uuid.UUID, guard string) state.Draft {
	return state.Draft{Kind: parking.KindShiftOpened, Actor: guard, Body: &parking.ShiftOpened{Shift: shift, Guard: guard}}
}

func took(shift uuid.UUID, guard string, sum parking.Money) state.Draft {
	return state.Draft{Kind: parking.KindPaymentTaken, Actor: guard, Body: &parking.PaymentTaken{
		Payment: uuid.New(), Stay: uuid.New(), Method: parking.Cash, Amount: sum, Currency: "VND", Shift: &shift,
	}}
}

// holds says what is expected in a drawer.
func (g *gate) holds(shift uuid.UUID, want parking.Money) {
	g.t.Helper()
	s, err := g.Shift(g.t.Context(), shift)
	if err != nil || s.Expected() != want {
		g.t.Errorf("shift %s holds %d, want %d (%v)", shift, s.Expected(), want, err)
	}
}

// A drawer is on disk with its facts: a start and a recovery know it, what was
// handed over is forgotten after two days, what is open never.
func TestShiftsAreKept(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	an, binh := uuid.New(), uuid.New()
	g.write(opened(an, "an"), took(an, "an", 5000))
	g.write(opened(binh, "binh"), took(binh, "binh", 7000), took(an, "an", 1000))
	g.restart()
	g.holds(an, 6000)
	g.holds(binh, 7000)
	g.closed()
	g.recovered()
	g.holds(an, 6000)
	if open := g.OpenShifts(); len(open) != 2 {
		t.Fatalf("open after a recovery: %+v", open)
	}
	g.write(state.Draft{Kind: parking.KindShiftClosed, Actor: "an", Body: &parking.ShiftClosed{Shift: an, Guard: "an", Counted: 6000}})
	if _, open := g.ShiftOf("an"); open {
		t.Error("handed over and open")
	}
	g.pass(47 * time.Hour)
	g.prune()
	g.holds(an, 6000)
	g.pass(2 * time.Hour)
	g.prune()
	if _, err := g.Shift(t.Context(), an); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("after two days: %v", err)
	}
	g.holds(binh, 7000)
	g.restart()
	if open := g.OpenShifts(); len(open) != 1 || open[0].Guard != "binh" {
		t.Errorf("open: %+v", open)
	}
}

// The database itself refuses a second drawer of a person, with all that was to
// be written beside it.
func TestAPersonHasOneDrawer(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	first, second := uuid.New(), uuid.New()
	g.write(opened(first, "an"))
	if _, err := g.Write(t.Context(), opened(second, "an"), took(second, "an", 5000)); err == nil {
		t.Fatal("two drawers of one person")
	}
	g.write(took(first, "an", 1000))
	g.holds(first, 1000)
	if open := g.OpenShifts(); len(open) != 1 || open[0].ID != first {
		t.Errorf("open: %+v", open)
	}
}
