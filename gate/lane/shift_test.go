package lane_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// leave lets a vehicle in and out again for cash, and returns the payment.
func leave(t *testing.T, b *lanetest.Bench, plate parking.Plate) parking.PaymentTaken {
	t.Helper()
	enter(t, b, lane.Arrival{}, plate)
	b.Clock.Pass(time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if _, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(time.Minute)
	payments := b.FactsOf(parking.KindPaymentTaken)
	return lanetest.Says[parking.PaymentTaken](b, payments[len(payments)-1])
}

// Cash without a shift opens one, in the same transaction, with a float that
// nobody knows; what comes next is in it, also after a start.
func TestCashOpensAShift(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	first := leave(t, b, "30A12345")
	opened := b.FactsOf(parking.KindShiftOpened)
	if len(opened) != 1 || first.Shift == nil {
		t.Fatalf("%d shifts opened, the payment's is %v", len(opened), first.Shift)
	}
	says := lanetest.Says[parking.ShiftOpened](b, opened[0])
	if says.Shift != *first.Shift || says.Float != nil || !says.ByItself || says.Guard != "lan" || opened[0].Actor != "lan" {
		t.Errorf("opened: %+v", says)
	}
	if err := b.Desk.OpenByHand(t.Context(), "2", "an ambulance"); err != nil {
		t.Fatal(err)
	}
	b.Restart()
	b.Clock.Pass(time.Minute)
	leave(t, b, "30A54321")
	shift, err := b.State.Shift(t.Context(), says.Shift)
	if err != nil || shift.Expected() != 10_000 || shift.CountOf(parking.KindBarrierOpened) != 1 || len(shift.Entries) != 3 {
		t.Errorf("the books: %+v, %v", shift, err)
	}
	if n := len(b.State.OpenShifts()); n != 1 {
		t.Errorf("%d shifts are open after the start", n)
	}
}

func TestWhoActsHasTheDrawer(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	if err := b.Desk.OpenByHand(t.Context(), "1", "a test"); err != nil { // opens lan's shift
		t.Fatal(err)
	}
	if err := b.Desk.OpenByHand(lane.WithActor(t.Context(), "minh"), "1", "a test"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.OpenByHand(lane.WithActor(t.Context(), parking.LocalAPI), "1", "a test"); err != nil {
		t.Fatal(err)
	}
	var shifts []uuid.UUID
	for _, f := range b.FactsOf(parking.KindBarrierOpened) {
		if s := lanetest.Says[parking.BarrierOpened](b, f).Shift; s != nil {
			shifts = append(shifts, *s)
		}
	}
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	own := parking.MachineShift(lanetest.SiteID, "N", lanetest.Start, zone)
	if len(shifts) != 3 || shifts[0] == shifts[1] || shifts[2] != own {
		t.Errorf("shifts %v, the machine's is %s", shifts, own)
	}
	if open := b.State.OpenShifts(); len(open) != 2 || open[0].Guard != "lan" || open[1].Guard != "minh" {
		t.Errorf("open: %+v", open)
	}
}
