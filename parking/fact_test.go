package parking

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

// fact makes a fact of gate with the given seq and minute after noon.
func fact(t testing.TB, gate string, seq int64, minute int, kind Kind, body any) Fact {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return Fact{
		ID:    uuid.NewSHA1(uuid.NameSpaceOID, []byte(gate+string(kind)+string(raw)+time.Duration(seq).String())),
		Site:  uuid.NewSHA1(uuid.NameSpaceOID, []byte("site")),
		Gate:  gate,
		Epoch: NewEpoch(1, [8]byte{1}),
		Seq:   seq,
		Kind:  kind,
		At:    noon.Add(time.Duration(minute) * time.Minute),
		Clock: ClockSynced,
		Boot:  "boot",
		Actor: "lan",
		V:     FactVersion,
		Body:  raw,
	}
}

func TestFactEncodeIsStable(t *testing.T) {
	t.Parallel()
	f := fact(t, "N", 1, 0, KindAlive, struct{}{})
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	g, err := DecodeFact(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, g); diff != "" {
		t.Fatalf("decoded fact differs:\n%s", diff)
	}
	again, err := g.Encode()
	if err != nil || FactHash(again) != FactHash(b) {
		t.Fatalf("encoding a decoded fact gives other bytes: %v", err)
	}
}

