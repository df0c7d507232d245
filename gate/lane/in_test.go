package lane_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func kinds(b *lanetest.Bench) map[parking.Kind]int {
	n := map[parking.Kind]int{}
	for _, e := range b.State.Recent(200) {
		n[e.Kind]++
	}
	return n
}

func wantCode(t *testing.T, err error, code parking.Code) {
	t.Helper()
	if parking.ErrorCode(err) != code {
		t.Fatalf("error %v, want code %q", err, code)
	}
}

func TestVehicleIn(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("1", lane.Arrival{})
	if s.Plate != "30A12345" || s.Display != "30A-123.45" || s.Slot != "N08" || s.Metres != 3 || s.Check || s.Typed {
		t.Fatalf("offer: %+v", s)
	}
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if stay.Slot != "N08" || stay.InBy != "lan" || stay.Tariff != "default" || stay.TariffV != 1 || len(stay.InPhotos) != 1 {
		t.Errorf("stay: %+v", stay)
	}
	if _, err := b.Desk.Photo(t.Context(), stay.InPhotos[0].SHA256); err != nil {
		t.Errorf("its photo: %v", err)
	}
	if s := b.Subject("1"); s.Stage != lane.Opened || s.Stay != stay.ID || s.Again {
		t.Errorf("after accepting: %+v", s)
	}
	again, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil || again.ID != stay.ID {
		t.Errorf("accepted twice: %v, %v", again.ID, err)
	}
	if n := kinds(b); n[parking.KindVehicleIn] != 1 || n[parking.KindBarrierOpened] != 1 {
		t.Errorf("facts: %v", n)
	}
	if _, total := b.Barriers["1"].Openings(); total != 1 {
		t.Errorf("the barrier opened %d times", total)
	}
	view := b.Desk.View()
	at := slices.IndexFunc(view.Zones, func(z lane.ZoneView) bool { return z.Zone.Code == "N" })
	if z := view.Zones[at]; z.Free != 14 || z.Inside[parking.Car] != 1 || z.Slots[7].Plate != "30A-123.45" {
		t.Errorf("map: %+v", z)
	}
}

func TestUnsureReadingIsLeftToTheGuard(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Unsure("30A12345", "30A12346"), nil)
	s := b.Arrive("1", lane.Arrival{})
	if s.Plate != "30A12345" || !s.Check || !slices.Contains(s.Warnings, "Check the plate: the reading is not sure.") {
		t.Fatalf("unsure: %+v", s)
	}
	_, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	wantCode(t, err, parking.Conflict)
	wantCode(t, b.Desk.PickCandidate(t.Context(), "1", s.ID, 7), parking.NotFound)
	if err := b.Desk.PickCandidate(t.Context(), "1", s.ID, 1); err != nil {
		t.Fatal(err)
	}
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil || stay.Plate != "30A12346" {
		t.Fatalf("after picking: %v, %v", stay.Plate, err)
	}
}

// With the worker down, or no camera at all, the guard types.
func TestTypedPlate(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]lanetest.Options{"none read": {}, "no vision": {NoVision: true}, "no camera": {NoCamera: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, o)
			s := b.Arrive("1", lane.Arrival{})
			_, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
			wantCode(t, err, parking.Invalid)
			wantCode(t, b.Desk.Correct(t.Context(), "1", s.ID, "", ""), parking.Invalid)
			if err := b.Desk.Correct(t.Context(), "1", s.ID, "51f 123.45", ""); err != nil {
				t.Fatal(err)
			}
			stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
			if err != nil || stay.Plate != "51F12345" {
				t.Fatalf("typed: %v, %v", stay.Plate, err)
			}
			if err := b.Desk.Correct(t.Context(), "1", s.ID, "51F-123.46", "misread"); err != nil {
				t.Fatal(err)
			}
			if n := kinds(b); n[parking.KindPlateCorrected] != 1 {
				t.Errorf("corrected after accepting: %v", n)
			}
			if found := b.Desk.Search("12346"); len(found) != 1 || found[0].ID != stay.ID {
				t.Errorf("search: %v", found)
			}
		})
	}
}

