package slots

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// unclaimScript and prolongScript act only for the holder.
var (
	unclaimScript = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)
	prolongScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder == false or holder == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1
end
return 0`)
)

// there says whether Redis is worth asking.
func (s *Service) there() bool {
	return s.cfg.Redis != nil && int64(time.Since(s.began)) >= s.away.Load()
}

// heard notes whether Redis has answered.
func (s *Service) heard(err error) {
	if err != nil && !errors.Is(err, redis.Nil) && !errors.Is(err, context.Canceled) {
		s.away.Store(int64(time.Since(s.began) + redisPause))
	}
}

// claim sets the key of a slot. It returns false without an error while Redis
// is away, and the Conflict of whoever holds the key.
func (s *Service) claim(ctx context.Context, a Asker, slot, token string) (bool, error) {
	if !s.there() {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	ok, err := s.cfg.Redis.SetNX(ctx, key(a, slot), value(a, token), s.cfg.TTL).Result()
	s.heard(err)
	if err != nil || ok {
		return ok, nil //nolint:nilerr // without Redis, Postgres decides alone
	}
	holder, err := s.cfg.Redis.Get(ctx, key(a, slot)).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil // it ran out in between
	}
	if err != nil {
		return false, nil //nolint:nilerr // as above
	}
	left, err := s.cfg.Redis.PTTL(ctx, key(a, slot)).Result()
	if err != nil || left < 0 {
		left = time.Millisecond
	}
	gate, _, _ := strings.Cut(holder, "|")
	return false, heldBy(slot, gate, left.Milliseconds())
}

// unclaim and prolong may fail: the key then runs out by itself, and what
// holds is in Postgres.
func (s *Service) unclaim(ctx context.Context, a Asker, slot, token string) {
	if !s.there() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisPatience)
	defer cancel()
	s.heard(unclaimScript.Run(ctx, s.cfg.Redis, []string{key(a, slot)}, value(a, token)).Err())
}

func (s *Service) prolong(ctx context.Context, a Asker, slot, token string) {
	if !s.there() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	s.heard(prolongScript.Run(ctx, s.cfg.Redis, []string{key(a, slot)}, value(a, token), s.cfg.TTL.Milliseconds()).Err())
}
