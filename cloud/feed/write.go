package feed

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
)

// put writes one message. The watchdog ends writes that take too long.
func (k *socket) put(text []byte) error {
	k.writing.Store(time.Now().UnixNano())
	defer k.writing.Store(0)
	return k.conn.Write(k.ctx, websocket.MessageText, text)
}

// welcome answers hello. It returns the number up to which the gate has
// everything, or will have by its snapshot.
func (k *socket) welcome(s *site, hello *wire.Hello, head int64) (int64, error) {
	q := k.hub.cfg.Store.Q
	w := wire.Welcome{Protocol: wire.Protocol, ServerTime: k.hub.told(), Incarnation: k.incarnation, FeedSeq: head, Degraded: k.hub.Degraded()}
	var err error
	if w.Held, err = store.Held(k.ctx, q, k.peer.Site, k.peer.Gate); err != nil {
		return 0, err
	}
	w.Others = s.others(k)
	audit, err := q.AuditHead(k.ctx, k.peer.Site)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read the audit log's head: %w", err)
	}
	w.Audit = wire.AuditHead{Count: audit.N, Hash: hex.EncodeToString(audit.Hash)}
	if w.Lists, err = store.ListHead(k.ctx, q, k.peer.Site); err != nil {
		return 0, err
	}
	feed, err := q.FeedHead(k.ctx, k.peer.Site)
	if err != nil {
		return 0, fmt.Errorf("read the feed's head: %w", err)
	}
	if feed.Incarnation != k.incarnation || feed.FeedSeq < head {
		s.unsure.Store(true)
		s.wake()
		return 0, k.refuse(websocket.StatusTryAgainLater, "The cloud's database was restored.", spread(1))
	}
	// A gate of another incarnation, from ahead of us, or from too far back
	// has to begin anew.
	w.Snapshot = hello.Incarnation != w.Incarnation || hello.FeedSeq < max(1, feed.Trimmed) || hello.FeedSeq > feed.FeedSeq ||
		head-hello.FeedSeq > longestReplay
	text, err := json.Marshal(wire.Message{Welcome: &w})
	if err != nil {
		return 0, err
	}
	if err := k.put(text); err != nil {
		return 0, err
	}
	if w.Snapshot {
		return head, nil // the snapshot is read after this and holds at least head
	}
	return k.replay(s, hello.FeedSeq)
}

// replay sends what is older than memory, and returns the number up to which
// the gate has everything then.
func (k *socket) replay(s *site, sent int64) (int64, error) {
	for {
		_, err := s.next(k, sent)
		if !errors.Is(err, errSlow) {
			return sent, err // the rest comes as what is new does
		}
		frames, err := s.older(k, sent)
		if err != nil {
			return sent, err
		}
		if sent, err = k.send(frames, sent); err != nil {
			return sent, err
		}
	}
}

// send writes messages of the feed.
func (k *socket) send(frames []frame, sent int64) (int64, error) {
	for _, f := range frames {
		if len(f.text) > wire.MaxMessageBytes {
			return sent, errLarge
		}
		if err := k.put(f.text); err != nil {
			return sent, err
		}
		if f.seq > sent+1 {
			k.hub.ranges.Add(1)
		}
		sent = f.seq
	}
	return sent, nil
}

// write sends what is new, and heartbeats, until the socket ends.
func (k *socket) write(s *site, sent int64) {
	defer k.end()
	tick := time.NewTicker(k.hub.paced(wire.Heartbeat))
	defer tick.Stop()
	poke(k.news)
	n := int64(0)
	for {
		var err error
		select {
		case <-k.ctx.Done():
			return
		case <-k.news:
			sent, err = k.follow(s, sent)
		case text := <-k.whisps:
			err = k.put(text)
		case <-tick.C:
			n++
			err = k.beat(n, s.headNow())
		case text := <-k.byes:
			_ = k.put(text) // it ends either way
			_ = k.conn.Close(websocket.StatusGoingAway, "bye")
			return
		}
		if errors.Is(err, errLarge) {
			k.bye("Too much has changed at once for a message. Fetch a snapshot.", 0)
			k.endSoon()
		} else if err != nil && !errors.Is(err, errAnother) { // whose bye is on its way
			return
		}
	}
}

// follow sends some of what is new and, when that is not all, comes back to it
// after the socket's other duties.
func (k *socket) follow(s *site, sent int64) (int64, error) {
	frames, err := s.next(k, sent)
	if errors.Is(err, errSlow) {
		k.cut("does not keep up")
	}
	if err != nil || len(frames) == 0 {
		return sent, err
	}
	if len(frames) >= framesAtOnce || frames[len(frames)-1].seq > sent+int64(len(frames)) {
		poke(k.news) // there may be more
	}
	return k.send(frames, sent)
}

// beat sends a heartbeat with the head of the feed.
func (k *socket) beat(n, head int64) error {
	k.mu.Lock()
	k.flights[n] = time.Now()
	delete(k.flights, n-8) // its echo is late beyond use
	rtt := k.state.rttMS
	k.mu.Unlock()
	text, err := json.Marshal(wire.Message{Heartbeat: &wire.Beat{
		N: n, Time: k.hub.told(), FeedSeq: head, RTTMS: int(rtt), Degraded: k.hub.Degraded(),
	}})
	if err != nil {
		return err
	}
	return k.put(text)
}
