package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/state"
	"gatehouse/gate/store/storetest"
	"gatehouse/gate/uplink"
	"gatehouse/parking"
)

// lanGate is a gate that can be ended and started again.
type lanGate struct {
	*gate.Node
	cfg gate.Config
}

// lanGate starts gate code; its first start enrols it.
func (r *rig) lanGate(code string, peers map[string]string, barriers map[string]string) *lanGate {
	r.t.Helper()
	g := &lanGate{cfg: gate.Config{
		Disk: storetest.Roomy, DataDir: r.t.TempDir(), CloudURL: r.url(), Code: r.gateCode(code), Version: "test", Wall: r.clock.Now, Mono: r.clock.Mono,
		FirstWait: patience, Barriers: barriers, Sensors: map[string]string{"2/passage": "api:"}, Neighbours: peers, NeighbourListen: "127.0.0.1:0",
		NeighbourTiming: neighbour.Timing{Hello: 100 * time.Millisecond, Silent: time.Second, BackoffBase: 10 * time.Millisecond, BackoffCap: 100 * time.Millisecond},
		Timing:          uplink.Timing{BackoffBase: 10 * time.Millisecond, BackoffCap: 500 * time.Millisecond, Carry: time.Second},
	}}
	g.start(r.t)
	g.cfg.NeighbourListen = g.NeighbourAddr() // it is found there again
	r.t.Cleanup(func() { g.end(r.t) })
	return g
}

func (g *lanGate) start(t *testing.T) {
	t.Helper()
	n, err := gate.Open(t.Context(), g.cfg)
	if err != nil {
		t.Fatal(err)
	}
	g.Node = n
}

func (g *lanGate) end(t *testing.T) {
	t.Helper()
	if err := g.Close(); err != nil { // a second time it does nothing
		t.Error(err)
	}
}

func (g *lanGate) lanes() string {
	var out []string
	for _, l := range g.Desk().View().Lanes {
		out = append(out, l.Lane.Code+" "+string(l.Lane.Direction))
	}
	return strings.Join(out, ", ")
}

func (g *lanGate) hears(other string) bool { return lane.Heard(g.Desk().View().Neighbours, other) }

func (g *lanGate) troubled(code string) bool {
	return slices.ContainsFunc(g.State().Troubles(), func(s state.Trouble) bool { return s.Code == code })
}

