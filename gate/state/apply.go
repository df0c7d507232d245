package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// ErrHole says that a feed entry is missing before the one that came: the
// link must ask for the feed again from where this gate is.
var ErrHole = errors.New("an entry of the feed is missing")

// conflictOpen is the state of a conflict that waits for a person.
const conflictOpen = "open"

// ApplyDeltas applies entries of the feed, in order, in one transaction.
// Entries that were applied before are passed over; ErrHole when one is
// missing (the entries before the hole are applied). A delta that stands for a
// range of entries is applied like one, also when some of them were applied
// before: it holds the newest of everything that they touched.
func (s *State) ApplyDeltas(ctx context.Context, deltas ...wire.Delta) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	site := s.Site()
	if !site.Ready {
		return fmt.Errorf("no snapshot yet: %w", ErrHole)
	}
	next, hole := site.FeedSeq, false
	var fresh []wire.Delta
	for _, d := range deltas {
		if d.FeedSeq <= next {
			continue
		}
		if hole = d.First() > next+1 || d.First() > d.FeedSeq; hole {
			break
		}
		next = d.FeedSeq
		fresh = append(fresh, d)
	}
	if len(fresh) > 0 {
		told := map[string]parking.Lent{}
		err := s.tx(ctx, func(q *gatesql.Queries) error { return s.storeDeltas(ctx, q, fresh, told) })
		if err != nil {
			return fmt.Errorf("apply the feed: %w", err)
		}
		s.mu.Lock()
		for i := range fresh {
			s.takeDelta(&fresh[i])
		}
		s.takeLent(told)
		s.publish()
		s.mu.Unlock()
	}
	if hole {
		return ErrHole
	}
	return nil
}

func (s *State) storeDeltas(ctx context.Context, q *gatesql.Queries, deltas []wire.Delta, told map[string]parking.Lent) error {
	nowMS, incarnation := s.clock.Now().UnixMilli(), s.Site().Incarnation
	for i := range deltas {
		d := &deltas[i]
		if d.Config != nil {
			if err := putConfig(ctx, q, *d.Config); err != nil {
				return err
			}
		}
		if err := putSlots(ctx, q, d.Slots); err != nil {
			return err
		}
		if err := s.tellLent(ctx, q, incarnation, d.Slots, told); err != nil {
			return err
		}
		if err := putStays(ctx, q, d.Stays, nowMS); err != nil {
			return err
		}
		if err := putConflicts(ctx, q, d.Conflicts); err != nil {
			return err
		}
		if err := s.storeCovers(ctx, q, d.Covers); err != nil {
			return err
		}
	}
	return setFeedSeq(ctx, q, deltas[len(deltas)-1].FeedSeq)
}

// takeDelta brings memory to where the disk is; writeMu and mu are held.
func (s *State) takeDelta(d *wire.Delta) {
	b := &s.base
	b.feedSeq = d.FeedSeq
	if d.Lists != nil {
		s.listsHead.mark = *d.Lists
	}
	if d.Config != nil {
		b.config = *d.Config
	}
	for _, slot := range d.Slots {
		b.slots[slot.Code] = slot
	}
	for _, c := range d.Conflicts {
		b.conflicts[c.ID] = c
		if c.State != conflictOpen {
			delete(b.conflicts, c.ID)
		}
	}
	touched := map[uuid.UUID]bool{}
	for i := range d.Stays {
		stay := d.Stays[i]
		s.rememberStay(b.stays[stay.ID], &stay)
		b.put(&stay)
		b.claim(&stay)
		touched[stay.ID] = true
	}
	for _, c := range d.Covers {
		if c.Gate == parking.CloudGate {
			continue
		}
		for _, id := range s.over.cover(c) {
			touched[id] = true
		}
		if s.strands.strange(c) {
			s.ahead = true
			s.series.doubt(c)
		}
		s.strands.cover(c)
		if c.Gate == s.gate {
			s.covered[c.Epoch] = max(s.covered[c.Epoch], c.Seq)
		}
	}
	for id := range touched {
		s.refold(id)
	}
	if d.Config != nil {
		s.dropRevoked()
	}
}

// ApplySnapshot replaces the cloud's state. Own facts that the snapshot does
// not hold lie over it, and wait to be sent, whatever was thought of them
// before.
func (s *State) ApplySnapshot(ctx context.Context, snap wire.Snapshot) error {
	if snap.Config.Site != s.site {
		return parking.Errorf(parking.Invalid, "The cloud sent the state of another site.")
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	told := map[string]parking.Lent{}
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		if err := s.tellLent(ctx, q, snap.Incarnation, snap.Slots, told); err != nil {
			return err
		}
		return s.storeSnapshot(ctx, q, &snap)
	})
	if err != nil {
		return fmt.Errorf("apply the snapshot: %w", err)
	}
	q := s.store.Read()
	led, clocks, err := loadHeard(ctx, q, s.gate)
	if err != nil {
		return fmt.Errorf("apply the snapshot: %w", err)
	}
	over, err := loadOverlay(ctx, q, s.timed)
	if err != nil {
		return fmt.Errorf("apply the snapshot: %w", err)
	}
	b, err := loadBase(ctx, q)
	if err != nil {
		return fmt.Errorf("apply the snapshot: %w", err)
	}
	n, err := q.CountWaiting(ctx)
	if err != nil {
		return diskError("count waiting facts", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.covered)
	s.takeLent(told)
	b.holds = s.base.holds
	s.base, s.over, s.queue, s.strands, s.clocks = b, over, n, led, clocks
	for id := range s.over.facts {
		s.refold(id)
	}
	s.dropRevoked()
	if s.recent, err = s.loadRecent(ctx, q); err != nil {
		return err
	}
	s.publish()
	return nil
}

