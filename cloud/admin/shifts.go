package admin

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/cloud/settle"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type shiftsView struct {
	frame
	Books          books.ShiftDay
	DayText        string // as the address has it
	DayName        string
	Guard          string
	Guards         []option
	Earlier, Later string
	Rows           []shiftRow
	people         books.People
	WithCards      bool
}

// shiftRow is a shift as a list and its own page show it.
type shiftRow struct {
	books.Shift
	Name          string
	Over          *pill // of cash; nil where it cannot be said
	Transfers     parking.Money
	UnprovenCount int
	UnprovenSum   parking.Money
	Payments      int
	Refunded      parking.Money
	Openings      int
	Open          bool
}

// shifts lists the drawers of a day.
func (p *Pages) shifts(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	f.Title = f.T("page.shifts")
	v := shiftsView{frame: f, Guard: r.URL.Query().Get("guard")}
	day := f.Site.Today(f.At)
	if text := r.URL.Query().Get("day"); text != "" {
		if err = day.UnmarshalText([]byte(text)); err != nil {
			p.fail(w, r, parking.Errorf(parking.Invalid, "There is no such day."))
			return
		}
	}
	if v.people, err = p.Books.People(r.Context(), f.Site.ID); err == nil {
		v.Books, err = p.Books.Shifts(r.Context(), f.Site, day, v.Guard, f.At)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v.fill(day)
	p.show(w, r, http.StatusOK, "shifts", "", v)
}

func (v *shiftsView) fill(day parking.LocalDate) {
	v.DayText, v.DayName = day.String(), words.Date(v.Lang, day)
	link := func(day parking.LocalDate) string {
		q := url.Values{"day": {day.String()}}
		if v.Guard != "" {
			q.Set("guard", v.Guard)
		}
		return "/shifts?" + q.Encode()
	}
	v.Earlier = link(day - 1)
	if day < v.Site.Today(v.At) {
		v.Later = link(day + 1)
	}
	guards := v.Books.Guards
	if v.Guard != "" && !slices.Contains(guards, v.Guard) {
		guards = append(guards, v.Guard)
	}
	for _, g := range guards {
		v.Guards = append(v.Guards, option{g, v.people.Name(g), g == v.Guard})
	}
	for _, s := range v.Books.Shifts {
		v.Rows = append(v.Rows, v.shiftRow(s, v.people))
	}
	v.WithCards = v.Books.Cards.Known > 0 || len(v.Books.Cards.Boxes) > 0
}

// shiftRow is what a shift's line says.
func (f frame) shiftRow(s books.Shift, people books.People) shiftRow {
	row := shiftRow{
		Shift: s, Name: people.Name(s.Guard), Refunded: s.Refunds(), Openings: s.CountOf(parking.KindBarrierOpened),
		Payments: s.CountOf(parking.KindPaymentTaken, parking.KindPaymentConfirmed), Open: !s.Machine && s.ClosedAt == nil,
	}
	if s.Machine {
		row.Name = f.T("shifts.machine", s.Gate)
	}
	row.UnprovenCount, row.UnprovenSum = s.Unproven(f.At)
	for _, m := range s.Methods {
		if m.Method != parking.Cash {
			row.Transfers += m.Taken
		}
	}
	if over := s.Shift.Over(); over != nil && !s.Machine {
		row.Over = f.overPill(*over)
	}
	return row
}

// overPill says what a drawer was over or short.
func (f frame) overPill(over parking.Money) *pill {
	switch {
	case over < 0:
		return &pill{look.Trouble, "!", f.T("shifts.short", f.Money(-over))}
	case over > 0:
		return &pill{look.Reserved, "+", f.T("shifts.over", f.Money(over))}
	}
	return &pill{look.Free, "✓", f.T("shifts.exact")}
}

type shiftView struct {
	frame
	shiftRow
	Back    string
	Methods []methodRow
	Counts  []countRow
	Items   []entryRow
	More    int // entries that are not shown
	PDF     string
	Wrong   string
	Typed   url.Values
	Done    bool
}

type methodRow struct {
	books.ShiftMethod
	Name string
	Pill *pill
}

type countRow struct {
	*parking.ShiftCount
	Title, Who string
	InBox      string
	Notes      []string
}

type entryRow struct {
	parking.ShiftEntry
	What, Plate, How string
	Sum              parking.Money
	Pill             *pill
}

// maxEntries bounds the list on a shift's page; the PDF has all.
const maxEntries = 500

// shift shows one shift.
func (p *Pages) shift(w http.ResponseWriter, r *http.Request) { p.showShift(w, r, http.StatusOK, "") }

func (p *Pages) showShift(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	s, people, err := p.shiftOf(r, f)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := shiftView{
		frame: f, shiftRow: f.shiftRow(s, people), Back: "/shifts?day=" + s.Day.String(), PDF: "/shifts/" + s.Address + "/shift.pdf",
		Wrong: wrong, Typed: r.PostForm, Done: r.URL.Query().Get("done") != "" && wrong == "",
	}
	v.Title, v.Here = f.T("page.shift"), "/shifts/"+s.Address
	v.fill(people)
	p.show(w, r, status, "shift", "", v)
}

func (p *Pages) shiftOf(r *http.Request, f frame) (books.Shift, books.People, error) {
	people, err := p.Books.People(r.Context(), f.Site.ID)
	if err != nil {
		return books.Shift{}, nil, err
	}
	s, err := p.Books.ShiftAt(r.Context(), f.Site, chi.URLParam(r, "shift"), f.At)
	return s, people, err
}

func (v *shiftView) fill(people books.People) {
	s := &v.Shift
	for _, m := range s.Methods {
		row := methodRow{ShiftMethod: m, Name: v.Method(m.Method)}
		if m.Over != nil && m.Counted != nil && (m.Method == parking.Cash || *m.Over != 0 || m.Waiting == 0 && m.Payments > 0) {
			row.Pill = v.overPill(*m.Over)
		}
		v.Methods = append(v.Methods, row)
	}
	for _, c := range []struct {
		key   string
		count *parking.ShiftCount
	}{{"shifts.count_first", s.Count}, {"shifts.count_second", s.Second}} {
		if c.count == nil {
			continue
		}
		row := countRow{ShiftCount: c.count, Title: v.T(c.key), Who: people.Name(c.count.By)}
		if c.count.Cards != nil {
			row.InBox = v.T("shifts.cards_counted", *c.count.Cards)
		}
		for _, n := range c.count.Notes {
			row.Notes = append(row.Notes, v.T("shifts.notes", v.Num64(n.Count), v.Money(n.Value)))
		}
		v.Counts = append(v.Counts, row)
	}
	entries := s.Entries
	if v.More = max(0, len(entries)-maxEntries); v.More > 0 {
		entries = entries[v.More:]
	}
	for _, e := range slices.Backward(entries) { // the newest first
		v.Items = append(v.Items, v.entry(e))
	}
}

func (v *shiftView) entry(e parking.ShiftEntry) entryRow {
	row := entryRow{ShiftEntry: e, Plate: v.Plates[e.Stay], What: v.T("shifts.payment"), Sum: e.Amount}
	switch {
	case e.Kind == parking.KindRefundPaid:
		row.What, row.How, row.Sum = v.T("shifts.refund"), e.Reason, -e.Amount
	case e.Kind == parking.KindBarrierOpened:
		row.What, row.How, row.Sum = v.T("shifts.opening", e.Lane), e.Reason, 0
	case e.Unproven(v.At):
		row.How, row.Pill = v.Method(e.Method), &pill{look.Trouble, "!", v.T("shifts.unproven")}
	case e.Method == parking.Cash:
		row.How = v.Method(e.Method)
	case e.BankAt == nil:
		row.How, row.Pill = v.Method(e.Method), &pill{look.Reserved, "▨", v.T("shifts.waiting")}
	default:
		row.How, row.Pill = v.Method(e.Method), &pill{look.Free, "✓", v.T("shifts.proven")}
	}
	return row
}

// Was is what was typed into the form before it was refused.
func (v shiftView) Was(name string) string { return v.Typed.Get(name) }

// shiftCount takes an administrator's second count.
func (p *Pages) shiftCount(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err == nil {
		err = form(w, r)
	}
	var s books.Shift
	if err == nil {
		s, _, err = p.shiftOf(r, f)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	c := settle.SecondCount{Shift: s.ID, Reason: r.PostForm.Get("reason")}
	sum, sumErr := strconv.ParseInt(digitsOnly(r.PostForm.Get("counted")), 10, 64)
	c.Sum = parking.Money(sum)
	cards, cardsErr := 0, error(nil)
	if text := strings.TrimSpace(r.PostForm.Get("cards")); text != "" {
		cards, cardsErr = strconv.Atoi(digitsOnly(text))
		c.Cards = &cards
	}
	if sumErr != nil || cardsErr != nil {
		p.showShift(w, r, http.StatusUnprocessableEntity, f.T("shifts.no_sum"))
		return
	}
	switch err := p.Settle.CountAgain(r.Context(), f.Me, c); parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, "/shifts/"+s.Address+"?done=1", http.StatusSeeOther)
	case parking.Invalid, parking.Conflict:
		p.showShift(w, r, http.StatusUnprocessableEntity, words.Sentence(f.Lang, parking.ErrorMessage(err)))
	default:
		p.fail(w, r, err)
	}
}

// digitsOnly takes the marks out of a sum as people write it: "204.000", "204,000 ₫".
// What is no sum stays none.
func digitsOnly(text string) string {
	return strings.TrimSpace(strings.NewReplacer(".", "", ",", "", " ", "", "\u00a0", "", "₫", "").Replace(text))
}

// shiftPDF gives a shift as PDF.
func (p *Pages) shiftPDF(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	var s books.Shift
	var people books.People
	if err == nil {
		s, people, err = p.shiftOf(r, f)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	head, err := p.Auth.AuditHead(r.Context(), f.Me.Site)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var buf bytes.Buffer
	made := report.Made{By: f.Me.Display, At: f.At, Lang: f.Lang, Audit: head.String()}
	if err := report.Shift(&buf, f.Site, s, people, made); err != nil {
		p.fail(w, r, err)
		return
	}
	name := f.Site.Code + "-shift-" + s.Day.String() + "-" + s.Gate + ".pdf"
	download(w, "application/pdf", "inline", name)
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(buf.Bytes())
}
