package look_test

import (
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/internal/look"
)

func TestTextIsReadableOnBothGrounds(t *testing.T) {
	t.Parallel()
	const least = 4.5
	for _, s := range look.TextRoles() {
		for _, dark := range []bool{false, true} {
			for _, ground := range []look.Role{look.Surface, look.Raised} {
				got, err := look.Contrast(s.Colour(dark), look.Of(ground).Colour(dark))
				if err != nil {
					t.Fatal(err)
				}
				if got < least {
					t.Errorf("%s on %s (dark: %v) has contrast %.2f, want at least %.1f", s.Role, ground, dark, got, least)
				}
			}
		}
	}
}

func TestContrastOfKnownPairs(t *testing.T) {
	t.Parallel()
	if c, err := look.Contrast("#FFFFFF", "#000000"); err != nil || c < 20.99 || c > 21.01 {
		t.Errorf("white on black is %v, %v; want 21", c, err)
	}
	if c, err := look.Contrast("#767676", "#FFFFFF"); err != nil || c < 4.5 || c > 4.6 {
		t.Errorf("#767676 on white is %v, %v; WCAG calls it 4.54", c, err)
	}
	for _, bad := range []string{"", "red", "#12345", "#GG0000", "#1234567"} {
		if _, err := look.Contrast(bad, "#000000"); err == nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

// Nothing may depend on colour alone: marks, letters and 16-colour indices of
// states are all different, and each takes one cell.
func TestStatesAreToldApartWithoutColour(t *testing.T) {
	t.Parallel()
	marks, letters, colours := map[string]look.Role{}, map[string]look.Role{}, map[int]look.Role{}
	for _, s := range look.States() {
		if o, twice := marks[s.Mark]; twice {
			t.Errorf("%s and %s share the mark %s", o, s.Role, s.Mark)
		}
		if o, twice := letters[s.Letter]; twice {
			t.Errorf("%s and %s share the letter %s", o, s.Role, s.Letter)
		}
		if o, twice := colours[s.ANSI]; twice {
			t.Errorf("%s and %s share colour %d", o, s.Role, s.ANSI)
		}
		marks[s.Mark], letters[s.Letter], colours[s.ANSI] = s.Role, s.Role, s.Role
		if ansi.StringWidth(s.Mark) != 1 || len(s.Letter) != 1 || s.Letter[0] > 127 {
			t.Errorf("%s: mark %q and letter %q must take one cell, the letter in ASCII", s.Role, s.Mark, s.Letter)
		}
	}
	if len(marks) != 7 {
		t.Errorf("%d states, want 7", len(marks))
	}
	if look.Of("no such role").Role != look.Text {
		t.Error("an unknown role does not look like text")
	}
}
