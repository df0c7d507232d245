package feed

import (
	"encoding/json"
	"sync"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
)

// frame is one entry of the feed as it goes over the socket: encoded once for
// all of them.
type frame struct {
	seq  int64
	text []byte // a wire.Message
}

// site is the part of the hub that belongs to one site: a pump that moves the
// entries from the commit, or from Postgres, to the sockets in order.
type site struct {
	hub   *Hub
	id    uuid.UUID
	awake chan struct{}

	mu       sync.Mutex
	known    bool                 // head is known
	head     int64                // newest entry that went to the sockets
	ring     []frame              // the newest entries, up to head, without a gap
	offered  map[int64]wire.Delta // committed here, waiting for the pump
	sockets  map[*socket]struct{}
	watchers map[chan struct{}]struct{}
}

func newSite(h *Hub, id uuid.UUID) *site {
	return &site{
		hub: h, id: id, awake: make(chan struct{}, 1), offered: map[int64]wire.Delta{},
		sockets: map[*socket]struct{}{}, watchers: map[chan struct{}]struct{}{},
	}
}

// wake lets the pump look for news.
func (s *site) wake() {
	select {
	case s.awake <- struct{}{}:
	default:
	}
}

// offer hands the pump an entry, which spares it the way to Postgres.
func (s *site) offer(d wire.Delta) {
	s.mu.Lock()
	if len(s.offered) < ringLength { // more is read from Postgres
		s.offered[d.FeedSeq] = d
	}
	s.mu.Unlock()
	s.wake()
}

// pump moves entries until the hub closes.
func (s *site) pump() {
	for {
		select {
		case <-s.awake:
		case <-s.hub.ctx.Done():
			return
		}
		if err := s.catchUp(); err != nil && s.hub.ctx.Err() == nil {
			s.hub.cfg.Log.Warn("the feed cannot be read", "site", s.id, "error", err)
		}
	}
}

// catchUp moves everything newer than head: what was committed here at once,
// holes from Postgres.
func (s *site) catchUp() error {
	if err := s.start(); err != nil {
		return err
	}
	for {
		if s.takeOffered() {
			continue
		}
		rows, err := s.hub.cfg.Store.Q.FeedAfter(s.hub.ctx, cloudsql.FeedAfterParams{SiteID: s.id, After: s.headNow(), MaxRows: backlogPage})
		if err != nil {
			return err
		}
		for _, row := range rows {
			s.push(frame{seq: row.FeedSeq, text: frameOf(row.Body)})
		}
		if len(rows) < backlogPage {
			return nil
		}
	}
}

// start finds out where the feed is.
func (s *site) start() error {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known {
		return nil
	}
	head, err := s.hub.cfg.Store.Q.FeedHead(s.hub.ctx, s.id)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		s.known, s.head = true, head.FeedSeq
	}
	return nil
}

// takeOffered pushes the entry after head if it was committed here.
func (s *site) takeOffered() bool {
	s.mu.Lock()
	for seq := range s.offered {
		if seq <= s.head {
			delete(s.offered, seq)
		}
	}
	d, ok := s.offered[s.head+1]
	delete(s.offered, s.head+1)
	s.mu.Unlock()
	if !ok {
		return false
	}
	body, err := json.Marshal(d)
	if err != nil {
		return false // it was encoded before it was committed
	}
	s.push(frame{seq: d.FeedSeq, text: frameOf(body)})
	return true
}

// frameOf wraps an encoded delta as a message, without decoding it.
func frameOf(delta []byte) []byte {
	const head, tail = `{"deltas":[`, `]}`
	b := make([]byte, 0, len(head)+len(delta)+len(tail))
	return append(append(append(b, head...), delta...), tail...)
}

func (s *site) headNow() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// push gives the next entry to all sockets and watchers.
func (s *site) push(f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.seq != s.head+1 {
		return // moved already
	}
	s.head = f.seq
	if len(s.ring) == ringLength {
		s.ring = append(s.ring[:0], s.ring[1:]...)
	}
	s.ring = append(s.ring, f)
	for k := range s.sockets {
		k.enqueue(f)
	}
	for ch := range s.watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// join subscribes a socket and returns the head at that moment: from there on
// it gets everything.
func (s *site) join(k *socket) (int64, error) {
	if err := s.start(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[k] = struct{}{}
	return s.head, nil
}

func (s *site) leave(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
}

func (s *site) list() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*socket, 0, len(s.sockets))
	for k := range s.sockets {
		out = append(out, k)
	}
	return out
}

// recent returns the entries (after, until] from memory, false when they do
// not reach back that far.
func (s *site) recent(after, until int64) ([]frame, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after >= until {
		return nil, true
	}
	if len(s.ring) == 0 || s.ring[0].seq > after+1 {
		return nil, false
	}
	var out []frame
	for _, f := range s.ring {
		if f.seq > after && f.seq <= until {
			out = append(out, f)
		}
	}
	return out, true
}

func (s *site) hint(hint wire.Hint) {
	text, err := json.Marshal(wire.Message{Hint: &hint})
	if err != nil {
		return // plain values only
	}
	for _, k := range s.list() {
		k.whisper(text)
	}
}

func (s *site) cutGate(gate string) {
	for _, k := range s.list() {
		if k.peer.Gate == gate {
			k.bye("This gate was revoked.", 0)
			k.endSoon()
		}
	}
}
