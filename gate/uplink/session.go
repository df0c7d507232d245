package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/coder/websocket"

	"gatehouse/gate/state"
	"gatehouse/internal/wire"
)

const (
	helloWait = 10 * time.Second // for the connection and the welcome, each
	// maxPending bounds the feed entries that wait for the upload to be
	// finished; beyond it they are dropped and asked for again.
	maxPending = 4096
	// behindBeats is after how many heartbeats without an entry a gate that is
	// behind asks again.
	behindBeats = 3
	// maxResumes is after how many sessions in a row with a hole the link is no
	// longer called online.
	maxResumes = 4
)

// errResume ends a session whose feed has a hole; the next one fills it.
var errResume = errors.New("the feed is asked for again")

// byeError is a cloud that sends us away.
type byeError struct{ bye wire.Bye }

func (e *byeError) Error() string { return "the cloud ends the session: " + e.bye.Reason }

// keepSession holds one session after the other.
func (u *Uplink) keepSession(ctx context.Context) {
	retry := backoff{base: u.timing.BackoffBase, limit: u.timing.BackoffCap}
	for ctx.Err() == nil {
		began := u.mono()
		err := u.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if u.mono()-began > hysteresis {
			retry.reset() // what was tried before it belongs to an older outage
		}
		var bye *byeError
		wait := retry.next()
		switch {
		case errors.Is(err, errResume):
			u.log.Debug("the feed is asked for again")
			if retry.tries > maxResumes {
				u.lost(CloudError, "The cloud's feed has a hole.")
			}
		case errors.As(err, &bye):
			after := time.Duration(bye.bye.AfterMS) * time.Millisecond
			wait = max(wait, min(after, time.Hour))
			u.log.Debug("the cloud said bye", "reason", bye.bye.Reason, "wait", wait)
			// A replica that restarts or a token that has ended is no outage.
			if wait > missedBeats*u.timing.Heartbeat || retry.tries > maxResumes {
				u.lost(CloudError, "The cloud has ended the connection: "+bye.bye.Reason)
			}
		default:
			cause, why := causeOf(err)
			u.log.Debug("session ended", "err", err)
			u.lost(cause, why)
		}
		if !pause(ctx, wait) {
			break
		}
	}
	u.lost(Unreachable, "The link was ended.")
	u.finishDrain()
}

// session is one socket, from hello to its end.
type session struct {
	u       *Uplink
	conn    *websocket.Conn
	beats   int64
	sent    map[int64]time.Duration // our heartbeats that have not come back
	head    int64                   // the cloud's feed number
	behind  int                     // heartbeats in which we were behind and nothing came
	ready   bool                    // the feed may be applied
	pending []wire.Delta
	rtt     time.Duration
	beside  sync.WaitGroup

	saidLoans time.Duration // when the last note about loans was sent
}

func (u *Uplink) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := u.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.CloseNow() //nolint:errcheck // whatever it was, it is over
	s := &session{u: u, conn: conn, sent: map[int64]time.Duration{}}
	welcome, err := s.hello(ctx)
	if err != nil {
		return err
	}
	if err := s.begin(ctx, welcome); err != nil {
		return err
	}
	// What runs beside the loop ends before the session does.
	defer s.beside.Wait()
	defer cancel()
	incoming := make(chan wire.Message)
	readErr := make(chan error, 1)
	s.beside.Go(func() { readErr <- s.read(ctx, incoming) })
	return s.loop(ctx, welcome, incoming, readErr)
}

// loop is the life of a session after the welcome.
func (s *session) loop(ctx context.Context, w *wire.Welcome, incoming <-chan wire.Message, readErr <-chan error) error {
	u := s.u
	drained := u.beginDrain()
	ticker := time.NewTicker(u.timing.Heartbeat)
	defer ticker.Stop()
	if err := s.beat(ctx); err != nil {
		return err
	}
	site := u.state.Site()
	needsSnapshot := w.Snapshot || !site.Ready || !site.Covers || site.Incarnation != w.Incarnation || w.FeedSeq < site.FeedSeq
	snapshot := make(chan error, 1)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-readErr:
			return err
		case <-drained:
			drained = nil
			if needsSnapshot {
				s.beside.Go(func() { snapshot <- u.fetchSnapshot(ctx) })
				continue
			}
			if err := s.catchUp(ctx); err != nil {
				return err
			}
		case err := <-snapshot:
			if err == nil {
				err = s.catchUp(ctx)
			}
			if err != nil {
				return err
			}
		case m := <-incoming:
			if err := s.handle(ctx, &m); err != nil {
				return err
			}
		case <-ticker.C:
			if err := s.tick(ctx); err != nil {
				return err
			}
		}
	}
}

