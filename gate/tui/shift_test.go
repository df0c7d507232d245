package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// onShift is v with lan's drawer open since the morning.
func onShift(v lane.View) lane.View {
	float := parking.Money(200_000)
	v.Shift = &lane.ShiftView{ID: subjectID(0x77), Guard: "lan", OpenedAt: fakeNow.Add(-8 * time.Hour), Float: &float}
	return v
}

// paidStays are stays whose payments can be given back.
func paidStays() []parking.Stay {
	a := stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour))
	at, before := fakeNow.Add(-10*time.Minute), fakeNow.Add(-2*time.Hour)
	a.State = parking.Left
	a.Payments = []parking.Payment{
		{ID: subjectID(0xe1), Method: parking.Cash, Status: parking.Paid, Amount: 20_000, PaidAt: &at},
		{ID: subjectID(0xe2), Method: parking.QR, Status: parking.Paid, Amount: 8000, Refunded: 3000, PaidAt: &before},
		{ID: subjectID(0xe3), Method: parking.QR, Status: parking.Pending, Amount: 5000},
	}
	b := stayOf(0xdd, "30A12345", "30A-123.45", fakeNow.Add(-50*time.Hour))
	b.Payments = []parking.Payment{{ID: subjectID(0xe4), Method: parking.Manual, Status: parking.Paid, Amount: 74_000, PaidAt: &before}}
	return []parking.Stay{a, b}
}

// counting are the keys of a hand-over: three notes of 500,000, two of 2,000 and
// forty cards.
func counting() []string {
	keys := []string{"h", "tab", "3"}
	for range 7 {
		keys = append(keys, "tab")
	}
	keys = append(keys, "2", "tab", "tab", "tab")
	return append(keys, "4", "0")
}

func TestGoldensOfShifts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		view lane.View
		keys []string
	}{
		{"shift_banner", onShift(idleView()), nil},
		{"shift_open", idleView(), append([]string{"h"}, typed("200000")...)},
		{"shift_count", onShift(idleView()), counting()},
		{"shift_confirm", onShift(idleView()), append(counting(), "enter")},
		{"shift_done", onShift(idleView()), append(counting(), "enter", "enter")},
		{"shift_sign_out", onShift(idleView()), []string{"f10"}},
		{"refunds", onShift(idleView()), []string{"f", "down"}},
		{"refund", onShift(idleView()), []string{"f", "down", "enter", "tab", "down"}},
	}
	for _, c := range cases {
		everySize(t, func(t *testing.T, suffix, language string, size Size) {
			name := c.name + suffix
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m, d, clock := console(c.view, size.Width, size.Height, func(o *Options) { o.Language = language })
				d.stays = paidStays()
				press(m, clock, c.keys...)
				checkGolden(t, name, m, size.Width, size.Height)
			})
		})
	}
}

// A long name gives way to the shift's time.
func TestBannerNamesTheShift(t *testing.T) {
	t.Parallel()
	v := onShift(idleView())
	v.Guard = &lane.Guard{Name: "lan", Display: "Nguyễn Thị Lan", Role: "guard"}
	for _, w := range []int{80, 100} {
		m, _, _ := console(v, w, 24)
		if first := strings.Split(ansi.Strip(m.frame()), "\n")[0]; !strings.Contains(first, "· ca 06:32") || !strings.Contains(first, "Nguyễn") {
			t.Errorf("%d: %q", w, first)
		}
	}
}

