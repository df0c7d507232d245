// Package uplink is a gate's link to the cloud: facts and photos up, the feed
// down, heartbeats both ways, and the few questions that a lane may ask
// (hold a slot, sign a guard in).
//
// What neighbours told (docs/NEIGHBOURS.md) is carried up after own facts.
//
// Nothing in a lane's way waits for it. Facts are sent in the order in which
// they were written, again and again until the cloud says that it has them;
// photos go after facts. Only an answer that is certainly the cloud's counts:
// a login page, a proxy's error or a redirect is no answer. After a reconnect
// what waits goes up before what is new comes down.
package uplink

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/gate/clock"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Timing is how long things take. The zero value of a field stands for what
// is said beside it.
type Timing struct {
	Heartbeat   time.Duration // between heartbeats; wire.Heartbeat
	BackoffBase time.Duration // first wait before a retry; 200 ms
	BackoffCap  time.Duration // longest wait before a retry; 5 s
	Answer      time.Duration // for the answer to a batch, a photo, a snapshot; 20 s
	Plan        time.Duration // for a reservation; 300 ms
	SignIn      time.Duration // for a guard's sign-in; 3 s
	Housekeep   time.Duration // between looks at old facts and photos; 10 min
	PhotoLook   time.Duration // between looks for photos that wait; 5 s
	Carry       time.Duration // before what a neighbour told is carried to the cloud; 5 s
}

func (t Timing) orDefault() Timing {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	set(&t.Heartbeat, wire.Heartbeat)
	set(&t.BackoffBase, 200*time.Millisecond)
	set(&t.BackoffCap, 5*time.Second)
	set(&t.Answer, 20*time.Second)
	set(&t.Plan, 300*time.Millisecond)
	set(&t.SignIn, 3*time.Second)
	set(&t.Housekeep, 10*time.Minute)
	set(&t.PhotoLook, 5*time.Second)
	set(&t.Carry, 5*time.Second)
	return t
}

// Config is what an Uplink is made of.
type Config struct {
	State    *state.State
	Identity store.Identity
	Version  string       // of the program
	Log      *slog.Logger // nil: discard
	Timing   Timing
	// Roots are who may sign the cloud's certificate; nil for those that the
	// machine knows.
	Roots *x509.CertPool
	Dial  Dial // nil: the machine's network; for tests that bring their own
}

// Loans is what knows which slots this gate may lend and give back. What it
// returns is sent to the cloud, again and again while it says so.
type Loans interface {
	LoanNote(ctx context.Context) (parking.LoanNote, error)
	Lend(ctx context.Context, r parking.LendRequest) (parking.LoanNote, error)
}

// SetLoans says whom the cloud's questions about loans go to. Before, they are
// not answered, and the gate lends nothing.
func (u *Uplink) SetLoans(l Loans) { u.loans.Store(&l) }

// Uplink is the link of one gate. It is safe for concurrent use.
type Uplink struct {
	state   *state.State
	clock   *clock.Clock
	id      store.Identity
	version string
	log     *slog.Logger
	timing  Timing
	start   time.Time
	http    *http.Client
	conns   conns
	certs   *inspector
	token   token
	wake    chan struct{} // the sender looks again

	unheard *packed // the sender's batch that nobody has answered yet; its alone

	idling atomic.Bool // the sender waits for a wake
	loans  atomic.Pointer[Loans]

	mu       sync.Mutex
	machine  *machine
	since    time.Time
	said     Cause // what was logged last
	saidAs   LinkState
	lastSync time.Time
	watchers map[chan struct{}]struct{}
	drained  chan struct{} // closed when what waited at the reconnect is up, or cannot be sent now
}

// New makes an uplink; Run starts it.
func New(c Config) (*Uplink, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	base, err := cloudURL(c.Identity.CloudURL)
	if err != nil {
		return nil, err
	}
	t := c.Timing.orDefault()
	u := &Uplink{
		state: c.State, clock: c.State.Clock(), id: c.Identity, version: c.Version, log: c.Log, timing: t,
		start: time.Now(), token: token{lock: make(chan struct{}, 1)}, wake: make(chan struct{}, 1),
		machine: newMachine(t.Heartbeat), watchers: map[chan struct{}]struct{}{},
	}
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	u.certs = &inspector{host: base.Hostname(), roots: c.Roots, trust: u.trust}
	u.http = newHTTP(t.Answer, u.certs, u.conns.tracked(dial))
	u.since, u.saidAs = u.clock.Now(), Offline
	return u, nil
}