// Gate N's machine dies with a vehicle inside. Gate S takes its lanes over with
// what it has heard of them, runs them over a restart, and the vehicle leaves
// through N's own exit. When N is heard again both say so, S keeps the lanes until
// it is told, and the books are right.
func TestAnotherGateTakesOverTheLanesOfADeadOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var pressed atomic.Int64
	relay := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && req.URL.Path == "/secret-relay" {
			pressed.Add(1)
		}
	}))
	t.Cleanup(relay.Close)
	north := r.lanGate("N", nil, map[string]string{"1": "sim:", "2": relay.URL + "/secret-relay"})
	south := r.lanGate("S", map[string]string{"N": north.NeighbourAddr()}, map[string]string{"1": "sim:", "2": "sim:"})
	ctx := lane.WithActor(t.Context(), "minh")
	in, err := north.Desk().In(ctx, lane.InRequest{Lane: "1", Plate: "30A12345", Class: parking.Car})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "S to know the vehicle, and what stands at N's lanes", func() bool {
		_, ok := south.State().Site().Stay(in.Stay.ID)
		d, err := south.State().DevicesOf(ctx, "N")
		return ok && err == nil && d.Barriers["2"] == relay.URL+"/secret-relay"
	})
	if _, err := south.TakeLanes(ctx, lane.TakeRequest{Gate: "N"}); parking.ErrorCode(err) != parking.Conflict {
		t.Fatalf("lanes of a gate that works are taken over: %v", err)
	}

	north.end(t) // it is dead
	wait(t, "N not to be heard any more", func() bool { return !south.hears("N") })
	r.clock.Forward(61 * time.Minute)
	// The relay of the test is reached on this machine only: it is said again.
	done, err := south.TakeLanes(ctx, lane.TakeRequest{Gate: "N", Devices: lane.DeviceSpecs{Barriers: map[string]string{"N/2": relay.URL + "/secret-relay"}}})
	if err != nil || fmt.Sprint(done.Lanes) != "[N/1 N/2]" {
		t.Fatalf("taken over: %+v, %v", done, err)
	}
	if got := south.lanes(); got != "1 in, 2 out, N/1 in, N/2 out" {
		t.Errorf("S runs %s", got)
	}

	south.end(t)
	south.start(t)
	if got := south.lanes(); got != "1 in, 2 out, N/1 in, N/2 out" {
		t.Errorf("after a restart S runs %s", got)
	}
	out, err := south.Desk().Out(ctx, lane.OutRequest{Lane: "N/2", Plate: "30A12345", Method: parking.Cash})
	if err != nil || !out.Opened || out.Stay.ID != in.Stay.ID || out.Stay.OutGate != "S" || out.Stay.OutLane != "N/2" {
		t.Fatalf("out: %+v, %v", out, err)
	}
	if got := pressed.Load(); got != 1 {
		t.Errorf("N's relay was pressed %d times", got)
	}
	if err := south.Desk().Passage(ctx, "N/2", lane.PassageReport{Source: lane.SourceLoop}); err != nil {
		t.Errorf("the vehicle passes: %v", err)
	}
	came, err := south.Desk().In(ctx, lane.InRequest{Lane: "N/1", Plate: "51G99999", Class: parking.Car})
	if err != nil || came.Stay.InLane != "N/1" {
		t.Fatalf("in: %+v, %v", came, err)
	}
	if err := south.Desk().ChangeDirection(ctx, "N/1", parking.Out, "it is night"); parking.ErrorCode(err) != parking.Conflict {
		t.Errorf("S turns a lane of N: %v", err)
	}

	north.start(t)
	wait(t, "both to say that two gates run the lanes", func() bool {
		return south.troubled(state.TroubleLanesShared) && north.troubled(state.TroubleLanesRun)
	})
	if got := south.lanes(); got != "1 in, 2 out, N/1 in, N/2 out" {
		t.Errorf("unasked, S runs %s", got)
	}
	if _, err := south.GiveLanes(ctx, "N", true); err != nil { // who came in is still shown there
		t.Fatal(err)
	}
	if got := south.lanes(); got != "1 in, 2 out" {
		t.Errorf("when they are given back S runs %s", got)
	}
	wait(t, "both troubles to end", func() bool {
		return !south.troubled(state.TroubleLanesShared) && !north.troubled(state.TroubleLanesRun)
	})
	if _, err := south.Desk().Out(ctx, lane.OutRequest{Lane: "N/2", Plate: "51G99999", Method: parking.Cash}); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("a lane that was given back: %v", err)
	}
	wait(t, "N to know who came in while it was dead", func() bool { _, ok := north.State().Site().Stay(came.Stay.ID); return ok })
	wait(t, "the gates to have sent all", func() bool { return north.Link().Queue == 0 && south.Link().Queue == 0 })
	r.takeoverBooks(in.Stay, came.Stay)
	for _, g := range []*lanGate{north, south} {
		log, err := os.ReadFile(filepath.Join(g.cfg.DataDir, "gate.log"))
		if err != nil || len(log) == 0 || strings.Contains(string(log), "secret-relay") {
			t.Errorf("the log of a gate tells of its devices (%v): %s", err, log)
		}
	}
}

// takeoverBooks compares the cloud with what happened.
func (r *rig) takeoverBooks(left, inside parking.Stay) {
	r.t.Helper()
	wait(r.t, "the cloud to have closed the stay", func() bool {
		return r.count("SELECT count(*) FROM transactions WHERE id = $1 AND state = 'left'", left.ID) == 1
	})
	for what, want := range map[string]int64{
		"SELECT count(*) FROM transactions WHERE state = 'inside'":                                                                   1,
		"SELECT fee FROM transactions WHERE state = 'left'":                                                                          8000,
		"SELECT coalesce(sum(amount), 0)::bigint FROM payments WHERE status = 'paid'":                                                8000,
		"SELECT count(*) FROM quarantine":                                                                                            0,
		"SELECT count(*) FROM conflicts WHERE state = 'open'":                                                                        0,
		"SELECT count(*) FROM facts WHERE gate = 'S' AND kind = 'alarm' AND convert_from(encoded, 'UTF8') LIKE '%lanes_taken%'":      1,
		"SELECT count(*) FROM facts WHERE gate = 'S' AND kind = 'alarm' AND convert_from(encoded, 'UTF8') LIKE '%lanes_shared%'":     1,
		"SELECT count(*) FROM facts WHERE gate = 'S' AND kind = 'alarm' AND convert_from(encoded, 'UTF8') LIKE '%lanes_given_back%'": 1,
		"SELECT count(*) FROM facts WHERE gate = 'S' AND kind = 'lane_passage'":                                                      1,
		"SELECT count(*) FROM facts WHERE convert_from(encoded, 'UTF8') LIKE '%secret-relay%'":                                       0,
	} {
		if got := r.count(what); got != want {
			r.t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	for _, page := range []string{"/stays/" + left.ID.String(), "/stays/" + inside.ID.String(), "/gates", "/stays", "/", "/conflicts"} {
		if text := string(download(r.t, r, page)); strings.Contains(page, left.ID.String()) && !strings.Contains(text, "N/2") {
			r.t.Errorf("the page of the stay does not name lane N/2: %.2000s", text)
		}
	}
}
