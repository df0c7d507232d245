package localapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// statusOf maps the code of a refusal to HTTP.
func statusOf(code parking.Code) int {
	switch code {
	case parking.Invalid:
		return http.StatusBadRequest
	case parking.NotFound:
		return http.StatusNotFound
	case parking.Conflict:
		return http.StatusConflict
	case parking.Unauthorized:
		return http.StatusUnauthorized
	case parking.Forbidden:
		return http.StatusForbidden
	case parking.TooLarge:
		return http.StatusRequestEntityTooLarge
	case parking.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// statusError is a refusal with a status that its code does not tell.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

// refuse writes err as a problem document; what is not a refusal with a
// sentence is logged and shown as ours.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := parking.ErrorCode(err)
	status := statusOf(code)
	var special statusError
	if errors.As(err, &special) {
		status = special.status
	}
	if code == parking.Internal {
		a.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	a.encode(w, wire.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: parking.ErrorMessage(err), Code: code,
	})
}

func (a *api) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	a.encode(w, v)
}

func (a *api) encode(w io.Writer, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		a.log.Debug("an answer was not taken", "error", err)
	}
}

// decode reads a JSON body of at most wire.MaxJSONBytes into v; fields that
// are not known are refused, because a misspelt one would be silently without
// effect.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	if err := contentType(r, "application/json"); err != nil {
		return err
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, wire.MaxJSONBytes))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badBody(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		if err != nil && errors.As(err, new(*http.MaxBytesError)) {
			return badBody(err)
		}
		return parking.Errorf(parking.Invalid, "The body holds more than one JSON value.")
	}
	return nil
}

func badBody(err error) error {
	var refusal *parking.Error
	var syntax *json.SyntaxError
	var field *json.UnmarshalTypeError
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return parking.Errorf(parking.TooLarge, "The body is larger than %d KiB.", wire.MaxJSONBytes>>10)
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, io.EOF):
		return parking.Errorf(parking.Invalid, "The body is empty; send a JSON object.")
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF):
		return parking.Errorf(parking.Invalid, "The body is not valid JSON.")
	case errors.As(err, &field):
		return parking.Errorf(parking.Invalid, "The field %q does not hold what it should.", field.Field)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return parking.Errorf(parking.Invalid, "The field %s is not known here.", strings.TrimPrefix(err.Error(), "json: unknown field "))
	}
	return parking.Errorf(parking.Invalid, "The body cannot be read: a field does not hold what it should.")
}

func contentType(r *http.Request, want ...string) error {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil {
		for _, w := range want {
			if got == w {
				return nil
			}
		}
	}
	return statusError{
		status: http.StatusUnsupportedMediaType,
		error:  parking.Errorf(parking.Invalid, "Send the body as %s.", strings.Join(want, " or ")),
	}
}
