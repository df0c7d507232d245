package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
)

// put writes one message. The watchdog ends writes that take too long.
func (k *socket) put(text []byte) error {
	k.writing.Store(time.Now().UnixNano())
	defer k.writing.Store(0)
	return k.conn.Write(k.ctx, websocket.MessageText, text)
}

// welcome answers hello and sends what the gate misses. It returns the number
// up to which the gate has everything, or will have by its snapshot.
func (k *socket) welcome(s *site, hello *wire.Hello, head int64) (int64, error) {
	q := k.hub.cfg.Store.Q
	w := wire.Welcome{Protocol: wire.Protocol, ServerTime: k.hub.cfg.Now().UTC(), FeedSeq: head, Degraded: k.hub.Degraded()}
	var err error
	if w.Incarnation, err = q.Incarnation(k.ctx); err != nil {
		return 0, fmt.Errorf("read the incarnation: %w", err)
	}
	if w.Held, err = store.Held(k.ctx, q, k.peer.Site, k.peer.Gate); err != nil {
		return 0, err
	}
	feed, err := q.FeedHead(k.ctx, k.peer.Site)
	if err != nil {
		return 0, fmt.Errorf("read the feed's head: %w", err)
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
	return max(head, hello.FeedSeq), k.replay(s, hello.FeedSeq, head)
}

// replay sends the entries (after, until].
func (k *socket) replay(s *site, after, until int64) error {
	if frames, ok := s.recent(after, until); ok {
		for _, f := range frames {
			if err := k.put(f.text); err != nil {
				return err
			}
		}
		return nil
	}
	for after < until {
		rows, err := k.hub.cfg.Store.Q.FeedAfter(k.ctx, cloudsql.FeedAfterParams{SiteID: k.peer.Site, After: after, MaxRows: backlogPage})
		if err != nil {
			return fmt.Errorf("read the feed: %w", err)
		}
		if len(rows) == 0 {
			return errors.New("the feed ends before its head")
		}
		for _, row := range rows {
			if row.FeedSeq > until {
				return nil // comes through the queue
			}
			if err := k.put(frameOf(row.Body)); err != nil {
				return err
			}
			after = row.FeedSeq
		}
	}
	return nil
}

// write sends what is queued, and heartbeats, until the socket ends.
func (k *socket) write(s *site, sent int64) {
	defer k.end()
	tick := time.NewTicker(k.hub.paced(wire.Heartbeat))
	defer tick.Stop()
	n := int64(0)
	for {
		var err error
		select {
		case <-k.ctx.Done():
			return
		case f := <-k.queue:
			if f.seq > sent {
				if err = k.put(f.text); err == nil {
					sent = f.seq
				}
			}
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
		if err != nil {
			return
		}
	}
}

// beat sends a heartbeat with the head of the feed.
func (k *socket) beat(n, head int64) error {
	k.mu.Lock()
	k.flights[n] = time.Now()
	delete(k.flights, n-8) // its echo is late beyond use
	rtt := k.state.rttMS
	k.mu.Unlock()
	text, err := json.Marshal(wire.Message{Heartbeat: &wire.Beat{
		N: n, Time: k.hub.cfg.Now().UTC(), FeedSeq: head, RTTMS: int(rtt), Degraded: k.hub.Degraded(),
	}})
	if err != nil {
		return err
	}
	return k.put(text)
}
