package cloud_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/cloud"
	"gatehouse/internal/private/privatetest/cloudtest"
)

// flock is replicas of one cloud behind a line that loses connections.
type flock struct {
	t     *testing.T
	site  *cloudtest.Site
	redis string
	clock *clock
	addr  string // of the line
	seed  uint64

	mu    sync.Mutex
	alive []*node
	conns atomic.Uint64
}

// node is a replica that can be killed without a word to anybody.
type node struct {
	cloud  *cloud.Cloud
	server *httptest.Server
	cancel context.CancelFunc
	ended  chan error

	mu    sync.Mutex
	lines map[net.Conn]struct{} // connections to it through the line; nil when killed
}

func newFlock(t *testing.T, s *cloudtest.Site, redis string, seed uint64, n int) *flock {
	t.Helper()
	f := &flock{t: t, site: s, redis: redis, clock: new(clock), seed: seed}
	var lines sync.WaitGroup
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = listener.Addr().String()
	for range n {
		f.add()
	}
	lines.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			lines.Go(func() { f.carry(conn, f.conns.Add(1)) })
		}
	})
	t.Cleanup(func() {
		for f.kill() {
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		lines.Wait()
	})
	return f
}

// add starts one more replica.
func (f *flock) add() {
	f.t.Helper()
	c, err := cloud.Open(f.t.Context(), cloud.Config{
		DatabaseURL: f.site.URL, RedisURL: f.redis, PhotosDir: f.t.TempDir(), Now: f.clock.now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.t.Error(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &node{cloud: c, server: httptest.NewServer(c.Handler()), cancel: cancel, ended: make(chan error, 1), lines: map[net.Conn]struct{}{}}
	go func() { n.ended <- c.Run(ctx) }()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alive = append(f.alive, n)
}

// kill cuts every connection to the oldest replica and then ends it; false
// when there is none.
func (f *flock) kill() bool {
	f.mu.Lock()
	if len(f.alive) == 0 {
		f.mu.Unlock()
		return false
	}
	n := f.alive[0]
	f.alive = f.alive[1:]
	f.mu.Unlock()
	n.mu.Lock()
	for conn := range n.lines {
		_ = conn.Close()
	}
	n.lines = nil
	n.mu.Unlock()
	gone, cancel := context.WithCancel(context.Background())
	cancel() // nobody is waited for
	n.cancel()
	n.cloud.Hub.Close(gone)
	n.server.Close()
	if err := <-n.ended; err != nil {
		f.t.Error(err)
	}
	if err := n.cloud.Close(gone); err != nil {
		f.t.Error(err)
	}
	return true
}

// pick is a replica that is alive, nil for none.
func (f *flock) pick(i uint64) *node {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.alive) == 0 {
		return nil
	}
	return f.alive[i%uint64(len(f.alive))]
}

// carry passes bytes between a client and a replica. Of the chunks five in a
// hundred are held up or, one in five of these, lost with their connection.
func (f *flock) carry(client net.Conn, number uint64) {
	defer func() { _ = client.Close() }()
	n := f.pick(number)
	if n == nil {
		return
	}
	server, err := net.Dial("tcp", n.server.Listener.Addr().String())
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	n.mu.Lock()
	if n.lines == nil {
		n.mu.Unlock()
		return
	}
	n.lines[client], n.lines[server] = struct{}{}, struct{}{}
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.lines, client)
		delete(n.lines, server)
	}()
	var both sync.WaitGroup
	both.Go(func() { f.pass(server, client, rand.New(rand.NewPCG(f.seed, 2*number))) })
	both.Go(func() { f.pass(client, server, rand.New(rand.NewPCG(f.seed, 2*number+1))) })
	both.Wait()
}

func (f *flock) pass(to, from net.Conn, luck *rand.Rand) {
	defer func() { _, _ = to.Close(), from.Close() }()
	chunk := make([]byte, 2048)
	for {
		n, err := from.Read(chunk)
		if err != nil {
			return
		}
		switch draw := luck.IntN(100); {
		case draw == 0:
			_, _ = to.Write(chunk[:luck.IntN(n)]) // some of it still gets there
			return
		case draw < 5:
			time.Sleep(time.Duration(luck.IntN(60)) * time.Millisecond) // the fault itself
		}
		if _, err := to.Write(chunk[:n]); err != nil {
			return
		}
	}
}
