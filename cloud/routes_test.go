package cloud_test

import (
	"crypto/ed25519"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
)

func sign(g *cloudtest.Gate, text []byte) []byte { return ed25519.Sign(g.Key, text) }

// anyPath fills the parameters of a pattern.
func anyPath(pattern string) string {
	return strings.NewReplacer("{sha256}", strings.Repeat("a", 64), "{id}", uuid.NewString(), "{code}", "N01", "{gate}", "E", "*", "x.css").Replace(pattern)
}

// Every route of the table, called by every kind of caller: 401 without a
// good token, 403 with one that has no right, and neither with one that has.
func TestEveryRouteByEveryCaller(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, privatetest.Redis(t), c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")

	expired := r.token(t, n)
	expiredGuard := r.login(t, s, "lan")
	c.forward(auth.GateTokenLife + auth.PersonTokenLife)
	revoked := r.token(t, south)
	if err := r.Auth.RevokeGate(t.Context(), s.Operator(t), "S"); err != nil {
		t.Fatal(err)
	}
	out := r.login(t, s, "minh")
	if a := r.send(t, "POST", "/api/v1/logout", out, "", nil); a.status != http.StatusNoContent {
		t.Fatalf("logout: %d", a.status)
	}
	const nobody = 0
	gate, guard, admin := r.token(t, n), r.login(t, s, "lan"), r.login(t, s, "admin")
	signedOut := false
	for _, route := range auth.Routes {
		if signedOut { // by the route before
			gate, guard, admin = r.token(t, n), r.login(t, s, "lan"), r.login(t, s, "admin")
		}
		signedOut = strings.HasSuffix(route.Pattern, "/logout")
		callers := []struct {
			name, token string
			who         auth.Who
		}{
			{"no token", "", nobody},
			{"garbage", "garbage", nobody},
			{"an expired gate", expired, nobody},
			{"an expired guard", expiredGuard, nobody},
			{"a revoked gate", revoked, nobody},
			{"somebody signed out", out, nobody},
			{"a gate", gate, auth.Gates},
			{"a guard", guard, auth.Guards},
			{"an admin", admin, auth.Admins},
		}
		for _, caller := range callers {
			if len(route.Methods()) == 2 {
				sameByHead(t, r, route, caller.token, caller.name)
			}
			a := r.send(t, route.Method, anyPath(route.Pattern), caller.token, "", nil)
			name := route.Key() + " by " + caller.name
			switch {
			case route.Who&auth.Public != 0, route.Who&caller.who != 0:
				if a.status == http.StatusForbidden || a.status == http.StatusUnauthorized && route.Who&auth.Public == 0 {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
				if a.status >= 500 {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
				continue
			case caller.who == nobody && route.Page:
				if a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), auth.SignInPage) {
					t.Errorf("%s: %d to %q, want the sign-in page", name, a.status, a.header.Get("Location"))
				}
				continue
			}
			want := http.StatusForbidden
			if caller.who == nobody {
				want = http.StatusUnauthorized
			}
			if route.Page {
				if a.status != want || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.Contains(string(a.body), "</html>") {
					t.Errorf("%s: %d %s, want a page", name, a.status, a.body)
				}
				continue
			}
			if a.status != want || a.problem.Status != want || !strings.HasSuffix(a.problem.Detail, ".") || a.problem.ID == "" {
				t.Errorf("%s: %d %s, want %d and a sentence", name, a.status, a.body, want)
			}
		}
	}
}

// sameByHead asks by HEAD and by GET: the same status, and no body.
func sameByHead(t *testing.T, r *replica, route auth.Route, token, who string) {
	t.Helper()
	path := anyPath(route.Pattern)
	head, get := r.send(t, "HEAD", path, token, "", nil), r.send(t, "GET", path, token, "", nil)
	if head.status != get.status || len(head.body) != 0 {
		t.Errorf("HEAD %s by %s: %d and %d bytes, GET %d", path, who, head.status, len(head.body), get.status)
	}
	if get.status == http.StatusMethodNotAllowed || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
		t.Errorf("HEAD %s by %s: %s, GET %s", path, who, head.header.Get("Content-Type"), get.header.Get("Content-Type"))
	}
}

