package admin_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"gatehouse/internal/words"
	"gatehouse/parking"
)

// drawers fills the site with the shifts of a day: Lan's is handed over short and
// has a transfer that nobody has proven, Minh's is open and began by itself, a
// bank has settled one at gate N. It returns Lan's and her stay.
func (o *office) drawers() (shift, stay uuid.UUID) {
	o.t.Helper()
	o.Ground()
	shift = uuid.New()
	other, float, cards := uuid.New(), parking.Money(200_000), 158
	begin := at.Add(-8 * time.Hour)
	o.Tell(uuid.Nil, "N", "lan", begin, parking.KindShiftOpened, parking.ShiftOpened{Shift: shift, Guard: "lan", Float: &float})
	stay = o.In(begin.Add(time.Minute), "N", "lan", "N03", "30A-123.45", parking.Car)
	took := uuid.New()
	for i, p := range []parking.PaymentTaken{
		{Payment: took, Stay: stay, Method: parking.Cash, Amount: 20_000, Tendered: 50_000, Change: 30_000, Shift: &shift},
		{Payment: uuid.New(), Stay: stay, Method: parking.Manual, Amount: 8000, Shift: &shift, ByHand: &parking.ByHand{PayerBank: "VCB", At: begin}},
	} {
		p.Currency = "VND"
		o.Tell(stay, "N", "lan", begin.Add(time.Duration(i+2)*time.Minute), parking.KindPaymentTaken, p)
	}
	o.Tell(stay, "N", "lan", begin.Add(time.Hour), parking.KindRefundPaid, parking.RefundPaid{Stay: stay, Payment: took, Amount: 5000, Currency: "VND", Reason: "Thu nhầm loại xe", Shift: &shift})
	o.Tell(uuid.Nil, "N", "lan", begin.Add(2*time.Hour), parking.KindBarrierOpened, parking.BarrierOpened{Lane: "2", Cause: "by_hand", Reason: "Xe cứu thương", Shift: &shift})
	o.Tell(uuid.Nil, "N", "lan", at.Add(-time.Minute), parking.KindShiftClosed, parking.ShiftClosed{
		Shift: shift, Guard: "lan", Counted: 214_000, Cards: &cards, Notes: []parking.NoteCount{{Value: 200_000, Count: 1}, {Value: 2000, Count: 7}},
	})
	o.Tell(uuid.Nil, "S", "minh", at.Add(-time.Hour), parking.KindShiftOpened, parking.ShiftOpened{Shift: other, Guard: "minh", ByItself: true})
	second := o.In(at.Add(-2*time.Hour), "S", "minh", "S03", "51F-442.10", parking.Car)
	o.Tell(second, "S", "minh", at.Add(-time.Hour), parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: uuid.New(), Stay: second, Method: parking.Cash, Amount: 11_000, Currency: "VND", Shift: &other,
	})
	third, asked := o.In(at.Add(-3*time.Hour), "N", "lan", "N05", "29-B1 456.78", parking.Motorbike), uuid.New()
	o.Tell(third, "N", "lan", at.Add(-20*time.Minute), parking.KindPaymentRequested, parking.PaymentRequested{
		Payment: asked, Stay: third, Method: parking.QR, Amount: 9000, Currency: "VND", Reference: "N7K2QX4MA",
	})
	o.Tell(third, parking.CloudGate, "bank", at.Add(-19*time.Minute), parking.KindPaymentConfirmed, parking.PaymentConfirmed{
		Payment: asked, Stay: third, Method: parking.QR, Amount: 9000, Currency: "VND", BankAt: at.Add(-19 * time.Minute), Notice: "sepay:1",
	})
	o.Save()
	return shift, stay
}

