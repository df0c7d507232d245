package feed

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
)

// channel is where the replicas talk. Site ids are unique, so one is enough.
const channel = "gatehouse:feed"

// word is what one replica tells the others. Exactly one of FeedSeq, Hint and
// Cut is set.
type word struct {
	Site    uuid.UUID  `json:"site"`
	FeedSeq int64      `json:"feed_seq,omitempty"`
	Hint    *wire.Hint `json:"hint,omitempty"`
	Cut     string     `json:"cut,omitempty"` // gate
	From    string     `json:"from"`          // replica
}

func (h *Hub) send(w word) {
	if h.cfg.Redis == nil {
		return
	}
	select {
	case h.outbox <- w:
	default:
		h.dropped.Add(1)
	}
}

// speak publishes the outbox.
func (h *Hub) speak(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-h.outbox:
			h.publish(ctx, w)
		}
	}
}

func (h *Hub) publish(ctx context.Context, w word) {
	w.From = h.name
	text, err := json.Marshal(w)
	if err != nil {
		return // plain values only
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	if err := h.cfg.Redis.Publish(ctx, channel, text).Err(); err != nil && ctx.Err() == nil {
		h.setDegraded(true) // the others find the entry when they poll
	}
}

// listen takes words of the others. go-redis connects again by itself; what is
// missed meanwhile is found by polling.
func (h *Hub) listen(ctx context.Context) {
	sub := h.cfg.Redis.Subscribe(ctx, channel)
	defer func() { _ = sub.Close() }() // the connection is gone either way
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-sub.Channel():
			if !ok {
				return
			}
			h.heard(m.Payload)
		}
	}
}

func (h *Hub) heard(text string) {
	var w word
	if err := json.Unmarshal([]byte(text), &w); err != nil || w.From == h.name {
		return
	}
	s := h.existing(w.Site)
	switch {
	case s == nil:
	case w.Hint != nil:
		s.hint(*w.Hint)
	case w.Cut != "":
		s.cutGate(w.Cut)
	default:
		s.wake()
	}
}

// poll asks after Redis each second, and reads the heads of the sites that
// somebody looks at: each second while Redis is away, now and then else.
func (h *Hub) poll(ctx context.Context) {
	tick := time.NewTicker(h.paced(pollDegraded))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h.askRedis(ctx)
		if h.Degraded() || n%pollAlways == 0 {
			if err := h.readHeads(ctx); err != nil && ctx.Err() == nil {
				h.cfg.Log.Warn("the heads of the feeds cannot be read", "error", err)
			}
		}
	}
}

func (h *Hub) askRedis(ctx context.Context) {
	if h.cfg.Redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	h.setDegraded(h.cfg.Redis.Ping(ctx).Err() != nil)
}

func (h *Hub) setDegraded(now bool) {
	if h.degraded.Swap(now) != now {
		h.cfg.Log.Warn("Redis", "away", now)
	}
}

// readHeads looks for entries of which no word came, and for signs that the
// database is another one than before.
func (h *Hub) readHeads(ctx context.Context) error {
	type mark struct {
		site        *site
		head        int64
		incarnation uuid.UUID
	}
	var ids []uuid.UUID
	marks := map[uuid.UUID]mark{}
	for _, s := range h.all() {
		s.mu.Lock()
		if len(s.sockets)+len(s.watchers) > 0 {
			ids = append(ids, s.id)
			marks[s.id] = mark{s, s.head, s.incarnation} // before the question, so that an answer below it went back
		}
		s.mu.Unlock()
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := h.cfg.Store.Q.FeedHeads(ctx, ids)
	if err != nil {
		return err
	}
	for _, row := range rows {
		m := marks[row.SiteID]
		if m.incarnation == uuid.Nil {
			m.site.wake()
			continue
		}
		if err := m.site.compare(m.head, m.incarnation, row.FeedSeq, row.Incarnation); err != nil {
			return err
		}
		if row.FeedSeq > m.head {
			m.site.wake()
		}
	}
	return nil
}

// watchdog cuts sockets that do not take what is written to them, that have
// gone silent, or whose token has expired. One for all, because a deadline per
// write costs more than the write.
func (h *Hub) watchdog(ctx context.Context) {
	tick := time.NewTicker(h.paced(wire.Heartbeat / 2))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h.judgeClock()
		now := time.Now()
		for _, s := range h.all() {
			for _, k := range s.list() {
				switch {
				case k.stuck(now):
					k.cut("takes nothing")
				case k.silent(now):
					k.end()
				case !h.cfg.Now().Before(k.peer.Expires):
					k.bye("The gate's token has expired.", 0)
					k.endSoon()
				}
			}
		}
	}
}

// keep writes down what the gates said of themselves, and cuts those that have
// no right to be connected any more, whatever word was lost.
func (h *Hub) keep(ctx context.Context) {
	tick := time.NewTicker(h.paced(keepEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := h.keepOnce(ctx); err != nil && ctx.Err() == nil {
				h.cfg.Log.Warn("what gates say of themselves cannot be kept", "error", err)
			}
		}
	}
}

type gateKey struct {
	site uuid.UUID
	gate string
}

func (h *Hub) keepOnce(ctx context.Context) error {
	newest := map[gateKey]*socket{}
	var all []*socket
	for _, s := range h.all() {
		for _, k := range s.list() {
			id := gateKey{s.id, k.peer.Gate}
			if o := newest[id]; o == nil || k.started.After(o.started) {
				newest[id] = k
			}
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		return nil
	}
	arg := cloudsql.SawGatesParams{Now: h.cfg.Now().UTC()}
	for id, k := range newest {
		said := k.said()
		arg.Sites, arg.Codes, arg.Versions = append(arg.Sites, id.site), append(arg.Codes, id.gate), append(arg.Versions, said.version)
		arg.RttsMs, arg.Queues, arg.ClocksMs = append(arg.RttsMs, said.rttMS), append(arg.Queues, said.queue), append(arg.ClocksMs, said.clockMS)
	}
	rows, err := h.cfg.Store.Q.SawGates(ctx, arg)
	if err != nil {
		return err
	}
	allowed := map[gateKey]bool{}
	for _, row := range rows {
		allowed[gateKey{row.SiteID, row.Code}] = true
	}
	for _, k := range all {
		if !allowed[gateKey{k.peer.Site, k.peer.Gate}] {
			k.bye("This gate was revoked.", 0)
			k.endSoon()
		}
	}
	return nil
}

// spread is when one of n gates comes back after a restart: not all at once,
// and the more there are the longer it may take.
func spread(n int) time.Duration {
	over := min(max(3*time.Second, time.Duration(n)*2*time.Millisecond), 30*time.Second)
	return time.Duration(rand.Int64N(int64(over))) //nolint:gosec // only spreads load
}
