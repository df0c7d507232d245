package lane_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// told is the feed's next entry: the slot as it is, with this loan.
func told(b *lanetest.Bench, code string, loan parking.Loan) {
	b.T.Helper()
	site := b.State.Site()
	slot, _ := site.Slot(code)
	slot.Loan = loan
	if err := b.State.ApplyDeltas(b.T.Context(), wire.Delta{FeedSeq: site.FeedSeq + 1, Slots: []parking.Slot{slot}}); err != nil {
		b.T.Fatal(err)
	}
}

func asked(b *lanetest.Bench, code, to string, n int64) parking.Asked {
	return parking.Asked{Slot: code, Loan: parking.Loan{
		N: n, To: to, Epoch: "000001-0000000000000000", Incarnation: b.State.Site().Incarnation,
	}}
}

func lend(b *lanetest.Bench, asks ...parking.Asked) parking.LoanNote {
	b.T.Helper()
	note, err := b.Desk.Lend(b.T.Context(), parking.LendRequest{Lend: asks})
	if err != nil {
		b.T.Fatal(err)
	}
	return note
}

func noted(b *lanetest.Bench) parking.LoanNote {
	b.T.Helper()
	note, err := b.Desk.LoanNote(b.T.Context())
	if err != nil {
		b.T.Fatal(err)
	}
	return note
}

func suggested(b *lanetest.Bench) string {
	b.T.Helper()
	s, err := b.Desk.Suggest(parking.Car)
	if err != nil {
		b.T.Fatal(err)
	}
	return s.Slot
}

// What a gate has lent it offers no more, over a restart too, until the feed
// says that the loan is over; a question that comes late lends nothing.
func TestALentSlotIsNotOffered(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true})
	ask := asked(b, "N08", "S", 1)
	if got := suggested(b); got != "N08" {
		t.Fatalf("the nearest is %s", got)
	}
	if note := lend(b, ask); len(note.Lent) != 1 || note.Lent[0].Asked != ask || len(note.Kept) != 0 {
		t.Fatalf("the answer is %+v", note)
	}
	check := func(when string) {
		t.Helper()
		if got := suggested(b); got != "N07" {
			t.Errorf("%s: offered is %s", when, got)
		}
		for _, z := range b.Desk.View().Zones {
			for _, sv := range z.Slots {
				if sv.Slot.Code == "N08" && !sv.MayBeGone {
					t.Errorf("%s: the lent slot is not marked", when)
				}
			}
		}
	}
	check("lent")
	b.Restart()
	check("after a restart")
	if note := noted(b); len(note.Lent) != 1 {
		t.Errorf("the word is not said again: %+v", note)
	}
	if note := lend(b, ask, asked(b, "N08", "E", 2)); len(note.Lent) != 1 || note.Lent[0].To != "S" || len(note.Kept) != 0 {
		t.Errorf("asked again, and for another: %+v", note)
	}
	told(b, "N08", ask.Loan)
	if note := noted(b); len(note.Lent) != 0 {
		t.Errorf("the cloud knows: %+v", note)
	}
	check("told")
	told(b, "N08", parking.Loan{N: 1})
	if got := suggested(b); got != "N08" {
		t.Errorf("the loan is over, and offered is %s", got)
	}
	if note := lend(b, ask); len(note.Lent) != 0 || len(note.Kept) != 1 {
		t.Errorf("the question comes late: %+v", note)
	}
	b.Restart()
	if got := suggested(b); got != "N08" {
		t.Errorf("after another restart offered is %s", got)
	}
}

// A slot that stands offered at a lane is not lent, and neither is one of a
// gate's last free ones.
func TestAGateKeepsWhatItNeeds(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true, Change: func(snap *wire.Snapshot) {
		for i := range snap.Slots {
			if s := &snap.Slots[i]; s.Home == "N" && !slices.Contains([]string{"N07", "N08", "N09"}, s.Code) {
				s.State = parking.SlotOutOfService
			}
		}
	}})
	s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
	if s.Slot != "N08" {
		t.Fatalf("offered is %s", s.Slot)
	}
	note := lend(b, asked(b, "N08", "S", 1), asked(b, "N09", "S", 1), asked(b, "N07", "S", 1))
	if len(note.Lent) != 1 || note.Lent[0].Slot != "N09" || len(note.Kept) != 2 {
		t.Errorf("three are free, one is offered, two are kept: %+v", note)
	}
	if note := lend(b, asked(b, "E15", "S", 1), asked(b, "Z99", "S", 1)); len(note.Lent) != 1 || len(note.Kept) != 2 {
		t.Errorf("another gate's slot, and none: %+v", note)
	}
}

