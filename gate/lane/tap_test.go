package lane_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
	"gatehouse/vision"
)

// bikes is a site whose lanes are for motorbikes, with a quarter of an hour free.
func bikes(s *wire.Snapshot) {
	s.Config.Tariff.Grace = 15
	for i := range s.Config.Lanes {
		s.Config.Lanes[i].Class = parking.Motorbike
	}
}

func tap(t *testing.T, b *lanetest.Bench, code, text string) lane.Tapped {
	t.Helper()
	answer, err := b.Desk.Tap(t.Context(), code, text)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// untilThrough waits until the vehicle at a lane went through by itself.
func untilThrough(b *lanetest.Bench, code string) lane.Subject {
	b.T.Helper()
	b.Until("the vehicle at lane "+code+" goes through by itself", func() bool {
		s := b.Lane(code).Subject
		return s != nil && s.Stage == lane.Opened
	})
	return b.Subject(code)
}

// A motorbike with a card goes in while its plate is still being read; the
// plate follows as a correction, also after the vehicle has left the lane.
func TestCardInBeforeThePlateIsRead(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Desk.SignOut(t.Context()) // nobody presses anything
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	release := b.Vision.Hold()
	first := tap(t, b, "1", "0042")
	s := untilThrough(b, "1")
	if s.ID != first.Subject || s.Plate != "" || s.Token != "0042" || b.Lane("1").Tap.Token != "0042" {
		t.Fatalf("at the lane: %+v", s)
	}
	in := b.FactsOf(parking.KindVehicleIn)
	body := lanetest.Says[parking.VehicleIn](b, in[0])
	if len(in) != 1 || body.Token != "0042" || body.Plate != "" || len(body.Photos) != 1 || in[0].Actor != "lane:1" {
		t.Fatalf("written: %+v by %s", body, in[0].Actor)
	}
	if _, n := b.Barriers["1"].Openings(); n != 1 {
		t.Fatalf("opened %d times", n)
	}
	b.Clock.Pass(2 * time.Second)
	tap(t, b, "1", "0043") // the next one comes before the first was read
	release()
	var f parking.Fact
	var corrected parking.PlateCorrected
	b.Until("the plate follows", func() bool { // that of the next one may follow before
		for _, f = range b.FactsOf(parking.KindPlateCorrected) {
			if corrected = lanetest.Says[parking.PlateCorrected](b, f); corrected.Stay == body.Stay {
				return true
			}
		}
		return false
	})
	if corrected.Plate != "29B145678" || corrected.Was != "" || f.Actor != "lane:1" {
		t.Errorf("corrected: %+v by %s", corrected, f.Actor)
	}
	b.Until("the stay has its plate", func() bool { // the disk has it a moment before
		stay, err := b.State.Stay(t.Context(), body.Stay)
		return err == nil && stay.Plate == "29B145678"
	})
}

// A reading that is not sure corrects nothing, and neither does one that comes
// after a person has typed the plate.
func TestLateReadingThatDoesNotCount(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Vision.Next(lanetest.Unsure("29B145678", "29B145673"), nil)
	release := b.Vision.Hold()
	first := tap(t, b, "1", "0042")
	untilThrough(b, "1")
	release()
	b.Desk.Settle()
	b.Clock.Pass(2 * time.Second)
	b.Vision.Next(lanetest.Sure("29B199999"), nil)
	release = b.Vision.Hold()
	second := tap(t, b, "1", "0043")
	if second.Subject == first.Subject {
		t.Fatal("another card, the same vehicle")
	}
	untilThrough(b, "1")
	if err := b.Desk.Correct(t.Context(), "1", second.Subject, "29B188888", ""); err != nil {
		t.Fatal(err)
	}
	release()
	b.Desk.Settle()
	if n := len(b.FactsOf(parking.KindPlateCorrected)); n != 1 {
		t.Errorf("%d corrections, want the guard's alone", n)
	}
}

// A car needs its plate at IN: with a card it goes in with no key once that
// is read for sure, and not before.
func TestCardOfACarWaitsForThePlate(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	release := b.Vision.Hold()
	tap(t, b, "1", "0042")
	b.Until("its picture is taken", func() bool { return b.Lane("1").PictureN > 0 })
	if s := b.Subject("1"); s.Stage != lane.Arrived {
		t.Fatalf("before it is read: %+v", s)
	}
	release()
	if s := untilThrough(b, "1"); s.Plate != "30A12345" || s.Slot != "N08" {
		t.Errorf("went in as %+v", s)
	}
	b.Clock.Pass(2 * time.Second)
	b.Vision.Next(lanetest.Unsure("30A11111", "30A11117"), nil)
	tap(t, b, "1", "0043")
	b.Until("the second is read", func() bool { return b.Subject("1").Stage == lane.Offered })
	s := b.Subject("1")
	if err := b.Desk.PickCandidate(t.Context(), "1", s.ID, 1); err != nil {
		t.Fatal(err)
	}
	if s := untilThrough(b, "1"); s.Plate != "30A11117" {
		t.Errorf("went in as %+v", s)
	}
	if n := kinds(b)[parking.KindVehicleIn]; n != 2 {
		t.Errorf("%d entries", n)
	}
}

// One card is one tap within three seconds, and the vehicle that it let in
// stays its own while it stands there.
func TestTapBounces(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	first := tap(t, b, "1", "0042")
	untilThrough(b, "1")
	for _, after := range []time.Duration{0, 2900 * time.Millisecond, 10 * time.Second} {
		b.Clock.Pass(after)
		if again := tap(t, b, "1", "0042"); !again.Repeated || again.Subject != first.Subject {
			t.Errorf("%v later: %+v", after, again)
		}
	}
	if n := kinds(b)[parking.KindVehicleIn]; n != 1 {
		t.Errorf("%d entries", n)
	}
}

// A card that is live on an open stay is shown with that stay, and is not
// taken by itself; a guard may.
func TestLiveCardIsNotTakenByItself(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	first := tap(t, b, "1", "0042")
	stay := untilThrough(b, "1").Stay
	if err := b.Desk.Clear(t.Context(), "1", first.Subject); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(time.Hour)
	b.Vision.Next(lanetest.Sure("29B199999"), nil)
	again := tap(t, b, "1", "0042")
	b.Until("the second vehicle is read", func() bool { return b.Subject("1").Plate == "29B199999" })
	s := b.Subject("1")
	if s.ID != again.Subject || s.Holder == nil || s.Holder.ID != stay || !slices.Contains(s.Warnings, "This card is in use by a vehicle that is inside.") {
		t.Fatalf("shown: %+v", s)
	}
	b.Desk.Settle()
	if n := kinds(b)[parking.KindVehicleIn]; n != 1 {
		t.Fatalf("%d entries: the card of a vehicle inside let another in", n)
	}
	if _, err := b.Desk.AcceptIn(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	if held := b.State.Site().ByToken("0042"); len(held) != 2 {
		t.Errorf("%d vehicles inside with the card", len(held))
	}
	// At the exit both stand, and nobody leaves by itself.
	b.Clock.Pass(time.Minute)
	tap(t, b, "2", "0042")
	b.Until("the exit is read", func() bool { return b.Subject("2").Plate == "29B199999" })
	b.Desk.Settle()
	out := b.Subject("2")
	if out.Chosen != -1 || len(out.Matches) != 2 || !out.Matches[0].ByToken || !out.Matches[1].ByToken ||
		!slices.Contains(out.Warnings, "This card is on more than one vehicle inside.") {
		t.Errorf("at the exit: %+v", out)
	}
}

// One card at two lanes at once lets one vehicle in.
func TestOneCardAtTwoLanes(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: func(s *wire.Snapshot) {
		for i := range s.Config.Lanes {
			s.Config.Lanes[i].Direction = parking.In
		}
	}})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	release := b.Vision.Hold()
	tap(t, b, "1", "0042")
	tap(t, b, "2", "0042")
	release()
	b.Until("one goes in", func() bool { return kinds(b)[parking.KindVehicleIn] > 0 })
	b.Desk.Settle()
	if n := kinds(b)[parking.KindVehicleIn]; n != 1 {
		t.Fatalf("%d went in", n)
	}
	held := 0
	for _, code := range []string{"1", "2"} {
		if s := b.Subject(code); s.Holder != nil && s.Stage == lane.Offered {
			held++
		}
	}
	if held != 1 {
		t.Errorf("%d wait for the guard, with the other shown", held)
	}
}

