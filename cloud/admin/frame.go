package admin

import (
	"fmt"
	"net/http"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/books"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// frame is what every page has: the reader's language, the site and its time
// zone, who reads. Its methods are how templates write words, money and times.
type frame struct {
	Lang  string
	Title string
	Site  books.Site
	Me    auth.Principal
	Here  string // path and query of this page
	At    time.Time
	// ClockWrong is the sentence that the server's clock is the suspect, "" else.
	ClockWrong string

	nav   string
	files *static
}

func (p *Pages) bareFrame(r *http.Request) frame {
	here := r.URL.RequestURI()
	if r.Method != http.MethodGet {
		here = auth.SignInPage
	}
	return frame{Lang: language(r), Here: local(here), At: p.Now(), files: p.static}
}

// siteFrame is the frame of a page of the reader's site.
func (p *Pages) siteFrame(r *http.Request, nav string) (frame, error) {
	me, ok := auth.FromContext(r.Context())
	if !ok {
		return frame{}, parking.Errorf(parking.Unauthorized, "Sign in first.")
	}
	site, err := p.Books.Site(r.Context(), me.Site)
	if err != nil {
		return frame{}, err
	}
	f := p.bareFrame(r)
	f.Site, f.Me, f.nav = site, me, nav
	f.Title = f.T("page." + nav)
	if p.ClockSuspect != nil {
		if by, suspect := p.ClockSuspect(); suspect {
			f.ClockWrong = f.T("page.clock_wrong", by.Abs().Round(time.Second))
		}
	}
	return f, nil
}

type entry struct {
	Path, Icon, Name string
	Here             bool
}

// Entries are the five pages of the rail.
func (f frame) Entries() []entry {
	var out []entry
	for _, e := range []struct{ path, key string }{
		{"/", "now"}, {"/map", "map"}, {"/stays", "stays"}, {"/gates", "gates"}, {"/revenue", "revenue"},
	} {
		out = append(out, entry{Path: e.path, Icon: "#i-" + e.key, Name: f.T("page." + e.key), Here: e.key == f.nav})
	}
	return out
}

// OtherLang is the language that the switch leads to.
func (f frame) OtherLang() string { return words.Other(f.Lang) }

// Static is the address of a static file.
func (f frame) Static(name string) string { return f.files.url(name) }

// T is a text of the catalogue.
func (f frame) T(key string, args ...any) string { return words.T(f.Lang, key, args...) }

// Money writes a sum in the site's currency.
func (f frame) Money(m parking.Money) string { return m.Format(f.Site.Currency, f.Lang) }

// Num writes a count.
func (f frame) Num(n int) string { return words.Number(f.Lang, n) }

// Num64 writes a count.
func (f frame) Num64(n int64) string { return words.Number(f.Lang, int(n)) }

// Count counts from one what templates count from zero.
func (f frame) Count(i int) int { return i + 1 }

// Class names a class of vehicles.
func (f frame) Class(c any) string { return words.Class(f.Lang, parking.Class(fmt.Sprint(c))) }

// Method names a way to pay.
func (f frame) Method(m any) string { return words.Method(f.Lang, parking.Method(fmt.Sprint(m))) }

// Conflict names a kind of conflict.
func (f frame) Conflict(kind string) string {
	if key := "conflict." + kind; words.Has(key) {
		return f.T(key)
	}
	return f.T("conflict.other", kind)
}

// Full writes date and time at the site.
func (f frame) Full(t time.Time) string { return words.Moment(f.Lang, t.In(f.Site.Zone)) }

// When writes a time at the site: of today only the clock, of this year
// without the year.
func (f frame) When(t time.Time) string {
	day, today := f.Site.Today(t), f.Site.Today(f.At)
	year, _, _ := day.Date()
	thisYear, _, _ := today.Date()
	switch {
	case day == today:
		return words.Clock(t.In(f.Site.Zone))
	case year == thisYear:
		return words.ShortDate(f.Lang, day) + " " + words.Clock(t.In(f.Site.Zone))
	}
	return f.Full(t)
}

// Seen writes when something was heard, with seconds where that is today.
func (f frame) Seen(t *time.Time) string {
	switch {
	case t == nil:
		return f.T("now.never")
	case f.Site.Today(*t) == f.Site.Today(f.At):
		return t.In(f.Site.Zone).Format("15:04:05")
	}
	return f.When(*t)
}

// Or writes text, or a dash for none.
func (f frame) Or(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// RTT writes a gate's round trip.
func (f frame) RTT(g books.Gate) string {
	if g.RTT == nil || g.State(f.At) == books.GateOffline {
		return "–"
	}
	return f.T("now.ms", f.Num64(g.RTT.Milliseconds()))
}

// PlateOf writes a plate, or that there is none.
func (f frame) PlateOf(display string) string {
	if display == "" {
		return f.T("stays.no_plate")
	}
	return display
}

// pill is a state as word, mark and role.
type pill struct {
	Role look.Role
	Mark string
	Text string
}

var gateLooks = map[books.GateState]pill{
	books.GateOnline:   {look.Free, "●", ""},
	books.GateDegraded: {look.Reserved, "◐", ""},
	books.GateOffline:  {look.Trouble, "!", ""},
	books.GateNew:      {look.Out, "○", ""},
	books.GateAwaited:  {look.Reserved, "▨", ""},
	books.GateRevoked:  {look.Out, "×", ""},
}

// GatePill is the state of a gate.
func (f frame) GatePill(g books.Gate) pill {
	state := g.State(f.At)
	out := gateLooks[state]
	out.Text = f.T("gate." + string(state))
	return out
}

// StayPill is the state of a stay.
func (f frame) StayPill(s parking.StayState) pill {
	switch s {
	case parking.Inside:
		return pill{look.Mine, "■", f.T("stay.inside")}
	case parking.Left:
		return pill{look.Free, "→", f.T("stay.left")}
	}
	return pill{look.Out, "×", f.T("stay." + string(s))}
}

// PaymentPill is the status of a payment.
func (f frame) PaymentPill(s parking.PaymentStatus) pill {
	out := pill{look.Out, "×", f.T("payment." + string(s))}
	switch s {
	case parking.Paid:
		out.Role, out.Mark = look.Free, "✓"
	case parking.Pending:
		out.Role, out.Mark = look.Reserved, "▨"
	}
	return out
}
