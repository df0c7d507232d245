package uplink_test

import (
	"bytes"
	stdcmp "cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"gatehouse/gate/clock"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/gate/uplink"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gate is one gate with its link.
type gate struct {
	t      testing.TB
	dir    string
	cloud  *cloud
	store  *store.Store
	state  *state.State
	link   *uplink.Uplink
	log    *syncBuffer
	clock  func() *clock.Clock // of the machine
	roots  *x509.CertPool
	beat   time.Duration
	answer time.Duration // 0: five seconds
	end    func()
}

// newGate enrols a gate; run starts its link.
func newGate(t testing.TB, c *cloud) *gate {
	t.Helper()
	g := &gate{t: t, dir: t.TempDir(), cloud: c, log: &syncBuffer{}, clock: clock.System, beat: beat}
	g.open()
	if _, err := uplink.Enrol(t.Context(), g.store, c.srv.URL, "CODE", "test"); err != nil {
		t.Fatalf("enrol: %v", err)
	}
	g.openState()
	t.Cleanup(func() { g.close() })
	return g
}

func (g *gate) open() {
	g.t.Helper()
	var err error
	if g.store, err = store.Open(context.Background(), g.dir, store.Options{Disk: storetest.Roomy}); err != nil {
		g.t.Fatalf("open: %v", err)
	}
}

func (g *gate) openState() {
	g.t.Helper()
	id, err := g.store.Identity()
	if err != nil {
		g.t.Fatal(err)
	}
	if g.state, err = state.Open(context.Background(), state.Config{Store: g.store, Clock: g.clock(), Version: "test"}); err != nil {
		g.t.Fatalf("open: %v", err)
	}
	g.link, err = uplink.New(uplink.Config{
		State: g.state, Identity: id, Version: "test", Log: slog.New(slog.NewTextHandler(g.log, nil)),
		Roots:  g.roots,
		Timing: uplink.Timing{Heartbeat: g.beat, Carry: 50 * time.Millisecond, BackoffBase: 2 * time.Millisecond, BackoffCap: 40 * time.Millisecond, Answer: stdcmp.Or(g.answer, 5*time.Second)},
	})
	if err != nil {
		g.t.Fatalf("new: %v", err)
	}
}

func (g *gate) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	link := g.link
	go func() { done <- link.Run(ctx) }()
	g.end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			g.t.Errorf("run: %v", err)
		}
	})
}

func (g *gate) close() {
	if g.end != nil {
		g.end()
	}
	if err := g.store.Close(); err != nil {
		g.t.Errorf("close: %v", err)
	}
}

// restart ends the process and starts it again, the link not yet running.
func (g *gate) restart() {
	g.t.Helper()
	g.close()
	g.end = nil
	g.open()
	g.openState()
}

func (g *gate) in(plate parking.Plate) uuid.UUID {
	g.t.Helper()
	stay := uuid.New()
	_, err := g.state.Write(context.Background(), state.Draft{Kind: parking.KindVehicleIn, Actor: "an", Body: parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Car, Plate: plate, Zone: "A", Tariff: "default", TariffV: 1,
	}})
	if err != nil {
		g.t.Fatalf("write: %v", err)
	}
	return stay
}

// until waits for something to come true; it looks again whenever the gate
// says that something changed, and now and then for what the cloud sees.
func (g *gate) until(what string, ok func() bool) {
	g.t.Helper()
	a, cancelA := g.state.Changed()
	defer cancelA()
	b, cancelB := g.link.Changed()
	defer cancelB()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-a:
		case <-b:
		case <-look.C:
		case <-deadline:
			g.t.Fatalf("%s does not come true; link %+v, %d facts at the cloud, feed %d\n%s", what, g.link.Link(), len(g.cloud.facts), g.state.Site().FeedSeq, g.log)
		}
	}
}

