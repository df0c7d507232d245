package admin

import (
	"net/http"
	"strings"

	"gatehouse/cloud/auth"
	"gatehouse/internal/words"
)

// languageCookie keeps what a person chose in the page.
const languageCookie = "gatehouse-language"

// language is what this browser wants to read: what was chosen in the page,
// else the person's own, else what the browser asks for, else Vietnamese.
func language(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && known(c.Value) {
		return c.Value
	}
	if me, ok := auth.FromContext(r.Context()); ok && known(me.Language) {
		return me.Language
	}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		return words.En
	}
	return words.Vi
}

func known(lang string) bool { return lang == words.Vi || lang == words.En }

// language keeps the choice of the switch.
func (p *Pages) language(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r); err != nil {
		p.fail(w, r, err)
		return
	}
	if lang := r.PostForm.Get("language"); known(lang) {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure over TLS; loopback does without
			Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
		})
	}
	http.Redirect(w, r, local(r.PostForm.Get("next")), http.StatusSeeOther) //nolint:gosec // local lets only own paths through
}
