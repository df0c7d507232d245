package device

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"gatehouse/parking"
)

// decoder makes tokens of the bytes that a device sends.
type decoder interface {
	feed(b []byte, now time.Time, on Events)
}

// stream is a reader that sends bytes: it is opened, read until it ends or
// fails, and opened again.
type stream struct {
	open    func(ctx context.Context) (io.ReadCloser, error)
	away    string // a sentence: it cannot be opened, or has gone
	decoder func() decoder
	pause   func(failures int) time.Duration
}

// Pauses between tries to open a device again: short at first, because a
// cable that was moved is back at once, and never the same at two lanes.
const (
	firstPause = 250 * time.Millisecond
	mostPause  = 15 * time.Second
)

func retryPause(failures int) time.Duration {
	most := min(mostPause, firstPause<<min(failures, 10))
	return most/2 + rand.N(most/2)
}

// Read opens the device and reads it, again and again, until ctx ends.
func (s *stream) Read(ctx context.Context, on Events) {
	for failures := 0; ctx.Err() == nil; failures++ {
		device, err := s.open(ctx)
		if err == nil {
			on.Health(nil)
			if s.follow(ctx, device, on) {
				failures = 0 // it did work
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil || parking.ErrorCode(err) != parking.Unavailable {
			err = parking.Errorf(parking.Unavailable, "%s", s.away)
		}
		on.Health(err)
		timer := time.NewTimer(s.pause(failures))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// follow reads device until it ends, fails, or ctx ends; it says whether
// anything came.
func (s *stream) follow(ctx context.Context, device io.ReadCloser, on Events) (some bool) {
	// Closing makes a read that waits return.
	closed := context.AfterFunc(ctx, func() { _ = device.Close() })
	defer func() {
		if closed() {
			_ = device.Close() // nothing was written
		}
	}()
	decoder, buf := s.decoder(), make([]byte, 4096)
	for {
		n, err := device.Read(buf)
		if n > 0 {
			some = true
			decoder.feed(buf[:n], time.Now(), on)
		}
		if err != nil || ctx.Err() != nil {
			return some
		}
	}
}

// Control characters that readers send around a number.
const (
	startOfText = 0x02
	endOfText   = 0x03
)

// lineGap is how long a line may rest before it ends: what lay there longer was
// a disturbance, and is no part of the number that comes.
const lineGap = 2 * time.Second

// lines takes a token from each line. A line ends with a carriage return, a
// line feed or ETX; STX begins it anew. One that is too long or holds anything
// that cannot be printed is dropped whole: half a number is another's number.
type lines struct {
	line []byte
	bad  bool      // until the line ends
	last time.Time // when the last of it came
}

func newLines() decoder { return &lines{} }

func (l *lines) feed(b []byte, now time.Time, on Events) {
	if (len(l.line) > 0 || l.bad) && now.Sub(l.last) > lineGap {
		l.end(on, true)
	}
	l.last = now
	for _, c := range b {
		switch {
		case c == '\r' || c == '\n' || c == endOfText:
			l.end(on, l.bad)
		case c == startOfText:
			if len(l.line) > 0 || l.bad {
				l.end(on, true)
			}
		case l.bad:
		case c < ' ' || c > '~' || len(l.line) == MaxTap:
			l.line, l.bad = l.line[:0], true
		default:
			l.line = append(l.line, c)
		}
	}
}

// end ends a line; bad says that it is none.
func (l *lines) end(on Events, bad bool) {
	token := trim(l.line)
	l.line, l.bad = l.line[:0], false
	switch {
	case bad:
		on.garbage()
	case token != "":
		on.Tap(token)
	}
}

func trim(b []byte) string {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(b)
}

// dialTimeout bounds how long a device on the network may take to be reached.
const dialTimeout = 3 * time.Second

func newTCPReader(address string) *stream {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAliveConfig: net.KeepAliveConfig{
		// A reader that was unplugged says nothing: it is found out within half a minute.
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	return &stream{
		open:    func(ctx context.Context) (io.ReadCloser, error) { return dialer.DialContext(ctx, "tcp", address) },
		away:    "The card reader at " + address + " does not answer. Look at its cable and its power.",
		decoder: newLines, pause: retryPause,
	}
}
