package auth

import (
	"net/http"
	"net/url"
	"time"
)

// Names of the session's cookie. Browsers take the __Host- prefix only with
// Secure, and Secure only over TLS, which loopback does without.
const (
	secureCookie = "__Host-gatehouse"
	plainCookie  = "gatehouse"
)

func cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure is set below, wherever browsers take it
		Name: plainCookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if overTLS(r) {
		c.Name, c.Secure = secureCookie, true
	}
	return c
}

// overTLS says whether the browser's own connection is encrypted. A proxy in
// front tells so; a browser that lies here only harms itself.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// SetCookie gives the browser its session, for as long as it lasts: a length
// and not a date, because the browser's clock may be wrong.
func SetCookie(w http.ResponseWriter, r *http.Request, token string, lasts time.Duration) {
	c := cookie(r, token) //nolint:gosec // as made above
	c.MaxAge = int(lasts / time.Second)
	http.SetCookie(w, c) //nolint:gosec // as made above
}

// DropCookie takes the session from the browser.
func DropCookie(w http.ResponseWriter, r *http.Request) {
	c := cookie(r, "") //nolint:gosec // as made above
	c.MaxAge = -1
	http.SetCookie(w, c) //nolint:gosec // as made above
}

// CookieToken returns the session's token, "" for none.
func CookieToken(r *http.Request) string {
	name := plainCookie
	if overTLS(r) {
		name = secureCookie
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// SignInPage is where a browser without a session is sent.
const SignInPage = "/login"

// toSignIn sends the browser to the sign-in page, and htmx, which would follow
// a redirect into a fragment, by its own header.
func toSignIn(w http.ResponseWriter, r *http.Request) {
	to := SignInPage
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Path != "/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
