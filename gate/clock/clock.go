// Package clock tells business time at a gate.
//
// The best time that a gate has is the cloud's, heard in the last heartbeat
// and carried forward by the machine's monotonic clock: then a step of the
// wall clock changes nothing. A gate that has not heard the cloud since the
// machine was started falls back to the wall clock and says so.
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

// Reading is business time together with the evidence for it.
type Reading struct {
	At     time.Time // UTC
	Source parking.ClockSource
	Boot   string // the machine's boot, within which MonoMS counts
	MonoMS int64  // milliseconds of the monotonic clock
}

// Anchor is what a later process of the same boot needs in order to carry the
// cloud's time on.
type Anchor struct {
	Boot    string    `json:"boot"`
	MonoMS  int64     `json:"mono_ms"`
	CloudAt time.Time `json:"cloud_at"`
}

// Clock is business time. It is safe for concurrent use.
type Clock struct {
	wall func() time.Time
	mono func() time.Duration
	boot string

	mu      sync.Mutex
	known   bool
	cloudAt time.Time     // the cloud's time…
	monoAt  time.Duration // …when the monotonic clock said this
	heardAt time.Duration // when the cloud was heard last
}

// New makes a clock from a wall clock, a monotonic clock that counts within
// boot, and the name of that boot.
func New(wall func() time.Time, mono func() time.Duration, boot string) *Clock {
	return &Clock{wall: wall, mono: mono, boot: boot}
}

// Now is business time in UTC.
func (c *Clock) Now() time.Time { return c.Read().At }

// Read is business time with its evidence.
func (c *Clock) Read() Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	mono := c.mono()
	r := Reading{Boot: c.boot, MonoMS: mono.Milliseconds()}
	switch {
	case !c.known:
		r.At, r.Source = c.wall().UTC().Round(0), parking.ClockWall
	case mono-c.heardAt > heldAfter:
		r.At, r.Source = c.cloudAt.Add(mono-c.monoAt), parking.ClockHeld
	default:
		r.At, r.Source = c.cloudAt.Add(mono-c.monoAt), parking.ClockSynced
	}
	return r
}

// Observe takes the cloud's time from a message that has just come and whose
// round trip took rtt. A time that agrees with what is already known within
// half of the round trip moves nothing, so that business time runs smoothly.
func (c *Clock) Observe(cloud time.Time, rtt time.Duration) {
	if cloud.IsZero() || rtt < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	mono := c.mono()
	at := cloud.UTC().Round(0).Add(rtt / 2)
	if c.known && rtt > maxRTT {
		return
	}
	if c.known {
		expected := c.cloudAt.Add(mono - c.monoAt)
		if off := at.Sub(expected).Abs(); off <= rtt/2+time.Millisecond {
			c.heardAt = mono
			return
		}
	}
	c.known, c.cloudAt, c.monoAt, c.heardAt = true, at, mono, mono
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
	return Anchor{Boot: c.boot, MonoMS: c.heardAt.Milliseconds(), CloudAt: c.cloudAt.Add(c.heardAt - c.monoAt)}, true
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
	c.known, c.cloudAt, c.monoAt, c.heardAt = true, a.CloudAt.UTC(), mono, mono
}
