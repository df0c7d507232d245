package demo

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// toyGate answers like a gate's local API, as far as drivers ask: two lanes,
// IN and OUT, a camera that reads every plate, stays in memory.
type toyGate struct {
	fail    func(format string, args ...any)
	mu      sync.Mutex
	at      map[string]arrival // vehicle by lane
	inside  []parking.Stay
	asked   map[uuid.UUID]bool // who was shown a VietQR
	refuse  bool
	arrived int
}

func newToyGate(t *testing.T) (*toyGate, *gateAPI) {
	t.Helper()
	g := &toyGate{fail: t.Errorf, at: map[string]arrival{}, asked: map[uuid.UUID]bool{}}
	server := httptest.NewServer(g.handler())
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "local-token")
	if err := os.WriteFile(token, []byte(toyToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := newGateAPI(server.URL+"/", token)
	if err != nil {
		t.Fatal(err)
	}
	return g, api
}

const toyToken = "the-token"

func (g *toyGate) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/lanes", g.lanes)
	mux.HandleFunc("GET /v1/lanes/{lane}", g.lane)
	mux.HandleFunc("POST /v1/lanes/{lane}/arrive", g.arrive)
	mux.HandleFunc("GET /v1/stays", g.stays)
	mux.HandleFunc("POST /v1/in", g.in)
	mux.HandleFunc("POST /v1/out", g.leave)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+toyToken {
			g.fail("%s came with %q", r.URL, got)
		}
		mux.ServeHTTP(w, r)
	})
}

func (g *toyGate) answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		g.fail("%v", err)
	}
}

func (g *toyGate) read(r *http.Request, v any) {
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		g.fail("%v", err)
	}
}

func (g *toyGate) view(code string) map[string]any {
	lane := parking.Lane{Code: code, Gate: "N", Direction: map[string]parking.Direction{"1": parking.In, "2": parking.Out}[code]}
	view := map[string]any{"lane": lane}
	if v, ok := g.at[code]; ok {
		view["subject"] = map[string]any{"id": uuid.Nil, "stage": "offered", "plate": v.Plate}
	}
	return view
}

func (g *toyGate) lanes(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer(w, http.StatusOK, []any{g.view("1"), g.view("2")})
}

func (g *toyGate) lane(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer(w, http.StatusOK, g.view(r.PathValue("lane")))
}

func (g *toyGate) arrive(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var v arrival
	g.read(r, &v)
	g.at[r.PathValue("lane")] = v
	g.arrived++
	g.answer(w, http.StatusAccepted, map[string]any{})
}

func (g *toyGate) stays(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer(w, http.StatusOK, append([]parking.Stay{}, g.inside...))
}

func (g *toyGate) in(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse {
		g.answer(w, http.StatusServiceUnavailable, wire.Problem{Status: 503, Detail: "The disk is full."})
		return
	}
	var body struct {
		arrival
		Lane string `json:"lane"`
	}
	g.read(r, &body)
	if _, err := parking.ParsePlate(string(body.Plate)); err != nil {
		g.fail("a driver with the plate %q: %v", body.Plate, err)
	}
	stay := parking.Stay{ID: uuid.New(), Plate: body.Plate, Display: body.Plate.Display(), Class: body.Class, Slot: "N07"}
	g.inside = append(g.inside, stay)
	delete(g.at, body.Lane)
	g.answer(w, http.StatusOK, passage{Stay: stay, Opened: true})
}

func (g *toyGate) leave(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var body struct{ Lane, Stay, Method string }
	g.read(r, &body)
	for i, s := range g.inside {
		if s.ID.String() == body.Stay && body.Method == "vietqr" && !g.asked[s.ID] {
			g.asked[s.ID] = true // its money comes before it asks again
			g.answer(w, http.StatusOK, outAnswer{passage: passage{Stay: s}, Paying: true, QR: "…"})
			return
		}
		if s.ID.String() == body.Stay && (body.Method == "cash" || body.Method == "vietqr") {
			g.inside = append(g.inside[:i], g.inside[i+1:]...)
			delete(g.at, body.Lane)
			s.Payments = []parking.Payment{{Amount: 5000, Status: parking.Paid}}
			g.answer(w, http.StatusOK, passage{Stay: s, Opened: true})
			return
		}
	}
	g.answer(w, http.StatusNotFound, wire.Problem{Status: 404, Detail: "No such stay."})
}

func testDrivers(api *gateAPI, out *strings.Builder, act bool) *drivers {
	return &drivers{
		gate: api, name: "N", out: out, act: act,
		rng: rand.New(rand.NewPCG(1, 2)),
		now: func() time.Time { return time.Date(2026, 11, 22, 14, 3, 5, 0, time.UTC) },
	}
}

func TestDriversComeAndGo(t *testing.T) {
	t.Parallel()
	gate, api := newToyGate(t)
	var out strings.Builder
	d := testDrivers(api, &out, true)
	for range 60 {
		if err := d.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	came, left := strings.Count(out.String(), "IN   14:03:05  gate N lane 1"), strings.Count(out.String(), "OUT  14:03:05  gate N lane 2")
	if came+left != 60 || left == 0 || came-left != len(gate.inside) {
		t.Errorf("%d came, %d left, %d are inside of 60 drivers:\n%s", came, left, len(gate.inside), &out)
	}
	if !strings.Contains(out.String(), "slot N07") || !strings.Contains(out.String(), "5,000 in cash") || !strings.Contains(out.String(), "5,000 by transfer") {
		t.Errorf("no slot or no sum in\n%s", &out)
	}
}

func TestWithAGuardDriversOnlyArrive(t *testing.T) {
	t.Parallel()
	gate, api := newToyGate(t)
	var out strings.Builder
	d := testDrivers(api, &out, false)
	for range 5 {
		if err := d.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// The second and later drivers find the lane taken and wait outside.
	if gate.arrived != 1 || len(gate.inside) != 0 || out.Len() != 0 {
		t.Errorf("%d arrived, %d inside, printed %q", gate.arrived, len(gate.inside), &out)
	}
}

func TestTroubleIsSaidOnceInTheGatesWords(t *testing.T) {
	t.Parallel()
	gate, api := newToyGate(t)
	gate.refuse = true
	var out strings.Builder
	d := testDrivers(api, &out, true)
	for range 3 {
		d.report(d.next(t.Context()))
		gate.mu.Lock()
		clear(gate.at)
		gate.mu.Unlock()
	}
	if got := strings.Count(out.String(), "The disk is full."); got != 1 {
		t.Errorf("said %d times:\n%s", got, &out)
	}
}
