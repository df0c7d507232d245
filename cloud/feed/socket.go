package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Peer is the gate at the other end, as its token says.
type Peer struct {
	Site    uuid.UUID
	Gate    string
	Expires time.Time // of the token
}

// fromGateBytes bounds one message of a gate: hello, heartbeats, words about loans.
const fromGateBytes = 64 << 10

// socket is one gate's connection: one goroutine reads, one writes.
type socket struct {
	hub     *Hub
	peer    Peer
	conn    *websocket.Conn
	started time.Time
	news    chan struct{} // the site has entries
	whisps  chan []byte   // echoes and hints: may be dropped
	byes    chan []byte   // at most one
	done    chan struct{} // closed when the socket has ended
	ctx     context.Context
	end     context.CancelFunc
	once    sync.Once

	ranges      bool      // the gate takes deltas that stand for a range
	incarnation uuid.UUID // of the database that it was welcomed to

	writing atomic.Int64 // when the write under way began, Unix ns; 0 for none
	heardAt atomic.Int64 // when the gate was last heard, Unix ns

	epoch   parking.Epoch  // the gate's run
	hearing atomic.Bool    // a word about loans is being heard
	beside  sync.WaitGroup // what goes on beside reading and writing

	mu      sync.Mutex
	state   gateState
	flights map[int64]time.Time // heartbeats on their way
}

// gateState is what a gate said of itself.
type gateState struct {
	version string
	rttMS   int32
	queue   int64
	clockMS int64         // its clock minus ours…
	clockAt time.Duration // …when our monotonic clock said this; 0 for not yet
}

// Serve turns the request into a WebSocket and serves it until it ends.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, peer Peer) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(fromGateBytes)
	ctx, cancel := context.WithCancel(h.ctx)
	k := &socket{
		hub: h, peer: peer, conn: conn, started: time.Now(), news: make(chan struct{}, 1),
		whisps: make(chan []byte, whisperLength), byes: make(chan []byte, 1), done: make(chan struct{}),
		ctx: ctx, end: cancel, flights: map[int64]time.Time{},
	}
	defer close(k.done)
	defer func() { _ = conn.CloseNow() }() // whatever happened, it is over
	defer cancel()
	k.heardAt.Store(time.Now().UnixNano())
	if err := k.serve(); err != nil && ctx.Err() == nil {
		h.cfg.Log.Debug("socket ended", "site", peer.Site, "gate", peer.Gate, "reason", err)
	}
}

func (k *socket) serve() error {
	hello, err := k.hello()
	if err != nil {
		return err
	}
	s := k.hub.site(k.peer.Site)
	if s == nil {
		return k.refuse(websocket.StatusGoingAway, "The cloud restarts.", spread(1))
	}
	// Subscribed before the backlog is read, so that nothing falls between.
	head, err := s.join(k)
	if err != nil {
		return k.refuse(websocket.StatusTryAgainLater, "The cloud's database does not answer.", spread(1))
	}
	defer s.leave(k)
	sent, err := k.welcome(s, hello, head)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { k.write(s, sent) })
	err = k.read()
	k.end()
	wg.Wait()
	k.beside.Wait()
	return err
}

// hello waits for the gate's first message and checks that it is who its
// token says.
func (k *socket) hello() (*wire.Hello, error) {
	ctx, cancel := context.WithTimeout(k.ctx, helloWithin)
	defer cancel()
	_, text, err := k.conn.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	m, err := wire.ParseMessage(text)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	if err != nil || m.Hello == nil {
		return nil, k.refuse(websocket.StatusPolicyViolation, "The first message must be hello.", 0)
	}
	switch {
	case m.Hello.Protocol != wire.Protocol:
		return nil, k.refuse(websocket.StatusPolicyViolation, fmt.Sprintf("This cloud speaks protocol %d, not %d.", wire.Protocol, m.Hello.Protocol), time.Minute)
	case m.Hello.Gate != k.peer.Gate || m.Hello.Site != k.peer.Site:
		return nil, k.refuse(websocket.StatusPolicyViolation, "This token belongs to another gate or site.", 0)
	}
	k.ranges = m.Hello.Ranges
	k.epoch = m.Hello.Epoch
	k.state.version, k.state.queue = clip(m.Hello.Version, 100), max(0, m.Hello.Queue)
	return m.Hello, nil
}

