package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

// clean makes text from outside (plates, names, reasons typed elsewhere) safe
// to draw: composed letters, no control or format characters, no terminal
// sequences, and only signs whose width all terminals agree on.
func clean(s string) string {
	if plainASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.Is(unicode.M, r) || unicode.Is(unicode.Cf, r) || !unicode.IsGraphic(r):
			return -1 // a mark that no letter has taken, or nothing that is seen
		case !sameWidth(r):
			return '?'
		}
		return r
	}, norm.NFC.String(ansi.Strip(s)))
}

// sameWidth says whether r takes the same cells on terminals that measure
// letters one by one and on those that join them, whatever stands beside it.
func sameWidth(r rune) bool {
	if r < 0x250 || (r >= 0x1E00 && r < 0x1F00) { // Latin, and all of Vietnamese
		return true
	}
	if unicode.Is(unicode.Hangul, r) && r < 0xAC00 { // letters that join to a syllable
		return false
	}
	c := string(r)
	w, between := ansi.StringWidth(c), "a"+c+c+"a"
	return w > 0 && ansi.StringWidthWc(c) == w && ansi.StringWidth(between) == 2+2*w && ansi.StringWidthWc(between) == 2+2*w
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// plainLetter is r without its marks, or "?" in as many cells as r takes.
func plainLetter(r rune) string {
	if base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r))); base < 0x80 {
		return string(base)
	}
	return strings.Repeat("?", ansi.StringWidth(string(r)))
}

// width is the number of cells that s takes.
func width(s string) int {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e { // a letter of several bytes, or a style
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// cut shortens s to at most w cells, with an ellipsis when something is lost.
func cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// fit makes s exactly w cells wide.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	has := width(s)
	if has > w {
		s = ansi.Truncate(s, w, "…")
		has = width(s)
	}
	return s + strings.Repeat(" ", max(0, w-has))
}

// ends puts left and right at the two ends of w cells; what does not fit is
// cut from left, for what stands at the right is the number or the state.
func ends(left, right string, w int) string {
	right = cut(right, w)
	room := w - width(right)
	if right != "" {
		room--
	}
	if room <= 0 {
		return fit(right, w)
	}
	left = fit(left, room)
	if right == "" {
		return left
	}
	return left + " " + right
}

// wrap breaks s into at most n lines of w cells; the last says by an ellipsis
// that there was more.
func wrap(s string, w, n int) []string {
	if s == "" || w <= 0 || n <= 0 {
		return nil
	}
	lines := strings.Split(ansi.Wrap(s, w, ""), "\n")
	if len(lines) > n {
		rest := strings.Join(lines[n-1:], " ")
		lines = append(lines[:n-1], cut(rest, w))
	}
	return lines
}

// block makes lines exactly h lines of w cells.
func block(lines []string, w, h int) []string {
	out := make([]string, max(0, h))
	for i := range out {
		if i < len(lines) {
			out[i] = fit(lines[i], w)
		} else {
			out[i] = strings.Repeat(" ", max(0, w))
		}
	}
	return out
}
