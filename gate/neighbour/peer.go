package neighbour

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// peer is one neighbour. The neighbours' mu guards what is in it.
type peer struct {
	n    *Neighbours
	gate string

	configured string // address, as is
	found      string // by discovery
	learnt     string // from where it has greeted us
	started    bool
	wake       chan struct{}

	saw     bool      // it is heard
	lastAt  time.Time // on this machine's monotonic clock
	since   time.Time // business time
	at      string    // the address at which it answered
	version string
	feedSeq int64
	runs    []string
	theirs  state.Held
	asking  int
	rate    rate
}

func newPeer(n *Neighbours, gate string) *peer {
	return &peer{n: n, gate: gate, wake: make(chan struct{}, 1), theirs: state.Held{}}
}

// tell is the neighbour as it is shown; mu is held.
func (p *peer) tell(mine state.Held) Neighbour {
	out := Neighbour{Gate: p.gate, Heard: p.saw, Since: p.since, Version: p.version, Address: p.at, Runs: p.runs}
	if p.saw {
		out.Behind, out.Ahead = mine.Lacks(p.theirs), p.theirs.Lacks(mine)
	}
	return out
}

// spoke notes that the neighbour is there.
func (p *peer) spoke() {
	now := p.n.state.Clock().Now()
	p.n.mu.Lock()
	p.lastAt = time.Now()
	fresh := !p.saw
	if fresh {
		p.saw, p.since = true, now
	}
	p.n.mu.Unlock()
	if fresh {
		p.n.log.Info("a neighbour is heard", "gate", p.gate)
		p.n.notify()
	}
}

// heard takes what the neighbour says of itself. from is where it can be
// reached, "" when it does not say so.
func (p *peer) heard(ctx context.Context, h *Hello, from string) {
	if h.Devices != nil {
		if err := p.n.state.HearDevices(ctx, p.gate, *h.Devices); err != nil {
			p.n.log.Warn("what a neighbour says of its devices was not kept", "gate", p.gate, "err", err)
		}
	}
	p.n.mu.Lock()
	p.theirs, p.version, p.feedSeq = h.Held, h.Version, h.FeedSeq
	told := !slices.Equal(p.runs, h.Runs)
	p.runs = h.Runs
	if p.theirs == nil {
		p.theirs = state.Held{}
	}
	moved := from != "" && from != p.learnt
	if moved {
		p.learnt = from
	}
	p.n.mu.Unlock()
	p.spoke()
	if told {
		p.n.notify()
	}
	if moved {
		p.poke()
	}
}

// fellSilent says whether the neighbour is not heard any more since now; mu is
// held.
func (p *peer) fellSilent() bool {
	if !p.saw || time.Since(p.lastAt) <= p.n.timing.Silent {
		return false
	}
	p.saw, p.since = false, p.n.state.Clock().Now()
	p.n.log.Info("a neighbour is not heard any more", "gate", p.gate)
	return true
}

// mayAsk says whether the neighbour may ask something now; asked ends it.
func (p *peer) mayAsk() bool {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	if p.asking >= askedAtOnce || !p.rate.take(time.Now()) {
		return false
	}
	p.asking++
	return true
}

func (p *peer) asked() {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	p.asking--
}

// mayNotKnow says whether a batch that is refused here may have been passed on in
// good faith: the neighbour, or this gate, has not heard yet of a key that the
// cloud has named or revoked meanwhile.
func (p *peer) mayNotKnow(e *state.HeardError) bool {
	ours := p.n.state.Site().FeedSeq
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	switch e.Why {
	case state.HeardUnsigned:
		return e.Gate != p.gate && p.feedSeq > ours
	case state.HeardRevoked:
		return e.Gate != p.gate && p.feedSeq < ours
	}
	return false
}

func (p *peer) poke() {
	select {
	case p.wake <- struct{}{}:
	default: // it is already going to look
	}
}

// find is an address that discovery has found.
func (p *peer) find(address string) {
	p.n.mu.Lock()
	changed := p.found != address
	p.found = address
	p.n.mu.Unlock()
	if changed {
		p.poke()
	}
}

