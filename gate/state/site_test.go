package state_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/clock"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

var morning = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

// gate is one gate whose machine can be switched off and on again.
type gate struct {
	t    testing.TB
	dir  string
	opts store.Options

	mu   sync.Mutex
	wall time.Time
	mono time.Duration
	boot string

	store *store.Store
	*state.State
}

func newGate(t testing.TB, o store.Options) *gate {
	t.Helper()
	if o.Disk == nil {
		o.Disk = storetest.Roomy
	}
	return newGateIn(t, t.TempDir(), o)
}

func newGateIn(t testing.TB, dir string, o store.Options) *gate {
	t.Helper()
	g := &gate{t: t, dir: dir, opts: o, wall: morning, mono: time.Hour, boot: "boot"}
	g.openStore()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := store.Identity{Tenant: uuid.New(), Site: uuid.New(), Gate: "N", CloudURL: "http://127.0.0.1:1", PublicKey: public, PrivateKey: private}
	if err := g.store.SaveIdentity(id); err != nil {
		t.Fatal(err)
	}
	g.openState()
	t.Cleanup(func() {
		if g.store == nil {
			return
		}
		if err := g.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return g
}

// scrap closes the gate and gives its disk back, for properties that use a
// hundred gates.
func (g *gate) scrap() {
	g.t.Helper()
	if err := g.store.Close(); err != nil {
		g.t.Errorf("close: %v", err)
	}
	g.store = nil
	if err := os.RemoveAll(g.dir); err != nil {
		g.t.Error(err)
	}
}

func (g *gate) openStore() {
	g.t.Helper()
	var err error
	if g.store, err = store.Open(context.Background(), g.dir, g.opts); err != nil {
		g.t.Fatalf("open the store: %v", err)
	}
}

func (g *gate) openState() {
	g.t.Helper()
	var err error
	g.State, err = state.Open(context.Background(), state.Config{Store: g.store, Clock: clock.New(g.now, g.sinceBoot, g.boot), Version: "test", Machine: "m"})
	if err != nil {
		g.t.Fatalf("open the state: %v", err)
	}
}

// reboot switches the machine off and on again; its wall clock then shows wall.
func (g *gate) reboot(wall time.Time) {
	g.t.Helper()
	g.mu.Lock()
	g.wall, g.mono, g.boot = wall, time.Second, uuid.NewString()
	g.mu.Unlock()
	g.restart()
}

// restart ends the process and starts it again.
func (g *gate) restart() {
	g.t.Helper()
	if err := g.store.Close(); err != nil {
		g.t.Fatal(err)
	}
	g.openStore()
	g.openState()
}

func (g *gate) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wall
}

func (g *gate) sinceBoot() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mono
}

func (g *gate) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wall, g.mono = g.wall.Add(d), g.mono+d
}

func (g *gate) setWall(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wall = t
}

// write writes drafts that must be taken.
func (g *gate) write(drafts ...state.Draft) []parking.Fact {
	g.t.Helper()
	facts, err := g.Write(context.Background(), drafts...)
	if err != nil {
		g.t.Fatalf("write: %v", err)
	}
	return facts
}

func draftIn(stay uuid.UUID, plate parking.Plate, slot string) state.Draft {
	b := parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Car, Plate: plate, Display: string(plate), Zone: "A", Slot: slot, Tariff: "default", TariffV: 1,
	}
	return state.Draft{Kind: parking.KindVehicleIn, Body: b, Actor: "an"}
}

func draftOut(stay uuid.UUID, plate parking.Plate, fee parking.Money) state.Draft {
	b := parking.VehicleOut{Stay: stay, Lane: "2", Class: parking.Car, Plate: plate, Display: string(plate), Charge: parking.Charge{Fee: fee, Currency: "VND"}}
	return state.Draft{Kind: parking.KindVehicleOut, Body: b, Actor: "an"}
}

