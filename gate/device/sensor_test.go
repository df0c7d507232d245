package device_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// plc is a Modbus TCP device with sixteen coils and inputs.
type plc struct {
	mu      sync.Mutex
	coils   [16]bool
	inputs  [16]bool
	pressed [16]int // how often a coil went on
	broken  bool
}

func (p *plc) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken || r.UnitId != 1 || int(r.Addr)+int(r.Quantity) > len(p.coils) {
		return nil, modbus.ErrIllegalDataAddress
	}
	if r.IsWrite {
		for i, on := range r.Args {
			at := int(r.Addr) + i
			if on && !p.coils[at] {
				p.pressed[at]++
			}
			p.coils[at] = on
		}
	}
	return p.coils[r.Addr : r.Addr+r.Quantity], nil
}

func (p *plc) HandleDiscreteInputs(r *modbus.DiscreteInputsRequest) ([]bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken || int(r.Addr)+int(r.Quantity) > len(p.inputs) {
		return nil, modbus.ErrIllegalDataAddress
	}
	return p.inputs[r.Addr : r.Addr+r.Quantity], nil
}

func (*plc) HandleHoldingRegisters(*modbus.HoldingRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

func (*plc) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

func (p *plc) set(change func(p *plc)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// startPLC serves a device on a port of its own and returns its address.
func startPLC(t *testing.T) (device *plc, address string) {
	t.Helper()
	p := &plc{}
	for range 20 { // another program may take the port that was free
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + address}, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			continue
		}
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
		return p, address
	}
	t.Fatal("no port for a Modbus device")
	return nil, ""
}

// Every sensor keeps the same rules; a new driver joins this table.
func TestSensorsConform(t *testing.T) {
	t.Parallel()
	simulator := device.NewSensorSimulator()
	var level, status atomic.Int64
	status.Store(http.StatusOK)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = w.Write([]byte{'0' + byte(level.Load()), '\n'})
	}))
	t.Cleanup(web.Close)
	controller, address := startPLC(t)
	open := func(spec string) device.Sensor {
		s, err := device.OpenSensor(spec)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	number := map[bool]int64{true: 1}
	for _, c := range []struct {
		name   string
		sensor device.Sensor
		set    func(active bool)
		broken func(bool)
	}{
		{"simulator", simulator, simulator.Set, func(is bool) {
			if is {
				simulator.Break("unplugged")
			}
		}},
		{
			"http", open(web.URL + "/input/1"), func(active bool) { level.Store(number[active]) },
			func(is bool) { status.Store(map[bool]int64{true: http.StatusFound, false: http.StatusOK}[is]) },
		},
		{
			"modbus input", open("modbus://" + address + "/input/3"),
			func(active bool) { controller.set(func(p *plc) { p.inputs[3] = active }) },
			func(is bool) { controller.set(func(p *plc) { p.broken = is }) },
		},
		{
			"modbus coil, closed at rest", open("modbus://" + address + "/coil/5?unit=1&invert=1"),
			func(active bool) { controller.set(func(p *plc) { p.coils[5] = !active }) },
			func(is bool) { controller.set(func(p *plc) { p.broken = is }) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.set(false)
			ctx, cancel := context.WithCancel(t.Context())
			signals, ended := make(chan device.Signal, 16), make(chan struct{})
			go func() {
				defer close(ended)
				c.sensor.Watch(ctx, func(s device.Signal) { signals <- s })
			}()
			want := func(what string, active, broken bool) {
				t.Helper()
				select {
				case s := <-signals:
					if s.Active != active && !broken || (s.Err != nil) != broken {
						t.Fatalf("%s: %+v", what, s)
					}
					if broken && parking.ErrorCode(s.Err) != parking.Unavailable {
						t.Fatalf("%s: %v, want unavailable", what, s.Err)
					}
				case <-time.After(10 * time.Second):
					t.Fatalf("%s is not told", what)
				}
			}
			want("the level at first", false, false)
			c.set(true)
			want("a vehicle", true, false)
			c.set(false)
			want("none any more", false, false)
			c.broken(true)
			want("a fault", false, true)
			c.set(true)
			c.broken(false)
			want("the level after it", true, false)
			cancel()
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Fatal("it watches after its end")
			}
			if len(signals) != 0 {
				t.Errorf("told more than there was: %+v", <-signals)
			}
			c.set(false)
		})
	}
}

// The relay's coil is pressed like a button: on, and off again. One that was
// never let go is let go first.
func TestModbusBarrierPressesAButton(t *testing.T) {
	t.Parallel()
	p, address := startPLC(t)
	b, err := device.OpenBarrier("modbus://" + address + "/coil/2?pulse=1ms")
	if err != nil {
		t.Fatal(err)
	}
	p.set(func(p *plc) { p.coils[2] = true })
	for i := range 2 {
		if err := b.Open(t.Context(), device.CauseStay); err != nil {
			t.Fatal(err)
		}
		p.set(func(p *plc) {
			if p.pressed[2] != i+1 || p.coils[2] {
				t.Errorf("pressed %d times, on %v", p.pressed[2], p.coils[2])
			}
		})
	}
}

func TestOpenSensorRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"", "sim", "http://", "modbus://h", "modbus://h/relay/1", "modbus://h/input/x", "modbus://h/input/99999",
		"modbus://h/input/1?unit=300", "modbus://h/input/1?unti=3", "modbus://u:p@h/input/1", "modbus:///input/1",
	} {
		if _, err := device.OpenSensor(spec); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("OpenSensor(%q): %v, want invalid", spec, err)
		}
	}
	if _, err := device.OpenBarrier("modbus://h/input/1"); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("a barrier behind an input: %v", err)
	}
}
