package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

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

// Readable refuses an address whose path or question is no text: no table
// could be asked for it.
func Readable(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			query, err := url.QueryUnescape(r.URL.RawQuery)
			if text := r.URL.Path + query; err != nil || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				auth.WriteProblem(log, w, r, parking.Errorf(parking.Invalid, "The address holds a character that cannot be read."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
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
