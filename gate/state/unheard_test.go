package state_test

import (
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

// A write that failed may have reached the disk after all. Its facts then
// count, and the next fact continues after them instead of taking their number.
func TestAWriteThatWasNotHeardCounts(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	stay := uuid.New()
	if err := g.WriteUnheard(t.Context(), draftIn(stay, "30A12345", "A001")); err != nil {
		t.Fatal(err)
	}
	if _, ok := g.Site().Stay(stay); ok {
		t.Fatal("it was heard after all: this tests nothing")
	}
	after := g.write(state.Draft{Kind: parking.KindAlive, Body: struct{}{}})
	if after[0].Seq != 3 {
		t.Errorf("the next fact is number %d, want 3", after[0].Seq)
	}
	if slot, _ := g.Site().Slot("A001"); slot.Stay != stay || g.Waiting() != 3 {
		t.Errorf("slot %+v, %d facts wait", slot, g.Waiting())
	}
	facts, hashes := g.outbox()
	for i := 1; i < len(facts); i++ {
		if facts[i].Prev != hashes[i-1] || facts[i].Seq != facts[i-1].Seq+1 {
			t.Errorf("fact %d is out of line: %+v", i, facts[i])
		}
	}
}
