package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

func (d *fakeDesk) EarlyFee(_ context.Context, e lane.EarlyPayment) (lane.EarlyFee, error) {
	fee := d.fee
	if e.Turn {
		fee.Due = fee.Quote.Fee
	}
	return fee, d.err
}

func (d *fakeDesk) PayEarly(_ context.Context, e lane.EarlyPayment) (lane.EarlyPaid, error) {
	err := d.note("early %s %s %d %q turn=%v receipt=%v print=%v", short(e.Stay), e.Method, e.Tendered, e.PayerBank, e.Turn, e.Receipt, e.Print)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.paid, err
}

func (d *fakeDesk) Receipt(_ context.Context, r lane.ReceiptRequest) (lane.ReceiptView, error) {
	buyer := ""
	if r.Buyer != nil {
		buyer = r.Buyer.Name + " " + r.Buyer.TaxCode
	}
	err := d.note("receipt %s preview=%v print=%v %q", short(r.Stay), r.Preview, r.Print, buyer)
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.issued
	if !r.Preview {
		v.Series, v.Number, v.Printed = "N-2026", 41, r.Print
	}
	return v, err
}

var receiptText = []string{
	"Công ty Bãi Xe Trung Tâm", "1 Tràng Tiền, Hà Nội", "MST 0100109106", "BIÊN NHẬN THU TIỀN", "Bản xem trước, chưa có số", "Biển số 29-B1 456.78", "Vào 09:14 22/11/2026",
	"Tính đến 14:32 22/11/2026", "60 phút đầu: 5.000 ₫", "Tiếp theo 5 × 60 phút, 3.000 ₫ mỗi lần bắt đầu: 15.000 ₫", "Phí gửi xe 20.000 ₫", "Gồm thuế GTGT 8%: 1.481 ₫",
	"Đã thu 20.000 ₫, tiền mặt", "Khách đưa 50.000 ₫, trả lại 30.000 ₫", "Thu lúc 14:32 22/11/2026", "Cổng Bắc, người thu lan",
}

// paidOut has just left and paid.
func paidOut(v lane.View) lane.View {
	return editSubject(matchedOut(v), 1, func(s *lane.Subject) { s.Stage, s.Stay = lane.Opened, subjectID(0xcc) })
}

// receiptDesk answers as a gate whose stay was paid, or would be.
func receiptDesk(d *fakeDesk, printer bool) {
	d.issued = lane.ReceiptView{Stay: subjectID(0xcc), Payment: uuid.UUID{7}, Amount: 20000, Lines: receiptText}
	d.fee = lane.EarlyFee{Due: 5000, At: fakeNow, Quote: parking.Quote{Fee: 5000, Due: 5000, Currency: "VND", Lines: []parking.Line{
		{Code: parking.LineBlockFirst, Amount: 5000, Text: parking.Text{En: "First 60 min", Vi: "60 phút đầu"}},
	}}}
	issued := d.issued
	issued.Series, issued.Number, issued.Printed = "N-2026", 41, printer
	d.paid = lane.EarlyPaid{
		Stay: stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour)), Payment: uuid.UUID{7}, Due: 5000, Change: 15000,
		LeaveBy: fakeNow.Add(15 * time.Minute), Receipt: &issued,
	}
}

func withPrinter(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	v.Lanes[1].Printer = &lane.Worker{OK: true}
	return v
}

func TestGoldensOfReceipts(t *testing.T) {
	t.Parallel()
	find := []string{"/", "enter", "t"}
	cases := []struct {
		name string
		view lane.View
		qr   bool
		keys []string
	}{
		{"receipt_preview", withPrinter(paidOut(idleView())), false, []string{"tab", "y"}},
		{"receipt_printed", withPrinter(paidOut(idleView())), false, []string{"tab", "y", "enter"}},
		{"receipt_no_printer", paidOut(idleView()), false, []string{"tab", "y"}},
		{"early", idleView(), false, find},
		{"early_taken", withPrinter(idleView()), false, append(slices.Clone(find), "enter", "2", "0", "0", "0", "0", "enter", "enter")},
		{"early_qr", idleView(), true, append(slices.Clone(find), "down", "enter", "enter")},
	}
	for _, c := range cases {
		for _, language := range []string{"vi", "en"} {
			for _, size := range [][2]int{{80, 24}, {100, 30}, {160, 50}} {
				name := fmt.Sprintf("%s_%s_%dx%d", c.name, language, size[0], size[1])
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					m, d, clock := console(c.view, size[0], size[1], func(o *Options) { o.Language = language })
					receiptDesk(d, true)
					d.stays = []parking.Stay{stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour))}
					if c.qr {
						d.paid.Paying, d.paid.QR, d.paid.Reference = true, qrPayload, "GHN00001A2"
					}
					press(m, clock, c.keys...)
					checkGolden(t, name, m, size[0], size[1])
				})
			}
		}
	}
}

