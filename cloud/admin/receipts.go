package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/parking"
)

// receiptView is one receipt on the page of its stay.
type receiptView struct {
	books.Receipt
	Name, Link, Where string
	Back              string // what was given back of its payment
}

func (v *stayView) receipts() []receiptView {
	var out []receiptView
	for _, r := range books.ReceiptsOf(&v.Stay) {
		row := receiptView{
			Receipt: r, Name: report.ReceiptName(r.Series, r.Number), Where: v.T("stay.receipt_gate", r.Gate),
			Link: fmt.Sprintf("/stays/%s/receipts/%s", v.Stay.ID, r.Fact),
		}
		if r.Refunded > 0 {
			row.Back = v.T("stay.receipt_refunded", v.Money(r.Refunded))
		}
		out = append(out, row)
	}
	return out
}

// receiptPDF gives one receipt as PDF.
func (p *Pages) receiptPDF(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	stay, stayErr := uuid.Parse(chi.URLParam(r, "id"))
	fact, factErr := uuid.Parse(chi.URLParam(r, "fact"))
	if err == nil && (stayErr != nil || factErr != nil) {
		err = errNoPage
	}
	var s books.Stay
	if err == nil {
		s, err = p.Books.Stay(r.Context(), f.Site, stay)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, receipt := range books.ReceiptsOf(&s) {
		if receipt.Fact == fact {
			p.writeReceipt(w, r, f, receipt, s.Names)
			return
		}
	}
	p.fail(w, r, errNoPage)
}

func (p *Pages) writeReceipt(w http.ResponseWriter, r *http.Request, f frame, receipt books.Receipt, names books.People) {
	seller, err := p.Books.Seller(r.Context(), f.Site)
	var buf bytes.Buffer
	if err == nil {
		err = report.Receipt(&buf, f.Site, seller, receipt, names, report.Made{By: f.Me.Display, At: f.At, Lang: f.Lang})
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	name := fmt.Sprintf("%s-receipt-%s-%d.pdf", f.Site.Code, receipt.Series, receipt.Number)
	download(w, "application/pdf", "inline", name)
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(buf.Bytes())
}

// invoiceLinks lead to the files for e-invoice systems.
func (v *revenueView) invoiceLinks(dates string) []option {
	return []option{
		{"/revenue/invoices.csv?" + dates, v.T("revenue.invoices"), false},
		{"/revenue/invoices.json?" + dates, v.T("revenue.invoices_json"), false},
	}
}

// invoices gives the receipts of a period in the form that the address ends in.
func (p *Pages) invoices(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := revenueView{frame: f}
	in := report.Invoices{Site: f.Site, Lang: f.Lang}
	in.Period, err = v.period(r.URL.Query())
	if err == nil {
		in.Seller, err = p.Books.Seller(r.Context(), f.Site)
	}
	if err == nil {
		in.Receipts, err = p.Books.Receipts(r.Context(), f.Site, in.Period)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	for _, a := range report.InvoiceAdapters() {
		if !strings.HasSuffix(r.URL.Path, "."+a.Ending()) {
			continue
		}
		var buf bytes.Buffer
		if err := a.Write(&buf, in); err != nil {
			p.fail(w, r, err)
			return
		}
		download(w, a.ContentType(), "attachment", fileName(books.CashUp{Site: in.Site, Period: in.Period}, "invoices", a.Ending()))
		// A browser that is gone cannot be told anything.
		_, _ = w.Write(buf.Bytes())
		return
	}
	p.fail(w, r, parking.Errorf(parking.NotFound, "Invoices are not written in that form."))
}
