package feed

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func TestMain(m *testing.M) {
	// What starts the servers of a plain `go test` waits for them until the end.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gatehouse/internal/private.startProcess.func1"),
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).Start.func2"))
}

// desk is a hub that serves over loopback, with its site.
type desk struct {
	t    *testing.T
	site *cloudtest.Site
	hub  *Hub
	url  string
}

func newDesk(t *testing.T, change func(*Hub)) *desk {
	t.Helper()
	s := cloudtest.NewSite(t, nil)
	h := NewHub(Config{Store: s.Store, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if change != nil {
		change(h)
	}
	s.Store.OnCommit(h.Committed)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Serve(w, r, Peer{Site: s.ID, Gate: r.URL.Query().Get("gate"), Expires: time.Now().Add(time.Hour)})
	}))
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = h.Run(ctx) })
	t.Cleanup(func() {
		end, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		h.Close(end)
		server.Close()
		cancel()
		run.Wait()
	})
	for _, code := range []string{"N", "S"} {
		s.Enrol(t, code) // a gate without a key is sent away
	}
	return &desk{t: t, site: s, hub: h, url: server.URL}
}

// append commits entries, each with stays of some size.
func (d *desk) append(n, bytes int) {
	d.t.Helper()
	for range n {
		err := d.site.Store.SiteTx(d.t.Context(), d.site.ID, func(t *store.SiteTx) error {
			_, err := t.Append(d.t.Context(), wire.Delta{
				Stays: []parking.Stay{{ID: uuid.New(), Display: strings.Repeat("x", bytes)}},
			}, time.Now())
			return err
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// dial opens a socket as a gate does, up to its welcome.
func (d *desk) dial(hello wire.Hello) (*websocket.Conn, *wire.Welcome) {
	d.t.Helper()
	conn, res, err := websocket.Dial(d.t.Context(), d.url+"?gate="+hello.Gate, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	d.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(wire.MaxMessageBytes)
	hello.Protocol, hello.Site = wire.Protocol, d.site.ID
	if hello.Incarnation == uuid.Nil {
		if hello.Incarnation, err = d.site.Store.Q.Incarnation(d.t.Context()); err != nil {
			d.t.Fatal(err)
		}
	}
	d.say(conn, wire.Message{Hello: &hello})
	return conn, d.hear(conn, func(m *wire.Message) bool { return m.Welcome != nil }).Welcome
}

func (d *desk) say(conn *websocket.Conn, m wire.Message) {
	d.t.Helper()
	text, err := json.Marshal(m)
	if err == nil {
		err = conn.Write(d.t.Context(), websocket.MessageText, text)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) hear(conn *websocket.Conn, want func(*wire.Message) bool) wire.Message {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	defer cancel()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			d.t.Fatalf("the socket ended: %v", err)
		}
		m, err := wire.ParseMessage(text)
		if err != nil {
			d.t.Fatal(err)
		}
		if m.Heartbeat != nil {
			d.say(conn, wire.Message{Heartbeat: &wire.Beat{N: m.Heartbeat.N, Time: time.Now()}})
		}
		if want(&m) {
			return m
		}
	}
}

// tiles reads deltas until one ends with last, and says how many they were.
// Each must begin right after the one before.
func (d *desk) tiles(conn *websocket.Conn, after, last int64) (n int) {
	d.t.Helper()
	for after < last {
		m := d.hear(conn, func(m *wire.Message) bool { return len(m.Deltas) > 0 })
		for _, delta := range m.Deltas {
			if delta.First() != after+1 {
				d.t.Fatalf("entries %d to %d came, want from %d", delta.First(), delta.FeedSeq, after+1)
			}
			after = delta.FeedSeq
			n++
		}
	}
	return n
}

// wait asks again and again.
func (d *desk) wait(what string, ok func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) { // between two looks
		if time.Now().After(deadline) {
			d.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// What a gate missed comes from memory if that reaches back far enough, from
// Postgres if not, and coalesced if it is much and the gate takes that.
func TestReplay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	const before, kept = 2 * coalesceOver, 3 * coalesceOver
	d.append(before, 10)
	live, _ := d.dial(wire.Hello{Gate: "S", FeedSeq: before}) // from here on the site is in memory
	d.append(kept, 10)
	head := int64(before + kept)
	if n := d.tiles(live, before, head); n != kept {
		t.Errorf("a gate that takes no ranges got %d deltas for %d entries", n, kept)
	}
	for _, test := range []struct {
		name   string
		after  int64
		ranges bool
		deltas int
		reads  int64
	}{
		{"little, from memory", head - 3, true, 3, 0},
		{"much, from memory", head - coalesceOver - 1, true, 1, 0},
		{"the same again", head - coalesceOver - 1, true, 1, 0},
		{"much, one by one, from memory", before, false, kept, 0},
		{"much, from Postgres", 1, true, 1, 1},
		{"the same again, as it was made", 1, true, 1, 0},
		{"much, one by one, from Postgres", 1, false, int(head) - 1, 1},
	} {
		reads := d.hub.Counts().Reads
		conn, w := d.dial(wire.Hello{Gate: "N", FeedSeq: test.after, Ranges: test.ranges})
		if w.Snapshot {
			t.Fatalf("%s: a snapshot is asked for", test.name)
		}
		n := d.tiles(conn, test.after, head)
		if got := d.hub.Counts().Reads - reads; n != test.deltas || got != test.reads {
			t.Errorf("%s: %d deltas and %d reads, want %d and %d", test.name, n, got, test.deltas, test.reads)
		}
		if err := conn.CloseNow(); err != nil {
			t.Fatal(err)
		}
	}
	for name, hello := range map[string]wire.Hello{
		"from ahead": {FeedSeq: head + 1}, "from nowhere": {}, "of another database": {FeedSeq: head, Incarnation: uuid.New()},
	} {
		hello.Gate = "N"
		if _, w := d.dial(hello); !w.Snapshot {
			t.Errorf("%s: no snapshot is asked for", name)
		}
	}
}

// An entry that no message can hold leads to a snapshot, not to a socket that
// ends again and again at the same place.
func TestAnEntryLargerThanAMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.append(2, 10)
	live, _ := d.dial(wire.Hello{Gate: "N", FeedSeq: 2, Ranges: true})
	d.append(1, wire.MaxMessageBytes)
	d.hear(live, func(m *wire.Message) bool {
		if len(m.Deltas) > 0 {
			t.Fatal("it was sent")
		}
		return m.Bye != nil && m.Bye.AfterMS == 0
	})
	d.append(1, 10)
	if _, w := d.dial(wire.Hello{Gate: "N", FeedSeq: 2, Ranges: true}); !w.Snapshot {
		t.Error("a gate from before it is not told to take a snapshot")
	}
	conn, w := d.dial(wire.Hello{Gate: "S", FeedSeq: 3, Ranges: true})
	if w.Snapshot {
		t.Error("a gate that is past it is told to take a snapshot")
	}
	d.tiles(conn, 3, 4)
}

// A peer that stops reading, but goes on with its heartbeats, is cut by the
// watchdog, without a deadline for each write, while others get everything.
func TestAPeerThatStopsReadingIsCut(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(h *Hub) { h.writeWithin, h.silence = 3*time.Second, time.Hour })
	d.append(1, 10)
	stuck, _ := d.dial(wire.Hello{Gate: "N", FeedSeq: 1})
	good, _ := d.dial(wire.Hello{Gate: "S", FeedSeq: 1})
	d.wait("two sockets", func() bool { return d.hub.Counts().Sockets == 2 })
	const entries = 40 // of 400 KiB: more than two socket buffers take, and than memory keeps
	for i := range entries {
		d.append(1, 400<<10)
		d.tiles(good, int64(i)+1, int64(i)+2)
	}
	d.wait("the socket to be cut", func() bool {
		text, err := json.Marshal(wire.Message{Heartbeat: &wire.Beat{Time: time.Now()}})
		if err == nil {
			_ = stuck.Write(t.Context(), websocket.MessageText, text) // until it is cut
		}
		c := d.hub.Counts()
		return c.SlowCut == 1 && c.Sockets == 1
	})
	// It comes back and goes on where it was.
	conn, w := d.dial(wire.Hello{Gate: "N", FeedSeq: 1, Ranges: true})
	if w.Snapshot {
		t.Fatal("a snapshot is asked for")
	}
	if n := d.tiles(conn, 1, entries+1); n >= entries {
		t.Errorf("%d deltas, want fewer", n)
	}
}

// A planned end says bye to everybody, and spreads when they come back.
func TestByeSpreadsReconnects(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	const sockets = 200
	conns := make([]*websocket.Conn, sockets)
	for i := range conns {
		conns[i], _ = d.dial(wire.Hello{Gate: "N"})
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		d.hub.Close(ctx)
	}()
	var thirds [3]int
	for _, conn := range conns {
		bye := d.hear(conn, func(m *wire.Message) bool { return m.Bye != nil }).Bye
		if bye.AfterMS < 0 || bye.AfterMS >= 3000 {
			t.Fatalf("come back after %d ms", bye.AfterMS)
		}
		thirds[bye.AfterMS/1000]++
		_ = conn.CloseNow() // it has been told
	}
	<-ended
	for i, n := range thirds { // 67 each, with a deviation of 7
		if n < 30 {
			t.Errorf("%d of %d come back in second %d: %v", n, sockets, i, thirds)
		}
	}
	if far := spread(100_000); far > 30*time.Second {
		t.Error(far)
	}
	most := time.Duration(0)
	for range 1000 {
		most = max(most, spread(5000))
	}
	if most < 9*time.Second || most > 10*time.Second {
		t.Errorf("5,000 gates are spread over %s", most)
	}
}

// An operator renewed the incarnation, or the feed went back although nobody
// did: the sockets are sent away, and a gate that comes back takes a snapshot.
func TestAnotherDatabaseSendsGatesAway(t *testing.T) {
	t.Parallel()
	for name, happen := range map[string]string{
		"renewed":                   "UPDATE incarnation SET id = gen_random_uuid()",
		"restored, nobody renewed":  "UPDATE site_feeds SET feed_seq = 3; DELETE FROM feed WHERE feed_seq > 3",
		"restored, and it went on":  "UPDATE incarnation SET id = gen_random_uuid(); UPDATE site_feeds SET feed_seq = 3; DELETE FROM feed WHERE feed_seq > 3",
		"restored, and renewed all": "UPDATE incarnation SET id = gen_random_uuid(), ground = ''; UPDATE site_feeds SET feed_seq = 0; DELETE FROM feed",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			d.append(5, 10)
			conn, w := d.dial(wire.Hello{Gate: "N", FeedSeq: 5})
			if w.Snapshot || w.FeedSeq != 5 {
				t.Fatalf("%+v", w)
			}
			if _, err := d.site.Store.Pool.Exec(t.Context(), happen); err != nil {
				t.Fatal(err)
			}
			if name == "restored, and it went on" {
				d.append(4, 10) // a number beyond what the gate has: it must not be taken for the next
			}
			bye := d.hear(conn, func(m *wire.Message) bool {
				if len(m.Deltas) > 0 {
					t.Fatalf("an entry of the other database came: %+v", m.Deltas)
				}
				return m.Bye != nil
			}).Bye
			if !strings.Contains(bye.Reason, "restored") {
				t.Errorf("bye: %s", bye.Reason)
			}
			_, again := d.dial(wire.Hello{Gate: "N", FeedSeq: 5, Incarnation: w.Incarnation})
			if !again.Snapshot || again.Incarnation == w.Incarnation {
				t.Errorf("welcome back %+v, first was %+v", again, w)
			}
		})
	}
}

// A snapshot is read at one number: it holds what the feed says up to there and
// nothing of what comes after, also while entries are appended.
func TestSnapshotIsOfOneNumber(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	const entries = 60
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range entries {
			err := d.site.Store.SiteTx(context.Background(), d.site.ID, func(t *store.SiteTx) error {
				if _, err := t.Tx.Exec(context.Background(), "UPDATE slots SET out_of_service = (feed_seq % 2 = 0) FROM site_feeds f WHERE f.site_id = slots.site_id"); err != nil {
					return err
				}
				_, err := t.Append(context.Background(), wire.Delta{}, time.Now())
				return err
			})
			if err != nil {
				d.t.Errorf("append %d: %v", i, err)
				return
			}
		}
	}()
	for seen := int64(0); seen < entries; {
		snap, err := d.site.Store.Snapshot(t.Context(), d.site.ID, "N", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		seen = snap.FeedSeq
		out := 0
		for _, slot := range snap.Slots {
			if slot.State == parking.SlotOutOfService {
				out++
			}
		}
		want := 0
		if seen%2 == 1 { // written when the number was even
			want = len(snap.Slots)
		}
		if out != want {
			t.Fatalf("at %d: %d of %d slots are out of service, want %d", seen, out, len(snap.Slots), want)
		}
	}
	<-done
}