// What is not in the table does not exist.
func TestNoOtherRoutes(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	r := start(t, s, "", new(clock), 0)
	if a := r.send(t, "GET", "/api/v1/nothing", "", "", nil); a.status != http.StatusNotFound || a.problem.Detail == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := r.send(t, "DELETE", "/api/v1/facts", "", "", nil); a.status != http.StatusMethodNotAllowed || a.problem.Detail == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestChallengeIsUsedOnce(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r, second := start(t, s, "", c, 0), start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	challenge := func() []byte {
		a, err := r.Auth.Challenge(t.Context(), challengeOf(n))
		if err != nil {
			t.Fatal(err)
		}
		return a.Challenge
	}
	first := challenge()
	forged := signed(south, first)
	forged.Gate, forged.Signature = "N", sign(south, first)
	if a := second.json(t, "POST", "/api/v1/gates/token", "", forged); a.status != http.StatusUnauthorized {
		t.Errorf("signed by another gate: %d", a.status)
	}
	if a := second.json(t, "POST", "/api/v1/gates/token", "", signed(n, first)); a.status != http.StatusOK {
		t.Errorf("at another replica: %d %s", a.status, a.body)
	}
	if a := r.json(t, "POST", "/api/v1/gates/token", "", signed(n, first)); a.status != http.StatusUnauthorized {
		t.Errorf("a second time: %d", a.status)
	}
	late := challenge()
	c.forward(auth.ChallengeLife + 1)
	if a := r.json(t, "POST", "/api/v1/gates/token", "", signed(n, late)); a.status != http.StatusUnauthorized {
		t.Errorf("late: %d", a.status)
	}
}

// A gate's token is for that gate: what it says or asks for another is refused
// on REST and on the socket. Facts of another gate of its site it may bring, but
// only as that gate signed them.
func TestTokenOfAnotherGate(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	r := start(t, s, "", new(clock), 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	token := r.token(t, south)
	n.In(t, cloudtest.Noon, "30A12345", "N07")
	b := n.Batch(t, n.Facts)
	b.Sign(south.Key)
	a := r.send(t, "POST", "/api/v1/facts", token, "application/json", cloudtest.Raw(t, b))
	if a.status != http.StatusForbidden || a.problem.Detail == "" {
		t.Errorf("facts: %d %s", a.status, a.body)
	}
	conn, status := r.dial(t, token)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("dial: %d", status)
	}
	mustBye(t, conn, n, "another gate")
	for name, token := range map[string]string{"none": "", "garbage": "x", "a guard's": r.login(t, s, "lan")} {
		want := http.StatusUnauthorized
		if name == "a guard's" {
			want = http.StatusForbidden
		}
		if _, status := r.dial(t, token); status != want {
			t.Errorf("socket with token %s: %d, want %d", name, status, want)
		}
	}
}

func TestLoginSlowsDown(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]string{"in Redis": privatetest.Redis(t), "without Redis": ""} {
		c := new(clock)
		s := cloudtest.NewSite(t, c.now)
		r := start(t, s, redis, c, 0)
		try := func(password string) answer {
			return r.json(t, "POST", "/api/v1/login", "", map[string]string{"site": s.Code, "name": "lan", "password": password})
		}
		for range 5 {
			if a := try("wrong password"); a.status != http.StatusUnauthorized {
				t.Fatalf("%s: %d %s", name, a.status, a.body)
			}
		}
		if a := try(s.People["lan"].Password); a.status != http.StatusTooManyRequests || a.problem.Detail == "" {
			t.Errorf("%s: %d %s, want to wait", name, a.status, a.body)
		}
	}
}

// Guesses that are sent at once are counted as if they came one by one, but
// for those that are compared at the same moment.
func TestLoginBurst(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, privatetest.Redis(t), c, 0)
	const guesses = 40
	statuses := make([]int, guesses)
	var all sync.WaitGroup
	for i := range guesses {
		all.Go(func() {
			statuses[i] = r.json(t, "POST", "/api/v1/login", "", map[string]string{"site": s.Code, "name": "lan", "password": "guess"}).status
		})
	}
	all.Wait()
	compared := 0
	for _, status := range statuses {
		switch status {
		case http.StatusUnauthorized:
			compared++
		case http.StatusTooManyRequests:
		default:
			t.Errorf("status %d", status)
		}
	}
	if most := 5 + max(2, runtime.NumCPU()); compared < 5 || compared > most {
		t.Errorf("%d of %d guesses were compared, want at most %d", compared, guesses, most)
	}
}