func (s *State) storeSnapshot(ctx context.Context, q *gatesql.Queries, snap *wire.Snapshot) error {
	for _, clearTable := range []func(context.Context) error{q.ClearStays, q.ClearSlots, q.ClearConflicts} {
		if err := clearTable(ctx); err != nil {
			return fmt.Errorf("clear the old state: %w", err)
		}
	}
	if err := putConfig(ctx, q, snap.Config); err != nil {
		return err
	}
	if err := putSlots(ctx, q, snap.Slots); err != nil {
		return err
	}
	if err := putStays(ctx, q, snap.Stays, s.clock.Now().UnixMilli()); err != nil {
		return err
	}
	if err := putConflicts(ctx, q, snap.Conflicts); err != nil {
		return err
	}
	if _, err := s.rewind(ctx, q, snap.Held); err != nil {
		return err
	}
	epochs, err := q.Epochs(ctx)
	if err != nil {
		return fmt.Errorf("read the epochs: %w", err)
	}
	for _, e := range epochs {
		held := snap.Held[parking.Epoch(e.Epoch)]
		if err := q.CoverFacts(ctx, gatesql.CoverFactsParams{Epoch: e.Epoch, FirstSeq: 1, LastSeq: held}); err != nil {
			return fmt.Errorf("cover own facts: %w", err)
		}
		if err := q.UncoverFacts(ctx, gatesql.UncoverFactsParams{Epoch: e.Epoch, Seq: held}); err != nil {
			return fmt.Errorf("uncover own facts: %w", err)
		}
	}
	if err := s.snapshotCovers(ctx, q, snap); err != nil {
		return err
	}
	p := gatesql.SetSettingParams{Name: settingIncarnation, Value: snap.Incarnation.String()}
	if err := q.SetSetting(ctx, p); err != nil {
		return fmt.Errorf("write the incarnation: %w", err)
	}
	return setFeedSeq(ctx, q, snap.FeedSeq)
}

func setFeedSeq(ctx context.Context, q *gatesql.Queries, seq int64) error {
	p := gatesql.SetSettingParams{Name: settingFeedSeq, Value: strconv.FormatInt(seq, 10)}
	if err := q.SetSetting(ctx, p); err != nil {
		return fmt.Errorf("write the feed number: %w", err)
	}
	return nil
}

func putConfig(ctx context.Context, q *gatesql.Queries, c wire.SiteConfig) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the site: %w", err)
	}
	if err := q.PutSite(ctx, gatesql.PutSiteParams{Name: documentConfig, Document: string(doc)}); err != nil {
		return fmt.Errorf("write the site: %w", err)
	}
	return nil
}

func putSlots(ctx context.Context, q *gatesql.Queries, slots []parking.Slot) error {
	for _, slot := range slots {
		doc, err := json.Marshal(slot)
		if err != nil {
			return fmt.Errorf("encode slot %s: %w", slot.Code, err)
		}
		if err := q.PutSlot(ctx, gatesql.PutSlotParams{Code: slot.Code, Document: string(doc)}); err != nil {
			return fmt.Errorf("write slot %s: %w", slot.Code, err)
		}
	}
	return nil
}

func putStays(ctx context.Context, q *gatesql.Queries, stays []parking.Stay, nowMS int64) error {
	for i := range stays {
		stay := &stays[i]
		doc, err := json.Marshal(stay) //nolint:gosec // a pass is a subscription
		if err != nil {
			return fmt.Errorf("encode a stay: %w", err)
		}
		changed := nowMS
		if stay.OutAt != nil {
			changed = stay.OutAt.UnixMilli()
		}
		p := gatesql.PutStayParams{
			ID: stay.ID.String(), State: string(stay.State), Plate: string(stay.Plate), ChangedMs: changed, Document: string(doc),
		}
		if err := q.PutStay(ctx, p); err != nil {
			return fmt.Errorf("write a stay: %w", err)
		}
		if stay.Plate == "" || stay.InAt == nil {
			continue
		}
		err = q.SeeVehicle(ctx, gatesql.SeeVehicleParams{
			Plate: string(stay.Plate), Display: stay.Display, Class: string(stay.Class), SeenMs: stay.InAt.UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("write a vehicle: %w", err)
		}
	}
	return nil
}

func putConflicts(ctx context.Context, q *gatesql.Queries, conflicts []wire.Conflict) error {
	for _, c := range conflicts {
		if c.State != conflictOpen {
			if err := q.DeleteConflict(ctx, c.ID); err != nil {
				return fmt.Errorf("drop a conflict: %w", err)
			}
			continue
		}
		doc, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("encode a conflict: %w", err)
		}
		if err := q.PutConflict(ctx, gatesql.PutConflictParams{ID: c.ID, Document: string(doc)}); err != nil {
			return fmt.Errorf("write a conflict: %w", err)
		}
	}
	return nil
}
