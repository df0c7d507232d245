package device

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/parking"
)

// MaxTap bounds what a reader brings as one token: a ticket's text, and a
// little more.
const MaxTap = parking.MaxReceiptText + 8

// Events is who hears of a reader. Its functions are called one at a time,
// from the goroutine that runs Read.
type Events struct {
	// Tap is called for each token: 1 to MaxTap printable ASCII characters.
	Tap func(token string)
	// Health is called when the device comes (nil) or goes: then with an Error
	// with code Unavailable and a sentence for the guard.
	Health func(error)
	// Garbage is called for each thing that came and was no token; nil: nobody
	// wants to know.
	Garbage func()
}

func (e Events) garbage() {
	if e.Garbage != nil {
		e.Garbage()
	}
}

// Reader brings the numbers of cards and the texts of tickets that are
// presented at a lane. Read brings them until ctx ends; a device that goes
// away is told of and waited for, however long that takes.
type Reader interface {
	Read(ctx context.Context, on Events)
}

// OpenReader makes the reader that spec names; the device itself is opened,
// and opened again, by Read:
//
//	sim:                           a simulator
//	tcp:10.0.0.7:4001              a reader, or a serial server before it, that sends lines
//	serial:/dev/ttyUSB0?baud=9600  a reader at a serial line that sends lines (8N1)
//	evdev:/dev/input/by-id/…       a reader that is a keyboard; it is grabbed
//
// The error is an Error with code Invalid for a spec that is not understood.
func OpenReader(spec string) (Reader, error) {
	kind, rest, colon := strings.Cut(spec, ":")
	switch kind {
	case "sim":
		if colon && rest == "" {
			return NewReaderSimulator(), nil
		}
	case "tcp":
		if err := hostPort(rest); err != nil {
			return nil, err
		}
		return newTCPReader(rest), nil
	case "serial":
		path, baud, err := serialSpec(rest)
		if err != nil {
			return nil, err
		}
		return newSerialReader(path, baud), nil
	case "evdev":
		if strings.HasPrefix(rest, "/") && !strings.ContainsRune(rest, 0) {
			return newKeyReader(rest), nil
		}
	}
	return nil, parking.Errorf(parking.Invalid,
		"The reader %q is not understood; write sim:, tcp:HOST:PORT, serial:/dev/…?baud=9600 or evdev:/dev/input/….", redact(spec))
}

// hostPort checks the address of a device on the network.
func hostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || host == "" || n < 1 || n > 65535 {
		return parking.Errorf(parking.Invalid, "The address %q of a device is not understood; write HOST:PORT.", cut(s))
	}
	return nil
}

// serialSpec reads /dev/ttyUSB0?baud=9600.
func serialSpec(s string) (path string, baud int, err error) {
	path, query, _ := strings.Cut(s, "?")
	values, err := url.ParseQuery(query)
	baud = 9600
	if text := values.Get("baud"); err == nil && text != "" {
		baud, err = strconv.Atoi(text)
	}
	if _, known := speeds[baud]; err != nil || !known || !strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0) {
		return "", 0, parking.Errorf(parking.Invalid,
			"The serial line %q is not understood; write serial:/dev/ttyUSB0?baud=9600, with a usual speed from 1200 to 115200.", cut(s))
	}
	return path, baud, nil
}

func cut(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
