package e2e

import (
	"sync"
	"time"
)

// clock runs with real time and can be moved forward; cloud and gates of a
// test share one, so that hours pass at once for all of them.
type clock struct {
	start time.Time     // real time at its making
	set   time.Duration // from real time to what it showed then

	mu    sync.Mutex
	moved time.Duration // jumps since
}

// clockAt makes a clock that shows t now.
func clockAt(t time.Time) *clock {
	start := time.Now()
	return &clock{start: start, set: t.Sub(start)}
}

// Mono is how long the clock has run, jumps included.
func (c *clock) Mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.start) + c.moved
}

// Now is the time that the clock shows.
func (c *clock) Now() time.Time { return c.start.Add(c.set).Round(0).Add(c.Mono()) }

// Forward lets d pass at once.
func (c *clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}