// A card belongs to the vehicle that a loop has announced, if it comes soon.
func TestTapJoinsTheVehicleInFront(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		later time.Duration
		joins bool
	}{{"soon", 4 * time.Second, true}, {"late", 6 * time.Second, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
			b.Vision.Next(lanetest.Sure("29B145678"), nil)
			s := b.Arrive("1", lane.Arrival{Device: true})
			b.Clock.Pass(c.later)
			answer, err := b.Desk.Tap(t.Context(), "1", "0042")
			if c.joins != (err == nil && answer.Subject == s.ID) {
				t.Fatalf("joined %+v, %v", answer, err)
			}
			if c.joins {
				if through := untilThrough(b, "1"); through.ID != s.ID || through.Plate != "29B145678" {
					t.Errorf("went in as %+v", through)
				}
			}
		})
	}
}

func TestCardAtTheExit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		class   parking.Class
		proof   parking.Proof // "" the class's own
		reading vision.Reading
		card    string
		inside  time.Duration
		leaves  bool
		chosen  int
		warning string
	}{
		{"card and plate agree", parking.Motorbike, "", lanetest.Sure("29B145678"), "0042", time.Minute, true, 0, ""},
		{"a car", parking.Car, "", lanetest.Sure("29B145678"), "0042", time.Minute, true, 0, ""},
		{"the card alone is enough", parking.Motorbike, parking.ProofToken, vision.None(), "0042", time.Minute, true, 0, ""},
		{"the card alone is not enough", parking.Motorbike, "", vision.None(), "0042", time.Minute, false, -1, "Compare the pictures and pick the vehicle."},
		{"the plate is not sure", parking.Motorbike, "", lanetest.Unsure("29B145678"), "0042", time.Minute, false, -1, "Compare the pictures and pick the vehicle."},
		{"another's plate", parking.Motorbike, "", lanetest.Sure("29B199999"), "0042", time.Minute, false, -1, "Card and plate belong to different vehicles."},
		{"something is due", parking.Motorbike, "", lanetest.Sure("29B145678"), "0042", time.Hour, false, 0, ""},
		{"a card of nobody", parking.Motorbike, "", lanetest.Sure("29B145678"), "0077", time.Minute, false, -1, "No vehicle inside has this card or ticket. Go on by the plate."},
		{"a car and a card of nobody", parking.Car, "", lanetest.Sure("29B145678"), "0077", time.Minute, false, -1, "No vehicle inside has this card or ticket. Go on by the plate."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{Still: true, Change: func(s *wire.Snapshot) {
				bikes(s)
				if c.proof != "" {
					s.Config.ExitProof = map[parking.Class]parking.Proof{c.class: c.proof}
				}
			}})
			enter(t, b, lane.Arrival{Class: c.class, Token: "0042"}, "29B145678")
			if err := b.Desk.Clear(t.Context(), "1", b.Subject("1").ID); err != nil {
				t.Fatal(err)
			}
			enter(t, b, lane.Arrival{Class: c.class, Token: "0043"}, "29B199999")
			b.Desk.SignOut(t.Context())
			b.Clock.Pass(c.inside)
			b.Vision.Next(c.reading, nil)
			tap(t, b, "2", c.card)
			if c.leaves {
				untilThrough(b, "2")
			}
			b.Desk.Settle()
			s := b.Subject("2")
			out := b.FactsOf(parking.KindVehicleOut)
			if left := len(out) > 0; left != c.leaves {
				t.Fatalf("left %v; %+v", left, s)
			}
			if c.leaves {
				if body := lanetest.Says[parking.VehicleOut](b, out[0]); body.Token != "0042" || out[0].Actor != "lane:2" || len(body.Photos) != 1 {
					t.Errorf("written: %+v by %s", body, out[0].Actor)
				}
				return
			}
			if s.Chosen != c.chosen || c.warning != "" && !slices.Contains(s.Warnings, c.warning) {
				t.Errorf("chosen %d, warnings %q", s.Chosen, s.Warnings)
			}
		})
	}
}

