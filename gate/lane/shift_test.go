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

func money(sum parking.Money) *parking.Money { return &sum }

func TestAShiftIsHandedOverWithABlindCount(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx := t.Context()
	_, err := b.Desk.CloseShift(ctx, lane.ShiftCounted{Sum: 1})
	wantCode(t, err, parking.Conflict)
	opened, err := b.Desk.OpenShift(ctx, lane.ShiftOpening{Float: money(200_000)})
	if err != nil || opened.Guard != "lan" || *opened.Float != 200_000 {
		t.Fatalf("opened %+v, %v", opened, err)
	}
	if again, err := b.Desk.OpenShift(ctx, lane.ShiftOpening{ID: opened.ID}); err != nil || again.ID != opened.ID {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	_, err = b.Desk.OpenShift(ctx, lane.ShiftOpening{})
	wantCode(t, err, parking.Conflict)
	if v := b.Desk.View(); v.Shift == nil || v.Shift.ID != opened.ID {
		t.Errorf("the view shows %+v", v.Shift)
	}
	if p := leave(t, b, "30A12345"); *p.Shift != opened.ID {
		t.Errorf("paid into %v", p.Shift)
	}
	// Nobody is told what is expected before the count.
	_, err = b.Desk.HandedOver(ctx, opened.ID)
	wantCode(t, err, parking.Conflict)
	notes, cards := []parking.NoteCount{{Value: 200_000, Count: 1}, {Value: 2000, Count: 2}}, 57
	done, err := b.Desk.CloseShift(ctx, lane.ShiftCounted{Sum: 204_000, Notes: notes, Cards: &cards})
	if err != nil || done.Expected != 205_000 || *done.Over != -1000 || done.Cash != 5000 || done.Payments != 1 || *done.Cards != 57 || done.Again {
		t.Fatalf("done %+v, %v", done, err)
	}
	// Closing twice is once: the first count stands.
	again, err := b.Desk.CloseShift(ctx, lane.ShiftCounted{Shift: opened.ID, Sum: 205_000})
	if err != nil || !again.Again || again.Counted != 204_000 || *again.Over != -1000 {
		t.Errorf("again %+v, %v", again, err)
	}
	if n := len(b.FactsOf(parking.KindShiftClosed)); n != 1 {
		t.Errorf("%d counts were written", n)
	}
	_, err = b.Desk.OpenShift(ctx, lane.ShiftOpening{ID: opened.ID})
	wantCode(t, err, parking.Conflict)
	_, err = b.Desk.CloseShift(lane.WithActor(ctx, "minh"), lane.ShiftCounted{Shift: opened.ID, Sum: 1})
	wantCode(t, err, parking.Forbidden)
	if b.Desk.View().Shift != nil {
		t.Error("the view still shows the shift")
	}
	// What is counted wrongly is refused, and the drawer stays open.
	next, err := b.Desk.OpenShift(ctx, lane.ShiftOpening{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Desk.CloseShift(ctx, lane.ShiftCounted{Sum: 5, Notes: notes})
	wantCode(t, err, parking.Invalid)
	_, err = b.Desk.CloseShift(ctx, lane.ShiftCounted{Sum: -5})
	wantCode(t, err, parking.Invalid)
	if open := b.State.OpenShifts(); len(open) != 1 || open[0].ID != next.ID {
		t.Errorf("open: %+v", open)
	}
	if done, err := b.Desk.CloseShift(ctx, lane.ShiftCounted{Sum: 0}); err != nil || done.Over != nil || done.Float != nil {
		t.Errorf("a float that nobody counted: %+v, %v", done, err)
	}
	_, err = b.Desk.OpenShift(lane.WithActor(ctx, "kiosk:2"), lane.ShiftOpening{})
	wantCode(t, err, parking.Invalid)
}

// The power fails between the count and its answer: the count stands, once, and
// the same hand-over asked for again answers with it.
func TestPowerFailsBetweenCountAndAnswer(t *testing.T) {
	t.Parallel()
	var stop *lanetest.Stopper
	b := lanetest.New(t, lanetest.Options{Stop: &stop})
	opened, err := b.Desk.OpenShift(t.Context(), lane.ShiftOpening{Float: money(100_000)})
	if err != nil {
		t.Fatal(err)
	}
	leave(t, b, "30A12345")
	desk, ctx := b.Desk, t.Context()
	stop.Stop(b, lane.StepCounted, func() { _, _ = desk.CloseShift(ctx, lane.ShiftCounted{Sum: 104_000}) })

	n := b.Killed(nil)
	if n.Desk.View().Shift != nil {
		t.Error("the drawer is open after the start")
	}
	done, err := n.Desk.CloseShift(ctx, lane.ShiftCounted{Shift: opened.ID, Sum: 105_000})
	if err != nil || !done.Again || done.Counted != 104_000 || *done.Over != -1000 {
		t.Errorf("after the start: %+v, %v", done, err)
	}
	if counts := n.FactsOf(parking.KindShiftClosed); len(counts) != 1 || lanetest.Says[parking.ShiftClosed](n, counts[0]).Counted != 104_000 {
		t.Errorf("%d counts", len(counts))
	}
}

func TestMoneyIsGivenBack(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx := t.Context()
	paid := leave(t, b, "30A12345")
	enter(t, b, lane.Arrival{}, "30A99999") // paid nothing
	if found := b.Desk.Refundable("123"); len(found) != 1 || found[0].ID != paid.Stay {
		t.Fatalf("found %+v", found)
	}
	give := lane.Refund{ID: uuid.New(), Stay: paid.Stay, Payment: paid.Payment, Amount: 2000, Reason: "charged for a wrong class"}
	for _, bad := range []struct {
		change func(*lane.Refund)
		code   parking.Code
	}{
		{func(r *lane.Refund) { r.Reason = " " }, parking.Invalid},
		{func(r *lane.Refund) { r.Amount = 5001 }, parking.Invalid},
		{func(r *lane.Refund) { r.Amount = -1 }, parking.Invalid},
		{func(r *lane.Refund) { r.Payment = uuid.New() }, parking.NotFound},
		{func(r *lane.Refund) { r.Stay = uuid.New() }, parking.NotFound},
	} {
		r := give
		bad.change(&r)
		_, err := b.Desk.GiveBack(ctx, r)
		wantCode(t, err, bad.code)
	}
	_, err := b.Desk.GiveBack(lane.WithActor(ctx, parking.LocalAPI), give)
	wantCode(t, err, parking.Invalid)
	done, err := b.Desk.GiveBack(ctx, give)
	if err != nil || done.Amount != 2000 || done.Stay.PaidSum() != 3000 || done.Again {
		t.Fatalf("given back %+v, %v", done, err)
	}
	if again, err := b.Desk.GiveBack(ctx, give); err != nil || !again.Again || again.Stay.PaidSum() != 3000 {
		t.Errorf("the same again %+v, %v", again, err)
	}
	b.Restart()
	if again, err := b.Desk.GiveBack(ctx, give); err != nil || !again.Again {
		t.Errorf("after a start %+v, %v", again, err)
	}
	// The rest, of the drawer of somebody else.
	minh := lane.WithActor(ctx, "minh")
	if rest, err := b.Desk.GiveBack(minh, lane.Refund{Stay: paid.Stay, Payment: paid.Payment, Reason: "the rest"}); err != nil || rest.Amount != 3000 {
		t.Errorf("the rest %+v, %v", rest, err)
	}
	_, err = b.Desk.GiveBack(ctx, lane.Refund{Stay: paid.Stay, Payment: paid.Payment, Reason: "once more"})
	wantCode(t, err, parking.Conflict)
	if len(b.Desk.Refundable("")) != 0 {
		t.Error("something is still to be given back")
	}
	done2, err := b.Desk.CloseShift(ctx, lane.ShiftCounted{Sum: 3000})
	if err != nil || done2.Expected != 3000 || done2.Refunds != 2000 || done2.Over != nil { // opened by cash: nobody knows the float
		t.Errorf("lan's drawer %+v, %v", done2, err)
	}
	if other, err := b.Desk.CloseShift(minh, lane.ShiftCounted{Sum: 0}); err != nil || other.Expected != -3000 {
		t.Errorf("minh's drawer %+v, %v", other, err)
	}
}

// A transfer that was asked for and has not come cannot be given back; nor is it
// in anybody's drawer.
func TestWhatHasNotComeIsNotGivenBack(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	asked := lanetest.Says[parking.PaymentRequested](b, b.FactsOf(parking.KindPaymentRequested)[0])
	_, err := b.Desk.GiveBack(t.Context(), lane.Refund{Stay: stay.ID, Payment: asked.Payment, Reason: "r"})
	wantCode(t, err, parking.Conflict)
	if open := b.State.OpenShifts(); len(open) != 0 {
		t.Errorf("open: %+v", open)
	}
}

// A disk that takes nothing takes no count and no shift either, and the drawer
// is as it was.
func TestADrawerOnADeadDisk(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	opened, err := b.Desk.OpenShift(t.Context(), lane.ShiftOpening{Float: money(1000)})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Store.Close(); err != nil {
		t.Fatal(err)
	}
	b.Store = nil
	if _, err := b.Desk.CloseShift(t.Context(), lane.ShiftCounted{Sum: 1000}); err == nil {
		t.Fatal("counted on a disk that is gone")
	}
	if v := b.Desk.View(); v.Shift == nil || v.Shift.ID != opened.ID || v.Disk.OK {
		t.Errorf("the view shows %+v, disk %+v", v.Shift, v.Disk)
	}
}

// Who paid, backed out and got the money back pays at the exit again, once.
func TestWhatWasGivenBackIsDueAgain(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx := t.Context()
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if _, err := b.Desk.PayCash(ctx, "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.BackOut(ctx, "2", s.ID, "forgot something"); err != nil {
		t.Fatal(err)
	}
	found := b.Desk.Refundable("30A")
	if len(found) != 1 || found[0].State != parking.Inside {
		t.Fatalf("found %+v", found)
	}
	b.Clock.Pass(time.Minute)
	again := b.Arrive("2", lane.Arrival{})
	if again.Due != 0 {
		t.Fatalf("%d is due before the money is given back", again.Due)
	}
	if _, err := b.Desk.GiveBack(ctx, lane.Refund{Stay: stay.ID, Payment: found[0].Payments[0].ID, Reason: "by mistake"}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Desk.LeaveFree(ctx, "2", again.ID) // the screen still shows nothing due
	wantCode(t, err, parking.Conflict)
	left, err := b.Desk.PayCash(ctx, "2", again.ID, 0)
	if err != nil || left.PaidSum() != 5000 || left.State != parking.Left {
		t.Errorf("left %+v, %v", left, err)
	}
	open, _ := b.State.ShiftOf("lan")
	if shift, err := b.State.Shift(ctx, open.ID); err != nil || shift.Expected() != 5000 || len(shift.Entries) != 3 {
		t.Errorf("the drawer: %+v, %v", shift, err)
	}
}
