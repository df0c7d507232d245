package cloud_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

// race sends 32 reservations of one slot at once, over all replicas and gates.
func race(t *testing.T, replicas []*replica, tokens []string, slot string) (won []wire.Reservation, lost []answer) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			a := replicas[i%len(replicas)].json(t, "POST", "/api/v1/reservations", tokens[(i/2)%len(tokens)], wire.ReserveRequest{Slot: slot})
			mu.Lock()
			defer mu.Unlock()
			if a.status == http.StatusOK {
				won = append(won, into[wire.Reservation](t, a))
			} else {
				lost = append(lost, a)
			}
		})
	}
	wg.Wait()
	return won, lost
}

func TestOneHolder(t *testing.T) {
	t.Parallel()
	const ttl = 1500 * time.Millisecond
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	redis := privatetest.OwnRedis(t)
	replicas := []*replica{start(t, s, redis.URL(), c, ttl), start(t, s, redis.URL(), c, ttl)}
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	tokens := []string{replicas[0].token(t, n), replicas[1].token(t, n)}
	other := replicas[1].token(t, south)
	conn, _ := replicas[0].dial(t, tokens[0])
	greet(t, conn, n, 0, uuid.Nil)
	hear(t, conn, func(m *wire.Message) bool { return m.Heartbeat != nil })

	won, lost := race(t, replicas, tokens, "N03")
	if len(won) != 1 || won[0].LeftMS != ttl.Milliseconds() {
		t.Fatalf("%d holders", len(won))
	}
	for _, a := range lost {
		if a.status != http.StatusConflict || !strings.Contains(a.problem.Detail, "N03 is held by gate ") {
			t.Errorf("loser: %d %s", a.status, a.body)
		}
	}
	hear(t, conn, func(m *wire.Message) bool { return m.Hint != nil && m.Hint.Slot == "N03" && m.Hint.LeftMS > 0 })

	// It expires by itself, and the next grant has a higher number.
	deadline := time.Now().Add(15 * time.Second)
	var again answer
	for again.status != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatalf("the reservation does not expire: %d %s", again.status, again.body)
		}
		again = replicas[1].json(t, "POST", "/api/v1/reservations", tokens[0], wire.ReserveRequest{Slot: "N03"})
	}
	next := into[wire.Reservation](t, again)
	if next.Grant <= won[0].Grant {
		t.Errorf("grant %d after %d", next.Grant, won[0].Grant)
	}
	// The old plan is not renewed, the new one is, by its holder only.
	renew := func(token string, r wire.Reservation) int {
		return replicas[0].json(t, "POST", "/api/v1/reservations/renew", token, wire.ReserveRequest{Slot: r.Slot, Token: r.Token}).status
	}
	if got := renew(tokens[0], won[0]); got != http.StatusConflict {
		t.Errorf("an ended plan is renewed: %d", got)
	}
	if got := renew(other, next); got != http.StatusConflict {
		t.Errorf("another gate renews: %d", got)
	}
	if got := renew(tokens[0], next); got != http.StatusOK {
		t.Errorf("renew: %d", got)
	}
	if a := replicas[0].json(t, "POST", "/api/v1/reservations/release", tokens[0], wire.ReserveRequest{Slot: "N03", Token: next.Token}); a.status != http.StatusNoContent {
		t.Errorf("release: %d %s", a.status, a.body)
	}
	hear(t, conn, func(m *wire.Message) bool { return m.Hint != nil && m.Hint.LeftMS == 0 })
	if a := replicas[1].json(t, "POST", "/api/v1/reservations", tokens[0], wire.ReserveRequest{Slot: "N03"}); a.status != http.StatusOK {
		t.Errorf("after the release: %d %s", a.status, a.body)
	}
}

// With Redis gone, Postgres alone decides: never two holders.
func TestNoPlanTwiceWithoutRedis(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	redis := privatetest.OwnRedis(t)
	replicas := []*replica{start(t, s, redis.URL(), c, 0), start(t, s, redis.URL(), c, 0)}
	n := s.Enrol(t, "N")
	tokens := []string{replicas[0].token(t, n)}
	held, _ := race(t, replicas, tokens, "N01")
	if err := redis.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, slot := range []string{"N02", "N04"} {
		if won, lost := race(t, replicas, tokens, slot); len(won) != 1 || len(lost) != 31 {
			t.Errorf("%s: %d holders", slot, len(won))
		}
	}
	// What was granted before holds on, also when Redis comes back empty.
	if won, _ := race(t, replicas, tokens, "N01"); len(held) != 1 || len(won) != 0 {
		t.Errorf("N01: %d holders, then %d more", len(held), len(won))
	}
	if err := redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if won, _ := race(t, replicas, tokens, "N01"); len(won) != 0 {
		t.Errorf("N01 is granted again after Redis came back")
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n := s.Enrol(t, "N")
	token, admin := r.token(t, n), r.login(t, s, "admin")
	n.In(t, c.now(), "30A12345", "N07")
	r.bring(t, n, token, n.Facts)
	if a := r.json(t, "PATCH", "/api/v1/slots/N08", admin, map[string]bool{"out_of_service": true}); a.status != http.StatusOK {
		t.Fatalf("out of service: %d %s", a.status, a.body)
	}
	for slot, want := range map[string]struct {
		status int
		text   string
	}{
		"N07":        {http.StatusConflict, "taken by 30A12345"},
		"N08":        {http.StatusConflict, "out of service"},
		"S01":        {http.StatusConflict, "belongs to gate S, which has not lent it"},
		"Z99":        {http.StatusNotFound, "no slot Z99"},
		"not a slot": {http.StatusBadRequest, "cannot be the code"},
		"":           {http.StatusBadRequest, "cannot be the code"},
	} {
		a := r.json(t, "POST", "/api/v1/reservations", token, wire.ReserveRequest{Slot: slot})
		if a.status != want.status || !strings.Contains(a.problem.Detail, want.text) {
			t.Errorf("%q: %d %s", slot, a.status, a.body)
		}
	}
}

// waitSeen waits until the hub has written down that the gate is connected.
func waitSeen(t *testing.T, s *cloudtest.Site, gate string) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		var seen bool
		err := s.Store.Pool.QueryRow(t.Context(), "SELECT seen_at IS NOT NULL FROM gates WHERE code = $1", gate).Scan(&seen)
		if err != nil {
			t.Fatal(err)
		}
		if seen {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("gate %s is never seen", gate)
		}
	}
}
