package admin

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type slotView struct {
	frame
	Slot  books.Slot
	Done  bool
	Wrong string
	Typed string
}

// slotShow shows a slot, and the form that takes it out of service or back.
func (p *Pages) slotShow(w http.ResponseWriter, r *http.Request) {
	p.showSlot(w, r, http.StatusOK, "", "")
}

func (p *Pages) showSlot(w http.ResponseWriter, r *http.Request, status int, wrong, typed string) {
	f, err := p.siteFrame(r, "map")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	ground, err := p.Books.Map(r.Context(), f.Site)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	code := chi.URLParam(r, "code")
	i := slices.IndexFunc(ground.Slots, func(s books.Slot) bool { return s.Code == code })
	if i < 0 {
		p.fail(w, r, errNoPage)
		return
	}
	v := slotView{frame: f, Slot: ground.Slots[i], Done: r.URL.Query().Get("done") != "" && wrong == "", Wrong: wrong, Typed: typed}
	v.Title, v.Here = v.T("service.title", code), "/map/slots/"+code
	p.show(w, r, status, "slot", "", v)
}

// slotSubmit takes a slot out of service, or back.
func (p *Pages) slotSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "map")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	code := chi.URLParam(r, "code")
	_, err = p.Settle.SetSlot(r.Context(), f.Me, code, r.PostForm.Get("out") == "1", r.PostForm.Get("reason"))
	switch parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, "/map/slots/"+url.PathEscape(code)+"?done=1", http.StatusSeeOther)
	case parking.Invalid:
		p.showSlot(w, r, http.StatusUnprocessableEntity, words.Sentence(f.Lang, parking.ErrorMessage(err)), r.PostForm.Get("reason"))
	default:
		p.fail(w, r, err)
	}
}
