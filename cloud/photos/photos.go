// Package photos keeps photos by their content, as files named by the SHA-256
// of what is in them. The table photos says to which site each belongs: the
// same bytes in two sites are two files, and nobody reads the photo of a site
// that they have no right to.
package photos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// MaxPixels bounds a photo: what a few bytes can unpack to.
const MaxPixels = 40_000_000

// Photos is the folder of photos.
type Photos struct {
	dir   string
	store *store.Store
	now   func() time.Time
	// decoding holds whoever decodes a photo: one at a time, because a few bytes
	// may unpack to hundreds of megabytes.
	decoding chan struct{}
}

// Open makes the folder if it is missing.
func Open(dir string, s *store.Store, now func() time.Time) (*Photos, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of photos: %w", err)
	}
	return &Photos{dir: dir, store: s, now: now, decoding: make(chan struct{}, 1)}, nil
}

// Photo is one photo to keep.
type Photo struct {
	Tenant uuid.UUID
	Site   uuid.UUID
	Gate   string // that sent it
	SHA256 string // hex, as named in a fact
	JPEG   []byte
}

// Save keeps a photo as it was sent; keeping it twice is once. What is no whole
// JPEG, too large, or not what its name says is refused with a sentence.
func (p *Photos) Save(ctx context.Context, photo Photo) error {
	sum, err := check(photo.SHA256, photo.JPEG)
	if err != nil {
		return err
	}
	if err := p.decode(ctx, photo.JPEG); err != nil {
		return err
	}
	path := p.path(photo.Site, sum)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := write(path, photo.JPEG); err != nil {
			return fmt.Errorf("keep a photo: %w", err)
		}
	} else if err != nil {
		return fmt.Errorf("look for a photo: %w", err)
	}
	err = p.store.Q.AddPhoto(ctx, cloudsql.AddPhotoParams{
		TenantID: photo.Tenant, SiteID: photo.Site, Sha256: sum[:], Bytes: int32(len(photo.JPEG)), //nolint:gosec // at most MaxPhotoBytes
		Gate: photo.Gate, ReceivedAt: p.now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("write down a photo: %w", err)
	}
	return nil
}

// decode refuses what is no whole picture, in its turn.
func (p *Photos) decode(ctx context.Context, b []byte) error {
	select {
	case p.decoding <- struct{}{}:
		defer func() { <-p.decoding }()
		return whole(b)
	case <-ctx.Done():
		return parking.Errorf(parking.Unavailable, "Too many photos are arriving at this moment. Try again.")
	}
}

// check says whether the bytes begin as a JPEG within bounds whose hash is sha.
func check(sha string, b []byte) ([sha256.Size]byte, error) {
	want, err := ParseSHA256(sha)
	if err != nil {
		return want, err
	}
	switch {
	case len(b) == 0:
		return want, parking.Errorf(parking.Invalid, "The photo is empty.")
	case len(b) > wire.MaxPhotoBytes:
		return want, parking.Errorf(parking.TooLarge, "A photo may have at most %d bytes.", wire.MaxPhotoBytes)
	case sha256.Sum256(b) != want:
		return want, parking.Errorf(parking.Invalid, "The photo is not the one that its name says: the SHA-256 differs.")
	case http.DetectContentType(b) != "image/jpeg":
		return want, parking.Errorf(parking.Invalid, "This is no JPEG picture.")
	}
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return want, parking.Errorf(parking.Invalid, "This JPEG picture cannot be read.")
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || int64(cfg.Width)*int64(cfg.Height) > MaxPixels {
		return want, parking.Errorf(parking.TooLarge, "A photo may have at most %d million pixels.", MaxPixels/1_000_000)
	}
	return want, nil
}

// ParseSHA256 reads the name of a photo.
func ParseSHA256(sha string) ([sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	if len(sha) != 2*sha256.Size {
		return sum, parking.Errorf(parking.Invalid, "A photo is named by the 64 hex digits of its SHA-256.")
	}
	if _, err := hex.Decode(sum[:], []byte(sha)); err != nil {
		return sum, parking.Errorf(parking.Invalid, "A photo is named by the 64 hex digits of its SHA-256.")
	}
	return sum, nil
}

// Open returns a photo of a site; NotFound when it is not (yet) here.
func (p *Photos) Open(site uuid.UUID, sha string) (io.ReadSeekCloser, error) {
	sum, err := ParseSHA256(sha)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(p.path(site, sum)) // made of a checked id and hash
	if errors.Is(err, fs.ErrNotExist) {
		return nil, parking.Errorf(parking.NotFound, "This photo is not here (yet).")
	}
	if err != nil {
		return nil, fmt.Errorf("open a photo: %w", err)
	}
	return f, nil
}

func (p *Photos) path(site uuid.UUID, sum [sha256.Size]byte) string {
	name := hex.EncodeToString(sum[:])
	return filepath.Join(p.dir, site.String(), name[:2], name+".jpg")
}

// write makes the file whole or not at all, also when the power fails.
func write(path string, b []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name last. The gate that sent the photo will not send
// it again.
func syncFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // a folder of our own
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
