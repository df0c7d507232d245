package privatetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/internal/private"
)

const (
	// claimPrefix and a number is the key in database 0 that holds a claim.
	claimPrefix = "gatehouse:test:claim:"
	// claimLife frees the number of a test whose program was killed. No test
	// runs as long.
	claimLife = time.Hour
)

// Redis claims an empty numbered database on the shared server for one test
// and returns its URL. It is emptied when the test ends. Pub/Sub channels are
// shared by all numbers: a test that needs them to itself takes OwnRedis.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := sharedRedis()
	if err != nil {
		t.Fatalf("no Redis for this test: %v", err)
	}
	number, err := claim(t.Context(), server)
	if err != nil {
		t.Fatalf("claim a Redis database for this test: %v", err)
	}
	t.Cleanup(func() {
		if err := release(context.Background(), server, number); err != nil {
			t.Errorf("give back this test's Redis database: %v", err)
		}
	})
	url, err := numbered(server, number)
	if err != nil {
		t.Fatalf("name this test's Redis database: %v", err)
	}
	return url
}

// claim takes the first number, from 1 up, that no living test holds.
func claim(ctx context.Context, server string) (int, error) {
	number := 0
	err := onDatabase(ctx, server, 0, func(c *redis.Client) error {
		limit, err := databaseCount(ctx, c)
		if err != nil {
			return err
		}
		for n := 1; n < limit; n++ {
			ok, err := c.SetNX(ctx, claimPrefix+strconv.Itoa(n), "taken", claimLife).Result()
			if err != nil {
				return err
			}
			if ok {
				number = n
				return nil
			}
		}
		return fmt.Errorf("all %d databases are taken", limit-1)
	})
	if err != nil {
		return 0, err
	}
	return number, onDatabase(ctx, server, number, func(c *redis.Client) error { return c.FlushDB(ctx).Err() })
}

func release(ctx context.Context, server string, number int) error {
	return errors.Join(
		onDatabase(ctx, server, number, func(c *redis.Client) error { return c.FlushDB(ctx).Err() }),
		onDatabase(ctx, server, 0, func(c *redis.Client) error {
			return c.Del(ctx, claimPrefix+strconv.Itoa(number)).Err()
		}))
}

func databaseCount(ctx context.Context, c *redis.Client) (int, error) {
	got, err := c.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(got["databases"])
}

func onDatabase(ctx context.Context, server string, number int, do func(*redis.Client) error) error {
	opts, err := redis.ParseURL(server)
	if err != nil {
		return fmt.Errorf("read %s: %w", private.TestRedisVariable, err)
	}
	opts.DB = number
	c := redis.NewClient(opts)
	return errors.Join(do(c), c.Close())
}

// numbered puts a database's number into a Redis URL: a unix:// address has
// it in the query, a redis:// address in the path.
func numbered(server string, number int) (string, error) {
	opts, err := redis.ParseURL(server)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", private.TestRedisVariable, err)
	}
	if opts.Network == "unix" {
		return "unix://" + opts.Addr + "?db=" + strconv.Itoa(number), nil
	}
	return withDatabase(server+"/", strconv.Itoa(number))
}