// A reading that a guard turned down is written once, for those who look after
// the reader; one that the guard confirmed is not.
func TestAReadingThatIsTurnedDownIsWritten(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		typed []string
		want  int
	}{
		"confirmed":   {[]string{"30A-123.45"}, 0},
		"turned down": {[]string{"51F-123.45", "51F-123.46"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{})
			b.Vision.Next(lanetest.Sure("30A12345"), nil)
			s := b.Arrive("1", lane.Arrival{})
			for _, plate := range tc.typed {
				if err := b.Desk.Correct(t.Context(), "1", s.ID, plate, ""); err != nil {
					t.Fatal(err)
				}
			}
			if n := kinds(b); n[parking.KindReadRejected] != tc.want {
				t.Errorf("written: %v", n)
			}
		})
	}
}

func TestActsBelongToAVehicle(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	first := b.Arrive("1", lane.Arrival{})
	second := b.Arrive("1", lane.Arrival{})
	_, err := b.Desk.AcceptIn(t.Context(), "1", first.ID)
	wantCode(t, err, parking.Conflict)
	_, err = b.Desk.Arrive(t.Context(), "9", lane.Arrival{})
	wantCode(t, err, parking.NotFound)
	if err := b.Desk.Clear(t.Context(), "1", second.ID); err != nil {
		t.Fatal(err)
	}
	_, err = b.Desk.AcceptIn(t.Context(), "1", second.ID)
	wantCode(t, err, parking.Conflict)
	if n := kinds(b); n[parking.KindVehicleIn] != 0 {
		t.Errorf("facts: %v", n)
	}
	b.Desk.SignOut(t.Context())
	wantCode(t, b.Desk.OpenByHand(t.Context(), "1", "fire brigade"), parking.Unauthorized)
	wantCode(t, b.Desk.SignIn(t.Context(), "lan", "wrong"), parking.Unauthorized)
}

// What the disk refuses did not happen: the barrier stays shut.
func TestDiskRefuses(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("1", lane.Arrival{})
	if err := b.Store.Close(); err != nil {
		t.Fatal(err)
	}
	b.Store = nil
	if _, err := b.Desk.AcceptIn(t.Context(), "1", s.ID); err == nil {
		t.Fatal("accepted without a disk")
	}
	if _, total := b.Barriers["1"].Openings(); total != 0 {
		t.Fatal("the barrier opened without a record")
	}
	view := b.Desk.View()
	if got := b.Subject("1"); got.Stage != lane.Refused || got.Why == "" || view.Disk.OK {
		t.Errorf("shown: %+v, disk %+v", got, view.Disk)
	}
}

