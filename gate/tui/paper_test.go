package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// typed are the keys of a text.
func typed(text string) []string {
	var keys []string
	for _, r := range text {
		keys = append(keys, string(r))
	}
	return keys
}

// typedFields are the keys that open the form for paper and fill its first fields.
func typedFields(fields ...string) []string {
	keys := []string{"v"}
	for i, f := range fields {
		if i > 0 {
			keys = append(keys, "tab")
		}
		keys = append(keys, typed(f)...)
	}
	return keys
}

func TestGoldensOfPaper(t *testing.T) {
	t.Parallel()
	inside := typedFields("P-0017", "30a12345", "21/11 17:40")
	left := typedFields("P-0018", "30a12345", "9:05", "13:30", "5000")
	cases := []struct {
		name string
		keys []string
	}{
		{"paper", typedFields("P-0017", "30a12345", "17:4")},
		{"paper_inside", append(slices.Clone(inside), "enter", "enter")},
		{"paper_left", append(slices.Clone(left), "enter")},
		{"paper_next", append(slices.Clone(inside), "enter", "enter", "enter")},
	}
	for _, c := range cases {
		for _, language := range []string{"vi", "en"} {
			for _, size := range [][2]int{{80, 24}, {100, 30}, {160, 50}} {
				name := fmt.Sprintf("%s_%s_%dx%d", c.name, language, size[0], size[1])
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					m, _, clock := console(idleView(), size[0], size[1], func(o *Options) { o.Language = language })
					press(m, clock, c.keys...)
					checkGolden(t, name, m, size[0], size[1])
				})
			}
		}
	}
}

// A ticket is written only by the second Enter, once, and the form goes on
// with the next one.
func TestPaperTickets(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, typedFields("p-1", "30a12345", "21/11 17:40")...)
	press(m, clock, "enter", "enter")
	if len(d.calls) != 0 || !strings.Contains(m.frame(), "21/11/2026 17:40") || !strings.Contains(m.frame(), "30A-123.45") {
		t.Fatalf("before it is confirmed: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	press(m, clock, "esc")
	if len(d.calls) != 0 || !strings.Contains(m.frame(), "P-1") {
		t.Fatalf("Esc writes, or loses what was typed: %q", d.calls)
	}
	press(m, clock, "enter", "enter")
	if want := []string{`paper 1 P-1 "30A12345" car 21/11T17:40 - 0`}; !slices.Equal(d.calls, want) {
		t.Fatalf("the desk was asked %q, want %q\n%s", d.calls, want, ansi.Strip(m.frame()))
	}
	if frame := m.frame(); !strings.Contains(frame, "✓ P-1 30A-123.45: còn trong bãi") || !strings.Contains(frame, "21/11 ") {
		t.Fatalf("it is not said what happened, or the day is gone:\n%s", ansi.Strip(frame))
	}
	press(m, clock, append(typed("P-2"), "tab", "tab")...)
	press(m, clock, typed("18:00")...)
	press(m, clock, "tab")
	press(m, clock, typed("22/11 06:00")...)
	press(m, clock, "enter")
	press(m, clock, append(typed("5000"), "enter", "enter")...)
	if want := `paper 2 P-2 "" car 21/11T18:00 22/11T06:00 5000`; len(d.calls) != 2 || d.calls[1] != want {
		t.Fatalf("the desk was asked %q, want %q\n%s", d.calls, want, ansi.Strip(m.frame()))
	}
	if len(d.papers) != 2 || !strings.Contains(m.frame(), "Đã ghi 2 vé") {
		t.Errorf("%d tickets of two ids\n%s", len(d.papers), ansi.Strip(m.frame()))
	}
	press(m, clock, "esc")
	if m.top() != nil || len(d.calls) != 2 {
		t.Error("Esc does not leave, or writes")
	}
}

// A ticket whose answer was lost is the same ticket when it is sent again.
func TestPaperTicketWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, typedFields("P-1", "30A12345", "13:40")...)
	press(m, clock, "enter", "enter")
	d.err = parking.Errorf(parking.Unavailable, "The disk is full.")
	press(m, clock, "enter")
	if !strings.Contains(m.frame(), "The disk is full.") || len(m.dialogs) != 2 {
		t.Fatalf("the refusal is not shown:\n%s", ansi.Strip(m.frame()))
	}
	d.err = nil
	press(m, clock, "esc", "enter")
	if !strings.Contains(m.frame(), "đã được ghi rồi") {
		t.Fatalf("it is not said that it was written:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "enter")
	if len(d.calls) != 1 || len(d.papers) != 1 || !strings.Contains(m.frame(), "Đã ghi 1 vé") {
		t.Errorf("the desk was asked %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
}

// What cannot be a ticket is not asked of the desk, and the cursor goes there.
func TestPaperTicketsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields []string
		want   string
		at     int
	}{
		{[]string{"", "30A12345", "13:40"}, "Số vé", paperNumber},
		{[]string{"7", "30A12345", ""}, "Cần giờ vào", paperIn},
		{[]string{"7", "30A12345", "25:00"}, "Ghi giờ như", paperIn},
		{[]string{"7", "30A12345", "13:40", "30/2 9:00", "1"}, "Ghi giờ như", paperOut},
		{[]string{"7", "30A12345", "13:40", "13:50", "1", "x"}, "Không có loại xe", paperClass},
	} {
		m, d, clock := console(idleView(), 80, 24)
		press(m, clock, append(typedFields(c.fields...), "enter", "enter")...)
		f, _ := m.top().(*form)
		if f == nil || f.at != c.at || !strings.Contains(f.wrong, c.want) || len(d.calls) != 0 {
			t.Errorf("%q: asked %q\n%s", c.fields, d.calls, ansi.Strip(m.frame()))
		}
	}
}

// While a ticket is being written nothing can be typed into its form, and one
// that was left while it failed says so.
func TestPaperTicketLeftWhileWriting(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, typedFields("P-1", "30A12345", "13:40")...)
	press(m, clock, "enter", "enter")
	d.err = parking.Errorf(parking.Unavailable, "The disk is full.")
	clock.pass(time.Second)
	writing := m.key(keyOf("enter"))
	press(m, clock, "esc", "9")
	if strings.Contains(m.frame(), "P-19") {
		t.Fatal("a ticket is changed while it is written")
	}
	run(m, writing)
	if frame := m.frame(); !strings.Contains(frame, "The disk is full.") || !strings.Contains(frame, "P-1") {
		t.Errorf("the failure is not said, or the ticket is lost:\n%s", ansi.Strip(frame))
	}
}

func TestPaperTime(t *testing.T) {
	t.Parallel()
	m, _, _ := console(idleView(), 80, 24) // 14:32 on 22/11/2026
	for _, c := range []struct{ text, want string }{
		{"14:32", "2026-11-22 14:32"},
		{"14:33", "2026-11-21 14:33"},
		{"9:05", "2026-11-22 09:05"},
		{"22/11 14:00", "2026-11-22 14:00"},
		{"1/11 7:30", "2026-11-01 07:30"},
		{"31/12 23:59", "2025-12-31 23:59"},
		{"29/2 8:00", "2024-02-29 08:00"},
		{"1/2/2026 8:00", "2026-02-01 08:00"},
		{"2026-11-22 06:00", "2026-11-22 06:00"},
		{"30/2 8:00", ""},
		{"7", ""},
		{"22/11", ""},
		{"24:00", ""},
	} {
		at, ok := m.paperTime(c.text)
		got := ""
		if ok && at != nil {
			got = at.Format("2006-01-02 15:04")
		}
		if got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
}

var _ Copying = (*lane.Desk)(nil)
