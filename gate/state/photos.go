package state

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
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

// SaveThumb keeps a thumbnail (at most parking.MaxThumbBytes), which goes to the
// cloud as soon as no fact waits and from there to every gate.
func (s *State) SaveThumb(ctx context.Context, jpeg []byte) (sha string, err error) {
	if sha, err = s.store.SaveThumb(ctx, jpeg, s.clock.Now()); err != nil {
		return "", fmt.Errorf("save a thumbnail: %w", err)
	}
	return sha, nil
}

// Photo returns a photo that is kept at this gate; NotFound when it is not.
func (s *State) Photo(sha string) ([]byte, error) { return s.store.Photo(sha) }

// CachePhoto keeps a photo that the cloud has sent.
func (s *State) CachePhoto(ctx context.Context, jpeg []byte) (sha string, err error) {
	return s.store.CachePhoto(ctx, jpeg, s.clock.Now())
}

// PhotosWaiting lists photos that the cloud does not have: thumbnails first,
// then the oldest.
func (s *State) PhotosWaiting(ctx context.Context, limit int) ([]store.WaitingPhoto, error) {
	return s.store.PhotosWaiting(ctx, limit)
}

// ThumbsWaiting says whether a thumbnail waits to be sent.
func (s *State) ThumbsWaiting(ctx context.Context) (bool, error) { return s.store.ThumbsWaiting(ctx) }

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

// ThumbsMissing lists the thumbnails of vehicles inside that are not kept
// here, so that an exit can compare also when the line is cut.
func (s *State) ThumbsMissing() []string {
	var missing []string
	seen := map[string]bool{}
	for _, stay := range s.Site().Inside {
		for _, p := range stay.InPhotos {
			if p.Thumb != "" && !seen[p.Thumb] && !s.store.HasPhoto(p.Thumb) {
				seen[p.Thumb] = true
				missing = append(missing, p.Thumb)
			}
		}
	}
	return missing
}

// WantsThumb says whether a thumbnail is one of a vehicle inside and not kept
// here.
func (s *State) WantsThumb(sha string) bool { return slices.Contains(s.ThumbsMissing(), sha) }

// watchPhotoRoom raises an alarm before photos have no room left.
func (s *State) watchPhotoRoom(ctx context.Context) {
	if !s.store.PhotoRoom().Nearly() {
		s.EndTrouble(TroublePhotoRoom)
		return
	}
	s.Alarm(ctx, TroublePhotoRoom,
		"Photos fill their room at this gate: the oldest that the cloud has are dropped, and after them no new ones are kept. Free some space, or bring the link back.")
}
