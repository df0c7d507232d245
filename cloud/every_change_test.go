package cloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// reader is a gate's end of the feed: it comes back whenever its socket ends,
// and notes what it was sent.
type reader struct {
	flock       *flock
	name        string
	token       string
	gate        *cloudtest.Gate
	incarnation uuid.UUID
	ranges      bool
	pause       time.Duration // after each message: a slow one

	after    atomic.Int64 // has every entry up to here
	mu       sync.Mutex
	deltas   int
	sessions int
	stays    map[uuid.UUID]parking.Stay
	slots    map[string]parking.Slot
	covers   map[string]int64
}

// follow reads until ctx ends.
func (r *reader) follow(ctx context.Context) {
	for ctx.Err() == nil {
		r.session(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond): // between two tries
		}
	}
}

func (r *reader) session(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, "http://"+r.flock.addr+"/api/v1/ws", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + r.token}}, HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		return
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(wire.MaxMessageBytes)
	r.mu.Lock()
	r.sessions++
	r.mu.Unlock()
	hello := wire.Message{Hello: &wire.Hello{
		Protocol: wire.Protocol, Gate: r.gate.Code, Site: r.gate.Site, Epoch: r.gate.Epoch,
		FeedSeq: r.after.Load(), Incarnation: r.incarnation, Version: "test", Ranges: r.ranges,
	}}
	if r.say(ctx, conn, hello) != nil {
		return
	}
	for {
		// Silence for longer than that ends a gate's session.
		wait, done := context.WithTimeout(ctx, 7*time.Second)
		_, text, err := conn.Read(wait)
		done()
		if err != nil {
			return
		}
		m, err := wire.ParseMessage(text)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return // the line broke within the message
		}
		if err != nil {
			r.flock.t.Errorf("%s: %v", r.name, err)
			return
		}
		switch {
		case m.Welcome != nil && m.Welcome.Snapshot:
			r.flock.t.Errorf("%s: a snapshot is asked for at %d", r.name, r.after.Load())
		case m.Heartbeat != nil:
			if r.say(ctx, conn, wire.Message{Heartbeat: &wire.Beat{N: m.Heartbeat.N, Time: time.Now(), FeedSeq: r.after.Load()}}) != nil {
				return
			}
		}
		for i := range m.Deltas {
			if !r.take(&m.Deltas[i]) {
				return
			}
		}
		if r.pause > 0 {
			time.Sleep(r.pause) // the fault itself
		}
	}
}

func (r *reader) say(ctx context.Context, conn *websocket.Conn, m wire.Message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, text)
}

