package ingest_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// bring delivers the tale in one order: the first interleaves all runs, the
// second brings one run after the other (a gate that was cut off for three
// days), the third brings what happened last first, as far as runs allow. Now
// and then it stops to let the state so far be looked at, and ends if that finds
// something to say.
func (h *tale) bring(t *testing.T, s *cloudtest.Site, order int, look func([]naiveItem) string) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(h.seed, 100+uint64(order)))
	next := make([]int, len(h.runs))
	turn := rng.Perm(len(h.runs))
	var came []naiveItem
	for {
		left := slices.DeleteFunc(slices.Clone(turn), func(i int) bool { return next[i] == len(h.runs[i].items) })
		if len(left) == 0 {
			return ""
		}
		i := left[0] // of the second order
		switch order {
		case 0:
			i = left[rng.IntN(len(left))]
		case 2:
			i = slices.MaxFunc(left, func(a, b int) int {
				return cmp.Or(h.runs[a].facts[next[a]].At.Compare(h.runs[b].facts[next[b]].At), cmp.Compare(a, b))
			})
		}
		r := h.runs[i]
		until := next[i] + 1 + rng.IntN(min(12, len(r.items)-next[i]))
		r.deliver(t, s, rng, next[i], until)
		came, next[i] = append(came, r.items[next[i]:until]...), until
		if rng.IntN(8) == 0 {
			if found := look(came); found != "" {
				return found
			}
		}
	}
}

// deliver brings the items from one number to another. Some batches begin with
// what came before: the answer was lost. The cloud writes its own once.
func (r *taleRun) deliver(t *testing.T, s *cloudtest.Site, rng *rand.Rand, from, until int) {
	t.Helper()
	if r.gate == nil {
		var facts []parking.Fact
		for _, it := range r.items[from:until] {
			f, err := parking.DecodeFact(it.raw)
			if err != nil {
				t.Fatal(err)
			}
			facts = append(facts, f)
		}
		if err := ingester(s).TakeOwn(t.Context(), s.ID, facts, cloudtest.Noon); err != nil {
			t.Fatalf("the cloud's own facts: %v", err)
		}
		return
	}
	first := from
	if rng.IntN(3) == 0 {
		first -= rng.IntN(from + 1)
	}
	bring(t, s, r.gate, r.batch(first, until))
	if rng.IntN(4) == 0 {
		bring(t, s, r.gate, r.batch(0, until))
	}
}
