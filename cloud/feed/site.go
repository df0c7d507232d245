package feed

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// errAnother says that the database is not the one that the socket was
// welcomed to.
var errAnother = errors.New("the cloud's database is another one")

// site is the part of the hub that belongs to one site: a pump that moves the
// entries from the commit, or from Postgres, into memory in order, from where
// each socket takes them at its own pace.
type site struct {
	hub    *Hub
	id     uuid.UUID
	awake  chan struct{}
	unsure atomic.Bool // somebody saw a sign that the database is another one

	mu          sync.Mutex
	known       bool      // head and incarnation are known
	incarnation uuid.UUID // of the database that the feed is read from
	head        int64     // newest entry in memory
	ring        ring
	offered     map[int64]wire.Delta // committed here, waiting for the pump
	bundles     bundles
	sockets     map[*socket]struct{}
	watchers    map[chan struct{}]struct{}

	flight singleflight.Group // many gates miss the same entries at once
}

func newSite(h *Hub, id uuid.UUID) *site {
	return &site{
		hub: h, id: id, awake: make(chan struct{}, 1), offered: map[int64]wire.Delta{},
		sockets: map[*socket]struct{}{}, watchers: map[chan struct{}]struct{}{},
	}
}

// wake lets the pump look for news.
func (s *site) wake() { poke(s.awake) }

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default: // it is already going to look
	}
}

// offer hands the pump an entry, which spares it the way to Postgres.
func (s *site) offer(c store.Commit) {
	s.mu.Lock()
	switch {
	case s.known && c.Incarnation != s.incarnation:
		s.unsure.Store(true)
	case len(s.offered) < ringLength: // more is read from Postgres
		s.offered[c.Delta.FeedSeq] = c.Delta
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
	if s.unsure.Swap(false) {
		if err := s.verify(); err != nil {
			s.unsure.Store(true)
			return err
		}
	}
	if err := s.start(); err != nil {
		return err
	}
	for {
		if s.takeOffered() {
			continue
		}
		head, incarnation := s.where()
		rows, err := s.hub.cfg.Store.Q.FeedOf(s.hub.ctx, cloudsql.FeedOfParams{SiteID: s.id, After: head, MaxRows: backlogPage})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Incarnation != incarnation {
				s.restart()
				return nil
			}
			if !s.push(frame{seq: row.FeedSeq, text: frameOf(row.Body)}) {
				return errHole
			}
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
		s.known, s.head, s.incarnation = true, head.FeedSeq, head.Incarnation
	}
	return nil
}

// verify asks the database whether it still is the one that the feed was read
// from.
func (s *site) verify() error {
	head, incarnation := s.where()
	if incarnation == uuid.Nil {
		return nil
	}
	now, err := s.hub.cfg.Store.Q.FeedHead(s.hub.ctx, s.id)
	if err != nil {
		return err
	}
	return s.compare(head, incarnation, now.FeedSeq, now.Incarnation)
}

// compare judges what the database says of itself, read after head and
// incarnation were. A feed that went back within one incarnation is a database
// that was restored and not told so: it gets a new one, for the gates' sake.
func (s *site) compare(head int64, incarnation uuid.UUID, nowHead int64, nowIncarnation uuid.UUID) error {
	switch {
	case nowIncarnation != incarnation:
	case nowHead < head:
		s.hub.cfg.Log.Error("the feed went back: the database was restored, and gets a new incarnation", "site", s.id, "was", head, "is", nowHead)
		if _, err := s.hub.cfg.Store.RenewIncarnation(s.hub.ctx, incarnation); err != nil {
			return err
		}
	default:
		return nil
	}
	s.restart()
	return nil
}

// restart forgets everything and sends the sockets away: what they know is the
// state of another database, and hello will tell.
func (s *site) restart() {
	s.mu.Lock()
	if !s.known {
		s.mu.Unlock()
		return
	}
	s.known, s.head, s.incarnation = false, 0, uuid.Nil
	s.ring, s.bundles = ring{}, bundles{}
	clear(s.offered)
	n := len(s.sockets)
	for ch := range s.watchers {
		poke(ch) // pages show another database's state now
	}
	s.mu.Unlock()
	s.hub.cfg.Log.Warn("the database is another one; gates begin anew", "site", s.id)
	for _, k := range s.list() {
		k.bye("The cloud's database was restored.", spread(n))
		k.endSoon()
	}
	s.wake()
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
	return s.push(frame{seq: d.FeedSeq, text: frameOf(body)})
}

// where is the head and the incarnation that it belongs to.
func (s *site) where() (int64, uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, s.incarnation
}

func (s *site) headNow() int64 {
	head, _ := s.where()
	return head
}

// push puts the next entry into memory and wakes all sockets and watchers;
// false when it is not the next.
func (s *site) push(f frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.seq != s.head+1 {
		return false
	}
	s.head = f.seq
	s.ring.push(f)
	for k := range s.sockets {
		poke(k.news)
	}
	for ch := range s.watchers {
		poke(ch)
	}
	return true
}

// join subscribes a socket and says where the feed is at that moment: from
// there on it is woken for everything.
func (s *site) join(k *socket) (int64, error) {
	if err := s.start(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		return 0, errAnother
	}
	s.sockets[k] = struct{}{}
	k.incarnation = s.incarnation
	return s.head, nil
}

func (s *site) leave(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
}

// others are the epochs of the socket's gate that are connected beside it: of
// an earlier run whose end was not noticed yet, or of another machine that is
// the same gate.
func (s *site) others(k *socket) []parking.Epoch {
	var out []parking.Epoch
	for _, o := range s.list() {
		if o.peer.Gate == k.peer.Gate && o.epoch != k.epoch && o.epoch != "" && !slices.Contains(out, o.epoch) {
			out = append(out, o.epoch)
		}
	}
	slices.Sort(out)
	return out
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
