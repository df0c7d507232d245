package ingest_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/export"
	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// story is a site at which a test tells what happened, a fact at a time.
type story struct {
	*cloudtest.Site

	t     *testing.T
	gates map[string]*cloudtest.Gate
	all   []parking.Fact
}

func newStory(t *testing.T) *story {
	s := &story{Site: cloudtest.NewSite(t, nil), t: t, gates: map[string]*cloudtest.Gate{}}
	for _, code := range []string{"N", "S", parking.CloudGate} {
		s.gates[code] = cloudtest.NewGate(s.ID, code, nil)
	}
	return s
}

func minute(m int) time.Time { return cloudtest.Noon.Add(time.Duration(m) * time.Minute) }

// tell brings one fact; of what gate and when it says.
func (s *story) tell(gate string, m int, kind parking.Kind, body any, change ...func(*parking.Fact)) parking.Fact {
	s.t.Helper()
	g := s.gates[gate]
	g.Fact(s.t, kind, minute(m), body)
	f := &g.Facts[len(g.Facts)-1]
	for _, c := range change {
		c(f)
	}
	if _, err := ingester(s.Site).Take(s.t.Context(), []parking.Fact{*f}, cloudtest.Noon); err != nil {
		s.t.Fatal(err)
	}
	s.all = append(s.all, *f)
	return *f
}

func (s *story) in(gate string, m int, b parking.VehicleIn) uuid.UUID {
	s.t.Helper()
	b.Stay, b.Lane, b.Tariff, b.TariffV = uuid.Must(uuid.NewV7()), "1", "default", 1
	if b.Class == "" {
		b.Class = parking.Car
	}
	if b.Zone == "" {
		b.Zone = "N"
	}
	s.tell(gate, m, parking.KindVehicleIn, b)
	return b.Stay
}

func (s *story) out(gate string, m int, stay uuid.UUID, in int, b parking.VehicleOut) parking.Fact {
	s.t.Helper()
	b.Stay, b.Lane, b.Class = stay, "2", parking.Car
	b.Charge = parking.Charge{Fee: cmpFee(b.Charge.Fee), Currency: "VND", In: minute(in), Out: minute(m), Tariff: "default", TariffV: 1}
	return s.tell(gate, m, parking.KindVehicleOut, b)
}

// cmpFee is the fee of the first hour unless another is given.
func cmpFee(fee parking.Money) parking.Money {
	if fee == 0 {
		return 5000
	}
	return fee
}

func (s *story) pay(m int, stay uuid.UUID, amount parking.Money, reference string) uuid.UUID {
	s.t.Helper()
	id := uuid.Must(uuid.NewV7())
	s.tell("N", m, parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: id, Stay: stay, Method: parking.Cash, Amount: amount, Currency: "VND", Reference: reference,
	})
	return id
}

// conflicts lists the standing conflicts as "kind state".
func (s *story) conflicts() []string {
	s.t.Helper()
	out := []string{}
	for _, c := range standing(s.t, s.Site) {
		out = append(out, c.Kind+" "+c.State)
	}
	slices.Sort(out)
	return out
}

func (s *story) want(what string, want ...string) {
	s.t.Helper()
	if got := s.conflicts(); !slices.Equal(got, want) {
		s.t.Errorf("%s: conflicts %v, want %v", what, got, want)
	}
}

// settle decides on the one open conflict of a kind, having seen all facts.
func (s *story) settle(m int, kind string) {
	s.t.Helper()
	i := slices.IndexFunc(snapshot(s.t, s.Site).Conflicts, func(c wire.Conflict) bool { return c.Kind == kind })
	if i < 0 {
		s.t.Fatalf("no %s is open: %v", kind, s.conflicts())
	}
	var saw []uuid.UUID
	for _, f := range s.all {
		saw = append(saw, f.ID)
	}
	s.tell(parking.CloudGate, m, parking.KindConflictSettled, parking.ConflictSettled{
		Conflict: snapshot(s.t, s.Site).Conflicts[i].ID, Kind: kind, How: "accept", Reason: "seen", Saw: saw,
	})
}