func (g *gate) untilSynced() {
	g.t.Helper()
	g.until("the gate is online, with nothing waiting and nothing uncovered", func() bool {
		head := int64(0)
		g.cloud.locked(func() { head = int64(len(g.cloud.feed)) })
		l := g.link.Link()
		return l.State == uplink.Online && l.Queue == 0 && g.state.Site().FeedSeq == head
	})
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestFactsGoUpAndTheFeedComesDown(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.ahead = time.Hour
	g := newGate(t, c)
	first := g.in("30A11111") // before the cloud was ever heard
	g.run()
	g.untilSynced()
	second := g.in("30A22222")
	g.untilSynced()
	site := g.state.Site()
	if len(site.Inside) != 2 || !site.Ready || site.Incarnation != c.incarnation {
		t.Fatalf("site %+v", site)
	}
	want := []parking.Kind{parking.KindStarted, parking.KindVehicleIn, parking.KindClockObserved, parking.KindVehicleIn}
	if diff := cmp.Diff(want, c.kinds(g.state.Epoch())); diff != "" {
		t.Fatal(diff)
	}
	r := g.state.Clock().Read()
	if r.Source != parking.ClockSynced || time.Until(r.At).Round(time.Minute) != time.Hour {
		t.Fatalf("clock %+v", r)
	}
	a, _ := site.Stay(first)
	b, _ := site.Stay(second)
	// The first came in by the gate's own clock, an hour behind; that was put right.
	if b.InAt.Sub(*a.InAt).Round(time.Minute) != 0 {
		t.Fatalf("times %s, %s", a.InAt, b.InAt)
	}
	l := g.link.Link()
	if l.Why != "" || !l.Redis || len(l.RTTs) == 0 || l.LastSync.IsZero() || l.Since.IsZero() {
		t.Fatalf("link %+v", l)
	}
	g.end()
	if l := g.link.Link(); l.State != uplink.Offline {
		t.Fatalf("after the end: %+v", l)
	}
}

// A line that loses packets holds a heartbeat back for seconds. The time in it
// is not the gate's business: only answers within a measured round trip are.
func TestAHeartbeatThatTheLineHeldDoesNotSetTheClock(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.late = 5 * time.Second
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	g.until("answers have come", func() bool { return len(g.link.Link().RTTs) >= 4 })
	if off := time.Until(g.state.Clock().Now()); off.Abs() > c.late/2 {
		t.Fatalf("the clock is %s off", off)
	}
	c.locked(func() { c.ahead = time.Hour })
	g.until("the gate has its time from the answers", func() bool {
		return time.Until(g.state.Clock().Now()) > time.Hour-c.late/2
	})
}

func TestACutInTheMiddleOfAnUpload(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	for range 50 {
		g.in("30A11111")
	}
	cut := 0
	c.onRequest(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/facts" || cut == 2 {
			return false
		}
		cut++
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return false
		}
		_ = conn.Close()
		c.cutSockets()
		return true
	})
	g.run()
	g.untilSynced()
	if n := len(c.kinds(g.state.Epoch())); n != 52 || cut != 2 {
		t.Fatalf("%d facts after %d cuts", n, cut)
	}
}

func TestFactsOfAnEarlierProcessGoUpFirst(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.in("30A11111")
	first := g.state.Epoch()
	g.restart()
	g.in("30A22222")
	g.run()
	g.untilSynced()
	c.locked(func() {
		var epochs []parking.Epoch
		for _, f := range c.order {
			if f.Kind != parking.KindClockObserved {
				epochs = append(epochs, f.Epoch)
			}
		}
		second := g.state.Epoch()
		if diff := cmp.Diff([]parking.Epoch{first, first, second, second}, epochs); diff != "" {
			t.Error(diff)
		}
	})
	if n := len(g.state.Site().Inside); n != 2 {
		t.Fatalf("%d inside", n)
	}
}

