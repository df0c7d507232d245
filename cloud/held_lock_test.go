package cloud_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

// A transaction that hangs with the site's lock makes facts wait for a bounded
// time only: the gate is told to come again, and the same batch counts once.
func TestAHeldLockIsNoEndlessWait(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	quick := *s
	quick.URL += map[bool]string{true: "&", false: "?"}[strings.Contains(s.URL, "?")] + "lock_timeout=300"
	r := start(t, &quick, "", c, 0)
	n := s.Enrol(t, "N")
	token := r.token(t, n)
	n.In(t, c.now(), "30A12345", "N07")
	raw := cloudtest.Raw(t, n.Batch(t, n.Facts))

	tx, err := s.Store.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM site_feeds WHERE site_id = $1 FOR UPDATE", s.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		a := r.send(t, "POST", "/api/v1/facts", token, "application/json", raw)
		if a.status != http.StatusServiceUnavailable || a.problem.Detail != "The database is busy with another change. Try again in a moment." {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []wire.Outcome{wire.Applied, wire.Duplicate} {
		a := into[wire.BatchAnswer](t, r.send(t, "POST", "/api/v1/facts", token, "application/json", raw))
		if a.Seq != 1 || a.FeedSeq != 1 || a.Outcomes[0] != want {
			t.Errorf("%+v", a)
		}
	}
}
