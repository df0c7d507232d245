package lane_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// A walk lets in whom the books do not know, and lists the rest; sent again it
// changes nothing.
func TestInventoryWalk(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	known := enter(t, b, lane.Arrival{}, "30A12345")
	missing := enter(t, b, lane.Arrival{}, "30A12346")
	var list strings.Builder
	list.WriteString("\ufeffPlate;Class;Slot;Token\r\n30A-123.45;car;;\r\n30A-777.77;car;N15;C77\r\n")
	for i := range 120 {
		fmt.Fprintf(&list, "51F%05d;car;;\r\n", i)
	}
	found, err := lane.ReadWalk(strings.NewReader(list.String()))
	if err != nil || len(found) != 122 {
		t.Fatalf("%d read: %v", len(found), err)
	}
	walk := lane.Walk{ID: uuid.New(), Zone: known.Zone, Found: found}
	done, err := b.Desk.TakeInventory(t.Context(), walk)
	if err != nil {
		t.Fatal(err)
	}
	if done.Known != 1 || len(done.LetIn) != 121 || len(done.Missing) != 1 || done.Missing[0].ID != missing.ID {
		t.Errorf("known %d, let in %d, missing %d", done.Known, len(done.LetIn), len(done.Missing))
	}
	if s := done.LetIn[0]; s.Slot != "N15" || s.Token != "C77" || s.InPaper || !s.Placed {
		t.Errorf("let in: %+v", s)
	}
	again, err := b.Desk.TakeInventory(t.Context(), walk)
	if err != nil || again.Known != 122 || len(again.LetIn) != 0 {
		t.Errorf("sent again: %+v, %v", again.Known, err)
	}
	n := kinds(b)
	if n[parking.KindInventoryTaken] != 2 || n[parking.KindVehicleIn] != 123 || n[parking.KindBarrierOpened] != 2 {
		t.Errorf("facts: %v", n)
	}
	b.Restart()
	if again, err = b.Desk.TakeInventory(t.Context(), walk); err != nil || again.Known != 122 {
		t.Errorf("sent again after a start: %+v, %v", again, err)
	}
	if n := kinds(b); n[parking.KindInventoryTaken] != 2 {
		t.Errorf("facts after a start: %v", n)
	}
}

func TestInventoryRefusedWhole(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	car := parking.FoundInventory{Class: parking.Car, Plate: "30A12345"}
	for name, w := range map[string]lane.Walk{
		"no zone":      {Zone: "X", Found: []parking.FoundInventory{car}},
		"twice":        {Zone: "N", Found: []parking.FoundInventory{car, car}},
		"one slot":     {Zone: "N", Found: []parking.FoundInventory{{Class: "car", Plate: "30A1", Slot: "N01"}, {Class: "car", Plate: "30A2", Slot: "N01"}}},
		"no name":      {Zone: "N", Found: []parking.FoundInventory{car, {Class: parking.Car}}},
		"class":        {Zone: "N", Found: []parking.FoundInventory{{Class: "tank", Plate: "30A12345"}}},
		"no class":     {Zone: "N", Found: []parking.FoundInventory{{Plate: "30A12345"}}},
		"foreign slot": {Zone: "N", Found: []parking.FoundInventory{{Class: parking.Car, Plate: "30A12345", Slot: "Z99"}}},
		"too many":     {Zone: "N", Found: make([]parking.FoundInventory, lane.MaxWalk+1)},
	} {
		_, err := b.Desk.TakeInventory(t.Context(), w)
		if code := parking.ErrorCode(err); err == nil || code == parking.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := kinds(b); n[parking.KindInventoryTaken]+n[parking.KindVehicleIn] != 0 {
		t.Errorf("facts: %v", n)
	}
}

func TestReadWalkNamesTheLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "empty",
		"plate,slot\n":                        "class is missing",
		"plate,class,colour\n":                "colour",
		"class,class\n":                       "named twice",
		"plate,class\n30A12345\n":             "Line 2",
		"plate,class\n30A12345,car\n\"x":      "Line 3",
		"plate,class\n30A12345,car\n??,car\n": "Line 3",
		"plate,class,token\n,car,\x01\n":      "Line 2",
	} {
		_, err := lane.ReadWalk(strings.NewReader(text))
		if parking.ErrorCode(err) != parking.Invalid || !strings.Contains(parking.ErrorMessage(err), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
	long := "class,token\n" + strings.Repeat("car,1\n", 300_000)
	if _, err := lane.ReadWalk(strings.NewReader(long)); parking.ErrorCode(err) != parking.TooLarge {
		t.Errorf("too long: %v", err)
	}
}

// The list of a walk is read or refused in a sentence, and is never longer
// than a walk.
func FuzzReadWalk(f *testing.F) {
	for _, text := range []string{
		"plate,class,slot,token\n30A12345,car,N01,C1\n", "\ufeffclass;plate\r\ncar;\"30A-123.45\"\r\n", "class\nbicycle\n", "a\"b\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := lane.ReadWalk(strings.NewReader(string(text)))
		if err != nil {
			if parking.ErrorCode(err) == parking.Internal {
				t.Fatalf("no sentence: %v", err)
			}
			return
		}
		if len(found) > lane.MaxWalk {
			t.Fatalf("%d vehicles", len(found))
		}
		for _, v := range found {
			if parking.ValidCode("class", string(v.Class)) != nil || len(v.Token) > 64 {
				t.Fatalf("read: %+v", v)
			}
		}
	})
}

// The look at a walk says what the walk then does, and writes nothing.
func TestLookAtInventory(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	known := enter(t, b, lane.Arrival{}, "30A12345")
	missing := enter(t, b, lane.Arrival{}, "30A12346")
	facts := len(b.Facts())
	walk := lane.Walk{ID: uuid.New(), Zone: known.Zone, Found: []parking.FoundInventory{
		{Plate: "51F11111", Class: parking.Car, Slot: "N15"}, {Plate: "30A12345", Class: parking.Car, Slot: "N14"},
	}}
	look, err := b.Desk.LookAtInventory(t.Context(), walk)
	if err != nil || look.Known != 1 || len(look.LetIn) != 1 || look.LetIn[0].Display != "51F-111.11" || look.LetIn[0].Slot != "N15" ||
		len(look.Elsewhere) != 1 || len(look.Missing) != 1 || look.Missing[0].ID != missing.ID || look.Last == nil || look.Last.ID != known.ID {
		t.Fatalf("%+v, %v", look, err)
	}
	short := walk
	short.Found = walk.Found[:1]
	if look, err := b.Desk.LookAtInventory(t.Context(), short); err != nil || look.Last != nil {
		t.Errorf("a vehicle that the books do not know: %+v, %v", look.Last, err)
	}
	walk.Zone = "Q"
	if _, err := b.Desk.LookAtInventory(t.Context(), walk); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("a zone that is not there: %v", err)
	}
	if n := len(b.Facts()); n != facts {
		t.Errorf("%d facts were written", n-facts)
	}
	walk.Zone = known.Zone
	done, err := b.Desk.TakeInventory(t.Context(), walk)
	if err != nil || len(done.LetIn) != 1 || done.LetIn[0].ID != look.LetIn[0].ID {
		t.Errorf("the walk: %+v, %v", done, err)
	}
}
