package report

import (
	"io"
	"strconv"
	"strings"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Receipt writes one receipt as PDF: what the gate printed, as its fact says,
// with the seller as the settings name him now.
func Receipt(w io.Writer, site books.Site, seller books.Seller, r books.Receipt, people books.People, made Made) error {
	p := receipt{Receipt: r, site: site, seller: seller, people: people, made: made}
	p.sheet = newSheet(p.t("receipt.title")+" "+ReceiptName(r.Series, r.Number), made.By)
	p.pdf.AddPage()
	p.draw()
	return p.write(w)
}

// ReceiptName is a receipt's number as people write it.
func ReceiptName(series string, number int64) string {
	return series + "/" + strconv.FormatInt(number, 10)
}

type receipt struct {
	*sheet
	books.Receipt
	site   books.Site
	seller books.Seller
	people books.People
	made   Made
	y      float64
}

func (p *receipt) t(key string, args ...any) string { return words.T(p.made.Lang, key, args...) }

func (p *receipt) money(m parking.Money) string { return m.Format(p.Currency, p.made.Lang) }

func (p *receipt) when(t time.Time) string {
	return words.Moment(p.made.Lang, t.In(p.site.Zone))
}

// The columns of the lines of a fee.
var receiptText, receiptSum = column{x: edge, width: textWidth - 130}, column{x: edge + textWidth - 120, width: 120, right: true}

// longestReceipt is how many lines of a fee one page has room for.
const longestReceipt = 24

func (p *receipt) line(font string, size, height float64, text string) {
	if text == "" {
		return
	}
	for _, part := range p.wrap(font, size, text) {
		p.text(font, size, whole, p.y, part)
		p.y += height
	}
}

// wrap breaks a text at its spaces into lines as wide as the paper, at most four.
func (p *receipt) wrap(font string, size float64, text string) []string {
	p.keep(p.pdf.SetFont(font, "", size))
	var out []string
	line := ""
	for word := range strings.FieldsSeq(clean(text)) {
		longer := strings.TrimSpace(line + " " + word)
		if width, err := p.pdf.MeasureTextWidth(longer); err == nil && width > textWidth && line != "" && len(out) < 3 {
			out, longer = append(out, line), word
		}
		line = longer
	}
	return append(out, line)
}

func (p *receipt) row(font, text, sum string) {
	p.text(font, 10.5, receiptText, p.y, text)
	p.text(font, 10.5, receiptSum, p.y, sum)
	p.y += 17
}

func (p *receipt) draw() {
	p.y = bodyTop
	p.seller1()
	p.line(bold, 18, 26, p.t("receipt.title"))
	p.line(bold, 12, 20, p.t("receipt.number", ReceiptName(p.Series, p.Number)))
	p.line(regular, 10, 15, p.t("report.receipt.issued", p.when(p.At), p.Gate, p.people.Name(p.Actor)))
	p.y += 8
	if b := p.Buyer; b != nil {
		p.line(regular, 10.5, 15, p.t("receipt.buyer", b.Name))
		if b.TaxCode != "" {
			p.line(regular, 10.5, 15, p.t("receipt.buyer_tax_code", b.TaxCode))
		}
		p.line(regular, 10.5, 15, b.Address)
		p.y += 8
	}
	if p.Plate != "" {
		p.line(bold, 12, 20, p.t("receipt.plate", p.Plate))
	}
	if p.In != nil {
		p.line(regular, 10.5, 15, p.t("receipt.in", p.when(*p.In)))
	}
	if p.Until != nil {
		p.line(regular, 10.5, 15, p.t("receipt.until", p.when(*p.Until)))
	}
	p.y += 10
	p.fee()
	p.foot()
}

// seller1 is the head of the paper.
func (p *receipt) seller1() {
	name := p.seller.Name
	if name == "" {
		name = p.site.Name
	}
	p.line(bold, 12, 18, name)
	if name != p.site.Name {
		p.line(regular, 10, 15, p.site.Name)
	}
	p.line(regular, 10, 15, p.seller.Address)
	if p.seller.TaxCode != "" {
		p.line(regular, 10, 15, p.t("receipt.tax_code", p.seller.TaxCode))
	}
	p.y += 14
}

func (p *receipt) fee() {
	p.rule(p.y, 0.5)
	p.y += 6
	for i, l := range p.Lines {
		if i == longestReceipt {
			p.row(regular, p.t("report.receipt.more", len(p.Lines)-i), "")
			break
		}
		text := l.Text.En
		if p.made.Lang == words.Vi {
			text = l.Text.Vi
		}
		p.row(regular, text, p.money(l.Amount))
	}
	p.rule(p.y, 0.5)
	p.y += 6
	if p.Fee > 0 {
		p.row(bold, p.t("report.receipt.fee"), p.money(p.Fee))
	}
	p.row(bold, p.t("report.receipt.paid", words.Method(p.made.Lang, p.Method)), p.money(p.Amount))
	if tax := p.seller.TaxPercent; tax > 0 {
		p.row(regular, p.t("report.receipt.tax", tax), p.money(parking.TaxWithin(p.Amount, tax)))
	}
	if p.Refunded > 0 {
		p.row(regular, p.t("report.receipt.refunded"), p.money(-p.Refunded))
	}
	p.y += 8
	if p.Paid != nil {
		p.line(regular, 10.5, 15, p.t("receipt.when", p.when(*p.Paid)))
	}
	for note := range strings.Lines(p.seller.Note) {
		p.line(regular, 10, 15, note)
	}
}

func (p *receipt) foot() {
	p.rule(bodyBottom, 0)
	p.text(regular, 8.5, whole, bodyBottom+8, p.t("report.receipt.copy", p.made.By, p.when(p.made.At)))
	p.text(regular, 8.5, whole, bodyBottom+20, p.t("report.receipt.payment", p.Payment, p.Stay))
}
