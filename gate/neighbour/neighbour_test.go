package neighbour_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"gatehouse/gate/clock"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for a condition before it fails.
const patience = 60 * time.Second

// site is a few gates on one network, without a cloud.
type site struct {
	t    *testing.T
	id   uuid.UUID
	keys map[string]ed25519.PrivateKey
	snap wire.Snapshot
}

func newSite(t *testing.T, gates ...string) *site {
	t.Helper()
	s := &site{t: t, id: uuid.New(), keys: map[string]ed25519.PrivateKey{}}
	s.snap = wire.Snapshot{
		Incarnation: uuid.New(), FeedSeq: 1, Covers: []wire.Covered{},
		Config: wire.SiteConfig{Site: s.id, Currency: "VND", Zones: []parking.Zone{{Code: "A", Kind: parking.Numbered}}},
		Slots:  []parking.Slot{{Code: "A001", Zone: "A", Classes: []parking.Class{parking.Car}, Home: gates[0], State: parking.SlotFree}},
	}
	for _, code := range gates {
		public, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.keys[code] = key
		s.snap.Config.Gates = append(s.snap.Config.Gates, parking.Gate{Code: code})
		s.snap.Config.Keys = append(s.snap.Config.Keys, wire.GateKey{Gate: code, PublicKey: public, Since: time.Unix(0, 0)})
	}
	return s
}

// node is one gate: its state and its link to neighbours.
type node struct {
	*state.State
	t     *testing.T
	id    store.Identity
	link  *neighbour.Neighbours
	close func()
	// devices are what it tells of its lanes.
	devices *state.Devices
}

var fast = neighbour.Timing{Hello: 50 * time.Millisecond, Silent: 2 * time.Second, BackoffBase: 10 * time.Millisecond, BackoffCap: 50 * time.Millisecond}

// open makes a gate that knows its site and has not heard anybody.
func (s *site) open(code string) *node {
	s.t.Helper()
	db, err := store.Open(context.Background(), s.t.TempDir(), store.Options{Disk: storetest.Roomy})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close() })
	key := s.keys[code]
	id := store.Identity{Tenant: uuid.New(), Site: s.id, Gate: code, CloudURL: "http://127.0.0.1:1", PublicKey: key.Public().(ed25519.PublicKey), PrivateKey: key}
	if err := db.SaveIdentity(id); err != nil {
		s.t.Fatal(err)
	}
	st, err := state.Open(context.Background(), state.Config{Store: db, Clock: clock.System(), Version: "test", Machine: "m"})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := st.ApplySnapshot(context.Background(), s.snap); err != nil {
		s.t.Fatal(err)
	}
	return &node{State: st, t: s.t, id: id}
}

// join links the gate to others; peers are addresses by gate.
func (n *node) join(peers map[string]string) {
	n.t.Helper()
	var err error
	n.link, err = neighbour.New(context.Background(), neighbour.Config{
		State: n.State, Identity: n.id, Version: "test", Listen: "127.0.0.1:0", Peers: peers, Timing: fast, Devices: n.devices,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := n.link.Run(ctx); err != nil {
			n.t.Errorf("the link of gate %s: %v", n.Gate(), err)
		}
	})
	n.close = sync.OnceFunc(func() { cancel(); running.Wait() })
	n.t.Cleanup(n.close)
}

func (n *node) comes(plate parking.Plate) uuid.UUID {
	n.t.Helper()
	stay := uuid.Must(uuid.NewV7())
	_, err := n.Write(context.Background(), state.Draft{Kind: parking.KindVehicleIn, Body: parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Car, Plate: plate, Display: string(plate), Zone: "A", Tariff: "default", TariffV: 1,
	}})
	if err != nil {
		n.t.Fatal(err)
	}
	return stay
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond) // between two looks, not for something to happen
	}
}

func (n *node) sees(plates ...parking.Plate) bool {
	var inside []parking.Plate
	for _, s := range n.Site().Inside {
		inside = append(inside, s.Plate)
	}
	slices.Sort(inside)
	return slices.Equal(inside, plates)
}

