package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type staysView struct {
	frame
	Form       staysForm
	Stays      books.Stays
	Wrong      string
	Filtered   bool
	PaidFilter string
	OlderLink  string
	NewerLink  string
	States     []option
	Classes    []option
	Gates      []option
	Hidden     []option // parts of the filter without a field of their own
}

// option is a value and its words.
type option struct {
	Value, Text string
	Chosen      bool
}

// staysForm is the filter as it stands in the address.
type staysForm struct {
	Plate, State, Class, Gate, From, To             string
	Like                                            bool
	PaidFrom, PaidTo, Method, PaidGate, Actor, Hour string
}

// stays lists stays by the filter in the address.
func (p *Pages) stays(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	q := r.URL.Query()
	v := staysView{frame: f, Form: readStaysForm(q)}
	status := http.StatusOK
	filter, older, newer, err := v.filter(q)
	if err != nil {
		// The form keeps what was typed; nothing is listed by half a filter.
		v.Wrong, status = v.T("error.invalid"), http.StatusBadRequest
	} else if v.Stays, err = p.Books.Stays(r.Context(), f.Site, filter, older, newer); err != nil {
		p.fail(w, r, err)
		return
	}
	gates, err := p.Books.Gates(r.Context(), f.Site.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	people, err := p.Books.People(r.Context(), f.Site.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v.options(gates)
	v.PaidFilter = v.paidFilter(people)
	v.links()
	p.show(w, r, status, "stays", "", v)
}

func readStaysForm(q url.Values) staysForm {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return staysForm{
		Plate: get("plate"), Like: q.Get("like") == "1", State: get("state"), Class: get("class"), Gate: get("gate"),
		From: get("from"), To: get("to"), PaidFrom: get("paid_from"), PaidTo: get("paid_to"), Method: get("method"),
		PaidGate: get("paid_gate"), Actor: get("actor"), Hour: get("hour"),
	}
}

// values is the filter as an address has it.
func (f staysForm) values() url.Values {
	v := url.Values{}
	for _, o := range []option{
		{Value: "plate", Text: f.Plate},
		{Value: "state", Text: f.State},
		{Value: "class", Text: f.Class},
		{Value: "gate", Text: f.Gate},
		{Value: "from", Text: f.From},
		{Value: "to", Text: f.To},
	} {
		if o.Text != "" {
			v.Set(o.Value, o.Text)
		}
	}
	for _, o := range f.hidden() {
		v.Set(o.Value, o.Text)
	}
	if f.Like {
		v.Set("like", "1")
	}
	return v
}

func (f staysForm) hidden() []option {
	all := []option{
		{Value: "paid_from", Text: f.PaidFrom},
		{Value: "paid_to", Text: f.PaidTo},
		{Value: "method", Text: f.Method},
		{Value: "paid_gate", Text: f.PaidGate},
		{Value: "actor", Text: f.Actor},
		{Value: "hour", Text: f.Hour},
	}
	return slices.DeleteFunc(all, func(o option) bool { return o.Text == "" })
}

// filter reads the filter and the place in the list. What cannot be read is an
// Invalid error.
func (v *staysView) filter(q url.Values) (f books.Filter, older, newer *books.Cursor, err error) {
	form := v.Form
	f = books.Filter{
		Like: form.Like, State: parking.StayState(form.State), Class: parking.Class(form.Class), Gate: form.Gate,
		Method: parking.Method(form.Method), PaidGate: form.PaidGate, Actor: form.Actor,
	}
	if form.Plate != "" {
		if f.Plate, err = parking.ParsePlate(form.Plate); err != nil {
			return f, nil, nil, err
		}
	}
	for _, d := range []struct {
		text string
		to   **time.Time
		next parking.LocalDate // a period ends where the day after begins
	}{{form.From, &f.From, 0}, {form.To, &f.Until, 1}, {form.PaidFrom, &f.PaidFrom, 0}, {form.PaidTo, &f.PaidUntil, 1}} {
		if d.text == "" {
			continue
		}
		var date parking.LocalDate
		if err = date.UnmarshalText([]byte(d.text)); err != nil {
			return f, nil, nil, err
		}
		at := v.Site.DayStart(date + d.next)
		*d.to = &at
	}
	if form.Hour != "" {
		hour, e := strconv.Atoi(form.Hour)
		if e != nil || hour < 0 || hour > 23 {
			return f, nil, nil, parking.Errorf(parking.Invalid, "The hour must be 0 to 23.")
		}
		f.Hour = &hour
	}
	if older, err = readCursor(q.Get("older")); err != nil {
		return f, nil, nil, err
	}
	newer, err = readCursor(q.Get("newer"))
	return f, older, newer, err
}

// A cursor stands in the address as time and id, "2026-11-22T03:04:05Z~…".
func readCursor(text string) (*books.Cursor, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no cursor is the start of the list
	}
	at, id, _ := strings.Cut(text, "~")
	var c books.Cursor
	var err error
	if c.At, err = time.Parse(time.RFC3339Nano, at); err == nil {
		c.ID, err = uuid.Parse(id)
	}
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The place in the list cannot be read.")
	}
	return &c, nil
}

func (v *staysView) links() {
	link := func(name string, c *books.Cursor) string {
		if c == nil {
			return ""
		}
		q := v.Form.values()
		q.Set(name, c.At.UTC().Format(time.RFC3339Nano)+"~"+c.ID.String())
		return "/stays?" + q.Encode()
	}
	v.OlderLink, v.NewerLink = link("older", v.Stays.Older), link("newer", v.Stays.Newer)
	v.Filtered = len(v.Form.values()) > 0
	v.Hidden = v.Form.hidden()
}

func (v *staysView) options(gates []books.Gate) {
	for _, s := range []parking.StayState{parking.Inside, parking.Left, parking.Voided} {
		v.States = append(v.States, option{string(s), v.T("stay." + string(s)), v.Form.State == string(s)})
	}
	for _, c := range []parking.Class{parking.Car, parking.Motorbike, parking.Bicycle} {
		v.Classes = append(v.Classes, option{string(c), v.Class(c), v.Form.Class == string(c)})
	}
	for _, g := range gates {
		v.Gates = append(v.Gates, option{g.Code, g.Code + " · " + g.Name, v.Form.Gate == g.Code})
	}
}

// paidFilter says in words which payments the list asks for, "" for none.
func (v *staysView) paidFilter(people books.People) string {
	var said []string
	dates := []string{}
	for _, text := range []string{v.Form.PaidFrom, v.Form.PaidTo} {
		var d parking.LocalDate
		if d.UnmarshalText([]byte(text)) == nil {
			dates = append(dates, words.Date(v.Lang, d))
		}
	}
	if dates = slices.Compact(dates); len(dates) > 0 {
		said = append(said, strings.Join(dates, " – "))
	}
	if v.Form.Method != "" {
		said = append(said, v.Method(v.Form.Method))
	}
	if v.Form.PaidGate != "" {
		said = append(said, v.T("fact.where", v.Form.PaidGate))
	}
	if v.Form.Actor != "" {
		said = append(said, people.Name(v.Form.Actor))
	}
	if hour, err := strconv.Atoi(v.Form.Hour); err == nil {
		said = append(said, v.T("stays.hour", strconv.Itoa(hour), strconv.Itoa(hour+1)))
	}
	return strings.Join(said, " · ")
}
