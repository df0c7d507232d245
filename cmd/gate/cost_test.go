package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/google/uuid"

	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/tui"
	"gatehouse/internal/pty"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// The rest of what a console costs (design/console.md, "Cost"): what the whole
// program is needed for, and what a desk on a real disk adds. The console's own
// share is in gate/tui. Figures are reported, never asserted.

// large makes the site one of 500 slots and 200 stays.
func large(snap *wire.Snapshot) {
	gates := snap.Config.Gates
	for i := len(snap.Slots); i < 500; i++ {
		at := parking.Point{X: float64(i % 25), Y: float64(i / 25)}
		snap.Slots = append(snap.Slots, parking.Slot{
			Code: fmt.Sprintf("N%03d", i), Zone: "N", At: at, Classes: []parking.Class{parking.Car},
			Home: parking.HomeGate(at, gates), State: parking.SlotFree,
		})
	}
	in := time.Now().Add(-3 * time.Hour)
	for i := range 200 {
		plate := parking.Plate(fmt.Sprintf("30A%05d", 10000+i))
		slot := &snap.Slots[i*2]
		s := parking.Stay{ID: uuid.New()}
		s.ApplyFact(parking.Fact{ID: uuid.New(), At: in, Gate: "S"},
			&parking.VehicleIn{Stay: s.ID, Lane: "1", Class: parking.Car, Plate: plate, Display: plate.Display(), Zone: slot.Zone, Slot: slot.Code})
		slot.State, slot.Stay = parking.SlotOccupied, s.ID
		snap.Stays = append(snap.Stays, s)
	}
}

// terminal is a pseudo-terminal with a person at it.
func terminal(b *testing.B) (person *pty.Person, far, near *os.File) {
	b.Helper()
	far, near, err := pty.Open(80, 24)
	if err != nil {
		b.Fatal(err)
	}
	person = pty.NewPerson(far)
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		person.Watch(far)
	}()
	b.Cleanup(func() {
		_ = near.Close() // closed already where a program had it
		<-seen
		_ = far.Close() // its other end is gone
	})
	return person, far, near
}

// await waits for what a person looks for.
func await(b *testing.B, what string, came <-chan time.Time) time.Time {
	b.Helper()
	select {
	case at := <-came:
		return at
	case <-time.After(20 * time.Second):
		b.Fatalf("%q does not come to the screen", what)
		return time.Time{}
	}
}

// BenchmarkStart is from the start of the program to its first screen, without
// the cloud, and what memory it has then and after five seconds of a guard's
// work. The limits are 300 ms and 64 MB.
func BenchmarkStart(b *testing.B) {
	dir := knownFolder(b, large)
	var starts []time.Duration
	rss, peak := 0.0, 0.0
	for b.Loop() {
		person, far, near := terminal(b)
		first := person.Await("Đăng nhập")
		cmd := program(b, "run", "--data", dir, "--camera", "1=sim:", "--camera", "2=sim:?seed=2", "--barrier", "1=sim:", "--barrier", "2=sim:")
		cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LANG=C.UTF-8")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = near, near, near
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		starts = append(starts, await(b, "the sign-in", first).Sub(began))
		in := person.Await("F10")
		if _, err := far.WriteString("lan\rpw\r"); err != nil {
			b.Fatal(err)
		}
		await(b, "the lanes", in)
		for range 5 { // a vehicle, looked at and sent away
			time.Sleep(time.Second)
			if _, err := far.WriteString("n/30A\x1b"); err != nil {
				b.Fatal(err)
			}
		}
		rss, peak = max(rss, memory(b, cmd.Process.Pid, "VmRSS:")), max(peak, memory(b, cmd.Process.Pid, "VmHWM:"))
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(starts)
	b.ReportMetric(float64(starts[len(starts)/2])/float64(time.Millisecond), "ms/start")
	b.ReportMetric(float64(starts[len(starts)-1])/float64(time.Millisecond), "ms/start-max")
	b.ReportMetric(rss, "MB")
	b.ReportMetric(peak, "MB-peak")
}

// memory is a figure of a process's status, in MB.
func memory(b *testing.B, pid int, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if rest, ok := strings.CutPrefix(line, name); ok {
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				b.Fatal(err)
			}
			return kb / 1000
		}
	}
	b.Fatalf("no %s", name)
	return 0
}

// BenchmarkKeyAtDesk is from a key press to the painted frame over a real desk,
// while 50 slots a second change on its disk. The limits are 16 ms at the
// median and 50 ms at p99.
func BenchmarkKeyAtDesk(b *testing.B) {
	bench := lanetest.New(b, lanetest.Options{Change: large, Still: true, Runs: true})
	defer bench.RunDesk()()
	ctx, cancel := context.WithCancel(b.Context())
	person, far, near := terminal(b)
	first := person.Await("F10")
	ended := make(chan error, 2)
	go func() {
		console := bench.Desk.Console()
		defer console.Close()
		ended <- tui.Run(ctx, console, tui.Options{Input: near, Output: near, Sizes: make(chan tui.Size), Width: 80, Height: 24, Env: []string{"TERM=xterm-256color"}, Profile: colorprofile.TrueColor})
	}()
	await(b, "the lanes", first)
	changes := 0
	go func() {
		ended <- change(ctx, bench, &changes)
	}()
	began := time.Now()
	opened := person.Await("Tìm")
	if _, err := far.WriteString("/"); err != nil {
		b.Fatal(err)
	}
	await(b, "the search", opened)
	var all []time.Duration
	for b.Loop() {
		for i := range 300 {
			r := string([]rune("ƀƃƅƈƌƍƒƕƙƚƛƞƣƥƨƪƫƭƹƽƾƿǝǥȝȡȣȥȴȵȶȷȸȹȼȿɀɂɇɉ")[i%40])
			came, pressed := person.Await(r), time.Now()
			if _, err := far.WriteString(r); err != nil {
				b.Fatal(err)
			}
			all = append(all, await(b, r, came).Sub(pressed))
			time.Sleep(time.Duration(20+i*7%31) * time.Millisecond)
			if i%20 == 19 {
				if _, err := far.WriteString("\x15"); err != nil { // empties the field
					b.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond) // painted empty, or the next letter may be there already
			}
		}
	}
	took := time.Since(began)
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2])/float64(time.Millisecond), "ms/p50")
	b.ReportMetric(float64(all[len(all)*99/100])/float64(time.Millisecond), "ms/p99")
	b.ReportMetric(float64(changes)/took.Seconds(), "changes/s")
}

// change changes a slot fifty times a second until ctx ends.
func change(ctx context.Context, bench *lanetest.Bench, n *int) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	site := bench.State.Site()
	feed := site.FeedSeq
	slots := slices.Clone(site.Slots)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		slot := &slots[(2**n+1)%len(slots)]
		if slot.State = parking.SlotFree; *n/len(slots)%2 == 0 {
			slot.State = parking.SlotOutOfService
		}
		feed++
		if err := bench.State.ApplyDeltas(context.WithoutCancel(ctx), wire.Delta{FeedSeq: feed, Slots: []parking.Slot{*slot}}); err != nil {
			return err
		}
		*n++
	}
}