// A card that is shown after the vehicle was announced at the exit is its own.
func TestCardAfterTheVehicleAtTheExit(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	enter(t, b, lane.Arrival{Token: "0042"}, "29B145678")
	b.Clock.Pass(time.Minute)
	s := b.Arrive("2", lane.Arrival{Device: true})
	if s.Chosen != -1 || !slices.Contains(s.Warnings, "It came in with a card; the card was not shown.") {
		t.Fatalf("before the card: %+v", s)
	}
	b.Clock.Pass(time.Minute)
	if answer := tap(t, b, "2", "9999"); answer.Subject != s.ID { // the wrong one first
		t.Fatalf("tapped: %+v", answer)
	}
	if answer := tap(t, b, "2", "0042"); answer.Subject != s.ID {
		t.Fatalf("tapped: %+v", answer)
	}
	if through := untilThrough(b, "2"); through.ID != s.ID {
		t.Errorf("another vehicle left: %+v", through)
	}
}

func TestTapsThatAreNone(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	for text, code := range map[string]parking.Code{
		"": parking.Invalid, "  ": parking.Invalid, strings.Repeat("1", 65): parking.Invalid, "12\x0034": parking.Invalid,
		strings.Repeat("9", 1<<20): parking.Invalid, "thẻ": parking.Invalid, "GH1.AAAA": parking.Conflict,
	} {
		_, err := b.Desk.Tap(t.Context(), "1", text)
		wantCode(t, err, code)
	}
	if _, err := b.Desk.Tap(t.Context(), "9", "0042"); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("at a lane that is none: %v", err)
	}
	lv := b.Lane("1")
	if lv.Subject != nil || lv.Tap == nil || lv.Tap.Refused == "" || len(lv.Tap.Token) > 200 {
		t.Errorf("the lane shows %+v, %+v", lv.Subject, lv.Tap)
	}
}

