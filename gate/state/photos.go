package state

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// SavePhoto keeps a JPEG and returns how a fact names it. It is sent to the
// cloud later, after the facts.
func (s *State) SavePhoto(ctx context.Context, role parking.CameraRole, jpeg []byte) (parking.PhotoRef, error) {
	s.tellPhotoRoom(ctx)
	sha, err := s.store.SavePhoto(ctx, jpeg, s.clock.Now())
	if err != nil {
		return parking.PhotoRef{}, fmt.Errorf("save a photo: %w", err)
	}
	return parking.PhotoRef{Role: string(role), SHA256: sha, Bytes: len(jpeg)}, nil
}

// SaveThumb keeps a thumbnail (at most parking.MaxThumbBytes), which goes to the
// cloud as soon as no fact waits and from there to every gate.
func (s *State) SaveThumb(ctx context.Context, jpeg []byte) (sha string, err error) {
	s.tellPhotoRoom(ctx)
	if sha, err = s.store.SaveThumb(ctx, jpeg, s.clock.Now()); err != nil {
		return "", fmt.Errorf("save a thumbnail: %w", err)
	}
	return sha, nil
}

// Photo returns a photo that is kept at this gate; NotFound when it is not.
func (s *State) Photo(sha string) ([]byte, error) { return s.store.Photo(sha) }

// CachePhoto keeps a photo that the cloud has sent.
func (s *State) CachePhoto(ctx context.Context, jpeg []byte) (sha string, err error) {
	s.tellPhotoRoom(ctx)
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

// photoNotice is how many days ahead it is said that photos will have no room;
// once said, it stands until there is room for photoRelief.
const (
	photoNotice = 7
	photoRelief = 10
)

// watchPhotoRoom raises an alarm before any photo goes that the cloud has for
// less than 35 days: when four fifths of the room are taken, or when at the
// last week's pace the room is too small for 35 days and ends within a week.
func (s *State) watchPhotoRoom(ctx context.Context) {
	pace, err := s.store.PhotoPace(ctx, s.clock.Now())
	if err != nil {
		s.log.Warn("the photos' pace is not known", "err", err)
	}
	room := s.store.PhotoRoom()
	left := max(0, room.Limit-room.Used)
	tooSmall := pace > 0 && room.Limit/pace < int64(keepFacts/(24*time.Hour))
	notice := int64(photoNotice)
	if s.hasTrouble(TroublePhotoRoom) {
		notice = photoRelief
	}
	if !room.Nearly() && (!tooSmall || left/pace >= notice) {
		s.EndTrouble(TroublePhotoRoom)
		return
	}
	const then = " at this gate. Then the oldest that the cloud has go before their 35 days, and after them no new ones are kept. Free some space on its disk, give photos more of it (--photos-gb), or bring the link back."
	days := int64(keepFacts / (24 * time.Hour))
	if pace > 0 || left == 0 {
		days = min(days, left/max(1, pace))
	}
	text := "Photos have room for less than a day more" + then
	if days > 0 {
		text = fmt.Sprintf("Photos have room for about %d days more%s", days, then)
	}
	s.Alarm(ctx, TroublePhotoRoom, text)
}

// tellPhotoRoom looks at the photos' room before one more is kept: what goes to
// make room for it does not go before that was said.
func (s *State) tellPhotoRoom(ctx context.Context) {
	if s.store.PhotoRoom().Nearly() && !s.hasTrouble(TroublePhotoRoom) {
		s.watchPhotoRoom(ctx)
	}
}
