package state_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

// smallDisk mounts a file system of some bytes for one test.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a small disk is mounted for this test, which only root can do")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes until the disk has no byte left.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "somebody-elses-file")) //nolint:gosec // the test's own folder
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4096)
	_, _ = rand.Read(block)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk ended with %v", err)
	}
}

// Found by an attack: a gate that was killed on a full disk could not start
// again, although its reserve was still there, and so could not even record
// openings by hand. Now a start gives the reserve up.
func TestStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "16m")
	g := newGateIn(t, dir, store.Options{})
	g.snapshot(g.site(3))
	stay := uuid.New()
	g.write(draftIn(stay, "30A12345", "A001"))
	fill(t, dir)
	g.restart()
	if s, err := g.Stay(t.Context(), stay); err != nil || s.State != parking.Inside {
		t.Fatalf("after a start on a full disk the stay is %+v, %v", s, err)
	}
	g.write(state.Draft{Kind: parking.KindBarrierOpened, Body: parking.BarrierOpened{Lane: "1", Cause: "by_hand", Reason: "the disk is full"}})
	long := strings.Repeat("x", 20<<10)
	var err error
	for range 400 {
		if _, err = g.Write(t.Context(), state.Draft{Kind: parking.KindLaneChanged, Body: parking.LaneChanged{Lane: "1", Direction: parking.In, Reason: long}}); err != nil {
			break
		}
	}
	if parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("when the reserve is used up too, the disk says %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "somebody-elses-file")); err != nil {
		t.Fatal(err)
	}
	g.write(draftOut(stay, "30A12345", 5000))
}
