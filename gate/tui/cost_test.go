package tui

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"gatehouse/gate/lane"
	"gatehouse/internal/pty"
)

// What a console costs (design/console.md, "Cost"), counted at a real
// pseudo-terminal of 80 × 24 cells that answers as terminals do, at a site of
// 500 slots and 200 stays. Figures are reported, never asserted: they are the
// machine's as much as the console's.

// seat is a guard at a console in a terminal of this machine.
type seat struct {
	*pty.Person
	desk  *fakeDesk
	far   *os.File
	sizes chan Size
}

// sit opens a console that shows v.
func sit(b *testing.B, v lane.View) *seat {
	b.Helper()
	far, near, err := pty.Open(80, 24)
	if err != nil {
		b.Fatal(err)
	}
	s := &seat{
		Person: pty.NewPerson(far), far: far, sizes: make(chan Size, 1),
		desk: &fakeDesk{view: v, wake: make(chan struct{}, 1), stays: largeStays()},
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended, seen := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(seen)
		s.Watch(far)
	}()
	ready := s.Await("12 ms")
	go func() {
		ended <- Run(ctx, s.desk, Options{Input: near, Output: near, Sizes: s.sizes, Width: 80, Height: 24, Env: []string{"TERM=xterm-256color"}, Profile: colorprofile.TrueColor})
	}()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := near.Close(); err != nil {
			b.Error(err)
		}
		<-seen
		_ = far.Close() // its other end is gone
	})
	select {
	case <-ready:
	case <-time.After(20 * time.Second):
		b.Fatal("no first screen")
	}
	time.Sleep(time.Second) // pictures, and what the terminal was asked
	s.cost(func() {})
	return s
}

// press presses a key and says how long its effect took.
func (s *seat) press(b *testing.B, key string, came <-chan time.Time) time.Duration {
	b.Helper()
	began := time.Now()
	if _, err := s.far.WriteString(key); err != nil {
		b.Fatal(err)
	}
	select {
	case at := <-came:
		return at.Sub(began)
	case <-time.After(20 * time.Second):
		b.Fatalf("%q is never painted", key)
		return 0
	}
}

// cost is how many bytes do makes the console send.
func (s *seat) cost(do func()) float64 {
	before := s.Bytes()
	do()
	for last := -1; last != s.Bytes(); { // until nothing comes any more
		last = s.Bytes()
		time.Sleep(100 * time.Millisecond)
	}
	return float64(s.Bytes() - before)
}

// most reports the mean and the largest of some figures.
func most(b *testing.B, all []float64, unit string) {
	sum := 0.0
	for _, x := range all {
		sum += x
	}
	b.ReportMetric(sum/float64(len(all)), unit)
	b.ReportMetric(slices.Max(all), "max-"+unit)
}

// quantile is the part of all, in ms, that n of 100 are below.
func quantile(all []time.Duration, n int) float64 {
	slices.Sort(all)
	return float64(all[min(len(all)-1, len(all)*n/100)]) / float64(time.Millisecond)
}

