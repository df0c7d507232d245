package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type leakageView struct {
	frame
	dates
	Leakage  books.Leakage
	Totals   []figure
	Columns  []string
	Guards   []guardRow
	Lanes    []laneRow
	Silences []silenceRow
	Walks    []walkRow
	About    []aboutRow
	CSVLink  string
	SpotLink string
	DayLink  string
}

// dates is a period as the address has it.
type dates struct {
	From, To string
	Wrong    string
	Quick    []option
}

// figure is a number that is a link to what stands behind it, if anything does.
type figure struct {
	Name, Text, Money, Link string
	Zero                    bool
}

type guardRow struct {
	Name, Gate, Shift, ShiftLink string
	Vehicles                     string
	Figures                      []figure
}

type laneRow struct {
	Gate, Lane, Passed, Facts, Over, Alone, Link string
	Sensed, Bad                                  bool
}

type silenceRow struct {
	Gate, How, From, Until, Length string
	Dark                           bool
}

type walkRow struct {
	Zone, When, By      string
	Found               string
	Unseen, WithoutStay figure
}

type aboutRow struct{ Name, Text string }

// leakage shows what may hide money, by guard, lane and gate.
func (p *Pages) leakage(w http.ResponseWriter, r *http.Request) {
	v, ok := p.leakageView(w, r)
	if !ok {
		return
	}
	if v.Wrong != "" {
		p.show(w, r, http.StatusBadRequest, "leakage", "", v)
		return
	}
	v.fill()
	p.show(w, r, http.StatusOK, "leakage", "", v)
}

// leakageView reads the period in the address and what happened in it. It has
// answered itself when ok is false.
func (p *Pages) leakageView(w http.ResponseWriter, r *http.Request) (v leakageView, ok bool) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return v, false
	}
	v.frame = f
	v.Title = f.T("page.leakage")
	period, err := v.read(f, "/leakage", r.URL.Query())
	if err == nil {
		v.Leakage, err = p.Books.Leakage(r.Context(), f.Site, period, f.At)
	}
	switch {
	case parking.ErrorCode(err) == parking.Invalid:
		v.Wrong = v.T("leakage.bad_dates", books.MaxLeakageDays)
	case err != nil:
		p.fail(w, r, err)
		return v, false
	}
	return v, true
}

// read takes the period of an address; today where it names none.
func (d *dates) read(f frame, path string, q url.Values) (books.Period, error) {
	v := revenueView{frame: f}
	period, err := v.period(q)
	d.From, d.To = v.From, v.To
	today := f.Site.Today(f.At)
	for _, one := range []struct {
		key      string
		from, to parking.LocalDate
	}{{"revenue.today", today, today}, {"revenue.yesterday", today - 1, today - 1}, {"revenue.week", today - 6, today}} {
		link := path + "?" + url.Values{"from": {one.from.String()}, "to": {one.to.String()}}.Encode()
		d.Quick = append(d.Quick, option{link, f.T(one.key), period.From == one.from && period.To == one.to})
	}
	return period, err
}

// link is the address of a list with the page's period.
func (d *dates) link(path string, more url.Values) string {
	q := url.Values{"from": {d.From}, "to": {d.To}}
	for key, value := range more {
		q[key] = value
	}
	return path + "?" + q.Encode()
}

func (v *leakageView) fill() {
	l := &v.Leakage
	v.CSVLink, v.SpotLink = v.link("/leakage/marks.csv", nil), v.link("/spot-check", nil)
	v.DayLink = "/reconciliation?" + url.Values{"day": {v.To}}.Encode()
	for _, what := range books.Marks() {
		v.Columns = append(v.Columns, v.T("leakage.short."+what))
		t := l.Total(what)
		v.Totals = append(v.Totals, v.figure(what, t, url.Values{}))
		v.About = append(v.About, aboutRow{v.T("leakage." + what), v.T("leakage.about." + what)})
	}
	for i := range l.Guards {
		g := &l.Guards[i]
		row := guardRow{Name: v.T("revenue.device"), Gate: g.Gate, Vehicles: v.Num(g.Vehicles)}
		if g.Actor != "" {
			row.Name = l.Names.Name(g.Actor)
		}
		more := url.Values{"actor": {g.Actor}, "gate": {g.Gate}}
		if g.Shift != uuid.Nil {
			row.Shift, more["shift"] = v.T("leakage.shift_unknown"), []string{g.Shift.String()}
			if !g.Opened.IsZero() {
				row.Shift, row.ShiftLink = v.T("leakage.shift", v.When(g.Opened)), "/shifts/"+g.Shift.String()
			}
		}
		for _, what := range books.Marks() {
			row.Figures = append(row.Figures, v.figure(what, g.By[what], more))
		}
		v.Guards = append(v.Guards, row)
	}
	for _, lane := range l.Lanes {
		row := laneRow{
			Gate: lane.Gate, Lane: lane.Lane, Passed: v.Num(lane.Passed), Facts: v.Num(lane.Facts), Over: v.Num(lane.Over()),
			Alone: v.Num(lane.Alone), Sensed: lane.Sensed(), Bad: lane.Sensed() && lane.Alone > 0,
		}
		if lane.Alone > 0 {
			row.Link = v.link("/leakage/list", url.Values{"what": {"passage"}, "gate": {lane.Gate}, "lane": {lane.Lane}})
		}
		v.Lanes = append(v.Lanes, row)
	}
	for _, s := range l.Silences {
		v.Silences = append(v.Silences, silenceRow{
			Gate: s.Gate, How: v.T("leakage.silence." + s.How), From: v.When(s.From), Until: v.When(s.Until),
			Length: words.Duration(v.Lang, s.Length()), Dark: s.How == books.SilenceDark,
		})
	}
	v.walks()
}