// A receipt is shown without a number, numbered and printed by Enter with the
// buyer that was typed, and then printed as a copy.
func TestReceiptDialog(t *testing.T) {
	t.Parallel()
	m, d, clock := console(withPrinter(paidOut(idleView())), 80, 24)
	receiptDesk(d, true)
	press(m, clock, "tab", "y")
	if want := []string{`receipt cccccccc preview=true print=false ""`}; !slices.Equal(d.calls, want) || !strings.Contains(m.frame(), "chưa có số") {
		t.Fatalf("asked %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	press(m, clock, append(typed("Công ty A"), "tab")...)
	press(m, clock, append(typed("12345"), "tab", "enter")...)
	if len(d.calls) != 1 || !strings.Contains(m.frame(), "Mã số thuế") || m.top().(*form).wrong == "" {
		t.Fatalf("a wrong tax code was taken: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	m.top().(*form).fields[buyerTax].set("0100109106")
	press(m, clock, "tab", "enter", "enter", "enter")
	if want := `receipt cccccccc preview=false print=true "Công ty A 0100109106"`; len(d.calls) < 2 || d.calls[1] != want {
		t.Fatalf("asked %q, want %q\n%s", d.calls, want, ansi.Strip(m.frame()))
	}
	if frame := m.frame(); !strings.Contains(frame, "N-2026/41") || !strings.Contains(frame, "in bản sao") {
		t.Errorf("after it:\n%s", ansi.Strip(frame))
	}
	press(m, clock, "esc")
	if m.top() != nil {
		t.Error("Esc does not leave")
	}
}

// y says why it does nothing, and is an early payment for who has just come in.
func TestReceiptKey(t *testing.T) {
	t.Parallel()
	m, d, clock := console(matchedOut(idleView()), 80, 24)
	press(m, clock, "tab", "y")
	if len(d.calls) != 0 || m.top() != nil || !strings.Contains(m.frame(), "Biên nhận là của xe") {
		t.Errorf("for one that has not left: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	m, d, clock = console(editSubject(offeredIn(idleView()), 0, func(s *lane.Subject) { s.Stage, s.Stay = lane.Opened, subjectID(0xcc) }), 80, 24)
	receiptDesk(d, false)
	d.fee.Due = 0 // nothing yet: the turn is offered
	press(m, clock, "y", "enter", "enter")
	if want := []string{`early cccccccc cash 0 "" turn=true receipt=true print=false`}; !slices.Equal(d.calls, want) {
		t.Errorf("asked %q, want %q\n%s", d.calls, want, ansi.Strip(m.frame()))
	}
	if frame := m.frame(); !strings.Contains(frame, "N-2026/41") || !strings.Contains(frame, "ra trước") {
		t.Errorf("after it:\n%s", ansi.Strip(frame))
	}
}

// The form for early money asks the desk for nothing that cannot be.
func TestEarlyFormRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys []string
		want string
	}{
		"too little cash": {[]string{"tab", "4", "tab", "enter"}, "chưa đủ"},
		"no method":       {[]string{"ctrl+u", "end", "backspace", "x", "enter", "enter"}, "Chọn cách trả"},
		"no bank":         {[]string{"down", "down", "tab", "enter"}, ""},
	} {
		m, d, clock := console(idleView(), 80, 24)
		receiptDesk(d, false)
		d.stays = []parking.Stay{stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour))}
		press(m, clock, "/", "enter", "t")
		d.calls = nil
		press(m, clock, c.keys...)
		if f, _ := m.top().(*form); f == nil || f.wrong == "" || !strings.Contains(f.wrong, c.want) || len(d.calls) != 0 {
			t.Errorf("%s: asked %q\n%s", name, d.calls, ansi.Strip(m.frame()))
		}
	}
}

// While a transfer is waited for, Enter asks again; the receipt follows.
func TestEarlyByQRAsksAgain(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	receiptDesk(d, false)
	d.stays = []parking.Stay{stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour))}
	d.paid.Paying, d.paid.QR, d.paid.Reference = true, qrPayload, "GHN00001A2"
	press(m, clock, "/", "enter", "t", "down", "enter", "enter")
	if _, shown := m.top().(*earlyQR); !shown {
		t.Fatalf("no code is shown:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "enter")
	if !strings.Contains(m.frame(), "Tiền chưa về") {
		t.Errorf("it does not say that the money has not come:\n%s", ansi.Strip(m.frame()))
	}
	d.paid.Paying = false
	press(m, clock, "enter")
	if !strings.Contains(m.frame(), "N-2026/41") {
		t.Errorf("the receipt does not follow:\n%s", ansi.Strip(m.frame()))
	}
}

var _ Receipting = (*lane.Desk)(nil)
