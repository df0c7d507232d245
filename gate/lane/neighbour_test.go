package lane_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
)

// A slot of another gate that the guard chose while the line is down is marked
// as one that may be taken unless that gate is heard: then its word is as good
// as the cloud's, and all that is said is that it was not lent.
func TestAChosenSlotOfAGateThatIsHeard(t *testing.T) {
	t.Parallel()
	const gone, notLent = "The line is down: this slot may be taken by another gate.", "E15 may be handed out by another gate"
	var heard atomic.Bool
	changes := make(chan struct{}, 1)
	b := lanetest.New(t, lanetest.Options{NoCamera: true, NoVision: true, Setup: func(c *lane.Config) {
		c.Neighbours = func() []lane.Neighbour {
			return []lane.Neighbour{{Gate: "E", Heard: heard.Load()}, {Gate: "S", Heard: true}}
		}
		c.NeighboursChanged = func() (<-chan struct{}, func()) { return changes, func() {} }
	}})
	stop := b.RunDesk()
	defer stop()
	s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
	if err := b.Desk.ChooseSlot(t.Context(), "1", s.ID, "E15"); err != nil {
		t.Fatal(err)
	}
	marked := func(want bool) func() bool {
		return func() bool {
			s := b.Subject("1")
			says := slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.HasPrefix(w, notLent) })
			return s.Slot == "E15" && s.MayBeGone == want && slices.Contains(s.Warnings, gone) == want && says != want
		}
	}
	b.Until("it is marked, since its gate is not heard", marked(true))
	for _, is := range []bool{true, false, true} {
		heard.Store(is)
		changes <- struct{}{}
		b.Until("it is marked as its gate is heard or not", marked(!is))
	}
	if err := b.Desk.ChooseSlot(t.Context(), "1", s.ID, "E14"); err != nil { // chosen while it is heard
		t.Fatal(err)
	}
	if s := b.Subject("1"); s.Slot != "E14" || s.MayBeGone || slices.Contains(s.Warnings, gone) {
		t.Errorf("chosen of a gate that is heard: %+v", s)
	}
}
