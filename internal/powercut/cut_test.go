package powercut_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// diskBytes holds a folder of cutsADisk cuts with its reserve.
const diskBytes = 64 << 20

// needDisks skips the test where a file cannot be mounted at all.
func needDisks(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount")
	}
	if _, err := os.Stat("/dev/loop-control"); errors.Is(err, os.ErrNotExist) && os.Getenv("PARK_CUTS") == "" {
		t.Skip("this machine gives no loop devices (/dev/loop-control is missing), so there is no disk whose power can be cut")
	}
}

// do runs a program that must succeed.
func do(t *testing.T, name string, args ...string) {
	t.Helper()
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	err := start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &said)
	}
}

// newImage makes an empty ext4 in a file.
func newImage(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(diskBytes), f.Close()); err != nil {
		t.Fatal(err)
	}
	do(t, "mkfs.ext4", "-q", "-F", path)
}

// A disk is an image that is mounted.
type disk struct {
	t         *testing.T
	image, at string
	mounted   bool
}

// mount mounts an image. The kernel writes its journal of its own accord only
// every commit seconds: what a writer has not synced stays out of the image.
func mount(t *testing.T, image string) *disk {
	t.Helper()
	d := &disk{t: t, image: image, at: t.TempDir()}
	do(t, "mount", "-t", "ext4", "-o", "loop,commit=300", image, d.at)
	d.mounted = true
	t.Cleanup(func() {
		if d.mounted {
			_ = unix.Unmount(d.at, unix.MNT_DETACH) // the test has failed already
		}
	})
	return d
}

// unmount gives the image free.
func (d *disk) unmount() {
	d.t.Helper()
	if err := unix.Unmount(d.at, 0); err != nil {
		d.t.Fatalf("unmount: %v", err)
	}
	d.mounted = false
}

// traffic is what the kernel counts for the disk's loop device: it changes
// with every request, and one field is the requests under way.
func (d *disk) traffic() (stat string, busy bool) {
	d.t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		// 36 35 7:0 / /mnt rw,noatime shared:1 - ext4 /dev/loop0 rw
		f := strings.Fields(line)
		if len(f) < 5 || f[4] != d.at {
			continue
		}
		b, err := os.ReadFile("/sys/dev/block/" + f[2] + "/stat")
		if err != nil {
			d.t.Fatal(err)
		}
		counts := strings.Fields(string(b))
		if len(counts) < 9 {
			d.t.Fatalf("the counts of a block device are %q", b)
		}
		return string(b), counts[8] != "0"
	}
	d.t.Fatalf("%s is not mounted", d.at)
	return "", false
}

// cut copies the image as a cut of power at this moment leaves it: whatever
// the kernel has not handed to the device is missing. Nobody writes, but the
// kernel may on its own; a copy that it wrote into is made anew.
func (d *disk) cut(to string) {
	d.t.Helper()
	for range 100 {
		before, busy := d.traffic()
		if busy {
			time.Sleep(time.Millisecond)
			continue
		}
		if err := copyFile(d.image, to); err != nil {
			d.t.Fatal(err)
		}
		if after, _ := d.traffic(); after == before {
			return
		}
	}
	d.t.Fatal("the disk was never quiet long enough to be copied")
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// cutPower lets a writer write n facts onto image, cuts the power and returns
// what was acknowledged. The image is then what the cut has left.
func cutPower(t *testing.T, image, how string, n int) (acked []string) {
	t.Helper()
	d := mount(t, image)
	w := startWriter(t, how, filepath.Join(d.at, "gate"))
	w.readTo(n)
	w.stop()
	left := image + ".cut"
	d.cut(left)
	w.kill() // while it is stopped: it has no more words
	d.unmount()
	if err := os.Rename(left, image); err != nil {
		t.Fatal(err)
	}
	return w.acked
}

// Whatever was acknowledged before a cut of power is there after it.
func TestPowerCutLosesNothing(t *testing.T) {
	t.Parallel()
	needDisks(t)
	cuts := count(t, "PARK_CUTS", 3)
	rng := moments(t, "PARK_CUTS", cuts)
	root, began := t.TempDir(), time.Now()
	image, acknowledged := "", 0
	var acked []string
	for cut := range cuts {
		if cut%cutsADisk == 0 {
			image, acked = filepath.Join(root, fmt.Sprint("disk", cut/cutsADisk)), nil
			newImage(t, image)
		}
		n := 1 + rng.IntN(120)
		if cut%3 == 1 {
			n += 300 // so many that SQLite folds its log back in between
		}
		now := cutPower(t, image, asGate, n)
		acknowledged += len(now)
		acked = append(acked, now...)
		d := mount(t, image)
		checkGate(t, filepath.Join(d.at, "gate"), acked)
		d.unmount()
	}
	t.Logf("%d cuts, %d facts acknowledged, 0 lost, %s", cuts, acknowledged, time.Since(began).Round(time.Millisecond))
}

// The control: the same cut takes facts from a writer that does not wait for
// the disk, and none from its twin that does. If nothing is lost with NORMAL,
// the test above is blind.
func TestPowerCutTakesWhatIsNotSynced(t *testing.T) {
	t.Parallel()
	needDisks(t)
	cuts := min(count(t, "PARK_CUTS", 3), 10)
	rng := moments(t, "PARK_CUTS", cuts)
	root := t.TempDir()
	for _, how := range []string{plainNormal, plainFull} {
		began, lost, acknowledged := time.Now(), 0, 0
		made := 0
		// A sync by anybody on this machine saves facts, too: such a cut tells
		// nothing, and is followed by another.
		for ; made < cuts || (how == plainNormal && lost == 0 && made < 10*cuts); made++ {
			image := filepath.Join(root, fmt.Sprint(how, made))
			newImage(t, image)
			// SQLite syncs by itself every thousand pages, which these are not.
			acked := cutPower(t, image, how, 50+rng.IntN(50))
			d := mount(t, image)
			starting.RLock()
			b, err := readBooks(t.Context(), filepath.Join(d.at, "gate"))
			starting.RUnlock()
			if err != nil {
				t.Fatalf("synchronous=%s: %v", how, err)
			}
			d.unmount()
			if faults := b.faults(); len(faults) > 0 {
				t.Fatalf("synchronous=%s: what is left is not the beginning: %v", how, faults)
			}
			acknowledged += len(acked)
			lost += b.lost(acked)
		}
		t.Logf("synchronous=%s: %d cuts, %d facts acknowledged, %d lost, %s", how, made, acknowledged, lost, time.Since(began).Round(time.Millisecond))
		if how == plainNormal && lost == 0 {
			t.Error("a cut of power takes nothing from a writer that does not sync: this test is blind")
		}
		if how == plainFull && lost > 0 {
			t.Error("a cut of power takes what was synced: this test sees what is not there")
		}
	}
}
