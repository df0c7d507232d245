package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// weather is what a line does with what is sent over it.
type weather int

const (
	fair     weather = iota
	slow             // everything takes a while
	cut              // the cable is pulled: nothing passes and nobody is told
	upLost           // what the gate sends is swallowed
	downLost         // what the cloud sends is swallowed
	refused          // connections are refused, open ones live on
	breaking         // connections break in the middle of messages
	portal           // a login page answers
	proxied          // a proxy answers that it cannot reach the cloud
	weathers         // how many there are
)

var weatherNames = [weathers]string{"fair", "slow", "cut", "up lost", "down lost", "refused", "breaking", "portal", "proxy error"}

func (w weather) String() string { return weatherNames[w] }

// dialPatience is how long a connection is tried that nobody answers.
const dialPatience = 5 * time.Second

// line is the way from one process of a gate to the cloud.
type line struct {
	address string
	route   func(weather) *listener // who answers in this weather; nil for nobody

	mu      sync.Mutex
	rng     *rand.Rand
	now     weather
	severed bool // the process is gone
	ends    map[*end]struct{}
}

func newLine(address string, seed uint64, route func(weather) *listener) *line {
	return &line{address: address, route: route, rng: rand.New(rand.NewPCG(seed, 11)), ends: map[*end]struct{}{}}
}

// set changes the weather; open connections feel it at once. What one side
// closed while the cable was pulled, the other learns when it is back.
func (l *line) set(w weather) {
	l.mu.Lock()
	l.now = w
	var late []*end
	for e := range l.ends {
		if e.hushed && w != cut {
			late = append(late, e)
		}
	}
	l.mu.Unlock()
	for _, e := range late {
		e.drop()
	}
}

// sever ends all connections for both sides, and there will be no others.
func (l *line) sever() {
	l.mu.Lock()
	l.severed = true
	l.mu.Unlock()
	l.dropAll()
}

// dropAll ends all connections for both sides.
func (l *line) dropAll() {
	l.mu.Lock()
	all := make([]*end, 0, len(l.ends))
	for e := range l.ends {
		all = append(all, e)
	}
	l.mu.Unlock()
	for _, e := range all {
		e.drop()
	}
}

func (l *line) weather() (weather, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now, l.severed
}

// dial connects the gate to whoever answers.
func (l *line) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.connect(ctx, l.route)
}

// connect connects who dials to whoever answers in this weather.
func (l *line) connect(ctx context.Context, route func(weather) *listener) (net.Conn, error) {
	w, severed := l.weather()
	if !severed && (w == cut || w == upLost || w == downLost) {
		timer := time.NewTimer(dialPatience)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, &net.OpError{Op: "dial", Net: "pipe", Err: os.ErrDeadlineExceeded}
		}
	}
	target := route(w)
	if severed || target == nil {
		return nil, errRefused
	}
	a, b := newSockets()
	gate, cloud := &end{socket: a, line: l, up: true}, &end{socket: b, line: l}
	l.mu.Lock()
	l.ends[gate], l.ends[cloud] = struct{}{}, struct{}{}
	l.mu.Unlock()
	if !target.take(ctx, cloud) {
		gate.drop()
		cloud.drop()
		return nil, errRefused
	}
	return gate, nil
}

var errRefused = &net.OpError{Op: "dial", Net: "pipe", Err: errors.New("connection refused")}

// end is one end of a connection. Its own flags are guarded by line.mu.
type end struct {
	*socket
	line *line
	up   bool // the gate's end

	lost   bool // something was swallowed, so that nothing after it can arrive
	hushed bool // closed while the other side could not be told
}

// Write sends b, or what the weather leaves of it.
func (e *end) Write(b []byte) (int, error) {
	part, wait, err := e.passes(len(b))
	if err != nil {
		return 0, err
	}
	if part < 0 {
		return len(b), nil // swallowed
	}
	if part == len(b) {
		return e.send(b, wait)
	}
	n, _ := e.socket.Write(b[:part]) // it breaks either way
	e.drop()
	return n, &net.OpError{Op: "write", Net: "pipe", Err: errReset}
}

// passes says how much of n bytes gets through (-1: swallowed), and when.
func (e *end) passes(n int) (part int, wait time.Duration, err error) {
	l := e.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.hushed {
		return 0, 0, net.ErrClosed
	}
	e.lost = e.lost || l.now == cut || e.up && l.now == upLost || !e.up && l.now == downLost
	switch {
	case e.lost:
		return -1, 0, nil
	case l.now == breaking && l.rng.IntN(12) == 0:
		return l.rng.IntN(n + 1), 0, nil
	case l.now == slow:
		return n, time.Duration(50+l.rng.IntN(900)) * time.Millisecond, nil
	}
	return n, 0, nil
}

// Close ends the connection. While the cable is pulled the other side does
// not learn of it.
func (e *end) Close() error {
	e.line.mu.Lock()
	hush := e.line.now == cut && !e.line.severed
	e.hushed = e.hushed || hush
	e.line.mu.Unlock()
	if hush {
		e.hush()
		return nil
	}
	e.forget()
	return e.socket.Close()
}

func (e *end) forget() {
	e.line.mu.Lock()
	defer e.line.mu.Unlock()
	delete(e.line.ends, e)
}

// drop ends the connection for both sides.
func (e *end) drop() {
	e.forget()
	e.reset()
}

// RemoteAddr is where a server thinks that it comes from.
func (e *end) RemoteAddr() net.Addr { return address(e.line.address) }

type address string

// Network and String make an address look like one of TCP.
func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

// listener hands the far ends of connections to a server.
type listener struct {
	incoming chan net.Conn
	done     chan struct{}
	once     sync.Once
}

func newListener() *listener {
	return &listener{incoming: make(chan net.Conn), done: make(chan struct{})}
}

func (l *listener) take(ctx context.Context, c net.Conn) bool {
	select {
	case l.incoming <- c:
		return true
	case <-l.done:
	case <-ctx.Done():
	}
	return false
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr names the listener.
func (l *listener) Addr() net.Addr { return address("cloud:80") }