// clip bounds a text and leaves out what the database refuses, so that one
// gate's words never keep those of the others from being written down.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// refuse says why and ends the socket.
func (k *socket) refuse(code websocket.StatusCode, reason string, after time.Duration) error {
	text, err := json.Marshal(wire.Message{Bye: &wire.Bye{Reason: reason, AfterMS: after.Milliseconds()}})
	if err == nil {
		_ = k.put(text) // it may be gone already
	}
	_ = k.conn.Close(code, clip(reason, 120))
	return fmt.Errorf("refused: %s", reason)
}

// read takes heartbeats, echoes and words about loans until the socket ends.
func (k *socket) read() error {
	for {
		_, text, err := k.conn.Read(k.ctx)
		if err != nil {
			return err
		}
		k.heardAt.Store(time.Now().UnixNano())
		m, err := wire.ParseMessage(text)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if err != nil {
			return k.refuse(websocket.StatusPolicyViolation, "The message is not JSON as agreed.", time.Minute)
		}
		switch {
		case m.Heartbeat != nil:
			k.heartbeat(m.Heartbeat)
		case m.Echo != nil:
			k.echo(m.Echo)
		case m.Loans != nil:
			k.loans(m.Loans)
		}
	}
}

// heartbeat sends the gate's own back with our time, and keeps what it says.
func (k *socket) heartbeat(b *wire.Beat) {
	echo := *b
	echo.Answered = k.hub.told()
	if text, err := json.Marshal(wire.Message{Echo: &echo}); err == nil {
		k.whisper(text)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.queue = max(0, b.Queue)
	k.state.clockMS, k.state.clockAt = b.Time.Sub(k.hub.cfg.Now()).Milliseconds(), k.hub.clock.mono()
}

// echo is one of ours come back: the round trip by our monotonic clock.
func (k *socket) echo(b *wire.Beat) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if sent, ok := k.flights[b.N]; ok {
		k.state.rttMS = int32(min(time.Since(sent).Milliseconds(), 1<<30)) //nolint:gosec // bounded in this line
		delete(k.flights, b.N)
	}
}

func (k *socket) said() gateState {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// cut ends a socket that cannot follow; it resumes where it was.
func (k *socket) cut(why string) {
	if k.ctx.Err() != nil {
		return
	}
	k.hub.cut.Add(1)
	k.hub.cfg.Log.Warn("a socket is cut: it "+why, "site", k.peer.Site, "gate", k.peer.Gate)
	k.end()
}

// whisper gives the socket something that may be lost.
func (k *socket) whisper(text []byte) {
	select {
	case k.whisps <- text:
	default:
		k.hub.unheard.Add(1)
	}
}

// bye lets the writer say bye after what waits, and end.
func (k *socket) bye(reason string, after time.Duration) {
	text, err := json.Marshal(wire.Message{Bye: &wire.Bye{Reason: reason, AfterMS: after.Milliseconds()}})
	if err != nil {
		return // plain values only
	}
	select {
	case k.byes <- text:
	default:
	}
}

// endSoon gives the bye a moment and ends the socket whether or not it was taken.
func (k *socket) endSoon() {
	k.once.Do(func() { time.AfterFunc(time.Second, k.end) })
}

func (k *socket) stuck(now time.Time) bool {
	since := k.writing.Load()
	return since != 0 && now.Sub(time.Unix(0, since)) > k.hub.paced(k.hub.writeWithin)
}

func (k *socket) silent(now time.Time) bool {
	return now.Sub(time.Unix(0, k.heardAt.Load())) > k.hub.paced(k.hub.silence)
}
