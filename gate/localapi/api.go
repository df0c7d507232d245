package localapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Config is what the API is made of.
type Config struct {
	Desk    *lane.Desk
	Lanes   Lanes  // nil: no lanes of other gates can be taken over
	Token   string // that every request must carry
	Version string // of the program
	Log     *slog.Logger
}

type api struct {
	desk    *lane.Desk
	others  Lanes
	token   [sha256.Size]byte
	version string
	log     *slog.Logger
	streams chan struct{} // one place for each stream of events
	live    live
}

// New makes the API's handler.
func New(c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	a := &api{
		desk: c.Desk, others: c.Lanes, token: sha256.Sum256([]byte(c.Token)), version: c.Version, log: c.Log,
		streams: make(chan struct{}, maxStreams),
		live:    live{feeds: map[eye]*feed{}},
	}
	r := chi.NewRouter()
	r.Use(a.guard)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, parking.Errorf(parking.NotFound, "There is nothing at %s.", cut(r.URL.Path)))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, statusError{
			status: http.StatusMethodNotAllowed,
			error:  parking.Errorf(parking.Invalid, "%s does not take %s.", cut(r.URL.Path), cut(r.Method)),
		})
	})
	r.Route("/v1", func(r chi.Router) {
		r.Get("/openapi.json", a.openapi)
		r.Get("/status", a.status)
		r.Get("/slots", a.slots)
		r.Get("/suggestion", a.suggestion)
		r.Get("/lanes", a.lanes)
		r.Get("/lanes/{lane}", a.lane)
		r.Get("/lanes/{lane}/picture", a.picture)
		r.Get("/lanes/{lane}/stream", a.stream)
		r.Post("/lanes/{lane}/arrive", a.arrive)
		r.Post("/lanes/{lane}/passage", a.passage)
		r.Post("/lanes/{lane}/back-out", a.backOut)
		r.Post("/lanes/{lane}/aside", a.aside)
		r.Post("/lanes/{lane}/recall", a.recall)
		r.Post("/lanes/{lane}/direction", a.direction)
		r.Post("/lanes/{lane}/tap", a.tap)
		r.Post("/lanes/{lane}/token-lost", a.tokenLost)
		r.Post("/lanes/{lane}/ticket", a.printTicket)
		r.Post("/lanes/{lane}/allow", a.allow)
		r.Post("/lanes/{lane}/discount", a.discount)
		r.Post("/in", a.in)
		r.Post("/fee", a.fee)
		r.Post("/out", a.out)
		r.Post("/paper", a.paper)
		r.Post("/payments", a.payEarly)
		r.Post("/receipts", a.receipt)
		r.Get("/shifts", a.shifts)
		r.Post("/shifts", a.openShift)
		r.Get("/shifts/{shift}", a.shift)
		r.Post("/shifts/{shift}/close", a.closeShift)
		r.Post("/refunds", a.refund)
		r.Get("/messages", a.messages)
		r.Post("/messages/{message}/read", a.readMessage)
		r.Put("/inventories/{zone}/{walk}", a.inventory)
		r.Put("/taken/{gate}", a.take)
		r.Delete("/taken/{gate}", a.giveBack)
		r.Get("/stays", a.stays)
		r.Get("/events", a.events)
	})
	return r
}

// guard lets only callers with the token through, who asked for this machine
// by address.
func (a *api) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !hostAllowed(r.Host) {
			a.refuse(w, r, parking.Errorf(parking.Forbidden, "Ask for this gate by its address, not by a name."))
			return
		}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(sum[:], a.token[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			a.refuse(w, r, parking.Errorf(parking.Unauthorized,
				"Send the token from the file %s of the gate's data folder: Authorization: Bearer TOKEN.", TokenFile))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func hostAllowed(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return host == "localhost" || net.ParseIP(host) != nil
}

func cut(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
