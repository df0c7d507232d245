package feed

import (
	"log/slog"
	"sync"
	"time"

	"gatehouse/internal/wire"
)

const (
	// clockStep is how far the clock has to jump to be doubted; smaller steps
	// are corrections.
	clockStep = 5 * time.Second
	// doubtFor is how long gates have to say what they think of a jump.
	doubtFor = 3 * wire.Heartbeat
)

// clock is the replica's time as gates are told it. When it jumps against the
// monotonic clock, gates are told none until it is known who is right: their
// own time runs on meanwhile, and when two of them or more agree with each other
// and not with the new time, the cloud's clock is the suspect. They are told
// none then until it is set right.
type clock struct {
	now  func() time.Time
	mono func() time.Duration
	log  *slog.Logger

	mu      sync.Mutex
	known   bool
	at      time.Time     // the time…
	atMono  time.Duration // …when the monotonic clock said this
	doubted bool
	since   time.Duration // mono, of the doubt
	step    time.Duration // by how much it jumped
	suspect bool
}

// read is the time, and whether gates may be told it.
func (c *clock) read() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, mono := c.now().UTC().Round(0), c.mono()
	off := now.Sub(c.at) - (mono - c.atMono)
	switch {
	case !c.known, off.Abs() <= clockStep:
		if c.suspect {
			c.log.Warn("the cloud's clock is right again")
		}
		c.known, c.at, c.atMono, c.doubted, c.suspect = true, now, mono, false, false
	case !c.doubted:
		c.doubted, c.since, c.step = true, mono, off
		c.log.Warn("the cloud's clock jumped", "by", off)
	default:
		c.step = off
	}
	return now, !c.doubted
}

// vote is how far a gate's clock is ahead of ours, by a heartbeat that came at
// mono.
type vote struct {
	ahead time.Duration
	mono  time.Duration
}

// judge hears what the gates say, one vote each.
func (c *clock) judge(votes []vote) {
	if _, ok := c.read(); ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	with, against := 0, 0
	for _, v := range votes {
		switch {
		case v.mono <= c.since: // said before
		case v.ahead.Abs() <= clockStep:
			with++
		case (v.ahead + c.step).Abs() <= clockStep:
			against++
		}
	}
	switch {
	case against >= 2 && against > with:
		if !c.suspect {
			c.log.Error("the cloud's clock is wrong: gates that agree among themselves disagree with it. Set it right; until then gates are told no time",
				"by", c.step, "gates", against)
		}
		c.suspect = true
	case with > against, !c.suspect && c.mono()-c.since > doubtFor:
		c.log.Warn("the jump of the cloud's clock is taken as right", "gates", with)
		c.at, c.atMono, c.doubted, c.suspect = c.now().UTC().Round(0), c.mono(), false, false
	}
}

// ClockSuspect says whether this replica's clock jumped against gates that
// agree among themselves, and by how much.
func (h *Hub) ClockSuspect() (by time.Duration, suspect bool) {
	h.clock.mu.Lock()
	defer h.clock.mu.Unlock()
	return h.clock.step, h.clock.suspect
}

// judgeClock lets the newest socket of each gate say what it thinks.
func (h *Hub) judgeClock() {
	newest := map[gateKey]*socket{}
	for _, s := range h.all() {
		for _, k := range s.list() {
			id := gateKey{s.id, k.peer.Gate}
			if o := newest[id]; o == nil || k.started.After(o.started) {
				newest[id] = k
			}
		}
	}
	votes := make([]vote, 0, len(newest))
	for _, k := range newest {
		k.mu.Lock()
		if k.state.clockAt > 0 {
			votes = append(votes, vote{ahead: time.Duration(k.state.clockMS) * time.Millisecond, mono: k.state.clockAt})
		}
		k.mu.Unlock()
	}
	h.clock.judge(votes)
}

// told is the time for a gate: none while it is in doubt.
func (h *Hub) told() time.Time {
	if t, ok := h.clock.read(); ok {
		return t
	}
	return time.Time{}
}
