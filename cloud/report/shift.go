package report

import (
	"io"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Shift writes the hand-over of one drawer as PDF: what must lie in it, what was
// counted, what is over or short for each method, and every payment, refund and
// opening by hand; on the first page two lines to sign on.
func Shift(w io.Writer, site books.Site, s books.Shift, people books.People, made Made) error {
	p := shiftPaper{cashUp: cashUp{CashUp: books.CashUp{Site: site, Names: people}, made: made}, shift: s}
	p.sheet = newSheet(p.name()+" "+site.Name, made.By)
	pages := paginate(p.body())
	for i, lines := range pages {
		p.pdf.AddPage()
		y := bodyTop
		for _, l := range lines {
			l.draw(y)
			y += l.height
		}
		p.bottom(i+1, len(pages))
	}
	return p.write(w)
}

type shiftPaper struct {
	cashUp
	shift books.Shift
}

func (p *shiftPaper) name() string {
	if p.shift.Machine {
		return p.t("report.shift.machine")
	}
	return p.t("report.shift.title")
}

func (p *shiftPaper) who() string {
	if p.shift.Machine {
		return p.t("shifts.machine", p.shift.Gate)
	}
	return p.t("report.shift.who", p.Names.Name(p.shift.Guard), p.shift.Gate)
}

func (p *shiftPaper) times() string {
	if p.shift.Machine {
		return words.Date(p.made.Lang, p.shift.Day)
	}
	opened, closed := p.t("shifts.not_told"), p.t("shifts.is_open")
	if at := p.shift.OpenedAt; at != nil {
		opened = words.Moment(p.made.Lang, at.In(p.Site.Zone))
	}
	if at := p.shift.ClosedAt; at != nil {
		closed = words.Moment(p.made.Lang, at.In(p.Site.Zone))
	}
	return p.t("report.shift.times", opened, closed)
}

func (p *shiftPaper) body() []line {
	made := p.t("report.made", p.made.By, words.Moment(p.made.Lang, p.made.At.In(p.Site.Zone)))
	lines := []line{
		{height: 26, draw: func(y float64) { p.text(bold, 18, whole, y, p.name()) }},
		{height: 18, draw: func(y float64) { p.text(bold, 11, whole, y+2, p.Site.Name) }},
		{height: 16, draw: func(y float64) { p.text(bold, 11, whole, y, p.who()) }},
		{height: 16, draw: func(y float64) { p.text(regular, 10, whole, y, p.times()) }},
		{height: 22, draw: func(y float64) { p.text(regular, 10, whole, y, made) }},
	}
	lines = append(lines, p.drawer()...)
	lines = append(lines, p.methods()...)
	if !p.shift.Machine {
		lines = append(lines, p.signatures())
	}
	return append(lines, p.entries()...)
}

// drawer is the cash: float, taken, given back, expected, counted.
func (p *shiftPaper) drawer() []line {
	s := &p.shift
	row := func(font, key, value string) line {
		return line{height: 16, draw: func(y float64) {
			p.text(font, 10, sumName, y, p.t(key))
			p.text(font, 10, sumAmount, y, value)
		}}
	}
	lines := []line{p.title("report.shift.cash")}
	if !s.Machine {
		float := p.t("shifts.float_unknown")
		if s.Float != nil {
			float = p.money(*s.Float)
		}
		lines = append(lines, row(regular, "shifts.float", float))
	}
	lines = append(lines, row(regular, "shifts.taken", p.money(s.Taken(parking.Cash))), row(regular, "shifts.refunds", p.money(-s.Refunds())),
		line{height: 4, draw: func(y float64) { p.rule(y, 0.5) }}, row(bold, "shifts.expected", p.money(s.Expected())))
	for _, c := range []struct {
		key   string
		count *parking.ShiftCount
	}{{"shifts.count_first", s.Count}, {"shifts.count_second", s.Second}} {
		if c.count == nil {
			continue
		}
		lines = append(lines, row(bold, c.key, p.money(c.count.Cash)))
		if c.count.Cards != nil {
			lines = append(lines, row(regular, "report.shift.cards", words.Number(p.made.Lang, *c.count.Cards)))
		}
		for _, n := range c.count.Notes {
			lines = append(lines, line{height: 14, draw: func(y float64) {
				p.text(regular, 9, column{x: edge + 16, width: 224}, y, p.t("shifts.notes", words.Number(p.made.Lang, int(n.Count)), p.money(n.Value)))
				p.text(regular, 9, sumAmount, y, p.money(n.Value*parking.Money(n.Count)))
			}})
		}
	}
	return lines
}

// methods says for each method what is over or short.
func (p *shiftPaper) methods() []line {
	columns := []column{
		{x: edge, width: 130},
		{x: edge + 134, width: 50, right: true},
		{x: edge + 190, width: 76, right: true},
		{x: edge + 270, width: 76, right: true},
		{x: edge + 350, width: 76, right: true},
		{x: edge + 430, width: textWidth - 430, right: true},
	}
	cells := func(font string, size, y float64, text ...string) {
		for i, cell := range text {
			p.text(font, size, columns[i], y, cell)
		}
	}
	lines := []line{p.title("report.by_method"), {height: 17, head: true, draw: func(y float64) {
		cells(regular, 8.5, y, p.t("report.method"), p.t("report.payments"), p.t("shifts.taken"), p.t("shifts.expected"), p.t("shifts.counted"), p.t("shifts.difference"))
		p.rule(y+13, 0.5)
	}}}
	for _, m := range p.shift.Methods {
		lines = append(lines, line{height: 16, draw: func(y float64) {
			counted, over := "–", p.t("report.shift.none")
			if m.Counted != nil {
				counted = p.money(*m.Counted)
			}
			switch {
			case m.Over != nil && *m.Over == 0 && m.Waiting > 0:
				over = "–"
			case m.Over != nil:
				over = p.money(*m.Over)
			}
			cells(regular, 10, y, words.Method(p.made.Lang, m.Method), words.Number(p.made.Lang, m.Payments), p.money(m.Taken), p.money(m.Expected), counted, over)
		}})
	}
	if n, sum := p.shift.Unproven(p.made.At); n > 0 {
		lines = append(lines, line{height: 16, draw: func(y float64) {
			p.text(bold, 10, whole, y, p.t("shifts.unproven_sum", words.Number(p.made.Lang, n), p.money(sum)))
		}})
	}
	return lines
}

func (p *shiftPaper) signatures() line {
	return line{height: 78, draw: func(y float64) {
		for i, key := range []string{"report.shift.signed", "report.shift.taker"} {
			x := edge + float64(i)*(textWidth/2)
			p.text(regular, 9, column{x: x, width: textWidth/2 - 20}, y+14, p.t(key))
			p.pdf.SetGrayStroke(0.5)
			p.pdf.Line(x, y+66, x+textWidth/2-40, y+66)
		}
	}}
}

var entryColumns = []column{
	{x: edge, width: 82},
	{x: edge + 86, width: 82},
	{x: edge + 172, width: 92},
	{x: edge + 268, width: 150},
	{x: edge + 424, width: textWidth - 424, right: true},
}

// entries lists what is in the shift, in the order in which it happened.
func (p *shiftPaper) entries() []line {
	lines := []line{p.title("shifts.entries")}
	if len(p.shift.Entries) == 0 {
		return append(lines, line{height: 16, draw: func(y float64) { p.text(regular, 10, whole, y, p.t("shifts.no_entries")) }})
	}
	lines = append(lines, line{height: 17, head: true, draw: func(y float64) {
		for i, key := range []string{"report.time", "report.plate", "report.what", "shifts.how", "report.amount"} {
			p.text(regular, 8.5, entryColumns[i], y, p.t(key))
		}
		p.rule(y+13, 0.5)
	}})
	for i := range p.shift.Entries {
		lines = append(lines, line{height: 14.5, draw: func(y float64) { p.entry(y, &p.shift.Entries[i]) }})
	}
	return lines
}

func (p *shiftPaper) entry(y float64, e *parking.ShiftEntry) {
	what, how, sum := p.t("shifts.payment"), words.Method(p.made.Lang, e.Method), p.money(e.Amount)
	switch {
	case e.Kind == parking.KindRefundPaid:
		what, how, sum = p.t("shifts.refund"), e.Reason, p.money(-e.Amount)
	case e.Kind == parking.KindBarrierOpened:
		what, how, sum = p.t("shifts.opening", e.Lane), e.Reason, ""
	case e.Unproven(p.made.At):
		how += " · " + p.t("shifts.unproven")
	case e.Method != parking.Cash && e.BankAt == nil:
		how += " · " + p.t("shifts.waiting")
	}
	for i, cell := range []string{words.Moment(p.made.Lang, e.At.In(p.Site.Zone)), p.shift.Plates[e.Stay], what, how, sum} {
		p.text(regular, 9, entryColumns[i], y, cell)
	}
	p.rule(y+12, 0.88)
}

// bottom ends a page: expected and counted, which page, who made it.
func (p *shiftPaper) bottom(n, of int) {
	y := bodyBottom + 8.0
	p.rule(y, 0)
	third := textWidth / 3
	counted, over, title := "–", p.t("report.shift.none"), p.t("shifts.difference")
	if c := p.shift.Counted(); c != nil {
		counted = p.money(c.Cash)
	}
	if o := p.shift.Over(); o != nil {
		over = p.money(max(*o, -*o))
		switch {
		case *o > 0:
			title = p.t("report.shift.over")
		case *o < 0:
			title = p.t("report.shift.short")
		}
	}
	for i, cell := range [][2]string{{p.t("shifts.expected"), p.money(p.shift.Expected())}, {p.t("shifts.counted"), counted}, {title, over}} {
		c := column{x: edge + third*float64(i), width: third - 8}
		p.text(regular, 8.5, c, y+6, cell[0])
		p.text(bold, 10, c, y+18, cell[1])
	}
	p.text(regular, 8.5, column{x: edge, width: textWidth - 90}, y+38, p.Site.Name+" · "+p.who()+" · "+p.times())
	p.text(regular, 8.5, column{x: edge + textWidth - 84, width: 84, right: true}, y+38, p.t("report.page", n, of))
	if p.made.Audit != "" {
		p.text(regular, 7, whole, y+50, p.t("report.audit", p.made.Audit))
	}
}
