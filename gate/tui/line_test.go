package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"gatehouse/gate/lane"
	"gatehouse/internal/pty"
	"gatehouse/parking"
)

// largeView is a site with 500 slots, 200 of them taken.
func largeView() lane.View {
	v := idleView()
	v.Zones = nil
	for z := range 10 {
		zone := lane.ZoneView{
			Zone:   parking.Zone{Code: fmt.Sprintf("Z%d", z), Name: fmt.Sprintf("Khu %d", z), Kind: parking.Numbered},
			Inside: map[parking.Class]int{parking.Car: 20}, Free: 30, Capacity: 50,
		}
		for i := range 50 {
			s := lane.SlotView{Slot: parking.Slot{
				Code: fmt.Sprintf("Z%d%02d", z, i+1), Zone: zone.Zone.Code, At: parking.Point{X: float64(i), Y: float64(z)},
				Classes: []parking.Class{parking.Car}, Home: "N", State: parking.SlotFree,
			}}
			if i < 20 {
				s.Slot.State, s.Plate = parking.SlotOccupied, fmt.Sprintf("30A-%03d.%02d", z*20+i, i)
			}
			zone.Slots = append(zone.Slots, s)
		}
		v.Zones = append(v.Zones, zone)
	}
	return v
}

// largeStays are the 200 stays of that site.
func largeStays() (out []parking.Stay) {
	for i := range 200 {
		plate := fmt.Sprintf("30A%05d", 10000+i)
		out = append(out, stayOf(byte(i), plate, plate[:3]+"-"+plate[3:6]+"."+plate[6:], fakeNow.Add(-time.Duration(i)*time.Minute)))
	}
	return out
}

// change makes the n-th change of a busy site: a slot taken or left, and a
// line of history.
func (d *fakeDesk) change(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	zones := append([]lane.ZoneView(nil), d.view.Zones...)
	z := &zones[n%min(len(zones), 4)] // numbered ones
	z.Slots = append([]lane.SlotView(nil), z.Slots...)
	s := &z.Slots[n*7%len(z.Slots)]
	by := 1
	if s.Slot.State == parking.SlotOccupied {
		s.Slot.State, s.Plate = parking.SlotFree, ""
	} else {
		s.Slot.State, s.Plate, by = parking.SlotOccupied, fmt.Sprintf("51F-%03d.%02d", n%1000, n%100), -1
	}
	z.Free += by
	d.view.Zones = zones
	d.view.Now = d.view.Now.Add(20 * time.Millisecond)
	d.view.Recent = append([]lane.Event{{At: d.view.Now, Kind: parking.KindVehicleIn, Gate: "N", Display: s.Plate, Slot: s.Slot.Code}}, d.view.Recent[:min(20, len(d.view.Recent))]...)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// storm makes changes until ctx ends.
func (d *fakeDesk) storm(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.change(n)
		}
	}
}

// guard is somebody at a console behind a slow line.
type guard struct {
	*pty.Person
	out, in *pty.Slow
	keys    *io.PipeWriter
	ended   chan error
	stop    context.CancelFunc
}

// farConsole shows d over a line of rate bytes a second and half of rtt each way.
func farConsole(t testing.TB, d *fakeDesk, rate int, rtt time.Duration, answers bool) *guard {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // ends in leave
	input, keys := io.Pipe()
	g := &guard{keys: keys, ended: make(chan error, 1), stop: cancel}
	g.in = pty.NewSlow(rate, rtt/2, func(p []byte) { _, _ = keys.Write(p) })
	g.Person = pty.NewPerson(nil)
	if answers {
		g.Person = pty.NewPerson(g.in)
	}
	g.out = pty.NewSlow(rate, rtt/2, g.See)
	t.Cleanup(func() { g.leave(t) })
	go func() {
		g.ended <- Run(ctx, d, Options{Input: input, Output: g.out, Env: []string{"TERM=xterm-256color"}, Profile: colorprofile.ANSI256, Width: 80, Height: 24})
	}()
	return g
}

func (g *guard) leave(t testing.TB) {
	t.Helper()
	g.stop()
	if err := g.keys.Close(); err != nil {
		t.Error(err)
	}
	if err := <-g.ended; err != nil {
		t.Error(err)
	}
	if err := g.in.Close(); err != nil {
		t.Error(err)
	}
	if err := g.out.Close(); err != nil {
		t.Error(err)
	}
}

// press presses a key, and says after which time its effect is painted.
func (g *guard) press(t testing.TB, key, effect string, within time.Duration) time.Duration {
	t.Helper()
	came, began := g.Await(effect), time.Now()
	if _, err := g.in.Write([]byte(key)); err != nil {
		t.Fatal(err)
	}
	select {
	case at := <-came:
		if at.Sub(began) > within {
			t.Errorf("%q is painted after %v", key, at.Sub(began))
		}
		time.Sleep(700 * time.Millisecond)
		return at.Sub(began)
	case <-time.After(30 * time.Second):
		t.Fatalf("%q is never painted", key)
		return 0
	}
}

