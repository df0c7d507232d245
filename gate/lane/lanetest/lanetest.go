// Package lanetest sets up a gate's desk for tests: a real state on a real
// SQLite file, a site of sixty slots and a counted zone, simulated cameras and
// barriers, and a clock that tests move by hand.
package lanetest

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/clock"
	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
	"gatehouse/vision"
)

// Start is when the clock of a bench begins: 08:00 in Vietnam.
var Start = time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)

// SiteID is the site of every bench.
var SiteID = uuid.MustParse("018f0000-0000-7000-8000-000000000001")

// Clock is a clock that tests move; one that runs goes on between.
type Clock struct {
	mu    sync.Mutex
	at    time.Duration
	began time.Time // the zero time: it stands still unless it is moved
}

// Wall is the wall clock.
func (c *Clock) Wall() time.Time { return Start.Add(c.Mono()) }

// Mono is the monotonic clock.
func (c *Clock) Mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.began.IsZero() {
		return c.at
	}
	return c.at + time.Since(c.began)
}

// Pass lets d go by.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at += d
}

// Reader is a vision worker that reads what the test tells it to.
type Reader struct {
	mu      sync.Mutex
	first   []vision.Reading // answered before reading, one each
	reading vision.Reading
	err     error
	calls   int
	hold    chan struct{} // closed when a held worker may answer
}

// Hold makes the worker answer nothing until release is called.
func (r *Reader) Hold() (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hold := make(chan struct{})
	r.hold = hold
	return sync.OnceFunc(func() { close(hold) })
}

// Next sets what every picture reads as from now on.
func (r *Reader) Next(reading vision.Reading, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first, r.reading, r.err = nil, reading, err
}

// Frames sets what the next pictures read as, one after the other, and all
// after them as the last.
func (r *Reader) Frames(readings ...vision.Reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(readings) - 1
	r.first, r.reading, r.err = readings[:last], readings[last], nil
}

// Calls is how many pictures were read.
func (r *Reader) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// Read answers with what Next has set.
func (r *Reader) Read(ctx context.Context, picture []byte, _ string) (vision.Reading, error) {
	if err := vision.CheckPicture(picture); err != nil {
		return vision.Reading{}, err
	}
	r.mu.Lock()
	hold := r.hold
	r.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return vision.Reading{}, ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if len(r.first) > 0 {
		reading := r.first[0]
		r.first = r.first[1:]
		return reading, nil
	}
	return r.reading, r.err
}

// Sure is a reading above the operating point.
func Sure(plate parking.Plate) vision.Reading {
	return vision.Reading{
		Outcome: vision.OutcomeRead, Plate: plate, Display: plate.Display(), Confidence: 0.97, Lines: 1,
		Candidates: []vision.Candidate{{Plate: plate, Confidence: 0.97}},
	}
}

// Unsure is a reading with candidates, best first.
func Unsure(plates ...parking.Plate) vision.Reading {
	r := vision.Reading{Outcome: vision.OutcomeUnsure, Plate: plates[0], Display: plates[0].Display(), Confidence: 0.5, Lines: 1}
	for i, p := range plates {
		r.Candidates = append(r.Candidates, vision.Candidate{Plate: p, Confidence: 0.5 - 0.1*float64(i)})
	}
	return r
}

