// Package admin is the admin site: pages rendered on the server that work
// without JavaScript and live with it (htmx and server-sent events, no
// polling). A page holds no SQL: it asks cloud/books and shows plain structs.
// One file is one page or action.
//
// Every handler stands in the table of routes (auth.Routes), which decides who
// may call it. Every answer carries a content security policy without inline
// script or style; every POST is refused when another site sent it.
package admin

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/bank"
	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/cloud/settle"
)

// Config is what the pages work with.
type Config struct {
	Books  *books.Books
	Settle *settle.Settler
	Bank   *bank.Bank
	Passes *passes.Keeper
	Auth   *auth.Service
	// Watch tells that a site has changed, at most one signal waiting, until
	// the function that it returns is called.
	Watch func(site uuid.UUID) (<-chan struct{}, func())
	// Photo opens a photo of a site by the SHA-256 of its bytes in hex. One
	// that the site does not have is a parking.NotFound error.
	Photo func(site uuid.UUID, sha256 string) (io.ReadSeekCloser, error)
	// ClockSuspect says whether this server's clock jumped against gates that
	// agree among themselves, and by how much. May be nil.
	ClockSuspect func() (by time.Duration, suspect bool)

	Now func() time.Time
	Log *slog.Logger
}

// Pages is the admin site.
type Pages struct {
	Config
	engine *engine
	static *static
	origin *http.CrossOriginProtection
}

// New makes the pages; a template that does not parse, is not declared or is
// missing is an error.
func New(cfg Config) (*Pages, error) {
	engine, err := newEngine()
	if err != nil {
		return nil, err
	}
	static, err := newStatic()
	if err != nil {
		return nil, err
	}
	p := &Pages{Config: cfg, engine: engine, static: static, origin: http.NewCrossOriginProtection()}
	p.origin.SetDenyHandler(http.HandlerFunc(p.crossOrigin))
	return p, nil
}

// Handlers are the pages by the keys of their routes, for auth.Service.Mount.
func (p *Pages) Handlers() map[string]http.Handler {
	pages := map[string]http.HandlerFunc{
		"GET /static/*":            p.static.serve,
		"GET " + auth.SignInPage:   p.loginShow,
		"POST " + auth.SignInPage:  p.loginSubmit,
		"POST /logout":             p.logout,
		"POST /language":           p.language,
		"GET /":                    p.now,
		"GET /now/stream":          p.nowStream,
		"GET /map":                 p.siteMap,
		"GET /map/stream":          p.mapStream,
		"GET /map/slots/{code}":    p.slotShow,
		"POST /map/slots/{code}":   p.slotSubmit,
		"GET /conflicts":           p.conflicts,
		"GET /conflicts/{id}":      p.conflict,
		"POST /conflicts/{id}":     p.conflictSubmit,
		"GET /quarantine":          p.quarantine,
		"POST /quarantine/discard": p.quarantineDiscard,
		"GET /stays":               p.stays,
		"GET /stays/{id}":          p.stay,

		"GET /stays/{id}/payments/{payment}": p.stayQR,

		"GET /photos/{sha256}":          p.photo,
		"GET /gates":                    p.gates,
		"POST /gates/{gate}/code":       p.gateCode,
		"POST /gates/{gate}/revoke":     p.gateRevoke,
		"GET /revenue":                  p.revenue,
		"GET /transfers":                p.transfers,
		"POST /transfers/{id}":          p.transferSubmit,
		"GET /revenue/payments.csv":     p.paymentsCSV,
		"GET /revenue/cash-up.pdf":      p.cashUpPDF,
		"GET /shifts":                   p.shifts,
		"GET /shifts/{shift}":           p.shift,
		"POST /shifts/{shift}/count":    p.shiftCount,
		"GET /shifts/{shift}/shift.pdf": p.shiftPDF,
		"GET /passes":                   p.passes,
		"POST /passes":                  p.passCreate,
		"GET /passes/{code}":            p.pass,
		"POST /passes/{code}":           p.passSubmit,
		"GET /cards":                    p.cards,
		"POST /cards":                   p.cardSubmit,
		"GET /vehicles":                 p.vehicles,
		"POST /vehicles":                p.vehicleSubmit,
		"POST /imports/{what}":          p.imports,
		"GET /messages":                 p.messages,
		"POST /messages":                p.messageSubmit,
		"POST /messages/{id}":           p.messageWithdraw,

		"GET /revenue/invoices.csv":       p.invoices,
		"GET /revenue/invoices.json":      p.invoices,
		"GET /stays/{id}/receipts/{fact}": p.receiptPDF,
		"GET /settings":                   p.settings,
		"POST /settings":                  p.settingsSubmit,

		"GET /leakage":                p.leakage,
		"GET /leakage/list":           p.leakageList,
		"GET /leakage/marks.csv":      p.leakageCSV,
		"GET /discounts":              p.discounts,
		"POST /discounts":             p.discountsSubmit,
		"GET /spot-check":             p.spotCheck,
		"POST /spot-check/{id}":       p.spotSubmit,
		"GET /reconciliation":         p.reconciliation,
		"GET /reconciliation/day.pdf": p.reconciliationPDF,
	}
	out := make(map[string]http.Handler, len(pages))
	for key, page := range pages {
		out[key] = secured(p.origin.Handler(page))
	}
	return out
}

// NotFound answers for paths that do not exist.
func (p *Pages) NotFound(w http.ResponseWriter, r *http.Request) {
	p.Fail(w, r, errNoPage)
}

// Fail answers with a page that tells err, for what is refused before a page's
// handler is reached (auth.Config.PageError).
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	secured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.fail(w, r, err) })).ServeHTTP(w, r)
}

// policy allows what the pages have: own scripts, styles, pictures and streams.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
