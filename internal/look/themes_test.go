package look_test

import (
	"testing"

	"gatehouse/internal/look"
)

// The sixteen colours as xterm has them, and as a PC's text screen does.
var sixteen = map[string][16]string{
	"xterm": {
		"#000000", "#CD0000", "#00CD00", "#CDCD00", "#0000EE", "#CD00CD", "#00CDCD", "#E5E5E5",
		"#7F7F7F", "#FF0000", "#00FF00", "#FFFF00", "#5C5CFF", "#FF00FF", "#00FFFF", "#FFFFFF",
	},
	"VGA": {
		"#000000", "#AA0000", "#00AA00", "#AA5500", "#0000AA", "#AA00AA", "#00AAAA", "#AAAAAA",
		"#555555", "#FF5555", "#55FF55", "#FFFF55", "#5555FF", "#FF55FF", "#55FFFF", "#FFFFFF",
	},
}

// Whatever a theme writes stands on its ground, or, under the cursor, the
// ground stands on it: both have one contrast.
func TestThemesAreLegible(t *testing.T) {
	t.Parallel()
	least := map[look.Theme]float64{look.Dark: 4.5, look.Light: 4.5, look.HighContrast: 7}
	pairs := 0
	for theme, least := range least {
		ground, _ := theme.Paint(look.Surface)
		for _, s := range look.All() {
			if s.Role == look.Surface || s.Role == look.Raised {
				continue
			}
			p, ok := theme.Paint(s.Role)
			if !ok {
				t.Fatalf("%s paints no %s", theme, s.Role)
			}
			check := func(where, a, b string) {
				pairs++
				if c, err := look.Contrast(a, b); err != nil || c < least {
					t.Errorf("%s, %s: %s has contrast %.2f, want at least %.1f (%v)", theme, where, s.Role, c, least, err)
				}
			}
			check("true colour", p.Hex, ground.Hex)
			for name, palette := range sixteen {
				check(name, palette[p.ANSI], palette[ground.ANSI])
			}
		}
	}
	if pairs != 3*10*3 {
		t.Errorf("%d pairs were looked at", pairs)
	}
	if _, ok := look.Given.Paint(look.Text); ok {
		t.Error("the terminal's own theme paints")
	}
}

// What must be read first is legible on a terminal of sixteen colours whose ground
// is not known, black or white.
func TestWhatMattersIsLegibleInSixteenColours(t *testing.T) {
	t.Parallel()
	for _, s := range look.All() {
		if s.Role != look.Mine && s.Role != look.Trouble {
			continue
		}
		for name, palette := range sixteen {
			for _, ground := range []int{0, 15} {
				if c, err := look.Contrast(palette[s.ANSI], palette[ground]); err != nil || c < 3 {
					t.Errorf("%s on %s of %s has contrast %.2f, want 3 (%v)", s.Role, palette[ground], name, c, err)
				}
			}
		}
	}
}
