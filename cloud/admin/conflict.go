package admin

import (
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/settle"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type conflictView struct {
	frame
	Case     books.Case
	About    string
	Evidence []evidence
	Stays    []caseStay
	Ways     []way
	Decided  []string
	Reopened bool
	Done     bool
	Wrong    string // why the last decision was not taken
	Closed   bool
}

// evidence is one of the facts that contradict.
type evidence struct {
	Text, At, Gate, Who, Clock, Known, Plate, Token string
	Entered                                         string // when it was typed in, for what happened at a typed time
	Photos                                          []photoView
}

// caseStay is one of the stays that the conflict is about.
type caseStay struct {
	stayView
	Known bool // its entry (or exit) has come
}

// way is one form: a way to settle, and the fields that it needs.
type way struct {
	How                                               settle.How
	Title, About                                      string
	Reason, Slot, Plate, Stays, Payment, Token, Match bool
	Needs                                             bool // a reason
	Open                                              bool
	Options                                           []option // of stays, payments, tokens or entries
	Typed                                             typedWay
}

// typedWay is what was typed before, so that a refusal loses nothing.
type typedWay struct{ Reason, Slot, Plate, Choice, Amount string }

// conflict shows one conflict with its evidence and what may be done.
func (p *Pages) conflict(w http.ResponseWriter, r *http.Request) {
	p.showConflict(w, r, http.StatusOK, "", "", typedWay{})
}

func (p *Pages) showConflict(w http.ResponseWriter, r *http.Request, status int, wrong string, how settle.How, typed typedWay) {
	f, err := p.siteFrame(r, "conflicts")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	c, err := p.Books.Case(r.Context(), f.Site, chi.URLParam(r, "id"), f.At)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := conflictView{frame: f, Case: c, Wrong: wrong, Done: r.URL.Query().Get("done") != "" && wrong == ""}
	v.Here = "/conflicts/" + c.ID
	v.Title = v.Conflict(c.Kind)
	v.fill()
	if c.State == books.ConflictOpen || c.State == books.ConflictWaiting {
		candidates, err := p.candidates(r, &c)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		v.ways(how, typed, candidates)
	} else {
		v.Closed = true
	}
	p.show(w, r, status, "conflict", "", v)
}

func (p *Pages) candidates(r *http.Request, c *books.Case) ([]settle.Candidate, error) {
	if !slices.Contains(settle.Allowed(c.Kind), settle.Match) || len(c.Stays) == 0 {
		return nil, nil
	}
	me := c.Stays[0].Stay
	f, err := p.siteFrame(r, "conflicts")
	if err != nil {
		return nil, err
	}
	return p.Settle.Candidates(r.Context(), f.Site.ID, &me)
}

func (v *conflictView) fill() {
	v.About = v.T("conflict.about.other")
	if key := "conflict.about." + v.Case.Kind; words.Has(key) {
		v.About = v.T(key)
	}
	for _, f := range v.Case.Named {
		v.Evidence = append(v.Evidence, v.evidence(f))
	}
	for _, s := range v.Case.Stays {
		v.Stays = append(v.Stays, caseStay{newStayView(v.frame, s), s.State != ""})
	}
	for _, d := range v.Case.Decided {
		how := d.How
		if key := "how." + d.How; words.Has(key) {
			how = v.T(key)
		}
		if d.Reason != "" {
			how += " · " + d.Reason
		}
		v.Decided = append(v.Decided, v.T("case.decided_line", v.When(d.At), v.person(v.Case.Names, d.Actor), how))
	}
	v.Reopened = len(v.Decided) > 0 && (v.Case.State == books.ConflictOpen || v.Case.State == books.ConflictWaiting)
}

func (v *conflictView) evidence(f books.Fact) evidence {
	e := evidence{
		Text: v.Told(f), At: v.Full(f.At), Gate: f.Gate, Who: v.person(v.Case.Names, f.Actor), Known: v.Full(f.Received),
		Clock: v.T("case.clock." + string(f.Clock)),
	}
	var photos []parking.PhotoRef
	var typed *time.Time
	switch b := f.Told.(type) {
	case *parking.VehicleIn:
		photos, e.Plate, e.Token, typed = b.Photos, display(b.Display, b.Plate), b.Token, b.TypedAt
	case *parking.VehicleOut:
		photos, e.Plate, e.Token, typed = b.Photos, display(b.Display, b.Plate), b.Token, b.TypedAt
	case *parking.TokenLost:
		photos, e.Token = b.Photos, b.Token
	}
	if typed != nil {
		e.At, e.Entered, e.Clock = v.Full(*typed), e.At, v.T("case.clock.paper")
	}
	for _, ref := range photos {
		caption := v.T("case.evidence")
		if role := "stay.role." + ref.Role; words.Has(role) {
			caption = v.T(role)
		}
		view := photoView{Caption: caption, Alt: v.T("stay.photo_alt", caption, v.PlateOf(e.Plate)), Why: v.T("stay.photo_waits")}
		if v.Case.Held[ref.SHA256] {
			view.Src = "/photos/" + ref.SHA256
		}
		e.Photos = append(e.Photos, view)
	}
	return e
}

func display(shown string, plate parking.Plate) string {
	if shown != "" {
		return shown
	}
	return plate.Display()
}

