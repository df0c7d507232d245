package auth

import (
	"context"
	"time"
)

// take counts one use of what k stands for and returns 0 when it is granted,
// else how long to wait. It counts first: of many at once no more than the free
// ones are granted, and after them one each time that a wait is over, which
// grows as for failures. succeeded forgets the uses.
func (l *limiter) take(ctx context.Context, k attempt) time.Duration {
	if wait, ok := l.takeInRedis(ctx, k); ok {
		return wait
	}
	return l.takeLocally(k)
}

// takeInRedis is false while Redis is away.
func (l *limiter) takeInRedis(ctx context.Context, k attempt) (wait time.Duration, ok bool) {
	if l.redis == nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	pipe := l.redis.TxPipeline()
	n := pipe.Incr(ctx, countKey(k.key))
	pipe.Expire(ctx, countKey(k.key), failuresLive)
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, false
	}
	if int(n.Val()) <= k.free {
		return 0, true
	}
	granted, err := l.redis.SetNX(ctx, waitKey(k.key), "1", waitAfter(int(n.Val()), k.free)).Result()
	if err != nil || granted {
		return 0, err == nil
	}
	left, err := l.redis.PTTL(ctx, waitKey(k.key)).Result()
	return max(left, time.Millisecond), err == nil // it may have run out since
}

func (l *limiter) takeLocally(k attempt) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	f := l.recall(k.key, now)
	f.n++
	f.last = now
	if f.n <= k.free {
		return 0
	}
	if wait := f.until.Sub(now); wait > 0 {
		return wait
	}
	f.until = now.Add(waitAfter(f.n, k.free))
	return 0
}
