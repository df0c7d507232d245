package termshot

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"
)

// sixteen are the colours of a terminal with sixteen, as the pictures show them.
var sixteen = [16]string{
	"#0F1318", "#FF7B72", "#2BC49A", "#F0B429", "#5AB0F2", "#E08BDB", "#56D4DD", "#AEB8C4",
	"#7C8796", "#FF9B94", "#56E3BD", "#FFD166", "#8CC8F7", "#EFB1EB", "#86E6EC", "#FFFFFF",
}

// with is the style after one SGR sequence.
func (s style) with(params ansi.Params) style {
	if len(params) == 0 {
		return style{}
	}
	for i := 0; i < len(params); i++ {
		switch p := params[i].Param(0); {
		case p == 0:
			s = style{}
		case p == 1:
			s.bold = true
		case p == 4:
			s.underline = true
		case p == 7:
			s.reverse = true
		case p == 22:
			s.bold = false
		case p == 24:
			s.underline = false
		case p == 27:
			s.reverse = false
		case p >= 30 && p <= 37:
			s.fg = sixteen[p-30]
		case p >= 40 && p <= 47:
			s.bg = sixteen[p-40]
		case p >= 90 && p <= 97:
			s.fg = sixteen[p-90+8]
		case p >= 100 && p <= 107:
			s.bg = sixteen[p-100+8]
		case p == 39:
			s.fg = ""
		case p == 49:
			s.bg = ""
		case p == 38 || p == 48:
			colour, used := extended(params[i+1:])
			i += used
			if p == 38 {
				s.fg = colour
			} else {
				s.bg = colour
			}
		}
	}
	return s
}

// extended reads what follows 38 or 48: "5;n" or "2;r;g;b" (also with a colon
// and an empty colour space), and how many parameters that took.
func extended(rest ansi.Params) (colour string, used int) {
	at := func(i int) int {
		if i < len(rest) {
			return min(255, max(0, rest[i].Param(0)))
		}
		return 0
	}
	switch at(0) {
	case 5:
		return indexed(at(1)), 2
	case 2:
		if len(rest) > 4 && rest[0].HasMore() && rest[3].HasMore() {
			return fmt.Sprintf("#%02X%02X%02X", at(2), at(3), at(4)), 5
		}
		return fmt.Sprintf("#%02X%02X%02X", at(1), at(2), at(3)), 4
	}
	return "", 1
}

// indexed is colour n of the 256: sixteen, a cube of six levels, and greys.
func indexed(n int) string {
	switch {
	case n < 16:
		return sixteen[n]
	case n < 232:
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		n -= 16
		return fmt.Sprintf("#%02X%02X%02X", level(n/36), level(n/6%6), level(n%6))
	}
	grey := 8 + 10*(n-232)
	return fmt.Sprintf("#%02X%02X%02X", grey, grey, grey)
}
