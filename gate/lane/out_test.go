package lane_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// enter lets a vehicle in at lane 1.
func enter(t *testing.T, b *lanetest.Bench, a lane.Arrival, plate parking.Plate) parking.Stay {
	t.Helper()
	b.Vision.Next(lanetest.Sure(plate), nil)
	s := b.Arrive("1", a)
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	return stay
}

func TestCashAfterSixtyOneMinutes(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(61 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if s.Chosen != 0 || s.Due != 8000 || s.Matches[0].Stay.ID != stay.ID {
		t.Fatalf("at the exit: %+v", s)
	}
	_, err := b.Desk.PayCash(t.Context(), "2", s.ID, 7000)
	wantCode(t, err, parking.Invalid)
	_, err = b.Desk.LeaveFree(t.Context(), "2", s.ID)
	wantCode(t, err, parking.Conflict)
	b.Clock.Pass(5 * time.Minute) // within quote_hold the fee stays what it is
	left, err := b.Desk.PayCash(t.Context(), "2", s.ID, 10000)
	if err != nil {
		t.Fatal(err)
	}
	if left.State != parking.Left || left.Charge.Fee != 8000 || left.PaidSum() != 8000 || left.Payments[0].Change != 2000 || len(left.OutPhotos) != 1 {
		t.Errorf("left: %+v", left)
	}
	if got := left.Charge.Out.Sub(left.Charge.In); got != 61*time.Minute {
		t.Errorf("priced for %v", got)
	}
	if s := b.Subject("2"); s.Stage != lane.Opened || s.Change != 2000 {
		t.Errorf("shown: %+v", s)
	}
	if again, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil || again.PaidSum() != 8000 {
		t.Errorf("paid twice: %+v, %v", again, err)
	}
	n := kinds(b)
	if n[parking.KindPaymentTaken] != 1 || n[parking.KindVehicleOut] != 1 {
		t.Errorf("facts: %v", n)
	}
	if slot, _ := b.State.Site().Slot("N08"); slot.State != parking.SlotFree {
		t.Errorf("its slot: %+v", slot)
	}
}

func TestFeeMovesOnAfterQuoteHold(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(55 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if s.Due != 5000 {
		t.Fatalf("due %d", s.Due)
	}
	b.Clock.Pass(11 * time.Minute)
	_, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	wantCode(t, err, parking.Conflict)
	if due := b.Subject("2").Due; due != 8000 {
		t.Fatalf("due %d after the hold", due)
	}
	if _, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
}

func TestVietQRConfirmedByHand(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(30 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	shown := b.Subject("2")
	if shown.Stage != lane.Paying || !parking.ValidReference(shown.Reference) || len(shown.QR) < 80 {
		t.Fatalf("shown: %+v", shown)
	}
	if err := b.Desk.ShowQR(t.Context(), "2", s.ID); err != nil || b.Subject("2").Reference != shown.Reference {
		t.Fatalf("shown twice: %v", err)
	}
	now := b.Clock.Wall()
	for _, c := range []struct {
		bank string
		at   time.Time
	}{{"", now}, {"VCB", time.Time{}}, {"VCB", now.Add(time.Hour)}, {"VCB", now.Add(-time.Hour)}} {
		_, err := b.Desk.ConfirmByHand(t.Context(), "2", s.ID, c.bank, c.at)
		wantCode(t, err, parking.Invalid)
	}
	left, err := b.Desk.ConfirmByHand(t.Context(), "2", s.ID, "VCB", now)
	if err != nil {
		t.Fatal(err)
	}
	if len(left.Payments) != 1 || left.Payments[0].Reference != shown.Reference || left.Payments[0].Method != parking.Manual || left.PaidSum() != 5000 {
		t.Errorf("payments: %+v", left.Payments)
	}
}

// Money that came elsewhere after the guard picked the stay is not taken again.
func TestMoneyThatCameMeanwhile(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	in := b.Clock.Wall()
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(30 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.Pick(t.Context(), "2", s.ID, 0); err != nil || b.Subject("2").Due != 5000 {
		t.Fatalf("picked: %+v, %v", b.Subject("2"), err)
	}
	paid := b.Clock.Wall()
	stay.InAt = &in
	stay.Payments = []parking.Payment{{
		ID: uuid.Must(uuid.NewV7()), Method: parking.Cash, Status: parking.Paid, Amount: 5000, Currency: "VND", Gate: "S", PaidAt: &paid,
	}}
	covers := []wire.Covered{{Gate: "N", Epoch: b.State.Epoch(), Seq: 1 << 20}}
	if err := b.State.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: 2, Stays: []parking.Stay{stay}, Covers: covers}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	wantCode(t, err, parking.Conflict)
	if due := b.Subject("2").Due; due != 0 {
		t.Fatalf("due %d after it was paid", due)
	}
	left, err := b.Desk.LeaveFree(t.Context(), "2", s.ID)
	if err != nil || left.PaidSum() != 5000 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// An exit that is not certain is a choice, and the choice is in the fact.
func TestPickAmongLikelyStays(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(time.Minute)
	second := enter(t, b, lane.Arrival{}, "30A12B45")
	b.Clock.Pass(time.Minute)
	b.Vision.Next(lanetest.Sure("30A12845"), nil)
	s := b.Arrive("2", lane.Arrival{})
	if s.Chosen != -1 || len(s.Matches) != 2 || s.Matches[0].Stay.ID != second.ID {
		t.Fatalf("likely: %+v", s)
	}
	_, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	wantCode(t, err, parking.Conflict)
	if err := b.Desk.Pick(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	left, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil || left.ID != second.ID || left.OutPlate != "30A12845" {
		t.Fatalf("left: %+v, %v", left, err)
	}
}

func TestUnknownVehicleLeaves(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("2", lane.Arrival{})
	if len(s.Matches) != 0 || s.Due != 50000 {
		t.Fatalf("unknown: %+v", s)
	}
	wantCode(t, b.Desk.OutUnknown(t.Context(), "2", s.ID, "", 50000, parking.Cash), parking.Invalid)
	wantCode(t, b.Desk.OutUnknown(t.Context(), "2", s.ID, "no entry found", 50000, parking.QR), parking.Invalid)
	for range 2 {
		if err := b.Desk.OutUnknown(t.Context(), "2", s.ID, "no entry found", 50000, parking.Cash); err != nil {
			t.Fatal(err)
		}
	}
	if n := kinds(b); n[parking.KindVehicleOut] != 1 || n[parking.KindPaymentTaken] != 1 {
		t.Errorf("facts: %v", n)
	}
}

// Motorbikes show card and plate; cars the plate.
func TestExitProof(t *testing.T) {
	t.Parallel()
	bike := parking.Motorbike
	for _, c := range []struct {
		name            string
		class           parking.Class
		inCard, outCard string
		chosen          int
		warning         string
	}{
		{"card and plate agree", bike, "C1", "C1", 0, ""},
		{"card not shown", bike, "C1", "", -1, "It came in with a card; the card was not shown."},
		{"a card of nobody", bike, "C1", "C2", -1, "No vehicle inside has this card or ticket. Go on by the plate."},
		{"came in without a card", bike, "", "", 0, "It came in without a card; the plate alone was checked."},
		{"a car needs no card", parking.Car, "", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{})
			enter(t, b, lane.Arrival{Class: c.class, Token: c.inCard}, "29B145678")
			s := b.Arrive("2", lane.Arrival{Class: c.class, Token: c.outCard})
			if s.Chosen != c.chosen || c.warning != "" && !slices.Contains(s.Warnings, c.warning) {
				t.Errorf("chosen %d, warnings %q", s.Chosen, s.Warnings)
			}
		})
	}
}

// A stay that came in by a tariff that this gate no longer holds is priced
// with the newest, and marked.
func TestTariffNotHeld(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	enter(t, b, lane.Arrival{}, "30A12345")
	snap := lanetest.Snapshot(t)
	snap.Config.Tariff.Version = 2
	if err := b.State.ApplySnapshot(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
	s := b.Arrive("2", lane.Arrival{})
	left, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil || left.Charge.TariffV != 2 || left.Charge.Marked == "" {
		t.Errorf("left: %+v, %v", left.Charge, err)
	}
}

// A vehicle at the exit whose entry the cloud tells of only now is found
// without another key.
func TestStayThatArrivesLate(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Desk.Run(ctx) })
	defer running.Wait()
	defer cancel()
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("2", lane.Arrival{})
	if len(s.Matches) != 0 {
		t.Fatalf("nobody is inside: %+v", s.Matches)
	}
	in := lanetest.Start.Add(-90 * time.Minute)
	late := parking.Stay{
		ID: uuid.Must(uuid.NewV7()), State: parking.Inside, Class: parking.Car, Plate: "30A12345", Display: "30A-123.45",
		Zone: "S", Slot: "S08", Placed: true, InAt: &in, InGate: "S", InLane: "1", Tariff: "default", TariffV: 1,
	}
	if err := b.State.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: 2, Stays: []parking.Stay{late}}); err != nil {
		t.Fatal(err)
	}
	b.Until("it is found", func() bool { s := b.Subject("2"); return s.Chosen == 0 && s.Due == 8000 })
	if left, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil || left.ID != late.ID {
		t.Errorf("left: %+v, %v", left, err)
	}
}
