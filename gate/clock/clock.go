// Package clock tells business time at a gate.
//
// The best time that a gate has is the cloud's, heard in the answer to its last
// heartbeat and carried forward by the machine's monotonic clock. A gate that has not
// heard the cloud since the machine was started guesses, and says so: by the
// wall clock, looked at once and carried forward in the same way, or, when
// the wall clock tells an impossible time, by what the guard typed. So a step
// of the wall clock changes nothing.
package clock

import (
	"sync"
	"time"

	"gatehouse/parking"
)

// heldAfter is how long after the last word from the cloud time counts as
// held instead of synced.
const heldAfter = 5 * time.Minute

// maxRTT is the longest round trip whose time is believed when the clock is
// already synced: half of it is how wrong the time may be.
const maxRTT = 2 * time.Second

// stepLimit is how far the wall clock may drift from the monotonic one before
// somebody must have set it.
const stepLimit = 5 * time.Second

// Reading is business time together with the evidence for it. Times are whole
// milliseconds, so that At is always the time at which the boot's monotonic
// clock stood at 0, plus MonoMS.
type Reading struct {
	At     time.Time // UTC
	Source parking.ClockSource
	Boot   string // the machine's boot, within which MonoMS counts
	MonoMS int64  // milliseconds of the monotonic clock
}

// Guessed says whether the time is the gate's own guess.
func (r Reading) Guessed() bool { return r.Source.Guessed() }

// Anchor is what a later process of the same boot needs in order to carry the
// cloud's time on.
type Anchor struct {
	Boot    string    `json:"boot"`
	MonoMS  int64     `json:"mono_ms"`
	CloudAt time.Time `json:"cloud_at"`
}

// Guess is what the gate goes by until it hears the cloud. Its times are those
// at which the boot's monotonic clock stood at 0.
type Guess struct {
	Wall    time.Time // by the wall clock, when it was first looked at
	BootAt  time.Time // by what the gate goes by
	Dead    bool      // the wall clock told an impossible time
	Typed   bool      // the guard said what time it is
	Stepped bool      // the wall clock was set since it was first looked at
}

// Clock is business time. It is safe for concurrent use.
type Clock struct {
	wall func() time.Time
	mono func() time.Duration
	boot string

	mu      sync.Mutex
	known   bool
	bootAt  time.Time     // the true time at which the monotonic clock stood at 0
	heardAt time.Duration // when the cloud was heard last
	guess   Guess
}

// New makes a clock from a wall clock, a monotonic clock that counts within
// boot, and the name of that boot. The wall clock is looked at here and now.
func New(wall func() time.Time, mono func() time.Duration, boot string) *Clock {
	c := &Clock{wall: wall, mono: mono, boot: boot}
	c.guess.Wall = c.zero(wall())
	c.guess.BootAt = c.guess.Wall
	return c
}

// zero is the time at which the monotonic clock stood at 0 if it is at now.
func (c *Clock) zero(at time.Time) time.Time {
	return parking.BusinessTime(at.Round(0)).Add(-whole(c.mono()))
}

func whole(d time.Duration) time.Duration { return d.Truncate(time.Millisecond) }

// Now is business time in UTC.
func (c *Clock) Now() time.Time { return c.Read().At }

// Boot names the machine's boot.
func (c *Clock) Boot() string { return c.boot }

// Read is business time with its evidence.
func (c *Clock) Read() Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	mono := c.mono()
	r := Reading{Boot: c.boot, MonoMS: mono.Milliseconds()}
	switch {
	case !c.known && c.guess.Typed:
		r.At, r.Source = c.guess.BootAt.Add(whole(mono)), parking.ClockTyped
	case !c.known:
		r.At, r.Source = c.guess.BootAt.Add(whole(mono)), parking.ClockWall
	case mono-c.heardAt > heldAfter:
		r.At, r.Source = c.bootAt.Add(whole(mono)), parking.ClockHeld
	default:
		r.At, r.Source = c.bootAt.Add(whole(mono)), parking.ClockSynced
	}
	return r
}

// Observe takes the cloud's time from a message that has just come and whose
// round trip took rtt. A time that agrees with what is already known within
// half of the round trip moves nothing, so that business time runs smoothly.
// It returns by how far the cloud's time has jumped against the time that was
// carried forward since it was heard before.
func (c *Clock) Observe(cloud time.Time, rtt time.Duration) (jump time.Duration) {
	if cloud.IsZero() || rtt < 0 {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	mono := c.mono()
	if c.known && rtt > maxRTT {
		return 0
	}
	bootAt := parking.BusinessTime(cloud.Round(0).Add(rtt / 2)).Add(-whole(mono))
	if c.known {
		jump = bootAt.Sub(c.bootAt)
		if jump.Abs() <= rtt/2+2*time.Millisecond {
			c.heardAt = mono
			return 0
		}
	}
	c.known, c.bootAt, c.heardAt = true, bootAt, mono
	return jump
}

// Heard returns the true time at which the monotonic clock stood at 0; false
// before the cloud was ever heard.
func (c *Clock) Heard() (bootAt time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bootAt, c.known
}

// WallError is the cloud's time minus what the wall clock says now; false
// before the cloud was ever heard.
func (c *Clock) WallError() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bootAt.Sub(c.zero(c.wall())), c.known
}

// Anchor returns what Resume needs; false before the cloud was ever heard.
func (c *Clock) Anchor() (Anchor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return Anchor{}, false
	}
	// The anchor is put at the moment when the cloud was heard last, so that
	// a later process knows how old that is.
	return Anchor{Boot: c.boot, MonoMS: c.heardAt.Milliseconds(), CloudAt: c.bootAt.Add(whole(c.heardAt))}, true
}

// Resume carries on from an anchor of an earlier process. It does nothing when
// the machine was started anew since, or when the cloud was already heard.
func (c *Clock) Resume(a Anchor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mono := time.Duration(a.MonoMS) * time.Millisecond
	if c.known || a.Boot == "" || a.Boot != c.boot || a.CloudAt.IsZero() || mono > c.mono() {
		return
	}
	c.known, c.bootAt, c.heardAt = true, parking.BusinessTime(a.CloudAt).Add(-mono), mono
}

// Guess is what the gate goes by until it hears the cloud.
func (c *Clock) Guess() Guess {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.guess
	g.Stepped = g.Stepped || c.zero(c.wall()).Sub(g.Wall).Abs() > stepLimit
	return g
}

// Carry goes on with the guess of an earlier process of the same boot.
func (c *Clock) Carry(g Guess) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.guess = g
}

// NotBefore says that the time cannot be before t: a wall clock that tells one
// is dead. Until somebody knows better, the time is then t, carried forward.
func (c *Clock) NotBefore(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := parking.BusinessTime(t)
	if c.guess.Typed || !c.guess.BootAt.Add(whole(c.mono())).Before(now) {
		return
	}
	c.guess.Dead, c.guess.BootAt = true, c.zero(now)
}

// Asks says whether somebody should say what time it is: the wall clock is
// dead, nobody has typed a time, and the cloud was not heard.
func (c *Clock) Asks() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.known && c.guess.Dead && !c.guess.Typed
}

// Type takes a guard's word for the time. It is refused when the time is known
// better; a time typed before may be typed again.
func (c *Clock) Type(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.known:
		return parking.Errorf(parking.Conflict, "The time is known from the cloud; nothing was changed.")
	case !c.guess.Dead:
		return parking.Errorf(parking.Conflict, "The clock of this machine runs; nothing was changed.")
	}
	c.guess.BootAt, c.guess.Typed = c.zero(t), true
	return nil
}
