package gate_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/gate"
	"gatehouse/gate/clock"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/localapi"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// known makes a data folder of a gate that has been told about its site once.
func known(t *testing.T, change ...func(*wire.Snapshot)) string {
	t.Helper()
	dir := t.TempDir()
	lanetest.Enrol(t, dir)
	s, err := store.Open(t.Context(), dir, store.Options{Disk: storetest.Roomy})
	if err != nil {
		t.Fatal(err)
	}
	st, err := state.Open(t.Context(), state.Config{Store: s, Clock: clock.System(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	snap := lanetest.Snapshot(t)
	for _, f := range change {
		f(&snap)
	}
	if err := st.ApplySnapshot(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
	if err := st.RememberGuard(t.Context(), state.Guard{Name: "lan", Display: "Lan", Role: "guard"}, "pw", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A gate that knows its site starts cold, without the cloud, and lets a
// vehicle in and out.
func TestColdStartOffline(t *testing.T) {
	dir := known(t)
	cfg := gate.Config{
		Disk: storetest.Roomy, DataDir: dir, Cameras: map[string]string{"1": "sim:", "2": "sim:?seed=2"},
		Barriers: map[string]string{"1": "sim:"}, Listen: "127.0.0.1:0", Version: "test",
	}
	n, err := gate.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := gate.Open(t.Context(), cfg); parking.ErrorCode(err) != parking.Conflict {
		t.Errorf("a second gate on the same folder: %v", err)
	}
	d := n.Desk()
	if err := d.SignIn(t.Context(), "lan", "pw"); err != nil {
		t.Fatal(err)
	}
	in, err := d.In(t.Context(), lane.InRequest{Lane: "1", Plate: "30A-123.45"})
	if err != nil || in.Stay.Slot != "N08" || !in.Opened || len(in.Stay.InPhotos) != 1 {
		t.Fatalf("in: %+v, %v", in, err)
	}
	out, err := d.Out(t.Context(), lane.OutRequest{Lane: "2", Plate: "30A12345", Method: parking.Cash})
	if err != nil || out.Stay.State != parking.Left || out.Stay.PaidSum() != 5000 {
		t.Fatalf("out: %+v, %v", out, err)
	}
	view := d.View()
	if view.Link.State != lane.Offline || view.Link.Queue == 0 || view.Guard.Display != "Lan" {
		t.Errorf("view: %+v, %+v", view.Link, view.Guard)
	}
	token, err := localapi.Token(dir)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.LocalAddr()+"/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("status: %d, %v", resp.StatusCode, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Run(ctx); err != nil {
		t.Errorf("told to end: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "gate.log"))
	if err != nil || len(log) == 0 || strings.Contains(string(log), token) || strings.Contains(string(log), `"pw"`) {
		t.Errorf("log (%v): %s", err, log)
	}
}

// A gate that cannot start says in a sentence what is missing, and leaves
// nothing behind.
func TestStartsThatCannotBe(t *testing.T) {
	enrolled := t.TempDir()
	lanetest.Enrol(t, enrolled)
	for name, c := range map[string]struct {
		cfg  gate.Config
		code parking.Code
		says string
	}{
		"not enrolled":     {gate.Config{DataDir: t.TempDir()}, parking.NotFound, "enrol"},
		"no cloud for it":  {gate.Config{DataDir: t.TempDir(), Code: "X", CloudURL: "http://127.0.0.1:1"}, parking.Unavailable, "."},
		"no site yet":      {gate.Config{DataDir: enrolled, FirstWait: 50 * time.Millisecond}, parking.Unavailable, "first start"},
		"camera":           {gate.Config{DataDir: known(t), Cameras: map[string]string{"1": "tape:"}}, parking.Invalid, "tape"},
		"barrier":          {gate.Config{DataDir: known(t), Barriers: map[string]string{"1": "rope"}}, parking.Invalid, "barrier"},
		"open to everyone": {gate.Config{DataDir: known(t), Listen: "0.0.0.0:0"}, parking.Invalid, "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gate.Open(t.Context(), c.cfg)
			if parking.ErrorCode(err) != c.code || !strings.Contains(parking.ErrorMessage(err), c.says) {
				t.Errorf("%v (%s)", err, parking.ErrorCode(err))
			}
		})
	}
}

// wait waits until ok, which is asked again and again.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond) // between two looks, not for something to happen
	}
}
