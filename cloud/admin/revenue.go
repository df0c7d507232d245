package admin

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type revenueView struct {
	frame
	From, To         string // as the address has them
	Wrong            string
	Quick            []option
	Revenue          books.Revenue
	Charts           []chartView
	AllLink          string
	CSVLink, PDFLink string
	InvoiceLinks     []option
	people           books.People
	gateNames        map[string]string
}

// chartView is one way to cut the money: a drawing and the table behind it.
type chartView struct {
	Title, Column string
	Wide          bool
	SVG           template.HTML
	Small         template.HTML // the drawing for narrow screens
	Rows          []chartRow
}

type chartRow struct {
	Name  string
	Label string // on the chart
	Sum   books.Sum
	Link  string // the stays behind it
}

// revenue shows the money of a period.
func (p *Pages) revenue(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := revenueView{frame: f}
	period, err := v.period(r.URL.Query())
	v.quick(period)
	if err != nil {
		v.Wrong = v.T("revenue.bad_dates", books.MaxPeriodDays)
		p.show(w, r, http.StatusBadRequest, "revenue", "", v)
		return
	}
	if err := p.fillRevenue(r, &v, period); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "revenue", "", v)
}

func (p *Pages) fillRevenue(r *http.Request, v *revenueView, period books.Period) error {
	var err error
	if v.Revenue, err = p.Books.Revenue(r.Context(), v.Site, period); err != nil {
		return err
	}
	if v.people, err = p.Books.People(r.Context(), v.Site.ID); err != nil {
		return err
	}
	gates, err := p.Books.Gates(r.Context(), v.Site.ID)
	if err != nil {
		return err
	}
	v.gateNames = map[string]string{}
	for _, g := range gates {
		v.gateNames[g.Code] = g.Code + " · " + g.Name
	}
	dates := url.Values{"from": {v.From}, "to": {v.To}}.Encode()
	v.AllLink, v.CSVLink, v.PDFLink = v.stays(nil), "/revenue/payments.csv?"+dates, "/revenue/cash-up.pdf?"+dates
	v.InvoiceLinks = v.invoiceLinks(dates)
	return v.charts()
}

// period reads from and to in the address; today where there are none.
func (v *revenueView) period(q url.Values) (books.Period, error) {
	today := v.Site.Today(v.At)
	v.From, v.To = today.String(), today.String()
	from, to := today, today
	for _, d := range []struct {
		name string
		show *string
		to   *parking.LocalDate
	}{{"from", &v.From, &from}, {"to", &v.To, &to}} {
		if text := q.Get(d.name); text != "" {
			*d.show = text
			if err := d.to.UnmarshalText([]byte(text)); err != nil {
				return books.Period{}, err
			}
		}
	}
	return v.Site.Period(from, to)
}

func (v *revenueView) quick(chosen books.Period) {
	today := v.Site.Today(v.At)
	year, month, _ := today.Date()
	for _, q := range []struct {
		key      string
		from, to parking.LocalDate
	}{
		{"revenue.today", today, today},
		{"revenue.yesterday", today - 1, today - 1},
		{"revenue.week", today - 6, today},
		{"revenue.month", parking.MakeLocalDate(year, month, 1), today},
	} {
		link := "/revenue?" + url.Values{"from": {q.from.String()}, "to": {q.to.String()}}.Encode()
		v.Quick = append(v.Quick, option{link, v.T(q.key), chosen.From == q.from && chosen.To == q.to})
	}
}

// Mean is what a payment comes to on average, in whole minor units.
func (v revenueView) Mean() parking.Money {
	if v.Revenue.Total.Payments == 0 {
		return 0
	}
	n := parking.Money(v.Revenue.Total.Payments)
	return (v.Revenue.Total.Amount + n/2) / n
}

// stays is the address of the stays behind a figure: the page's period with
// more of the filter set.
func (v *revenueView) stays(more url.Values) string {
	q := url.Values{"paid_from": {v.From}, "paid_to": {v.To}}
	for key, value := range more {
		q[key] = value
	}
	return "/stays?" + q.Encode()
}

