package cloud_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/private/privatetest/cloudtest"
)

// takeDatabaseAway lets nobody connect to the database any more and ends who is
// connected, as a restart of Postgres does.
func takeDatabaseAway(t *testing.T, url string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	name := cfg.Database
	cfg.Database = "postgres"
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := conn.Exec(t.Context(), "ALTER DATABASE "+pgx.Identifier{name}.Sanitize()+" ALLOW_CONNECTIONS false"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		t.Fatal(err)
	}
}

// Postgres goes away: programs get a 503 with a sentence, browsers a page with
// the same, and nobody is told that the fault is theirs or a defect.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	c := new(clock)
	r := start(t, s, "", c, 0)
	token := r.login(t, s, "admin")
	takeDatabaseAway(t, s.URL)
	const sentence = "The database does not answer. Try again in a moment."
	for range 3 { // the first meets connections that broke, the next none
		for _, path := range []string{"/api/v1/me", "/api/v1/slots", "/readyz"} {
			a := r.send(t, "GET", path, token, "", nil)
			if a.status != http.StatusServiceUnavailable || a.problem.Detail != sentence || a.problem.ID == "" {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
		for _, header := range []string{"X-Plain", "HX-Request"} {
			a := r.send(t, "GET", "/stays", token, "", nil, header, "true", "Accept-Language", "en")
			if a.status != http.StatusServiceUnavailable || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") ||
				!strings.Contains(string(a.body), sentence) {
				t.Errorf("a page, %s: %d %s", header, a.status, a.body)
			}
		}
		form := []byte("site=" + s.Code + "&name=admin&password=some+password")
		a := r.send(t, "POST", "/login", "", "application/x-www-form-urlencoded", form, "Accept-Language", "en")
		if a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), sentence) {
			t.Errorf("signing in: %d %s", a.status, a.body)
		}
		if a := r.send(t, "GET", "/healthz", "", "", nil); a.status != http.StatusOK {
			t.Errorf("alive: %d", a.status)
		}
	}
}

// A browser is refused by pages, also before a page's handler is reached.
func TestPagesRefuseByPages(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	r := start(t, s, "", new(clock), 0)
	guard, admin := r.login(t, s, "lan"), r.login(t, s, "admin")
	for name, c := range map[string]struct {
		method, path, token string
		status              int
	}{
		"a guard":                  {"GET", "/stays", guard, http.StatusForbidden},
		"a guard's action":         {"POST", "/gates/N/code", guard, http.StatusForbidden},
		"no letters in an address": {"POST", "/gates/N%ff/revoke", admin, http.StatusBadRequest},
		"a NUL in a question":      {"GET", "/stays?plate=%00", admin, http.StatusBadRequest},
		"half an escape":           {"GET", "/login?next=%zz", "", http.StatusBadRequest},
	} {
		for _, header := range []string{"X-Plain", "HX-Request"} {
			a := r.send(t, c.method, c.path, c.token, "", nil, header, "true")
			if a.status != c.status || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") ||
				!strings.Contains(string(a.body), "</html>") || a.header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s, %s: %d %s", name, header, a.status, a.body)
			}
		}
	}
}
