package state

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// What this gate has lent and borrowed (docs/SLOTS.md). What it has lent is on
// disk before it says so. What it has borrowed is the cloud's word in the feed
// and holds for this run of the program only; what it has given up it never
// takes again.

// loadLent reads the ledger of home slots that were lent.
func loadLent(ctx context.Context, q *gatesql.Queries) (map[string]parking.Lent, error) {
	rows, err := q.LentSlots(ctx)
	if err != nil {
		return nil, diskError("read the lent slots", err)
	}
	lent := map[string]parking.Lent{}
	for _, doc := range rows {
		var l parking.Lent
		if err := json.Unmarshal([]byte(doc), &l); err != nil {
			return nil, fmt.Errorf("read the lent slots: %w", err)
		}
		lent[l.Slot] = l
	}
	return lent, nil
}

func putLent(ctx context.Context, q *gatesql.Queries, l parking.Lent) error {
	doc, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode a lent slot: %w", err)
	}
	if err := q.PutLent(ctx, gatesql.PutLentParams{Slot: l.Slot, Document: string(doc)}); err != nil {
		return fmt.Errorf("write a lent slot: %w", err)
	}
	return nil
}

// tellLent brings the ledger on disk to what the cloud tells of slots; writeMu
// is held. Memory follows with takeLent after the commit.
func (s *State) tellLent(ctx context.Context, q *gatesql.Queries, incarnation uuid.UUID, slots []parking.Slot, told map[string]parking.Lent) error {
	for _, slot := range slots {
		before, ok := told[slot.Code]
		if !ok {
			before, ok = s.lent[slot.Code] // written under writeMu only
		}
		if !ok {
			continue
		}
		if after := before.Told(incarnation, slot); after != before {
			if err := putLent(ctx, q, after); err != nil {
				return err
			}
			told[slot.Code] = after
		}
	}
	return nil
}

// takeLent brings memory to where the disk is; writeMu and mu are held.
func (s *State) takeLent(told map[string]parking.Lent) { maps.Copy(s.lent, told) }

// Lend lends a home slot, as the cloud asks: when it returns true, the disk
// has it and the slot is offered here no more. False: it is not lent.
func (s *State) Lend(ctx context.Context, ask parking.Asked) (bool, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.resync(ctx); err != nil {
		return false, err
	}
	site := s.Site()
	slot, ok := site.Slot(ask.Slot)
	if !ok {
		return false, nil
	}
	before := s.lent[ask.Slot]
	if !before.Blocks() && s.nearBlocks(ask.Slot) {
		return false, nil // a neighbour may offer it
	}
	after, lent := before.Lend(s.gate, site.Incarnation, slot, ask)
	if !lent || after == before {
		return lent, nil
	}
	if err := s.tx(ctx, func(q *gatesql.Queries) error { return putLent(ctx, q, after) }); err != nil {
		return false, fmt.Errorf("lend a slot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent[ask.Slot] = after
	s.publish()
	return true, nil
}

// GiveUp says that this gate offers borrowed slots no more. The next LoanNote
// returns them.
func (s *State) GiveUp(slots ...string) {
	if len(slots) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, code := range slots {
		if l := s.base.slots[code].Loan; l.To == s.gate {
			s.givenUp[code] = parking.GivenUp{N: l.N, Incarnation: l.Incarnation}
		}
	}
	s.publish()
}

// LoanNote is what this gate has to say of loans, but for what it would like
// to have. Slots in keep are shown at a lane: they are not returned yet. The
// caller sees to it that nobody takes a slot meanwhile.
func (s *State) LoanNote(ctx context.Context, keep map[string]bool) (parking.LoanNote, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.resync(ctx); err != nil {
		return parking.LoanNote{}, err
	}
	if err := s.settleNear(ctx); err != nil {
		return parking.LoanNote{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := parking.LoanNote{Incarnation: s.base.incarnation}
	for _, code := range slices.Sorted(maps.Keys(s.lent)) {
		if l, known := s.lent[code], s.base.slots[code].Loan.N; l.Blocks() && (l.Known != s.base.incarnation || known < l.N) {
			n.Lent = append(n.Lent, parking.LentWord{Asked: l.Asked, Seen: known})
		}
	}
	if s.behind() {
		return n, nil
	}
	for _, slot := range s.base.slots {
		if slot.Loan.To != s.gate || keep[slot.Code] || s.mayOffer(slot) || s.lent[slot.Code].Blocks() || s.nearUncovered(slot.Code) {
			continue
		}
		n.Returned = append(n.Returned, parking.Returned{Slot: slot.Code, N: slot.Loan.N, Epoch: s.epoch, Seq: s.lastSeq})
	}
	return n, nil
}

// behind says whether the feed lacks own facts of earlier runs; mu is held.
func (s *State) behind() bool {
	for _, facts := range s.over.facts {
		if slices.ContainsFunc(facts, func(l laid) bool { return l.fact.Gate == s.gate && l.fact.Epoch != s.epoch }) {
			return true
		}
	}
	return false
}

// mayOffer says whether this gate may hand out the slot without asking; mu is
// held.
func (s *State) mayOffer(slot parking.Slot) bool {
	if l, ok := s.near.Offers(slot.Code); ok {
		return !s.gone(l.Home)
	}
	return !s.nearBlocked(slot.Code) && parking.MayOffer(s.gate, s.epoch, s.base.incarnation, slot, s.lent[slot.Code], s.givenUp[slot.Code])
}

// offerable lists the slots that this gate may hand out; mu is held.
func (s *State) offerable() map[string]bool {
	may := map[string]bool{}
	for code, slot := range s.base.slots {
		if s.mayOffer(slot) {
			may[code] = true
		}
	}
	return may
}

// counts are the vehicles inside by zone and class, by the cloud's word alone;
// mu is held.
func (s *State) counts() map[string]map[parking.Class]int {
	n := map[string]map[parking.Class]int{}
	for _, stay := range s.base.inside {
		if n[stay.Zone] == nil {
			n[stay.Zone] = map[parking.Class]int{}
		}
		n[stay.Zone][stay.Class]++
	}
	return n
}

// ownCounts is what own facts have changed in counts: what neighbours told is of
// their own shares. mu is held.
func (s *State) ownCounts() map[string]map[parking.Class]int {
	n := map[string]map[parking.Class]int{}
	count := func(stay *parking.Stay, by int) {
		if stay == nil || stay.State != parking.Inside {
			return
		}
		if n[stay.Zone] == nil {
			n[stay.Zone] = map[parking.Class]int{}
		}
		n[stay.Zone][stay.Class] += by
	}
	for id, stay := range s.over.stays {
		if !slices.ContainsFunc(s.over.facts[id], func(l laid) bool { return l.fact.Gate == s.gate }) {
			continue
		}
		count(stay, 1)
		count(s.base.stays[id], -1)
	}
	return n
}
