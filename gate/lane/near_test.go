package lane_test

import (
	"slices"
	"testing"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func cutOff() lane.Link { return lane.Link{State: lane.Offline} }

func nearHeard(b *lanetest.Bench, from string, n parking.NearNote) []string {
	b.T.Helper()
	if n.Epoch == "" {
		n.Epoch = "000001-0000000000000000"
	}
	a, err := b.Desk.NearHeard(b.T.Context(), from, n)
	if err != nil {
		b.T.Fatal(err)
	}
	var out []string
	for _, l := range a.Lent {
		out = append(out, l.Slot)
	}
	return out
}

func nearNoted(b *lanetest.Bench, home string) parking.NearNote {
	b.T.Helper()
	n, err := b.Desk.NearNote(b.T.Context(), home)
	if err != nil {
		b.T.Fatal(err)
	}
	return n
}

var twoCars = map[parking.Class]int{parking.Car: 2}

// A home lends a neighbour what it asks for and no more, the same when asked
// again, and offers it no more: not after a restart, and not through the cloud,
// until it was given back and the facts of before are here.
func TestASlotLentToANeighbour(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true, Link: cutOff})
	ask := parking.NearNote{Need: map[parking.Class]int{parking.Car: 9}, Skip: []string{"N08"}}
	want := nearHeard(b, "E", ask)
	if len(want) != 2 || slices.Contains(want, "N08") {
		t.Fatalf("two were to be lent, but N08: %v", want)
	}
	if again := nearHeard(b, "E", ask); !slices.Equal(again, want) {
		t.Errorf("asked again: %v, not %v", again, want)
	}
	check := func(when string, may bool) {
		t.Helper()
		site := b.State.Site()
		for _, code := range want {
			if site.MayOffer(code) != may {
				t.Errorf("%s: %s may be offered: %v", when, code, site.MayOffer(code))
			}
		}
		if may == (len(b.Desk.View().NearLoans) > 0) {
			t.Errorf("%s: shown is %+v", when, b.Desk.View().NearLoans)
		}
	}
	check("lent", false)
	b.Restart()
	check("after a restart", false)
	if other := nearHeard(b, "W", ask); len(other) != 2 || slices.Contains(want, other[0]) || slices.Contains(want, other[1]) {
		t.Errorf("lent to another neighbour, too: %v of %v", other, want)
	}
	if note := lend(b, asked(b, want[0], "S", 1)); len(note.Lent) != 0 || len(note.Kept) != 1 {
		t.Errorf("the cloud asks for it: %+v", note)
	}
	first := []parking.NearBack{{Slot: want[0], N: 1, Seq: 7}}
	if left := nearHeard(b, "W", parking.NearNote{Back: first}); len(left) != 2 || b.State.Site().MayOffer(want[0]) {
		t.Error("another gate gives back what it does not have")
	}
	if left := nearHeard(b, "E", parking.NearNote{Back: first}); len(left) != 2 {
		t.Errorf("it is over before the facts of before are here: %v", left)
	}
	b.Restart()
	check("given back without its facts, and a restart", false)
	covers := []wire.Covered{{Gate: "E", Epoch: "000001-0000000000000000", Seq: 7}}
	if err := b.State.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: b.State.Site().FeedSeq + 1, Covers: covers}); err != nil {
		t.Fatal(err)
	}
	if left := nearHeard(b, "E", parking.NearNote{}); !slices.Equal(left, want[1:]) || !b.State.Site().MayOffer(want[0]) {
		t.Errorf("the facts are here, and lent are %v", left)
	}
	b.Restart()
	if !b.State.Site().MayOffer(want[0]) {
		t.Error("after a restart it is lent again")
	}
	// The disk went back: a borrower says that it has one more.
	have := []parking.NearLoan{{Slot: want[0], Home: "N", N: 5, To: "E", Epoch: "000001-0000000000000000"}}
	if left := nearHeard(b, "E", parking.NearNote{Have: have}); len(left) != 2 || b.State.Site().MayOffer(want[0]) {
		t.Errorf("a loan that this disk has forgotten: %v", left)
	}
	for _, bad := range []parking.NearNote{{}, {Epoch: "x"}, {Epoch: have[0].Epoch, Skip: []string{"?"}}, {Epoch: have[0].Epoch, Have: make([]parking.NearLoan, 300)}} {
		if _, err := b.Desk.NearHeard(t.Context(), "E", bad); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
}

