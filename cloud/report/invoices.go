package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Invoices are a period's receipts, as an e-invoice system is to have them.
type Invoices struct {
	Site     books.Site
	Seller   books.Seller
	Period   books.Period
	Receipts []books.Receipt
	Lang     string
}

// InvoiceAdapter writes invoices in the form that one e-invoice system takes.
// Another system is another adapter in InvoiceAdapters.
type InvoiceAdapter interface {
	Ending() string // of the file, and of the address that gives it
	ContentType() string
	Write(w io.Writer, in Invoices) error
}

// InvoiceAdapters are those that there are.
func InvoiceAdapters() []InvoiceAdapter { return []InvoiceAdapter{InvoicesCSV{}, InvoicesJSON{}} }

// Invoice is one receipt with the fields that Vietnamese e-invoice systems want.
type Invoice struct {
	Series      string        `json:"series"`
	Number      int64         `json:"number"`
	IssuedAt    string        `json:"issued_at"` // local time with its offset
	PaidAt      string        `json:"paid_at,omitempty"`
	Seller      Party         `json:"seller"`
	Buyer       Party         `json:"buyer"`
	Lines       []InvoiceLine `json:"lines"`
	Amount      parking.Money `json:"amount_minor"` // paid, tax included
	Net         parking.Money `json:"net_minor"`
	TaxPercent  int           `json:"tax_percent"`
	Tax         parking.Money `json:"tax_minor"`
	Refunded    parking.Money `json:"refunded_minor"`
	Currency    string        `json:"currency"`
	PaymentCode string        `json:"payment_code"` // TM cash, CK transfer: as the tax office writes them
	Method      string        `json:"method"`
	Plate       string        `json:"plate,omitempty"`
	Gate        string        `json:"gate"`
	Stay        string        `json:"stay"`
	Payment     string        `json:"payment"`
}

// Party is a seller or buyer.
type Party struct {
	Name    string `json:"name"`
	TaxCode string `json:"tax_code"`
	Address string `json:"address"`
}

// InvoiceLine is one line of the fee. The lines are those of the whole fee,
// which may have been paid by more than one payment.
type InvoiceLine struct {
	Text   string        `json:"text"`
	Amount parking.Money `json:"amount_minor"`
}

// Rows are the invoices, in order of time.
func (in *Invoices) Rows() []Invoice {
	out := make([]Invoice, 0, len(in.Receipts))
	local := func(t time.Time) string { return t.In(in.Site.Zone).Format(time.RFC3339) }
	name := in.Seller.Name
	if name == "" {
		name = in.Site.Name
	}
	for _, r := range in.Receipts {
		tax := parking.TaxWithin(r.Amount, in.Seller.TaxPercent)
		row := Invoice{
			Series: r.Series, Number: r.Number, IssuedAt: local(r.At), Seller: Party{name, in.Seller.TaxCode, in.Seller.Address},
			Amount: r.Amount, Net: r.Amount - tax, Tax: tax, TaxPercent: in.Seller.TaxPercent, Refunded: r.Refunded, Currency: r.Currency,
			PaymentCode: "CK", Method: string(r.Method), Plate: r.Plate, Gate: r.Gate, Stay: r.Stay.String(), Payment: r.Payment.String(),
		}
		if r.Method == parking.Cash {
			row.PaymentCode = "TM"
		}
		if r.Paid != nil {
			row.PaidAt = local(*r.Paid)
		}
		if b := r.Buyer; b != nil {
			row.Buyer = Party{b.Name, b.TaxCode, b.Address}
		}
		for _, l := range r.Lines {
			text := l.Text.En
			if in.Lang == words.Vi {
				text = l.Text.Vi
			}
			row.Lines = append(row.Lines, InvoiceLine{text, l.Amount})
		}
		if row.Lines == nil { // a receipt has something on it, also one of a vehicle whose entry nobody knows
			row.Lines = []InvoiceLine{{words.T(in.Lang, "report.receipt.fee"), r.Amount}}
		}
		out = append(out, row)
	}
	return out
}

// InvoicesJSON writes them as one JSON document.
type InvoicesJSON struct{}

// Ending is "json".
func (InvoicesJSON) Ending() string { return "json" }

// ContentType is that of JSON.
func (InvoicesJSON) ContentType() string { return "application/json" }

func (InvoicesJSON) Write(w io.Writer, in Invoices) error {
	doc := struct {
		From     string    `json:"from"`
		To       string    `json:"to"`
		Site     string    `json:"site"`
		Invoices []Invoice `json:"invoices"`
	}{in.Period.From.String(), in.Period.To.String(), in.Site.Code, in.Rows()}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	if err := out.Encode(doc); err != nil {
		return fmt.Errorf("write invoices: %w", err)
	}
	return nil
}

// InvoicesCSV writes a row for each receipt; the lines of the fee are in one
// cell.
type InvoicesCSV struct{}

// Ending is "csv".
func (InvoicesCSV) Ending() string { return "csv" }

// ContentType is that of CSV.
func (InvoicesCSV) ContentType() string { return "text/csv; charset=utf-8" }

func (InvoicesCSV) Write(w io.Writer, in Invoices) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // without it Excel does not read Vietnamese letters
		return fmt.Errorf("write invoices: %w", err)
	}
	out := csv.NewWriter(w)
	rows := [][]string{{
		"series", "number", "issued_at", "paid_at", "seller_name", "seller_tax_code", "seller_address", "buyer_name", "buyer_tax_code", "buyer_address",
		"lines", "amount_minor", "net_minor", "tax_percent", "tax_minor", "refunded_minor", "currency", "payment_code", "method", "plate", "gate", "stay", "payment",
	}}
	for _, i := range in.Rows() {
		var lines []string
		for _, l := range i.Lines {
			lines = append(lines, l.Text+" = "+whole64(l.Amount))
		}
		rows = append(rows, []string{
			Cell(i.Series), strconv.FormatInt(i.Number, 10), i.IssuedAt, i.PaidAt, Cell(i.Seller.Name), i.Seller.TaxCode, Cell(i.Seller.Address),
			Cell(i.Buyer.Name), i.Buyer.TaxCode, Cell(i.Buyer.Address), Cell(strings.Join(lines, "; ")), whole64(i.Amount), whole64(i.Net),
			strconv.Itoa(i.TaxPercent), whole64(i.Tax), whole64(i.Refunded), i.Currency, i.PaymentCode, i.Method, Cell(i.Plate), Cell(i.Gate), i.Stay, i.Payment,
		})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write invoices: %w", err)
	}
	return nil
}

func whole64(m parking.Money) string { return strconv.FormatInt(int64(m), 10) }

// Cell keeps a spreadsheet from taking text for a formula.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
