package privatetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"gatehouse/internal/private"
)

var migrations atomic.Int32

func migrateOneTable(ctx context.Context, url string) error {
	migrations.Add(1)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE seen (who text PRIMARY KEY)")
	return errors.Join(err, conn.Close(ctx))
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	urls := make([]string, 6)
	for i := range urls {
		group.Go(func() {
			urls[i] = Database(t, migrateOneTable)
			conn, err := pgx.Connect(t.Context(), urls[i])
			if err != nil {
				t.Error(err)
				return
			}
			// Left open on purpose: the database must go all the same.
			if _, err := conn.Exec(t.Context(), "INSERT INTO seen VALUES ('one')"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for _, url := range urls {
		seen[url] = true
	}
	if len(seen) != len(urls) {
		t.Errorf("%d databases for %d tests", len(seen), len(urls))
	}
	if n := migrations.Load(); n > 1 {
		t.Errorf("migrated %d times, want once at most", n)
	}
}

func TestTheDatabaseEndsWithItsTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) { url = Database(t, migrateOneTable) })
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_ = conn.Close(t.Context())
		t.Error("the database outlived its test")
	}
}

func TestAFailedMigrationLeavesNoTemplate(t *testing.T) {
	t.Parallel()
	server, err := sharedPostgres()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken on purpose")
	fail := func(context.Context, string) error { return broken }
	for range 2 { // the second try must migrate again, not find half a template
		if _, err := newDatabase(t.Context(), server, fail); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

func TestEachTestHasItsOwnNumber(t *testing.T) {
	t.Parallel()
	one, two := Redis(t), Redis(t)
	if one == two {
		t.Fatalf("both tests have %s", one)
	}
	set := func(url string) int64 {
		opts, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(opts)
		defer func() { _ = c.Close() }()
		n, err := c.Incr(t.Context(), "count").Result()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if a, b := set(one), set(two); a != 1 || b != 1 {
		t.Errorf("counts %d and %d: the databases are not apart or were not empty", a, b)
	}
}

func TestOwnServersAreNotTheSharedOnes(t *testing.T) {
	t.Parallel()
	if url := OwnRedis(t).URL(); strings.Split(url, "?")[0] == strings.Split(Redis(t), "?")[0] {
		t.Error("OwnRedis gave the shared server")
	}
	p := OwnPostgres(t, private.Options{})
	if err := execOn(t.Context(), p.URL(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestAddressesOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ server, name, want string }{
		{"postgres://u@/gatehouse?host=%2Ftmp%2Fx", "t1", "postgres://u@/t1?host=%2Ftmp%2Fx"},
		{"postgres://u:p@127.0.0.1:5433/postgres", "t1", "postgres://u:p@127.0.0.1:5433/t1"},
	} {
		if got, err := withDatabase(c.server, c.name); err != nil || got != c.want {
			t.Errorf("%s with %s: %s, %v", c.server, c.name, got, err)
		}
	}
	if _, err := withDatabase("host=/tmp dbname=x", "t1"); err == nil {
		t.Error("a key=value address was taken for a URL")
	}
	for server, want := range map[string]string{
		"unix:///tmp/x/redis.sock?db=0": "unix:///tmp/x/redis.sock?db=3",
		"redis://127.0.0.1:6380":        "redis://127.0.0.1:6380/3",
		"redis://:pw@127.0.0.1:6380/0":  "redis://:pw@127.0.0.1:6380/3",
	} {
		if got, err := numbered(server, 3); err != nil || got != want {
			t.Errorf("%s: %s, %v", server, got, err)
		}
	}
}