// addresses are where the neighbour may be, the likeliest first.
func (p *peer) addresses() []string {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	var out []string
	for _, a := range []string{p.configured, p.found, p.learnt} {
		if a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// run greets the neighbour and passes on what it lacks, until ctx ends.
func (p *peer) run(ctx context.Context) {
	changed, cancel := p.n.state.Changed()
	defer cancel()
	tries := 0
	for turn := 0; ctx.Err() == nil; {
		list := p.addresses()
		if len(list) == 0 {
			p.pause(ctx, time.Hour, nil)
			continue
		}
		greeted, err := p.session(ctx, list[turn%len(list)], changed)
		if ctx.Err() != nil {
			return
		}
		if greeted {
			tries = 0
		} else {
			turn++ // the next address, if there is one
		}
		p.n.log.Debug("a neighbour cannot be reached", "gate", p.gate, "err", err)
		bound := min(p.n.timing.BackoffCap, p.n.timing.BackoffBase<<min(tries, 10))
		tries++
		p.pause(ctx, rand.N(bound)+1, nil) //nolint:gosec // jitter is no secret
	}
}

// pause waits for d, or until something happens; false when ctx ended.
func (p *peer) pause(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-p.wake:
	case <-changed:
	}
	return true
}

// session greets and passes on until something fails. greeted says whether the
// neighbour was there.
func (p *peer) session(ctx context.Context, address string, changed <-chan struct{}) (greeted bool, err error) {
	c := p.n.client(p.gate, address)
	defer c.close()
	var next time.Time
	talk := slotTalk{open: true}
	var blocked map[state.Strand]bool
	for {
		if now := time.Now(); !now.Before(next) {
			h, err := c.hello(ctx, p.n.hello())
			if err != nil {
				return greeted, err
			}
			if h.Gate != p.gate {
				return greeted, errStranger
			}
			greeted, next, blocked = true, now.Add(p.n.timing.Hello), map[state.Strand]bool{}
			p.answered(address)
			p.heard(ctx, &h, "")
			if err := p.passThumbs(ctx, c, h.Wants); err != nil {
				return greeted, err
			}
			if err := p.talkSlots(ctx, c, &talk); err != nil {
				return greeted, err
			}
		}
		if err := p.passFacts(ctx, c, blocked); err != nil {
			return greeted, err
		}
		if !p.pause(ctx, time.Until(next), changed) {
			return greeted, ctx.Err()
		}
	}
}

// answered notes where the neighbour was reached.
func (p *peer) answered(address string) {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	p.at = address
}

// passFacts passes on what the neighbour lacks: own facts first, then what was
// heard of others. A run that it does not take is left until the next greeting.
func (p *peer) passFacts(ctx context.Context, c *client, blocked map[state.Strand]bool) error {
	for ctx.Err() == nil {
		b, own, err := p.n.state.NextFor(ctx, p.vector(), blocked)
		if err != nil || b == nil {
			return err
		}
		if own {
			if err := p.n.sign(b); err != nil {
				return err
			}
		}
		k := state.Strand{Gate: b.Gate, Epoch: b.Epoch}
		before := p.vector().Of(k)
		held, err := c.facts(ctx, b)
		var refusal *parking.Error
		switch {
		case errors.As(err, &refusal):
			p.n.log.Debug("a neighbour does not take facts", "gate", p.gate, "of", b.Gate, "err", err)
			blocked[k] = true
			continue
		case err != nil:
			return err
		}
		p.spoke()
		if held <= before { // it says that it has less than it said: not in a circle
			blocked[k] = true
		}
		p.holds(k, held)
	}
	return ctx.Err()
}

// vector is a copy of what the neighbour is known to hold.
func (p *peer) vector() state.Held {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	return p.theirs
}

// holds notes how far the neighbour has a run. The vector that others may be
// reading is not written to.
func (p *peer) holds(k state.Strand, seq int64) {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	p.theirs = p.theirs.With(k, seq)
}

// passThumbs sends thumbnails that the neighbour lacks and this gate has.
func (p *peer) passThumbs(ctx context.Context, c *client, wants []string) error {
	for _, sha := range wants {
		jpeg, err := p.n.state.Photo(sha)
		if err != nil || len(jpeg) > parking.MaxThumbBytes {
			continue
		}
		var refusal *parking.Error
		if err := c.thumb(ctx, sha, jpeg); err != nil && !errors.As(err, &refusal) {
			return err
		}
	}
	return nil
}

// isLoopback says whether an address is reached only from this machine.
func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}
