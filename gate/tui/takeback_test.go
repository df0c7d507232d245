package tui

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
)

// acted is a console whose guard has let a vehicle in ten seconds ago.
func acted(v lane.View) lane.View {
	v.LastAct = &lane.LastAct{Kind: lane.ActIn, Display: "30A-123.45", Until: v.Now.Add(50 * time.Second)}
	return v
}

func TestTakeBackKey(t *testing.T) {
	t.Parallel()
	fixed := acted(idleView())
	fixed.LastAct = &lane.LastAct{Why: "A barrier that was opened cannot be taken back.", Until: fakeNow.Add(time.Minute)}
	over := acted(idleView())
	over.LastAct.Until = fakeNow.Add(-time.Millisecond)
	locked := acted(matchedOut(idleView()))
	locked.Locked = true
	for name, c := range map[string]struct {
		view lane.View
		asks bool
		says string
	}{
		"an act of this minute": {acted(idleView()), true, "✓ taken back: IN 30A-123.45"},
		"nothing":               {idleView(), false, "Nothing to take back."},
		"more than a minute":    {over, false, "Nothing to take back."},
		"what stands":           {fixed, false, "A barrier that was opened cannot be taken back."},
		"view only":             {viewOnly(acted(idleView())), false, "From this address: view only."},
		"locked":                {locked, false, "Enter unlock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, d, clock := console(c.view, 80, 24, english)
			press(m, clock, "u")
			if slices.Contains(d.calls, "take back") != c.asks {
				t.Errorf("the desk was asked %q", d.calls)
			}
			if frame := ansi.Strip(m.frame()); !strings.Contains(frame, c.says) {
				t.Errorf("%q is not on the screen:\n%s", c.says, frame)
			}
		})
	}
}

// The help says what would be taken back; the desk's refusal is told; a key held
// down takes back once, and not what was before an act that is being written.
func TestTakeBackIsOnceAndTold(t *testing.T) {
	t.Parallel()
	m, d, clock := console(acted(offeredIn(idleView())), 80, 24, english)
	press(m, clock, "?")
	if frame := ansi.Strip(m.frame()); !strings.Contains(frame, "take back the last act: IN 30A-123.45") {
		t.Errorf("the help:\n%s", frame)
	}
	press(m, clock, "esc")
	writing := m.key(keyOf("space"))
	press(m, clock, "u")
	if len(d.calls) > 0 || !strings.Contains(ansi.Strip(m.frame()), "The last act is being written.") {
		t.Errorf("taken back while an act is being written: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	run(m, writing)
	d.calls = nil
	press(m, clock, "u")
	for range 5 {
		clock.pass(33 * time.Millisecond)
		run(m, m.key(keyOf("u")))
	}
	if !slices.Equal(d.calls, []string{"take back"}) {
		t.Errorf("held down it asks %q", d.calls)
	}
	d.err = context.DeadlineExceeded
	clock.pass(time.Second)
	if !rang(run(m, m.key(keyOf("u")))) {
		t.Error("a refusal does not ring")
	}
}
