package device

import (
	"context"
	"net/url"
	"strings"

	"gatehouse/parking"
)

// Cause says why a barrier is opened; it is the cause of the fact
// barrier_opened.
type Cause string

// Causes of an opening.
const (
	CauseStay   Cause = "stay"    // a vehicle came in or left
	CauseAgain  Cause = "again"   // the same vehicle once more: the first opening was not confirmed
	CauseByHand Cause = "by_hand" // a guard with a reason
)

// Barrier opens a lane. Open returns nil once the device has answered that it
// opens; its error is a parking Error with code Unavailable and a sentence
// for the guard. Open is safe for several goroutines and keeps to ctx.
type Barrier interface {
	Open(ctx context.Context, cause Cause) error
}

// OpenBarrier makes the barrier that spec names:
//
//	sim:                          a simulator that always opens
//	none:                         a lane without a barrier: every opening succeeds
//	http://10.0.0.9/open          a relay that opens at a POST (see Relay)
//	modbus://10.0.0.9:502/coil/0  a coil of a Modbus TCP relay (?unit=1&pulse=300ms)
//
// The error is an Error with code Invalid for a spec that is not understood.
func OpenBarrier(spec string) (Barrier, error) {
	switch {
	case spec == "sim:":
		return NewSimulator(), nil
	case spec == "none:":
		return None{}, nil
	case strings.HasPrefix(spec, "http://"), strings.HasPrefix(spec, "https://"):
		u, err := url.Parse(spec)
		if err != nil || u.Host == "" {
			return nil, parking.Errorf(parking.Invalid, "The address of the barrier %q is not understood.", redact(spec))
		}
		return NewRelay(u), nil
	case strings.HasPrefix(spec, "modbus://"):
		p, err := modbusPoint(spec, "coil")
		if err != nil {
			return nil, err
		}
		return &modbusBarrier{point: p}, nil
	}
	return nil, parking.Errorf(parking.Invalid,
		"The barrier %q is not understood; write sim:, none: or the http or modbus address of a relay.", redact(spec))
}

// redact cuts what may hold a password off a spec.
func redact(spec string) string {
	if u, err := url.Parse(spec); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "…"
}

// None is the barrier of a lane that has none.
type None struct{}

// Open does nothing; ctx that has ended is an error all the same, so that
// every barrier keeps the same rule.
func (None) Open(ctx context.Context, _ Cause) error { return ended(ctx) }

func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return parking.Errorf(parking.Unavailable, "The barrier was not asked to open: the gate is stopping.")
	}
	return nil
}
