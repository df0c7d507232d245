package tui

import (
	"testing"
	"time"
)

// A key without a side that was meant for the vehicle of one lane does not reach
// the other lane when that vehicle has just left.
func TestKeyDoesNotJumpToTheOtherLane(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"e", "c", "b", "9"} {
		m, d, clock := console(matchedOut(offeredIn(idleView())), 80, 24)
		press(m, clock, "?", "esc") // both lanes are seen
		left := matchedOut(idleView())
		m.Update(viewMsg{&left})
		clock.pass(100 * time.Millisecond)
		if !rang(run(m, m.key(keyOf(keys)))) || m.top() != nil || len(d.calls) > 0 {
			t.Errorf("%s, 100 ms after the vehicle of lane 1 has left, opens %T and asks %q", keys, m.top(), d.calls)
		}
		clock.pass(time.Second)
		if run(m, m.key(keyOf("e"))); m.top() == nil {
			t.Error("a second later it is about the other lane still not")
		}
	}
}
