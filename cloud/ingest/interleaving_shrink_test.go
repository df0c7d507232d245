package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// shrink finds a small history that still ends in a difference: it makes alive
// facts of as many of the others as it can. It returns the difference and what
// is left.
func (h *tale) shrink(t *testing.T, s *cloudtest.Site, model *naive, order int) string {
	t.Helper()
	type place struct{ run, item int }
	var places []place
	for i, r := range h.runs {
		for j := range r.items {
			places = append(places, place{i, j})
		}
	}
	last := h.try(t, s, model, order)
	for size := len(places) / 2; size > 0; size /= 2 {
		for from := 0; from < len(places); {
			until := min(from+size, len(places))
			var before []naiveItem
			for _, p := range places[from:until] {
				r := h.runs[p.run]
				before = append(before, r.items[p.item])
				r.silence(t, p.item)
			}
			if diff := h.try(t, s, model, order); diff != "" {
				last = diff
				places = append(places[:from], places[until:]...)
				continue
			}
			for i, p := range places[from:until] {
				h.runs[p.run].items[p.item] = before[i]
			}
			from = until
		}
	}
	var left strings.Builder
	for _, p := range places {
		it := h.runs[p.run].items[p.item]
		fmt.Fprintf(&left, "%s %s %d: %s\n", it.gate, it.epoch, it.seq, it.raw)
	}
	return last + "\n\nof these facts:\n" + left.String()
}

// silence replaces an item by a fact that says nothing, at the same time.
func (r *taleRun) silence(t *testing.T, item int) {
	t.Helper()
	f := r.facts[item]
	f.Kind, f.Body, f.Actor = parking.KindAlive, []byte("{}"), ""
	raw, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r.items[item].id, r.items[item].raw = f.ID, raw
}
