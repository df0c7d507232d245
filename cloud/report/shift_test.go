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

// A shift of many payments: every page says what was expected and counted, every
// payment, refund and opening is there, with all Vietnamese letters.
func TestShiftSaysEverything(t *testing.T) {
	t.Parallel()
	site := cashUp(t, 0).Site
	open := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	closed := open.Add(8 * time.Hour)
	float, cards := parking.Money(200_000), 57
	s := books.Shift{
		Shift: parking.Shift{
			ID: uuid.New(), Gate: "N", Guard: "huong", OpenedAt: &open, ClosedAt: &closed, Float: &float,
			Count: &parking.ShiftCount{At: closed, By: "huong", Cash: 694_000, Cards: &cards, Notes: []parking.NoteCount{{Value: 2000, Count: 347}}},
		},
		Day: site.Today(open), Plates: map[uuid.UUID]string{},
	}
	for i := range 100 {
		stay := uuid.New()
		s.Plates[stay] = fmt.Sprintf("30A-%03d.45", i)
		s.Entries = append(s.Entries, parking.ShiftEntry{
			Fact: uuid.New(), Kind: parking.KindPaymentTaken, At: open.Add(time.Duration(i) * time.Minute), Stay: stay, Method: parking.Cash, Amount: 5000,
		})
	}
	s.Entries = append(s.Entries,
		parking.ShiftEntry{Kind: parking.KindRefundPaid, At: closed, Amount: 5000, Reason: "Thu nhầm loại xe"},
		parking.ShiftEntry{Kind: parking.KindPaymentTaken, At: open, Method: parking.Manual, Amount: 7000},
		parking.ShiftEntry{Kind: parking.KindBarrierOpened, At: closed, Lane: "2", Reason: "Xe cứu thương ngữ"})
	over := *s.Over()
	s.Methods = []books.ShiftMethod{{Method: parking.Cash, Taken: 500_000, Payments: 100, Expected: s.Expected(), Counted: &s.Count.Cash, Over: &over}}
	var buf bytes.Buffer
	made := report.Made{By: "Trần Thị Quỳnh", At: closed.Add(48 * time.Hour), Lang: "vi", Audit: auditHead}
	if err := report.Shift(&buf, site, s, books.People{"huong": "Nguyễn Thị Hường"}, made); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shift.pdf")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils) must read the PDF: %v", err)
	}
	text := strings.ReplaceAll(string(out), "\u00a0", " ")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	if len(pages) < 2 {
		t.Fatalf("100 payments on %d page", len(pages))
	}
	for _, want := range []string{
		"Biên bản bàn giao ca", "Nguyễn Thị Hường · cổng N", "695.000 ₫", "347 tờ 2.000 ₫", "30A-099.45", "Thu nhầm loại xe", "Xe cứu thương ngữ",
		"chưa chứng minh", "1 khoản chưa chứng minh: 7.000 ₫", "Người nhận",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the PDF", want)
		}
	}
	for i, page := range pages {
		for _, want := range []string{fmt.Sprintf("Trang %d / %d", i+1, len(pages)), "694.000 ₫", "Thiếu", "1.000 ₫", auditHead} {
			if !strings.Contains(page, want) {
				t.Errorf("page %d does not say %q", i+1, want)
			}
		}
	}
}
