package report_test

import (
	"bytes"
	"fmt"
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

// cashUp makes a day with n payments of 5,000, 10,000 and 15,000 in turn.
func cashUp(t *testing.T, n int) books.CashUp {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	site := books.Site{Code: "trung-tam", Name: "Bãi xe Trung Tâm – Nguyễn Thị Hường", Currency: "VND", Zone: zone}
	day := parking.MakeLocalDate(2026, time.November, 22)
	period, err := site.Period(day, day)
	if err != nil {
		t.Fatal(err)
	}
	c := books.CashUp{
		Site: site, Period: period, Methods: []books.Sum{{Key: "cash"}, {Key: "vietqr"}, {Key: "by_hand"}},
		Gates:  []books.Sum{{Key: "N"}, {Key: "S"}},
		People: []books.Sum{{Key: "huong"}, {Key: "ngu"}},
		Names:  books.People{"huong": "Nguyễn Thị Hường", "ngu": "Đỗ Văn Ngữ"},
	}
	for i := range n {
		p := books.Payment{
			ID: uuid.New(), At: period.FromAt.Add(time.Duration(i) * time.Minute), Amount: parking.Money(5000 * (i%3 + 1)),
			Method: parking.Methods()[i%3], Gate: c.Gates[i%2].Key, Actor: c.People[i%2].Key, Class: parking.Car,
			Display: fmt.Sprintf("30A-%03d.45", i),
		}
		c.Payments = append(c.Payments, p)
		for _, s := range []*books.Sum{&c.Total, &c.Methods[i%3], &c.Gates[i%2], &c.People[i%2]} {
			s.Amount += p.Amount
			s.Payments++
		}
	}
	return c
}

// auditHead is as long as heads get.
var auditHead = "1234567:" + strings.Repeat("e3b0c442", 8)

// pdfText writes the PDF and returns its text by page, as poppler reads it.
func pdfText(t *testing.T, c books.CashUp, lang string) []string {
	t.Helper()
	var buf bytes.Buffer
	made := report.Made{By: "Trần Thị Quỳnh", At: time.Date(2026, 11, 22, 11, 5, 0, 0, time.UTC), Lang: lang, Audit: auditHead}
	if err := report.CashUp(&buf, c, made); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cashup.pdf")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils) must read the PDF: %v", err)
	}
	text := strings.ReplaceAll(string(out), "\u00a0", " ")
	return strings.Split(strings.TrimSuffix(text, "\f"), "\f")
}

func TestCashUpSaysEverything(t *testing.T) {
	t.Parallel()
	pages := pdfText(t, cashUp(t, 100), "vi")
	if len(pages) < 2 {
		t.Fatalf("100 payments on %d page", len(pages))
	}
	whole := strings.Join(pages, "\n")
	for _, want := range []string{
		"Kết toán thu tiền", "Bãi xe Trung Tâm – Nguyễn Thị Hường", "22/11/2026", "Trần Thị Quỳnh", "22/11/2026 18:05",
		"tiền mặt", "VietQR", "xác nhận tay", "Nguyễn Thị Hường", "Đỗ Văn Ngữ", "30A-099.45", "995.000 ₫",
		"170.000 ₫", // cash: 34 × 5,000
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("%q is not in the PDF", want)
		}
	}
	for i, page := range pages {
		for _, want := range []string{fmt.Sprintf("Trang %d / %d", i+1, len(pages)), "Tổng cộng: 100 khoản", "Trang này:", "Lập bởi Trần Thị Quỳnh", "Đầu nhật ký kiểm toán: " + auditHead} {
			if !strings.Contains(page, want) {
				t.Errorf("page %d does not say %q", i+1, want)
			}
		}
	}
	if last := pages[len(pages)-1]; !strings.Contains(last, "Cộng dồn: 100 khoản") {
		t.Error("the sum carried to the last page is not the whole")
	}
}

func TestCashUpWithoutMoneyInEnglish(t *testing.T) {
	t.Parallel()
	pages := pdfText(t, cashUp(t, 0), "en")
	if len(pages) != 1 {
		t.Fatalf("%d pages, want 1", len(pages))
	}
	for _, want := range []string{"No money came in", "Page 1 of 1", "₫0", "22 Nov 2026"} {
		if !strings.Contains(pages[0], want) {
			t.Errorf("%q is not in the PDF:\n%s", want, pages[0])
		}
	}
}

func TestCashUpTakesAnyText(t *testing.T) {
	t.Parallel()
	c := cashUp(t, 1)
	c.Payments[0].Display = "😀<b>\n" + strings.Repeat("Ữ", 400)
	c.Names["huong"] = "שלום 车"
	whole := strings.Join(pdfText(t, c, "vi"), "\n")
	if !strings.Contains(whole, "5.000 ₫") || !strings.Contains(whole, "ỮỮỮ") {
		t.Errorf("the row with strange letters is lost:\n%s", whole)
	}
}
