package admin

import (
	"net/http"
	"net/url"
	"slices"

	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

type cardsView struct {
	listFrame
	Filters []tab
	Rows    []books.Card
	Number  string // typed
	Reason  string
	State   string
	States  []option
}

// CardPill is what a card is.
func (f frame) CardPill(state string) pill {
	out := pill{look.Free, "✓", f.T("cards." + state)}
	switch state {
	case passes.Issued:
		out.Role, out.Mark = look.Mine, "◆"
	case passes.Blocked, passes.Lost:
		out.Role, out.Mark = look.Trouble, "!"
	}
	return out
}

// cards lists the site's cards.
func (p *Pages) cards(w http.ResponseWriter, r *http.Request) { p.showCards(w, r, nil) }

func (p *Pages) showCards(w http.ResponseWriter, r *http.Request, refused error) {
	l, err := p.listFrame(r, "cards")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := cardsView{listFrame: l, Number: r.PostForm.Get("number"), Reason: r.PostForm.Get("reason")}
	status := http.StatusOK
	if refused != nil {
		var told bool
		if status, told = v.refuse(refused); !told {
			p.fail(w, r, refused)
			return
		}
	}
	for _, state := range passes.CardStates() {
		v.States = append(v.States, option{Value: state, Text: v.T("cards." + state), Chosen: state == r.PostForm.Get("state")})
	}
	if err := p.fillCards(r, &v); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "cards", "", v)
}

func (p *Pages) fillCards(r *http.Request, v *cardsView) error {
	q := r.URL.Query()
	v.State = q.Get("state")
	if v.State != "" && !slices.Contains(passes.CardStates(), v.State) {
		return parking.Errorf(parking.NotFound, "There is no such page.")
	}
	counts, err := p.Books.CardCounts(r.Context(), v.Site.ID)
	if err != nil {
		return err
	}
	var all int64
	for _, n := range counts {
		all += n
	}
	v.Filters = []tab{{Text: v.T("cards.all"), Link: "/cards", Count: v.Num64(all), Here: v.State == ""}}
	for _, state := range passes.CardStates() {
		v.Filters = append(v.Filters, tab{Text: v.T("cards." + state), Link: "/cards?state=" + state, Count: v.Num64(counts[state]), Here: v.State == state})
	}
	rows, next, err := p.Books.Cards(r.Context(), v.Site.ID, v.State, q.Get("after"))
	if err != nil {
		return err
	}
	v.Rows = rows
	if next != "" {
		v.Next = "/cards?" + url.Values{"state": {v.State}, "after": {next}}.Encode()
	}
	return nil
}

// cardSubmit says what a card is from now on.
func (p *Pages) cardSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	q := r.PostForm
	if err := p.Passes.SetCard(r.Context(), f.Me, q.Get("number"), q.Get("state"), q.Get("reason")); err != nil {
		p.showCards(w, r, err)
		return
	}
	http.Redirect(w, r, "/cards?done=1", http.StatusSeeOther)
}
