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
}

// SavePhoto keeps a JPEG of at most wire.MaxPhotoBytes under the hash of its
// content and marks it to be sent. Saving the same again changes nothing.
func (s *Store) SavePhoto(ctx context.Context, jpeg []byte, at time.Time) (sha string, err error) {
	return s.keepPhoto(ctx, jpeg, at, nil)
}

// CachePhoto keeps a JPEG that came from the cloud; it is not sent back.
func (s *Store) CachePhoto(ctx context.Context, jpeg []byte, at time.Time) (sha string, err error) {
	ms := at.UnixMilli()
	return s.keepPhoto(ctx, jpeg, at, &ms)
}

func (s *Store) keepPhoto(ctx context.Context, jpeg []byte, at time.Time, sentMS *int64) (string, error) {
	switch {
	case len(jpeg) > wire.MaxPhotoBytes:
		return "", parking.Errorf(parking.TooLarge, "The picture has %d bytes; at most %d are kept.", len(jpeg), wire.MaxPhotoBytes)
	case !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8, 0xff}):
		return "", parking.Errorf(parking.Invalid, "The picture is no JPEG.")
	}
	sum := sha256.Sum256(jpeg)
	sha := hex.EncodeToString(sum[:])
	path := s.photoPath(sha)
	if info, err := os.Stat(path); err != nil || info.Size() != int64(len(jpeg)) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", refusal(fmt.Errorf("keep a photo: %w", err))
		}
		if err := writeFile(path, jpeg); err != nil {
			return "", refusal(fmt.Errorf("keep a photo: %w", err))
		}
	}
	err := s.Tx(ctx, func(q *gatesql.Queries) error {
		return q.AddPhoto(ctx, gatesql.AddPhotoParams{Sha256: sha, Bytes: int64(len(jpeg)), AtMs: at.UnixMilli(), SentMs: sentMS})
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

// PhotosWaiting lists photos that the cloud does not have, oldest first.
func (s *Store) PhotosWaiting(ctx context.Context, limit int) ([]WaitingPhoto, error) {
	rows, err := s.read.PhotosWaiting(ctx, int64(limit))
	if err != nil {
		return nil, refusal(fmt.Errorf("list waiting photos: %w", err))
	}
	out := make([]WaitingPhoto, len(rows))
	for i, r := range rows {
		out[i] = WaitingPhoto{SHA256: r.Sha256, At: time.UnixMilli(r.AtMs).UTC()}
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

// PrunePhotos removes photos that were sent and are older than before.
func (s *Store) PrunePhotos(ctx context.Context, before time.Time) (removed int, err error) {
	old, err := s.read.OldPhotos(ctx, gatesql.OldPhotosParams{AtMs: before.UnixMilli(), Limit: prunePhotosAtOnce})
	if err != nil {
		return 0, refusal(fmt.Errorf("list old photos: %w", err))
	}
	for _, sha := range old {
		if err := os.Remove(s.photoPath(sha)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, refusal(fmt.Errorf("remove an old photo: %w", err))
		}
		if err := s.Tx(ctx, func(q *gatesql.Queries) error { return q.DeletePhoto(ctx, sha) }); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
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
