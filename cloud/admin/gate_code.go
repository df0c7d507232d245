package admin

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/books"
)

type gateCodeView struct {
	frame
	Gate  books.Gate
	Code  string
	Until time.Time
	Cloud string // address of the cloud as this browser knows it
}

// gateCode makes a one-time enrolment code and shows it once: it is the answer
// to the POST itself, and nothing keeps it.
func (p *Pages) gateCode(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "gates")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	gate, err := p.Books.Gate(r.Context(), f.Site.ID, chi.URLParam(r, "gate"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := gateCodeView{frame: f, Gate: gate, Cloud: "http://" + r.Host}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		v.Cloud = "https://" + r.Host
	}
	v.Code, v.Until, err = p.Auth.NewGateCode(r.Context(), f.Me, gate.Code)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v.Here = "/gates"
	p.show(w, r, http.StatusOK, "gate_code", "", v)
}
