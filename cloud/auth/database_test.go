package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/cloud/auth"
	"gatehouse/parking"
)

// Which errors are an outage of the database, and which are a defect or a
// refusal. An outage is logged once, with its cause.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"nobody listens":    {&pgconn.ConnectError{Config: &pgconn.Config{}}, 503},
		"the line broke":    {&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, 503},
		"the pool is full":  {context.DeadlineExceeded, 503},
		"a shutdown":        {&pgconn.PgError{Code: "57P01"}, 503},
		"a start":           {&pgconn.PgError{Code: "57P03"}, 503},
		"no room":           {&pgconn.PgError{Code: "53300"}, 503},
		"a defect":          {&pgconn.PgError{Code: "42P01"}, 500},
		"no row":            {pgx.ErrNoRows, 500},
		"anything":          {errors.New("anything"), 500},
		"a refusal":         {parking.Errorf(parking.Conflict, "Slot N01 is taken."), 409},
		"a refusal, joined": {errors.Join(parking.Errorf(parking.NotFound, "No."), &net.OpError{Op: "x", Err: syscall.EPIPE}), 404},
	} {
		var log bytes.Buffer
		w := httptest.NewRecorder()
		err := fmt.Errorf("the outer cause: %w", c.err)
		auth.WriteProblem(slog.New(slog.NewTextHandler(&log, nil)), w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), err)
		if w.Code != c.status || auth.StatusOf(err) != c.status {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.status)
		}
		if says := strings.Contains(w.Body.String(), "The database does not answer. Try again in a moment."); says != (c.status == 503) {
			t.Errorf("%s: %s", name, w.Body)
		}
		want := 0
		if c.status >= 500 {
			want = 1
		}
		if strings.Count(log.String(), "\n") != want || strings.Count(log.String(), "the outer cause") != want {
			t.Errorf("%s: logged %q", name, log.String())
		}
	}
}
