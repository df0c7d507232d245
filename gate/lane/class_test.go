package lane_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// A stay that was written down as another class is corrected at the exit, with a
// reason and a fact; its fee is that of the new class, and the code for the old one is
// not shown any more.
func TestTheClassOfWhoLeaves(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stay := enter(t, b, lane.Arrival{Class: parking.Motorbike}, "30A12345")
	b.Clock.Pass(61 * time.Minute)
	s := b.Arrive("2", lane.Arrival{}) // the lane's own class is car
	if s.Chosen != 0 {
		b.T.Fatalf("at the exit: %+v", s)
	}
	if s.Class != parking.Motorbike {
		t.Errorf("a %s is shown, whose fee is a motorbike's", s.Class)
	}
	ctx := t.Context()
	if err := b.Desk.ShowQR(ctx, "2", s.ID); err != nil {
		t.Fatal(err)
	}
	before := len(b.Facts())
	for _, c := range []struct {
		err  error
		says string
	}{
		{b.Desk.SetClass(ctx, "2", s.ID, parking.Car), "say why"},
		{b.Desk.CorrectClass(ctx, "2", s.ID, parking.Car, "  "), "Say why"},
		{b.Desk.CorrectClass(ctx, "2", s.ID, "ufo", "it flew"), "no price"},
	} {
		text := parking.ErrorMessage(c.err)
		if c.err == nil || !strings.Contains(text, c.says) || words.Sentence(words.Vi, text) == text {
			t.Errorf("%v (%s), want %q", c.err, words.Sentence(words.Vi, text), c.says)
		}
	}
	if err := b.Desk.CorrectClass(ctx, "2", s.ID, parking.Motorbike, "as it is"); err != nil {
		t.Error(err)
	}
	if now := b.Subject("2"); len(b.Facts()) != before || now.Stage != lane.Paying || now.QR == "" || now.Due != s.Due {
		t.Fatalf("something has changed: %+v", now)
	}

	if err := b.Desk.CorrectClass(ctx, "2", s.ID, parking.Car, "entered wrongly"); err != nil {
		t.Fatal(err)
	}
	now := b.Subject("2")
	if now.Class != parking.Car || now.Due != 8000 || now.Due == s.Due || now.Stage != lane.Offered || now.QR != "" {
		t.Errorf("it owes %d after %d: %+v", now.Due, s.Due, now)
	}
	left, err := b.Desk.PayCash(ctx, "2", s.ID, 0)
	if err != nil || left.ID != stay.ID || left.Class != parking.Car || left.Charge.Fee != 8000 {
		t.Errorf("left: %+v, %v", left, err)
	}
	if err := b.Desk.Clear(ctx, "2", s.ID); err != nil {
		t.Fatal(err)
	}
	enter(t, b, lane.Arrival{Class: parking.Motorbike}, "29B145678")
	b.Clock.Pass(61 * time.Minute)
	next := b.Arrive("2", lane.Arrival{})
	if _, err := b.Desk.PayCash(ctx, "2", next.ID, 0); err != nil {
		t.Fatal(err)
	}
	if shown := b.Subject("2"); shown.ID != next.ID || shown.Class != parking.Motorbike {
		t.Errorf("a %s is shown to have left", shown.Class)
	}
	facts := b.FactsOf(parking.KindClassCorrected)
	if len(facts) != 1 {
		t.Fatalf("%d facts", len(facts))
	}
	body, err := parking.DecodeBody(facts[0])
	if err != nil {
		t.Fatal(err)
	}
	if says, is := body.(*parking.ClassCorrected); !is || says.Stay != stay.ID || says.Was != parking.Motorbike || says.Class != parking.Car || says.Reason != "entered wrongly" {
		t.Errorf("%+v", body)
	}
}
