package state

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// laid is a fact that lies over the cloud's state: of this gate, or heard.
type laid struct {
	fact    parking.Fact // its At is the true time, as far as it is known
	written parking.Fact // as it was written
	body    any
	signer  string // the key that signed a fact that was heard; "" for an own one
}

// overlay are own facts, and facts that neighbours told, that the feed does not
// cover yet, and what they make of the stays that they are about.
type overlay struct {
	facts map[uuid.UUID][]laid // by stay, in the order of facts
	stays map[uuid.UUID]*parking.Stay
	lanes []laid // changes of lanes, in the order of facts
}

func emptyOverlay() overlay {
	return overlay{facts: map[uuid.UUID][]laid{}, stays: map[uuid.UUID]*parking.Stay{}}
}

func loadOverlay(ctx context.Context, q *gatesql.Queries, timed func(*parking.Fact) time.Time) (overlay, error) {
	o := emptyOverlay()
	rows, err := q.Overlay(ctx)
	if err != nil {
		return o, diskError("read own facts", err)
	}
	for _, encoded := range rows {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			return o, fmt.Errorf("read own facts: %w", err)
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			continue // written by a newer version of this program: the cloud will tell what it means
		}
		o.add(f, timed(&f), body, parking.StayOf(f))
	}
	heard, err := q.HeardOverlay(ctx)
	if err != nil {
		return o, diskError("read what was heard", err)
	}
	for _, r := range heard {
		f, err := parking.DecodeFact(r.Encoded)
		if err != nil {
			continue // kept for the cloud, which may know what it means
		}
		if body, err := parking.DecodeBody(f); err == nil {
			f.At = parking.BusinessTime(f.At)
			o.addHeard(f, timed(&f), body, parking.StayOf(f), r.Signer)
		}
	}
	return o, nil
}

// add keeps a fact that happened at a true time; it says whether what is shown
// depends on it.
func (o *overlay) add(f parking.Fact, at time.Time, body any, stay uuid.UUID) bool {
	return o.put(laid{fact: f, body: body}, at, stay)
}

// addHeard is add for a fact that a neighbour told.
func (o *overlay) addHeard(f parking.Fact, at time.Time, body any, stay uuid.UUID, signer []byte) bool {
	return o.put(laid{fact: f, body: body, signer: string(signer)}, at, stay)
}

func (o *overlay) put(l laid, at time.Time, stay uuid.UUID) bool {
	l.fact.Body = nil // the decoded one is enough
	l.written = l.fact
	l.fact.At = at
	f := &l.fact
	switch {
	case f.Kind == parking.KindLaneChanged:
		o.lanes = append(o.lanes, l)
		sortLaid(o.lanes)
	case parking.AboutStay(f.Kind) && stay != uuid.Nil:
		facts := append(o.facts[stay], l)
		sortLaid(facts)
		o.facts[stay] = facts
	default:
		return false
	}
	return true
}

func sortLaid(facts []laid) {
	slices.SortStableFunc(facts, func(a, b laid) int { return a.fact.Compare(b.fact) })
}

// has says whether a fact about a stay is laid already.
func (o *overlay) has(stay, fact uuid.UUID) bool {
	return slices.ContainsFunc(o.facts[stay], func(l laid) bool { return l.fact.ID == fact })
}

// cover drops the facts of a run up to seq and returns the stays that were
// touched.
func (o *overlay) cover(c wire.Covered) []uuid.UUID {
	return o.drop(func(l laid) bool { return l.fact.Gate == c.Gate && l.fact.Epoch == c.Epoch && l.fact.Seq <= c.Seq })
}

// drop drops facts and returns the stays that were touched.
func (o *overlay) drop(covered func(laid) bool) []uuid.UUID {
	var touched []uuid.UUID
	for id, facts := range o.facts {
		if !slices.ContainsFunc(facts, covered) {
			continue
		}
		touched = append(touched, id)
		if facts = slices.DeleteFunc(facts, covered); len(facts) == 0 {
			delete(o.facts, id)
		} else {
			o.facts[id] = facts
		}
	}
	o.lanes = slices.DeleteFunc(o.lanes, covered)
	return touched
}

// lay puts an own fact over the cloud's state; mu is held.
func (s *State) lay(f parking.Fact, body any, stay uuid.UUID) {
	if s.over.add(f, s.timed(&f), body, stay) && stay != uuid.Nil {
		s.refold(stay)
	}
}

// refold makes the overlaid stay anew; mu is held.
func (s *State) refold(id uuid.UUID) {
	facts := s.over.facts[id]
	if len(facts) == 0 {
		delete(s.over.stays, id)
		return
	}
	stay := parking.Stay{ID: id}
	if b := s.base.stays[id]; b != nil {
		stay = *b
		stay.Payments = slices.Clone(b.Payments)
		stay.Moves = slices.Clone(b.Moves)
	}
	for _, l := range facts {
		stay.ApplyFact(l.fact, l.body)
	}
	s.over.stays[id] = &stay
	s.base.claim(&stay)
}

// effective is a stay as it is shown, nil when it is not known; mu is held.
func (s *State) effective(id uuid.UUID) *parking.Stay {
	if stay := s.over.stays[id]; stay != nil {
		return stay
	}
	return s.base.stays[id]
}

