package uplink

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff waits between tries: a random time up to a bound that doubles (full
// jitter), so that gates that lost the cloud together do not come back
// together.
type backoff struct {
	base, limit time.Duration
	tries       int
}

// next is how long to wait before the next try.
func (b *backoff) next() time.Duration {
	bound := b.limit
	if b.tries < 20 {
		bound = min(b.limit, b.base<<b.tries)
	}
	b.tries++
	return rand.N(bound) + 1 //nolint:gosec // no secret
}

func (b *backoff) reset() { b.tries = 0 }

// pause waits for d; false when ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	return pauseOr(ctx, d, nil)
}

// pauseOr is pause, ended early by early.
func pauseOr(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-early:
	}
	return true
}