// strange are letters that nothing else on the screen has.
var strange = []rune("ƀƃƅƈƌƍƒƕƙƚƛƞƣƥƨƪƫƭƹƽƾƿǝǥȝȡȣȥȴȵȶȷȸȹȼȿɀɂɇɉɋɍɏ")

// On a line of 9,600 baud with a round trip of 300 ms, with 50 changes a
// second, the effect of a key is painted within two seconds, no frame waits
// behind another, and pictures are off by themselves.
func TestSlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDesk{view: largeView(), wake: make(chan struct{}, 1), stays: largeStays()}
		d.view.Lanes[0].Picture, d.view.Lanes[0].PictureN = plateJPEG(320, 180), 1
		g := farConsole(t, d, 960, 300*time.Millisecond, true)
		slow := g.Await("(p để bật)")
		go d.storm(t.Context(), 20*time.Millisecond)
		select {
		case <-slow:
		case <-time.After(20 * time.Second):
			t.Fatalf("the pictures are not off after %d bytes", g.Bytes())
		}
		time.Sleep(5 * time.Second)
		behind := g.out.Behind()
		worst := g.press(t, "/", "Enter", 2*time.Second)
		t.Logf("search %v", worst)
		for _, r := range strange[:20] {
			worst = max(worst, g.press(t, string(r), string(r), 2*time.Second))
		}
		g.leaveDialog(t)
		help := g.press(t, "?", "xe đã đi, bỏ", 2*time.Second)
		t.Logf("letters %v, help %v", worst, help)
		worst = max(worst, help)
		g.leaveDialog(t)
		if n := g.out.Behind() - behind; n > 0 {
			t.Errorf("%d bytes were written behind others", n)
		}
		t.Logf("a key's effect is painted within %v", worst)
	})
}

// A terminal that never answers is served all the same.
func TestTerminalThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDesk{view: largeView(), wake: make(chan struct{}, 1)}
		g := farConsole(t, d, 1<<20, 0, false)
		time.Sleep(3 * deafAfter)
		g.press(t, "/", "Enter", 100*time.Millisecond)
		for _, r := range strange[:3] {
			g.press(t, string(r), string(r), 100*time.Millisecond)
		}
	})
}

// lined is a console with a line whose terminal the test plays.
func lined(v lane.View) (m *model, d *fakeDesk, clock *testClock, sent *bytes.Buffer) {
	m, d, clock = console(v, 80, 24)
	sent = &bytes.Buffer{}
	m.line = newLine(sent, clock.Now)
	m.line.sized(true)
	m.Update(nil)
	return m, d, clock, sent
}

// flush writes the frame that the model shows, as the renderer does, and
// returns the answer that the terminal will give.
func flush(t *testing.T, m *model, sent *bytes.Buffer) tea.CursorPositionMsg {
	t.Helper()
	sent.Reset()
	if _, err := m.line.Write([]byte(enterScreen + m.View().Content)); err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(sent.String(), "\x1b[2;")
	if at < 0 {
		t.Fatal("no question behind the frame")
	}
	var column int
	if _, err := fmt.Sscanf(sent.String()[at:], "\x1b[2;%dH\x1b[6n\x1b8", &column); err != nil {
		t.Fatal(err)
	}
	return tea.CursorPositionMsg{X: column - 1, Y: 1}
}

// Until the terminal has taken a frame the next is not drawn; then it is the
// newest.
func TestFramesWaitForTheLine(t *testing.T) {
	t.Parallel()
	m, _, clock, sent := lined(idleView())
	answer := flush(t, m, sent)
	first := m.View().Content
	next := offeredIn(idleView())
	m.Update(viewMsg{&next})
	if m.View().Content != first {
		t.Fatal("a second frame is drawn before the first has arrived")
	}
	next = matchedOut(idleView())
	m.Update(viewMsg{&next})
	clock.pass(100 * time.Millisecond)
	m.Update(tea.CursorPositionMsg{X: 3, Y: 1})
	if m.View().Content != first {
		t.Fatal("an answer to nothing frees the line")
	}
	m.Update(answer)
	if got := m.View().Content; got == first || got != m.frame() {
		t.Fatal("the newest frame is not drawn")
	}
	flush(t, m, sent)
	stale := m.View().Content
	idle := idleView()
	m.Update(viewMsg{&idle})
	clock.pass(answerWait - time.Millisecond)
	if m.View().Content != stale {
		t.Error("a lost answer is not waited for")
	}
	clock.pass(time.Minute)
	if m.View().Content == stale {
		t.Error("a lost answer is waited for without end")
	}
}

