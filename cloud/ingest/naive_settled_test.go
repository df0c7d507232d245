package ingest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// settle marks the conflicts that a person has decided on, having seen all
// that is known of their stays (§7).
func settle(a *naiveAnswer) {
	for i := range a.conflicts {
		c := &a.conflicts[i]
		known := a.about(c.stays)
		for _, f := range a.facts {
			b, ok := f.body.(*parking.ConflictSettled)
			if !ok || b.Conflict != conflictID(c.kind, c.facts...) {
				continue
			}
			unseen := func(id uuid.UUID) bool { return !slices.Contains(b.Saw, id) }
			c.settled = c.settled || !slices.ContainsFunc(known, unseen)
		}
	}
}

// about are the facts from which these stays are folded.
func (a *naiveAnswer) about(stays []uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for _, s := range a.stays {
		if slices.Contains(stays, s.id) {
			out = append(out, s.facts...)
		}
	}
	return once(out...)
}

// conflictID is the id of a conflict as the feed and settlements write it.
func conflictID(kind string, facts ...uuid.UUID) string {
	sorted := slices.SortedFunc(slices.Values(facts), compareUUID)
	text := []byte("gatehouse conflict 1\n" + kind + "\n")
	for _, id := range sorted {
		text = append(text, id[:]...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
