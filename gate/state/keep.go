package state

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// How long things are kept at a gate.
const (
	keepStays = 48 * time.Hour      // stays that have ended, in the cache
	keepFacts = 35 * 24 * time.Hour // facts and photos that the cloud has
)

// SavePhoto keeps a JPEG and returns how a fact names it. It is sent to the
// cloud later, after the facts.
func (s *State) SavePhoto(ctx context.Context, role parking.CameraRole, jpeg []byte) (parking.PhotoRef, error) {
	sha, err := s.store.SavePhoto(ctx, jpeg, s.clock.Now())
	if err != nil {
		return parking.PhotoRef{}, fmt.Errorf("save a photo: %w", err)
	}
	return parking.PhotoRef{Role: string(role), SHA256: sha, Bytes: len(jpeg)}, nil
}

// Photo returns a photo that is kept at this gate; NotFound when it is not.
func (s *State) Photo(sha string) ([]byte, error) { return s.store.Photo(sha) }

// CachePhoto keeps a photo that the cloud has sent.
func (s *State) CachePhoto(ctx context.Context, jpeg []byte) (sha string, err error) {
	return s.store.CachePhoto(ctx, jpeg, s.clock.Now())
}

// PhotosWaiting lists photos that the cloud does not have, oldest first.
func (s *State) PhotosWaiting(ctx context.Context, limit int) ([]store.WaitingPhoto, error) {
	return s.store.PhotosWaiting(ctx, limit)
}

// PhotoSent notes that the cloud has a photo.
func (s *State) PhotoSent(ctx context.Context, sha string) error {
	return s.store.PhotoSent(ctx, sha, s.clock.Now())
}

// ResendPhotos marks the photos that are kept here to be sent again, for a
// cloud that was restored from a backup.
func (s *State) ResendPhotos(ctx context.Context) error {
	since := s.clock.Now().Add(-keepFacts).UnixMilli()
	return s.tx(ctx, func(q *gatesql.Queries) error { return q.ResendPhotos(ctx, since) })
}

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
		return q.PruneOpenings(ctx, old)
	})
	if err != nil {
		return fmt.Errorf("prune facts: %w", err)
	}
	if _, err := s.store.PrunePhotos(ctx, now.Add(-keepFacts)); err != nil {
		return fmt.Errorf("prune photos: %w", err)
	}
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
		delete(s.base.stays, id)
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
