// Package neighbour is the link between the gates of a site (docs/NEIGHBOURS.md).
// Gates that reach each other over the local network pass each other their signed
// facts and the thumbnails of vehicles inside, so that an internet outage costs
// no match and no slot. What counts is who signed a fact, not who brought it;
// what a neighbour says of the time is not believed.
//
// Nothing in a lane's way waits for it. Whoever has no key that the cloud names
// for a gate of this site gets no byte beyond the handshake.
package neighbour

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

// Timing is how long things take. The zero value of a field stands for what is
// said beside it.
type Timing struct {
	Hello       time.Duration // between greetings; 2 s
	Silent      time.Duration // after which a neighbour is not heard any more; 7 s
	BackoffBase time.Duration // first wait before a retry; 200 ms
	BackoffCap  time.Duration // longest; 5 s
	Answer      time.Duration // for a connection and an answer; 10 s
	Discover    time.Duration // between questions on the local network; 10 s
	Alarm       time.Duration // between records of a neighbour that lies; 1 h
}

func (t Timing) orDefault() Timing {
	for _, set := range []struct {
		d         *time.Duration
		otherwise time.Duration
	}{
		{&t.Hello, 2 * time.Second},
		{&t.Silent, 7 * time.Second},
		{&t.BackoffBase, 200 * time.Millisecond},
		{&t.BackoffCap, 5 * time.Second},
		{&t.Answer, 10 * time.Second},
		{&t.Discover, 10 * time.Second},
		{&t.Alarm, time.Hour},
	} {
		if *set.d <= 0 {
			*set.d = set.otherwise
		}
	}
	return t
}

// idle is how long a connection is kept on which nothing is said: longer than
// from one greeting to the next.
func (t Timing) idle() time.Duration { return max(time.Minute, 2*t.Hello) }

// Config is what Neighbours are made of.
type Config struct {
	State    *state.State
	Identity store.Identity
	Version  string            // of the program
	Listen   string            // where neighbours reach this gate; "" for nowhere
	Peers    map[string]string // addresses of neighbours by gate
	Discover bool              // look for others on the local network, and be found
	Timing   Timing
	Log      *slog.Logger // nil: discard
	// Devices are what stands at this gate's own lanes, to be told to the others; nil
	// to tell nothing.
	Devices *state.Devices
	// Dial and ListenOn are the network, for tests that bring their own; nil for
	// the machine's.
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	ListenOn func(ctx context.Context, network, address string) (net.Listener, error)
}

// Neighbour is one other gate of the site, as this one hears it.
type Neighbour struct {
	Gate    string
	Heard   bool
	Since   time.Time // heard, or not heard, since then; business time; zero for never
	Address string    // "" while none is known
	Version string
	Behind  int64    // facts that this gate has and the neighbour does not
	Ahead   int64    // facts that the neighbour has and this gate does not
	Runs    []string // lanes of other gates that it has taken over, as "N/1"
}

// Neighbours is this gate's part of the link. It is safe for concurrent use.
type Neighbours struct {
	cfg      Config
	state    *state.State
	log      *slog.Logger
	timing   Timing
	cert     tls.Certificate
	listener net.Listener
	parts    sync.WaitGroup

	mu       sync.Mutex
	running  context.Context // of Run, nil before
	peers    map[string]*peer
	watchers map[chan struct{}]struct{}
	lies     lies

	loans atomic.Pointer[Loans]
}

// maxPeers bounds how many gates a site may have here.
const maxPeers = 64

// New opens the port for neighbours; Run starts the link. Its errors carry a
// sentence.
func New(ctx context.Context, c Config) (*Neighbours, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	if c.ListenOn == nil {
		c.ListenOn = new(net.ListenConfig).Listen
	}
	n := &Neighbours{
		cfg: c, state: c.State, log: c.Log, timing: c.Timing.orDefault(),
		peers: map[string]*peer{}, watchers: map[chan struct{}]struct{}{},
	}
	var err error
	if n.cert, err = certificate(c.Identity); err != nil {
		return nil, err
	}
	for gate, address := range c.Peers {
		if err := parking.ValidCode("gate", gate); err != nil {
			return nil, err
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, parking.Errorf(parking.Invalid, "%q is not the address of neighbour %s. Write it like 192.168.1.20:7600", address, gate)
		}
		n.peers[gate] = newPeer(n, gate)
		n.peers[gate].configured = address
	}
	if c.Listen == "" {
		return n, nil
	}
	if n.listener, err = c.ListenOn(ctx, "tcp", c.Listen); err != nil {
		return nil, fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The port for neighbours cannot be opened at %s.", c.Listen), err)
	}
	return n, nil
}