// Gates that are all short of slots do not ask one another without end: an answer
// asks for nothing, and what was refused is asked for again after half a minute,
// or when a vehicle has stood there.
func TestAGateThatIsRefusedWaits(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true, Change: func(snap *wire.Snapshot) {
		for i := range snap.Slots {
			if s := &snap.Slots[i]; s.Code != "E14" && s.Code != "E15" {
				s.State = parking.SlotOutOfService
			}
		}
	}})
	wants := func() []string {
		t.Helper()
		want := noted(b).Want
		slices.Sort(want)
		return want
	}
	both := []string{"E14", "E15"}
	if got := wants(); !slices.Equal(got, both) {
		t.Fatalf("asked for are %v", got)
	}
	if got := wants(); !slices.Equal(got, both) {
		t.Errorf("what was not answered is not said again: %v", got)
	}
	if note := lend(b, asked(b, "N08", "S", 1)); len(note.Kept) != 1 || len(note.Want) != 0 {
		t.Errorf("the answer is %+v", note)
	}
	told(b, "E15", parking.Loan{N: 1})
	if got := wants(); !slices.Equal(got, []string{"E14"}) {
		t.Errorf("E15 was refused, and asked for are %v", got)
	}
	told(b, "E14", parking.Loan{N: 7})
	if got := wants(); len(got) != 0 {
		t.Errorf("both were refused, and asked for are %v", got)
	}
	b.Clock.Pass(29 * time.Second)
	if got := wants(); len(got) != 0 {
		t.Errorf("asked for are %v", got)
	}
	slot, _ := b.State.Site().Slot("E14")
	for _, state := range []parking.SlotState{parking.SlotOccupied, parking.SlotFree} {
		slot.State = state
		if err := b.State.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: b.State.Site().FeedSeq + 1, Slots: []parking.Slot{slot}}); err != nil {
			t.Fatal(err)
		}
		if got := wants(); (len(got) == 1) != (state == parking.SlotFree) {
			t.Errorf("E14 is %s, and asked for are %v", state, got)
		}
	}
	b.Clock.Pass(time.Second)
	if got := wants(); !slices.Equal(got, both) {
		t.Errorf("after half a minute asked for are %v", got)
	}
}

// What is lent to a gate it offers in this run only; taken, it is given back
// with the number of the fact; after a restart it is given back unused.
func TestABorrowedSlot(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true, Change: func(snap *wire.Snapshot) {
		for i := range snap.Slots {
			if s := &snap.Slots[i]; s.Home == "N" {
				s.State = parking.SlotOutOfService
			}
		}
	}})
	if note := noted(b); len(note.Want) != 2 || len(note.Returned) != 0 {
		t.Errorf("a gate without slots asks for two: %+v", note)
	}
	s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
	if s.Slot != "" {
		t.Fatalf("offered is %s", s.Slot)
	}
	loan := asked(b, "E15", "N", 4).Loan
	loan.Epoch = b.State.Epoch()
	ctx, stop := t.Context(), b.RunDesk()
	defer stop()
	told(b, "E15", loan)
	b.Until("who already waits at the lane is offered it", func() bool { return b.Subject("1").Slot == "E15" })
	if note, err := b.Desk.Lend(ctx, parking.LendRequest{Recall: []string{"E15"}}); err != nil || len(note.Returned) != 0 {
		t.Errorf("what is offered is not given back: %+v, %v", note, err)
	}
	if _, err := b.Desk.AcceptIn(ctx, "1", s.ID); err != nil {
		t.Fatal(err)
	}
	facts := int64(3) // started, vehicle_in, barrier_opened
	if note := noted(b); len(note.Returned) != 1 || note.Returned[0].N != 4 || note.Returned[0].Epoch != b.State.Epoch() || note.Returned[0].Seq < facts {
		t.Errorf("taken: %+v", note)
	}
	stop()

	second := asked(b, "E14", "N", 9).Loan
	second.Epoch = b.State.Epoch()
	told(b, "E14", second)
	if got := suggested(b); got != "E14" {
		t.Errorf("offered is %q", got)
	}
	b.Restart()
	if got := suggested(b); got != "" {
		t.Errorf("after a restart a loan of the run before is offered: %s", got)
	}
	if note := noted(b); len(note.Returned) != 0 {
		t.Errorf("given back before the facts of the run before are in the feed: %+v", note)
	}
}
