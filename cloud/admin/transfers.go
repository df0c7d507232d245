package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/bank"
	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type transfersView struct {
	frame
	Tabs  []tab
	Items []transferView
	State string
	Older string
	Done  bool
	Wrong string // why the last decision was not taken
}

// transferView is one notice; Stay and Reason are what was typed, or what is
// known of it.
type transferView struct {
	books.Notice
	Line         string // when, from where
	WhyText      string
	Decided      string
	Target       string // what the form names
	Known        bool   // which stay it is about
	Typed        string
	Open, Review bool
}

// transfers lists what banks told, those first that wait for a person.
func (p *Pages) transfers(w http.ResponseWriter, r *http.Request) {
	p.showTransfers(w, r, http.StatusOK, "", 0)
}

var transferStates = []string{bank.StateReview, bank.StateSettled, bank.StateSetAside}

func (p *Pages) showTransfers(w http.ResponseWriter, r *http.Request, status int, wrong string, tried int64) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := transfersView{frame: f, Wrong: wrong, State: bank.StateReview, Done: r.URL.Query().Get("done") != "" && wrong == ""}
	v.Here = "/transfers"
	if state := r.URL.Query().Get("state"); state != "" {
		v.State = state
	}
	var before int64
	if text := r.URL.Query().Get("older"); text != "" {
		before, err = strconv.ParseInt(text, 10, 64)
	}
	known := false
	for _, state := range transferStates {
		v.Tabs = append(v.Tabs, tab{Text: v.T("transfers." + state), Link: "/transfers?state=" + state, Here: state == v.State})
		known = known || state == v.State
	}
	if err != nil || !known || before < 0 {
		p.fail(w, r, parking.Errorf(parking.Invalid, "There is no such page of transfers."))
		return
	}
	rows, next, err := p.Books.Notices(r.Context(), f.Site, v.State, before)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, n := range rows {
		v.Items = append(v.Items, v.transfer(n, tried, r.PostForm))
	}
	if next != 0 {
		v.Older = "/transfers?" + url.Values{"state": {v.State}, "older": {strconv.FormatInt(next, 10)}}.Encode()
	}
	p.show(w, r, status, "transfers", "", v)
}

func (v *transfersView) transfer(n books.Notice, tried int64, typed url.Values) transferView {
	at := n.Received
	if n.BankAt != nil {
		at = *n.BankAt
	}
	t := transferView{Notice: n, Line: v.T("transfers.line", v.When(at), n.Provider, n.Transaction), Review: n.State == bank.StateReview, Open: n.ID == tried}
	if n.Why != "" {
		t.WhyText = v.T("transfers.why." + n.Why)
	}
	if n.Stay != uuid.Nil {
		t.Target, t.Known = n.Stay.String(), true
	}
	if n.DecidedBy != "" && n.DecidedAt != nil {
		t.Decided = v.T("transfers.decided", v.When(*n.DecidedAt), n.DecidedBy, n.Reason)
	}
	if t.Open {
		t.Target, t.Typed = typed.Get("stay"), typed.Get("reason")
	}
	return t
}

// transferSubmit credits a notice to a stay, or sets it aside.
func (p *Pages) transferSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err == nil {
		err = form(w, r)
	}
	id, numberErr := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err == nil && numberErr != nil {
		err = errNoPage
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	reason := r.PostForm.Get("reason")
	switch r.PostForm.Get("how") {
	case "credit":
		var stay uuid.UUID
		if stay, err = p.stayMeant(r, f.Site, r.PostForm.Get("stay")); err == nil {
			err = p.Bank.Credit(r.Context(), f.Me, id, stay, reason)
		}
	case "set_aside":
		err = p.Bank.SetAside(r.Context(), f.Me, id, reason)
	default:
		err = errNoPage
	}
	switch code := parking.ErrorCode(err); {
	case err == nil:
		http.Redirect(w, r, "/transfers?done=1", http.StatusSeeOther)
	case errors.Is(err, errNoPage):
		p.fail(w, r, err)
	case code == parking.Invalid:
		p.showTransfers(w, r, http.StatusUnprocessableEntity, words.Sentence(f.Lang, parking.ErrorMessage(err)), id)
	case code == parking.Conflict:
		p.showTransfers(w, r, http.StatusConflict, words.Sentence(f.Lang, parking.ErrorMessage(err)), id)
	default:
		p.fail(w, r, err)
	}
}

// stayMeant is the stay that somebody named by its id, or by the plate of a
// vehicle that is inside.
func (p *Pages) stayMeant(r *http.Request, site books.Site, text string) (uuid.UUID, error) {
	text = strings.TrimSpace(text)
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	plate, err := parking.ParsePlate(text)
	if err != nil {
		return uuid.Nil, parking.Errorf(parking.Invalid, "Name the stay: the plate of a vehicle inside, or the number in the address of the stay's page.")
	}
	found, err := p.Books.Stays(r.Context(), site, books.Filter{Plate: plate, State: parking.Inside}, nil, nil)
	if err != nil {
		return uuid.Nil, err
	}
	if len(found.Rows) != 1 {
		return uuid.Nil, parking.Errorf(parking.Invalid, "%d vehicles inside have the plate %s. Open the stay that is meant and give the number in its address.", len(found.Rows), plate)
	}
	return found.Rows[0].ID, nil
}
