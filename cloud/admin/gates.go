package admin

import (
	"net/http"

	"gatehouse/cloud/books"
	"gatehouse/parking"
)

type gatesView struct {
	frame
	Gates []books.Gate
	Done  string
	Wrong revokeTyped // a revocation that was not confirmed
}

type revokeTyped struct{ Gate, Typed string }

// gates lists the gates with what can be done with them.
func (p *Pages) gates(w http.ResponseWriter, r *http.Request) {
	p.showGates(w, r, http.StatusOK, "", revokeTyped{})
}

func (p *Pages) showGates(w http.ResponseWriter, r *http.Request, status int, revoked string, wrong revokeTyped) {
	f, err := p.siteFrame(r, "gates")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	gates, err := p.Books.Gates(r.Context(), f.Site.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := gatesView{frame: f, Gates: gates, Wrong: wrong}
	if code := r.URL.Query().Get("revoked"); revoked == "" {
		revoked = code
	}
	for _, g := range gates {
		if g.Code == revoked && g.RevokedAt != nil {
			v.Done = v.T("gates.revoked_done", g.Code)
		}
	}
	p.show(w, r, status, "gates", "", v)
}

// GateSays is the sentence of a gate's state.
func (v gatesView) GateSays(g books.Gate) string { return v.T("gate.say_" + string(g.State(v.At))) }

// CodeWaits says whether a one-time code waits to be used.
func (v gatesView) CodeWaits(g books.Gate) bool { return g.CodeUntil != nil && g.CodeUntil.After(v.At) }

// Direction names a lane's direction.
func (v gatesView) Direction(d parking.Direction) string { return v.T("direction." + string(d)) }
