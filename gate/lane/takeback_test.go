package lane_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/state"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// taking is a bench with lan at the gate's console.
type taking struct {
	*lanetest.Bench
	c *lane.Console
}

// newTaking is one whose lanes see who passes, unless change takes that away.
func newTaking(t *testing.T, o lanetest.Options, change ...func(*lane.Config)) *taking {
	t.Helper()
	o.NoCamera, o.NoVision = true, true
	o.Setup = func(c *lane.Config) {
		seen, err := device.OpenSensor("api:")
		if err != nil {
			t.Fatal(err)
		}
		c.Sensors = map[string]device.Sensor{"1/passage": seen, "2/passage": seen}
		for _, f := range change {
			f(c)
		}
	}
	b := &taking{Bench: lanetest.New(t, o)}
	b.c = b.Desk.Console()
	t.Cleanup(b.c.Close)
	return b
}

// blind takes the sensors away that see passages.
func blind(c *lane.Config) { c.Sensors = nil }

// do fails the test when an act does.
func (b *taking) do(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

// in lets a vehicle in by the console; it stands in the lane still.
func (b *taking) in(plate string) (uuid.UUID, parking.Stay) {
	b.T.Helper()
	s := b.Arrive("1", lane.Arrival{Plate: plate})
	stay, err := b.c.AcceptIn(b.T.Context(), "1", s.ID)
	b.do(err)
	return s.ID, stay
}

// inside is a vehicle that drove in two hours ago: it owes 8000.
func (b *taking) inside(plate string) parking.Stay {
	b.T.Helper()
	s := b.Arrive("1", lane.Arrival{Plate: plate})
	stay, err := b.Desk.AcceptIn(b.T.Context(), "1", s.ID)
	b.do(err)
	b.do(b.Desk.Passage(b.T.Context(), "1", lane.PassageReport{Source: lane.SourceLoop}))
	b.Clock.Pass(2 * time.Hour)
	return stay
}

func (b *taking) stay(id uuid.UUID) parking.Stay {
	b.T.Helper()
	s, err := b.State.Stay(b.T.Context(), id)
	b.do(err)
	return s
}

// refuses says that nothing is taken back and why, in both languages, and that
// nothing was written.
func (b *taking) refuses(says string) {
	b.T.Helper()
	before := len(b.Facts())
	_, err := b.c.TakeBack(b.T.Context())
	text := parking.ErrorMessage(err)
	if err == nil || parking.ErrorCode(err) != parking.Conflict || !strings.Contains(text, says) {
		b.T.Errorf("taken back: %v, want %q", err, says)
	}
	if words.Sentence(words.Vi, text) == text {
		b.T.Errorf("no Vietnamese for %q", text)
	}
	if n := len(b.Facts()); n != before {
		b.T.Errorf("%d facts are written", n-before)
	}
}

// Each act and what becomes of it when it is taken back: one fact of lan's, the
// vehicle and its stay as they were, and no barrier moved.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	const none = parking.Kind("")
	for _, c := range []struct {
		name  string
		act   func(b *taking) (check func())
		kind  lane.ActKind
		fact  parking.Kind
		plate string
	}{
		{"let in, still in the lane", func(b *taking) func() {
			_, stay := b.in("30A12345")
			return func() {
				slot, _ := b.State.Site().Slot(stay.Slot)
				if s := b.stay(stay.ID); s.State != parking.Voided || slot.State != parking.SlotFree || b.Lane("1").Subject != nil {
					b.T.Errorf("%+v, %+v", s, slot)
				}
			}
		}, lane.ActIn, parking.KindVehicleBackedOut, "30A-123.45"},
		{"let in, gone without being seen", func(b *taking) func() {
			_, stay := b.in("30A12345")
			_, err := b.Desk.Arrive(b.T.Context(), "1", lane.Arrival{Device: true}) // who comes next
			b.do(err)
			return func() {
				if s := b.stay(stay.ID); s.State != parking.Voided {
					b.T.Errorf("%+v", s)
				}
			}
		}, lane.ActIn, parking.KindStayVoided, "30A-123.45"},
		{"out for nothing", func(b *taking) func() {
			stay := b.inside("30A12345")
			_, err := b.Desk.PayEarly(b.T.Context(), lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash})
			b.do(err)
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			_, err = b.c.LeaveFree(b.T.Context(), "2", s.ID)
			b.do(err)
			return b.insideAgain(stay.ID, 8000)
		}, lane.ActOut, parking.KindVehicleBackedOut, "30A-123.45"},
		{"out for cash", func(b *taking) func() {
			stay := b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			_, err := b.c.PayCash(b.T.Context(), "2", s.ID, 10_000)
			b.do(err)
			return b.insideAgain(stay.ID, 8000)
		}, lane.ActOut, parking.KindVehicleBackedOut, "30A-123.45"},
		{"out by a transfer that a guard confirms", func(b *taking) func() {
			stay := b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			_, err := b.c.ConfirmByHand(b.T.Context(), "2", s.ID, "ACB", b.Clock.Wall())
			b.do(err)
			return b.insideAgain(stay.ID, 8000)
		}, lane.ActOut, parking.KindVehicleBackedOut, "30A-123.45"},
		{"picked, then out", func(b *taking) func() {
			stay := b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12346"})
			b.do(b.c.Pick(b.T.Context(), "2", s.ID, 0))
			_, err := b.c.PayCash(b.T.Context(), "2", s.ID, 0)
			b.do(err)
			return b.insideAgain(stay.ID, 8000)
		}, lane.ActOut, parking.KindVehicleBackedOut, "30A-123.46"},
		{"an unknown one out for nothing", func(b *taking) func() {
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.OutUnknown(b.T.Context(), "2", s.ID, "no entry", 0, parking.Cash))
			stay := b.Subject("2").Stay
			return func() {
				if s, err := b.State.Stay(b.T.Context(), stay); parking.ErrorCode(err) != parking.NotFound {
					b.T.Errorf("%+v, %v", s, err)
				}
			}
		}, lane.ActOut, parking.KindVehicleBackedOut, "30A-123.45"},
		{"moved to another slot", func(b *taking) func() {
			stay := b.inside("30A12345")
			b.do(b.c.MoveStay(b.T.Context(), stay.ID, "N03", "stands there"))
			return b.standsIn(stay.ID, stay.Zone, stay.Slot)
		}, lane.ActPlace, parking.KindSlotChanged, "30A-123.45"},
		{"moved to a slot from none", func(b *taking) func() {
			stay := b.inside("30A12345")
			_, err := b.State.Write(b.T.Context(), state.Draft{Kind: parking.KindSlotChanged, Actor: "lan", Body: &parking.SlotChanged{Stay: stay.ID, Zone: "N"}})
			b.do(err)
			b.do(b.c.MoveStay(b.T.Context(), stay.ID, "N03", "stands there"))
			return b.standsIn(stay.ID, "N", "")
		}, lane.ActPlace, parking.KindSlotChanged, "30A-123.45"},
		{"another slot after it was let in", func(b *taking) func() {
			id, stay := b.in("30A12345")
			b.do(b.c.ChooseSlot(b.T.Context(), "1", id, "N03"))
			return func() {
				b.standsIn(stay.ID, stay.Zone, stay.Slot)()
				if s := b.Subject("1"); s.Slot != stay.Slot {
					b.T.Errorf("shown in %s", s.Slot)
				}
			}
		}, lane.ActPlace, parking.KindSlotChanged, "30A-123.45"},
		{"another slot before", func(b *taking) func() {
			s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.ChooseSlot(b.T.Context(), "1", s.ID, "N03"))
			return b.shownAs("1", s)
		}, lane.ActPlace, none, "30A-123.45"},
		{"a slot that was chosen, chosen anew", func(b *taking) func() {
			id := b.Arrive("1", lane.Arrival{Plate: "30A12345"}).ID
			b.do(b.c.ChooseSlot(b.T.Context(), "1", id, "N04"))
			s := b.Subject("1")
			b.do(b.c.ChooseSlot(b.T.Context(), "1", id, "N03"))
			return b.shownAs("1", s)
		}, lane.ActPlace, none, "30A-123.45"},
		{"a plate after it was let in", func(b *taking) func() {
			id, stay := b.in("30A12345")
			b.do(b.c.Correct(b.T.Context(), "1", id, "30A99999", ""))
			return func() {
				if s, shown := b.stay(stay.ID), b.Subject("1"); s.Plate != "30A12345" || s.Display != stay.Display || shown.Plate != "30A12345" {
					b.T.Errorf("%s, shown %s", s.Display, shown.Display)
				}
			}
		}, lane.ActPlate, parking.KindPlateCorrected, "30A-999.99"},
		{"a plate after it went out", func(b *taking) func() {
			stay := b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12346"}) // read wrongly at the exit
			b.do(b.c.Pick(b.T.Context(), "2", s.ID, 0))
			_, err := b.c.PayCash(b.T.Context(), "2", s.ID, 0)
			b.do(err)
			b.do(b.c.Correct(b.T.Context(), "2", s.ID, "30A99999", ""))
			return func() {
				if s, shown := b.stay(stay.ID), b.Subject("2"); s.State != parking.Left || s.Plate != "30A12345" || shown.Plate != "30A12346" {
					b.T.Errorf("%s %s, shown %s", s.State, s.Display, shown.Display)
				}
			}
		}, lane.ActPlate, parking.KindPlateCorrected, "30A-999.99"},
		{"a plate before", func(b *taking) func() {
			s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.Correct(b.T.Context(), "1", s.ID, "30A99999", ""))
			return b.shownAs("1", s)
		}, lane.ActPlate, none, "30A-999.99"},
		{"a plate that was typed at an exit", func(b *taking) func() {
			b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.Correct(b.T.Context(), "2", s.ID, "51F99999", ""))
			return b.shownAs("2", s)
		}, lane.ActPlate, none, "51F-999.99"},
		{"no plate, for a reason", func(b *taking) func() {
			s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.Correct(b.T.Context(), "1", s.ID, "", "fell off"))
			return b.shownAs("1", s)
		}, lane.ActPlate, none, ""},
		{"a class after it was let in", func(b *taking) func() {
			id, stay := b.in("30A12345")
			b.do(b.c.SetClass(b.T.Context(), "1", id, parking.Motorbike))
			return func() {
				if s := b.stay(stay.ID); s.Class != parking.Car || b.Subject("1").Class != parking.Car {
					b.T.Errorf("%s, shown %s", s.Class, b.Subject("1").Class)
				}
			}
		}, lane.ActClass, parking.KindClassCorrected, "30A-123.45"},
		{"a class before", func(b *taking) func() {
			s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.SetClass(b.T.Context(), "1", s.ID, parking.Motorbike))
			return b.shownAs("1", s)
		}, lane.ActClass, none, parking.Plate("30A12345").DisplayAs(0, parking.Motorbike)},
		{"another class of who leaves", func(b *taking) func() {
			stay := b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.CorrectClass(b.T.Context(), "2", s.ID, stay.ID, parking.Motorbike, "entered wrongly"))
			if now := b.Lane("2").Subject; now.Class != parking.Motorbike || now.Due == s.Due {
				b.T.Errorf("it is a %s and owes %d", now.Class, now.Due)
			}
			return func() {
				now := b.Lane("2").Subject
				if b.stay(stay.ID).Class != parking.Car || now.Class != parking.Car || now.Due != s.Due || now.Chosen != s.Chosen {
					b.T.Errorf("it is %+v again, %+v", b.stay(stay.ID), now)
				}
			}
		}, lane.ActClass, parking.KindClassCorrected, "30A-123.45"},
		{"a discount", func(b *taking) func() {
			b.inside("30A12345")
			s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
			b.do(b.c.Discount(b.T.Context(), "2", s.ID, "SHOP"))
			return b.shownAs("2", s)
		}, lane.ActDiscount, none, "30A-123.45"},
		{"a lane turned around", func(b *taking) func() {
			b.do(b.c.ChangeDirection(b.T.Context(), "1", parking.Out, "rush hour"))
			return func() {
				if d := b.Lane("1").Lane.Direction; d != parking.In {
					b.T.Errorf("it leads %s", d)
				}
			}
		}, lane.ActTurn, parking.KindLaneChanged, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var change []func(*lane.Config)
			if c.fact == parking.KindStayVoided {
				change = append(change, blind)
			}
			b := newTaking(t, lanetest.Options{Change: shops}, change...)
			check := c.act(b)
			if shown := b.c.View().LastAct; shown == nil || shown.Kind != c.kind || shown.Why != "" || shown.Display != c.plate {
				t.Fatalf("the console shows %+v", shown)
			}
			before, opened := b.Facts(), b.commands()
			was, err := b.c.TakeBack(t.Context())
			if err != nil || was.Kind != c.kind || was.Display != c.plate {
				t.Fatalf("taken back: %+v, %v", was, err)
			}
			after := b.Facts()[len(before):]
			switch {
			case c.fact == none && len(after) == 0:
			case len(after) != 1 || after[0].Kind != c.fact || after[0].Actor != "lan":
				t.Errorf("written: %+v", after)
			case !strings.Contains(string(after[0].Body), "Taken back within a minute."):
				t.Errorf("no reason: %s", after[0].Body)
			}
			check()
			if n := b.commands(); n != opened {
				t.Errorf("a barrier was commanded")
			}
			if b.c.View().LastAct != nil {
				t.Error("it is shown still")
			}
			b.refuses("There is nothing to take back.") // a second time redoes nothing
			check()
		})
	}
}