// noisyJPEG is a picture that no two cells of are alike, as of a street at
// night.
func noisyJPEG(w, h int) []byte {
	img, random := image.NewRGBA(image.Rect(0, 0, w, h)), rand.New(rand.NewPCG(1, 1)) //nolint:gosec // a test's
	for i := range img.Pix {
		block := i/4%w/16*7 + i/4/w/16*13
		img.Pix[i] = uint8(min(255, block*29%200+random.IntN(56))) //nolint:gosec // at most 255
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// busyView is the large site with a vehicle and a picture at both lanes.
func busyView() lane.View {
	v := matchedOut(offeredIn(largeView()))
	for i := range v.Lanes {
		v.Lanes[i].Picture, v.Lanes[i].PictureN = noisyJPEG(640, 360), 1
	}
	return v
}

// BenchmarkIdle has a limit of 100 bytes a second.
func BenchmarkIdle(b *testing.B) {
	s := sit(b, busyView())
	time.Sleep(time.Second)
	before, seconds := s.Bytes(), 0
	for b.Loop() {
		time.Sleep(10 * time.Second)
		seconds += 10
	}
	b.ReportMetric(float64(s.Bytes()-before)/float64(seconds), "B/s")
}

// BenchmarkSlot is what one slot costs that changes its state, on a map that
// shows each slot and on one of counters: the limit is 1 KB.
func BenchmarkSlot(b *testing.B) {
	for name, v := range map[string]lane.View{"map": matchedOut(offeredIn(idleView())), "counters": busyView()} {
		b.Run(name, func(b *testing.B) {
			s := sit(b, v)
			var all []float64
			for b.Loop() {
				for range 10 {
					all = append(all, s.cost(func() { s.desk.change(len(all)) }))
				}
			}
			most(b, all, "B/slot")
		})
	}
}

// BenchmarkRedraw is the whole screen, pictures included: the limit is 16 KB.
func BenchmarkRedraw(b *testing.B) {
	s := sit(b, busyView())
	var all []float64
	for b.Loop() {
		all = append(all, s.cost(func() { s.sizes <- Size{80, 24} }))
	}
	most(b, all, "B/redraw")
}

// BenchmarkKey is from a key press to the painted frame while 50 changes a
// second arrive: the limits are 16 ms at the median and 50 ms at p99.
func BenchmarkKey(b *testing.B) {
	s := sit(b, busyView())
	go s.desk.storm(b.Context(), 20*time.Millisecond)
	s.press(b, "/", s.Await("Tìm"))
	var all []time.Duration
	for b.Loop() {
		for i := range 300 {
			r := string(strange[i%len(strange)])
			all = append(all, s.press(b, r, s.Await(r)))
			time.Sleep(time.Duration(20+i*7%31) * time.Millisecond) // in no step with anything
			if i%20 == 19 {
				if _, err := s.far.WriteString("\x15"); err != nil { // empties the field
					b.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond) // painted empty, or the next letter may be there already
			}
		}
	}
	b.ReportMetric(quantile(all, 50), "ms/p50")
	b.ReportMetric(quantile(all, 99), "ms/p99")
	b.ReportMetric(quantile(all, 100), "ms/max")
}

// BenchmarkSlowLine is a key's way to the painted frame at 9,600 baud and 300 ms
// of round trip, 50 changes a second: the limit is 2 s. The first screen and
// the help are what takes longest: whole screens.
func BenchmarkSlowLine(b *testing.B) {
	d := &fakeDesk{view: busyView(), wake: make(chan struct{}, 1), stays: largeStays()}
	began := time.Now()
	g := farConsole(b, d, 960, 300*time.Millisecond, true)
	first := (<-g.Await("F10")).Sub(began)
	go d.storm(b.Context(), 20*time.Millisecond)
	time.Sleep(8 * time.Second)
	behind := g.out.Behind()
	var all, helps []time.Duration
	for b.Loop() {
		helps = append(helps, g.press(b, "?", "xe đã đi, bỏ", time.Minute))
		g.leaveDialog(b)
		g.press(b, "/", "Tìm", time.Minute)
		for _, r := range strange[:12] {
			all = append(all, g.press(b, string(r), string(r), time.Minute))
		}
		g.leaveDialog(b)
	}
	b.ReportMetric(float64(first)/float64(time.Millisecond), "ms/first")
	b.ReportMetric(quantile(all, 50), "ms/p50")
	b.ReportMetric(quantile(all, 100), "ms/max")
	b.ReportMetric(quantile(helps, 100), "ms/help")
	b.ReportMetric(float64(g.out.Behind()-behind), "B-behind")
}

// leaveDialog presses Esc and waits until the line is long done with it.
func (g *guard) leaveDialog(b testing.TB) {
	b.Helper()
	if _, err := g.in.Write([]byte("\x1b")); err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Second)
}
