package device

import (
	"context"
	"net/url"
	"strings"
	"time"

	"gatehouse/parking"
)

// Signal is what a sensor tells: whether it is active (a vehicle on the loop,
// the barrier open), or that it cannot be read, in a sentence.
type Signal struct {
	Active bool
	Err    error
}

// Sensor is an input of a lane: a loop, or the contact of a barrier. Watch
// tells the level at once, then each change, until ctx ends. A sensor that
// cannot be read tells that once, and its level when it can be read again.
// Signals come one at a time and are not lost when they follow each other
// closely, as far as the device can tell them apart.
type Sensor interface {
	Watch(ctx context.Context, tell func(Signal))
}

// OpenSensor makes the sensor that spec names:
//
//	sim:                                  a simulator that tests move
//	api:                                  told by another program over the local API
//	http://10.0.0.9/input/1               asked ten times a second (see HTTPSensor)
//	modbus://10.0.0.9:502/input/3?unit=1  an input or coil of a Modbus TCP device
//
// The error is an Error with code Invalid for a spec that is not understood.
func OpenSensor(spec string) (Sensor, error) {
	switch {
	case spec == "sim:":
		return NewSensorSimulator(), nil
	case spec == "api:":
		return api{}, nil
	case strings.HasPrefix(spec, "http://"), strings.HasPrefix(spec, "https://"):
		u, err := url.Parse(spec)
		if err != nil || u.Host == "" {
			return nil, parking.Errorf(parking.Invalid, "The address of the sensor %q is not understood.", redact(spec))
		}
		return NewHTTPSensor(u), nil
	case strings.HasPrefix(spec, "modbus://"):
		point, err := modbusPoint(spec, "input", "coil")
		if err != nil {
			return nil, err
		}
		return &modbusSensor{point}, nil
	}
	return nil, parking.Errorf(parking.Invalid,
		"The sensor %q is not understood; write sim:, api:, motion: or an http or modbus address.", redact(spec))
}

// api is a sensor that never tells anything by itself.
type api struct{}

// Watch waits for the end.
func (api) Watch(ctx context.Context, _ func(Signal)) { <-ctx.Done() }

// pollEvery is how often an input is asked: a motorbike is over a loop for
// some tenths of a second.
const (
	pollEvery = 100 * time.Millisecond
	pollRetry = time.Second // after the device could not be asked
)

// Poll makes a sensor of something that can be asked for its level. The
// answers of ask come from one goroutine.
func Poll(ctx context.Context, every time.Duration, ask func(ctx context.Context) (bool, error), tell func(Signal)) {
	told, failing, last := false, false, false
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		active, err := ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			failing = true
			tell(Signal{Err: err})
		case err == nil && (failing || !told || active != last):
			told, failing, last = true, false, active
			tell(Signal{Active: active})
		}
		if err != nil {
			timer.Reset(pollRetry)
		} else {
			timer.Reset(every)
		}
	}
}
