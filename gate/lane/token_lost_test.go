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

// A lost card is written down with its reason and a photo, once; the stay
// leaves without it and pays for it, and whoever finds the card finds no stay.
func TestLostCard(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	stay := enter(t, b, lane.Arrival{Token: "0042"}, "29B145678")
	b.Clock.Pass(time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if s.Chosen != -1 || !slices.Contains(s.Warnings, "It came in with a card; the card was not shown.") {
		t.Fatalf("at the exit: %+v", s)
	}
	lose := func(stay uuid.UUID, reason string) error {
		return b.Desk.LoseToken(t.Context(), "2", s.ID, stay, reason)
	}
	wantCode(t, lose(stay.ID, "  "), parking.Invalid)
	wantCode(t, lose(uuid.Nil, "Card lost"), parking.Conflict) // nothing is picked
	wantCode(t, lose(newStay(), "Card lost"), parking.Conflict)
	for range 2 {
		if err := lose(stay.ID, "Card lost, papers shown"); err != nil {
			t.Fatal(err)
		}
	}
	facts := b.FactsOf(parking.KindTokenLost)
	if len(facts) != 1 {
		t.Fatalf("written %d times", len(facts))
	}
	if body := lanetest.Says[parking.TokenLost](b, facts[0]); body.Stay != stay.ID || body.Token != "0042" || len(body.Photos) != 1 || facts[0].Actor != "lan" {
		t.Errorf("written: %+v by %s", body, facts[0].Actor)
	}
	if s := b.Subject("2"); s.Chosen != 0 || s.Due != 30000 {
		t.Errorf("shown: chosen %d, due %d", s.Chosen, s.Due)
	}
	left, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil || left.State != parking.Left || left.PaidSum() != 30000 || left.OutToken != "" {
		t.Fatalf("left: %+v, %v", left, err)
	}
	if len(b.State.Site().ByToken("0042")) > 0 {
		t.Error("the lost card still finds a stay")
	}
	if !slices.ContainsFunc(left.Charge.Lines, func(l parking.Line) bool { return l.Code == parking.LineLostTicket }) {
		t.Errorf("charged: %+v", left.Charge)
	}
}

// Whoever comes with a card that was said to be lost is not its stay.
func TestFoundCard(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	stay := enter(t, b, lane.Arrival{Token: "0042"}, "29B145678")
	b.Clock.Pass(time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.LoseToken(t.Context(), "2", s.ID, stay.ID, "Card lost"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.Clear(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(time.Minute)
	tap(t, b, "2", "0042")
	b.Desk.Settle()
	if s := b.Subject("2"); s.Chosen != -1 || !slices.Contains(s.Warnings, "No vehicle inside has this card or ticket. Go on by the plate.") {
		t.Errorf("the found card: %+v", s)
	}
	if n := kinds(b)[parking.KindVehicleOut]; n != 0 {
		t.Error("a lost card let a vehicle out")
	}
	if err := b.Desk.Clear(t.Context(), "1", b.Subject("1").ID); err != nil {
		t.Fatal(err)
	}
	b.Vision.Next(lanetest.Sure("29B199999"), nil)
	tap(t, b, "1", "0042") // the site's people use it again
	if s := untilThrough(b, "1"); s.Holder != nil || s.Token != "0042" {
		t.Errorf("the card's next vehicle: %+v", s)
	}
}

func newStay() uuid.UUID { return uuid.Must(uuid.NewV7()) }
