package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A vehicle that moved aside to pay lets the next go. Money that comes for it
// opens nothing; one key brings it to the front, and it leaves without paying
// twice.
func TestPaidAndWaiting(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true})
	stop := b.RunDesk()
	defer stop()
	first, second := in(t, b, "30A00001"), in(t, b, "30A00002")
	b.Clock.Pass(time.Hour)
	waits, next := announce(t, b, "2", "30A00001"), announce(t, b, "2", "30A00002")
	wantCode(t, b.Desk.MoveAside(t.Context(), "2", next), parking.Conflict)
	if err := b.Desk.ShowQR(t.Context(), "2", waits); err != nil {
		t.Fatal(err)
	}
	for range 2 { // sent twice it is done once
		if err := b.Desk.MoveAside(t.Context(), "2", waits); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.Desk.PayCash(t.Context(), "2", waits, 0)
	wantCode(t, err, parking.Conflict)
	if l := b.Lane("2"); l.Subject.ID != next || len(l.Aside) != 1 || l.Aside[0].Paid || l.Aside[0].Stay != first.ID {
		t.Fatalf("the lane: %+v", l)
	}
	confirmed(t, b, first.ID)
	b.Until("the list says that it has paid", func() bool { return b.Lane("2").Aside[0].Paid })
	if _, total := b.Barriers["2"].Openings(); total != 0 {
		t.Fatalf("money opened the barrier %d times", total)
	}
	if _, err := b.Desk.PayCash(t.Context(), "2", next, 0); err != nil {
		t.Fatal(err)
	}
	wantCode(t, b.Desk.Recall(t.Context(), "2", waits), parking.Conflict) // somebody stands in the opening
	pass(t, b, "2")
	if got := passages(b); got[len(got)-1] != second.ID {
		t.Errorf("passages: %v", got)
	}
	for range 2 {
		if err := b.Desk.Recall(t.Context(), "2", waits); err != nil {
			t.Fatal(err)
		}
	}
	left, err := b.Desk.LeaveFree(t.Context(), "2", waits)
	if err != nil || left.ID != first.ID || left.PaidSum() != 5000 || len(left.Payments) != 1 {
		t.Fatalf("left: %+v, %v", left, err)
	}
	pass(t, b, "2")
	if got := passages(b); got[len(got)-1] != first.ID || len(b.Lane("2").Aside) != 0 {
		t.Errorf("passages: %v, aside %+v", got, b.Lane("2").Aside)
	}
}

// confirmed lets the cloud tell that the money for a stay has come.
func confirmed(t *testing.T, b *lanetest.Bench, id uuid.UUID) {
	t.Helper()
	heardOfStay(t, b, id, func(s *parking.Stay) {
		at := b.State.Clock().Now()
		s.Payments[0].Status, s.Payments[0].PaidAt = parking.Paid, &at
	})
}

// heardOfStay lets the cloud tell something about a stay.
func heardOfStay(t *testing.T, b *lanetest.Bench, id uuid.UUID, change func(s *parking.Stay)) {
	t.Helper()
	s, err := b.State.Stay(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	s.Payments = append([]parking.Payment(nil), s.Payments...)
	change(&s)
	site := b.State.Site()
	stays := []parking.Stay{s}
	for _, other := range site.Inside {
		if other.ID != s.ID {
			stays = append(stays, other)
		}
	}
	rows, err := b.Store.Read().RecentFacts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	last, err := parking.DecodeFact(rows[0])
	if err != nil {
		t.Fatal(err)
	}
	err = b.State.ApplyDeltas(t.Context(), wire.Delta{
		FeedSeq: site.FeedSeq + 1, Stays: stays, Covers: []wire.Covered{{Gate: "N", Epoch: last.Epoch, Seq: last.Seq}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Money that another gate took for a vehicle that waits aside opens nothing
// here either: the list says that it has paid, and it leaves when a guard
// brings it to the front.
func TestPaidAtAnotherGateWhileAside(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true})
	stop := b.RunDesk()
	defer stop()
	stay := in(t, b, "30A00001")
	b.Clock.Pass(time.Hour)
	waits := announce(t, b, "2", "30A00001")
	if err := b.Desk.MoveAside(t.Context(), "2", waits); err != nil {
		t.Fatal(err)
	}
	at := b.State.Clock().Now()
	heardOfStay(t, b, stay.ID, func(s *parking.Stay) {
		s.Payments = append(s.Payments, parking.Payment{
			ID: uuid.New(), Method: parking.Cash, Amount: 5000, Currency: "VND", Gate: "S", Status: parking.Paid, PaidAt: &at,
		})
	})
	b.Until("the list says that it has paid", func() bool { l := b.Lane("2"); return len(l.Aside) == 1 && l.Aside[0].Paid })
	next := announce(t, b, "2", "30A00002") // the lane goes on meanwhile
	if _, total := b.Barriers["2"].Openings(); total != 0 || b.Lane("2").Subject.ID != next {
		t.Fatalf("money from another gate opened the barrier %d times, or took the lane: %+v", total, b.Lane("2"))
	}
	if err := b.Desk.Recall(t.Context(), "2", waits); err != nil {
		t.Fatal(err)
	}
	if _, total := b.Barriers["2"].Openings(); total != 0 {
		t.Errorf("the barrier opened %d times before the guard let it out", total)
	}
	left, err := b.Desk.LeaveFree(t.Context(), "2", waits)
	if err != nil || left.ID != stay.ID || left.PaidSum() != 5000 {
		t.Errorf("it left as %+v, %v", left, err)
	}
	if _, total := b.Barriers["2"].Openings(); total != 1 {
		t.Errorf("the barrier opened %d times", total)
	}
}

// Eight wait aside at most; who has left elsewhere waits no longer.
func TestAsideIsBounded(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true})
	for i := range 9 {
		in(t, b, fmt.Sprintf("30A0000%d", i))
	}
	b.Clock.Pass(time.Hour)
	for i := range 9 {
		id := announce(t, b, "2", fmt.Sprintf("30A0000%d", i))
		err := b.Desk.MoveAside(t.Context(), "2", id)
		if i < 8 && err != nil {
			t.Fatal(err)
		}
		if i == 8 {
			wantCode(t, err, parking.Conflict)
		}
	}
	stop := b.RunDesk()
	defer stop()
	gone := b.Lane("2").Aside[3]
	if err := b.Desk.Void(t.Context(), gone.Stay, "left by the other gate"); err != nil {
		t.Fatal(err)
	}
	b.Until("it waits no longer", func() bool { return len(b.Lane("2").Aside) == 7 })
	wantCode(t, b.Desk.Recall(t.Context(), "2", gone.ID), parking.NotFound)
	for _, a := range b.Lane("2").Aside[:3] {
		if err := b.Desk.Recall(t.Context(), "2", a.ID); err != nil {
			t.Fatal(err)
		}
	}
	l := b.Lane("2")
	wantCode(t, b.Desk.Recall(t.Context(), "2", l.Aside[0].ID), parking.Conflict) // four are there
	if len(l.Waiting) != 3 || l.Subject.Stage == lane.HasPassed {
		t.Errorf("the order: %+v", l)
	}
}