// ways are the forms, the one that was tried last (or else the first) open.
func (v *conflictView) ways(tried settle.How, typed typedWay, candidates []settle.Candidate) {
	for i, how := range settle.Allowed(v.Case.Kind) {
		w := way{
			How: how, Title: v.T("how." + string(how)), About: v.T("how.about." + string(how)), Needs: how.NeedsReason(), Reason: true,
			Open: how == tried || tried == "" && i == 0,
		}
		if how == tried {
			w.Typed = typed
		}
		switch how {
		case settle.Place, settle.Swap:
			w.Slot = true
		case settle.Correct:
			w.Stays, w.Plate, w.Options = true, true, v.stayOptions()
		case settle.BlockToken:
			w.Token, w.Options = true, v.tokenOptions()
		case settle.Refund:
			w.Payment, w.Options = true, v.paymentOptions()
		case settle.Match:
			w.Match, w.Options = true, v.matchOptions(candidates)
		}
		if w.Typed.Choice == "" && len(w.Options) > 0 && (w.Payment || w.Token) { // whose vehicle it is, nobody chooses but the person
			w.Typed.Choice = w.Options[0].Value
		}
		for j := range w.Options {
			w.Options[j].Chosen = w.Options[j].Value == w.Typed.Choice
		}
		v.Ways = append(v.Ways, w)
	}
}

func (v *conflictView) stayOptions() []option {
	var out []option
	for _, s := range v.Stays {
		if !s.Known {
			continue
		}
		text := v.PlateOf(s.Stay.Display)
		if s.Stay.InAt != nil {
			text = v.T("case.match_row", text, v.When(*s.Stay.InAt), s.Stay.InGate)
		}
		out = append(out, option{Value: s.Stay.ID.String(), Text: text})
	}
	return out
}

func (v *conflictView) tokenOptions() []option {
	var out []option
	for _, s := range v.Case.Stays {
		token := s.Token
		if token != "" && !slices.ContainsFunc(out, func(o option) bool { return o.Value == token }) {
			out = append(out, option{Value: token, Text: token})
		}
	}
	return out
}

func (v *conflictView) paymentOptions() []option {
	var out []option
	for _, s := range v.Case.Stays {
		for i := range s.Payments {
			pay := &s.Payments[i]
			left := settle.Refundable(pay)
			if left <= 0 {
				continue
			}
			text := v.Method(pay.Method) + " · " + v.Money(left)
			if pay.PaidAt != nil {
				text = v.When(*pay.PaidAt) + " · " + text
			}
			out = append(out, option{Value: pay.ID.String(), Text: text})
		}
	}
	slices.Reverse(out) // the later is the one too many
	return out
}

func (v *conflictView) matchOptions(candidates []settle.Candidate) []option {
	var out []option
	for _, c := range candidates {
		text := v.T("case.match_row", v.PlateOf(c.Display), v.When(c.InAt), c.InGate)
		if place := placeOf(c.ZoneCode, c.Slot); place != "" {
			text += " · " + place
		}
		if c.SameToken {
			text += " · " + v.T("case.match_token")
		}
		if c.Distance == 0 {
			text += " · " + v.T("case.match_same")
		}
		out = append(out, option{Value: c.ID.String(), Text: text})
	}
	return out
}

// conflictSubmit takes a decision.
func (p *Pages) conflictSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "conflicts")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	id, err := books.ConflictID(chi.URLParam(r, "id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	path := "/conflicts/" + hex.EncodeToString(id)
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	typed := typedWay{Reason: get("reason"), Slot: get("slot"), Plate: get("plate"), Choice: get("choice"), Amount: get("amount")}
	d := settle.Decision{How: settle.How(get("how")), Reason: typed.Reason, Seen: get("seen"), Plate: typed.Plate}
	err = typed.into(&d, f.Site.Currency)
	if err == nil {
		err = p.Settle.Settle(r.Context(), f.Me, chi.URLParam(r, "id"), d)
	}
	switch parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, path+"?done=1", http.StatusSeeOther) //nolint:gosec // an id in hex, of this site
	case parking.Invalid, parking.TooLarge:
		p.showConflict(w, r, http.StatusUnprocessableEntity, words.Sentence(f.Lang, parking.ErrorMessage(err)), d.How, typed)
	case parking.Conflict:
		p.showConflict(w, r, http.StatusConflict, words.Sentence(f.Lang, parking.ErrorMessage(err)), d.How, typed)
	default:
		p.fail(w, r, err)
	}
}

// into puts what was typed where the decision wants it.
func (t *typedWay) into(d *settle.Decision, currency string) error {
	var err error
	switch d.How {
	case settle.Place, settle.Swap:
		d.Slot = t.Slot
	case settle.Correct, settle.Match:
		d.Stay, err = uuid.Parse(t.Choice)
	case settle.BlockToken:
		d.Token = t.Choice
	case settle.Refund:
		if d.Payment, err = uuid.Parse(t.Choice); err == nil {
			d.Amount, err = amount(t.Amount, currency)
		}
	}
	if err != nil && !errors.Is(err, errNoAmount) {
		return parking.Errorf(parking.Invalid, "Something in this form is missing.")
	}
	return err
}

// amount reads a sum as people write it, with thin marks between groups. What
// is written behind a point or comma are the currency's minor units, if it has
// any.
func amount(text, currency string) (parking.Money, error) {
	_, minor, _ := strings.Cut(parking.Money(0).Format(currency, words.En), ".")
	var digits strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '.' || r == ',' || r == ' ' || r == '\u00a0' || r == '\u202f':
		default:
			return 0, errNoAmount
		}
	}
	n, err := strconv.ParseInt(digits.String(), 10, 64)
	if err != nil {
		return 0, errNoAmount
	}
	if i := strings.LastIndexAny(text, ".,"); len(minor) > 0 && (i < 0 || len(text)-i-1 != len(minor)) {
		for range minor { // written in whole units
			if n > int64(parking.MaxMoney) {
				return 0, errNoAmount
			}
			n *= 10
		}
	}
	return parking.Money(n), nil
}

var errNoAmount = parking.Errorf(parking.Invalid, "Type the amount in digits.")
