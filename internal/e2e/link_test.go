package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	gateclock "gatehouse/gate/clock"
	"gatehouse/gate/state"
	gatestore "gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/gate/uplink"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// linked is a gate without lanes: its data folder, its state and its link.
type linked struct {
	t     *testing.T
	state *state.State
	link  *uplink.Uplink
}

// linkedGate enrols a gate at a cloud's address and starts its link.
func (r *rig) linkedGate(code, address string) *linked {
	r.t.Helper()
	st, err := gatestore.Open(r.t.Context(), r.t.TempDir(), gatestore.Options{Disk: storetest.Roomy})
	if err != nil {
		r.t.Fatal(err)
	}
	site, err := r.cloud.Store.Q.SiteByCode(r.t.Context(), "demo")
	if err != nil {
		r.t.Fatal(err)
	}
	operator, err := r.cloud.Auth.Operator(r.t.Context(), site.Code)
	if err != nil {
		r.t.Fatal(err)
	}
	once, _, err := r.cloud.Auth.NewGateCode(r.t.Context(), operator, code)
	if err != nil {
		r.t.Fatal(err)
	}
	id, err := uplink.Enrol(r.t.Context(), st, address, once, "test")
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := state.Open(r.t.Context(), state.Config{Store: st, Clock: gateclock.New(r.clock.Now, r.clock.Mono, "boot"), Version: "test"})
	if err != nil {
		r.t.Fatal(err)
	}
	link, err := uplink.New(uplink.Config{State: s, Identity: id, Version: "test", Log: slog.New(slog.DiscardHandler), Timing: uplink.Timing{
		Heartbeat: 300 * time.Millisecond, BackoffBase: 5 * time.Millisecond, BackoffCap: 200 * time.Millisecond,
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := link.Run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(func() {
		end()
		run.Wait()
		if err := st.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return &linked{t: r.t, state: s, link: link}
}

func (g *linked) write(drafts ...state.Draft) {
	g.t.Helper()
	if _, err := g.state.Write(g.t.Context(), drafts...); err != nil {
		g.t.Fatal(err)
	}
}

// in lets a car in and returns its stay.
func (g *linked) in(plate parking.Plate, slot string) uuid.UUID {
	g.t.Helper()
	stay := uuid.Must(uuid.NewV7())
	tariff := g.state.Site().Config.Tariff
	g.write(state.Draft{Kind: parking.KindVehicleIn, Actor: "lan", Body: parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Car, Plate: plate, Display: string(plate), Zone: slot[:1], Slot: slot,
		Tariff: tariff.ID, TariffV: tariff.Version,
	}})
	return stay
}

// out takes cash for a stay and lets it out.
func (g *linked) out(id uuid.UUID) parking.Money {
	g.t.Helper()
	stay, err := g.state.Stay(g.t.Context(), id)
	if err != nil {
		g.t.Fatal(err)
	}
	tariff, ok := g.state.Site().Tariff(stay.Tariff, stay.TariffV)
	if !ok {
		g.t.Fatalf("tariff %s %d is not known", stay.Tariff, stay.TariffV)
	}
	now := parking.BusinessTime(g.state.Clock().Now())
	q, err := tariff.Quote(parking.QuoteRequest{Class: stay.Class, In: *stay.InAt, Out: now})
	if err != nil {
		g.t.Fatal(err)
	}
	g.write(
		state.Draft{Kind: parking.KindPaymentTaken, Actor: "lan", Body: parking.PaymentTaken{
			Payment: uuid.Must(uuid.NewV7()), Stay: id, Method: parking.Cash, Amount: q.Due, Currency: q.Currency, Tendered: q.Due,
		}},
		state.Draft{Kind: parking.KindVehicleOut, Actor: "lan", Body: parking.VehicleOut{
			Stay: id, Lane: "2", Class: stay.Class, Plate: stay.Plate, Display: stay.Display,
			Charge: parking.Charge{Fee: q.Fee, Due: q.Due, Currency: q.Currency, In: *stay.InAt, Out: now, Tariff: stay.Tariff, TariffV: stay.TariffV, Lines: q.Lines},
		}},
	)
	return q.Fee
}

// same waits until the gates have sent everything, and checks that they and
// the cloud know the same of the site.
func (r *rig) same(gates ...*linked) {
	r.t.Helper()
	r.agree("slots", gates, func(s *state.Site, snap *wire.Snapshot) (any, any) { return s.Slots, snap.Slots })
	r.agree("stays inside", gates, func(s *state.Site, snap *wire.Snapshot) (any, any) {
		inside := map[uuid.UUID]parking.Stay{}
		for _, stay := range snap.Stays {
			if stay.State == parking.Inside {
				inside[stay.ID] = stay
			}
		}
		shown := map[uuid.UUID]parking.Stay{}
		for _, stay := range s.Inside {
			shown[stay.ID] = stay
		}
		return shown, inside
	})
	r.agree("open conflicts", gates, func(s *state.Site, snap *wire.Snapshot) (any, any) { return s.Conflicts, snap.Conflicts })
}

func (r *rig) agree(what string, gates []*linked, pick func(*state.Site, *wire.Snapshot) (shown, held any)) {
	r.t.Helper()
	for _, g := range gates {
		var diff string
		wait(r.t, "gate "+g.state.Gate()+" to be up to date", func() bool {
			// Asked first: a snapshot from before the last facts went up would be
			// compared with a gate that still lays them over it.
			if g.state.Waiting() > 0 {
				return false
			}
			snap, err := r.cloud.Store.Snapshot(r.t.Context(), r.site, g.state.Gate(), r.clock.Now())
			if err != nil {
				r.t.Fatal(err)
			}
			site := g.state.Site()
			if site.FeedSeq != snap.FeedSeq {
				return false
			}
			shown, held := pick(site, snap)
			diff = cmp.Diff(document(held), document(shown))
			return true
		})
		if diff != "" {
			r.t.Errorf("%s: gate %s and the cloud differ: %s", what, g.state.Gate(), diff)
		}
	}
}

// document is v as it goes over the wire.
func document(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	if list, ok := out.([]any); ok && len(list) == 0 {
		return nil
	}
	return out
}

// thrice stands between gates and the cloud: each batch reaches the cloud
// three times, and only the third answer gets back.
func thrice(t *testing.T, cloud string) (address string, batches func() int) {
	t.Helper()
	target, err := url.Parse(cloud)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	var mu sync.Mutex
	tries := map[string]int{} // by the gate's token
	total := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/api/v1/facts" {
			proxy.ServeHTTP(w, req)
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		who := req.Header.Get("Authorization")
		tries[who]++
		last := tries[who]%3 == 0
		total++
		mu.Unlock()
		if last {
			proxy.ServeHTTP(w, req)
			return
		}
		proxy.ServeHTTP(httptest.NewRecorder(), req)
		panic(http.ErrAbortHandler) // the cloud has it, and the gate does not know
	}))
	t.Cleanup(s.Close)
	return s.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		return total
	}
}

