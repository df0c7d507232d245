package lane_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/words"
	"gatehouse/parking"
	"gatehouse/vision"
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
		{b.Desk.CorrectClass(ctx, "2", s.ID, stay.ID, parking.Car, "  "), "Say why"},
		{b.Desk.CorrectClass(ctx, "2", s.ID, stay.ID, "ufo", "it flew"), "no price"},
		{b.Desk.CorrectClass(ctx, "2", s.ID, uuid.New(), parking.Car, "of another"), "not certain"},
	} {
		text := parking.ErrorMessage(c.err)
		if c.err == nil || !strings.Contains(text, c.says) || words.Sentence(words.Vi, text) == text {
			t.Errorf("%v (%s), want %q", c.err, words.Sentence(words.Vi, text), c.says)
		}
	}
	if err := b.Desk.CorrectClass(ctx, "2", s.ID, stay.ID, parking.Motorbike, "as it is"); err != nil {
		t.Error(err)
	}
	if now := b.Subject("2"); len(b.Facts()) != before || now.Stage != lane.Paying || now.QR == "" || now.Due != s.Due {
		t.Fatalf("something has changed: %+v", now)
	}

	if err := b.Desk.CorrectClass(ctx, "2", s.ID, stay.ID, parking.Car, "entered wrongly"); err != nil {
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

// Which pass a stay came in on depends on its class, too.
func TestPassOfACorrectedClass(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		came, is parking.Class
		due, now parking.Money
		pass     string
	}{
		"its pass is for what it is":  {parking.Car, parking.Motorbike, 5000, 0, "P-1"},
		"its pass is for another one": {parking.Motorbike, parking.Car, 0, 5000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTaking(t, lanetest.Options{NoCamera: true, NoVision: true})
			v := passOf(b.Bench, "P-1", 2, 1, "30A12345")
			v.Class = parking.Motorbike
			b.Lists(v)
			in := b.Arrive("1", lane.Arrival{Plate: "30A12345", Class: c.came})
			stay, err := b.Desk.AcceptIn(t.Context(), "1", in.ID)
			b.do(err)
			b.Clock.Pass(30 * time.Minute)
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			if s.Chosen != 0 || s.Due != c.due {
				t.Fatalf("before: %+v", s)
			}
			b.do(b.c.CorrectClass(t.Context(), "2", s.ID, stay.ID, c.is, "entered wrongly"))
			if s = b.Subject("2"); s.Due != c.now || b.stay(stay.ID).Pass != c.pass {
				t.Errorf("it owes %d, came on %q", s.Due, b.stay(stay.ID).Pass)
			}
			if _, err := b.c.TakeBack(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s = b.Subject("2"); s.Due != c.due || b.stay(stay.ID).Pass != stay.Pass {
				t.Errorf("taken back it owes %d, came on %q", s.Due, b.stay(stay.ID).Pass)
			}
		})
	}
}

// A pass that this gate does not know of is not taken from a stay by its class.
func TestAPassNotHeardOf(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	s, stay := comeIn(t, b, "30A12345")
	if err := b.Desk.Clear(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	stay.Pass = "P-9"
	cloudTells(t, b, stay)
	s = b.Arrive("2", lane.Arrival{Plate: "30A12345"})
	if err := b.Desk.CorrectClass(t.Context(), "2", s.ID, stay.ID, parking.Motorbike, "entered wrongly"); err != nil {
		t.Fatal(err)
	}
	if says := lanetest.Says[parking.ClassCorrected](b, b.FactsOf(parking.KindClassCorrected)[0]); says.Pass != nil {
		t.Errorf("it came on %q", *says.Pass)
	}
	if m := b.Subject("2").Matches[0]; m.Stay.Pass != "P-9" || m.Pass == nil || m.Pass.State != parking.PassUnknown {
		t.Errorf("%+v", m)
	}
}

// Of a stay that is known by its ticket alone nothing is written that its fee would not
// follow.
func TestTheClassOfAStayNotHeardOf(t *testing.T) {
	t.Parallel()
	n, printer := printing(t, lanetest.Options{Still: true})
	stay := enter(t, n, lane.Arrival{}, "30A12345")
	code := printed(n, printer)
	south := lanetest.New(t, lanetest.Options{Still: true, Gate: "S", Key: gateKey(2), Change: keysOf(map[string]ed25519.PrivateKey{"N": gateKey(1)})})
	south.Clock.Pass(61 * time.Minute)
	south.Vision.Next(lanetest.Sure("30A12345"), nil)
	tap(t, south, "2", code)
	south.Desk.Settle()
	s := south.Subject("2")
	before := len(south.Facts())
	wantCode(t, south.Desk.CorrectClass(t.Context(), "2", s.ID, stay.ID, parking.Motorbike, "entered wrongly"), parking.NotFound)
	if now := south.Subject("2"); len(south.Facts()) != before || now.Due != s.Due || now.Class != s.Class {
		t.Errorf("something has changed: %+v", now)
	}
}

// What the tariff asks of a vehicle that is not found follows its class.
func TestTheClassOfWhoIsNotFound(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(vision.None(), nil)
	s := b.Arrive("2", lane.Arrival{})
	if s.Plate != "" || s.Due != 50000 {
		t.Fatalf("unread: %+v", s)
	}
	if err := b.Desk.SetClass(t.Context(), "2", s.ID, parking.Motorbike); err != nil {
		t.Fatal(err)
	}
	quote, err := b.State.Site().Config.Tariff.QuoteUnknown(parking.Motorbike)
	if now := b.Subject("2"); err != nil || now.Due != quote.Due || quote.Due == 0 {
		t.Errorf("it owes %d, want %d (%v)", now.Due, quote.Due, err)
	}
}

// A class that was corrected elsewhere makes a code one for another sum; nothing opens.
func TestTheClassOfWhoPays(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stop := b.RunDesk()
	defer stop()
	stay, subject := askedByQR(t, b)
	stay.Class = parking.Motorbike
	cloudTells(t, b, stay)
	b.Until("the code is not shown any more", func() bool { s := b.Lane("2").Subject; return s != nil && s.QR == "" })
	if s := b.Subject("2"); s.ID != subject.ID || s.Stage != lane.Offered || s.Due == subject.Due || s.Due == 0 || s.Why == "" {
		t.Errorf("shown: %+v", s)
	}
}
