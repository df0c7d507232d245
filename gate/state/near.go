package state

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Loans over the local network (docs/NEIGHBOURS.md): what this gate has lent is
// on its disk before the neighbour is told; what it has borrowed holds for this
// run of the program, and is kept in memory only.

func loadNearLent(ctx context.Context, q *gatesql.Queries) (map[string]parking.NearLent, error) {
	rows, err := q.NearLent(ctx)
	if err != nil {
		return nil, diskError("read what was lent to neighbours", err)
	}
	lent := map[string]parking.NearLent{}
	for _, doc := range rows {
		var l parking.NearLent
		if err := json.Unmarshal([]byte(doc), &l); err != nil {
			return nil, fmt.Errorf("read what was lent to neighbours: %w", err)
		}
		lent[l.Slot] = l
	}
	return lent, nil
}

// putNear writes changes of the ledger; writeMu is held. When it returns nil, the
// disk has them and Site shows them.
func (s *State) putNear(ctx context.Context, changed map[string]parking.NearLent) error {
	if len(changed) == 0 {
		return nil
	}
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		for _, code := range slices.Sorted(maps.Keys(changed)) {
			doc, err := json.Marshal(changed[code])
			if err != nil {
				return fmt.Errorf("encode a slot lent to a neighbour: %w", err)
			}
			if err := q.PutNearLent(ctx, gatesql.PutNearLentParams{Slot: code, Document: string(doc)}); err != nil {
				return fmt.Errorf("write a slot lent to a neighbour: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write what is lent to neighbours: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.nearLent, changed)
	s.publish()
	return nil
}

// nearHeld is up to where this gate holds the facts of a loan's borrower; mu is
// held.
func (s *State) nearHeld(l parking.NearLent) int64 { return s.strands.held(Strand{l.To, l.Epoch}) }

// nearBlocked says whether a home slot is lent over the local network: it is
// neither offered nor lent. mu is held.
func (s *State) nearBlocked(code string) bool {
	l, ok := s.nearLent[code]
	return ok && l.Blocks(s.base.incarnation, s.nearHeld(l)) && !s.gone(l.To)
}

func (s *State) nearBlocks(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nearBlocked(code)
}

// nearUncovered says whether the cloud may lack what a neighbour did with a slot
// that it had from here: before it has that, the right is not given on by its
// word. mu is held.
func (s *State) nearUncovered(code string) bool {
	l, ok := s.nearLent[code]
	return ok && !s.gone(l.To) && (!l.Back || s.strands.covered(Strand{l.To, l.Epoch}) < l.Seq)
}

// gone says whether a gate was revoked: its loans end, and what it did under them
// comes by hand. mu is held.
func (s *State) gone(gate string) bool {
	revoked := false
	for _, k := range s.base.config.Keys {
		if k.Gate == gate && k.Until == nil && !k.Revoked {
			return false
		}
		revoked = revoked || k.Gate == gate && k.Revoked
	}
	return revoked
}

// settleNear keeps what was found over, so that it stays so; writeMu is held.
func (s *State) settleNear(ctx context.Context) error {
	changed := map[string]parking.NearLent{}
	s.mu.Lock()
	for code, l := range s.nearLent {
		if after := l.Settled(s.base.incarnation, s.nearHeld(l)); after != l {
			changed[code] = after
		}
	}
	s.mu.Unlock()
	return s.putNear(ctx, changed)
}

// NearLend lends a home slot that this gate may hand out to a neighbour, in that
// one's run. When it returns true, the disk has it and the slot is offered here
// no more. The caller sees to it that it stands offered at no lane.
func (s *State) NearLend(ctx context.Context, slot, to string, epoch parking.Epoch) (bool, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.resync(ctx); err != nil {
		return false, err
	}
	if room, known := s.store.DiskRoom(); known && room.Low() {
		return false, parking.Errorf(parking.Unavailable, "The disk of this gate is nearly full: it lends nothing.")
	}
	now, ok := s.Site().Slot(slot)
	if !ok || now.Home != s.gate || to == s.gate || now.State != parking.SlotFree || !s.Site().MayOffer(slot) {
		return false, nil
	}
	return true, s.putNear(ctx, map[string]parking.NearLent{slot: s.nearLent[slot].Lend(slot, s.gate, to, epoch)})
}

// NearTake takes a neighbour's word about what it has from this gate, and what it
// has given up. When it returns nil, the disk has it.
func (s *State) NearTake(ctx context.Context, from string, n parking.NearNote) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.settleNear(ctx); err != nil {
		return err
	}
	changed := map[string]parking.NearLent{}
	s.mu.Lock()
	for _, l := range n.Have {
		before := s.nearLent[l.Slot]
		if _, known := s.base.slots[l.Slot]; !known || l.Home != s.gate {
			continue
		}
		if after := before.Has(s.base.incarnation, s.nearHeld(before), from, l); after != before {
			changed[l.Slot] = after
		}
	}
	for _, b := range n.Back {
		before := s.nearLent[b.Slot]
		if after := before.GaveBack(from, b); after != before && !before.Over(s.base.incarnation) {
			changed[b.Slot] = after
		}
	}
	s.mu.Unlock()
	for slot, l := range changed {
		if !l.Back && s.nearLent[slot].N != l.N {
			s.log.Warn("a neighbour has a slot from here that this disk does not know of", "slot", slot, "gate", from)
		}
	}
	return s.putNear(ctx, changed)
}

// NearLentTo lists the loans to a neighbour that are not over.
func (s *State) NearLentTo(gate string) []parking.NearLoan {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []parking.NearLoan
	for _, code := range slices.Sorted(maps.Keys(s.nearLent)) {
		if l := s.nearLent[code]; l.To == gate && l.Blocks(s.base.incarnation, s.nearHeld(l)) {
			out = append(out, l.NearLoan)
		}
	}
	return out
}

// NearGiveUp says that this gate offers no more what neighbours have lent to it.
// The next notes give it back.
func (s *State) NearGiveUp(slots ...string) {
	if len(slots) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, code := range slots {
		s.near.GiveUp(code)
	}
	s.publish()
}

// NearNote is what this gate has to say to a neighbour about that one's slots,
// but for what it would like to have. The caller sees to it that nobody takes a
// slot meanwhile.
func (s *State) NearNote(ctx context.Context, home string) (parking.NearNote, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.resync(ctx); err != nil {
		return parking.NearNote{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := parking.NearNote{Epoch: s.epoch}
	for _, code := range s.near.Odd(home) {
		if s.base.slots[code].Home != home {
			n.Skip = append(n.Skip, code)
		}
	}
	for _, l := range s.near.Got() {
		if l.Home == home {
			n.Have = append(n.Have, l)
		}
	}
	for _, l := range s.near.Owed(home) {
		seq := s.lastSeq
		if l.Epoch != s.epoch {
			seq = s.strands.held(Strand{s.gate, l.Epoch})
		}
		n.Back = append(n.Back, parking.NearBack{Slot: l.Slot, N: l.N, Seq: seq})
	}
	return n, nil
}

// NearTold takes a neighbour's answer. What is not known here as that one's home
// slot is not taken: who lends another gate's lies, or this gate has not heard yet
// that the home has changed.
func (s *State) NearTold(home string, a parking.NearAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.nearLines()
	s.near.Told(s.gate, s.epoch, home, a, func(slot string) bool { return s.base.slots[slot].Home == home })
	if !slices.Equal(before, s.nearLines()) {
		s.publish()
	}
}

// nearLines are the loans over the local network that are not over; mu is held.
func (s *State) nearLines() []NearLine {
	var out []NearLine
	for code, l := range s.nearLent {
		if s.nearBlocked(code) {
			out = append(out, NearLine{Slot: code, From: s.gate, To: l.To, Back: l.Back})
		}
	}
	for _, l := range s.near.Got() {
		out = append(out, NearLine{Slot: l.Slot, From: l.Home, To: s.gate})
	}
	for _, l := range s.near.Owed("") {
		out = append(out, NearLine{Slot: l.Slot, From: l.Home, To: s.gate, Back: true})
	}
	slices.SortFunc(out, func(a, b NearLine) int {
		return cmp.Or(strings.Compare(a.Slot, b.Slot), strings.Compare(a.From, b.From))
	})
	return out
}
