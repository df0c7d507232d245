package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type reconciliationView struct {
	frame
	Day                     string
	Wrong                   string
	Quick                   []option
	Rec                     books.Reconciliation
	Methods                 []methodCheckRow
	Total                   methodCheckRow
	Drawers                 []drawerRow
	QR, ByHand, Notices     []sumRow
	Refunds                 sumRow
	Hard, Open              []differenceRow
	RevenueLink, PDFLink    string
	LeakageLink, BalancedAs string
	Balanced                bool
}

type methodCheckRow struct {
	Name                 string
	Facts, Payments, Off string
	FactsN, PaymentsN    string
	Link                 string
	Differs              bool
}

type drawerRow struct {
	Name, Gate, Taken, GivenBack, Left string
	TakenN, GivenN                     string
}

type sumRow struct{ Name, Amount, Count, Link string }

type differenceRow struct {
	At, Title, About, Do, Who, Plate, Amount, Other string
	Link, LinkText                                  string
}

// reconciliation holds a day's facts, payments and bank notices against each other.
func (p *Pages) reconciliation(w http.ResponseWriter, r *http.Request) {
	v, ok := p.reconciliationView(w, r)
	if !ok {
		return
	}
	if v.Wrong != "" {
		p.show(w, r, http.StatusBadRequest, "reconciliation", "", v)
		return
	}
	v.fill()
	p.show(w, r, http.StatusOK, "reconciliation", "", v)
}

// reconciliationView reads the day in the address; today for none. It
// has answered itself when ok is false.
func (p *Pages) reconciliationView(w http.ResponseWriter, r *http.Request) (v reconciliationView, ok bool) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return v, false
	}
	v.frame = f
	v.Title = f.T("page.reconciliation")
	today := f.Site.Today(f.At)
	day := today
	if text := r.URL.Query().Get("day"); text != "" {
		v.Day = text
		if err := day.UnmarshalText([]byte(text)); err != nil {
			v.Wrong = v.T("reconciliation.bad_day")
		}
	}
	for _, one := range []struct {
		key string
		day parking.LocalDate
	}{{"revenue.today", today}, {"revenue.yesterday", today - 1}} {
		v.Quick = append(v.Quick, option{"/reconciliation?" + url.Values{"day": {one.day.String()}}.Encode(), v.T(one.key), day == one.day})
	}
	if v.Wrong != "" {
		return v, true
	}
	v.Day = day.String()
	if v.Rec, err = p.Books.Reconcile(r.Context(), f.Site, day, f.At); err != nil {
		p.fail(w, r, err)
		return v, false
	}
	return v, true
}

func (v *reconciliationView) fill() {
	dates := url.Values{"from": {v.Day}, "to": {v.Day}}.Encode()
	v.RevenueLink, v.LeakageLink = "/revenue?"+dates, "/leakage?"+dates
	v.PDFLink = "/reconciliation/day.pdf?" + url.Values{"day": {v.Day}}.Encode()
	for _, m := range v.Rec.Methods {
		v.Methods = append(v.Methods, v.method(m))
	}
	v.Total = v.method(v.Rec.Total)
	v.BalancedAs, v.Balanced = v.T("reconciliation.balanced"), v.Rec.Balanced()
	if !v.Balanced {
		v.BalancedAs = v.T("reconciliation.unbalanced")
	}
	for _, d := range v.Rec.Drawers {
		v.Drawers = append(v.Drawers, drawerRow{
			Name: v.name(d.Actor), Gate: d.Gate, Taken: v.Money(d.Taken.Amount), TakenN: v.Num(d.Taken.Payments),
			GivenBack: v.Money(d.GivenBack.Amount), GivenN: v.Num(d.GivenBack.Payments), Left: v.Money(d.Left()),
		})
	}
	for _, s := range []struct {
		key string
		sum books.Sum
	}{
		{"requested", v.Rec.QR.Requested},
		{"confirmed", v.Rec.QR.Confirmed},
		{"by_person", v.Rec.QR.ByPerson},
		{"open", v.Rec.QR.Open},
		{"unnoticed", v.Rec.QR.Unnoticed},
		{"late", v.Rec.QR.Late},
	} {
		v.QR = append(v.QR, v.sum("reconciliation.qr."+s.key, s.sum))
	}
	for _, s := range []struct {
		key string
		sum books.Sum
	}{{"proven", v.Rec.ByHand.Proven}, {"waiting", v.Rec.ByHand.Waiting}, {"unproven", v.Rec.ByHand.Unproven}} {
		v.ByHand = append(v.ByHand, v.sum("reconciliation.by_hand."+s.key, s.sum))
	}
	for _, n := range v.Rec.Notices {
		row := v.sum("reconciliation.notices."+n.State, n.Sum)
		if n.State != "new" {
			row.Link = "/transfers?" + url.Values{"state": {n.State}}.Encode()
		}
		v.Notices = append(v.Notices, row)
	}
	v.Refunds = v.sum("reconciliation.refunds", v.Rec.Refunds)
	for i := range v.Rec.Differences {
		d := &v.Rec.Differences[i]
		if d.Hard() {
			v.Hard = append(v.Hard, v.difference(d))
		} else {
			v.Open = append(v.Open, v.difference(d))
		}
	}
}

