package auth

import (
	"context"
	"sync"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/redis/go-redis/v9"
)

// Failures are remembered so long after the last one.
const failuresLive = 15 * time.Minute

// longestWait bounds how long one has to wait after a failure.
const longestWait = time.Minute

// redisPatience bounds how long a sign-in waits for Redis before the replica
// counts for itself.
const redisPatience = 300 * time.Millisecond

// attempt is what a failure is counted by.
type attempt struct {
	key  string
	free int // failures without a wait
}

// limiter slows down whoever fails: after the free failures each further one
// doubles the wait, from one second to longestWait. The counts lie in Redis;
// while it is away, or without one, each replica counts for itself.
type limiter struct {
	redis redis.UniversalClient
	now   func() time.Time

	mu    sync.Mutex
	local map[string]*failures
}

type failures struct {
	n     int
	until time.Time // wait until
	last  time.Time
}

// maxLocal bounds how many keys a replica remembers for itself.
const maxLocal = 10_000

func newLimiter(client redis.UniversalClient, now func() time.Time) *limiter {
	return &limiter{redis: client, now: now, local: map[string]*failures{}}
}

func clientIP(ctx context.Context) string { return middleware.GetClientIP(ctx) }

// waitAfter is the wait that the n-th failure brings.
func waitAfter(n, free int) time.Duration {
	if n < free {
		return 0
	}
	return min(time.Second<<min(n-free, 6), longestWait)
}

// wait tells how long the caller has to wait, 0 to go on.
func (l *limiter) wait(ctx context.Context, keys []attempt) time.Duration {
	longest := l.localWait(keys)
	if l.redis == nil {
		return longest
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	for _, k := range keys {
		left, err := l.redis.PTTL(ctx, waitKey(k.key)).Result()
		if err != nil {
			break // Redis is away: what this replica counted holds
		}
		longest = max(longest, left)
	}
	return longest
}

func waitKey(key string) string  { return "gatehouse:login:wait:" + key }
func countKey(key string) string { return "gatehouse:login:count:" + key }

func (l *limiter) failed(ctx context.Context, keys []attempt) {
	for _, k := range keys {
		if !l.failedInRedis(ctx, k) {
			l.failedLocally(k)
		}
	}
}

func (l *limiter) failedInRedis(ctx context.Context, k attempt) bool {
	if l.redis == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	pipe := l.redis.TxPipeline()
	n := pipe.Incr(ctx, countKey(k.key))
	pipe.Expire(ctx, countKey(k.key), failuresLive)
	if _, err := pipe.Exec(ctx); err != nil {
		return false
	}
	if wait := waitAfter(int(n.Val()), k.free); wait > 0 {
		return l.redis.Set(ctx, waitKey(k.key), "1", wait).Err() == nil
	}
	return true
}

func (l *limiter) succeeded(ctx context.Context, keys []attempt) {
	l.mu.Lock()
	for _, k := range keys {
		delete(l.local, k.key)
	}
	l.mu.Unlock()
	if l.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	for _, k := range keys {
		// A count that stays only makes the next failures slower.
		_ = l.redis.Del(ctx, countKey(k.key), waitKey(k.key)).Err()
	}
}

func (l *limiter) localWait(keys []attempt) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest time.Duration
	for _, k := range keys {
		if f := l.local[k.key]; f != nil {
			longest = max(longest, f.until.Sub(l.now()))
		}
	}
	return longest
}

func (l *limiter) failedLocally(k attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	f := l.recall(k.key, now)
	f.n++
	f.last = now
	f.until = now.Add(waitAfter(f.n, k.free))
}

// recall finds what is counted under key, or begins to count. The caller holds mu.
func (l *limiter) recall(key string, now time.Time) *failures {
	f := l.local[key]
	if f == nil || now.Sub(f.last) > failuresLive {
		f = new(failures)
		l.forgetOld(now)
		l.local[key] = f
	}
	return f
}

// forgetOld keeps the map bounded: first what has run out, then anything.
func (l *limiter) forgetOld(now time.Time) {
	if len(l.local) < maxLocal {
		return
	}
	for key, f := range l.local {
		if now.Sub(f.last) > failuresLive {
			delete(l.local, key)
		}
	}
	for key := range l.local {
		if len(l.local) < maxLocal {
			return
		}
		delete(l.local, key)
	}
}
