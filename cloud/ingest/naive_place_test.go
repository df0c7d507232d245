package ingest_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// naiveClaim is a move to a slot, until the next move or the exit.
type naiveClaim struct {
	stay  *naiveStay
	fact  uuid.UUID
	slot  string
	from  time.Time
	until time.Time // zero: still
	valid bool
	lost  bool
}

func (c *naiveClaim) empty() bool { return !c.until.IsZero() && !c.until.After(c.from) }

// claim lists what the stay claims, once its IN is known. A vehicle that has
// left moves nowhere any more.
func (n *naive) claim(s *naiveStay, slots []naiveVersion[*parking.SlotVersion]) {
	if s.voided() || s.in == nil {
		return
	}
	for i, m := range s.moves {
		if m.slot == "" || (m.fact != s.in.ID && s.out != nil && !m.at.Before(s.outAt)) {
			continue
		}
		c := &naiveClaim{stay: s, fact: m.fact, slot: m.slot, from: m.at}
		if s.out != nil {
			c.until = s.outAt
		}
		if i+1 < len(s.moves) && (c.until.IsZero() || s.moves[i+1].at.Before(c.until)) {
			c.until = s.moves[i+1].at
		}
		closed := n.closed[m.slot]
		if v := newest(slots, m.slot, m.at); v != nil {
			closed = v.body.OutOfService
		}
		c.valid = slices.Contains(n.classes[m.slot], s.class) && !closed
		s.claims = append(s.claims, c)
	}
}

// placed says whether the stay stands where its last move put it.
func (n *naive) placed(s *naiveStay) bool {
	if len(s.moves) == 0 {
		return false
	}
	last := s.moves[len(s.moves)-1]
	if last.slot == "" {
		return n.counted[last.zone]
	}
	return slices.ContainsFunc(s.claims, func(c *naiveClaim) bool { return c.fact == last.fact && c.valid && !c.lost })
}

// slotsTwice lets the earlier of two claims keep the slot.
func (n *naive) slotsTwice(all []*naiveStay) []naiveConflict {
	var claims []*naiveClaim
	for _, s := range all {
		for _, c := range s.claims {
			if c.valid && !c.empty() {
				claims = append(claims, c)
			}
		}
	}
	slices.SortFunc(claims, func(a, b *naiveClaim) int {
		return cmp.Or(a.from.Compare(b.from), compareUUID(a.fact, b.fact))
	})
	var out []naiveConflict
	for i, c := range claims {
		for _, first := range claims[:i] {
			if first.slot != c.slot || first.lost || (!first.until.IsZero() && !first.until.After(c.from)) {
				continue
			}
			c.lost = true
			if first.stay != c.stay {
				out = append(out, naiveConflict{
					kind: "slot_twice", slot: c.slot, at: c.from,
					facts: []uuid.UUID{first.fact, c.fact}, stays: []uuid.UUID{first.stay.id, c.stay.id},
				})
			}
		}
	}
	return out
}
