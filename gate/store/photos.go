package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const photosFolder = "photos"

// WaitingPhoto is a photo that the cloud does not have yet.
type WaitingPhoto struct {
	SHA256 string
	At     time.Time
	Thumb  bool
}

// SavePhoto keeps a JPEG of at most wire.MaxPhotoBytes under the hash of its
// content and marks it to be sent. Saving the same again changes nothing. When
// the photos have no room left and none may go, it is an Unavailable error.
func (s *Store) SavePhoto(ctx context.Context, jpeg []byte, at time.Time) (sha string, err error) {
	return s.keepPhoto(ctx, photo{jpeg: jpeg, at: at})
}

// SaveThumb is SavePhoto for a thumbnail of at most parking.MaxThumbBytes. It is
// sent before all photos, and has room where photos have none.
func (s *Store) SaveThumb(ctx context.Context, jpeg []byte, at time.Time) (sha string, err error) {
	return s.keepPhoto(ctx, photo{jpeg: jpeg, at: at, thumb: true})
}

// CachePhoto keeps a JPEG that came from the cloud; it is not sent back.
func (s *Store) CachePhoto(ctx context.Context, jpeg []byte, at time.Time) (sha string, err error) {
	return s.keepPhoto(ctx, photo{jpeg: jpeg, at: at, sent: true, thumb: len(jpeg) <= parking.MaxThumbBytes})
}

// photo is one to be kept.
type photo struct {
	jpeg  []byte
	at    time.Time
	sent  bool // the cloud has it
	thumb bool
}

func (s *Store) keepPhoto(ctx context.Context, p photo) (string, error) {
	limit := wire.MaxPhotoBytes
	if p.thumb {
		limit = parking.MaxThumbBytes
	}
	switch {
	case len(p.jpeg) > limit:
		return "", parking.Errorf(parking.TooLarge, "The picture has %d bytes; at most %d are kept.", len(p.jpeg), limit)
	case !bytes.HasPrefix(p.jpeg, []byte{0xff, 0xd8, 0xff}):
		return "", parking.Errorf(parking.Invalid, "The picture is no JPEG.")
	}
	if err := s.room.take(ctx, p); err != nil {
		return "", err
	}
	sum := sha256.Sum256(p.jpeg)
	sha := hex.EncodeToString(sum[:])
	path := s.photoPath(sha)
	if info, err := os.Stat(path); err != nil || info.Size() != int64(len(p.jpeg)) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", refusal(fmt.Errorf("keep a photo: %w", err))
		}
		if err := writeFile(path, p.jpeg); err != nil {
			return "", refusal(fmt.Errorf("keep a photo: %w", err))
		}
	}
	row := gatesql.AddPhotoParams{Sha256: sha, Bytes: int64(len(p.jpeg)), AtMs: p.at.UnixMilli()}
	if p.sent {
		row.SentMs = &row.AtMs
	}
	if p.thumb {
		row.Thumb = 1
	}
	err := s.Tx(ctx, func(q *gatesql.Queries) error {
		n, err := q.AddPhoto(ctx, row)
		s.room.used.Add(n * row.Bytes)
		return err
	})
	return sha, err
}

// Photo returns a photo that is kept here; NotFound when it is not, or when
// its bytes are no longer what its name says.
func (s *Store) Photo(sha string) ([]byte, error) {
	if !ValidSHA256(sha) {
		return nil, parking.Errorf(parking.Invalid, "That is not the name of a photo.")
	}
	b, err := os.ReadFile(s.photoPath(sha)) //nolint:gosec // 64 hex digits in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, parking.Errorf(parking.NotFound, "This photo is not kept at this gate.")
	}
	if err != nil {
		return nil, refusal(fmt.Errorf("read a photo: %w", err))
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != sha {
		return nil, parking.Errorf(parking.NotFound, "This photo was damaged on the disk.")
	}
	return b, nil
}

// HasPhoto says whether a photo is kept here.
func (s *Store) HasPhoto(sha string) bool {
	if !ValidSHA256(sha) {
		return false
	}
	_, err := os.Stat(s.photoPath(sha))
	return err == nil
}

// ThumbsWaiting says whether a thumbnail waits to be sent.
func (s *Store) ThumbsWaiting(ctx context.Context) (bool, error) {
	waiting, err := s.read.ThumbsWaiting(ctx)
	if err != nil {
		return false, refusal(fmt.Errorf("look for waiting thumbnails: %w", err))
	}
	return waiting != 0, nil
}

// PhotosWaiting lists photos that the cloud does not have: thumbnails first,
// then the oldest.
func (s *Store) PhotosWaiting(ctx context.Context, limit int) ([]WaitingPhoto, error) {
	rows, err := s.read.PhotosWaiting(ctx, int64(limit))
	if err != nil {
		return nil, refusal(fmt.Errorf("list waiting photos: %w", err))
	}
	out := make([]WaitingPhoto, len(rows))
	for i, r := range rows {
		out[i] = WaitingPhoto{SHA256: r.Sha256, At: time.UnixMilli(r.AtMs).UTC(), Thumb: r.Thumb == 1}
	}
	return out, nil
}

// PhotoSent notes that the cloud has a photo.
func (s *Store) PhotoSent(ctx context.Context, sha string, at time.Time) error {
	ms := at.UnixMilli()
	return s.Tx(ctx, func(q *gatesql.Queries) error {
		return q.PhotoSent(ctx, gatesql.PhotoSentParams{SentMs: &ms, Sha256: sha})
	})
}

// prunePhotosAtOnce bounds how many photos one PrunePhotos removes.
const prunePhotosAtOnce = 500

// PrunePhotos removes photos that were sent before a time.
func (s *Store) PrunePhotos(ctx context.Context, before time.Time) (removed int, err error) {
	ms := before.UnixMilli()
	old, err := s.read.OldPhotos(ctx, gatesql.OldPhotosParams{SentMs: &ms, Limit: prunePhotosAtOnce})
	if err != nil {
		return 0, refusal(fmt.Errorf("list old photos: %w", err))
	}
	for _, p := range old {
		if err := s.removePhoto(ctx, p.Sha256, p.Bytes); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

func (s *Store) removePhoto(ctx context.Context, sha string, size int64) error {
	if err := os.Remove(s.photoPath(sha)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return refusal(fmt.Errorf("remove an old photo: %w", err))
	}
	if err := s.Tx(ctx, func(q *gatesql.Queries) error { return q.DeletePhoto(ctx, sha) }); err != nil {
		return err
	}
	s.room.used.Add(-size)
	return nil
}

func (s *Store) photoPath(sha string) string {
	return filepath.Join(s.dir, photosFolder, sha[:2], sha+".jpg")
}

// ValidSHA256 says whether s is a SHA-256 in lower-case hex.
func ValidSHA256(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
