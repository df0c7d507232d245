// Package feed carries a site's changes out: to the gates over WebSockets, to
// pages as a word that something changed, between the replicas of the cloud
// over Redis Pub/Sub.
//
// What is promised: a gate gets every entry of its site's feed once, in order,
// without a gap, or its socket ends and it resumes where it was. Nothing else
// has to arrive: a word over Redis may be lost (heads are polled), hints of
// reservations may be lost, and a slow reader is cut off instead of being
// waited for. Every queue is bounded and every drop counted (Counts).
//
// The newest entries of a site lie in memory, once for all sockets; each socket
// has a number up to which it was sent everything, and takes what comes after it.
// One that is far behind, because it comes back or is slow, is sent what it
// misses in few deltas, each for a range of entries with only the newest state
// of every stay and slot (wire.Delta.From). One that falls behind memory is cut
// off, and what it missed is read from Postgres when it comes back.
package feed

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Bounds and periods of the hub.
const (
	ringLength    = 512     // entries of a site that are kept in memory…
	ringBytes     = 4 << 20 // …and how many bytes
	framesAtOnce  = 16      // sent to a socket before it looks at its other duties
	coalesceOver  = 32      // entries that a gate may be behind before they are coalesced
	bundlesKept   = 32      // coalesced runs of a site that are kept for others…
	bundlesBytes  = 8 << 20
	backlogPage   = 500 // entries read from Postgres at once
	longestReplay = 5000
	whisperLength = 32 // echoes and hints that wait for one socket
	helloWithin   = 5 * time.Second
	keepEvery     = 2 * time.Second // how often what gates say of themselves is written down
	pollDegraded  = time.Second     // how often heads are read while Redis is away
	pollAlways    = 3               // …and every so many of these while it is there
	outboxLength  = 1024
	redisPatience = 500 * time.Millisecond
)

// Config is what a Hub needs. Redis may be nil: the hub is then always
// degraded and polls.
type Config struct {
	Store *store.Store
	Redis redis.UniversalClient
	Now   func() time.Time
	Log   *slog.Logger
	// Loans is given what a gate says of loans of slots, in its run epoch; nil:
	// nobody listens. Gates say it again.
	Loans func(ctx context.Context, p Peer, epoch parking.Epoch, note *parking.LoanNote) error
	// Pace stretches the hub's periods (heartbeats, polls, notes, silence), for
	// a simulation of days; 0 and 1 leave them as the protocol has them.
	Pace int
}

// paced is a period of the hub, stretched.
func (h *Hub) paced(d time.Duration) time.Duration { return d * time.Duration(max(1, h.cfg.Pace)) }

// Hub is one replica's sockets and watchers. Give it Committed as the store's
// OnCommit, and Run it.
type Hub struct {
	cfg    Config
	clock  clock
	name   string    // among the replicas
	outbox chan word // to other replicas

	degraded atomic.Bool
	dropped  atomic.Int64 // words to other replicas that found the outbox full
	cut      atomic.Int64 // sockets that were too slow
	unheard  atomic.Int64 // echoes and hints for which a socket had no room
	ranges   atomic.Int64 // deltas sent that stand for several entries
	reads    atomic.Int64 // pages of the feed read for sockets that came back
	deafened atomic.Int64 // words about loans that came while one was being heard

	writeWithin time.Duration // a socket that takes longer for one message is cut
	silence     time.Duration // a gate that says nothing for longer is gone

	mu     sync.Mutex
	sites  map[uuid.UUID]*site
	closed bool
	wg     sync.WaitGroup // pumps
	ctx    context.Context
	stop   context.CancelFunc
}

// NewHub makes a hub; Close ends it.
func NewHub(cfg Config) *Hub {
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		cfg: cfg, name: uuid.NewString(), outbox: make(chan word, outboxLength), sites: map[uuid.UUID]*site{}, ctx: ctx, stop: stop,
		writeWithin: 10 * time.Second, silence: 3*wire.Heartbeat + wire.Heartbeat/2,
	}
	h.degraded.Store(cfg.Redis == nil)
	began := time.Now()
	h.clock = clock{now: cfg.Now, mono: func() time.Duration { return time.Since(began) + 1 }, log: cfg.Log}
	return h
}

