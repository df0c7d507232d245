package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/parking"
)

// Bounds of the photos' room on the disk.
const (
	// DefaultPhotoLimit is how much photos may take when nobody says.
	DefaultPhotoLimit int64 = 20 << 30
	// spareBytes is left to the database, whatever the limit: photos never
	// take the room of facts. On a small disk it is a tenth.
	spareBytes int64 = 1 << 30
	spareShare int64 = 10
	// makeRoomAtOnce bounds how many old photos go for one new one.
	makeRoomAtOnce = 50
)

// PhotoRoom is how much of the disk photos take, and may take.
type PhotoRoom struct {
	Used  int64
	Limit int64
}

// Nearly says that somebody should look before photos are lost: four fifths
// are taken.
func (r PhotoRoom) Nearly() bool { return r.Used*5 >= r.Limit*4 }

// photoRoom counts what photos take.
type photoRoom struct {
	store *Store
	limit int64
	used  atomic.Int64
	mu    sync.Mutex // who makes room does it alone
}

func (r *photoRoom) open(ctx context.Context) error {
	used, err := r.store.read.PhotoBytes(ctx)
	if err != nil {
		return refusal(fmt.Errorf("measure the photos: %w", err))
	}
	r.used.Store(used)
	return nil
}

// now measures. A disk that cannot be asked bounds nothing but the limit.
func (r *photoRoom) now() PhotoRoom {
	room := PhotoRoom{Used: r.used.Load(), Limit: r.limit}
	free, size, err := r.store.disk(r.store.dir)
	if err == nil {
		spare := min(spareBytes, size/spareShare)
		room.Limit = min(room.Limit, max(0, room.Used+free-spare))
	}
	return room
}

// take makes room for a photo: the oldest that the cloud has go first, photos
// before thumbnails. A photo that the cloud does not have never goes; without
// room a new photo is refused. A thumbnail is refused only by the disk.
func (r *photoRoom) take(ctx context.Context, p photo) error {
	need := int64(len(p.jpeg))
	if room := r.now(); room.Used+need <= room.Limit {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	room := r.now()
	if over := room.Used + need - room.Limit; over > 0 {
		if err := r.free(ctx, over); err != nil {
			return err
		}
		room = r.now()
	}
	if room.Used+need > room.Limit && !p.thumb {
		return parking.Errorf(parking.Unavailable,
			"There is no room for more photos at this gate; those that are kept have not been sent yet. Free some space, or bring the link back.")
	}
	return nil
}

func (r *photoRoom) free(ctx context.Context, bytes int64) error {
	old, err := r.store.read.OldestSentPhotos(ctx, makeRoomAtOnce)
	if err != nil {
		return refusal(fmt.Errorf("list the oldest photos: %w", err))
	}
	for _, p := range old {
		if bytes <= 0 {
			return nil
		}
		if err := r.store.removePhoto(ctx, p.Sha256, p.Bytes); err != nil {
			return err
		}
		bytes -= p.Bytes
	}
	return nil
}

// PhotoPace is how many bytes of photos a day brought lately, by those of the
// last week that are kept.
func (s *Store) PhotoPace(ctx context.Context, now time.Time) (int64, error) {
	const week = 7 * 24 * time.Hour
	kept, err := s.read.PhotosSince(ctx, now.Add(-week).UnixMilli())
	if err != nil {
		return 0, refusal(fmt.Errorf("measure the photos of a week: %w", err))
	}
	span := min(week, max(24*time.Hour, now.Sub(time.UnixMilli(kept.FirstMs))))
	return int64(float64(kept.Bytes) * float64(24*time.Hour) / float64(span)), nil
}

// PhotoRoom measures how much photos take and may take.
func (s *Store) PhotoRoom() PhotoRoom { return s.room.now() }

// diskOf asks how much of the file system of a folder is free for us, and how
// large it is.
func diskOf(dir string) (free, size int64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, 0, fmt.Errorf("measure the disk: %w", err)
	}
	return int64(fs.Bavail) * fs.Bsize, int64(fs.Blocks) * fs.Bsize, nil //nolint:gosec // no disk has 2^63 bytes
}