func TestAHoleInTheFeedIsFilled(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	before := len(c.hellos)
	c.locked(func() {
		c.skip = int64(len(c.feed)) + 1
		c.push(wire.Delta{Conflicts: []wire.Conflict{{ID: "aa", State: "open"}}})
		c.push(wire.Delta{Conflicts: []wire.Conflict{{ID: "bb", State: "open"}}})
	})
	g.until("both entries are there", func() bool { return len(g.state.Site().Conflicts) == 2 })
	// The last entry may be missing too: then only the heartbeat tells.
	c.locked(func() {
		c.skip = int64(len(c.feed)) + 1
		c.push(wire.Delta{Conflicts: []wire.Conflict{{ID: "cc", State: "open"}}})
	})
	g.until("the last one too", func() bool { return len(g.state.Site().Conflicts) == 3 })
	c.locked(func() {
		if len(c.hellos) < before+2 || c.snapshots != 1 {
			t.Errorf("%d hellos, %d snapshots", len(c.hellos)-before, c.snapshots)
		}
	})
}

func TestARestoredCloudIsMadeWhole(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	for _, p := range []parking.Plate{"30A11111", "30A22222", "30A33333"} {
		g.in(p)
	}
	g.run()
	g.untilSynced()
	c.forget(2)
	g.untilSynced()
	g.until("the cloud has all again", func() bool {
		n := 0
		c.locked(func() { n = len(c.facts) })
		return n == 5 && g.state.Site().Incarnation == c.incarnation
	})
	if n := len(g.state.Site().Inside); n != 3 {
		t.Fatalf("%d inside", n)
	}
}

func TestACloudThatKnowsMoreOfUsThanWeDo(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.held[parking.NewEpoch(9, [8]byte{9})] = 12
	g := newGate(t, c)
	g.run()
	g.until("the alarm is at the cloud", func() bool {
		kinds := c.kinds(g.state.Epoch())
		return slices.Contains(kinds, parking.KindAlarm)
	})
}

// Two machines made from one image: each is told of the other. A socket of our
// own that has not ended yet is no other machine.
func TestAnotherMachineIsTheSameGate(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	earlier := g.state.Epoch()
	g.restart()
	c.locked(func() { c.others = []parking.Epoch{earlier} })
	g.run()
	g.untilSynced()
	if tr := g.state.Troubles(); len(tr) != 0 {
		t.Fatalf("our own socket of before: %+v", tr)
	}
	c.locked(func() { c.others = []parking.Epoch{earlier, parking.NewEpoch(2, [8]byte{9})} })
	c.cutSockets()
	g.until("it is told", func() bool {
		tr := g.state.Troubles()
		return len(tr) == 1 && tr[0].Code == state.TroubleCloned && strings.Contains(tr[0].Text, "Stop one")
	})
	g.in("30A11111")
	g.untilSynced()
}

func TestUploadGoesBeforeDownload(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	feedBefore := g.state.Site().FeedSeq
	release, arrived := make(chan struct{}), make(chan struct{}, 100)
	c.onRequest(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/facts" {
			arrived <- struct{}{}
			<-release
		}
		return false
	})
	g.in("30A11111")
	<-arrived
	hellos := 0
	c.locked(func() { hellos = len(c.hellos) })
	c.cutSockets()
	c.locked(func() { c.push(wire.Delta{Conflicts: []wire.Conflict{{ID: "aa", State: "open"}}}) })
	g.until("the gate is connected again and its heartbeats come back", func() bool {
		n := 0
		c.locked(func() { n = len(c.hellos) })
		return n > hellos && g.link.Link().State == uplink.Online
	})
	if seq := g.state.Site().FeedSeq; seq != feedBefore {
		t.Fatalf("the feed went on to %d before the upload was finished", seq)
	}
	close(release)
	g.untilSynced()
	if len(g.state.Site().Conflicts) != 1 {
		t.Fatal("the entry is missing")
	}
}

func TestOfflineWhenOurHeartbeatsDoNotComeBack(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	c.locked(func() { c.mute = true }) // the socket stays open, deltas and beats still come
	g.until("offline", func() bool { return g.link.Link().State == uplink.Offline })
	if _, err := g.link.Reserve(t.Context(), "A001"); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("a plan while offline gave %v", err)
	}
	c.locked(func() { c.mute, c.degraded = false, true })
	g.until("degraded", func() bool {
		l := g.link.Link()
		return l.State == uplink.Degraded && l.Cause == uplink.NoRedis && !l.Redis
	})
}

func hexSHA(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
