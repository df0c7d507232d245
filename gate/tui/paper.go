package tui

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Copying is about what was written on paper while a machine was dead, or on a
// walk.
type Copying interface {
	ReadPaper(ctx context.Context, t lane.Paper) (lane.PaperReading, error)
	EnterPaper(ctx context.Context, t lane.Paper) (lane.PaperEntered, error)
	LookAtInventory(ctx context.Context, w lane.Walk) (lane.WalkLook, error)
	TakeInventory(ctx context.Context, w lane.Walk) (lane.WalkDone, error)
}

// Fields of a paper ticket, in the order in which they are typed.
const (
	paperNumber = iota
	paperPlate
	paperIn
	paperOut
	paperPaid
	paperClass
	paperPlace
)

// paperSaid is how many tickets of the pile the form still names.
const paperSaid = 4

// paperPile is a pile of numbered paper tickets that a guard enters one after
// the other. Each has an id of its own until it is written: sent again after a
// failure, it is the same ticket.
type paperPile struct {
	form *form
	id   uuid.UUID
	said []func(m *model) string // what became of the last ones, newest first
	sum  int
}

// newPaper is the form for a pile of paper tickets.
func newPaper(m *model) dialog {
	number, plate := newField("field.number", "", parking.MaxTicketText), newField("field.plate", "", 40)
	in, out := newField("field.in", "", 16), newField("field.out", "", 16)
	paid, class, place := newField("field.paid", "", 12), newField("field.class", "", 24), newField("field.slot", "", 12)
	number.upper, plate.upper, place.upper, paid.digits = true, true, true, true
	for _, c := range m.classes() {
		class.presets = append(class.presets, m.class(c))
	}
	class.set(m.class(m.focused().Lane.Class))
	p := &paperPile{id: uuid.New()}
	p.form = &form{
		title: text("title.paper"), enter: text("enter.paper_look"), whole: true,
		fields: []*field{number, plate, in, out, paid, class, place},
		info:   p.info, submit: p.look,
	}
	return p.form
}

func (p *paperPile) info(m *model, _ *form) []string {
	out := []string{m.t("paper.times"), m.t("paper.inside")}
	if p.sum > 0 {
		out = append(out, m.t("paper.sum", p.sum))
	}
	for _, said := range p.said {
		out = append(out, said(m))
	}
	return out
}

// ticket is what was typed; a wrong field has the cursor, and wrong says why.
func (p *paperPile) ticket(m *model, f *form) (lane.Paper, bool) {
	value := func(i int) string { return f.fields[i].text() }
	t := lane.Paper{ID: p.id, Number: value(paperNumber), Plate: value(paperPlate), To: value(paperPlace)}
	wrong := func(at int, key string) (lane.Paper, bool) {
		f.wrong, f.at = m.t(key), at
		return t, false
	}
	var ok bool
	if t.Number == "" {
		return wrong(paperNumber, "paper.no_number")
	}
	if t.In, ok = m.paperTime(value(paperIn)); !ok {
		return wrong(paperIn, "paper.no_time")
	}
	if t.Out, ok = m.paperTime(value(paperOut)); !ok {
		return wrong(paperOut, "paper.no_time")
	}
	if t.In == nil && t.Out == nil {
		return wrong(paperIn, "paper.no_times")
	}
	if sum := value(paperPaid); sum != "" {
		n, err := strconv.ParseInt(sum, 10, 64)
		if err != nil {
			return wrong(paperPaid, "lost.no_fee")
		}
		t.Paid = parking.Money(n)
	}
	if t.Class, ok = m.classNamed(value(paperClass)); !ok {
		return wrong(paperClass, "paper.no_class")
	}
	way := parking.In
	if t.Out != nil {
		way = parking.Out
	}
	t.Lane = m.laneFor(way)
	return t, true
}

// look asks the desk what the ticket would be written as, and shows that.
func (p *paperPile) look(m *model, f *form) tea.Cmd {
	t, ok := p.ticket(m, f)
	if !ok {
		return nil
	}
	var r lane.PaperReading
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		r, err = m.desk.ReadPaper(ctx, t)
		return err
	})
	return fromForm(then(cmd, func() {
		if m.open(f) {
			m.push(p.confirm(t, &r))
		}
	}, true), f)
}