// Addr is where neighbours reach this gate, "" for nowhere.
func (n *Neighbours) Addr() string {
	if n.listener == nil {
		return ""
	}
	return n.listener.Addr().String()
}

// Close frees the port of Neighbours that never ran.
func (n *Neighbours) Close() error {
	if n.listener == nil {
		return nil
	}
	if err := n.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the port for neighbours: %w", err)
	}
	return nil
}

// Run keeps the link until ctx ends, and then returns nil. All of its goroutines
// end before it does.
func (n *Neighbours) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	n.mu.Lock()
	n.running = ctx
	for _, p := range n.peers {
		n.start(ctx, p)
	}
	n.mu.Unlock()
	var err error
	if n.listener != nil {
		n.parts.Go(func() { err = n.serve(ctx); stop() })
	}
	if n.cfg.Discover {
		n.parts.Go(func() { n.discover(ctx) })
	}
	n.parts.Go(func() { n.watch(ctx) })
	<-ctx.Done()
	n.mu.Lock()
	n.running = nil // nobody is started any more
	n.mu.Unlock()
	n.parts.Wait()
	return err
}

// start runs a peer's part; mu is held, and Run is under way.
func (n *Neighbours) start(ctx context.Context, p *peer) {
	if !p.started {
		p.started = true
		n.parts.Go(func() { p.run(ctx) })
	}
}

// peer is the neighbour with this code, who must be a gate of the site; nil when
// it is none.
func (n *Neighbours) peer(gate string) *peer {
	site := n.state.Site()
	known := slices.ContainsFunc(site.Config.Gates, func(g parking.Gate) bool { return g.Code == gate })
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.peers[gate]
	if p != nil || !known || gate == n.state.Gate() || len(n.peers) >= maxPeers {
		return p
	}
	p = newPeer(n, gate)
	n.peers[gate] = p
	if n.running != nil {
		n.start(n.running, p)
	}
	return p
}

// watch tells who looks when a neighbour falls silent, and ends the trouble of
// one that has not lied for an hour.
func (n *Neighbours) watch(ctx context.Context) {
	ticker := time.NewTicker(n.timing.Hello)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		n.forgive()
		changed := false
		n.mu.Lock()
		for _, p := range n.peers {
			changed = p.fellSilent() || changed
		}
		n.mu.Unlock()
		if changed {
			n.notify()
		}
	}
}

// List says of every other gate of the site whether it is heard, by code.
func (n *Neighbours) List() []Neighbour {
	mine, site := n.state.Held(), n.state.Site()
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []Neighbour
	for _, g := range site.Config.Gates {
		if g.Code == n.state.Gate() {
			continue
		}
		one := Neighbour{Gate: g.Code}
		if p := n.peers[g.Code]; p != nil {
			one = p.tell(mine)
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Neighbour) int { return strings.Compare(a.Gate, b.Gate) })
	return out
}

// Changed returns a channel that receives after a neighbour is heard, or is not
// heard any more: several changes may come as one. cancel ends it.
func (n *Neighbours) Changed() (ch <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	n.watchers[c] = struct{}{}
	n.mu.Unlock()
	return c, func() {
		n.mu.Lock()
		delete(n.watchers, c)
		n.mu.Unlock()
	}
}

func (n *Neighbours) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.watchers {
		select {
		case c <- struct{}{}:
		default: // it is already going to look
		}
	}
}

// port is the number of this gate's port, 0 for none.
func (n *Neighbours) port() int {
	if n.listener == nil {
		return 0
	}
	if a, ok := n.listener.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

func (n *Neighbours) version() string { return cmp.Or(n.cfg.Version, "unknown") }