// A drawer is handed over only by the second Enter; before it nothing says what
// is expected.
func TestHandingOverAShift(t *testing.T) {
	t.Parallel()
	m, d, clock := console(onShift(idleView()), 80, 24)
	press(m, clock, counting()...)
	press(m, clock, "enter")
	if frame := ansi.Strip(m.frame()); len(d.calls) != 0 || strings.Contains(frame, "205.000") || !strings.Contains(frame, "1.504.000") {
		t.Fatalf("before it is confirmed: %q\n%s", d.calls, frame)
	}
	press(m, clock, "enter")
	want := "close shift 77777777 1504000 [{500000 3} {2000 2}] cards 40"
	if !slices.Equal(d.calls, []string{want}) || !strings.Contains(ansi.Strip(m.frame()), "205.000") {
		t.Fatalf("the desk was asked %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	press(m, clock, "enter")
	if m.top() != nil {
		t.Error("the result stays")
	}
}

// The answer was lost: the same count is sent again, and what was typed is there.
func TestHandingOverWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	m, d, clock := console(onShift(idleView()), 80, 24)
	press(m, clock, append([]string{"h"}, typed("205000")...)...)
	press(m, clock, "enter", "enter")
	d.err = parking.Errorf(parking.Unavailable, "The disk is full.")
	press(m, clock, "enter")
	if !strings.Contains(m.frame(), "The disk is full.") || len(m.dialogs) != 2 {
		t.Fatalf("the refusal is not shown:\n%s", ansi.Strip(m.frame()))
	}
	d.err = nil
	press(m, clock, "enter")
	if len(d.calls) != 2 || d.calls[0] != d.calls[1] || len(m.dialogs) != 1 {
		t.Errorf("the desk was asked %q, %d dialogs", d.calls, len(m.dialogs))
	}
}

func TestCountsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys []string
		want string
	}{
		{nil, "Chưa ghi số nào"},
		{[]string{"9", "tab", "1", "enter"}, "Các tờ cộng lại"},
	} {
		m, d, clock := console(onShift(idleView()), 80, 24)
		press(m, clock, append(append([]string{"h"}, c.keys...), "enter")...)
		f, _ := m.top().(*form)
		if f == nil || !strings.Contains(f.wrong, c.want) || len(d.calls) != 0 {
			t.Errorf("%q: asked %q\n%s", c.keys, d.calls, ansi.Strip(m.frame()))
		}
	}
}

func TestOpeningAShift(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, append(append([]string{"h"}, typed("200000")...), "enter")...)
	press(m, clock, "h", "enter") // the fake's view has none yet
	if !slices.Equal(d.calls, []string{"open shift 200000", "open shift -"}) {
		t.Errorf("the desk was asked %q", d.calls)
	}
}

// Who signs out with an open drawer is asked, and may hand it over first.
func TestSigningOutWithAnOpenShift(t *testing.T) {
	t.Parallel()
	m, d, clock := console(onShift(idleView()), 80, 24)
	press(m, clock, "f10")
	if !strings.Contains(m.frame(), "Ca của bạn còn mở") {
		t.Fatalf("nothing is said of the shift:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "h")
	if len(m.dialogs) != 1 || !strings.Contains(m.frame(), "Bàn giao ca mở lúc") {
		t.Fatalf("%d dialogs\n%s", len(m.dialogs), ansi.Strip(m.frame()))
	}
	press(m, clock, "esc", "f10", "enter")
	if !slices.Equal(d.calls, []string{"sign out"}) {
		t.Errorf("the desk was asked %q", d.calls)
	}
}

func TestGivingMoneyBack(t *testing.T) {
	t.Parallel()
	m, d, clock := console(onShift(idleView()), 80, 24)
	d.stays = paidStays()
	press(m, clock, "f", "down", "enter") // what is left of the transfer
	press(m, clock, "9", "tab", "enter")
	if f, _ := m.top().(*form); f == nil || !strings.Contains(f.wrong, "Chỉ còn") {
		t.Fatalf("more than is left:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "backspace", "tab", "enter")
	if f, _ := m.top().(*form); f == nil || f.wrong == "" {
		t.Fatalf("without a reason:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "down", "enter")
	want := []string{`refundable ""`, `give back cccccccc e2e2e2e2 5000 "Thu nhầm loại xe"`}
	if !slices.Equal(d.calls, want) || m.top() != nil {
		t.Errorf("the desk was asked %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
}

var _ Drawers = (*lane.Desk)(nil)
