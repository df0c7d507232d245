package uplink_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/gate/uplink"
)

// line is a line to the cloud that can die without a word: what is connected
// then stays connected and carries nothing. New connections work.
type line struct {
	t    *testing.T
	to   string
	in   net.Listener
	made atomic.Int64

	mu    sync.Mutex
	dead  chan struct{} // closed when what is connected now goes dead
	conns []net.Conn
	wg    sync.WaitGroup
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, to: to, in: in, dead: make(chan struct{})}
	l.wg.Go(l.accept)
	t.Cleanup(func() {
		_ = in.Close()
		l.mu.Lock()
		for _, c := range l.conns {
			_ = c.Close()
		}
		l.mu.Unlock()
		l.wg.Wait()
	})
	return l
}

// die makes everything that is connected now go dead.
func (l *line) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.dead)
	l.dead = make(chan struct{})
}

func (l *line) accept() {
	for {
		near, err := l.in.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", l.to) //nolint:noctx // a test's
		if err != nil {
			_ = near.Close()
			continue
		}
		l.made.Add(1)
		l.mu.Lock()
		l.conns = append(l.conns, near, far)
		dead := l.dead
		l.mu.Unlock()
		l.wg.Go(func() { carry(far, near, dead) })
		l.wg.Go(func() { carry(near, far, dead) })
	}
}

// carry copies until the line is dead; then it says nothing to anybody.
func carry(to, from net.Conn, dead <-chan struct{}) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		select {
		case <-dead:
			continueReading(from)
			return
		default:
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// continueReading swallows what comes, so that the sender notices nothing.
func continueReading(from net.Conn) { _, _ = io.Copy(io.Discard, from) }

// A line that vanished without a word: the gate notices by its heartbeats,
// drops every connection, and goes on over new ones; a batch that was on the
// way does not wait for its answer to time out.
func TestALineThatDiesWithoutAWord(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	l := newLine(t, c.srv.Listener.Addr().String())
	g := newGate(t, c)
	g.through(l)
	g.run()
	g.untilSynced()
	l.die()
	stay := g.in("30A11111") // goes into a connection that carries nothing
	g.until("offline", func() bool {
		link := g.link.Link()
		return link.State == uplink.Offline && link.Cause == uplink.Unreachable && link.Why != ""
	})
	g.untilSynced()
	if s, ok := g.state.Site().Stay(stay); !ok || s.Plate != "30A11111" {
		t.Fatal("the entry is gone")
	}
	if n := l.made.Load(); n < 3 {
		t.Errorf("%d connections were made", n)
	}
}

// through restarts the gate behind a line; a batch may wait for its answer for
// longer than the test may.
func (g *gate) through(l *line) {
	g.t.Helper()
	id, err := g.store.Identity()
	if err != nil {
		g.t.Fatal(err)
	}
	id.CloudURL = "http://" + l.in.Addr().String()
	if err := g.store.SaveIdentity(id); err != nil {
		g.t.Fatal(err)
	}
	g.answer = time.Hour
	g.restart()
}

// The cloud goes away and comes back at another moment, several times over:
// the state follows, and nothing is lost.
func TestTheLinkComesBackEveryTime(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	for range 5 {
		g.untilSynced()
		g.in("30A11111")
		c.cutSockets()
	}
	g.untilSynced()
	if n := len(g.state.Site().Inside); n != 5 {
		t.Fatalf("%d inside", n)
	}
}
