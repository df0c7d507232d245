package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"gatehouse/internal/look"
)

// theme turns roles into what this terminal can show. Text is always the
// terminal's own colour, so that any background is readable.
type theme struct {
	dark    bool
	profile colorprofile.Profile
	ascii   bool
	styles  map[look.Role]lipgloss.Style
}

func newTheme(profile colorprofile.Profile, dark, ascii bool) theme {
	t := theme{dark: dark, profile: profile, ascii: ascii, styles: map[look.Role]lipgloss.Style{}}
	for _, s := range look.TextRoles() {
		t.styles[s.Role] = t.styleOf(s)
	}
	return t
}

func (t *theme) styleOf(s look.Style) lipgloss.Style {
	st := lipgloss.NewStyle()
	switch {
	case s.Role == look.Text || t.profile <= colorprofile.ASCII:
		return st
	case t.profile == colorprofile.ANSI && s.ANSI == look.Default:
		return st
	case t.profile == colorprofile.ANSI:
		return st.Foreground(lipgloss.ANSIColor(s.ANSI))
	}
	return st.Foreground(lipgloss.Color(s.Colour(t.dark)))
}

// role paints s in the colour of r.
func (t *theme) role(r look.Role, s string) string {
	if s == "" || r == look.Text {
		return s
	}
	return t.styles[r].Render(s)
}

// strong paints s bold in the colour of r: what a person must see or do.
func (t *theme) strong(r look.Role, s string) string {
	if s == "" {
		return s
	}
	return t.styles[r].Bold(true).Render(s)
}

// chosen paints s as the line under the cursor: reversed, so that it is seen
// without colour too.
func (t *theme) chosen(s string) string { return lipgloss.NewStyle().Reverse(true).Render(s) }

// mark is the role's mark in its colour.
func (t *theme) mark(r look.Role) string { return t.role(r, t.bareMark(r)) }

func (t *theme) bareMark(r look.Role) string {
	if t.ascii {
		return look.Of(r).Letter
	}
	return look.Of(r).Mark
}

// asciiOf gives each sign that the console draws with its stand-in on a
// terminal that knows ASCII only; each takes as many cells as the sign.
var asciiOf = map[rune]rune{
	'─': '-', '│': '|', '┬': '+', '┴': '+', '·': '-', '…': '~', '₫': 'd', '→': '>', '←': '<', '↑': '^', '↓': 'v',
	'●': 'o', '◐': '%', '▸': '>', '×': 'x', '□': '.', '■': '#', '▨': 'r', '◆': '*', '▫': ',', '✓': '+', '–': '-', '—': '-', 'đ': 'd', 'Đ': 'D',
	'▁': '_', '▂': '_', '▃': '.', '▄': '-', '▅': '=', '▆': '+', '▇': '*', '█': '#', '▀': '"', '▌': '|', '░': ':', '▒': '%', '▓': '%', '€': 'E', '£': 'L', '¥': 'Y', '₩': 'W',
}

// toASCII rewrites a painted frame for a terminal without Unicode: the same
// cells, marks of Vietnamese letters dropped, anything unknown as "?".
func toASCII(frame string) string {
	var b strings.Builder
	b.Grow(len(frame))
	for _, r := range frame {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		if s, ok := asciiOf[r]; ok {
			b.WriteRune(s)
			continue
		}
		b.WriteString(plainLetter(r))
	}
	return b.String()
}