// Every fact sent three times has one effect.
func TestFactsSentThreeTimes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address, sent := thrice(t, r.url())
	north, south := r.linkedGate("N", address), r.linkedGate("S", address)
	wait(t, "both gates to know the site", func() bool { return north.state.Site().Ready && south.state.Site().Ready })
	wait(t, "nothing to wait", func() bool { return north.state.Waiting()+south.state.Waiting() == 0 })

	var fees parking.Money
	stays := make([]uuid.UUID, 6)
	for i := range stays {
		stays[i] = north.in(parking.Plate(fmt.Sprintf("30A0000%d", i)), fmt.Sprintf("N%02d", i+1))
	}
	r.clock.Forward(2 * time.Hour)
	for _, stay := range stays[:3] {
		wait(t, "gate S to know the vehicle", func() bool { _, ok := south.state.Site().Stay(stay); return ok })
		fees += south.out(stay)
	}
	r.same(north, south)
	if got := r.count("SELECT count(*) FROM transactions"); got != 6 {
		t.Errorf("%d stays at the cloud, want 6", got)
	}
	if got := r.count("SELECT COALESCE(sum(amount), 0)::bigint FROM payments"); got != int64(fees) || fees == 0 {
		t.Errorf("%d was taken, want %d", got, fees)
	}
	if got := r.count("SELECT count(*) FROM facts"); got != 2*2+6+2*3 { // started and clock_observed, IN, payment and OUT
		t.Errorf("%d facts at the cloud, want 16", got)
	}
	if got := r.count("SELECT count(*) FROM conflicts"); got != 0 {
		t.Errorf("%d conflicts, want none", got)
	}
	if len(north.state.Site().Inside) != 3 {
		t.Errorf("%d inside, want 3", len(north.state.Site().Inside))
	}
	if n := sent(); n < 6 || n%3 != 0 {
		t.Errorf("%d batches went through, want three times as many as were needed", n)
	}
}

// The cloud is killed before the first IN and started after the last OUT.
func TestTheCloudMissesEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	north, south := r.linkedGate("N", r.url()), r.linkedGate("S", r.url())
	wait(t, "both gates to be online with nothing waiting", func() bool {
		n, s := north.link.Link(), south.link.Link()
		return n.State == uplink.Online && s.State == uplink.Online && n.Queue+s.Queue == 0 && north.state.Site().Ready && south.state.Site().Ready
	})
	before := r.count("SELECT count(*) FROM facts")
	r.killCloud()
	wait(t, "both gates to see it", func() bool {
		return north.link.Link().State == uplink.Offline && south.link.Link().State == uplink.Offline
	})

	var fees parking.Money
	written := int64(0)
	for i := range 40 {
		for code, g := range map[string]*linked{"N": north, "S": south} {
			stay := g.in(parking.Plate(fmt.Sprintf("%s%05d", map[string]string{"N": "30A", "S": "51F"}[code], i)), fmt.Sprintf("%s%02d", code, i%15+1))
			written++
			if i < 35 {
				r.clock.Forward(37 * time.Minute)
				fees += g.out(stay)
				written += 2
			}
		}
	}
	if got := north.state.Waiting() + south.state.Waiting(); got != written {
		t.Fatalf("%d facts wait, %d were written", got, written)
	}
	r.clock.Forward(time.Hour)
	r.startCloud()

	r.same(north, south)
	wait(t, "both gates to be online again", func() bool {
		return north.link.Link().State == uplink.Online && south.link.Link().State == uplink.Online
	})
	if got := r.count("SELECT count(*) FROM facts") - before; got != written {
		t.Errorf("%d facts arrived, %d were written", got, written)
	}
	if got := r.count("SELECT COALESCE(sum(fee), 0)::bigint FROM transactions WHERE state = 'left'"); got != int64(fees) {
		t.Errorf("fees of %d, by the gates' time they are %d", got, fees)
	}
	if got := r.count("SELECT count(*) FROM conflicts"); got != 0 {
		t.Errorf("%d conflicts, want none", got)
	}
	for _, g := range []*linked{north, south} {
		if n := len(g.state.Site().Inside); n != 10 {
			t.Errorf("gate %s shows %d inside, want 10", g.state.Gate(), n)
		}
	}
}