func (v *reconciliationView) name(actor string) string {
	if actor == "" {
		return v.T("revenue.device")
	}
	return v.Rec.Names.Name(actor)
}

func (v *reconciliationView) sum(key string, s books.Sum) sumRow {
	return sumRow{Name: v.T(key), Amount: v.Money(s.Amount), Count: v.Num(s.Payments)}
}

func (v *reconciliationView) method(m books.MethodCheck) methodCheckRow {
	row := methodCheckRow{
		Name: v.T("stay.total"), Facts: v.Money(m.Facts.Amount), FactsN: v.Num(m.Facts.Payments),
		Payments: v.Money(m.Payments.Amount), PaymentsN: v.Num(m.Payments.Payments),
		Off: v.Money(m.Off()), Differs: m.Off() != 0,
	}
	q := url.Values{"paid_from": {v.Day}, "paid_to": {v.Day}}
	if m.Method != "" {
		row.Name = v.Method(m.Method)
		q.Set("method", string(m.Method))
	}
	if m.Payments.Payments > 0 {
		row.Link = "/stays?" + q.Encode()
	}
	return row
}

func (v *reconciliationView) difference(d *books.Difference) differenceRow {
	row := differenceRow{
		At: v.When(d.At), Title: v.T("reconciliation.diff." + d.Kind), About: v.T("reconciliation.about." + d.Kind), Do: v.T("reconciliation.do." + d.Kind),
		Plate: d.Display,
	}
	if d.Kind == books.DiffConflict {
		row.Title = v.Conflict(d.Why)
	}
	if key := "transfers.why." + d.Why; d.Kind == books.DiffNotice && words.Has(key) {
		row.About = v.T(key)
	}
	if d.Gate != "" {
		row.Who = v.T("fact.where", d.Gate) + " · " + v.name(d.Actor)
	}
	if d.Amount != 0 || d.Other != 0 {
		row.Amount = v.Money(d.Amount)
	}
	if d.Other != 0 {
		row.Other = v.T("reconciliation.instead", v.Money(d.Other))
	}
	switch {
	case d.Conflict != "":
		row.Link, row.LinkText = "/conflicts/"+d.Conflict, v.T("reconciliation.open_conflict")
	case d.Kind == books.DiffNotice:
		row.Link, row.LinkText = "/transfers#n"+strconv.FormatInt(d.Notice, 10), v.T("reconciliation.open_transfer")
	case d.Stay != uuid.Nil:
		row.Link, row.LinkText = "/stays/"+d.Stay.String(), v.T("case.stay_open")
	}
	return row
}

// reconciliationPDF gives a day's cash-up with its reconciliation as PDF.
func (p *Pages) reconciliationPDF(w http.ResponseWriter, r *http.Request) {
	v, ok := p.reconciliationView(w, r)
	if !ok {
		return
	}
	if v.Wrong != "" {
		p.fail(w, r, parking.Errorf(parking.Invalid, "There is no such day."))
		return
	}
	c, err := p.Books.CashUp(r.Context(), v.Site, v.Rec.Period)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	head, err := p.Auth.AuditHead(r.Context(), v.Me.Site)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var buf bytes.Buffer
	if err := report.DayCheck(&buf, c, v.Rec, report.Made{By: v.Me.Display, At: v.At, Lang: v.Lang, Audit: head.String()}); err != nil {
		p.fail(w, r, fmt.Errorf("write the day's PDF: %w", err))
		return
	}
	download(w, "application/pdf", "inline", fileName(c, "reconciliation", "pdf"))
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(buf.Bytes())
}

// sumBlock is a small table of sums with its heading and what it means.
type sumBlock struct {
	Title, About, What, Count, Amount string
	Rows                              []sumRow
}

// Block is a table of sums.
func (v reconciliationView) Block(key string, rows []sumRow) sumBlock {
	return sumBlock{
		Title: v.T(key), About: v.T(key + "_about"), What: v.T("report.what"), Count: v.T("revenue.count"), Amount: v.T("stay.amount"), Rows: rows,
	}
}
