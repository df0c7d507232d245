package lane_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// TestWhatShowsTheftIsWrittenDown lets a guard do what the reports of the office
// look for (docs/LEAKAGE.md), and reads the facts of it: each says enough.
func TestWhatShowsTheftIsWrittenDown(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Change: shops})
	ctx := t.Context()
	signed := func(kind parking.Kind, sign string) []any {
		t.Helper()
		var out []any
		for _, f := range b.FactsOf(kind) {
			body, err := parking.DecodeBody(f)
			if err != nil {
				t.Fatal(err)
			}
			if sign == "" || slices.Contains(parking.SignsOf(body), sign) {
				out = append(out, body)
			}
		}
		return out
	}
	dear := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(5 * time.Hour)
	cheap := enter(t, b, lane.Arrival{}, "30A12346")
	b.Clock.Pass(10 * time.Minute)
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("2", lane.Arrival{})
	at := slices.IndexFunc(s.Matches, func(m lane.Match) bool { return m.Stay.ID == cheap.ID })
	if err := b.Desk.Pick(ctx, "2", s.ID, at); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.Discount(ctx, "2", s.ID, "SHOP"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.PayCash(ctx, "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	picks := signed(parking.KindVehicleOut, parking.SignPick)
	if len(picks) != 1 || len(signed(parking.KindVehicleOut, parking.SignDiscount)) != 1 {
		t.Fatalf("%d picks", len(picks))
	}
	out, ok := picks[0].(*parking.VehicleOut)
	if !ok || out.Candidates[0].Stay != dear.ID || out.Candidates[0].Fee != 20000 || out.Stay != cheap.ID || out.Charge.Fee != 2000 {
		t.Errorf("the pick says %+v", out)
	}

	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s = b.Arrive("2", lane.Arrival{})
	if err := b.Desk.Correct(ctx, "2", s.ID, "30A99999", ""); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.OutUnknown(ctx, "2", s.ID, "no ticket", 0, parking.Cash); err != nil {
		t.Fatal(err)
	}
	if turned := signed(parking.KindReadRejected, ""); len(turned) != 1 {
		t.Errorf("%d readings turned down", len(turned))
	}
	wantCode(t, b.Desk.OpenByHand(ctx, "1", " "), parking.Invalid)
	if err := b.Desk.OpenByHand(ctx, "1", "an ambulance"); err != nil {
		t.Fatal(err)
	}
	opened := signed(parking.KindBarrierOpened, parking.SignByHand)
	if len(opened) != 1 {
		t.Fatalf("%d openings by hand", len(opened))
	}
	if by, ok := opened[0].(*parking.BarrierOpened); !ok || by.Reason != "an ambulance" || by.Lane != "1" {
		t.Errorf("the opening says %+v", by)
	}
	for range 2 { // the vehicle that was let in last, and then one for which nobody opened
		if err := b.Desk.Passage(ctx, "1", lane.PassageReport{Source: lane.SourceLoop}); err != nil {
			t.Fatal(err)
		}
		b.Clock.Pass(time.Minute)
	}
	passed := b.FactsOf(parking.KindLanePassage)
	if len(passed) != 2 || parking.StayOf(passed[0]) != cheap.ID || parking.StayOf(passed[1]) != uuid.Nil {
		t.Errorf("passages %+v", passed)
	}
}
