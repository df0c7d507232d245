package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"gatehouse/cloud/auth"
	"gatehouse/parking"
)

// RequestID gives each request an id of ours, whatever the caller says its id
// is: it stands in the log and in problem documents.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:16]
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), middleware.RequestIDKey, id)))
	})
}

// Recover turns a panic into a 500 with the request's id, logged once.
func Recover(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				cause := recover()
				if cause == nil {
					return
				}
				if cause == http.ErrAbortHandler { //nolint:errorlint // a value that net/http compares so too
					panic(cause)
				}
				log.ErrorContext(r.Context(), "panic", "cause", fmt.Sprint(cause), "request_id", middleware.GetReqID(r.Context()),
					"method", r.Method, "path", r.URL.Path, "stack", string(debug.Stack()))
				// Logged above; the document says no more than the id.
				auth.WriteProblem(slog.New(slog.DiscardHandler), w, r, fmt.Errorf("panic in %s %s", r.Method, r.URL.Path))
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// Log writes a line for each request, without its query: that may hold plates.
func Log(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(ww, r)
			log.DebugContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", ww.Status(),
				"bytes", ww.BytesWritten(), "ms", time.Since(start).Milliseconds(), "request_id", middleware.GetReqID(r.Context()))
		})
	}
}

// NotFound and WrongMethod answer for what is not in the table of routes.
func NotFound(log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		auth.WriteProblem(log, w, r, parking.Errorf(parking.NotFound, "There is nothing at this address."))
	}
}

// WrongMethod answers for a path that exists with another method.
func WrongMethod(log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		auth.WriteProblem(log, w, r, parking.Errorf(auth.WrongMethod, "This address does not take %s.", r.Method))
	}
}
