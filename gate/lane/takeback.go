package lane

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// takeBackWithin is how long after it the last act of a guard can be taken back.
const takeBackWithin = time.Minute

// sayTakenBack is the reason in facts that take something back.
const sayTakenBack = "Taken back within a minute."

// ActKind is what kind of act can be taken back.
type ActKind string

// Kinds of acts that can be taken back.
const (
	ActIn       ActKind = "in"
	ActOut      ActKind = "out"
	ActPlate    ActKind = "plate"
	ActClass    ActKind = "class"
	ActPlace    ActKind = "place"
	ActDiscount ActKind = "discount"
	ActTurn     ActKind = "turn" // of a lane; Display is its code
)

// LastAct is what a guard did last at a console.
type LastAct struct {
	Kind    ActKind   `json:"kind,omitempty"`
	Display string    `json:"display,omitempty"` // whose: a plate as it is written
	Why     string    `json:"why,omitempty"`     // why it cannot be taken back, "" when it can
	Until   time.Time `json:"until"`             // it can be up to here
}

// lastAct is what a console remembers of it. It is in memory: after a start
// nothing can be taken back.
type lastAct struct {
	LastAct
	guard string
	at    time.Duration // of the machine's clock
	since uint64        // the last deed before it
	lane  string        // whose vehicle it was about, "" for none
	stay  uuid.UUID     // zero for none
	undo  func(ctx context.Context) error
}

// was looks at what an act is going to change. What it returns says, by what the
// act has written, what the act was: nil when it was none, as one that was asked
// for twice.
type was func() became

type became func(told []parking.Told) *lastAct

// stays is an act that cannot be taken back.
func stays(why string) was {
	return func() became {
		return func([]parking.Told) *lastAct { return &lastAct{LastAct: LastAct{Why: why}} }
	}
}

// written is an act that cannot be taken back, once it has written something.
func written(why string) was {
	return func() became {
		return func(told []parking.Told) *lastAct {
			if len(told) == 0 {
				return nil
			}
			return &lastAct{LastAct: LastAct{Why: why}}
		}
	}
}

// countsNot is an act that leaves the one before it the last.
func countsNot() became { return func([]parking.Told) *lastAct { return nil } }

// during does an act and remembers it as the last one of the console, whether or
// not it can be taken back: what was before it stands from then on.
func (c *Console) during(ctx context.Context, code string, was was, do func(ctx context.Context) error) error {
	d, t := c.desk, &tally{}
	since, guard := d.deeds.count(), d.signedIn(ctx)
	c.mu.Lock()
	c.underway++
	c.mu.Unlock()
	became := was()
	err := do(context.WithValue(ctx, tallyKey{}, t))
	told, now := t.all(), d.mono()
	var last *lastAct
	if err == nil || len(told) > 0 {
		if code != "" {
			d.deeds.note(deed{at: now, guard: *guard, lane: code})
		}
		last = became(told)
	}
	c.mu.Lock()
	c.underway--
	if last != nil {
		last.guard, last.at, last.since = guard.Name, now, since
		c.last, c.base = last, nil
	}
	c.mu.Unlock()
	if last != nil {
		d.touch()
	}
	return err
}

// lastShown is what a screen shows of the last act of g, nil when there is none
// of the last minute. mu is held.
func (c *Console) lastShown(g *Guard, now time.Time) *LastAct {
	last := c.last
	if last == nil || g == nil || last.guard != g.Name {
		return nil
	}
	left := takeBackWithin - (c.desk.mono() - last.at)
	if left < 0 {
		return nil
	}
	shown := last.LastAct
	shown.Until = now.Add(left)
	return &shown
}

// TakeBack takes the guard's last act at this console back, within a minute of
// it, by writing facts: a vehicle that was let through has backed out, a place
// or a plate is what it was. What cannot be taken back, or no longer, is refused
// with a sentence (Conflict), and nothing older is taken back in its place.
// Twice in a row there is nothing to take back.
func (c *Console) TakeBack(ctx context.Context) (LastAct, error) {
	ctx, err := c.acting(ctx)
	if err != nil {
		return LastAct{}, err
	}
	d := c.desk
	last, err := c.takeLast(d.signedIn(ctx).Name)
	if err != nil {
		return LastAct{}, err
	}
	undo := func(ctx context.Context) error {
		if g, acted := d.deeds.other(last.since, last.guard, last.lane, last.stay); acted {
			return parking.Errorf(parking.Conflict, "%s has acted there since; it cannot be taken back.", g.shown())
		}
		return last.undo(ctx)
	}
	if last.lane != "" {
		err = c.at(ctx, last.lane, countsNot, undo)
	} else {
		err = c.during(ctx, "", countsNot, undo)
	}
	if err != nil {
		c.putBack(last)
		return LastAct{}, err
	}
	d.touch()
	return last.LastAct, nil
}

// takeLast takes the last act of a guard out of the console's memory, so that it
// is taken back once, or says why it cannot be taken back.
func (c *Console) takeLast(guard string) (*lastAct, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.last
	switch {
	case c.underway > 0: // it is going to be the last
		return nil, parking.Errorf(parking.Conflict, "The act before is still being written. Press again.")
	case last == nil || last.guard != guard:
		return nil, parking.Errorf(parking.Conflict, "There is nothing to take back.")
	case c.desk.mono()-last.at > takeBackWithin:
		return nil, parking.Errorf(parking.Conflict, "Your last act was more than a minute ago; it stands.")
	case last.undo == nil:
		return nil, parking.Errorf(parking.Conflict, "%s", last.Why)
	}
	c.last, c.base = nil, nil
	return last, nil
}

// putBack remembers an act again that was not taken back: what is in the way may
// go within the minute.
func (c *Console) putBack(last *lastAct) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last, c.base = last, nil
	}
}
