package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/auth"
)

// gateRevoke takes a gate's right away, once its code was typed to confirm.
func (p *Pages) gateRevoke(w http.ResponseWriter, r *http.Request) {
	me, ok := auth.FromContext(r.Context())
	if !ok {
		p.fail(w, r, errNoPage)
		return
	}
	if err := form(w, r); err != nil {
		p.fail(w, r, err)
		return
	}
	gate, err := p.Books.Gate(r.Context(), me.Site, chi.URLParam(r, "gate"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if typed := strings.TrimSpace(r.PostForm.Get("code")); typed != gate.Code {
		p.showGates(w, r, http.StatusUnprocessableEntity, "", revokeTyped{Gate: gate.Code, Typed: typed})
		return
	}
	if err := p.Auth.RevokeGate(r.Context(), me, gate.Code); err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/gates?revoked="+url.QueryEscape(gate.Code)+"#gate-"+url.PathEscape(gate.Code), http.StatusSeeOther)
}