// cut is one way to cut the money.
type cut struct {
	title, column string
	sums          []books.Sum
	wide          bool
	row           func(key string) (name, label string, more url.Values)
}

func (v *revenueView) charts() error {
	named := func(param string, name func(string) string) func(string) (string, string, url.Values) {
		return func(key string) (string, string, url.Values) {
			return name(key), name(key), url.Values{param: {key}}
		}
	}
	code := func(param string, name func(string) string) func(string) (string, string, url.Values) {
		return func(key string) (string, string, url.Values) { return name(key), key, url.Values{param: {key}} }
	}
	cuts := []cut{
		{"revenue.by_day", "revenue.day", v.Revenue.Days, true, v.day},
		{"revenue.by_hour", "revenue.hour", v.Revenue.Hours, true, v.hour},
		{"revenue.by_method", "stay.method", v.Revenue.Methods, false, named("method", func(k string) string { return v.Method(k) })},
		{"revenue.by_gate", "page.gates", v.Revenue.Gates, false, code("paid_gate", func(k string) string {
			if name := v.gateNames[k]; name != "" {
				return name
			}
			return k
		})},
		{"revenue.by_class", "stays.class", v.Revenue.Classes, false, named("class", v.class)},
		{"revenue.by_person", "stay.who", v.Revenue.People, false, named("actor", v.person)},
	}
	for _, c := range cuts {
		if c.title == "revenue.by_day" && v.Revenue.Period.Days() == 1 {
			continue // one bar says nothing
		}
		chart, err := v.chart(c)
		if err != nil {
			return err
		}
		v.Charts = append(v.Charts, chart)
	}
	return nil
}

func (v *revenueView) chart(c cut) (chartView, error) {
	out := chartView{Title: v.T(c.title), Column: v.T(c.column), Wide: c.wide}
	var bars []report.Bar
	for _, s := range c.sums {
		name, label, more := c.row(s.Key)
		row := chartRow{Name: name, Label: label, Sum: s}
		if s.Payments > 0 && s.Key != "" {
			row.Link = v.stays(more)
		}
		out.Rows = append(out.Rows, row)
		bars = append(bars, report.Bar{Label: label, Value: s.Amount})
	}
	if len(bars) == 0 {
		return out, nil
	}
	var err error
	width, height := 480, 220
	if c.wide {
		width, height = 1040, 260
	}
	if out.SVG, err = v.svg(out.Title, bars, width, height); err == nil {
		out.Small, err = v.svg(out.Title, bars, 320, 200)
	}
	return out, err
}

func (v *revenueView) svg(title string, bars []report.Bar, width, height int) (template.HTML, error) {
	var buf bytes.Buffer
	chart := report.Bars{Title: title, Bars: bars, Shown: v.Money, Width: width, Height: height}
	if err := chart.SVG(&buf); err != nil {
		return "", err
	}
	return template.HTML(buf.String()), nil //nolint:gosec // written by encoding/xml, which escapes
}

func (v *revenueView) day(key string) (name, label string, more url.Values) {
	var d parking.LocalDate
	if err := d.UnmarshalText([]byte(key)); err != nil {
		return key, key, nil
	}
	return words.Date(v.Lang, d), words.ShortDate(v.Lang, d), url.Values{"paid_from": {key}, "paid_to": {key}}
}

func (v *revenueView) hour(key string) (name, label string, more url.Values) {
	h, err := strconv.Atoi(key)
	if err != nil {
		return key, key, nil
	}
	at := time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC)
	return words.Clock(at) + " – " + words.Clock(at.Add(59*time.Minute)), key, url.Values{"hour": {key}}
}

func (v *revenueView) class(key string) string {
	if key == "" {
		return v.T("revenue.class_lost")
	}
	return v.Class(key)
}

func (v *revenueView) person(key string) string {
	if key == "" {
		return v.T("revenue.device")
	}
	return v.people.Name(key)
}
