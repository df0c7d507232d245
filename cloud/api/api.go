// Package api is the cloud's JSON API under /api/v1: everything that gates
// use, and what programs of the operator read. Who may call what stands in the
// table of routes (cloud/auth); this package holds a handler for each.
//
// A refusal is a problem document (RFC 9457) with a sentence that helps and
// the request's id. Bodies are bounded, must say what they are, and may hold
// no field that the route does not know.
package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/bank"
	"gatehouse/cloud/books"
	"gatehouse/cloud/feed"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/passes"
	"gatehouse/cloud/photos"
	"gatehouse/cloud/settle"
	"gatehouse/cloud/slots"
	"gatehouse/cloud/store"
)

// API is what the handlers work with.
type API struct {
	Store  *store.Store
	Auth   *auth.Service
	Ingest *ingest.Ingester
	Feed   *feed.Hub
	Slots  *slots.Service
	Photos *photos.Photos
	Books  *books.Books
	Settle *settle.Settler
	Bank   *bank.Bank
	Passes *passes.Keeper
	Now    func() time.Time
	Log    *slog.Logger
	// Ready says whether the cloud can work; nil is ready.
	Ready func(ctx context.Context) error
}

// handler is a route that may fail: what it returns becomes a problem document.
type handler func(w http.ResponseWriter, r *http.Request) error

// Handlers are the routes of the API by their keys, for auth.Service.Mount.
func (a *API) Handlers() map[string]http.Handler {
	routes := map[string]handler{
		"GET /healthz": a.healthz,
		"GET /readyz":  a.readyz,

		"POST /api/v1/login":  a.login,
		"POST /api/v1/logout": a.logout,
		"GET /api/v1/me":      a.me,

		"POST /api/v1/gates/enrol":         a.enrol,
		"POST /api/v1/gates/challenge":     a.challenge,
		"POST /api/v1/gates/token":         a.token,
		"POST /api/v1/gate/sign-in":        a.signIn,
		"GET /api/v1/gates":                a.gates,
		"POST /api/v1/gates/{gate}/code":   a.gateCode,
		"POST /api/v1/gates/{gate}/revoke": a.gateRevoke,

		"POST /webhooks/{provider}": a.webhook,

		"POST /api/v1/facts":   a.facts,
		"GET /api/v1/feed":     a.feed,
		"GET /api/v1/snapshot": a.snapshot,
		"GET /api/v1/ws":       a.socket,

		"GET /api/v1/gate/lists": a.lists,

		"POST /api/v1/reservations":         a.reserve,
		"POST /api/v1/reservations/renew":   a.renew,
		"POST /api/v1/reservations/release": a.release,
		"GET /api/v1/slots":                 a.slots,
		"PATCH /api/v1/slots/{code}":        a.slotPatch,

		"PUT /api/v1/photos/{sha256}": a.photoPut,
		"GET /api/v1/photos/{sha256}": a.photoGet,

		"GET /api/v1/stays":      a.stays,
		"GET /api/v1/stays/{id}": a.stay,
		"GET /api/v1/revenue":    a.revenue,

		"GET /api/v1/conflicts":              a.conflicts,
		"GET /api/v1/conflicts/{id}":         a.conflict,
		"POST /api/v1/conflicts/{id}/decide": a.conflictDecide,
		"GET /api/v1/passes":                 a.passes,
		"GET /api/v1/passes/{code}":          a.pass,
		"PUT /api/v1/passes/{code}":          a.passPut,
		"GET /api/v1/cards":                  a.cards,
		"PUT /api/v1/cards":                  a.cardPut,
		"GET /api/v1/vehicles":               a.vehicles,
		"PUT /api/v1/vehicles":               a.vehiclePut,
		"POST /api/v1/imports/{what}":        a.imports,
		"GET /api/v1/messages":               a.messages,
		"PUT /api/v1/messages/{id}":          a.messagePut,
		"DELETE /api/v1/messages/{id}":       a.messageWithdraw,

		"GET /api/v1/quarantine":          a.quarantine,
		"POST /api/v1/quarantine/discard": a.quarantineDiscard,
	}
	out := make(map[string]http.Handler, len(routes))
	for key, h := range routes {
		out[key] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				auth.WriteProblem(a.Log, w, r, err)
			}
		})
	}
	return out
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a caller that is gone cannot be told anything
	return nil
}

// caller is who calls; the table of routes made sure that there is one.
func caller(r *http.Request) auth.Principal {
	p, _ := auth.FromContext(r.Context())
	return p
}

func (a *API) healthz(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *API) readyz(w http.ResponseWriter, r *http.Request) error {
	if a.Ready != nil {
		if err := a.Ready(r.Context()); err != nil {
			return err
		}
	}
	state := map[string]string{"status": "ok", "database": "ok", "redis": "ok"}
	if a.Feed.Degraded() {
		state["redis"] = "away" // slower, not wrong: still ready
	}
	return answer(w, http.StatusOK, state)
}
