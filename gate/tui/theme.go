package tui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/internal/look"
)

// theme turns roles into what this terminal can show. Where no theme was
// chosen, text is the terminal's own colour, so that any background is
// readable; a chosen one paints every cell.
type theme struct {
	chosenTheme look.Theme
	dark        bool
	profile     colorprofile.Profile
	ascii       bool
	styles      map[look.Role]lipgloss.Style
	ground      string // what sets the colours of a cell that nothing else does
}

func newTheme(profile colorprofile.Profile, dark, ascii bool) theme {
	return themeOf(look.Given, profile, dark, ascii)
}

// themeOf is the chosen theme on this terminal; dark says of its own ground.
func themeOf(chosen look.Theme, profile colorprofile.Profile, dark, ascii bool) theme {
	t := theme{chosenTheme: chosen, dark: dark, profile: profile, ascii: ascii, styles: map[look.Role]lipgloss.Style{}}
	for _, s := range look.TextRoles() {
		t.styles[s.Role] = t.styleOf(s)
	}
	ground, paints := chosen.Paint(look.Surface)
	if text, _ := chosen.Paint(look.Text); paints && profile > colorprofile.ASCII {
		t.ground = ansi.Style{}.ForegroundColor(t.painted(text)).BackgroundColor(t.painted(ground)).String()
	}
	return t
}

// painted is a theme's colour as the terminal has it.
func (t *theme) painted(p look.Paint) color.Color {
	if t.profile == colorprofile.ANSI {
		return lipgloss.ANSIColor(p.ANSI)
	}
	return lipgloss.Color(p.Hex)
}

// onGround paints the lines of a frame on the theme's ground, whatever they
// turn on and off themselves.
func (t *theme) onGround(lines []string) []string {
	if t.ground == "" {
		return lines
	}
	again := strings.NewReplacer(ansi.ResetStyle, ansi.ResetStyle+t.ground, "\x1b[0m", ansi.ResetStyle+t.ground)
	for i, l := range lines {
		lines[i] = t.ground + again.Replace(l) + ansi.ResetStyle
	}
	return lines
}

func (t *theme) styleOf(s look.Style) lipgloss.Style {
	st := lipgloss.NewStyle()
	paint, paints := t.chosenTheme.Paint(s.Role)
	switch {
	case paints && t.profile > colorprofile.ASCII:
		return st.Foreground(t.painted(paint))
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