// Every kind of conflict about stays arises, is settled by whoever has seen
// all, is open again after one more fact about a stay of it, and is withdrawn
// by the fact that explains it.
func TestEveryKindOfStay(t *testing.T) {
	t.Parallel()
	pass := func(s *story, from int, places int, suspended bool) {
		s.tell(parking.CloudGate, 300, parking.KindPass, parking.PassVersion{
			Pass: "P1", Places: places, Begins: minute(-60), Ends: minute(600), Suspended: suspended, From: minute(from),
		})
	}
	void := func(s *story, m int, stay uuid.UUID) {
		s.tell("N", m, parking.KindStayVoided, parking.StayVoided{Stay: stay, Reason: "never was"})
	}
	tests := map[string]struct {
		arise   func(*story) uuid.UUID // returns a stay of the conflict
		explain func(*story, uuid.UUID)
	}{
		ingest.SlotTwice: {
			func(s *story) uuid.UUID {
				s.in("N", 0, parking.VehicleIn{Slot: "N01", Plate: "51F00001"})
				return s.in("S", 1, parking.VehicleIn{Slot: "N01", Plate: "51F00002"})
			},
			func(s *story, later uuid.UUID) { void(s, 9, later) },
		},
		ingest.SlotInvalid: {
			func(s *story) uuid.UUID {
				s.tell(parking.CloudGate, 0, parking.KindSlot, parking.SlotVersion{Slot: "N01", OutOfService: true, From: minute(-5)})
				return s.in("N", 1, parking.VehicleIn{Slot: "N01", Plate: "51F00001"})
			},
			func(s *story, _ uuid.UUID) {
				s.tell(parking.CloudGate, 301, parking.KindSlot, parking.SlotVersion{Slot: "N01", From: minute(0)})
			},
		},
		ingest.PlateInside: {
			func(s *story) uuid.UUID {
				s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
				return s.in("S", 1, parking.VehicleIn{Plate: "51F00001", Slot: "N02"})
			},
			func(s *story, later uuid.UUID) {
				s.tell("N", 5, parking.KindPlateCorrected, parking.PlateCorrected{Stay: later, Plate: "51F00007"})
			},
		},
		ingest.TokenTwice: {
			func(s *story) uuid.UUID {
				first := s.in("N", 0, parking.VehicleIn{Token: "0042", Slot: "N01"})
				s.in("S", 3, parking.VehicleIn{Token: "0042", Slot: "N02"})
				return first
			},
			func(s *story, first uuid.UUID) {
				s.tell("S", 1, parking.KindTokenLost, parking.TokenLost{Stay: first, Token: "0042", Reason: "lost"})
			},
		},
		ingest.TokenMismatch: {
			func(s *story) uuid.UUID {
				first := s.in("N", 0, parking.VehicleIn{Token: "0042", Plate: "51F00001", Slot: "N01"})
				other := s.in("N", 1, parking.VehicleIn{Token: "0043", Plate: "51F00002", Slot: "N02"})
				s.out("N", 10, other, 1, parking.VehicleOut{Token: "0042", Plate: "51F00002"})
				s.pay(10, other, 5000, "")
				return first
			},
			func(s *story, first uuid.UUID) {
				s.tell("S", 5, parking.KindTokenLost, parking.TokenLost{Stay: first, Token: "0042", Reason: "lost"})
			},
		},
		ingest.ExitUnknown: {
			func(s *story) uuid.UUID {
				exit := uuid.Must(uuid.NewV7())
				s.out("N", 10, exit, 0, parking.VehicleOut{Plate: "51F00001", Unknown: true})
				return exit
			},
			func(s *story, _ uuid.UUID) { s.in("S", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"}) },
		},
		ingest.ExitTwice: {
			func(s *story) uuid.UUID {
				stay := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
				s.out("N", 10, stay, 0, parking.VehicleOut{Plate: "51F00001"})
				s.out("S", 11, stay, 0, parking.VehicleOut{Plate: "51F00001"})
				return stay
			},
			func(s *story, stay uuid.UUID) {
				s.tell("S", 12, parking.KindVehicleBackedOut, parking.VehicleBackedOut{Stay: stay, Lane: "2", Of: s.gates["S"].Facts[0].ID})
			},
		},
		ingest.FeeDiffers: {
			func(s *story) uuid.UUID {
				stay := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
				s.out("N", 10, stay, 0, parking.VehicleOut{Plate: "51F00001", Charge: parking.Charge{Fee: 9000}})
				return stay
			},
			func(s *story, stay uuid.UUID) {
				s.tell("N", 12, parking.KindVehicleBackedOut, parking.VehicleBackedOut{Stay: stay, Lane: "2", Of: s.gates["N"].Facts[1].ID})
			},
		},
		ingest.PaidTwice: {
			func(s *story) uuid.UUID {
				stay := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
				s.pay(8, stay, 5000, "")
				s.pay(9, stay, 5000, "")
				s.out("N", 10, stay, 0, parking.VehicleOut{Plate: "51F00001"})
				return stay
			},
			func(s *story, stay uuid.UUID) {
				second := stayOf(s.t, snapshot(s.t, s.Site), stay).Payments[1].ID
				s.tell(parking.CloudGate, 301, parking.KindRefunded, parking.RefundMade{
					Stay: stay, Payment: second, Amount: 5000, Currency: "VND", Reason: "twice",
				})
			},
		},
		ingest.Overpaid: {
			func(s *story) uuid.UUID {
				stay := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
				s.pay(8, stay, 8000, "")
				s.out("N", 10, stay, 0, parking.VehicleOut{Plate: "51F00001"})
				return stay
			},
			func(s *story, stay uuid.UUID) {
				s.tell("N", 20, parking.KindRefundPaid, parking.RefundPaid{
					Stay: stay, Payment: stayOf(s.t, snapshot(s.t, s.Site), stay).Payments[0].ID, Amount: 3000, Currency: "VND", Reason: "change",
				})
			},
		},
		ingest.PassOver: {
			func(s *story) uuid.UUID {
				pass(s, -60, 1, true)
				return s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01", Pass: "P1"})
			},
			func(s *story, _ uuid.UUID) { pass(s, -30, 1, false) },
		},
		ingest.PassPlaces: {
			func(s *story) uuid.UUID {
				pass(s, -60, 1, false)
				s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01", Pass: "P1"})
				return s.in("N", 1, parking.VehicleIn{Plate: "51F00002", Slot: "N02", Pass: "P1"})
			},
			func(s *story, _ uuid.UUID) { pass(s, -30, 2, false) },
		},
	}
	for kind, test := range tests {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			stay := test.arise(s)
			s.want("arisen", kind+" open")
			s.settle(302, kind)
			s.want("settled", kind+" settled")
			s.tell("S", 15, parking.KindClassCorrected, parking.ClassCorrected{Stay: stay, Class: parking.Car})
			s.want("one fact more", kind+" open")
			test.explain(s, stay)
			s.want("explained")
		})
	}
}

