package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"gatehouse/parking"
)

// Who is a set of kinds of callers.
type Who uint8

// Kinds of callers.
const (
	Public Who = 1 << iota // anybody, with or without a token
	Gates
	Guards
	Admins
)

// People are guards and admins.
const People = Guards | Admins

// Route says who may call one method of one path (in chi's notation).
type Route struct {
	Method  string
	Pattern string
	Who     Who
	// Page marks what a browser shows: its token lies in a cookie, and who is
	// not signed in is sent to the sign-in page instead of a problem document.
	Page bool
}

// Key is the name under which Mount finds the route's handler: "GET /path".
func (r Route) Key() string { return r.Method + " " + r.Pattern }

// Methods are those that the route answers to: HEAD wherever GET, with the
// same rights.
func (r Route) Methods() []string {
	if r.Method == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{r.Method}
}

// Routes is the one table of all routes. Nothing is reachable that is not in
// it: the router is built from it by Mount.
var Routes = slices.Concat(apiRoutes, pageRoutes)

var apiRoutes = []Route{
	{Method: "GET", Pattern: "/healthz", Who: Public},
	{Method: "GET", Pattern: "/readyz", Who: Public},

	{Method: "POST", Pattern: "/api/v1/login", Who: Public},
	{Method: "POST", Pattern: "/api/v1/logout", Who: People | Gates},
	{Method: "GET", Pattern: "/api/v1/me", Who: People | Gates},

	{Method: "POST", Pattern: "/api/v1/gates/enrol", Who: Public},     // proves itself by the code
	{Method: "POST", Pattern: "/api/v1/gates/challenge", Who: Public}, // gives nothing away
	{Method: "POST", Pattern: "/api/v1/gates/token", Who: Public},     // proves itself by the signature

	{Method: "POST", Pattern: "/webhooks/{provider}", Who: Public}, // proves itself by the provider's secret

	{Method: "POST", Pattern: "/api/v1/facts", Who: Gates},
	{Method: "GET", Pattern: "/api/v1/feed", Who: Gates},
	{Method: "GET", Pattern: "/api/v1/snapshot", Who: Gates},
	{Method: "GET", Pattern: "/api/v1/ws", Who: Gates},
	{Method: "GET", Pattern: "/api/v1/gate/lists", Who: Gates},
	{Method: "POST", Pattern: "/api/v1/reservations", Who: Gates},
	{Method: "POST", Pattern: "/api/v1/reservations/renew", Who: Gates},
	{Method: "POST", Pattern: "/api/v1/reservations/release", Who: Gates},
	{Method: "PUT", Pattern: "/api/v1/photos/{sha256}", Who: Gates},
	{Method: "POST", Pattern: "/api/v1/gate/sign-in", Who: Gates},

	{Method: "GET", Pattern: "/api/v1/photos/{sha256}", Who: Gates | People},
	{Method: "GET", Pattern: "/api/v1/slots", Who: Gates | People},
	{Method: "PATCH", Pattern: "/api/v1/slots/{code}", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/stays", Who: People},
	{Method: "GET", Pattern: "/api/v1/stays/{id}", Who: People},
	{Method: "GET", Pattern: "/api/v1/conflicts", Who: People},
	{Method: "GET", Pattern: "/api/v1/conflicts/{id}", Who: People},
	{Method: "POST", Pattern: "/api/v1/conflicts/{id}/decide", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/quarantine", Who: People},
	{Method: "POST", Pattern: "/api/v1/quarantine/discard", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/gates", Who: People},
	{Method: "POST", Pattern: "/api/v1/gates/{gate}/code", Who: Admins},
	{Method: "POST", Pattern: "/api/v1/gates/{gate}/revoke", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/revenue", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/passes", Who: Admins}, // they name their holders
	{Method: "GET", Pattern: "/api/v1/passes/{code}", Who: Admins},
	{Method: "PUT", Pattern: "/api/v1/passes/{code}", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/cards", Who: Admins},
	{Method: "PUT", Pattern: "/api/v1/cards", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/vehicles", Who: Admins},
	{Method: "PUT", Pattern: "/api/v1/vehicles", Who: Admins},
	{Method: "POST", Pattern: "/api/v1/imports/{what}", Who: Admins},
	{Method: "GET", Pattern: "/api/v1/messages", Who: Admins},
	{Method: "PUT", Pattern: "/api/v1/messages/{id}", Who: Admins},
	{Method: "DELETE", Pattern: "/api/v1/messages/{id}", Who: Admins},
}

// Mount puts a handler behind each route of the table, and in front of each
// the check of who calls. A handler without a route, or a route without a
// handler, is an error.
func (s *Service) Mount(r chi.Router, handlers map[string]http.Handler) error {
	seen := map[string]bool{}
	for _, route := range Routes {
		h, ok := handlers[route.Key()]
		if !ok {
			return fmt.Errorf("the route %s has no handler", route.Key())
		}
		seen[route.Key()] = true
		for _, method := range route.Methods() {
			r.Method(method, route.Pattern, s.Require(route)(h))
		}
	}
	for key := range handlers {
		if !seen[key] {
			return fmt.Errorf("%s is not in the table of routes", key)
		}
	}
	return nil
}

// Require lets only the route's callers through, with an address that is text,
// and puts who they are into the request's context. On public routes nobody is
// looked up.
func (s *Service) Require(route Route) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r, err := s.admit(route, r)
			switch {
			case err == nil:
				next.ServeHTTP(w, r)
			case route.Page && parking.ErrorCode(err) == parking.Unauthorized:
				toSignIn(w, r)
			case route.Page && s.PageError != nil:
				s.PageError(w, r, err)
			default:
				WriteProblem(s.Log, w, r, err)
			}
		})
	}
}

// admit returns r with who calls in its context, also where an error says that
// this is not for them: they are told so in their language.
func (s *Service) admit(route Route, r *http.Request) (*http.Request, error) {
	if err := readable(r.URL); err != nil || route.Who&Public != 0 {
		return r, err
	}
	p, err := s.Check(r.Context(), tokenOf(r, route.Page))
	if err != nil {
		return r, err
	}
	r = r.WithContext(WithPrincipal(r.Context(), p))
	if !route.Who.has(p) {
		return r, refusal(route, p)
	}
	return r, nil
}

// readable refuses an address whose path or question is no text: no table
// could be asked for it.
func readable(u *url.URL) error {
	query, err := url.QueryUnescape(u.RawQuery)
	if text := u.Path + query; err != nil || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return parking.Errorf(parking.Invalid, "The address holds a character that cannot be read.")
	}
	return nil
}

func (who Who) has(p Principal) bool {
	switch p.Role {
	case RoleAdmin:
		return who&Admins != 0
	case RoleGuard:
		return who&Guards != 0
	case RoleGate:
		return who&Gates != 0
	}
	return false
}

func refusal(route Route, p Principal) error {
	var may []string
	for _, w := range []struct {
		who  Who
		name string
	}{{Gates, "gates"}, {Guards, "guards"}, {Admins, "administrators"}} {
		if route.Who&w.who != 0 {
			may = append(may, w.name)
		}
	}
	return parking.Errorf(parking.Forbidden, "This is for %s; you are signed in as %s %s.", strings.Join(may, " and "), p.Role, p.Name)
}

// tokenOf finds the bearer token, for pages also in the session's cookie.
func tokenOf(r *http.Request, page bool) string {
	if kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "Bearer") {
		return strings.TrimSpace(token)
	}
	if page {
		return CookieToken(r)
	}
	return ""
}
