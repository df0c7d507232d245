package device

import (
	"context"
	"io"
	"time"
)

// RetryAtOnce makes a reader try again without a pause worth waiting for.
func RetryAtOnce(r Reader) {
	if s, ok := r.(*stream); ok {
		s.pause = func(int) time.Duration { return time.Millisecond }
	}
}

// NewKeyReaderFrom is a reader of keys whose device is opened by open, which
// stands for a grabbed one.
func NewKeyReaderFrom(open func(ctx context.Context) (io.ReadCloser, error)) Reader {
	s := newKeyReader("/dev/input/test")
	s.open = open
	return s
}

// DecodeLines decodes pieces that come pause after one another.
func DecodeLines(pause time.Duration, on Events, pieces ...[]byte) {
	l, now := newLines(), time.Unix(0, 0)
	for _, p := range pieces {
		l.feed(p, now, on)
		now = now.Add(pause)
	}
}

// DecodeKeys decodes the events of a keyboard.
func DecodeKeys(on Events, pieces ...[]byte) {
	k := &keys{}
	for _, p := range pieces {
		k.feed(p, time.Unix(0, 0), on)
	}
}