// Counts is what went wrong so far, for metrics.
type Counts struct {
	Sockets      int
	SlowCut      int64 // sockets cut because they were too slow
	WordsDropped int64 // words to other replicas that were dropped
	HintsDropped int64 // echoes and hints that a socket had no room for
	Ranges       int64 // deltas sent that stand for several entries
	Reads        int64 // pages read from Postgres for gates that came back from further than memory reaches
	LoansDropped int64 // words about loans that came while one was being heard; gates say them again
}

// Counts returns the counters.
func (h *Hub) Counts() Counts {
	c := Counts{
		SlowCut: h.cut.Load(), WordsDropped: h.dropped.Load(), HintsDropped: h.unheard.Load(),
		Ranges: h.ranges.Load(), Reads: h.reads.Load(), LoansDropped: h.deafened.Load(),
	}
	for _, s := range h.all() {
		s.mu.Lock()
		c.Sockets += len(s.sockets)
		s.mu.Unlock()
	}
	return c
}

// Degraded says whether Redis is away: everything still works, later.
func (h *Hub) Degraded() bool { return h.degraded.Load() }

// Committed is told of every entry that this replica appended. It never blocks.
func (h *Hub) Committed(c store.Commit) {
	h.send(word{Site: c.Site, FeedSeq: c.Delta.FeedSeq})
	if s := h.existing(c.Site); s != nil {
		s.offer(c)
	}
}

// Hint tells all gates of a site about a reservation. It may be lost.
func (h *Hub) Hint(id uuid.UUID, hint wire.Hint) {
	h.send(word{Site: id, Hint: &hint})
	if s := h.existing(id); s != nil {
		s.hint(hint)
	}
}

// CutGate ends the sockets of a gate that lost its right, here and elsewhere.
func (h *Hub) CutGate(id uuid.UUID, gate string) {
	h.send(word{Site: id, Cut: gate})
	if s := h.existing(id); s != nil {
		s.cutGate(gate)
	}
}

// Watch tells, coalesced, that something of the site changed. The channel is
// never closed; call the function when done.
func (h *Hub) Watch(id uuid.UUID) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	s := h.site(id)
	if s == nil {
		return ch, func() {}
	}
	s.mu.Lock()
	s.watchers[ch] = struct{}{}
	s.mu.Unlock()
	s.wake()
	return ch, func() {
		s.mu.Lock()
		delete(s.watchers, ch)
		s.mu.Unlock()
	}
}

func (h *Hub) existing(id uuid.UUID) *site {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sites[id]
}

// site returns the site's part of the hub, made at the first call; nil after
// Close.
func (h *Hub) site(id uuid.UUID) *site {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	s := h.sites[id]
	if s == nil {
		s = newSite(h, id)
		h.sites[id] = s
		h.wg.Go(s.pump)
	}
	return s
}

func (h *Hub) all() []*site {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*site, 0, len(h.sites))
	for _, s := range h.sites {
		out = append(out, s)
	}
	return out
}

// Run listens to the other replicas, polls, and watches over the sockets until
// ctx ends. It returns nil then.
func (h *Hub) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { h.poll(ctx) })
	wg.Go(func() { h.watchdog(ctx) })
	wg.Go(func() { h.keep(ctx) })
	if h.cfg.Redis != nil {
		wg.Go(func() { h.listen(ctx) })
		wg.Go(func() { h.speak(ctx) })
	}
	wg.Wait()
	return nil
}

// Close says bye to all sockets, with times to come back that are spread out,
// and waits for them to end or for ctx.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	var sockets []*socket
	for _, s := range h.all() {
		sockets = append(sockets, s.list()...)
	}
	for _, k := range sockets {
		k.bye("The cloud restarts.", spread(len(sockets)))
	}
	for _, k := range sockets {
		select {
		case <-k.done:
		case <-ctx.Done():
			k.end()
		}
	}
	h.stop()
	h.wg.Wait()
}