// A gate keeps two free slots of a class, and what stands offered at a lane.
func TestAGateKeepsWhatItNeedsFromNeighbours(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true, Link: cutOff, Change: func(snap *wire.Snapshot) {
		for i := range snap.Slots {
			if s := &snap.Slots[i]; s.Home == "N" && !slices.Contains([]string{"N07", "N08", "N09"}, s.Code) {
				s.State = parking.SlotOutOfService
			}
		}
	}})
	offered := b.Arrive("1", lane.Arrival{Plate: "30A12345"}).Slot
	lent := nearHeard(b, "E", parking.NearNote{Need: twoCars})
	if len(lent) != 1 || lent[0] == offered {
		t.Errorf("of three free ones, of which %s is offered, are lent %v", offered, lent)
	}
}

// A gate that is cut off and short asks one neighbour, offers what it is lent
// without a mark, and gives it back when it was taken, when the line is back, and
// after a restart.
func TestASlotBorrowedFromANeighbour(t *testing.T) {
	t.Parallel()
	link := lane.Link{State: lane.Offline}
	b := lanetest.New(t, lanetest.Options{
		NoCamera: true, Link: func() lane.Link { return link },
		Setup: func(c *lane.Config) {
			c.Neighbours = func() []lane.Neighbour { return []lane.Neighbour{{Gate: "E", Heard: true}, {Gate: "W", Heard: true}} }
		},
		Change: func(snap *wire.Snapshot) {
			for i := range snap.Slots {
				if s := &snap.Slots[i]; s.Home == "N" {
					s.State = parking.SlotOutOfService
				}
			}
		},
	})
	if note := nearNoted(b, "W"); !note.Empty() {
		t.Errorf("E has the nearest, and W is asked: %+v", note)
	}
	if note := nearNoted(b, "E"); note.Need[parking.Car] != 2 || len(note.Have)+len(note.Back) != 0 {
		t.Fatalf("E is asked: %+v", note)
	}
	b.Desk.NearTold(t.Context(), "E", parking.NearAnswer{})
	if note := nearNoted(b, "W"); note.Need[parking.Car] != 2 {
		t.Fatalf("E has lent nothing, and W is told %+v", note)
	}
	b.Desk.NearTold(t.Context(), "W", parking.NearAnswer{})
	b.Desk.NearTold(t.Context(), "E", parking.NearAnswer{Lent: []parking.NearLoan{{Slot: "W01", Home: "E", N: 1, To: "N", Epoch: b.State.Epoch()}}})
	if note := nearNoted(b, "E"); b.State.Site().NearFrom("W01") != "" || len(note.Back) != 1 || !slices.Contains(note.Skip, "W01") {
		t.Errorf("E has lent W's slot: %+v", note)
	}
	b.Desk.NearTold(t.Context(), "E", parking.NearAnswer{})
	nearNoted(b, "W")
	b.Desk.NearTold(t.Context(), "W", parking.NearAnswer{})
	loan := func(slot string, n int64) parking.NearLoan {
		return parking.NearLoan{Slot: slot, Home: "E", N: n, To: "N", Epoch: b.State.Epoch()}
	}
	told := parking.NearAnswer{Lent: []parking.NearLoan{loan("E15", 4), loan("E14", 1)}}
	nearNoted(b, "E")
	b.Desk.NearTold(t.Context(), "E", told)
	if note := nearNoted(b, "E"); len(note.Need) != 0 || len(note.Have) != 2 {
		t.Errorf("it has two: %+v", note)
	}
	s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
	if s.Slot != "E15" || s.MayBeGone || len(s.Warnings) != 0 {
		t.Fatalf("offered is %q, may be taken %v, %v", s.Slot, s.MayBeGone, s.Warnings)
	}
	if _, err := b.Desk.AcceptIn(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	note := nearNoted(b, "E")
	if len(note.Have) != 1 || len(note.Back) != 1 || note.Back[0].Slot != "E15" || note.Back[0].N != 4 || note.Back[0].Seq < 3 || note.Need[parking.Car] != 2 {
		t.Errorf("one was taken: %+v", note)
	}
	b.Desk.NearTold(t.Context(), "E", told) // the answer crossed
	if b.State.Site().NearFrom("E15") != "" || len(nearNoted(b, "E").Back) != 1 {
		t.Error("what was given up is taken again")
	}
	link.State = lane.Online
	if note := nearNoted(b, "E"); len(note.Have) != 0 || len(note.Back) != 2 || len(note.Need) != 0 {
		t.Errorf("the line is back: %+v", note)
	}
	link.State = lane.Offline
	before := loan("E13", 1)
	b.Restart()
	b.Desk.NearTold(t.Context(), "E", parking.NearAnswer{Lent: []parking.NearLoan{before}})
	if got := suggested(b); got != "" {
		t.Errorf("a loan of the run before is offered: %s", got)
	}
	if note := nearNoted(b, "E"); len(note.Back) != 1 || note.Back[0].Slot != "E13" || note.Back[0].Seq < 3 {
		t.Errorf("after a restart: %+v", note)
	}
}
