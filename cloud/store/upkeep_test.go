package store_test

import (
	"sync"
	"testing"
	"time"

	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

func one[T any](t *testing.T, s *store.Store, query string, args ...any) T {
	t.Helper()
	var v T
	if err := s.Pool.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func do(t *testing.T, s *store.Store, query string, args ...any) {
	t.Helper()
	if _, err := s.Pool.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// appendAt commits an entry with a time.
func appendAt(t *testing.T, s *cloudtest.Site, at time.Time) {
	t.Helper()
	err := s.Store.SiteTx(t.Context(), s.ID, func(tx *store.SiteTx) error {
		_, err := tx.Append(t.Context(), wire.Delta{}, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The years after those of the first migration get their partitions, rows that
// came before them move over, and several replicas at once do it once.
func TestUpkeepMakesPartitions(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	now := time.Date(2029, 3, 15, 12, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{now.AddDate(0, -2, 0), now, now.AddDate(0, 5, 0), time.Date(8000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		do(t, s.Store, `INSERT INTO facts (tenant_id, site_id, at, id, gate, epoch, seq, kind, actor, encoded)
			VALUES ($1, $2, $3, gen_random_uuid(), 'N', 'e', 1, 'alive', '', '')`, s.Tenant, s.ID, at)
	}
	appendAt(t, s, now)
	if n := one[int](t, s.Store, "SELECT count(*) FROM facts_other"); n != 4 {
		t.Fatalf("%d facts lie in the default partition", n)
	}
	var all sync.WaitGroup
	for range 3 {
		replica, err := store.Open(t.Context(), s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer replica.Close()
		all.Go(func() {
			if err := replica.Upkeep(t.Context(), now); err != nil {
				t.Errorf("upkeep: %v", err)
			}
		})
	}
	all.Wait()
	if err := s.Store.Upkeep(t.Context(), now); err != nil { // whatever the others passed over
		t.Fatal(err)
	}
	for table, want := range map[string]int{
		"facts": 4, "facts_other": 1, "facts_2029_01": 1, "facts_2029_03": 1, "facts_2029_08": 1, "facts_2029_06": 0, "feed": 1, "feed_other": 0, "feed_2029_03": 1, "feed_2029_06": 0,
	} {
		if n := one[int](t, s.Store, "SELECT count(*) FROM "+table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
	// A partition that was made later is like the first ones.
	first := "facts_" + time.Now().UTC().Format("2006_01")
	if n := one[int](t, s.Store, `SELECT count(DISTINCT (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) * 100 +
		(SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid)) FROM pg_class c WHERE c.relname IN ($1, 'facts_2029_03')`, first); n != 1 {
		t.Error("its indexes or triggers differ")
	}
	do(t, s.Store, `INSERT INTO facts (tenant_id, site_id, at, id, gate, epoch, seq, kind, actor, encoded)
		VALUES ($1, $2, $3, gen_random_uuid(), 'N', 'e', 1, 'alive', '', '')`, s.Tenant, s.ID, now.AddDate(0, 3, 0))
	if n := one[int](t, s.Store, "SELECT count(*) FROM facts_2029_06"); n != 1 {
		t.Error("the new partition takes no rows")
	}
	before := one[int](t, s.Store, "SELECT count(*) FROM pg_inherits")
	if err := s.Store.Upkeep(t.Context(), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if after := one[int](t, s.Store, "SELECT count(*) FROM pg_inherits"); after != before {
		t.Errorf("doing it again made %d partitions of %d", after, before)
	}
}

// Old entries of the feed go, and trimmed says so; what is young stays, also
// behind an entry that a wrong clock made old; emptied months go with them.
func TestUpkeepTrimsTheFeed(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	now := time.Date(2026, 12, 20, 12, 0, 0, 0, time.UTC)
	for _, age := range []time.Duration{60 * 24 * time.Hour, 20 * 24 * time.Hour, 8 * 24 * time.Hour, 6 * 24 * time.Hour, 9 * 24 * time.Hour, time.Hour} {
		appendAt(t, s, now.Add(-age))
	}
	trimmed := func() int64 { return one[int64](t, s.Store, "SELECT trimmed FROM site_feeds WHERE site_id = $1", s.ID) }
	kept := func() []int64 {
		return one[[]int64](t, s.Store, "SELECT coalesce(array_agg(feed_seq ORDER BY feed_seq), '{}') FROM feed")
	}
	if err := s.Store.Upkeep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if n, rows := trimmed(), kept(); n != 3 || len(rows) != 3 || rows[0] != 4 {
		t.Fatalf("trimmed up to %d, kept %v", n, rows)
	}
	if one[bool](t, s.Store, "SELECT to_regclass('feed_2026_10') IS NOT NULL") || !one[bool](t, s.Store, "SELECT to_regclass('feed_2026_12') IS NOT NULL") {
		t.Error("the emptied month is still there, or this one is not")
	}
	if err := s.Store.Upkeep(t.Context(), now.AddDate(0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	if n, rows := trimmed(), kept(); n != 6 || len(rows) != 0 {
		t.Fatalf("a month later: trimmed up to %d, kept %v", n, rows)
	}
	if err := s.Store.DropMonth(t.Context(), "feed_2026_10"); err != nil {
		t.Errorf("a month that another replica has dropped meanwhile: %v", err)
	}
	appendAt(t, s, now.AddDate(0, 1, 0))
	if rows := kept(); len(rows) != 1 || rows[0] != 7 {
		t.Fatalf("the feed does not go on: %v", rows)
	}
}