// trust is by which time certificates are judged.
func (u *Uplink) trust() Trust {
	sure, floor := u.state.ClockTrusted()
	return Trust{Now: u.clock.Now(), Sure: sure, Floor: floor}
}

// Run keeps the link until ctx ends, and then returns nil. All of its
// goroutines end before it does.
func (u *Uplink) Run(ctx context.Context) error {
	changed, cancel := u.state.Changed()
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts sync.WaitGroup
	for _, part := range []func(context.Context){
		u.keepSession, u.keepSending, u.keepCarrying, u.keepPhotos, u.keepThumbs, u.keepLists, u.keepHouse,
		func(ctx context.Context) { u.passWakes(ctx, changed) },
	} {
		parts.Go(func() { part(ctx) })
	}
	parts.Wait()
	u.http.CloseIdleConnections()
	u.lost(Unreachable, "The link was ended.")
	return nil
}

// passWakes wakes the sender when facts were written. Changes come coalesced:
// one fact may have gone and another come since the last look, so a sender
// that idles is woken whenever anything waits.
func (u *Uplink) passWakes(ctx context.Context, changed <-chan struct{}) {
	var before int64
	for {
		waiting := u.state.Waiting()
		if waiting > before || waiting > 0 && u.idling.Load() {
			u.wakeSender()
		}
		before = waiting
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (u *Uplink) wakeSender() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// keepHouse drops what is old and keeps the time for a restart.
func (u *Uplink) keepHouse(ctx context.Context) {
	ticker := time.NewTicker(u.timing.Housekeep)
	defer ticker.Stop()
	for {
		if err := u.state.Prune(ctx); err != nil && ctx.Err() == nil {
			u.log.Warn("old records could not be dropped", "err", err)
		}
		if err := u.state.SaveClock(ctx); err != nil && ctx.Err() == nil {
			u.log.Warn("the cloud's time could not be kept", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// mono is the time since the uplink was made.
func (u *Uplink) mono() time.Duration { return time.Since(u.start) }

// Link is the state of the link now.
func (u *Uplink) Link() Link {
	waiting := u.state.Waiting()
	u.mu.Lock()
	defer u.mu.Unlock()
	m := u.machine
	cause, why := m.why()
	return Link{
		State: m.state, Since: u.since, RTT: m.rtt, RTTs: slices.Clone(m.rtts), Queue: waiting,
		LastSync: u.lastSync, Cause: cause, Why: why, Redis: m.connected && !m.noRedis,
	}
}

// Changed returns a channel that receives after a change of Link: several may
// come as one. cancel ends it.
func (u *Uplink) Changed() (ch <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	u.mu.Lock()
	u.watchers[c] = struct{}{}
	u.mu.Unlock()
	return c, func() {
		u.mu.Lock()
		delete(u.watchers, c)
		u.mu.Unlock()
	}
}

// turn changes the machine, and tells the watchers and, once a change, the log.
func (u *Uplink) turn(change func(m *machine, now time.Duration)) {
	now := u.mono()
	u.mu.Lock()
	defer u.mu.Unlock()
	before := u.machine.state
	change(u.machine, now)
	u.machine.update(now)
	if u.machine.state != before {
		u.since = u.clock.Now()
	}
	cause, why := u.machine.why()
	if u.machine.state != u.saidAs || cause != u.said {
		u.log.Info("link to the cloud", "state", u.machine.state, "cause", cause, "why", why)
		u.saidAs, u.said = u.machine.state, cause
	}
	for c := range u.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// lost is a socket that is gone, or that never came to be. When it is gone,
// all connections are dropped, so that the next try resolves names and routes
// anew and no request waits on a line that carries nothing. A network that lets
// requests through and no socket keeps the ones under way.
func (u *Uplink) lost(cause Cause, why string) {
	was := false
	u.turn(func(m *machine, _ time.Duration) {
		was = m.connected
		m.gone(cause, why)
	})
	u.http.CloseIdleConnections()
	if was {
		u.conns.drop()
	}
}

// reachable says whether a question to the cloud is worth asking.
func (u *Uplink) reachable() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.machine.state != Offline
}

func (u *Uplink) synced() {
	at := u.clock.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lastSync = at
}

// causeOf says in words why a call failed.
func causeOf(err error) (Cause, string) {
	var a *answerError
	if errors.As(err, &a) {
		return a.cause, a.Error()
	}
	var cert *certError
	if errors.As(err, &cert) {
		return Certificate, cert.why
	}
	if code := parking.ErrorCode(err); code == parking.Unauthorized || code == parking.Forbidden {
		return NotAccepted, parking.ErrorMessage(err)
	}
	return Unreachable, "The cloud cannot be reached."
}