func TestFactEnvelopeRefused(t *testing.T) {
	t.Parallel()
	good := fact(t, "N", 1, 0, KindAlive, struct{}{})
	for name, spoil := range map[string]func(*Fact){
		"no id":         func(f *Fact) { f.ID = uuid.Nil },
		"no site":       func(f *Fact) { f.Site = uuid.Nil },
		"no gate":       func(f *Fact) { f.Gate = "" },
		"gate with /":   func(f *Fact) { f.Gate = "a/b" },
		"epoch":         func(f *Fact) { f.Epoch = "1" },
		"seq 0":         func(f *Fact) { f.Seq = 0 },
		"no kind":       func(f *Fact) { f.Kind = "" },
		"no time":       func(f *Fact) { f.At = time.Time{} },
		"time absurd":   func(f *Fact) { f.At = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no version":    func(f *Fact) { f.V = 0 },
		"long kind":     func(f *Fact) { f.Kind = Kind(make([]byte, 65)) },
		"epoch letters": func(f *Fact) { f.Epoch = "00000x-0100000000000000" },
	} {
		f := good
		spoil(&f)
		if _, err := f.Encode(); ErrorCode(err) != Invalid {
			t.Errorf("%s: got %v, want an invalid error", name, err)
		}
	}
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	e := NewEpoch(17, [8]byte{0x9f, 0x86, 1, 2, 3, 4, 5, 6})
	if e != "000017-9f86010203040506" || !e.Valid() || e.Ordinal() != 17 {
		t.Fatalf("epoch %q valid %v ordinal %d", e, e.Valid(), e.Ordinal())
	}
	if e >= NewEpoch(18, [8]byte{}) {
		t.Fatal("a later epoch must sort after")
	}
}

func TestClampAt(t *testing.T) {
	t.Parallel()
	if got := ClampAt(noon.Add(-time.Second), noon); !got.Equal(noon) {
		t.Fatalf("a clock that went back gives %s, want the predecessor's time", got)
	}
	if got := ClampAt(noon.Add(1500*time.Microsecond), noon); !got.Equal(noon.Add(time.Millisecond)) {
		t.Fatalf("got %s, want whole milliseconds", got)
	}
}

func TestDecodeBody(t *testing.T) {
	t.Parallel()
	stay := uuid.New()
	for name, tc := range map[string]struct {
		kind Kind
		body string
		ok   bool
	}{
		"alive":              {KindAlive, `{}`, true},
		"unknown kind":       {"teleported", `{}`, false},
		"in without stay":    {KindVehicleIn, `{"lane":"1","class":"car","zone":"N"}`, false},
		"in":                 {KindVehicleIn, `{"stay":"` + stay.String() + `","lane":"1","class":"car","zone":"N","slot":"N01"}`, true},
		"in with wrong type": {KindVehicleIn, `{"stay":7}`, false},
		"body is no object":  {KindVehicleIn, `[]`, false},
		"negative money":     {KindPaymentTaken, `{"payment":"` + stay.String() + `","stay":"` + stay.String() + `","method":"cash","amount":-5}`, false},
		"method unknown":     {KindPaymentTaken, `{"payment":"` + stay.String() + `","stay":"` + stay.String() + `","method":"gold","amount":5}`, false},
		"money":              {KindPaymentTaken, `{"payment":"` + stay.String() + `","stay":"` + stay.String() + `","method":"cash","amount":5000}`, true},
		"absurd plate":       {KindPlateCorrected, `{"stay":"` + stay.String() + `","plate":"` + string(make([]byte, 0)) + longPlate + `"}`, false},
		// What can be read but never kept or computed is told apart here, before
		// it can spoil the stay that it is about.
		"NUL in a reason":       {KindStayVoided, `{"stay":"` + stay.String() + `","reason":"a\u0000"}`, false},
		"NUL spelt out":         {KindStayVoided, `{"stay":"` + stay.String() + `","reason":"a\\u0000"}`, true},
		"NUL in an early move":  {KindSlotChanged, `{"stay":"` + stay.String() + `","zone":"N","slot":"N\u0000"}`, false},
		"slot that is no code":  {KindSlotChanged, `{"stay":"` + stay.String() + `","zone":"N","slot":"` + longPlate + `"}`, false},
		"move to a zone":        {KindSlotChanged, `{"stay":"` + stay.String() + `","zone":"M"}`, true},
		"typed year -1":         {KindVehicleIn, `{"stay":"` + stay.String() + `","lane":"1","class":"car","zone":"N","typed_at":"0000-01-01T00:00:00+23:59"}`, false},
		"typed in the morning":  {KindVehicleIn, `{"stay":"` + stay.String() + `","lane":"1","class":"car","zone":"N","typed_at":"2026-11-22T01:00:00+07:00"}`, true},
		"charge to year 10000":  {KindVehicleOut, `{"stay":"` + stay.String() + `","lane":"2","class":"car","charge":{"in":"2026-11-22T01:00:00Z","out":"9999-12-31T23:59:59-23:00"}}`, false},
		"charge without times":  {KindVehicleOut, `{"stay":"` + stay.String() + `","lane":"2","class":"car","charge":{"fee":0}}`, true},
		"transfer in year 9999": {KindPaymentTaken, `{"payment":"` + stay.String() + `","stay":"` + stay.String() + `","method":"manual","amount":5,"by_hand":{"payer_bank":"B","at":"9999-12-31T23:59:59Z"}}`, false},
	} {
		f := fact(t, "N", 1, 0, tc.kind, struct{}{})
		f.Body = json.RawMessage(tc.body)
		if _, err := DecodeBody(f); (err == nil) != tc.ok {
			t.Errorf("%s: error %v, want ok=%v", name, err, tc.ok)
		}
	}
}

const longPlate = "30A1234530A1234530A1234530A1234530A1234530A1234530A1234530A1234530A12345"

func FuzzDecodeFact(f *testing.F) {
	b, _ := fact(f, "N", 1, 0, KindAlive, struct{}{}).Encode()
	f.Add(b)
	f.Add([]byte(`{"id":"x"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := DecodeFact(b)
		if err != nil {
			return
		}
		if _, err := got.Encode(); err != nil {
			// What was decoded may be longer when encoded anew, but it is
			// never invalid.
			if ErrorCode(err) == Invalid {
				t.Fatalf("decoded a fact that cannot be encoded: %v", err)
			}
		}
		_, _ = DecodeBody(got)
		_ = StayOf(got)
	})
}

// stayFacts are the facts of one visit: IN at N, a correction, a move, a
// VietQR shown, cash taken, OUT at S.
func stayFacts(t testing.TB, stay uuid.UUID) []Fact {
	pay := uuid.NewSHA1(stay, []byte("pay"))
	return []Fact{
		fact(t, "N", 1, 0, KindVehicleIn, VehicleIn{Stay: stay, Lane: "1", Class: Car, Plate: "30A12345", Zone: "N", Slot: "N01", Tariff: "default", TariffV: 1}),
		fact(t, "N", 2, 1, KindPlateCorrected, PlateCorrected{Stay: stay, Plate: "30A12346", Was: "30A12345"}),
		fact(t, "N", 3, 5, KindSlotChanged, SlotChanged{Stay: stay, Zone: "S", Slot: "S02"}),
		fact(t, "S", 1, 60, KindPaymentRequested, PaymentRequested{Payment: pay, Stay: stay, Method: QR, Amount: 5000, Currency: "VND", Reference: "R1"}),
		fact(t, "S", 2, 61, KindPaymentTaken, PaymentTaken{Payment: pay, Stay: stay, Method: Manual, Amount: 5000, Currency: "VND"}),
		fact(t, "S", 3, 61, KindVehicleOut, VehicleOut{Stay: stay, Lane: "2", Class: Car, Plate: "30A12346", Charge: Charge{Fee: 5000}}),
	}
}

func TestFoldStay(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	s := FoldStay(id, stayFacts(t, id))
	if s.State != Left || s.Plate != "30A12346" || s.Slot != "S02" || s.PaidSum() != 5000 || s.OutGate != "S" {
		t.Fatalf("folded to %+v", s)
	}
	if len(s.Payments) != 1 || s.Payments[0].Reference != "R1" || s.Payments[0].Status != Paid {
		t.Fatalf("payments %+v", s.Payments)
	}
	claims := s.Claims()
	if len(claims) != 2 || claims[0].Slot != "N01" || !claims[0].Until.Equal(claims[1].From) || !claims[1].Until.Equal(*s.OutAt) {
		t.Fatalf("claims %+v", claims)
	}
}

// A move that was written after the vehicle had left claims nothing, and does
// not stretch the claim before it.
func TestClaimsEndWithTheStay(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	late := fact(t, "W", 1, 90, KindSlotChanged, SlotChanged{Stay: id, Zone: "W", Slot: "W01"})
	s := FoldStay(id, append(stayFacts(t, id), late))
	claims := s.Claims()
	if len(claims) != 2 || claims[1].Slot != "S02" || !claims[1].Until.Equal(*s.OutAt) {
		t.Fatalf("claims %+v, want N01 and S02 until the OUT", claims)
	}
}

// The same set of facts in any order, each any number of times, is the same stay.
func TestFoldStayAnyOrder(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	facts := stayFacts(t, id)
	want := FoldStay(id, facts)
	rapid.Check(t, func(rt *rapid.T) {
		shuffled := slices.Clone(facts)
		for range rapid.IntRange(0, 6).Draw(rt, "duplicates") {
			shuffled = append(shuffled, facts[rapid.IntRange(0, len(facts)-1).Draw(rt, "which")])
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)) // #nosec G404 -- a test's order
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want, FoldStay(id, shuffled)); diff != "" {
			rt.Fatalf("another order gave another stay:\n%s", diff)
		}
	})
}

func TestFoldStayTwice(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	facts := stayFacts(t, id)
	second := fact(t, "W", 1, 70, KindVehicleOut, VehicleOut{Stay: id, Lane: "2", Class: Car, Charge: Charge{Fee: 9000}})
	s := FoldStay(id, append(facts, second))
	if s.OutGate != "S" || s.Charge.Fee != 5000 {
		t.Fatalf("the earlier OUT must close the stay, got %s with %d", s.OutGate, s.Charge.Fee)
	}
	only := FoldStay(id, []Fact{second})
	if only.State != Left || only.InAt != nil || only.Class != Car {
		t.Fatalf("an OUT alone folds to %+v", only)
	}
}

// Placed claims of one slot never overlap, the earliest always keeps it, and
// the order of the input does not matter.
func TestPlaceClaims(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var claims []Claim
		for i := range rapid.IntRange(1, 8).Draw(rt, "n") {
			from := noon.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "from")) * time.Minute)
			c := Claim{Slot: "N01", Stay: uuid.NewSHA1(uuid.Nil, []byte{byte(i)}), Fact: uuid.NewSHA1(uuid.Nil, []byte{byte(i), 1}), From: from}
			if rapid.Bool().Draw(rt, "left") {
				until := from.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "minutes")) * time.Minute)
				c.Until = &until
			}
			claims = append(claims, c)
		}
		got := PlaceClaims(claims)
		for i, a := range got {
			for _, b := range got[:i] {
				if a.Placed && b.Placed && overlap(a, b) {
					rt.Fatalf("two placed claims overlap: %+v and %+v", b, a)
				}
			}
			if !a.Placed && !slices.ContainsFunc(got[:i], func(b Claim) bool { return b.Placed && overlap(a, b) }) {
				rt.Fatalf("unplaced without a reason: %+v", a)
			}
		}
		slices.Reverse(claims)
		if diff := cmp.Diff(got, PlaceClaims(claims)); diff != "" {
			rt.Fatalf("another order of input gave another placement:\n%s", diff)
		}
	})
}

// overlap compares [from, until) with an open end for nil; an empty interval
// overlaps nothing.
func overlap(a, b Claim) bool {
	empty := func(c Claim) bool { return c.Until != nil && !c.Until.After(c.From) }
	aEnds := a.Until != nil && !a.Until.After(b.From)
	bEnds := b.Until != nil && !b.Until.After(a.From)
	return !empty(a) && !empty(b) && !aEnds && !bEnds
}

func TestNearest(t *testing.T) {
	t.Parallel()
	slots := []Slot{
		{Code: "B", At: Point{3, 0}, Classes: []Class{Car}, State: SlotFree},
		{Code: "A", At: Point{0, 3}, Classes: []Class{Car}, State: SlotFree},
		{Code: "C", At: Point{1, 0}, Classes: []Class{Motorbike}, State: SlotFree},
		{Code: "D", At: Point{1, 0}, Classes: []Class{Car}, State: SlotOccupied},
		{Code: "E", At: Point{2, 0}, Classes: []Class{Car}, State: SlotFree},
	}
	got := Nearest(slots, Car, Point{}, func(s Slot) bool { return s.Code == "E" })
	if len(got) != 2 || got[0].Code != "A" || got[1].Code != "B" {
		t.Fatalf("got %v, want A then B (the tie by code)", got)
	}
	gates := []Gate{{Code: "S", At: Point{0, -10}}, {Code: "N", At: Point{0, 10}}}
	if g := HomeGate(Point{5, 0}, gates); g != "N" {
		t.Fatalf("home gate %s, want N by code at equal distance", g)
	}
}
