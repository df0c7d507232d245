package lane

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// holdIdle is how long a lane stays with a guard who presses no key there.
const holdIdle = 20 * time.Second

// laneHolds are the lanes at which somebody works, by lane. The zero value is ready.
type laneHolds struct {
	mu   sync.Mutex
	by   map[string]laneHold
	tick func() time.Time // monotonic; nil: time.Now
}

// laneHold is a lane that a console holds: while its guard types there, or as long as
// something is left to do with a vehicle that he has handled.
type laneHold struct {
	console *Console
	name    string // of the guard, for the others
	typing  bool
	acting  int       // acts under way
	subject uuid.UUID // zero for none
	last    time.Time // when the guard last did something there
}

func (h *laneHolds) read() time.Time {
	if h.tick != nil {
		return h.tick()
	}
	return time.Now()
}

// standing says whether a hold still counts; front is the vehicle in front with
// which something is left to do.
func (h *laneHold) standing(now time.Time, front uuid.UUID) bool {
	switch {
	case h.console == nil:
		return false
	case h.acting > 0:
		return true
	case now.Sub(h.last) >= holdIdle:
		return false
	}
	return h.typing || h.subject != uuid.Nil && h.subject == front
}

// now is who holds a lane, and the guard's name; nil for nobody.
func (h *laneHolds) now(lane string, front uuid.UUID) (*Console, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.by[lane]
	if !held.standing(h.read(), front) {
		delete(h.by, lane)
		return nil, ""
	}
	return held.console, held.name
}

// taken is the refusal of who wants a lane that another console holds.
func (h *laneHold) taken(lane string) error {
	return parking.Errorf(parking.Conflict, "%s is working at lane %s.", h.name, lane)
}

// take gives a lane to a console for an act on the vehicle in front, or says who
// has it.
func (h *laneHolds) take(c *Console, name, lane string, front uuid.UUID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, held := h.read(), h.by[lane]
	if held.console != c {
		if held.standing(now, front) {
			return held.taken(lane)
		}
		held = laneHold{console: c}
	}
	held.name, held.last = name, now
	held.acting++
	h.put(lane, held)
	return nil
}

// acted ends an act; the lane stays with the console while something is left to
// do with the vehicle in front.
func (h *laneHolds) acted(c *Console, lane string, front uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.by[lane]
	if held.console != c {
		return
	}
	held.acting--
	// What was typed is done with: its dialog closes, and the vehicle keeps the lane.
	held.last, held.subject, held.typing = h.read(), front, false
	if !held.standing(held.last, front) {
		delete(h.by, lane)
		return
	}
	h.by[lane] = held
}

// typing notes that a console's guard types at a lane, "" for none, and no longer
// at any other. It says whether others see something new. Which vehicle is in
// front it cannot know: a lane on whose vehicle somebody has acted counts as held
// until a view has found that vehicle gone.
func (h *laneHolds) typing(c *Console, name, lane string) (changed bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for other, held := range h.by {
		if held.console != c || !held.typing || other == lane {
			continue
		}
		changed = true
		if held.acting > 0 { // it goes on, and the lane stays its until then
			held.typing = false
			h.by[other] = held
			continue
		}
		delete(h.by, other)
	}
	if lane == "" {
		return changed, nil
	}
	now, held := h.read(), h.by[lane]
	if held.console != c {
		if held.standing(now, held.subject) {
			return changed, held.taken(lane)
		}
		held = laneHold{console: c}
	}
	changed = changed || !held.typing
	held.name, held.last, held.typing = name, now, true
	h.put(lane, held)
	return changed, nil
}

// release gives back all that a console holds, and says whether it held
// something.
func (h *laneHolds) release(c *Console) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for lane, held := range h.by {
		if held.console == c {
			delete(h.by, lane)
			changed = true
		}
	}
	return changed
}

// put keeps a hold; mu is held.
func (h *laneHolds) put(lane string, held laneHold) {
	if h.by == nil {
		h.by = map[string]laneHold{}
	}
	h.by[lane] = held
}