// Facts travel over any path: S knows only N's address, W only S's. Whoever
// joins later hears all, also what a gate told that is dead by then; and nobody
// is told anything twice for nothing.
func TestFactsTravelOverAnyPath(t *testing.T) {
	t.Parallel()
	s := newSite(t, "N", "S", "W", "E")
	n, south, w := s.open("N"), s.open("S"), s.open("W")
	n.comes("30A00001")
	n.join(nil)
	south.join(map[string]string{"N": n.link.Addr()})
	w.join(map[string]string{"S": south.link.Addr()})
	wait(t, "W to hear of N's vehicle by S", func() bool { return w.sees("30A00001") && south.sees("30A00001") })
	w.comes("30A00003")
	wait(t, "N to hear of W's vehicle by S", func() bool { return n.sees("30A00001", "30A00003") })
	heard := func(n *node, gates ...string) bool {
		var out []string
		for _, o := range n.link.List() {
			if o.Heard {
				out = append(out, o.Gate)
			}
		}
		return slices.Equal(out, gates)
	}
	if len(n.link.List()) != 3 || !heard(n, "S") || !heard(south, "N", "W") {
		t.Errorf("N hears %+v, S hears %+v", n.link.List(), south.link.List())
	}
	n.close()
	wait(t, "S to notice that N is gone", func() bool { return heard(south, "W") })
	e := s.open("E")
	e.join(map[string]string{"W": w.link.Addr()})
	wait(t, "E to hear what the dead gate had told", func() bool { return e.sees("30A00001", "30A00003") })
	wait(t, "all to have the same", func() bool {
		return e.link.List()[2].Gate == "W" && e.link.List()[2].Behind == 0 && e.link.List()[2].Ahead == 0
	})
}

// The thumbnail of a vehicle inside reaches the neighbour, and waits there for
// the cloud, too.
func TestThumbnailsTravel(t *testing.T) {
	t.Parallel()
	s := newSite(t, "N", "S")
	n, south := s.open("N"), s.open("S")
	thumb := append([]byte{0xff, 0xd8, 0xff}, bytes.Repeat([]byte{7}, 900)...)
	sha, err := n.SaveThumb(t.Context(), thumb)
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.Write(t.Context(), state.Draft{Kind: parking.KindVehicleIn, Body: parking.VehicleIn{
		Stay: uuid.New(), Lane: "1", Class: parking.Car, Plate: "30A00001", Zone: "A", Tariff: "default", TariffV: 1,
		Photos: []parking.PhotoRef{{Role: "plate", SHA256: strings.Repeat("ab", 32), Bytes: 5, Thumb: sha}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	n.join(nil)
	south.join(map[string]string{"N": n.link.Addr()})
	wait(t, "the thumbnail to be at S", func() bool { b, err := south.Photo(sha); return err == nil && bytes.Equal(b, thumb) })
	wait(t, "it to wait for the cloud there", func() bool {
		waiting, err := south.ThumbsWaiting(t.Context())
		return err == nil && waiting
	})
}

// liar is somebody with a gate's key who says what it likes.
type liar struct {
	t    *testing.T
	http *http.Client
	base string
}

func newLiar(t *testing.T, key ed25519.PrivateKey, address string) *liar {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)} // of long ago: nobody looks
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, //nolint:gosec // a test's
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &liar{t: t, http: &http.Client{Transport: transport, Timeout: patience}, base: "https://" + address}
}

func (l *liar) says(method, path string, body []byte) (int, string) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.base+path, bytes.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	res, err := l.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// A neighbour that lies is not believed: nothing of it is applied, the trouble
// stands, and one alarm is written, not one a lie.
func TestALiarIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, "N", "S", "W")
	n := s.open("N")
	n.join(nil)
	l := newLiar(t, s.keys["S"], n.link.Addr())
	fact := parking.Fact{
		ID: uuid.New(), Site: s.id, Gate: "W", Epoch: parking.NewEpoch(1, [8]byte{1}), Seq: 1, Kind: parking.KindAlive, At: time.Now().UTC().Truncate(time.Millisecond),
		Clock: parking.ClockSynced, Boot: "b", V: parking.FactVersion, Body: []byte("{}"),
	}
	raw, err := fact.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b := wire.Batch{ID: uuid.New(), Site: s.id, Gate: "W", Epoch: fact.Epoch, FirstSeq: 1, Items: []wire.Item{wire.NewItem(fact.ID, raw)}}
	b.Sign(s.keys["S"]) // not W's
	doc, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	before := n.Waiting()
	for range 3 {
		if status, text := l.says("POST", "/neighbour/v1/facts", doc); status != http.StatusForbidden {
			t.Fatalf("%d %s", status, text)
		}
	}
	troubles := n.Troubles()
	if len(troubles) != 1 || troubles[0].Code != state.TroubleNeighbourLies || !strings.Contains(troubles[0].Text, "Gate S") || n.Waiting() != before+1 {
		t.Errorf("troubles %+v, %d facts were written", troubles, n.Waiting()-before)
	}
	if n.Held().Of(state.Strand{Gate: "W", Epoch: fact.Epoch}) != 0 {
		t.Error("something of it was applied")
	}
	b.Sign(s.keys["W"])
	doc, _ = json.Marshal(b)
	if status, text := l.says("POST", "/neighbour/v1/facts", doc); status != http.StatusOK {
		t.Errorf("what W signed, brought by S: %d %s", status, text)
	}
	for name, bad := range map[string]struct {
		method, path string
		body         []byte
		want         int
	}{
		"broken JSON":         {"POST", "/neighbour/v1/facts", []byte("{"), http.StatusBadRequest},
		"oversize facts":      {"POST", "/neighbour/v1/facts", bytes.Repeat([]byte("x"), wire.MaxBatchBytes+1), http.StatusRequestEntityTooLarge},
		"as another gate":     {"POST", "/neighbour/v1/hello", hello("W"), http.StatusForbidden},
		"a greeting of junk":  {"POST", "/neighbour/v1/hello", []byte(`{"gate":"S","held":{"S":{"x":-1}}}`), http.StatusBadRequest},
		"a note of junk":      {"POST", "/neighbour/v1/slots", []byte(`{"epoch":"x"}`), http.StatusBadRequest},
		"an oversize note":    {"POST", "/neighbour/v1/slots", bytes.Repeat([]byte("x"), 300<<10), http.StatusRequestEntityTooLarge},
		"an early note":       {"POST", "/neighbour/v1/slots", fmt.Appendf(nil, `{"epoch":%q}`, fact.Epoch), http.StatusServiceUnavailable},
		"an oversize picture": {"PUT", "/neighbour/v1/thumbs/" + strings.Repeat("ab", 32), bytes.Repeat([]byte("x"), parking.MaxThumbBytes+1), http.StatusRequestEntityTooLarge},
		"a misnamed picture":  {"PUT", "/neighbour/v1/thumbs/" + strings.Repeat("ab", 32), []byte("x"), http.StatusBadRequest},
		"something else":      {"GET", "/", nil, http.StatusNotFound},
	} {
		if status, text := l.says(bad.method, bad.path, bad.body); status != bad.want {
			t.Errorf("%s: %d %s, want %d", name, status, text, bad.want)
		}
	}
	// A picture that nobody asked for is not kept.
	jpeg := append([]byte{0xff, 0xd8, 0xff}, 1, 2, 3)
	sum := sha256.Sum256(jpeg)
	name := hex.EncodeToString(sum[:])
	if status, text := l.says("PUT", "/neighbour/v1/thumbs/"+name, jpeg); status != http.StatusNoContent {
		t.Errorf("a picture: %d %s", status, text)
	}
	if _, err := n.Photo(name); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("it is kept: %v", err)
	}
}

