package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/parking"
)

// walkOf are the keys that type vehicles of a walk: "plate slot card", each
// finished with Enter.
func walkOf(vehicles ...string) []string {
	var keys []string
	for _, v := range vehicles {
		fields := strings.Split(v, " ")
		for i, f := range fields {
			if i > 0 {
				keys = append(keys, "tab")
			}
			keys = append(keys, typed(f)...)
		}
		for range 3 - len(fields) { // the fields behind are empty: Enter goes there first
			keys = append(keys, "tab")
		}
		keys = append(keys, "enter")
	}
	return keys
}

func TestGoldensOfTheWalk(t *testing.T) {
	t.Parallel()
	list := []string{"30a12345 n03", "30a12346 n07", "29b145678  0042", "30a77777"}
	cases := []struct {
		name string
		keys []string
	}{
		{"walk", []string{"w"}},
		{"walk_typed", append([]string{"w"}, walkOf(list...)...)},
		{"walk_look", append(append([]string{"w"}, walkOf(list...)...), "enter")},
		{"walk_zone", []string{"w", "shift+tab"}},
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

// A walk is written by the second Enter after the last vehicle, whole and once;
// the list outlives its form until then, and begins anew after it.
func TestAWalkIsTyped(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, append([]string{"w"}, walkOf("30a12345 n03", "51f22222")...)...)
	press(m, clock, "esc", "w")
	press(m, clock, walkOf("30a-777.77")...)
	if len(d.calls) != 0 || !strings.Contains(m.frame(), "đã gõ 3 xe") || !strings.Contains(m.frame(), "30A-777.77: chưa có trong sổ") {
		t.Fatalf("asked %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	press(m, clock, "enter")
	if len(d.calls) != 0 || !strings.Contains(m.frame(), "51F-222.22, 30A-777.77") || !strings.Contains(m.frame(), "không tự cho ra: 51F-100.01 (N21)") {
		t.Fatalf("before it is confirmed: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	press(m, clock, "enter")
	if want := []string{"walk N 30A12345/car/N03/ 51F22222/car// 30A77777/car//"}; !slices.Equal(d.calls, want) {
		t.Fatalf("the desk was asked %q, want %q", d.calls, want)
	}
	if frame := m.frame(); !strings.Contains(frame, "✓ Khu N: thấy 3 xe, cho vào 2") || strings.Contains(frame, "đã gõ") {
		t.Fatalf("it is not said what happened, or the list stays:\n%s", ansi.Strip(frame))
	}
	press(m, clock, "enter", "enter")
	if len(d.calls) != 2 || d.calls[1] != "walk N" || d.walks[0] == d.walks[1] {
		t.Errorf("the next walk: %q %v", d.calls, d.walks)
	}
}

// A vehicle that was typed twice is on the list once; typed once more after the
// question it is off.
func TestAWalkIsCorrected(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, append([]string{"w"}, walkOf("30a12345 n03", "51f22222", "30a12345")...)...)
	if f, _ := m.top().(*form); f == nil || !strings.Contains(f.wrong, "30A-123.45 đã có trong danh sách") || len(m.walk.found) != 2 {
		t.Fatalf("typed twice:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "tab", "tab", "enter")
	if len(m.walk.found) != 1 || !strings.Contains(m.frame(), "30A-123.45: đã bỏ") || len(d.calls) != 0 {
		t.Fatalf("it is on the list still:\n%s", ansi.Strip(m.frame()))
	}
}

// The walk whose answer was lost is the same walk when it is sent again, and
// another one when its list was changed.
func TestAWalkWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, append([]string{"w"}, append(walkOf("30a77777"), "enter")...)...)
	d.err = parking.Errorf(parking.Unavailable, "The disk is full.")
	press(m, clock, "enter")
	if !strings.Contains(m.frame(), "The disk is full.") || len(m.walk.found) != 1 {
		t.Fatalf("the refusal is not shown, or the list is gone:\n%s", ansi.Strip(m.frame()))
	}
	press(m, clock, "enter") // once more, in vain too
	d.err = nil
	press(m, clock, "esc")
	press(m, clock, walkOf("51f22222")...)
	press(m, clock, "enter", "enter")
	if len(d.walks) != 3 || d.walks[0] != d.walks[1] || d.walks[1] == d.walks[2] || !strings.HasSuffix(d.calls[2], "51F22222/car//") {
		t.Errorf("walks %v: %q", d.walks, d.calls)
	}
}

// What cannot be a vehicle of the walk is not put on its list, and the cursor
// goes there.
func TestAWalkRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys []string
		want string
		at   int
	}{
		{[]string{"shift+tab", "Z", "enter"}, "Không có khu này", walkZone},
		{append([]string{"tab"}, append(typed("N03"), "tab", "enter")...), "Gõ biển số hoặc số thẻ", walkPlate},
		{append(typed("!!"), "tab", "tab", "enter"), "", walkPlate},
		{append(typed("30A12345"), "tab", "tab", "tab", "x", "enter"), "Không có loại xe", walkClass},
	} {
		m, d, clock := console(idleView(), 80, 24)
		press(m, clock, append([]string{"w"}, c.keys...)...)
		f, _ := m.top().(*form)
		if f == nil || f.at != c.at || f.wrong == "" || !strings.Contains(f.wrong, c.want) || len(m.walk.found) != 0 || len(d.calls) != 0 {
			t.Errorf("%q: asked %q\n%s", c.keys, d.calls, ansi.Strip(m.frame()))
		}
	}
	m, d, clock := console(idleView(), 80, 24)
	d.err = parking.Errorf(parking.NotFound, `There is no slot "N99" in zone N.`)
	press(m, clock, append([]string{"w"}, walkOf("30A12345 N99")...)...)
	if f, _ := m.top().(*form); f == nil || !strings.Contains(f.wrong, "Không có ô") || len(m.walk.found) != 0 || f.fields[walkPlate].text() == "" {
		t.Errorf("what the desk refuses:\n%s", ansi.Strip(m.frame()))
	}
}
