package admin

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
)

// cashUp reads the payments of the period in the address. It has answered
// itself when ok is false.
func (p *Pages) cashUp(w http.ResponseWriter, r *http.Request) (f frame, c books.CashUp, ok bool) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return f, c, false
	}
	v := revenueView{frame: f}
	period, err := v.period(r.URL.Query())
	if err == nil {
		c, err = p.Books.CashUp(r.Context(), f.Site, period)
	}
	if err != nil {
		p.fail(w, r, err)
		return f, c, false
	}
	return f, c, true
}

// fileName is how a file of the period is called.
func fileName(c books.CashUp, what, ending string) string {
	dates := c.Period.From.String()
	if c.Period.To != c.Period.From {
		dates += "_" + c.Period.To.String()
	}
	return fmt.Sprintf("%s-%s-%s.%s", c.Site.Code, what, dates, ending)
}

// paymentsCSV gives every payment of the period as CSV: a row of names, times
// of the site with their offset, sums as whole minor units.
func (p *Pages) paymentsCSV(w http.ResponseWriter, r *http.Request) {
	_, c, ok := p.cashUp(w, r)
	if !ok {
		return
	}
	var buf bytes.Buffer
	buf.WriteString("\ufeff") // without it Excel does not read Vietnamese letters
	out := csv.NewWriter(&buf)
	rows := [][]string{{"paid_at", "stay", "plate", "class", "method", "gate", "actor", "reference", "amount_minor", "currency"}}
	for _, pay := range c.Payments {
		rows = append(rows, []string{
			pay.At.In(c.Site.Zone).Format(time.RFC3339), pay.Stay.String(), cell(pay.Display), string(pay.Class),
			string(pay.Method), cell(pay.Gate), cell(pay.Actor), cell(pay.Reference),
			strconv.FormatInt(int64(pay.Amount), 10), c.Site.Currency,
		})
	}
	if err := out.WriteAll(rows); err != nil {
		p.fail(w, r, fmt.Errorf("write CSV: %w", err))
		return
	}
	download(w, "text/csv; charset=utf-8", "attachment", fileName(c, "payments", "csv"))
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(buf.Bytes())
}

// cell keeps a spreadsheet from taking text for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// cashUpPDF gives the cash-up of the period as PDF.
func (p *Pages) cashUpPDF(w http.ResponseWriter, r *http.Request) {
	f, c, ok := p.cashUp(w, r)
	if !ok {
		return
	}
	head, err := p.Auth.AuditHead(r.Context(), f.Me.Site)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var buf bytes.Buffer
	made := report.Made{By: f.Me.Display, At: f.At, Lang: f.Lang, Audit: head.String()}
	if err := report.CashUp(&buf, c, made); err != nil {
		p.fail(w, r, err)
		return
	}
	download(w, "application/pdf", "inline", fileName(c, "cash-up", "pdf"))
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(buf.Bytes())
}