// A reader gone wild lets nobody in beyond the first vehicle, and is told of
// when it goes away.
func TestReaderGoneWild(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	reader := device.NewReaderSimulator()
	stop := b.ReadCards("1", reader)
	for n := range 300 {
		if err := reader.Present(t.Context(), fmt.Sprintf("%08d", n)); err != nil {
			t.Fatal(err)
		}
	}
	untilThrough(b, "1")
	b.Until("all taps are counted", func() bool { r := b.Lane("1").Reader; return r.Taps+r.Dropped == 300 })
	reader.Break("unplugged")
	b.Until("the reader is away", func() bool { return !b.Lane("1").Reader.OK })
	if v := b.Desk.View(); len(v.Troubles) != 1 || v.Troubles[0].Code != "reader_away" || b.Lane("1").Reader.Why == "" {
		t.Errorf("troubles: %+v, %+v", v.Troubles, b.Lane("1").Reader)
	}
	reader.Break("")
	b.Until("the reader is back", func() bool { return b.Lane("1").Reader.OK })
	stop()
	b.Desk.Settle()
	if n := kinds(b)[parking.KindVehicleIn]; n != 1 {
		t.Errorf("%d vehicles went in", n)
	}
}

// While one who was let through still rolls out of the lane, the card of the
// next, whom the loop has sensed behind it, is that next one's and no third
// vehicle's.
func TestTapOfTheNextWhileOneRollsOut(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"1", "2"} {
		t.Run("lane "+code, func(t *testing.T) {
			t.Parallel()
			b := withPassages(t, lanetest.Options{NoVision: true, Still: true, Change: func(s *wire.Snapshot) {
				bikes(s)
				s.Config.ExitProof = map[parking.Class]parking.Proof{parking.Motorbike: parking.ProofToken}
				for _, card := range []string{"0042", "0043"} {
					if code == "2" {
						in := lanetest.Start.Add(-time.Minute)
						s.Stays = append(s.Stays, parking.Stay{
							ID: uuid.New(), State: parking.Inside, Class: parking.Motorbike, Token: card,
							Zone: "M", Placed: true, InAt: &in, InGate: "E", Tariff: "default", TariffV: 1,
						})
					}
				}
			}})
			first := announce(t, b, code, "")
			if answer := tap(t, b, code, "0042"); answer.Subject != first {
				t.Fatalf("the first card is of %+v", answer)
			}
			untilThrough(b, code)
			b.Clock.Pass(2 * time.Second)
			second := announce(t, b, code, "")
			for i := range 2 {
				if answer := tap(t, b, code, "0043"); answer.Subject != second || answer.Repeated != (i > 0) {
					t.Fatalf("the second card is of %+v, want %s", answer, second)
				}
				b.Clock.Pass(4 * time.Second) // more than a bounce
			}
			if _, n := b.Barriers[code].Openings(); n != 1 || len(b.Lane(code).Waiting) != 1 {
				t.Fatalf("opened %d times, waiting %+v", n, b.Lane(code).Waiting)
			}
			pass(t, b, code)
			b.Until("the second goes by its own card", func() bool {
				s := b.Lane(code).Subject
				return s != nil && s.ID == second && s.Stage == lane.Opened
			})
			if waiting := b.Lane(code).Waiting; len(waiting) != 0 {
				t.Errorf("nobody is behind it: %+v", waiting)
			}
		})
	}
}