// Money and numbers that were used twice stay so, and can be settled.
func TestNumbersUsedTwice(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	a := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
	b := s.in("N", 1, parking.VehicleIn{Plate: "51F00002", Slot: "N02"})
	first, second := s.pay(2, a, 5000, "GH1"), s.pay(3, b, 5000, "GH1")
	s.want("one reference", "reference_twice open")
	for i, m := range []uuid.UUID{first, second} {
		s.tell("N", 4+i, parking.KindReceiptIssued, parking.ReceiptIssued{
			Stay: []uuid.UUID{a, b}[i], Payment: m, Series: "N-2026", Number: 7, Amount: 5000, Currency: "VND",
		})
	}
	s.want("one number", "receipt_twice open", "reference_twice open")
	s.settle(300, ingest.ReferenceTwice)
	s.settle(301, ingest.ReceiptTwice)
	s.want("settled", "receipt_twice settled", "reference_twice settled")
	s.pay(9, b, 1000, "")
	s.want("more money of one", "receipt_twice open", "reference_twice open")
	for _, c := range standing(t, s.Site) {
		if !slices.Equal(c.Stays, []uuid.UUID{a, b}) {
			t.Errorf("%s: stays %v, want %v %v", c.Kind, c.Stays, a, b)
		}
	}
}

