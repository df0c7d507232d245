package device

import (
	"context"
	"io"
	"log"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/simonvetter/modbus"

	"gatehouse/parking"
)

const (
	modbusTimeout = time.Second // for connecting, and for each answer
	defaultPulse  = 300 * time.Millisecond
	longestPulse  = 2 * time.Second
)

// point is one coil or input of a Modbus TCP device.
type point struct {
	address string // host:port
	unit    uint8
	number  uint16
	coil    bool // else a discrete input
	invert  bool // active while 0: a contact that is closed at rest
	pulse   time.Duration
}

// modbusPoint reads a spec like modbus://10.0.0.9:502/coil/0?unit=1. what lists
// the kinds of points that may be named.
func modbusPoint(spec string, what ...string) (point, error) {
	wrong := parking.Errorf(parking.Invalid,
		"The Modbus address %q is not understood; write modbus://host:502/%s/NUMBER?unit=1.", redact(spec), strings.Join(what, " or "))
	u, err := url.Parse(spec)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return point{}, wrong
	}
	p := point{address: u.Host, unit: 1, pulse: defaultPulse}
	if u.Port() == "" {
		p.address = u.Hostname() + ":502"
	}
	kind, number, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	n, err := strconv.ParseUint(number, 10, 16)
	known := false
	for _, w := range what {
		known = known || kind == w
	}
	if !ok || err != nil || !known {
		return point{}, wrong
	}
	p.number, p.coil = uint16(n), kind == "coil"
	for name, values := range u.Query() {
		switch {
		case name == "unit":
			n, err := strconv.ParseUint(values[0], 10, 8)
			if err != nil {
				return point{}, wrong
			}
			p.unit = uint8(n)
		case name == "invert" && (values[0] == "1" || values[0] == "0"):
			p.invert = values[0] == "1"
		case name == "pulse":
			if p.pulse, err = time.ParseDuration(values[0]); err != nil || p.pulse <= 0 || p.pulse > longestPulse {
				return point{}, wrong
			}
		default:
			return point{}, wrong
		}
	}
	return p, nil
}

// connect opens a connection to the point's device.
func (p point) connect() (*modbus.ModbusClient, error) {
	client, err := modbus.NewClient(&modbus.ClientConfiguration{
		URL: "tcp://" + p.address, Timeout: modbusTimeout, Logger: log.New(io.Discard, "", 0),
	})
	if err == nil {
		err = client.SetUnitId(p.unit)
	}
	if err == nil {
		err = client.Open()
	}
	return client, err
}

func (p point) read(client *modbus.ModbusClient) (active bool, err error) {
	if p.coil {
		active, err = client.ReadCoil(p.number)
	} else {
		active, err = client.ReadDiscreteInput(p.number)
	}
	return active != p.invert, err
}

// modbusSensor is a discrete input or a coil of a Modbus TCP device.
type modbusSensor struct{ point }

// Watch asks again and again over one connection, made anew when it fails.
func (s *modbusSensor) Watch(ctx context.Context, tell func(Signal)) {
	var client *modbus.ModbusClient
	hangUp := func() {
		if client != nil {
			_ = client.Close() // only read
			client = nil
		}
	}
	defer hangUp()
	Poll(ctx, pollEvery, func(context.Context) (bool, error) {
		var err error
		if client == nil {
			client, err = s.connect()
			if err != nil {
				client = nil
				return false, parking.Errorf(parking.Unavailable, "The Modbus device of a sensor cannot be reached.")
			}
		}
		active, err := s.read(client)
		if err != nil {
			hangUp()
			return false, parking.Errorf(parking.Unavailable, "The Modbus device of a sensor does not answer.")
		}
		return active, nil
	}, tell)
}

// modbusBarrier is a barrier behind a coil of a Modbus TCP relay: the coil is
// on for a moment, as a finger is on a button. That it goes off again closes
// nothing.
type modbusBarrier struct {
	point
	mu sync.Mutex // one finger at a time
}

// Open presses the button.
func (b *modbusBarrier) Open(ctx context.Context, _ Cause) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ended(ctx); err != nil {
		return err
	}
	client, err := b.connect()
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The barrier's relay cannot be reached.")
	}
	defer func() { _ = client.Close() }() // what it had to say was said
	if on, err := client.ReadCoil(b.number); err == nil && on {
		// A press that was never let go, by a program that ended: let go first,
		// or pressing changes nothing.
		_ = client.WriteCoil(b.number, false)
		b.hold(ctx)
	}
	if err := ended(ctx); err != nil {
		return err
	}
	if err := client.WriteCoil(b.number, true); err != nil {
		return parking.Errorf(parking.Unavailable, "The barrier's relay did not answer. Look at the barrier before you open again.")
	}
	b.hold(ctx)
	_ = client.WriteCoil(b.number, false) // else the next opening does
	return nil
}

func (b *modbusBarrier) hold(ctx context.Context) {
	timer := time.NewTimer(b.pulse)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
