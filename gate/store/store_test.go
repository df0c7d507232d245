package store_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/gate/store/storetest"
	"gatehouse/parking"
)

func open(t *testing.T, dir string, o store.Options) *store.Store {
	t.Helper()
	if o.Disk == nil {
		o.Disk = storetest.Roomy
	}
	s, err := store.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestOneProcessHoldsAFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a folder with ? and #")
	s, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	_, err = store.Open(t.Context(), dir, store.Options{})
	if parking.ErrorCode(err) != parking.Conflict || !strings.Contains(parking.ErrorMessage(err), fmt.Sprint(os.Getpid())) {
		t.Fatalf("a second open gave %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	open(t, dir, store.Options{})
	for name, want := range map[string]os.FileMode{".": 0o700, "gate.db": 0o600, "photos": 0o700} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v (%v), want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestPragmas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		if got := s.WriterPragma(t.Context(), t, pragma); got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
}

func TestTxIsAllOrNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t, t.TempDir(), store.Options{})
	broken := errors.New("broken")
	err := s.Tx(ctx, func(q *gatesql.Queries) error {
		if err := q.SetSetting(ctx, gatesql.SetSettingParams{Name: "a", Value: "1"}); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatalf("Tx gave %v", err)
	}
	if v, err := s.Setting(ctx, "a"); err != nil || v != "" {
		t.Fatalf("setting = %q, %v after a rollback", v, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	err = s.Tx(cancelled, func(q *gatesql.Queries) error {
		cancel() // the caller gives up in the middle: it must not matter
		return q.SetSetting(ctx, gatesql.SetSettingParams{Name: "a", Value: "2"})
	})
	if err != nil {
		t.Fatalf("Tx: %v", err)
	}
	if v, err := s.Setting(ctx, "a"); err != nil || v != "2" {
		t.Fatalf("setting = %q, %v", v, err)
	}
}

func TestIdentityIsKeptPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	if _, err := s.Identity(); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("identity before enrolment: %v", err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := store.Identity{Tenant: uuid.New(), Site: uuid.New(), Gate: "N", CloudURL: "https://cloud", PublicKey: public, PrivateKey: private}
	if err := s.SaveIdentity(id); err != nil {
		t.Fatalf("save: %v", err)
	}
	got, err := s.Identity()
	if err != nil || got.Site != id.Site || !got.PrivateKey.Equal(id.PrivateKey) {
		t.Fatalf("identity = %v, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "identity.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	secret := fmt.Sprintf("%x", []byte(private.Seed()))
	for _, shown := range []string{fmt.Sprint(id), fmt.Sprintf("%+v", id), fmt.Sprintf("%#v", id)} {
		if strings.Contains(shown, secret) || len(shown) > 100 {
			t.Errorf("the key is shown: %s", shown)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "identity.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identity(); parking.ErrorCode(err) != parking.Invalid {
		t.Fatalf("a damaged identity gave %v", err)
	}
}

func TestPhotosByContent(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	jpeg := append([]byte{0xff, 0xd8, 0xff, 0xe0}, bytes.Repeat([]byte("picture"), 100)...)
	sha, err := s.SavePhoto(ctx, jpeg, at)
	if err != nil {
		t.Fatalf("save: %v", err)
	}
	if again, err := s.SavePhoto(ctx, jpeg, at); err != nil || again != sha {
		t.Fatalf("saving again gave %s, %v", again, err)
	}
	if b, err := s.Photo(sha); err != nil || !bytes.Equal(b, jpeg) {
		t.Fatalf("photo: %d bytes, %v", len(b), err)
	}
	waiting, err := s.PhotosWaiting(ctx, 10)
	if err != nil || len(waiting) != 1 || waiting[0].SHA256 != sha || !waiting[0].At.Equal(at) {
		t.Fatalf("waiting = %v, %v", waiting, err)
	}
	if n, err := s.PrunePhotos(ctx, at.Add(time.Hour)); err != nil || n != 0 {
		t.Fatalf("a photo that waits was pruned: %d, %v", n, err)
	}
	if err := s.PhotoSent(ctx, sha, at); err != nil {
		t.Fatal(err)
	}
	if waiting, err := s.PhotosWaiting(ctx, 10); err != nil || len(waiting) != 0 {
		t.Fatalf("waiting = %v, %v", waiting, err)
	}
	if n, err := s.PrunePhotos(ctx, at.Add(time.Hour)); err != nil || n != 1 {
		t.Fatalf("pruned %d, %v", n, err)
	}
	if _, err := s.Photo(sha); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("a pruned photo gave %v", err)
	}
	for name, bad := range map[string][]byte{"empty": nil, "no JPEG": []byte("GIF89a"), "too long": append(jpeg, make([]byte, 3<<20)...)} {
		if _, err := s.SavePhoto(ctx, bad, at); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := s.Photo("../../etc/passwd"); parking.ErrorCode(err) != parking.Invalid {
		t.Fatalf("a path gave %v", err)
	}
}

func TestAFullDiskIsASentence(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t, t.TempDir(), store.Options{MaxBytes: 400 << 10})
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		err = s.SetSetting(ctx, fmt.Sprint(i), strings.Repeat("x", 20<<10))
	}
	if !store.IsFull(err) || parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("a full disk gave %v", err)
	}
	if !s.GiveUpReserve() || s.GiveUpReserve() {
		t.Fatal("the reserve is given up once")
	}
}
