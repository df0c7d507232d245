package store_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/parking"
)

// The photos' room is bounded: the oldest that the cloud has go first, photos
// before thumbnails; what was not sent never goes, and then a new photo is
// refused, while a thumbnail still is kept.
func TestPhotosHaveBoundedRoom(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	picture := func(n byte, size int) []byte {
		return append([]byte{0xff, 0xd8, 0xff, n}, bytes.Repeat([]byte{n}, size-4)...)
	}
	s, err := store.Open(ctx, dir, store.Options{PhotoLimit: 10_000, Disk: storetest.Roomy})
	if err != nil {
		t.Fatal(err)
	}
	save := func(n byte) string {
		t.Helper()
		sha, err := s.SavePhoto(ctx, picture(n, 2000), at.Add(time.Duration(n)*time.Minute))
		if err != nil {
			t.Fatalf("photo %d: %v", n, err)
		}
		return sha
	}
	sent := func(sha string) {
		t.Helper()
		if err := s.PhotoSent(ctx, sha, at); err != nil {
			t.Fatal(err)
		}
	}
	thumb, err := s.SaveThumb(ctx, picture(0, 1000), at)
	if err != nil {
		t.Fatal(err)
	}
	sent(thumb)
	first, second := save(1), save(2)
	sent(second) // the first still waits
	third := save(3)
	if s.PhotoRoom().Nearly() {
		t.Errorf("an alarm at %+v", s.PhotoRoom())
	}
	fourth := save(4)
	if room := s.PhotoRoom(); !room.Nearly() || room.Used != 9000 || room.Limit != 10_000 {
		t.Errorf("no alarm before it is full: %+v", room)
	}
	save(5) // takes the place of the second
	for sha, kept := range map[string]bool{thumb: true, first: true, second: false, third: true, fourth: true} {
		if s.HasPhoto(sha) != kept {
			t.Errorf("photo %s kept: %t, want %t", sha[:8], !kept, kept)
		}
	}
	save(6) // the thumbnail was sent too, and goes last
	if s.HasPhoto(thumb) || s.PhotoRoom().Used != 10_000 {
		t.Errorf("what was sent is kept, and what waits has no room: %+v", s.PhotoRoom())
	}
	if _, err := s.SavePhoto(ctx, picture(7, 2000), at); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("a photo without room: %v", err)
	}
	if _, err := s.SaveThumb(ctx, picture(8, 1000), at); err != nil {
		t.Fatalf("a thumbnail without room: %v", err)
	}
	if n, err := count(ctx, s); err != nil || n != 6 {
		t.Errorf("%d photos wait, %v; none that waits may go", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir, store.Options{PhotoLimit: 10_000, Disk: storetest.Roomy}); again.PhotoRoom().Used != 11_000 {
		t.Errorf("after a start: %+v", again.PhotoRoom())
	}
}

func count(ctx context.Context, s *store.Store) (int, error) {
	waiting, err := s.PhotosWaiting(ctx, 100)
	return len(waiting), err
}