func (v *leakageView) walks() {
	for i := range v.Leakage.Walks {
		w := &v.Leakage.Walks[i]
		side := func(name string, stays []books.WalkStay) figure {
			f := figure{Name: v.T("leakage." + name), Text: v.Num(len(stays)), Zero: len(stays) == 0}
			if len(stays) > 0 {
				f.Link = v.link("/leakage/list", url.Values{"what": {name}, "zone": {w.Zone}})
			}
			return f
		}
		v.Walks = append(v.Walks, walkRow{
			Zone: w.Zone, When: v.Full(w.Until), By: v.Leakage.Names.Name(w.Actor), Found: v.Num(w.Found),
			Unseen: side("unseen", w.Unseen), WithoutStay: side("without_stay", w.WithoutStay),
		})
	}
}

func (v *leakageView) figure(what string, t books.Tally, more url.Values) figure {
	f := figure{Name: v.T("leakage." + what), Text: v.Num(t.Count), Zero: t.Count == 0}
	if t.Count == 0 {
		return f
	}
	if t.Money != 0 {
		f.Money = v.Money(t.Money)
	}
	q := url.Values{"what": {what}}
	for key, value := range more {
		q[key] = value
	}
	f.Link = v.link("/leakage/list", q)
	return f
}

type leakageListView struct {
	leakageView
	What, Heading, Explained string
	Of                       string // whose marks
	Rows                     []markRow
	Passages                 []passageRow
	Stays                    []stayRow
	Back                     string
}

type markRow struct {
	At, Where, Who, Plate, Text, Money string
	Stay, Other                        uuid.UUID
	HasStay, HasOther                  bool
}

type passageRow struct{ At, Where, Who, How, Photo, Alt string }

type stayRow struct {
	Stay             uuid.UUID
	Plate, Place, In string
}

