package auth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// statuses maps codes to HTTP.
var statuses = map[parking.Code]int{
	parking.Invalid: http.StatusBadRequest, parking.NotFound: http.StatusNotFound, parking.Conflict: http.StatusConflict,
	parking.Unauthorized: http.StatusUnauthorized, parking.Forbidden: http.StatusForbidden,
	parking.TooLarge: http.StatusRequestEntityTooLarge, parking.Unavailable: http.StatusServiceUnavailable,
	parking.Internal: http.StatusInternalServerError, TooMany: http.StatusTooManyRequests,
	WrongType: http.StatusUnsupportedMediaType, WrongMethod: http.StatusMethodNotAllowed,
}

// Codes of refusals that only HTTP knows.
const (
	WrongType   parking.Code = "wrong_type"   // a content type that the route does not take
	WrongMethod parking.Code = "wrong_method" // a method that the route does not have
)

// StatusOf is the HTTP status of an error.
func StatusOf(err error) int {
	if s, ok := statuses[parking.ErrorCode(Told(err))]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// ProblemOf makes the document that tells err. Only the sentence of a
// parking.Error is shown, or that the database is away; anything else is our
// defect and says so.
func ProblemOf(r *http.Request, err error) wire.Problem {
	err = Told(err)
	status := StatusOf(err)
	p := wire.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: parking.ErrorMessage(err), Code: parking.ErrorCode(err), ID: middleware.GetReqID(r.Context()),
	}
	var more interface{ Complete(*wire.Problem) }
	if errors.As(err, &more) {
		more.Complete(&p)
	}
	return p
}

// WriteProblem answers with the problem document of err, and logs what is no
// refusal but a defect or an outage, once, with the id that the caller sees.
func WriteProblem(log *slog.Logger, w http.ResponseWriter, r *http.Request, err error) {
	p := ProblemOf(r, err)
	if p.Status >= 500 && r.Context().Err() == nil {
		log.ErrorContext(r.Context(), "request failed", "error", err, "request_id", p.ID, "method", r.Method, "path", r.URL.Path)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
	}
	w.WriteHeader(p.Status)
	// A caller that is gone cannot be told anything.
	_ = json.NewEncoder(w).Encode(p)
}