// confirm shows what will be written; Enter writes it.
func (p *paperPile) confirm(t lane.Paper, r *lane.PaperReading) dialog {
	c := &form{title: text("title.paper_look", t.Number), enter: text("enter.paper"), whole: true, under: p.form}
	c.info = func(m *model, _ *form) []string { return m.paperLines(&t, r) }
	if r.Written {
		c.enter = text("enter.paper_next")
		c.submit = func(m *model, f *form) tea.Cmd {
			return func() tea.Msg { return foundMsg{func() { m.remove(f); p.next(&t, &r.Stay) }} }
		}
		return c
	}
	c.submit = func(m *model, f *form) tea.Cmd {
		var done lane.PaperEntered
		cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
			done, err = m.desk.EnterPaper(ctx, t)
			return err
		})
		p.form.busy = true // nobody types into a ticket that is being written
		return fromForm(then(cmd, func() { p.next(&t, &done.Stay) }, false), f)
	}
	return c
}

// next notes what a ticket was written as and goes on with the next one of the
// pile: its class, and the day that was typed, stay.
func (p *paperPile) next(t *lane.Paper, stay *parking.Stay) {
	name := t.Number + " " + stay.Display
	paid, left := stay.PaidSum(), stay.State == parking.Left
	p.said = append([]func(m *model) string{func(m *model) string {
		if left {
			return m.t("paper.said_out", name, m.money(paid))
		}
		return m.t("paper.said_in", name)
	}}, p.said[:min(len(p.said), paperSaid-1)]...)
	p.sum++
	p.id = uuid.New()
	day, _, dated := strings.Cut(p.form.fields[paperIn].text(), " ")
	for i, f := range p.form.fields {
		if i != paperClass {
			f.set("")
		}
	}
	if dated {
		p.form.fields[paperIn].set(day + " ")
	}
	p.form.at, p.form.wrong = paperNumber, ""
}

// paperLines say what a paper ticket is written down as.
func (m *model) paperLines(t *lane.Paper, r *lane.PaperReading) []string {
	s := &r.Stay
	row := func(key, value string) string { return fit(m.t(key), 12) + clean(value) }
	when := func(at *time.Time) string { return m.local(*at).Format("02/01/2006 15:04") }
	var out []string
	if r.Written {
		out = append(out, m.t("paper.written"))
	}
	if s.Display != "" {
		out = append(out, row("row.plate", s.Display))
	}
	out = append(out, row("row.class", m.class(s.Class)))
	switch {
	case r.Unknown:
		out = append(out, row("row.in", m.t("paper.unknown")))
	case s.InAt != nil:
		out = append(out, row("row.in", when(s.InAt)+m.paperLane(r.Opens && !r.Closes, t)))
	}
	if where := strings.TrimSpace(s.Zone + " " + s.Slot); where != "" && !r.Unknown {
		out = append(out, row("row.place", where))
	}
	if s.OutAt != nil {
		out = append(out, row("row.out", when(s.OutAt)+m.paperLane(r.Closes, t)))
	}
	switch {
	case r.Written:
		return out
	case r.Closes:
		out = append(out, row("row.paid", m.money(r.Paid)))
		if !r.Unknown && r.Fee != r.Paid {
			out = append(out, m.t("paper.fee", m.money(r.Fee)))
		}
	default:
		out = append(out, m.t("paper.stays", t.Number))
	}
	if r.Twice {
		out = append(out, m.t("paper.twice"))
	}
	return append(out, m.t("paper.note"))
}

func (m *model) paperLane(here bool, t *lane.Paper) string {
	if !here {
		return ""
	}
	return " · " + m.t("lane", t.Lane)
}

// laneFor is a lane of this gate that leads way, the one on the screen first.
func (m *model) laneFor(way parking.Direction) string {
	if lv := m.toward(way); lv != nil {
		return lv.Lane.Code
	}
	for i := range m.view.Lanes {
		if m.view.Lanes[i].Lane.Direction == way {
			return m.view.Lanes[i].Lane.Code
		}
	}
	return m.focused().Lane.Code
}

// classNamed is the class of a name in either language.
func (m *model) classNamed(name string) (parking.Class, bool) {
	for _, c := range m.classes() {
		for _, known := range []string{words.Class(words.Vi, c), words.Class(words.En, c), string(c)} {
			if strings.EqualFold(known, name) {
				return c, true
			}
		}
	}
	return "", name == ""
}

// paperTime is the last moment up to now that s names: "17:40", "22/11 17:40",
// or with the year. Nothing typed is no time.
func (m *model) paperTime(s string) (at *time.Time, ok bool) {
	if s == "" {
		return nil, true
	}
	now := m.local(m.now())
	if t, ok := clockTime(now, s); ok {
		return &t, true
	}
	if t, err := time.ParseInLocation("2/1 15:04", s, now.Location()); err == nil {
		year := now.Year()
		for range 9 { // 29/2 is in a leap year
			day := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
			if day.Day() == t.Day() && !day.After(now) {
				return &day, true
			}
			year--
		}
	}
	for _, layout := range []string{"2/1/2006 15:04", "2006-1-2 15:04"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return &t, true
		}
	}
	return nil, false
}
