package ingest_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// naive is a second answer to the same question, written from docs/STATE.md
// alone: all facts are put at their true times, sorted and folded once, and
// every contradiction is looked for by comparing everything with everything.
// It is slow and remembers nothing. It shares the messages with the product,
// and Tariff.Quote, but none of the code that folds, matches, places or
// judges, so that a mistake would have to be made twice.
type naive struct {
	site    uuid.UUID
	classes map[string][]parking.Class // of each slot
	closed  map[string]bool            // slots that the ground says are out of service
	counted map[string]bool            // zones without slots
	tariff  parking.Tariff
}

// naiveItem is what a batch brings under one seq.
type naiveItem struct {
	gate  string
	epoch parking.Epoch
	seq   int64
	id    uuid.UUID
	raw   []byte
	early bool // it came to a program that did not know its kind, and was not tried again
}

// naiveFact is a fact that can be read. Its At is its time (§1), not what the
// gate wrote.
type naiveFact struct {
	parking.Fact
	written time.Time
	body    any
	stay    uuid.UUID // that it names, the zero id for none
}

// naiveAnswer is what follows from the facts.
type naiveAnswer struct {
	items     []naiveHeld
	facts     []*naiveFact // in order
	stays     []*naiveStay // by id
	conflicts []naiveConflict
}

type naiveConflict struct {
	kind, slot   string
	facts, stays []uuid.UUID
	at           time.Time
	settled      bool
}

// answer is the whole of docs/STATE.md, in its order.
func (n *naive) answer(t *testing.T, items []naiveItem) *naiveAnswer {
	t.Helper()
	a := &naiveAnswer{items: n.held(items)}
	for _, h := range a.items {
		if h.fact != nil {
			a.facts = append(a.facts, h.fact)
		}
	}
	a.conflicts = append(a.conflicts, correctTimes(a.facts)...)
	slices.SortFunc(a.facts, byOrder)
	n.foldAll(a)
	slots := versionsOf(a.facts, func(v *parking.SlotVersion) (string, time.Time) { return v.Slot, v.From })
	for _, s := range a.stays {
		n.claim(s, slots)
	}
	for _, more := range [][]naiveConflict{
		n.slotsTwice(a.stays), n.single(t, a), meetings(a.stays), tokenMismatches(a.stays), passes(a), walks(a.stays),
		references(a.stays), receipts(a.facts), rights(a.facts), branches(a.facts), unreadable(a.items),
	} {
		a.conflicts = append(a.conflicts, more...)
	}
	settle(a)
	slices.SortFunc(a.conflicts, func(x, y naiveConflict) int {
		return cmp.Or(strings.Compare(x.kind, y.kind), slices.CompareFunc(x.facts, y.facts, compareUUID))
	})
	return a
}

// byOrder is the order of facts (§1).
func byOrder(a, b *naiveFact) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Gate, b.Gate), strings.Compare(string(a.Epoch), string(b.Epoch)),
		cmp.Compare(a.Seq, b.Seq), compareUUID(a.ID, b.ID))
}

func compareUUID(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// aboutStay says whether a fact is one of those of §2.
func (f *naiveFact) aboutStay() bool {
	switch f.body.(type) {
	case *parking.VehicleIn, *parking.VehicleOut, *parking.PlateCorrected, *parking.ClassCorrected, *parking.SlotChanged,
		*parking.StayPlaced, *parking.StayVoided, *parking.VehicleBackedOut, *parking.TokenLost, *parking.PaymentRequested,
		*parking.PaymentTaken, *parking.PaymentConfirmed, *parking.RefundPaid, *parking.RefundMade, *parking.ExitMatched:
		return true
	}
	return false
}

// once is ids without repetitions.
func once(ids ...uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ofFact is the stay of a fact as a list: none or one.
func ofFact(f *naiveFact) []uuid.UUID {
	if f.stay != uuid.Nil {
		return []uuid.UUID{f.stay}
	}
	return nil
}