// site is a snapshot of a site with numbered slots A01… and a counted zone M.
func (g *gate) site(slots int) wire.Snapshot {
	s := wire.Snapshot{
		Incarnation: uuid.MustParse("11111111-1111-4111-8111-111111111111"), FeedSeq: 10,
		Config: wire.SiteConfig{
			Site: g.SiteID(), Code: "lot", Name: "Lot", Timezone: "Asia/Ho_Chi_Minh", Currency: "VND", Language: "vi",
			Gates:  []parking.Gate{{Code: "N", Name: "North"}, {Code: "S", Name: "South"}},
			Lanes:  []parking.Lane{{Code: "1", Gate: "N", Direction: parking.In}, {Code: "2", Gate: "N", Direction: parking.Out}, {Code: "1", Gate: "S", Direction: parking.Out}},
			Zones:  []parking.Zone{{Code: "A", Kind: parking.Numbered}, {Code: "M", Kind: parking.Counted, Capacity: map[parking.Class]int{parking.Motorbike: 400}}},
			Tariff: parking.Tariff{ID: "default", Version: 2}, Tariffs: []parking.Tariff{{ID: "default", Version: 1}},
		},
		Held: map[parking.Epoch]int64{},
	}
	for i := range slots {
		s.Slots = append(s.Slots, parking.Slot{
			Code: fmt.Sprintf("A%03d", i+1), Zone: "A", At: parking.Point{X: float64(i)}, Classes: []parking.Class{parking.Car}, Home: "N", State: parking.SlotFree,
		})
	}
	return s
}

func (g *gate) snapshot(s wire.Snapshot) {
	g.t.Helper()
	if err := g.ApplySnapshot(context.Background(), s); err != nil {
		g.t.Fatalf("snapshot: %v", err)
	}
}

func (g *gate) deltas(d ...wire.Delta) {
	g.t.Helper()
	if err := g.ApplyDeltas(context.Background(), d...); err != nil {
		g.t.Fatalf("deltas: %v", err)
	}
}

// covers says that the cloud's state includes this epoch's facts up to seq.
func (g *gate) covers(seq int64) []wire.Covered {
	return []wire.Covered{{Gate: "N", Epoch: g.Epoch(), Seq: seq}}
}

// shown is what a screen shows, without what is meant to change when own
// facts become the cloud's.
func shown(s *state.Site) string {
	b, err := json.Marshal([]any{s.Slots, s.Inside, s.Config})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// fold is the cloud's part in these tests: stays of facts, and slots by the
// replay of the stays' claims.
func fold(facts []parking.Fact, slots []parking.Slot) ([]parking.Stay, []parking.Slot) {
	byStay := map[uuid.UUID][]parking.Fact{}
	for _, f := range facts {
		if id := parking.StayOf(f); id != uuid.Nil && parking.AboutStay(f.Kind) {
			byStay[id] = append(byStay[id], f)
		}
	}
	stays := map[uuid.UUID]*parking.Stay{}
	claims := map[string][]parking.Claim{}
	for id, fs := range byStay {
		s := parking.FoldStay(id, fs)
		stays[id] = &s
		for _, c := range s.Claims() {
			claims[c.Slot] = append(claims[c.Slot], c)
		}
		if s.Slot != "" {
			s.Placed = false
		}
	}
	slots = slices.Clone(slots)
	for i := range slots {
		slots[i].State, slots[i].Stay = parking.SlotFree, uuid.Nil
		for _, c := range parking.PlaceClaims(claims[slots[i].Code]) {
			s := stays[c.Stay]
			last := s.Moves[len(s.Moves)-1].Fact == c.Fact
			if c.Placed && last {
				s.Placed = true
			}
			if c.Placed && c.Until == nil {
				slots[i].State, slots[i].Stay = parking.SlotOccupied, c.Stay
			}
		}
	}
	var out []parking.Stay
	for _, s := range stays {
		out = append(out, *s)
	}
	return out, slots
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
