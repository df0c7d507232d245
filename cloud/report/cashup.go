package report

import (
	"io"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Made says who asked for a report, when, and in which language.
type Made struct {
	By   string
	At   time.Time
	Lang string // words.Vi or words.En
	// Audit is the head of the site's audit log at that time, COUNT:HASH: paper
	// that nobody can change later (cloud audit verify --head takes it).
	Audit string
}

// CashUp writes the cash-up of a period as PDF: what came in for each method,
// gate and guard, then every payment; at the end of every page the sum of the
// page, the sum carried so far and the whole, with the page's number, who made
// it, when and for which period.
func CashUp(w io.Writer, c books.CashUp, made Made) error {
	p := cashUp{CashUp: c, made: made}
	p.sheet = newSheet(p.t("report.cashup.title")+" "+c.Site.Name, made.By)
	return p.pages(w, append(p.head(), p.list()...))
}

// pages cuts the lines into pages and writes them.
func (p *cashUp) pages(w io.Writer, lines []line) error {
	pages := paginate(lines)
	var carried books.Sum
	for i, lines := range pages {
		p.pdf.AddPage()
		y := bodyTop
		var page books.Sum
		for _, l := range lines {
			l.draw(y)
			y += l.height
			page.Amount += l.amount
			page.Payments += l.payments
		}
		carried.Amount += page.Amount
		carried.Payments += page.Payments
		p.foot(i+1, len(pages), page, carried)
	}
	return p.write(w)
}

type cashUp struct {
	*sheet
	books.CashUp
	made Made
}

// line is one line of the body. A head is repeated on top of the next page
// when its rows run over.
type line struct {
	height   float64
	draw     func(y float64)
	amount   parking.Money // of a payment
	payments int
	head     bool // heads the rows that follow
	title    bool // ends the head before, and does not stand alone at the end of a page
}

// paginate cuts lines into pages; a title stays with what it heads.
func paginate(lines []line) [][]line {
	var pages [][]line
	var page []line
	var head *line
	room := bodyBottom - bodyTop
	left := room
	for i, l := range lines {
		need := l.height
		if l.title && i+2 < len(lines) {
			need += lines[i+1].height + lines[i+2].height
		}
		if l.title {
			head = nil
		}
		if need > left {
			pages, page, left = append(pages, page), nil, room
			if head != nil && !l.head {
				page, left = append(page, *head), left-head.height
			}
		}
		if l.head {
			head = &lines[i]
		}
		page, left = append(page, l), left-l.height
	}
	return append(pages, page)
}

func (p *cashUp) t(key string, args ...any) string { return words.T(p.made.Lang, key, args...) }

func (p *cashUp) money(m parking.Money) string { return m.Format(p.Site.Currency, p.made.Lang) }

func (p *cashUp) period() string {
	if p.Period.From == p.Period.To {
		return words.Date(p.made.Lang, p.Period.From)
	}
	return words.Date(p.made.Lang, p.Period.From) + " – " + words.Date(p.made.Lang, p.Period.To)
}

var whole = column{x: edge, width: textWidth}

// head is what stands before the list of payments.
func (p *cashUp) head() []line {
	lines := []line{
		{height: 26, draw: func(y float64) { p.text(bold, 18, whole, y, p.t("report.cashup.title")) }},
		{height: 18, draw: func(y float64) { p.text(bold, 11, whole, y+2, p.Site.Name) }},
		{height: 16, draw: func(y float64) {
			p.text(regular, 10, whole, y, p.t("report.for", p.period(), p.Site.Zone.String()))
		}},
		{height: 24, draw: func(y float64) {
			p.text(regular, 10, whole, y, p.t("report.made", p.made.By, words.Moment(p.made.Lang, p.made.At.In(p.Site.Zone))))
		}},
	}
	lines = append(lines, p.sums("report.by_method", p.Methods, func(k string) string {
		return words.Method(p.made.Lang, parking.Method(k))
	})...)
	lines = append(lines, p.sums("report.by_gate", p.Gates, func(k string) string { return k })...)
	lines = append(lines, p.sums("report.by_guard", p.People, p.Names.Name)...)
	net := books.Sum{Amount: p.Total.Amount - p.Refunds.Amount, Payments: p.Total.Payments + p.Refunds.Payments}
	return append(lines,
		line{height: 22, draw: func(y float64) { p.sum(regular, y+6, p.t("report.refunds"), p.Refunds) }},
		line{height: 20, draw: func(y float64) { p.sum(bold, y+3, p.t("report.net"), net) }})
}

// The columns of a table of sums.
var sumName, sumCount, sumAmount = column{x: edge, width: 240}, column{x: edge + 250, width: 90, right: true},
	column{x: edge + 350, width: textWidth - 350, right: true}

func (p *cashUp) sums(title string, sums []books.Sum, name func(string) string) []line {
	lines := []line{p.title(title), {height: 17, head: true, draw: func(y float64) {
		p.text(regular, 8.5, sumName, y, p.t("report.what"))
		p.text(regular, 8.5, sumCount, y, p.t("report.payments"))
		p.text(regular, 8.5, sumAmount, y, p.t("report.amount"))
		p.rule(y+13, 0.5)
	}}}
	for _, s := range sums {
		lines = append(lines, line{height: 16, draw: func(y float64) { p.sum(regular, y, name(s.Key), s) }})
	}
	return append(lines, line{height: 20, draw: func(y float64) {
		p.rule(y, 0.5)
		p.sum(bold, y+3, p.t("report.total"), p.Total)
	}})
}

func (p *cashUp) title(key string) line {
	return line{height: 28, title: true, draw: func(y float64) { p.text(bold, 12, whole, y+10, p.t(key)) }}
}

func (p *cashUp) sum(font string, y float64, name string, s books.Sum) {
	p.text(font, 10, sumName, y, name)
	p.text(font, 10, sumCount, y, words.Number(p.made.Lang, s.Payments))
	p.text(font, 10, sumAmount, y, p.money(s.Amount))
}

// The columns of the list of payments.
var listColumns = []column{
	{x: edge, width: 74},
	{x: edge + 80, width: 72},
	{x: edge + 156, width: 54},
	{x: edge + 214, width: 68},
	{x: edge + 286, width: 42},
	{x: edge + 332, width: 92},
	{x: edge + 428, width: textWidth - 428, right: true},
}

func (p *cashUp) list() []line {
	lines := []line{p.title("report.list")}
	if len(p.Payments) == 0 {
		return append(lines, line{height: 16, draw: func(y float64) { p.text(regular, 10, whole, y, p.t("report.none")) }})
	}
	lines = append(lines, line{height: 17, head: true, draw: func(y float64) {
		for i, key := range []string{"time", "plate", "class", "method", "gate", "guard", "amount"} {
			p.text(regular, 8.5, listColumns[i], y, p.t("report."+key))
		}
		p.rule(y+13, 0.5)
	}})
	for _, pay := range p.Payments {
		lines = append(lines, line{height: 14.5, amount: pay.Amount, payments: 1, draw: func(y float64) { p.payment(y, pay) }})
	}
	return lines
}

func (p *cashUp) payment(y float64, pay books.Payment) {
	cells := []string{
		words.Moment(p.made.Lang, pay.At.In(p.Site.Zone)), pay.Display, words.Class(p.made.Lang, pay.Class),
		words.Method(p.made.Lang, pay.Method), pay.Gate, p.Names.Name(pay.Actor), p.money(pay.Amount),
	}
	for i, cell := range cells {
		p.text(regular, 9, listColumns[i], y, cell)
	}
	p.rule(y+12, 0.88)
}

func (p *cashUp) foot(n, of int, page, carried books.Sum) {
	y := bodyBottom + 8.0
	p.rule(y, 0)
	third := textWidth / 3
	for i, s := range []struct {
		key string
		sum books.Sum
	}{{"report.page_sum", page}, {"report.carried", carried}, {"report.whole", p.Total}} {
		c := column{x: edge + third*float64(i), width: third - 8}
		p.text(regular, 8.5, c, y+6, p.t(s.key, words.Number(p.made.Lang, s.sum.Payments)))
		p.text(bold, 10, c, y+18, p.money(s.sum.Amount))
	}
	left, right := column{x: edge, width: textWidth - 90}, column{x: edge + textWidth - 84, width: 84, right: true}
	p.text(regular, 8.5, left, y+38, p.Site.Name+" · "+p.period()+" · "+
		p.t("report.made", p.made.By, words.Moment(p.made.Lang, p.made.At.In(p.Site.Zone))))
	p.text(regular, 8.5, right, y+38, p.t("report.page", n, of))
	if p.made.Audit != "" {
		p.text(regular, 7, whole, y+50, p.t("report.audit", p.made.Audit))
	}
}
