package uplink_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const beat = 150 * time.Millisecond // three missed are half a second: a busy machine is no dead line

// cloud is a cloud small enough to be made to fail in every way: real HTTP and
// WebSockets on loopback, state in memory.
type cloud struct {
	t    testing.TB
	srv  *httptest.Server
	site uuid.UUID

	mu          sync.Mutex
	key         ed25519.PublicKey
	ahead       time.Duration // its clock, before the gate's
	late        time.Duration // how long the line keeps its heartbeats
	incarnation uuid.UUID
	degraded    bool
	others      []parking.Epoch // connected beside the gate
	receipts    map[string]int64
	mute        bool // sends no echo
	challenge   []byte
	facts       map[uuid.UUID]parking.Fact
	order       []parking.Fact // as they came first
	received    int            // items, again and again
	held        map[parking.Epoch]int64
	keys        map[string]ed25519.PublicKey // of other gates
	of          map[parking.Epoch]string     // whose run it is, of other gates
	feed        []wire.Delta                 // feed[i] is number i+1
	skip        int64                        // this number is not pushed, once
	photos      map[string][]byte
	parts       map[string][]byte // what has come of photos in pieces
	pieces      int
	sockets     map[*websocket.Conn]context.Context
	hellos      []wire.Hello
	snapshots   int
	asked       map[string]int
	intercept   func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func newCloud(t testing.TB) *cloud { return newCloudOn(t, (*httptest.Server).Start) }

// newCloudOn is newCloud with a server that start starts.
func newCloudOn(t testing.TB, start func(*httptest.Server)) *cloud {
	c := &cloud{
		t: t, site: uuid.New(), incarnation: uuid.New(), facts: map[uuid.UUID]parking.Fact{}, held: map[parking.Epoch]int64{},
		keys: map[string]ed25519.PublicKey{}, of: map[parking.Epoch]string{},
		photos: map[string][]byte{}, parts: map[string][]byte{}, sockets: map[*websocket.Conn]context.Context{}, asked: map[string]int{},
	}
	config := c.config()
	c.feed = []wire.Delta{{FeedSeq: 1, Config: &config}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/gates/enrol", c.enrol)
	mux.HandleFunc("POST /api/v1/gates/challenge", c.giveChallenge)
	mux.HandleFunc("POST /api/v1/gates/token", c.giveToken)
	mux.HandleFunc("POST /api/v1/facts", c.takeFacts)
	mux.HandleFunc("GET /api/v1/snapshot", c.giveSnapshot)
	mux.HandleFunc("GET /api/v1/ws", c.socket)
	mux.HandleFunc("PUT /api/v1/photos/{sha}", c.takePhoto)
	mux.HandleFunc("GET /api/v1/photos/{sha}", c.givePhoto)
	mux.HandleFunc("POST /api/v1/reservations", c.reserve)
	mux.HandleFunc("POST /api/v1/reservations/release", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /api/v1/gate/sign-in", c.signIn)
	c.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.asked[r.URL.Path]++
		f := c.intercept
		c.mu.Unlock()
		if f == nil || !f(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	start(c.srv)
	t.Cleanup(c.stop)
	return c
}

func (c *cloud) stop() {
	c.cutSockets()
	c.srv.CloseClientConnections()
	c.srv.Close()
}

func (c *cloud) cutSockets() {
	c.locked(func() {
		for conn := range c.sockets {
			_ = conn.CloseNow()
		}
	})
}

func (c *cloud) locked(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *cloud) onRequest(f func(w http.ResponseWriter, r *http.Request) bool) {
	c.locked(func() { c.intercept = f })
}

func (c *cloud) now() time.Time { return time.Now().Add(c.ahead) }

func (c *cloud) config() wire.SiteConfig {
	config := wire.SiteConfig{
		Site: c.site, Code: "lot", Gates: []parking.Gate{{Code: "N"}, {Code: "S"}},
		Zones: []parking.Zone{{Code: "A", Kind: parking.Numbered}},
	}
	for gate, key := range c.keys {
		config.Keys = append(config.Keys, wire.GateKey{Gate: gate, PublicKey: key})
	}
	return config
}

// ownHeld is what is held of gate N; mu is held.
func (c *cloud) ownHeld() map[parking.Epoch]int64 {
	out := map[parking.Epoch]int64{}
	for epoch, seq := range c.held {
		if c.of[epoch] == "" {
			out[epoch] = seq
		}
	}
	return out
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}

func problem(w http.ResponseWriter, status int, code parking.Code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(wire.Problem{Status: status, Code: code, Detail: detail})
}

func problemHeld(w http.ResponseWriter, held int64) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(wire.Problem{Status: http.StatusConflict, Code: parking.Conflict, Detail: "Go on from there.", Held: &held})
}

func decode[T any](r io.Reader) (v T) {
	_ = json.NewDecoder(r).Decode(&v)
	return v
}

func (c *cloud) authorised(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Authorization") == "Bearer token" {
		return true
	}
	problem(w, http.StatusUnauthorized, parking.Unauthorized, "The token has ended.")
	return false
}

func (c *cloud) enrol(w http.ResponseWriter, r *http.Request) {
	req := decode[wire.EnrolRequest](r.Body)
	if req.Code != "CODE" {
		problem(w, http.StatusForbidden, parking.Forbidden, "This code was used already.")
		return
	}
	c.locked(func() { c.key = req.PublicKey })
	answer(w, wire.EnrolAnswer{Tenant: uuid.New(), Site: c.site, Gate: "N"})
}

func (c *cloud) giveChallenge(w http.ResponseWriter, _ *http.Request) {
	c.locked(func() { c.challenge = []byte(uuid.NewString()) })
	answer(w, wire.ChallengeAnswer{Challenge: c.challenge})
}

func (c *cloud) giveToken(w http.ResponseWriter, r *http.Request) {
	req := decode[wire.TokenRequest](r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !ed25519.Verify(c.key, wire.ChallengeText(c.site, "N", req.Challenge), req.Signature) {
		problem(w, http.StatusForbidden, parking.Forbidden, "This gate was revoked.")
		return
	}
	answer(w, wire.TokenAnswer{Token: "token", Expires: c.now().Add(time.Hour)})
}

func (c *cloud) takeFacts(w http.ResponseWriter, r *http.Request) {
	if !c.authorised(w, r) {
		return
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		problem(w, http.StatusBadRequest, parking.Invalid, "The body is not compressed.")
		return
	}
	b := decode[wire.Batch](z)
	c.mu.Lock()
	defer c.mu.Unlock()
	key := c.key
	if b.Gate != "N" {
		key = c.keys[b.Gate]
		c.of[b.Epoch] = b.Gate
	}
	if len(key) == 0 {
		problem(w, http.StatusForbidden, parking.Forbidden, "The gate is not enrolled.")
		return
	}
	if err := b.Verify(key); err != nil {
		problem(w, http.StatusBadRequest, parking.Invalid, parking.ErrorMessage(err))
		return
	}
	if held := c.held[b.Epoch]; b.FirstSeq > held+1 {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(wire.Problem{Status: http.StatusConflict, Code: parking.Conflict, Detail: "The batch leaves a gap.", Held: &held})
		return
	}
	a := wire.BatchAnswer{Batch: b.ID, Epoch: b.Epoch}
	touched := map[uuid.UUID]bool{}
	for i, it := range b.Items {
		c.received++
		f, err := parking.DecodeFact(it.Encoded)
		if err != nil || f.Seq != b.FirstSeq+int64(i) {
			c.t.Errorf("item %d of a batch: %v", i, err)
		}
		outcome := wire.Duplicate
		if _, known := c.facts[f.ID]; !known {
			c.facts[f.ID] = f
			c.order = append(c.order, f)
			outcome = wire.Applied
			touched[parking.StayOf(f)] = true
			if f.Kind == parking.KindClockObserved { // it may move every stay
				for _, known := range c.facts {
					touched[parking.StayOf(known)] = true
				}
			}
		}
		a.Outcomes = append(a.Outcomes, outcome)
	}
	c.held[b.Epoch] = max(c.held[b.Epoch], b.FirstSeq+int64(len(b.Items))-1)
	delete(touched, uuid.Nil)
	d := wire.Delta{Covers: []wire.Covered{{Gate: b.Gate, Epoch: b.Epoch, Seq: c.held[b.Epoch]}}}
	for id := range touched {
		d.Stays = append(d.Stays, c.fold(id))
	}
	c.push(d)
	a.Seq, a.FeedSeq = c.held[b.Epoch], int64(len(c.feed))
	answer(w, a)
}

func (c *cloud) fold(id uuid.UUID) parking.Stay {
	zero := map[string]time.Time{}
	for _, f := range c.facts {
		var o parking.ClockObserved
		if f.Kind == parking.KindClockObserved && json.Unmarshal(f.Body, &o) == nil && o.BootAt != nil {
			zero[o.Boot] = *o.BootAt
		}
	}
	var facts []parking.Fact
	for _, f := range c.facts {
		if at, ok := zero[f.Boot]; ok && f.Clock == parking.ClockWall {
			f.At = at.Add(time.Duration(f.MonoMS) * time.Millisecond)
		}
		if parking.StayOf(f) == id {
			facts = append(facts, f)
		}
	}
	return parking.FoldStay(id, facts)
}

// push appends an entry to the feed and sends it; mu is held.
func (c *cloud) push(d wire.Delta) {
	d.FeedSeq = int64(len(c.feed)) + 1
	c.feed = append(c.feed, d)
	if c.skip == d.FeedSeq {
		c.skip = 0
		return
	}
	for conn, ctx := range c.sockets {
		c.send(ctx, conn, wire.Message{Deltas: []wire.Delta{d}})
	}
}

func (c *cloud) send(ctx context.Context, conn *websocket.Conn, m wire.Message) {
	b, err := json.Marshal(m)
	if err != nil {
		c.t.Errorf("encode: %v", err)
	}
	_ = conn.Write(ctx, websocket.MessageText, b)
}

func (c *cloud) giveSnapshot(w http.ResponseWriter, r *http.Request) {
	if !c.authorised(w, r) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshots++
	s := wire.Snapshot{Incarnation: c.incarnation, FeedSeq: int64(len(c.feed)), Config: c.config(), Held: c.ownHeld(), Covers: []wire.Covered{}}
	for epoch, seq := range c.held {
		s.Covers = append(s.Covers, wire.Covered{Gate: cmp.Or(c.of[epoch], "N"), Epoch: epoch, Seq: seq})
	}
	ids := map[uuid.UUID]bool{}
	for _, f := range c.facts {
		if id := parking.StayOf(f); id != uuid.Nil && !ids[id] {
			ids[id] = true
			s.Stays = append(s.Stays, c.fold(id))
		}
	}
	answer(w, s)
}

func (c *cloud) socket(w http.ResponseWriter, r *http.Request) {
	if !c.authorised(w, r) {
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // over
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	m, err := receive(ctx, conn)
	if err != nil || m.Hello == nil {
		return
	}
	c.locked(func() {
		c.hellos = append(c.hellos, *m.Hello)
		known := m.Hello.Incarnation == c.incarnation
		c.send(ctx, conn, wire.Message{Welcome: &wire.Welcome{
			Protocol: wire.Protocol, ServerTime: c.now(), Incarnation: c.incarnation, FeedSeq: int64(len(c.feed)),
			Held: c.ownHeld(), Snapshot: !known, Degraded: c.degraded, Others: c.others, Receipts: c.receipts,
		}})
		if known && m.Hello.FeedSeq < int64(len(c.feed)) {
			c.send(ctx, conn, wire.Message{Deltas: c.feed[m.Hello.FeedSeq:]})
		}
		c.sockets[conn] = ctx
	})
	defer c.locked(func() { delete(c.sockets, conn) })
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	parts.Go(func() { c.beats(ctx, conn) })
	for {
		m, err := receive(ctx, conn)
		if err != nil {
			return
		}
		c.locked(func() {
			if m.Heartbeat != nil && !c.mute {
				echo := *m.Heartbeat
				echo.Answered = c.now()
				c.send(ctx, conn, wire.Message{Echo: &echo})
			}
		})
	}
}

func (c *cloud) beats(ctx context.Context, conn *websocket.Conn) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for n := int64(1); ; n++ {
		c.locked(func() {
			c.send(ctx, conn, wire.Message{Heartbeat: &wire.Beat{N: n, Time: c.now().Add(-c.late), FeedSeq: int64(len(c.feed)), Degraded: c.degraded}})
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func receive(ctx context.Context, conn *websocket.Conn) (m wire.Message, err error) {
	_, b, err := conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	return m, err
}

func (c *cloud) takePhoto(w http.ResponseWriter, r *http.Request) {
	if !c.authorised(w, r) {
		return
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if of := r.Header.Get("Content-Range"); of != "" {
		from, last, total := -1, 0, 0 // a question
		if _, err := fmt.Sscanf(of, "bytes %d-%d/%d", &from, &last, &total); err != nil && !strings.HasPrefix(of, "bytes */") {
			problem(w, http.StatusBadRequest, parking.Invalid, "No range.")
			return
		}
		var part []byte
		c.locked(func() { part = c.parts[r.PathValue("sha")] })
		if from != len(part) {
			problemHeld(w, int64(len(part)))
			return
		}
		b = append(bytes.Clone(part), b...)
		c.locked(func() {
			c.parts[r.PathValue("sha")] = b
			c.pieces++
		})
		if last+1 < total {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != r.PathValue("sha") {
		problem(w, http.StatusBadRequest, parking.Invalid, "That is another photo.")
		return
	}
	c.locked(func() { c.photos[r.PathValue("sha")] = b })
	w.WriteHeader(http.StatusNoContent)
}

func (c *cloud) givePhoto(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.photos[r.PathValue("sha")]
	if !ok {
		problem(w, http.StatusNotFound, parking.NotFound, "This photo is not here.")
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(b)
}

func (c *cloud) reserve(w http.ResponseWriter, r *http.Request) {
	req := decode[wire.ReserveRequest](r.Body)
	if req.Slot == "A002" {
		problem(w, http.StatusConflict, parking.Conflict, "Gate S holds slot A002.")
		return
	}
	answer(w, wire.Reservation{Slot: req.Slot, Token: "t", Grant: 7, LeftMS: 30000})
}

func (c *cloud) signIn(w http.ResponseWriter, r *http.Request) {
	req := decode[wire.SignInRequest](r.Body)
	if req.Password != "secret" {
		problem(w, http.StatusUnauthorized, parking.Unauthorized, "Name or password is wrong.")
		return
	}
	answer(w, wire.SignInAnswer{Name: req.Name, Display: "An", Role: "guard", ValidMS: 1000})
}

// kinds lists the kinds of the facts of one epoch in the order in which they came.
func (c *cloud) kinds(epoch parking.Epoch) (kinds []parking.Kind) {
	c.locked(func() {
		for _, f := range c.order {
			if f.Epoch == epoch {
				kinds = append(kinds, f.Kind)
			}
		}
	})
	return kinds
}

// forget is a restore from a backup: only the first n facts are there.
func (c *cloud) forget(n int) {
	c.locked(func() { c.incarnation = uuid.New() })
	c.lose(n)
	c.locked(func() { c.feed = c.feed[:1] })
	c.cutSockets()
}

// lose drops all but the first n facts behind the back of those connected.
func (c *cloud) lose(n int) {
	c.locked(func() {
		c.order = slices.Clone(c.order[:n])
		c.facts, c.held = map[uuid.UUID]parking.Fact{}, map[parking.Epoch]int64{}
		for _, f := range c.order {
			c.facts[f.ID] = f
			c.held[f.Epoch] = max(c.held[f.Epoch], f.Seq)
		}
	})
}