// Tariff is the default tariff: 5,000 for the first hour, 3,000 for each
// started hour after.
func Tariff(t testing.TB) parking.Tariff {
	t.Helper()
	tariff, err := parking.ParseTariffJSON([]byte(`{"id":"default","version":1,"currency":"VND","timezone":"Asia/Ho_Chi_Minh",
		"grace":"0m","exit_window":"15m","quote_hold":"10m","rounding":1,"classes":{
		"car":{"blocks":{"first":{"length":"60m","price":5000},"then":{"length":"60m","price":3000}},"lost_ticket":50000},
		"motorbike":{"blocks":{"first":{"length":"60m","price":2000},"then":{"length":"60m","price":1000}},"lost_ticket":30000}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return *tariff
}

// Snapshot is the site of every bench: four gates, sixty slots, and a counted
// zone for two motorbikes. Lane 1 of each gate leads in, lane 2 out.
func Snapshot(t testing.TB) wire.Snapshot {
	t.Helper()
	gates := []parking.Gate{
		{Code: "E", Name: "East", At: parking.Point{X: 10}},
		{Code: "N", Name: "North", At: parking.Point{Y: 10}},
		{Code: "S", Name: "South", At: parking.Point{Y: -10}},
		{Code: "W", Name: "West", At: parking.Point{X: -10}},
	}
	snap := wire.Snapshot{Incarnation: uuid.New(), FeedSeq: 1, Config: wire.SiteConfig{
		Site: SiteID, Code: "center", Name: "Bãi xe Trung Tâm", Timezone: "Asia/Ho_Chi_Minh", Currency: "VND", Language: "vi",
		Gates: gates, Tariff: Tariff(t), BankBIN: "970436", BankAccount: "1234567890",
		Zones: []parking.Zone{{Code: "M", Name: "Xe máy", Kind: parking.Counted, Capacity: map[parking.Class]int{parking.Motorbike: 2}}},
	}}
	for _, g := range gates {
		snap.Config.Lanes = append(snap.Config.Lanes,
			parking.Lane{Code: "1", Gate: g.Code, Direction: parking.In, Class: parking.Car, Barrier: true},
			parking.Lane{Code: "2", Gate: g.Code, Direction: parking.Out, Class: parking.Car, Barrier: true})
		snap.Config.Zones = append(snap.Config.Zones, parking.Zone{Code: g.Code, Name: g.Name, Kind: parking.Numbered})
		for i := 1; i <= 15; i++ {
			at := map[string]parking.Point{
				"N": {X: float64(i - 8), Y: 7}, "S": {X: float64(i - 8), Y: -7},
				"E": {X: 7, Y: float64(i - 8)}, "W": {X: -7, Y: float64(i - 8)},
			}[g.Code]
			snap.Slots = append(snap.Slots, parking.Slot{
				Code: fmt.Sprintf("%s%02d", g.Code, i), Zone: g.Code, At: at,
				Classes: []parking.Class{parking.Car}, Home: parking.HomeGate(at, gates), State: parking.SlotFree,
			})
		}
	}
	return snap
}

// Bench is a desk with everything that stands around it.
type Bench struct {
	T        testing.TB
	Dir      string
	Clock    *Clock
	Store    *store.Store
	State    *state.State
	Desk     *lane.Desk
	Vision   *Reader
	Barriers map[string]*device.Simulator
	Cameras  map[string]*camera.Simulator
	Config   lane.Config // what the desk was made of
}

// Options change a bench.
type Options struct {
	Gate     string             // "" for N
	Key      ed25519.PrivateKey // of the gate; nil has one made
	Printers map[string]device.Printer
	Tickets  map[string][]parking.Class
	Plans    lane.Plans
	Link     func() lane.Link
	NoVision bool
	NoCamera bool
	Still    bool // cameras that give one small picture at once, drawn before
	Runs     bool // the clock goes by itself, for tests in simulated time
	Change   func(*wire.Snapshot)
	Setup    func(*lane.Config) // before the desk is made
	Stop     **Stopper          // set to what can stop the desk
}

// New sets up a desk at gate N, or another, with a guard, lan, signed in.
func New(t testing.TB, o Options) *Bench {
	t.Helper()
	b := &Bench{
		T: t, Dir: t.TempDir(), Clock: &Clock{}, Vision: &Reader{},
		Barriers: map[string]*device.Simulator{"1": device.NewSimulator(), "2": device.NewSimulator()},
		Cameras:  map[string]*camera.Simulator{},
	}
	if o.Runs {
		b.Clock.began = time.Now()
	}
	b.Vision.Next(vision.None(), nil)
	b.Config = lane.Config{
		Gate: cmp.Or(o.Gate, "N"), Printers: o.Printers, Tickets: o.Tickets, Barriers: map[string]device.Barrier{}, Cameras: map[string]camera.Source{},
		Plans: o.Plans, Link: o.Link, ShowDone: -1,
	}
	for code, s := range b.Barriers {
		b.Config.Barriers[code] = s
		if o.NoCamera {
			continue
		}
		if o.Still {
			b.Config.Cameras[code] = still{}
			continue
		}
		sim, err := camera.NewSimulator(1, camera.LightDay)
		if err != nil {
			t.Fatal(err)
		}
		b.Cameras[code], b.Config.Cameras[code] = sim, sim
	}
	if !o.NoVision {
		b.Config.Vision = b.Vision
	}
	if o.Setup != nil {
		o.Setup(&b.Config)
	}
	EnrolAs(t, b.Dir, b.Config.Gate, o.Key)
	t.Cleanup(func() { b.Close() })
	if o.Stop != nil {
		*o.Stop = NewStopper()
		b.Config.AtStep = (*o.Stop).Step
	}
	b.open()
	snap := Snapshot(t)
	if o.Change != nil {
		o.Change(&snap)
	}
	if err := b.State.ApplySnapshot(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
	guard := state.Guard{Name: "lan", Display: "Lan", Role: "guard"}
	if err := b.State.RememberGuard(t.Context(), guard, "mật khẩu", 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	b.SignIn()
	return b
}

// Enrol writes an identity of gate N into a data folder.
func Enrol(t testing.TB, dir string) {
	t.Helper()
	EnrolAs(t, dir, "N", nil)
}

// EnrolAs writes an identity of a gate into a data folder; without a key it
// makes one.
func EnrolAs(t testing.TB, dir, gate string, key ed25519.PrivateKey) {
	t.Helper()
	if key == nil {
		_, made, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		key = made
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("a key without a public one")
	}
	s, err := store.Open(t.Context(), dir, store.Options{Disk: storetest.Roomy})
	if err != nil {
		t.Fatal(err)
	}
	err = s.SaveIdentity(store.Identity{
		Tenant: uuid.New(), Site: SiteID, Gate: gate, CloudURL: "http://127.0.0.1:1",
		PublicKey: public, PrivateKey: key,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func (b *Bench) open() {
	b.T.Helper()
	var err error
	if b.Store, err = store.Open(b.T.Context(), b.Dir, store.Options{Disk: storetest.Roomy}); err != nil {
		b.T.Fatal(err)
	}
	id, err := b.Store.Identity()
	if err != nil {
		b.T.Fatal(err)
	}
	b.Config.Key = id.PrivateKey
	c := clock.New(b.Clock.Wall, b.Clock.Mono, "test-boot")
	b.State, err = state.Open(b.T.Context(), state.Config{Store: b.Store, Clock: c, Version: "test", Machine: "test"})
	if err != nil {
		b.T.Fatal(err)
	}
	b.Config.State, b.Config.Now, b.Config.Notes = b.State, c.Now, b.Store
	if b.Desk, err = lane.New(b.T.Context(), b.Config); err != nil {
		b.T.Fatal(err)
	}
}

// SignIn signs lan in without the cloud.
func (b *Bench) SignIn() {
	b.T.Helper()
	if err := b.Desk.SignIn(b.T.Context(), "lan", "mật khẩu"); err != nil {
		b.T.Fatal(err)
	}
}

// Restart ends the gate's program and starts it again on the same folder.
func (b *Bench) Restart() {
	b.T.Helper()
	b.Close()
	b.open()
	b.SignIn()
}

// Close ends desk and store; a second time it does nothing.
func (b *Bench) Close() {
	if b.Desk != nil {
		b.Desk.Close()
		b.Desk = nil
	}
	if b.Store != nil {
		if err := b.Store.Close(); err != nil {
			b.T.Error(err)
		}
		b.Store = nil
	}
}

// Lane returns a lane as screens show it.
func (b *Bench) Lane(code string) lane.LaneView {
	b.T.Helper()
	for _, l := range b.Desk.View().Lanes {
		if l.Lane.Code == code {
			return l
		}
	}
	b.T.Fatalf("no lane %s in the view", code)
	return lane.LaneView{}
}

// Subject returns the vehicle at a lane.
func (b *Bench) Subject(code string) lane.Subject {
	b.T.Helper()
	s := b.Lane(code).Subject
	if s == nil {
		b.T.Fatalf("no vehicle at lane %s", code)
	}
	return *s
}

// Arrive announces a vehicle and waits until its picture was read.
func (b *Bench) Arrive(code string, a lane.Arrival) lane.Subject {
	b.T.Helper()
	id, err := b.Desk.Arrive(b.T.Context(), code, a)
	if err != nil {
		b.T.Fatal(err)
	}
	b.Until("the vehicle is read", func() bool {
		s := b.Lane(code).Subject
		return s != nil && s.ID == id && s.Stage != lane.Arrived && (b.Config.Cameras[code] == nil || b.Lane(code).PictureN > 0)
	})
	return b.Subject(code)
}

// Until waits for what happens in the background, at most a minute.
func (b *Bench) Until(what string, done func() bool) {
	b.T.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			b.T.Fatalf("waited in vain until %s", what)
		}
	}
}

// RunDesk lets the desk look after changes, as a gate does, until the function
// that it returns is called; calling that twice is once.
func (b *Bench) RunDesk() (stop func()) {
	b.T.Helper()
	ctx, cancel := context.WithCancel(b.T.Context())
	ended := make(chan error, 1)
	desk := b.Desk
	go func() { ended <- desk.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.T.Error(err)
		}
	})
}
