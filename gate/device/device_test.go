package device_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// Every barrier keeps the same rules; a new driver joins this table.
func TestBarriersConform(t *testing.T) {
	t.Parallel()
	var openings, status atomic.Int64
	status.Store(http.StatusNoContent)
	var cause atomic.Value
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/open" {
			openings.Add(1)
			cause.Store(r.Header.Get("Gate-Cause"))
		}
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(relay.Close)

	simulator := device.NewSimulator()
	relayBarrier, err := device.OpenBarrier(relay.URL + "/open")
	if err != nil {
		t.Fatal(err)
	}
	controller, address := startPLC(t)
	button, err := device.OpenBarrier("modbus://" + address + "/coil/0?pulse=1ms")
	if err != nil {
		t.Fatal(err)
	}
	pressed := 0
	for _, c := range []struct {
		name    string
		barrier device.Barrier
		count   func() int
		fail    func() // nil: it cannot
	}{
		{"none", device.None{}, nil, nil},
		{
			"simulator", simulator,
			func() int { _, n := simulator.Openings(); return n },
			func() { simulator.Break("unplugged") },
		},
		{
			"relay", relayBarrier,
			func() int { return int(openings.Load()) },
			func() { status.Store(http.StatusFound) },
		},
		{
			"modbus", button,
			func() int { controller.set(func(p *plc) { pressed = p.pressed[0] }); return pressed },
			func() { controller.set(func(p *plc) { p.broken = true }) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.barrier.Open(t.Context(), device.CauseStay); err != nil {
				t.Fatalf("a working barrier refused: %v", err)
			}
			if c.count != nil && c.count() != 1 {
				t.Fatalf("opened %d times, want once", c.count())
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.barrier.Open(ended, device.CauseStay); parking.ErrorCode(err) != parking.Unavailable {
				t.Errorf("with an ended context: %v, want unavailable", err)
			}
			if c.count != nil && c.count() != 1 {
				t.Errorf("an ended context opened the barrier")
			}
			if c.fail == nil {
				return
			}
			c.fail()
			if err := c.barrier.Open(t.Context(), device.CauseAgain); parking.ErrorCode(err) != parking.Unavailable {
				t.Errorf("broken barrier: %v, want unavailable", err)
			}
		})
	}
	if cause.Load() != string(device.CauseAgain) {
		t.Errorf("the relay heard the cause %v", cause.Load())
	}
}

func TestOpenBarrierRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"", "sim", "ftp://x/y", "http://", "tcp:502"} {
		if _, err := device.OpenBarrier(spec); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("OpenBarrier(%q): %v, want invalid", spec, err)
		}
	}
}