func hello(gate string) []byte {
	return fmt.Appendf(nil, `{"gate":%q,"epoch":%q,"version":"x"}`, gate, parking.NewEpoch(1, [8]byte{1}))
}

// Whoever has no key of a gate of this site gets no byte beyond the handshake; a
// key that is revoked while the line stands is turned away with the next request.
func TestStrangersAreTurnedAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, "N", "S", "W")
	n := s.open("N")
	n.join(nil)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if status, text := newLiar(t, foreign, n.link.Addr()).says("POST", "/neighbour/v1/hello", hello("S")); status != 0 {
		t.Errorf("a stranger: %d %s", status, text)
	}
	conn, err := tls.Dial("tcp", n.link.Addr(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}) //nolint:gosec // a test's
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	if err == nil {
		t.Error("somebody without a key got a byte")
	}
	if c, err := tls.Dial("tcp", n.link.Addr(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err == nil { //nolint:gosec // a test's
		_ = c.Close()
		t.Error("an older TLS is spoken")
	}
	l := newLiar(t, s.keys["S"], n.link.Addr())
	if status, text := l.says("POST", "/neighbour/v1/hello", hello("S")); status != http.StatusOK {
		t.Fatalf("a neighbour: %d %s", status, text)
	}
	config := s.snap.Config
	config.Keys = slices.Clone(config.Keys)
	at := time.Now()
	config.Keys[1].Until, config.Keys[1].Revoked = &at, true
	if err := n.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: 2, Config: &config}); err != nil {
		t.Fatal(err)
	}
	if status, text := l.says("POST", "/neighbour/v1/hello", hello("S")); status != http.StatusForbidden {
		t.Errorf("on the line of before: %d %s", status, text)
	}
	if status, text := newLiar(t, s.keys["S"], n.link.Addr()).says("POST", "/neighbour/v1/hello", hello("S")); status != 0 {
		t.Errorf("on a new one: %d %s", status, text)
	}
}
