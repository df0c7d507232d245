package lane_test

import (
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// shops is a site whose guards may give SHOP to two stays a day, and its
// administrators STAFF, too.
func shops(c *wire.Snapshot) {
	all, some := 100, parking.Money(3000)
	c.Config.Tariff.Discounts = map[string]parking.Discount{"STAFF": {Percent: &all}, "SHOP": {Amount: &some}}
	c.Config.Discounts = wire.DiscountRules{Guards: []string{"SHOP"}, ADay: 2}
}

func TestADiscountIsGivenOnceAndStandsWithTheFee(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Change: shops})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(61 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	ctx := t.Context()
	wantCode(t, b.Desk.Discount(ctx, "2", s.ID, "NONE"), parking.NotFound)
	wantCode(t, b.Desk.Discount(ctx, "2", s.ID, "STAFF"), parking.Forbidden)
	if err := b.Desk.ShowQR(ctx, "2", s.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 { // given twice it is given once
		if err := b.Desk.Discount(ctx, "2", s.ID, "SHOP"); err != nil {
			t.Fatal(err)
		}
	}
	if s = b.Subject("2"); s.Due != 5000 || s.Discount != "SHOP" || s.QR != "" || s.Stage != lane.Offered {
		t.Fatalf("with a discount: due %d, %q, stage %s, QR %q", s.Due, s.Discount, s.Stage, s.QR)
	}
	if err := b.Desk.Discount(ctx, "2", s.ID, ""); err != nil || b.Subject("2").Due != 8000 {
		t.Fatalf("taken back: due %d, %v", b.Subject("2").Due, err)
	}
	if err := b.Desk.Discount(ctx, "2", s.ID, "SHOP"); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(20 * time.Minute) // longer than the fee is held: it is priced anew, with the discount
	_, err := b.Desk.PayCash(ctx, "2", s.ID, 0)
	if err != nil && parking.ErrorCode(err) != parking.Conflict {
		t.Fatal(err)
	}
	left, err := b.Desk.PayCash(ctx, "2", s.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := left.Charge
	if c == nil || len(c.Discounts) != 1 || c.Discounts[0] != "SHOP" || left.PaidSum() != c.Fee || left.ID != stay.ID {
		t.Fatalf("left: %+v", left)
	}
	tariff := b.State.Site().Config.Tariff
	again, err := tariff.Quote(parking.QuoteRequest{Class: left.Class, In: c.In, Out: c.Out, Discounts: c.Discounts})
	if err != nil || again.Fee != c.Fee {
		t.Errorf("priced anew by what stands on the charge: %d, charged %d, %v", again.Fee, c.Fee, err)
	}
	wantCode(t, b.Desk.Discount(ctx, "2", s.ID, ""), parking.Conflict)
}

func TestAGuardGivesSoManyDiscountsADay(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Change: shops})
	leave := func(plate parking.Plate, discount string) error {
		t.Helper()
		enter(t, b, lane.Arrival{}, plate)
		b.Clock.Pass(10 * time.Minute)
		b.Vision.Next(lanetest.Sure(plate), nil)
		s := b.Arrive("2", lane.Arrival{})
		err := b.Desk.Discount(t.Context(), "2", s.ID, discount)
		if _, paid := b.Desk.PayCash(t.Context(), "2", s.ID, 0); paid != nil {
			t.Fatal(paid)
		}
		return err
	}
	for _, plate := range []parking.Plate{"30A00001", "30A00002"} {
		if err := leave(plate, "SHOP"); err != nil {
			t.Fatal(err)
		}
	}
	b.Restart() // a start forgets no discount
	wantCode(t, leave("30A00003", "SHOP"), parking.Forbidden)
	b.Clock.Pass(24 * time.Hour)
	if err := leave("30A00004", "SHOP"); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

// TestADiscountIsOfOneStay: another stay that is picked has none.
func TestADiscountIsOfOneStay(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Change: shops})
	enter(t, b, lane.Arrival{}, "30A12345")
	enter(t, b, lane.Arrival{}, "30A12346")
	b.Clock.Pass(61 * time.Minute)
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.Discount(t.Context(), "2", s.ID, "SHOP"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.Pick(t.Context(), "2", s.ID, 1); err != nil {
		t.Fatal(err)
	}
	if s = b.Subject("2"); s.Due != 8000 {
		t.Errorf("the other stay owes %d", s.Due)
	}
	left, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil || len(left.Charge.Discounts) != 0 || left.Charge.Fee != 8000 {
		t.Errorf("the other stay left with %+v, %v", left.Charge, err)
	}
}

// A discount, a code, and the bank's word: the exit is that of the guard who
// gave the discount, and counts for him.
func TestADiscountedTransferIsItsGuards(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Change: shops})
	stop := b.RunDesk()
	defer stop()
	in := b.Clock.Wall()
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	stay.InAt = &in
	b.Clock.Pass(30 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.Discount(t.Context(), "2", s.ID, "SHOP"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	asked := b.FactsOf(parking.KindPaymentRequested)
	confirm(t, b, stay, b.Subject("2"), 2000)
	b.Until("the vehicle is let out", func() bool { return len(b.FactsOf(parking.KindVehicleOut)) == 1 })
	out := b.FactsOf(parking.KindVehicleOut)[0]
	charge := lanetest.Says[parking.VehicleOut](b, out).Charge
	if out.Actor != asked[0].Actor || charge.Fee != 2000 || len(charge.Discounts) != 1 || charge.Discounts[0] != "SHOP" {
		t.Errorf("by %s (asked by %s): %+v", out.Actor, asked[0].Actor, charge)
	}
}
