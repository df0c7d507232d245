package tui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/text/unicode/norm"
)

// field is one line to type into. It keeps composed letters (NFC), and what
// was typed stays until the guard takes it away.
type field struct {
	label   string // key of its name in the catalogue, or
	name    func(m *model) string
	value   []rune
	at      int // cursor, in runes
	max     int // longest value, in runes
	secret  bool
	digits  bool     // digits only: an amount
	upper   bool     // a plate
	presets []string // texts that ↑ and ↓ fill in
	preset  int      // index of the preset shown, -1 for typed text
}

func newField(label, value string, most int) *field {
	f := &field{label: label, max: most, preset: -1}
	f.set(value)
	return f
}

// named is the field's name on the screen.
func (f *field) named(m *model) string {
	if f.name != nil {
		return f.name(m)
	}
	return m.t(f.label)
}

func (f *field) set(s string) {
	f.value = nil
	f.at = 0
	f.insert(s)
}

func (f *field) text() string { return strings.TrimSpace(string(f.value)) }

// typed inserts what a guard has typed or pasted, and says whether any of it fits. A
// sum that is only proposed gives way to the first digit.
func (f *field) typed(s string) bool {
	value, at := f.value, f.at
	if f.digits && f.preset >= 0 && strings.ContainsAny(s, "0123456789") {
		f.value, f.at = nil, 0
	}
	if !f.insert(s) {
		f.value, f.at = value, at
		return false
	}
	f.preset = -1
	return true
}

// insert puts s at the cursor and says whether any of it fits.
func (f *field) insert(s string) bool {
	var add []rune
	for _, r := range norm.NFC.String(s) {
		if f.digits && (r < '0' || r > '9') {
			continue
		}
		if !unicode.IsGraphic(r) && !unicode.Is(unicode.Mn, r) {
			continue
		}
		if f.upper {
			r = unicode.ToUpper(r)
		}
		add = append(add, r)
	}
	before, after := f.value[:f.at], f.value[f.at:]
	head := []rune(norm.NFC.String(string(before) + string(add)))
	all := append(head, after...)
	if len(add) == 0 || len(all) > f.max {
		return false
	}
	f.value, f.at = all, len(head)
	return true
}

// key handles msg and says whether the field used it.
func (f *field) key(msg tea.KeyPressMsg) bool {
	switch name := msg.String(); name {
	case "left", "ctrl+b":
		f.at = f.step(-1)
	case "right", "ctrl+f":
		f.at = f.step(1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.value)
	case "backspace", "ctrl+h":
		from := f.step(-1)
		f.value = append(f.value[:from:from], f.value[f.at:]...)
		f.at = from
	case "delete":
		to := f.step(1)
		f.value = append(f.value[:f.at:f.at], f.value[to:]...)
	case "ctrl+u":
		f.value, f.at = f.value[f.at:], 0
	case "up", "down":
		return f.cycle(name == "down")
	default:
		if msg.Text == "" || msg.Mod&^(tea.ModShift|tea.ModCapsLock|tea.ModNumLock) != 0 {
			return false
		}
		f.typed(msg.Text)
		return true
	}
	f.preset = -1 // what is edited is the guard's own
	return true
}

// step is the cursor position one letter, with the marks on it, away.
func (f *field) step(by int) int {
	at := f.at + by
	for at > 0 && at < len(f.value) && unicode.Is(unicode.Mn, f.value[at]) {
		at += by
	}
	return min(max(at, 0), len(f.value))
}

func (f *field) cycle(down bool) bool {
	n := len(f.presets)
	if n == 0 {
		return false
	}
	switch {
	case down:
		f.preset = (f.preset + 1) % n
	case f.preset <= 0:
		f.preset = n - 1
	default:
		f.preset--
	}
	f.set(f.presets[f.preset])
	return true
}

// show draws the value in w cells, scrolled so that the cursor is seen; the
// cursor is a reversed cell when the field has the focus.
func (f *field) show(th *theme, w int, focus bool) string {
	value := make([]rune, len(f.value))
	for i, r := range f.value {
		value[i] = r
		if f.secret {
			value[i] = '*'
		}
	}
	if !focus {
		return fit(clean(string(value)), w)
	}
	from := 0
	for from < f.at && width(clean(string(value[from:f.at]))) > w-2 {
		from++
	}
	head, under, tail := clean(string(value[from:f.at])), " ", ""
	if f.at < len(value) {
		next := f.step(1)
		under, tail = clean(string(value[f.at:next])), clean(string(value[next:]))
	}
	if under == "" {
		under = " "
	}
	return fit(head+th.chosen(under)+tail, w)
}
