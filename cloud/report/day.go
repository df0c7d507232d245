package report

import (
	"io"
	"strings"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// DayCheck writes a day's cash-up with its reconciliation as PDF: the sums of
// the payments, the same by the facts, what banks said, and every difference
// with a sentence on what it means, before the list of payments.
func DayCheck(w io.Writer, c books.CashUp, r books.Reconciliation, made Made) error {
	p := cashUp{CashUp: c, made: made}
	p.sheet = newSheet(p.t("page.reconciliation")+" "+c.Site.Name, made.By)
	lines := append(p.head(), p.reconciliation(&r)...)
	return p.pages(w, append(lines, p.list()...))
}

// The columns of a row of four sums.
var fourColumns = []column{
	{x: edge, width: 150},
	{x: edge + 156, width: 86, right: true},
	{x: edge + 248, width: 86, right: true},
	{x: edge + 340, width: 86, right: true},
	{x: edge + 432, width: textWidth - 432, right: true},
}

func (p *cashUp) reconciliation(r *books.Reconciliation) []line {
	lines := []line{p.title("page.reconciliation")}
	verdict := "reconciliation.balanced"
	if !r.Balanced() {
		verdict = "reconciliation.unbalanced"
	}
	lines = append(lines, p.prose(bold, 10, p.t(verdict))...)
	lines = append(lines, p.fourHead("stay.method", "reconciliation.facts", "reconciliation.payments", "reconciliation.off"))
	for _, m := range r.Methods {
		lines = append(lines, p.four(regular, words.Method(p.made.Lang, m.Method), m.Facts.Amount, m.Payments.Amount, m.Off()))
	}
	lines = append(lines, p.four(bold, p.t("report.total"), r.Total.Facts.Amount, r.Total.Payments.Amount, r.Total.Off()))
	lines = append(lines, p.title("reconciliation.drawers"),
		p.fourHead("leakage.guard", "report.gate", "reconciliation.taken", "reconciliation.given_back", "reconciliation.left"))
	for _, d := range r.Drawers {
		lines = append(lines, p.row(16, regular, 10, fourColumns, p.who(r, d.Actor), d.Gate, p.money(d.Taken.Amount), p.money(d.GivenBack.Amount), p.money(d.Left())))
	}
	lines = append(lines, p.title("reconciliation.transfers"))
	for _, s := range []struct {
		key string
		sum books.Sum
	}{
		{"qr.requested", r.QR.Requested},
		{"qr.confirmed", r.QR.Confirmed},
		{"qr.by_person", r.QR.ByPerson},
		{"qr.open", r.QR.Open},
		{"qr.unnoticed", r.QR.Unnoticed},
		{"qr.late", r.QR.Late},
		{"by_hand.proven", r.ByHand.Proven},
		{"by_hand.waiting", r.ByHand.Waiting},
		{"by_hand.unproven", r.ByHand.Unproven},
	} {
		name := p.t("reconciliation." + s.key)
		if strings.HasPrefix(s.key, "qr.") {
			name = p.t("reconciliation.qr") + ": " + name
		}
		lines = append(lines, p.sumLine(name, s.sum))
	}
	for _, n := range r.Notices {
		lines = append(lines, p.sumLine(p.t("reconciliation.notices."+n.State), n.Sum))
	}
	lines = append(lines, p.sumLine(p.t("reconciliation.refunds"), r.Refunds))
	return append(lines, p.differences(r)...)
}

func (p *cashUp) who(r *books.Reconciliation, actor string) string {
	if actor == "" {
		return p.t("revenue.device")
	}
	return r.Names.Name(actor)
}

func (p *cashUp) sumLine(name string, s books.Sum) line {
	wide := []column{{x: edge, width: 330}, {x: edge + 336, width: 60, right: true}, sumAmount}
	return p.row(15, regular, 9.5, wide, name, words.Number(p.made.Lang, s.Payments), p.money(s.Amount))
}

func (p *cashUp) row(height float64, font string, size float64, columns []column, cells ...string) line {
	return line{height: height, draw: func(y float64) {
		for i, cell := range cells {
			p.text(font, size, columns[i], y, cell)
		}
	}}
}

func (p *cashUp) fourHead(keys ...string) line {
	l := p.row(17, regular, 8.5, fourColumns, p.texts(keys)...)
	draw := l.draw
	l.head, l.draw = true, func(y float64) { draw(y); p.rule(y+13, 0.5) }
	return l
}

func (p *cashUp) texts(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = p.t(key)
	}
	return out
}

func (p *cashUp) four(font, name string, sums ...parking.Money) line {
	cells := []string{name}
	for _, m := range sums {
		cells = append(cells, p.money(m))
	}
	return p.row(16, font, 10, fourColumns, cells...)
}

// differences lists what does not add up, and what is open, each with what it
// means and what to do.
func (p *cashUp) differences(r *books.Reconciliation) []line {
	var lines []line
	for _, part := range []struct {
		title, none string
		hard        bool
	}{{"reconciliation.hard", "reconciliation.hard_none", true}, {"reconciliation.open", "reconciliation.open_none", false}} {
		lines = append(lines, p.title(part.title))
		some := false
		for i := range r.Differences {
			if d := &r.Differences[i]; d.Hard() == part.hard {
				lines = append(lines, p.difference(r, d)...)
				some = true
			}
		}
		if !some {
			lines = append(lines, p.prose(regular, 9.5, p.t(part.none))...)
		}
	}
	return lines
}

func (p *cashUp) difference(r *books.Reconciliation, d *books.Difference) []line {
	title := p.t("reconciliation.diff." + d.Kind)
	if d.Kind == books.DiffConflict && words.Has("conflict."+d.Why) {
		title = p.t("conflict." + d.Why)
	}
	name := words.Moment(p.made.Lang, d.At.In(p.Site.Zone)) + "  " + title
	if d.Display != "" {
		name += " · " + d.Display
	}
	if d.Gate != "" {
		name += " · " + p.t("fact.where", d.Gate) + " · " + p.who(r, d.Actor)
	}
	sum := ""
	if d.Amount != 0 || d.Other != 0 {
		sum = p.money(d.Amount)
	}
	if d.Other != 0 {
		sum += " / " + p.money(d.Other)
	}
	columns := []column{{x: edge, width: textWidth - 120}, {x: edge + textWidth - 114, width: 114, right: true}}
	lines := []line{p.row(13.5, bold, 9, columns, name, sum)}
	return append(lines, p.prose(regular, 8.5, p.t("reconciliation.about."+d.Kind)+" "+p.t("reconciliation.do."+d.Kind))...)
}

// prose breaks a text into lines of the page's width.
func (p *cashUp) prose(font string, size float64, text string) []line {
	var lines []line
	p.keep(p.pdf.SetFont(font, "", size))
	for text != "" && p.err == nil {
		var one string
		one, text = p.fill(text, textWidth)
		lines = append(lines, p.row(size*1.45, font, size, []column{whole}, one))
	}
	if len(lines) > 0 {
		lines[len(lines)-1].height += 4
	}
	return lines
}