// take notes a delta. It must begin right after what was there.
func (r *reader) take(d *wire.Delta) bool {
	after := r.after.Load()
	if d.First() != after+1 || d.FeedSeq < d.First() || d.From != 0 && !r.ranges {
		r.flock.t.Errorf("%s: entries %d to %d came after %d", r.name, d.First(), d.FeedSeq, after)
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deltas++
	for _, s := range d.Stays {
		r.stays[s.ID] = s
	}
	for _, s := range d.Slots {
		r.slots[s.Code] = s
	}
	for _, c := range d.Covers {
		key := c.Gate + " " + string(c.Epoch)
		if c.Seq <= r.covers[key] {
			r.flock.t.Errorf("%s: what is covered of gate %s goes from %d to %d", r.name, c.Gate, r.covers[key], c.Seq)
		}
		r.covers[key] = c.Seq
	}
	r.after.Store(d.FeedSeq)
	return true
}

// bring sends a gate's newest fact over the line until the cloud says that it
// has it.
func (f *flock) bring(g *cloudtest.Gate, token string) {
	batch := g.Batch(f.t, g.Facts[len(g.Facts)-1:])
	raw := cloudtest.Raw(f.t, batch)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(time.Minute); ; {
		req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, "http://"+f.addr+"/api/v1/facts", bytes.NewReader(raw))
		if err != nil {
			f.t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		if res, err := client.Do(req); err == nil {
			text, readErr := io.ReadAll(res.Body)
			_ = res.Body.Close()
			var a wire.BatchAnswer
			if readErr == nil && res.StatusCode == http.StatusOK && json.Unmarshal(text, &a) == nil && a.Batch == batch.ID {
				return
			}
			if res.StatusCode >= 400 && res.StatusCode < 500 {
				f.t.Errorf("gate %s: %d %s", g.Code, res.StatusCode, text)
				return
			}
		}
		if time.Now().After(deadline) {
			f.t.Errorf("gate %s cannot bring its fact", g.Code)
			return
		}
	}
}

// traffic lets every gate make n facts, and faults happen at their time.
func (f *flock) traffic(gates []*cloudtest.Gate, tokens []string, n int, faults []func()) {
	var done atomic.Int64
	var all sync.WaitGroup
	for i, g := range gates {
		all.Go(func() {
			var in []uuid.UUID
			for k := range n {
				at := f.clock.now()
				if len(in) > 2 {
					g.Out(f.t, in[0], at.Add(-time.Hour), at, "30A12345", 0)
					in = in[1:]
				} else {
					in = append(in, g.In(f.t, at, fmt.Sprintf("30A%05d", len(g.Facts)), fmt.Sprintf("%s%02d", g.Code, k%15+1)))
				}
				f.bring(g, tokens[i])
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	for i, fault := range faults {
		at := int64((i + 1) * n * len(gates) / (len(faults) + 1))
		for done.Load() < at {
			select {
			case <-ended:
			case <-time.After(2 * time.Millisecond): // between two looks
				continue
			}
			break
		}
		fault()
	}
	<-ended
}

// TestEveryGateSeesEveryChange: replicas are killed and added, Redis goes away
// and comes back, lines are cut and held up, one reader is slow and one was
// away all the time; and everybody gets every change once, in order, without a
// gap. PARK_SECONDS goes on for longer, PARK_SEED repeats the luck of the lines.
func TestEveryGateSeesEveryChange(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if v := os.Getenv("PARK_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	seconds, _ := strconv.Atoi(os.Getenv("PARK_SECONDS")) // none: one round
	t.Logf("PARK_SEED=%d", seed)

	s := cloudtest.NewSite(t, new(clock).now)
	redis := privatetest.OwnRedis(t)
	f := newFlock(t, s, redis.URL(), seed, 3)
	var gates []*cloudtest.Gate
	var tokens []string
	for _, code := range []string{"N", "E", "S", "W"} {
		g := s.Enrol(t, code)
		near := &replica{Cloud: f.pick(0).cloud, url: f.pick(0).server.URL}
		gates, tokens = append(gates, g), append(tokens, near.token(t, g))
	}
	gates[0].Fact(t, parking.KindAlive, f.clock.now(), struct{}{})
	f.bring(gates[0], tokens[0])
	incarnation, err := s.Store.Q.Incarnation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newReader := func(i int) *reader {
		r := &reader{
			flock: f, name: fmt.Sprintf("reader %d", i), token: tokens[i%4], gate: gates[i%4], incarnation: incarnation, ranges: i%2 == 0,
			stays: map[uuid.UUID]parking.Stay{}, slots: map[string]parking.Slot{}, covers: map[string]int64{},
		}
		r.after.Store(1)
		r.covers["N "+string(gates[0].Epoch)] = 1
		return r
	}
	var readers []*reader
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	for i := range 22 {
		r := newReader(i)
		if i < 2 {
			r.pause = []time.Duration{300 * time.Millisecond, 20 * time.Millisecond}[i] // the first takes ranges, the second does not
		}
		readers = append(readers, r)
		reading.Go(func() { r.follow(ctx) })
	}
	faults := []func(){
		func() { f.add(); f.kill() },
		func() {
			if err := redis.Kill(); err != nil {
				t.Error(err)
			}
		},
		func() { f.kill() },
		func() {
			if err := redis.Start(t.Context()); err != nil {
				t.Error(err)
			}
		},
		func() { f.add() },
	}
	for began, rounds := time.Now(), 0; rounds == 0 || time.Since(began) < time.Duration(seconds)*time.Second; rounds++ {
		f.traffic(gates, tokens, 30, faults)
	}
	away := newReader(22) // was away all the time
	readers = append(readers, away)
	reading.Go(func() { away.follow(ctx) })

	snap, err := s.Store.Snapshot(t.Context(), s.ID, "N", f.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, g := range gates {
		made += len(g.Facts)
	}
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(10 * time.Millisecond) { // between two looks
		behind := ""
		for _, r := range readers {
			if after := r.after.Load(); after < snap.FeedSeq {
				behind += fmt.Sprintf(" %s at %d;", r.name, after)
			}
		}
		if behind == "" {
			break
		}
		if t.Failed() || time.Now().After(deadline) {
			t.Fatalf("head is %d;%s", snap.FeedSeq, behind)
		}
	}
	cancel()
	reading.Wait()
	sessions := 0
	for _, r := range readers {
		sessions += r.sessions
		r.check(snap, gates)
	}
	if away.deltas >= int(snap.FeedSeq)/2 {
		t.Errorf("who was away all the time got %d deltas for %d entries", away.deltas, snap.FeedSeq)
	}
	t.Logf("%d facts, %d entries, %d readers, %d sessions, the slow one got %d deltas, who was away %d", made, snap.FeedSeq, len(readers), sessions, readers[0].deltas, away.deltas)
}

// check compares what a reader knows with the cloud.
func (r *reader) check(snap *wire.Snapshot, gates []*cloudtest.Gate) {
	t := r.flock.t
	for _, g := range gates {
		if got := r.covers[g.Code+" "+string(g.Epoch)]; got != int64(len(g.Facts)) {
			t.Errorf("%s: %d facts of gate %s are covered, %d were made", r.name, got, g.Code, len(g.Facts))
		}
	}
	same := func(what string, a, b any) {
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("%s: %s\n%s\nthe cloud says\n%s", r.name, what, x, y)
		}
	}
	if len(r.stays) != len(snap.Stays) {
		t.Errorf("%s knows %d stays, the cloud %d", r.name, len(r.stays), len(snap.Stays))
	}
	for _, stay := range snap.Stays {
		same("a stay", r.stays[stay.ID], stay)
	}
	for _, slot := range snap.Slots {
		if mine, ok := r.slots[slot.Code]; ok || slot.State != parking.SlotFree {
			same("a slot", mine, slot)
		}
	}
}
