package state

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
)

// How long things are kept at a gate.
const (
	keepStays = 48 * time.Hour      // stays that have ended, in the cache
	keepFacts = 35 * 24 * time.Hour // facts and photos that the cloud has
)

// Prune drops what need not be kept: stays that ended more than two days ago,
// and facts and photos that the cloud has for more than 35 days. Facts that
// wait or lie over the cloud's state are never dropped.
func (s *State) Prune(ctx context.Context) error {
	now := s.clock.Now()
	if err := s.pruneStays(ctx, now.Add(-keepStays)); err != nil {
		return fmt.Errorf("prune stays: %w", err)
	}
	old := now.Add(-keepFacts).UnixMilli()
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		if _, err := q.PruneFacts(ctx, &old); err != nil {
			return err
		}
		if err := q.PruneShifts(ctx, now.Add(-keepStays).UnixMilli()); err != nil {
			return err
		}
		if err := q.PruneMessagesRead(ctx, old); err != nil {
			return err
		}
		return q.PruneOpenings(ctx, old)
	})
	if err != nil {
		return fmt.Errorf("prune facts: %w", err)
	}
	if _, err := s.pruneHeard(ctx, old, 0); err != nil {
		return fmt.Errorf("prune what was heard: %w", err)
	}
	if _, err := s.store.PrunePhotos(ctx, now.Add(-keepFacts)); err != nil {
		return fmt.Errorf("prune photos: %w", err)
	}
	s.watchPhotoRoom(ctx)
	return s.watchRoom(ctx)
}

func (s *State) pruneStays(ctx context.Context, before time.Time) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	rows, err := s.store.Read().EndedBefore(ctx, before.UnixMilli())
	if err != nil {
		return s.diskError("list ended stays", err)
	}
	s.mu.Lock()
	var gone []uuid.UUID
	for _, row := range rows {
		// A stay that own facts lie over needs the cloud's part of it.
		if id, err := uuid.Parse(row); err == nil && s.over.stays[id] == nil {
			gone = append(gone, id)
		}
	}
	s.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	err = s.tx(ctx, func(q *gatesql.Queries) error {
		for _, id := range gone {
			if err := q.DeleteStay(ctx, id.String()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range gone {
		s.base.drop(id)
	}
	s.base.claimants = map[string][]uuid.UUID{}
	for _, stay := range s.base.stays {
		s.base.claim(stay)
	}
	for _, stay := range s.over.stays {
		s.base.claim(stay)
	}
	s.publish()
	return nil
}