// publish makes a new Site of base and overlay and wakes the watchers; mu is
// held.
func (s *State) publish() {
	slots := maps.Clone(s.base.slots)
	placed := s.project(slots)
	v := &Site{
		Ready: s.base.ready, Incarnation: s.base.incarnation, FeedSeq: s.base.feedSeq, Gate: s.gate,
		Config: s.config(), Holds: maps.Clone(s.base.holds), Slots: slices.Collect(maps.Values(slots)),
		Conflicts: slices.Collect(maps.Values(s.base.conflicts)), may: s.offerable(), counted: s.counts(), own: s.ownCounts(),
		Covers: s.base.covers, taken: s.taken, Near: s.nearLines(), Lists: s.lists,
	}
	slices.SortFunc(v.Slots, func(a, b parking.Slot) int { return strings.Compare(a.Code, b.Code) })
	slices.SortFunc(v.Conflicts, func(a, b wire.Conflict) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	inside := s.inside()
	v.Inside = make([]parking.Stay, len(inside))
	for i, stay := range inside {
		v.Inside[i] = *stay
		if p, ok := placed[stay.ID]; ok {
			v.Inside[i].Placed = p
		}
	}
	v.index()
	s.view.Store(v)
	s.notify()
}

// inside lists the stays that are inside, by time of IN.
func (s *State) inside() []*parking.Stay {
	out := make([]*parking.Stay, 0, len(s.base.inside)+len(s.over.stays))
	for id, stay := range s.base.inside {
		if s.over.stays[id] == nil {
			out = append(out, stay)
		}
	}
	for _, stay := range s.over.stays {
		if stay.State == parking.Inside {
			out = append(out, stay)
		}
	}
	slices.SortFunc(out, func(a, b *parking.Stay) int {
		if a.InAt != nil && b.InAt != nil {
			if c := a.InAt.Compare(*b.InAt); c != 0 {
				return c
			}
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return out
}

// project lays what own facts did to slots over the cloud's slots. It returns
// the stays whose being placed differs from what their fold says.
func (s *State) project(slots map[string]parking.Slot) map[uuid.UUID]bool {
	placed := map[uuid.UUID]bool{}
	replay := map[string]bool{}
	for id, stay := range s.over.stays {
		if b := s.base.stays[id]; b != nil && release(slots, b, stay) {
			replay[b.Slot] = true // another may stand there since, unplaced until now
		}
		for _, m := range stay.Moves {
			if m.Slot != "" && s.laidHere(id, m.Fact) {
				replay[m.Slot] = true // also of one that has left: it was there before another
			}
		}
		if b := s.base.stays[id]; b != nil && stay.State == parking.Inside && stay.Slot != "" && !replay[stay.Slot] {
			placed[id] = b.Placed
		}
	}
	for code := range replay {
		s.replay(slots, code, placed)
	}
	return placed
}

// laidHere says whether a stay's fact lies over the cloud's state: the cloud has
// not judged it yet.
func (s *State) laidHere(id, fact uuid.UUID) bool {
	return slices.ContainsFunc(s.over.facts[id], func(l laid) bool { return l.fact.ID == fact })
}

// release frees the slot that a stay has left by an own fact, and says
// whether it did.
func release(slots map[string]parking.Slot, before, after *parking.Stay) bool {
	slot, ok := slots[before.Slot]
	if !ok || slot.Stay != before.ID || after.State == parking.Inside && after.Slot == before.Slot {
		return false
	}
	slot.Stay = uuid.Nil
	if slot.State == parking.SlotOccupied {
		slot.State = parking.SlotFree
	}
	slots[before.Slot] = slot
	return true
}

// replay decides who stands in a slot by the same rule as the cloud: the
// claims in order of time, the earlier keeps it.
func (s *State) replay(slots map[string]parking.Slot, code string, placed map[uuid.UUID]bool) {
	slot, known := slots[code]
	if known && slices.Contains(s.base.claimants[code], slot.Stay) && slot.State == parking.SlotOccupied {
		// Whoever holds it is judged with the others, also after going and coming back.
		slot.Stay, slot.State = uuid.Nil, parking.SlotFree
		slots[code] = slot
	}
	var claims []parking.Claim
	for _, id := range s.base.claimants[code] {
		stay := s.effective(id)
		if stay == nil {
			continue
		}
		if stay.State == parking.Inside && stay.Slot == code {
			placed[id] = false
		}
		if !known || slot.State == parking.SlotOutOfService || !slot.Takes(stay.Class) {
			continue
		}
		for _, c := range stay.Claims() {
			if c.Slot == code {
				claims = append(claims, c)
			}
		}
	}
	for _, c := range parking.PlaceClaims(claims) {
		if c.Placed && c.Until == nil {
			placed[c.Stay] = true
			slot.Stay, slot.State = c.Stay, parking.SlotOccupied
			slots[code] = slot
		}
	}
}

// config is the cloud's configuration with the changes of lanes that it does
// not know yet.
func (s *State) config() wire.SiteConfig {
	c := s.base.config
	if len(s.over.lanes) == 0 {
		return c
	}
	c.Lanes = slices.Clone(c.Lanes)
	for _, l := range s.over.lanes {
		change, ok := l.body.(*parking.LaneChanged)
		if !ok {
			continue
		}
		for i := range c.Lanes {
			if c.Lanes[i].Gate == l.fact.Gate && c.Lanes[i].Code == change.Lane {
				c.Lanes[i].Direction = change.Direction
			}
		}
	}
	return c
}
