// Package privatetest gives tests the real PostgreSQL and Redis: an own
// database a test, and an own numbered Redis database a test.
//
// Under `parksim services`, which is how `./task test` runs, all test programs
// share the two servers named by PARK_TEST_DATABASE_URL and
// PARK_TEST_REDIS_URL. Without these variables, as with a plain `go test`, a
// test program starts servers of its own at the first call; they die with it.
// There is no skip: a machine without the servers fails the tests that need
// them.
package privatetest

import (
	"context"
	"os"
	"sync"
	"testing"

	"gatehouse/internal/private"
)

var sharedPostgres = sync.OnceValues(func() (string, error) {
	if url := os.Getenv(private.TestDatabaseVariable); url != "" {
		return url, nil
	}
	p, err := private.StartPostgres(context.Background(), private.Options{})
	if err != nil {
		return "", err
	}
	return p.URL(), nil
})

var sharedRedis = sync.OnceValues(func() (string, error) {
	if url := os.Getenv(private.TestRedisVariable); url != "" {
		return url, nil
	}
	r, err := private.StartRedis(context.Background(), private.RedisOptions{Databases: private.SharedRedisDatabases})
	if err != nil {
		return "", err
	}
	return r.URL(), nil
})

// OwnRedis starts a Redis server for one test alone: for tests that take it
// away (Kill, Start) and for those that listen on Pub/Sub channels, which all
// numbered databases of a server share. It ends with the test.
func OwnRedis(t testing.TB) *private.Redis {
	t.Helper()
	r, err := private.StartRedis(t.Context(), private.RedisOptions{})
	if err != nil {
		t.Fatalf("start a Redis for this test: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Errorf("stop this test's Redis: %v", err)
		}
	})
	return r
}

// OwnPostgres starts a PostgreSQL server for one test alone: for tests that
// take it away, or that change what holds for the whole server. It ends with
// the test. Ordinary tests use Database, which is ten times as quick.
func OwnPostgres(t testing.TB, o private.Options) *private.Postgres {
	t.Helper()
	p, err := private.StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatalf("start a PostgreSQL for this test: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("stop this test's PostgreSQL: %v", err)
		}
	})
	return p
}