// Pictures wait until the line is known; a fast one is known by any frame, a
// far one by a large frame, and a slow one keeps them off until the guard asks.
func TestPicturesGoByTheLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		bytes      []int
		took       []time.Duration
		fast, slow bool
	}{
		{"nothing known", nil, nil, false, false},
		{"near", []int{60}, []time.Duration{2 * time.Millisecond}, true, false},
		{"far, little sent", []int{60}, []time.Duration{300 * time.Millisecond}, false, false},
		{"far", []int{60, 2500}, []time.Duration{300 * time.Millisecond, 340 * time.Millisecond}, true, false},
		{"9,600 baud", []int{60, 2500}, []time.Duration{360 * time.Millisecond, 2900 * time.Millisecond}, false, true},
	} {
		l := newLine(nil, time.Now)
		for i := range c.bytes {
			l.measure(c.bytes[i], c.took[i])
		}
		if fast, slow := l.carriesPictures(); fast != c.fast || slow != c.slow {
			t.Errorf("%s: fast %v, slow %v", c.name, fast, slow)
		}
	}
	for name, c := range map[string]struct {
		bytes  []int
		took   []time.Duration
		pixels bool
	}{
		"nothing known":                   {},
		"small frames, near":              {[]int{57, 57}, []time.Duration{3700 * time.Microsecond, 3800 * time.Microsecond}, false},
		"a terminal that is slow to draw": {[]int{57, 4200, 57, 57}, []time.Duration{3500 * time.Microsecond, 77 * time.Millisecond, 8 * time.Millisecond, 4 * time.Millisecond}, true},
		"pictures arrive":                 {[]int{57, 4200, 45_000, 39}, []time.Duration{3500 * time.Microsecond, 77 * time.Millisecond, 27 * time.Millisecond, 160 * time.Millisecond}, true},
		"one was held up":                 {[]int{57, 4200, 45_000}, []time.Duration{3500 * time.Microsecond, 77 * time.Millisecond, 900 * time.Millisecond}, true},
		"pictures crawl":                  {[]int{57, 4200, 45_000, 45_000}, []time.Duration{3500 * time.Microsecond, 77 * time.Millisecond, 900 * time.Millisecond, 900 * time.Millisecond}, false},
		"near, small frames held up":      {[]int{57, 45_000, 45_000, 400, 400, 400, 400, 400, 400}, []time.Duration{3500 * time.Microsecond, 60 * time.Millisecond, 60 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond}, true},
		"9,600 baud":                      {[]int{60, 2500}, []time.Duration{360 * time.Millisecond, 2900 * time.Millisecond}, false},
	} {
		l := newLine(nil, time.Now)
		for i := range c.bytes {
			l.measure(c.bytes[i], c.took[i])
		}
		if got := l.carriesGraphics(); got != c.pixels {
			t.Errorf("%s: pixels %t, %+v", name, got, l)
		}
	}
	now := time.Now()
	l := newLine(nil, func() time.Time { return now })
	for _, took := range []time.Duration{900, 900} {
		l.measure(57, 4*time.Millisecond)
		l.measure(45_000, took*time.Millisecond)
	}
	if l.carriesGraphics() {
		t.Error("pictures crawl, and go on")
	}
	now = now.Add(graphicsAgain + time.Second)
	if !l.carriesGraphics() {
		t.Error("they are not tried again")
	}
	if l.measure(45_000, 60*time.Millisecond); !l.carriesGraphics() {
		t.Error("they arrive, and are off")
	}
	m, _, clock, _ := lined(offeredIn(idleView()))
	m.line.measure(5000, 5*time.Second)
	if !strings.Contains(m.frame(), m.t("picture.slow")) {
		t.Error("the screen does not say why there are no pictures")
	}
	press(m, clock, "p")
	if on, _ := m.showsPictures(); !on {
		t.Error("the guard's wish counts for nothing")
	}
}

// A vehicle counts as shown with the answer to the frame that shows it, not to
// one before.
func TestActWaitsForItsFrame(t *testing.T) {
	t.Parallel()
	m, d, clock, sent := lined(idleView())
	before := flush(t, m, sent)
	next := offeredIn(idleView())
	m.Update(viewMsg{&next})
	m.View()
	clock.pass(time.Second)
	m.Update(before) // draws the frame with the vehicle, which is on its way now
	m.View()
	m.Update(renderedMsg{})
	answer := flush(t, m, sent)
	clock.pass(time.Second)
	if !rang(run(m, m.key(keyOf("space")))) || len(d.calls) != 0 {
		t.Fatalf("an act on a frame that was not painted is not refused: %q", d.calls)
	}
	m.Update(answer)
	clock.pass(settle)
	run(m, m.key(keyOf("space")))
	if len(d.calls) != 1 {
		t.Errorf("the desk was asked %q", d.calls)
	}
}

// A frame that was written before anybody knew that it was the one with the
// vehicle is sent again, with nothing new that is seen.
func TestUnknownFrameIsSentAgain(t *testing.T) {
	t.Parallel()
	m, _, clock, sent := lined(idleView())
	m.Update(flush(t, m, sent))
	m.View()
	next := offeredIn(idleView())
	m.Update(viewMsg{&next})
	answer := flush(t, m, sent) // before renderedMsg
	title := m.View().WindowTitle
	clock.pass(20 * time.Millisecond)
	m.Update(answer)
	if m.lane("1").painted {
		t.Fatal("it counts as painted")
	}
	if m.View().WindowTitle == title {
		t.Fatal("nothing is sent again")
	}
	m.Update(nil)
	m.Update(flush(t, m, sent))
	if !m.lane("1").painted {
		t.Error("it still does not count as painted")
	}
}