// tick is what happens with every heartbeat.
func (s *session) tick(ctx context.Context) error {
	u := s.u
	silent := false
	u.turn(func(m *machine, now time.Duration) { silent = m.silent(now) })
	if silent {
		return &answerError{cause: Unreachable, msg: "The cloud does not answer: three heartbeats were missed."}
	}
	if s.ready && s.head > u.state.Site().FeedSeq {
		if s.behind++; s.behind >= behindBeats {
			return errResume
		}
	} else {
		s.behind = 0
	}
	if err := s.sayLoans(ctx); err != nil {
		return err
	}
	return s.beat(ctx)
}

func (s *session) beat(ctx context.Context) error {
	u := s.u
	s.beats++
	s.sent[s.beats] = u.mono()
	delete(s.sent, s.beats-16) // long missed
	return s.write(ctx, wire.Message{Heartbeat: &wire.Beat{
		N: s.beats, Time: u.clock.Now(), FeedSeq: u.state.Site().FeedSeq, Queue: u.state.Waiting(), RTTMS: int(s.rtt.Milliseconds()),
	}})
}

// handle acts on one message of the cloud.
func (s *session) handle(ctx context.Context, m *wire.Message) error {
	u := s.u
	switch {
	case m.Echo != nil:
		at, ok := s.sent[m.Echo.N]
		if !ok {
			return nil
		}
		delete(s.sent, m.Echo.N)
		u.observe(ctx, m.Echo.Answered, u.mono()-at)
		u.turn(func(mc *machine, now time.Duration) {
			s.rtt = now - at
			mc.echo(now, s.rtt)
		})
		if s.ready && s.head <= u.state.Site().FeedSeq {
			u.synced()
		}
	case m.Heartbeat != nil:
		b := *m.Heartbeat
		s.head = max(s.head, b.FeedSeq)
		u.turn(func(mc *machine, _ time.Duration) { mc.noRedis = b.Degraded })
		return s.write(ctx, wire.Message{Echo: &b})
	case len(m.Deltas) > 0:
		s.behind = 0
		s.head = max(s.head, m.Deltas[len(m.Deltas)-1].FeedSeq)
		return s.feed(ctx, m.Deltas)
	case m.Hint != nil:
		u.state.ApplyHint(*m.Hint)
	case m.Lend != nil:
		return s.lend(ctx, m.Lend)
	case m.Bye != nil:
		return &byeError{bye: *m.Bye}
	}
	return nil
}

// feed applies entries, or keeps them until the upload is finished.
func (s *session) feed(ctx context.Context, deltas []wire.Delta) error {
	if !s.ready {
		if len(s.pending)+len(deltas) <= maxPending {
			s.pending = append(s.pending, deltas...)
		}
		// What is dropped here leaves a hole, and is asked for again.
		return nil
	}
	err := s.u.state.ApplyDeltas(ctx, deltas...)
	if s.u.state.Ahead() {
		s.u.tellRolledBack(ctx)
	}
	if errors.Is(err, state.ErrHole) {
		return errResume
	}
	if err == nil && s.head <= s.u.state.Site().FeedSeq {
		s.u.synced()
	}
	if err == nil && s.u.mono()-s.saidLoans >= loanPause {
		return s.sayLoans(ctx)
	}
	return err
}

// catchUp applies what has come while the upload went on.
func (s *session) catchUp(ctx context.Context) error {
	s.ready = true
	pending := s.pending
	s.pending = nil
	if s.head <= s.u.state.Site().FeedSeq {
		s.u.synced()
	}
	if len(pending) == 0 {
		return nil
	}
	return s.feed(ctx, pending)
}

// read passes messages on until the socket ends.
func (s *session) read(ctx context.Context, incoming chan<- wire.Message) error {
	for {
		m, err := s.next(ctx)
		if err != nil {
			return err
		}
		select {
		case incoming <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *session) next(ctx context.Context) (wire.Message, error) {
	kind, b, err := s.conn.Read(ctx)
	if err != nil {
		return wire.Message{}, fmt.Errorf("read from the cloud: %w", err)
	}
	m, err := wire.ParseMessage(b)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return wire.Message{}, fmt.Errorf("read from the cloud: %w", err)
	case err != nil || kind != websocket.MessageText:
		return wire.Message{}, &answerError{cause: CloudError, msg: "The cloud's message cannot be read."}
	}
	return m, nil
}

// write sends one message. A socket that takes nothing is noticed by the
// heartbeats that do not come back; the time here only bounds the wait.
func (s *session) write(ctx context.Context, m wire.Message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, missedBeats*s.u.timing.Heartbeat)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, b); err != nil {
		return fmt.Errorf("write to the cloud: %w", err)
	}
	return nil
}
