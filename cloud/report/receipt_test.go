package report_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/parking"
)

// aReceipt is one with everything on it.
func aReceipt() books.Receipt {
	in := time.Date(2026, 11, 22, 0, 15, 0, 0, time.UTC)
	until, paid := in.Add(61*time.Minute), in.Add(62*time.Minute)
	return books.Receipt{
		Fact: uuid.New(), At: in.Add(63 * time.Minute), Gate: "N", Actor: "huong", Refunded: 3000,
		ReceiptIssued: parking.ReceiptIssued{
			Stay: uuid.New(), Payment: uuid.New(), Series: "N-2026", Number: 41, Amount: 8000, Currency: "VND", Method: parking.QR,
			Fee: 8000, Plate: "30A-123.45", In: &in, Until: &until, Paid: &paid,
			Buyer: &parking.Buyer{Name: "Công ty TNHH Nguyễn Thị Hường", TaxCode: "0300588569", Address: strings.Repeat("Đường Nguyễn Huệ, ", 8)},
			Lines: []parking.Line{
				{Code: parking.LineBlockFirst, Amount: 5000, Text: parking.Text{En: "First 60 min", Vi: "60 phút đầu"}},
				{Code: parking.LineBlockThen, Amount: 3000, Text: parking.Text{En: "1 × 60 min", Vi: "1 × 60 phút"}},
			},
		},
	}
}

func receiptText(t *testing.T, r books.Receipt, lang string) string {
	t.Helper()
	c := cashUp(t, 0)
	var buf bytes.Buffer
	made := report.Made{By: "Trần Thị Quỳnh", At: time.Date(2026, 11, 22, 11, 5, 0, 0, time.UTC), Lang: lang}
	seller := books.Seller{Name: "Công ty Bãi Xe", Address: "1 Tràng Tiền, Hà Nội", TaxCode: "0100109106", TaxPercent: 8, Note: "Cảm ơn quý khách.\nHẹn gặp lại."}
	if err := report.Receipt(&buf, c.Site, seller, r, c.Names, made); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "receipt.pdf")
	if keep := os.Getenv("PARK_TEST_SCREENS"); keep != "" {
		path = filepath.Join(keep, "receipt-"+lang+".pdf")
	}
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils) must read the PDF: %v", err)
	}
	return strings.ReplaceAll(string(out), "\u00a0", " ")
}

func TestReceiptSaysEverything(t *testing.T) {
	t.Parallel()
	text := receiptText(t, aReceipt(), "vi")
	for _, want := range []string{
		"BIÊN NHẬN THU TIỀN", "Số N-2026/41", "Công ty Bãi Xe", "Bãi xe Trung Tâm – Nguyễn Thị Hường", "MST 0100109106", "30A-123.45", "22/11/2026 07:15",
		"60 phút đầu", "5.000 ₫", "Phí gửi xe", "8.000 ₫", "Trong đó thuế GTGT 8%", "593 ₫", "-3.000 ₫", "Công ty TNHH Nguyễn Thị Hường", "0300588569",
		"Nguyễn Thị Hường", "Hẹn gặp lại.", "Trần Thị Quỳnh",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the PDF:\n%s", want, text)
		}
	}
	if text := receiptText(t, aReceipt(), "en"); !strings.Contains(text, "RECEIPT") || !strings.Contains(text, "First 60 min") || !strings.Contains(text, "VAT 8% included") {
		t.Errorf("in English:\n%s", text)
	}
}

// One of an exit whose entry nobody knows, with no lines, and one with more
// lines than the page has room for.
func TestReceiptsThatAreOdd(t *testing.T) {
	t.Parallel()
	r := aReceipt()
	r.Lines, r.In, r.Until, r.Buyer, r.Plate, r.Fee, r.Refunded = nil, nil, nil, nil, "", 0, 0
	if text := receiptText(t, r, "vi"); !strings.Contains(text, "8.000 ₫") {
		t.Errorf("without lines:\n%s", text)
	}
	for range 60 {
		r.Lines = append(r.Lines, parking.Line{Amount: 1000, Text: parking.Text{Vi: strings.Repeat("Ữ", 300), En: "x"}})
	}
	if text := receiptText(t, r, "vi"); !strings.Contains(text, "… và 36 dòng nữa") || strings.Count(text, "\f") != 1 {
		t.Errorf("with many lines:\n%s", text)
	}
}

func TestInvoicesOfOddReceipts(t *testing.T) {
	t.Parallel()
	c := cashUp(t, 0)
	r := aReceipt()
	r.Lines, r.Buyer, r.Method, r.Plate = nil, &parking.Buyer{Name: "=1+1"}, parking.Cash, "@SUM"
	in := report.Invoices{Site: c.Site, Seller: books.Seller{TaxPercent: 10}, Period: c.Period, Lang: "vi", Receipts: []books.Receipt{r}}
	var buf bytes.Buffer
	if err := (report.InvoicesCSV{}).Write(&buf, in); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(buf.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		t.Fatalf("%v, %v", rows, err)
	}
	text := strings.Join(rows[1], "|")
	for _, want := range []string{"'=1+1", "'@SUM", "Phí gửi xe = 8000", "|8000|7273|10|727|3000|VND|TM|cash|"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}