func (b *taking) commands() (n int) {
	for _, s := range b.Barriers {
		_, opened := s.Openings()
		n += opened
	}
	return n
}

// insideAgain: the stay goes on with what was paid, and leaves later without a
// second charge.
func (b *taking) insideAgain(stay uuid.UUID, paid parking.Money) func() {
	return func() {
		b.T.Helper()
		if s := b.stay(stay); s.State != parking.Inside || s.OutAt != nil || s.PaidSum() != paid {
			b.T.Errorf("%+v", s)
		}
	}
}

func (b *taking) standsIn(stay uuid.UUID, zone, slot string) func() {
	return func() {
		b.T.Helper()
		if s := b.stay(stay); s.Zone != zone || s.Slot != slot {
			b.T.Errorf("it stands in %s %q, want %s %q", s.Zone, s.Slot, zone, slot)
		}
		if free, _ := b.State.Site().Slot("N03"); free.State != parking.SlotFree {
			b.T.Errorf("N03 is %s", free.State)
		}
	}
}

// shownAs: the vehicle at a lane is what it was.
func (b *taking) shownAs(code string, was lane.Subject) func() {
	return func() {
		b.T.Helper()
		s := b.Subject(code)
		if s.Plate != was.Plate || s.Display != was.Display || s.Typed != was.Typed || s.Check != was.Check || s.Class != was.Class ||
			s.Slot != was.Slot || s.Zone != was.Zone || s.Due != was.Due || s.Discount != was.Discount || len(s.Matches) != len(was.Matches) || len(s.Warnings) != len(was.Warnings) {
			b.T.Errorf("%+v\nwas %+v", s, was)
		}
	}
}

// A plate that was picked for sure is unsure again.
func TestAPickedPlateIsTakenBack(t *testing.T) {
	t.Parallel()
	b := &taking{Bench: lanetest.New(t, lanetest.Options{Still: true})}
	b.c = b.Desk.Console()
	t.Cleanup(b.c.Close)
	b.Vision.Next(lanetest.Unsure("30A12345", "30A12346"), nil)
	s := b.Arrive("1", lane.Arrival{})
	b.do(b.c.PickCandidate(t.Context(), "1", s.ID, 1))
	if _, err := b.c.TakeBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.shownAs("1", s)()
	_, err := b.c.AcceptIn(t.Context(), "1", s.ID)
	wantCode(t, err, parking.Conflict) // somebody has to look
}