func TestBarrierFailsAndOpensAgain(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("1", lane.Arrival{})
	b.Barriers["1"].Break("unplugged")
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Subject("1"); got.Stage != lane.Refused || !got.Again || got.Stay != stay.ID {
		t.Fatalf("shown: %+v", got)
	}
	wantCode(t, b.Desk.OpenAgain(t.Context(), "1", s.ID), parking.Unavailable)
	b.Barriers["1"].Break("")
	if err := b.Desk.OpenAgain(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	if n := kinds(b); n[parking.KindVehicleIn] != 1 || n[parking.KindBarrierFailed] != 2 || n[parking.KindBarrierOpened] != 3 {
		t.Errorf("facts: %v", n)
	}
}

// A start shows the entry whose opening was not confirmed; opening again is
// no second entry.
func TestRestartWithUnconfirmedOpening(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("1", lane.Arrival{})
	b.Barriers["1"].Break("the power failed")
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.Barriers["1"].Break("")
	b.Restart()
	got := b.Subject("1")
	if got.Stay != stay.ID || !got.Again || got.Display != "30A-123.45" || got.Why == "" {
		t.Fatalf("after the start: %+v", got)
	}
	if err := b.Desk.OpenAgain(t.Context(), "1", got.ID); err != nil {
		t.Fatal(err)
	}
	if inside := b.State.Site().Inside; len(inside) != 1 {
		t.Errorf("%d inside", len(inside))
	}
	b.Restart()
	if l := b.Lane("1"); l.Subject != nil {
		t.Errorf("a confirmed opening is shown after a start: %+v", l.Subject)
	}
}

func TestOfferOfflineAndCountedZone(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Change: func(snap *wire.Snapshot) {
		for i := range snap.Slots {
			s := &snap.Slots[i]
			// A slot of another gate that is nearer than all of our own.
			if s.Code == "E15" {
				s.At, s.Home = parking.Point{Y: 9}, "E"
			}
			if s.Home == "N" && s.Code != "N01" {
				s.State = parking.SlotOutOfService
			}
		}
	}})
	first := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
	if first.Slot != "N01" || first.MayBeGone {
		t.Fatalf("cut off, our own home slot comes first: %+v", first)
	}
	if err := b.Desk.Correct(t.Context(), "1", first.ID, "30A12345", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.AcceptIn(t.Context(), "1", first.ID); err != nil {
		t.Fatal(err)
	}
	second := b.Arrive("1", lane.Arrival{})
	if second.Slot != "" || !slices.ContainsFunc(second.Warnings, func(w string) bool { return strings.Contains(w, "no free slot of its own") }) {
		t.Fatalf("beyond its own slots a gate that is cut off offers nothing: %+v", second)
	}
	for _, z := range b.Desk.View().Zones {
		for _, sv := range z.Slots {
			if sv.MayBeGone != (sv.Slot.State == parking.SlotFree) {
				t.Errorf("%s, home %s, %s: marked %v", sv.Slot.Code, sv.Slot.Home, sv.Slot.State, sv.MayBeGone)
			}
		}
	}
	if err := b.Desk.ChooseSlot(t.Context(), "1", second.ID, "E15"); err != nil {
		t.Fatal(err)
	}
	if s := b.Subject("1"); s.Slot != "E15" || !s.MayBeGone || !slices.Contains(s.Warnings, "The line is down: this slot may be taken by another gate.") {
		t.Errorf("chosen by hand it says what it is: %+v", s)
	}
	wantCode(t, b.Desk.ChooseSlot(t.Context(), "1", second.ID, "Z99"), parking.NotFound)
	wantCode(t, b.Desk.ChooseSlot(t.Context(), "1", second.ID, "N01"), parking.Conflict)
	if err := b.Desk.SetClass(t.Context(), "1", second.ID, parking.Motorbike); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		s := b.Subject("1")
		full := slices.Contains(s.Warnings, "The zone is full by its count.")
		share := slices.Contains(s.Warnings, "This gate's share of the zone is used up while the line is down.")
		// Two places among four gates: the first two by code have one each.
		if s.Zone != "M" || s.Slot != "" || s.ShareLeft == nil || *s.ShareLeft != 1-i || share != (i == 1) || full != (i == 2) {
			t.Fatalf("motorbike %d: %+v", i, s)
		}
		plate := []string{"29B145671", "29B145672", "29B145673"}[i]
		if err := b.Desk.Correct(t.Context(), "1", s.ID, plate, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Desk.AcceptIn(t.Context(), "1", s.ID); err != nil {
			t.Fatal(err)
		}
		b.Arrive("1", lane.Arrival{Class: parking.Motorbike})
	}
}

func TestMoveAndVoid(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("1", lane.Arrival{})
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, b.Desk.MoveStay(t.Context(), stay.ID, "N02", " "), parking.Invalid)
	if err := b.Desk.MoveStay(t.Context(), stay.ID, "N02", "parked elsewhere"); err != nil {
		t.Fatal(err)
	}
	if slot, _ := b.State.Site().Slot("N02"); slot.Stay != stay.ID {
		t.Errorf("N02: %+v", slot)
	}
	b.Clock.Pass(time.Second)
	if err := b.Desk.Void(t.Context(), stay.ID, "turned back at the barrier"); err != nil {
		t.Fatal(err)
	}
	if n := len(b.State.Site().Inside); n != 0 {
		t.Errorf("%d inside after voiding", n)
	}
	wantCode(t, b.Desk.Void(t.Context(), stay.ID, "again"), parking.Conflict)
}
