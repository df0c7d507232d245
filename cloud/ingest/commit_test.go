package ingest_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A batch whose commit fails gets no answer, and nothing of it is held: the
// gate sends it again and it counts then.
func TestNoAnswerWithoutACommit(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	n.In(t, cloudtest.Noon, "30A12345", "N07")
	batch := n.Batch(t, n.Facts)
	_, err := s.Store.Pool.Exec(t.Context(), `
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is gone'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON processed_events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ingester(s).Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: "N"}, cloudtest.Raw(t, batch), cloudtest.Noon)
	if err == nil {
		t.Fatalf("answered %+v, but the commit failed", a)
	}
	if snap := snapshot(t, s); snap.FeedSeq != 0 || len(snap.Stays) != 0 || snap.Held[n.Epoch] != 0 {
		t.Fatalf("held after a failed commit: feed %d, %d stays, %v", snap.FeedSeq, len(snap.Stays), snap.Held)
	}
	if _, err := s.Store.Pool.Exec(t.Context(), "DROP TRIGGER refuse ON processed_events"); err != nil {
		t.Fatal(err)
	}
	if a := bring(t, s, n, batch); a.Seq != 1 || a.FeedSeq != 1 || a.Outcomes[0] != wire.Applied {
		t.Errorf("the batch sent again: %+v", a)
	}
}

// Two gates bring facts about the same slot at the same time: the site's lock
// makes them take turns, so that every batch is taken under a feed number of
// its own, without a gap, and the slot has one holder.
func TestTwoGatesAtOnce(t *testing.T) {
	t.Parallel()
	const batches = 15
	s := cloudtest.NewSite(t, nil)
	gates := []*cloudtest.Gate{s.Enrol(t, "N"), s.Enrol(t, "S")}
	var mu sync.Mutex
	var numbers []int64
	var wg sync.WaitGroup
	for i, g := range gates {
		for k := range batches {
			g.In(t, cloudtest.Noon.Add(time.Duration(2*k+i)*time.Minute), fmt.Sprintf("3%dA%05d", i, k), "N07")
		}
		wg.Go(func() {
			for k := range batches {
				raw := cloudtest.Raw(t, g.Batch(t, g.Facts[k:k+1]))
				a, err := ingester(s).Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: g.Code}, raw, cloudtest.Noon)
				if err != nil {
					t.Errorf("gate %s, batch %d: %v", g.Code, k, err)
					return
				}
				mu.Lock()
				numbers = append(numbers, a.FeedSeq)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != int64(i+1) {
			t.Fatalf("feed numbers %v", numbers)
		}
	}
	snap := snapshot(t, s)
	placed := 0
	for _, stay := range snap.Stays {
		if stay.Placed {
			placed++
		}
	}
	if len(snap.Stays) != 2*batches || snap.FeedSeq != 2*batches || placed != 1 {
		t.Errorf("%d stays, feed at %d, %d placed in one slot", len(snap.Stays), snap.FeedSeq, placed)
	}
	first := slices.IndexFunc(snap.Stays, func(st parking.Stay) bool { return st.Plate == "30A00000" })
	if first < 0 || slotOf(t, snap, "N07").Stay != snap.Stays[first].ID {
		t.Errorf("N07 is %+v, want the earliest", slotOf(t, snap, "N07"))
	}
}

// A fact that the database itself refuses, for a reason that nobody foresaw,
// goes to quarantine alone: the facts around it are applied, and the gate's
// queue goes on.
func TestWhatTheDatabaseRefusesIsQuarantined(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	for i := range 3 {
		n.In(t, cloudtest.Noon.Add(time.Duration(i)*time.Minute), fmt.Sprintf("30A0000%d", i), fmt.Sprintf("N0%d", i+1))
	}
	_, err := s.Store.Pool.Exec(t.Context(), `
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '23514'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON facts FOR EACH ROW WHEN (NEW.seq = 2) EXECUTE FUNCTION refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	a := bringAll(t, s, n)
	if a.Seq != 3 || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Applied, wire.Quarantined, wire.Applied}) {
		t.Errorf("answer %+v", a)
	}
	if snap := snapshot(t, s); len(snap.Stays) != 2 || snap.Held[n.Epoch] != 3 {
		t.Errorf("%d stays, held %v", len(snap.Stays), snap.Held)
	}
}