// leakageList shows what stands behind one figure.
func (p *Pages) leakageList(w http.ResponseWriter, r *http.Request) {
	base, ok := p.leakageView(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	v := leakageListView{leakageView: base, What: q.Get("what")}
	lists := append(books.Marks(), "passage", "unseen", "without_stay")
	if v.Wrong != "" || !slices.Contains(lists, v.What) {
		p.fail(w, r, parking.Errorf(parking.Invalid, "There is no such list."))
		return
	}
	v.Back = v.link("/leakage", nil)
	v.Heading, v.Explained = v.T("leakage."+v.What), v.T("leakage.about."+v.What)
	v.Title = v.Heading
	v.CSVLink = v.link("/leakage/marks.csv", url.Values{"what": {v.What}, "actor": q["actor"], "gate": q["gate"], "shift": q["shift"]})
	var of []string
	if q.Has("actor") {
		name := v.T("revenue.device")
		if actor := q.Get("actor"); actor != "" {
			name = v.Leakage.Names.Name(actor)
		}
		of = append(of, name)
	}
	if gate := q.Get("gate"); gate != "" {
		of = append(of, v.T("fact.where", gate))
	}
	dates := words.Date(v.Lang, v.Leakage.Period.From)
	if v.From != v.To {
		dates += " – " + words.Date(v.Lang, v.Leakage.Period.To)
	}
	v.Of = strings.Join(append(of, dates), " · ")
	var err error
	switch v.What {
	case "passage":
		err = v.passages(r, p, q)
	case "unseen", "without_stay":
		v.stays(q.Get("zone"))
	default:
		for _, m := range chosenMarks(&v.Leakage, q) {
			v.Rows = append(v.Rows, v.mark(m))
		}
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "leakage_list", "", v)
}

// chosenMarks are the marks that an address asks for: all, or those of one
// kind, person, gate and shift.
func chosenMarks(l *books.Leakage, q url.Values) []*books.Mark {
	var out []*books.Mark
	for i := range l.Marks {
		m := &l.Marks[i]
		if what := q.Get("what"); what != "" && m.What != what ||
			len(q["actor"]) > 0 && m.Actor != q.Get("actor") || len(q["gate"]) > 0 && m.Gate != q.Get("gate") ||
			len(q["shift"]) > 0 && m.Shift.String() != q.Get("shift") {
			continue
		}
		out = append(out, m)
	}
	return out
}

func (v *leakageListView) mark(m *books.Mark) markRow {
	row := markRow{
		At: v.When(m.At), Where: v.T("fact.where", m.Gate), Who: v.T("revenue.device"), Plate: m.Display, Stay: m.Stay,
		HasStay: m.Stay != uuid.Nil, Other: m.Other, HasOther: m.Other != uuid.Nil,
	}
	if m.Lane != "" {
		row.Where += " · " + v.T("stay.lane", m.Lane)
	}
	if m.Actor != "" {
		row.Who = v.Leakage.Names.Name(m.Actor)
	}
	if m.Money != 0 {
		row.Money = v.Money(m.Money)
	}
	switch m.What {
	case books.MarkPick:
		row.Text = v.T("leakage.line.pick", v.Or(m.Was), v.Money(m.Offered), v.Money(m.Taken))
	case books.MarkDiscount:
		row.Text = v.T("leakage.line.discount", v.Money(m.Offered), v.Money(m.Taken))
	case books.MarkUnproven:
		row.Text = v.T("leakage.line.unproven", v.Or(m.Reason), v.Or(m.Is))
	case books.MarkCorrection:
		row.Text = v.T("leakage.line.correction", v.Or(m.Was), v.Or(m.Is))
	case books.MarkGrace:
		row.Text = v.T("leakage.line.grace", m.Was)
	case books.MarkRejected:
		row.Text = v.T("leakage.line.rejected", v.Or(m.Was))
	case books.MarkWrong:
		row.Text = v.T("leakage.line.wrong", v.Leakage.Names.Name(m.Is))
	}
	if m.Reason != "" && m.What != books.MarkUnproven && m.What != books.MarkDiscount {
		row.Text = strings.TrimPrefix(row.Text+" · “"+m.Reason+"”", " · ")
	}
	return row
}

func (v *leakageListView) passages(r *http.Request, p *Pages, q url.Values) error {
	all, err := p.Books.PassedAlone(r.Context(), v.Site, v.Leakage.Period)
	if err != nil {
		return err
	}
	for _, one := range all {
		if gate, lane := q.Get("gate"), q.Get("lane"); gate != "" && gate != one.Gate || lane != "" && lane != one.Lane {
			continue
		}
		row := passageRow{
			At: one.At.In(v.Site.Zone).Format("15:04:05"), Where: v.T("fact.where", one.Gate) + " · " + v.T("stay.lane", one.Lane), Who: "–", How: one.Source,
		}
		if v.Leakage.Period.Days() > 1 {
			row.At = v.When(one.At)
		}
		if one.Actor != "" {
			row.Who = v.Leakage.Names.Name(one.Actor)
		}
		if key := "leakage.source." + one.Source; words.Has(key) {
			row.How = v.T(key)
		}
		if one.Photo != "" {
			row.Photo, row.Alt = "/photos/"+one.Photo, v.T("leakage.passage_photo", row.At)
		}
		v.Passages = append(v.Passages, row)
	}
	return nil
}

func (v *leakageListView) stays(zone string) {
	for i := range v.Leakage.Walks {
		w := &v.Leakage.Walks[i]
		if w.Zone != zone {
			continue
		}
		v.Of = v.T("leakage.walk_of", w.Zone, v.Full(w.Until))
		list := w.Unseen
		if v.What == "without_stay" {
			list = w.WithoutStay
		}
		for _, s := range list {
			place := w.Zone
			if s.Slot != "" {
				place = s.Slot
			}
			v.Stays = append(v.Stays, stayRow{Stay: s.Stay, Plate: v.PlateOf(s.Display), Place: place, In: v.T("leakage.in_at", v.Full(s.In), s.Gate)})
		}
	}
}
