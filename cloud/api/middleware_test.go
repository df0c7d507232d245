package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/cloud/api"
	"gatehouse/internal/wire"
)

// A panic becomes a 500 with an id, and one line in the log with the same id.
func TestPanicBecomesProblem(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&text, nil))
	h := api.RequestID(api.Recover(log)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the inner cause") })))
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/x", nil)
	r.Header.Set("X-Request-Id", "chosen\nby the caller")
	h.ServeHTTP(w, r)
	var p wire.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 500 || p.Detail == "" || len(p.ID) != 16 {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "inner cause") {
		t.Error("the cause is shown to the caller")
	}
	if n := strings.Count(text.String(), "\n"); n != 1 || !strings.Contains(text.String(), p.ID) || !strings.Contains(text.String(), "inner cause") {
		t.Errorf("%d lines logged: %s", n, text.String())
	}
}