func TestShiftsOnPages(t *testing.T) {
	t.Parallel()
	o := open(t)
	shift, stay := o.drawers()
	b := o.signedIn()
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	status, page := o.get(b, "/shifts")
	wellFormed(t, "/shifts", page)
	for _, want := range []string{
		"Nguyễn Thị Lan", "Đỗ Văn Minh", vi("shifts.machine", "N"), "215.000", "214.000", vi("shifts.short", "1.000 ₫"), vi("shifts.is_open"),
		"? + 11.000", `href="/shifts/N.2026-11-22"`, vi("shifts.box", "N", "14:31"),
	} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%d, without %q", status, want)
		}
	}
	if _, page := o.get(b, "/shifts?guard=minh"); strings.Contains(page, `scope="row"><a href="/shifts/`+shift.String()) || !strings.Contains(page, "? + 11.000") {
		t.Error("the list of one guard")
	}
	if _, page := o.get(b, "/shifts?day=2026-11-21"); !strings.Contains(page, vi("shifts.none")) {
		t.Error("a day without shifts says nothing")
	}
	for path, want := range map[string]int{
		"/shifts?day=yesterday": http.StatusBadRequest, "/shifts/x": http.StatusNotFound, "/shifts/" + uuid.NewString(): http.StatusNotFound,
		"/shifts/N.2020-01-01": http.StatusNotFound,
	} {
		if status, _ := o.get(b, path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	own := "/shifts/" + shift.String()
	status, page = o.get(b, own)
	wellFormed(t, own, page)
	for _, want := range []string{
		"Thu nhầm loại xe", "Xe cứu thương", `href="/stays/` + stay.String() + `"`, vi("shifts.notes", "7", "2.000 ₫"), vi("shifts.cards_counted", 158),
		vi("shifts.waiting_sum", "8.000 ₫"), "-5.000 ₫",
	} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%d, without %q", status, want)
		}
	}
	status, page = o.get(b, "/shifts/N.2026-11-22")
	wellFormed(t, "/shifts/N.2026-11-22", page)
	if status != http.StatusOK || !strings.Contains(page, "9.000") || !strings.Contains(page, vi("shifts.proven")) || strings.Contains(page, vi("shifts.count_again")) {
		t.Errorf("the gate's own: %d", status)
	}
	// A day later nobody has proven the transfer.
	o.now = at.Add(24 * time.Hour)
	if _, page := o.get(o.signedIn(), own); !strings.Contains(page, vi("shifts.unproven")) {
		t.Error("a transfer that no bank told of is not unproven")
	}
	o.now = at
	for name, c := range map[string]struct {
		form   url.Values
		status int
		says   string
	}{
		"no reason": {url.Values{"counted": {"215000"}}, http.StatusUnprocessableEntity, "Hãy ghi lý do."},
		"no sum":    {url.Values{"counted": {"một ít"}, "reason": {"đếm lại <b>"}}, http.StatusUnprocessableEntity, `value="đếm lại &lt;b&gt;"`},
		"below 0":   {url.Values{"counted": {"-5"}, "reason": {"x"}}, http.StatusUnprocessableEntity, ""},
		"bad cards": {url.Values{"counted": {"5"}, "cards": {"x"}, "reason": {"x"}}, http.StatusUnprocessableEntity, ""},
	} {
		if status, page := o.post(b, own+"/count", c.form); status != c.status || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d %s", name, status, page)
		}
	}
	if status, page := o.post(b, own+"/count", url.Values{"counted": {"215.000"}, "cards": {"160"}, "reason": {"một tờ nằm dưới ngăn"}}); status != http.StatusSeeOther {
		t.Fatalf("counted again: %d %s", status, page)
	}
	if _, page := o.get(b, own+"?done=1"); !strings.Contains(page, vi("shifts.done")) || !strings.Contains(page, "một tờ nằm dưới ngăn") || !strings.Contains(page, vi("shifts.exact")) {
		t.Errorf("the second count: %s", page)
	}
	if status, _ := o.post(b, "/shifts/N.2026-11-22/count", url.Values{"counted": {"1"}, "reason": {"x"}}); status != http.StatusNotFound {
		t.Errorf("a machine's drawer is counted: %d", status)
	}
	for _, address := range []string{shift.String(), "N.2026-11-22"} {
		status, pdf, header := o.do(b, http.MethodGet, "/shifts/"+address+"/shift.pdf", nil, nil)
		if status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") || header.Get("Content-Type") != "application/pdf" {
			t.Errorf("PDF: %d %v", status, header)
		}
		if folder := os.Getenv(screensVariable); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, "shift-"+address+".pdf"), []byte(pdf), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestShiftsFitTheirScreen is TestEveryPageFitsItsScreen for the pages of shifts.
func TestShiftsFitTheirScreen(t *testing.T) {
	t.Parallel()
	o := open(t)
	shift, _ := o.drawers()
	ctx, heard := o.chromium()
	for _, s := range []screen{{"desk", 1280, 860, "light"}, {"desk", 1280, 860, "dark"}, {"phone", 360, 780, "light"}, {"phone", 360, 780, "dark"}} {
		run(ctx, o, s.use())
		for name, path := range map[string]string{"shifts": "/shifts", "shift": "/shifts/" + shift.String(), "shift-machine": "/shifts/N.2026-11-22"} {
			run(ctx, o, chromedp.Navigate(o.URL+path))
			run(ctx, o, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(function (d) { if (!d.closest("header")) { d.open = true } }), true`))
			if wide := run(ctx, o, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > s.width {
				t.Errorf("%s on a %s is %d pixels wide, the screen %d", path, s.name, wide, s.width)
			}
			o.keep(ctx, strings.Join([]string{name, s.name, s.scheme}, "-"))
		}
	}
	for line := range strings.Lines(heard.String()) {
		if !strings.Contains(line, "icon from the Manifest") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}