// What somebody did after the end of his right is shown; an earlier version of
// the right, told later, explains it.
func TestRights(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	right := func(m, from int, role string) {
		s.tell(parking.CloudGate, m, parking.KindRight, parking.RightVersion{Name: "lan", Role: role, From: minute(from)})
	}
	s.tell("N", 0, parking.KindAlive, struct{}{})
	s.tell("N", 10, parking.KindAlive, struct{}{})
	s.want("no version")
	right(300, 5, "")
	s.want("her right had ended", "rights open")
	s.settle(301, ingest.Rights)
	s.want("settled", "rights settled")
	s.tell("N", 11, parking.KindAlive, struct{}{})
	s.want("she goes on", "rights open", "rights settled")
	right(302, 11, "guard")
	s.want("she has it again", "rights settled")
	right(303, 6, "guard")
	s.want("and had it then")
}

// A clock that was wrong by a minute or more is told once; times and places
// follow, and a better observation takes its place.
func TestClock(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	wall := func(f *parking.Fact) { f.Clock, f.Boot, f.MonoMS = parking.ClockWall, "b1", 1000 }
	early := s.in("S", 5, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
	late := uuid.Must(uuid.NewV7())
	s.tell("N", 0, parking.KindVehicleIn, parking.VehicleIn{
		Stay: late, Lane: "1", Class: parking.Car, Plate: "51F00002", Zone: "N", Slot: "N01", Tariff: "default", TariffV: 1,
	}, wall)
	s.want("as it seemed", "slot_twice open")
	if got := slotOf(t, snapshot(t, s.Site), "N01").Stay; got != late {
		t.Fatalf("N01 has %s", got)
	}
	s.tell("N", 20, parking.KindClockObserved, parking.ClockObserved{Boot: "b1", CorrectionMS: 10 * 60_000})
	s.want("ten minutes later", "clock open", "slot_twice open")
	if got := slotOf(t, snapshot(t, s.Site), "N01").Stay; got != early {
		t.Errorf("N01 has %s, want the earlier", got)
	}
	if got := stayOf(t, snapshot(t, s.Site), late); !got.InAt.Equal(minute(10)) {
		t.Errorf("in at %s", got.InAt)
	}
	s.settle(300, ingest.Clock)
	s.want("settled", "clock settled", "slot_twice open")
	bootAt := minute(0).Add(29 * time.Second) // 30 s with the second that the fact is old
	s.tell("N", 21, parking.KindClockObserved, parking.ClockObserved{Boot: "b1", BootAt: &bootAt, CorrectionMS: 10 * 60_000})
	s.want("the boot's own begin counts", "slot_twice open")
	if got := stayOf(t, snapshot(t, s.Site), late); !got.InAt.Equal(minute(0).Add(30 * time.Second)) {
		t.Errorf("in at %s", got.InAt)
	}
}

// A disk that was put back, and a machine that was copied.
func TestBranches(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	run := func(ordinal int) *cloudtest.Gate {
		g := cloudtest.NewGate(s.ID, "N", nil)
		random := uuid.New()
		g.Epoch = parking.NewEpoch(ordinal, [8]byte(random[:8]))
		s.gates["N"] = g
		return g
	}
	e := run(1)
	s.tell("N", 0, parking.KindStarted, parking.Started{})
	s.tell("N", 1, parking.KindAlive, struct{}{})
	s.tell("N", 5, parking.KindAlive, struct{}{})
	f := run(2)
	s.tell("N", 10, parking.KindStarted, parking.Started{PrevEpoch: e.Epoch, PrevSeq: 3})
	s.want("a start")
	run(2)
	s.tell("N", 20, parking.KindStarted, parking.Started{PrevEpoch: e.Epoch, PrevSeq: 1})
	s.want("the disk of before", "gate_rolled_back open", "gate_rolled_back open") // against e, and against f
	s.settle(300, ingest.GateRolledBack)
	s.gates["N"] = f
	s.tell("N", 30, parking.KindAlive, struct{}{})
	s.tell("N", 40, parking.KindAlive, struct{}{})
	if got := s.conflicts(); !slices.Contains(got, "gate_rolled_back open") && !slices.Contains(got, "gate_rolled_back settled") || len(got) != 2 {
		t.Errorf("one at a time: %v", got)
	}
	s.gates["N"] = cloudtest.NewGate(s.ID, "N", nil)
	s.gates["N"].Epoch = parking.NewEpoch(3, [8]byte{3})
	s.tell("N", 35, parking.KindStarted, parking.Started{PrevEpoch: f.Epoch, PrevSeq: 1})
	s.tell("N", 36, parking.KindAlive, struct{}{})
	if got := s.conflicts(); !slices.Contains(got, "gate_rolled_back open") && !slices.Contains(got, "gate_cloned open") {
		t.Errorf("two at once: %v", got)
	}
	s.tell("N", 45, parking.KindAlive, struct{}{})
	if got := s.conflicts(); !slices.Contains(got, "gate_cloned open") {
		t.Errorf("both lived on: %v", got)
	}
}

// What can be read after an upgrade is applied, and the state is as if it had
// been read at once.
func TestReplayIsAsIfReadAtOnce(t *testing.T) {
	t.Parallel()
	tell := func(s *story, stay uuid.UUID) []parking.Fact {
		g := cloudtest.NewGate(s.ID, "N", nil)
		g.Epoch = parking.NewEpoch(1, [8]byte{1})
		g.Fact(t, parking.KindStarted, minute(0), parking.Started{})
		g.Fact(t, parking.KindVehicleIn, minute(1), parking.VehicleIn{
			Stay: stay, Lane: "1", Class: parking.Car, Plate: "51F00001", Zone: "N", Slot: "N01", Tariff: "default", TariffV: 1,
		})
		g.Fact(t, parking.KindSlotChanged, minute(2), parking.SlotChanged{Stay: stay, Zone: "N", Slot: "N02"})
		for i := range g.Facts {
			g.Facts[i].ID = uuid.NewSHA1(stay, []byte{byte(i)})
		}
		return g.Facts
	}
	stay := uuid.Must(uuid.NewV7())
	whole, parts := newStory(t), newStory(t)
	// The same facts at both sites, but for the site's id, which no row shows.
	for i, s := range []*story{whole, parts} {
		facts := tell(s, stay)
		if i == 1 { // as a program that does not know these kinds yet would have kept them
			hidden := slices.Clone(facts)
			for _, k := range []int{0, 2} {
				hidden[k].Kind = "of_tomorrow"
			}
			a, err := ingester(s.Site).Take(t.Context(), hidden, cloudtest.Noon)
			if err != nil || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Quarantined, wire.Applied, wire.Quarantined}) {
				t.Fatalf("%+v %v", a, err)
			}
			s.want("hidden", "unreadable open", "unreadable open")
			applied, left, err := ingester(s.Site).Replay(t.Context(), s.ID, cloudtest.Noon, false)
			if err != nil || applied != 0 || left != 2 {
				t.Fatalf("before the upgrade: %d applied, %d left, %v", applied, left, err)
			}
			for _, k := range []int{0, 2} {
				keep(t, s, hidden[k], facts[k])
			}
			applied, left, err = ingester(s.Site).Replay(t.Context(), s.ID, cloudtest.Noon, false)
			if err != nil || applied != 2 || left != 0 {
				t.Fatalf("after it: %d applied, %d left, %v", applied, left, err)
			}
			applied, left, err = ingester(s.Site).Replay(t.Context(), s.ID, cloudtest.Noon, false)
			if err != nil || applied != 0 || left != 0 {
				t.Fatalf("again: %d applied, %d left, %v", applied, left, err)
			}
			if a, err := ingester(s.Site).Take(t.Context(), facts, cloudtest.Noon); err != nil || a.Outcomes[0] != wire.Duplicate {
				t.Fatalf("brought again: %+v %v", a, err)
			}
			continue
		}
		if _, err := ingester(s.Site).Take(t.Context(), facts, cloudtest.Noon); err != nil {
			t.Fatal(err)
		}
	}
	parts.want("replayed")
	if a, b := dumped(t, whole.Site), dumped(t, parts.Site); a != b {
		t.Errorf("read at once:\n%s\nreplayed:\n%s", a, b)
	}
}

// keep puts the bytes of a fact into quarantine where those of another lie.
func keep(t *testing.T, s *story, hidden, fact parking.Fact) {
	t.Helper()
	raw, err := json.Marshal(fact)
	if err != nil {
		t.Fatal(err)
	}
	if err := ingester(s.Site).Requarantine(t.Context(), hidden, raw); err != nil {
		t.Fatal(err)
	}
}

// dumped is the canonical dump of a site.
func dumped(t *testing.T, s *cloudtest.Site) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Canonical(t.Context(), s.Store, s.Code, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
