// Package look is the one language of shape and colour for terminal, pages,
// charts and paper. Whatever shows state names a Role; the role has a colour
// for light and dark grounds, one of sixteen for old terminals, a mark and an
// ASCII letter, so that nothing ever depends on colour alone. The palette
// follows Okabe and Ito (told apart by colour-blind eyes) and keeps a contrast
// of 4.5 : 1 for text on surface and raised in both themes; a test computes it.
package look

import (
	"fmt"
	"math"
	"slices"
)

// Role is what a thing means, never how it looks.
type Role string

// The roles.
const (
	Free     Role = "free"     // slot free, line good, paid
	Occupied Role = "occupied" // slot taken
	Reserved Role = "reserved" // held by a gate, waiting, pending
	Mine     Role = "mine"     // suggested here, focus, the next thing to do
	Out      Role = "out"      // out of service, offline by intent
	Trouble  Role = "trouble"  // conflict, offline, refused, over capacity
	Unplaced Role = "unplaced" // inside, slot unknown

	Surface Role = "surface" // the ground
	Raised  Role = "raised"  // a sheet that lies on the ground
	Line    Role = "line"    // rules between things
	Text    Role = "text"    // what is read
	Quiet   Role = "quiet"   // what may be overlooked
)

// Default as a 16-colour index means the terminal's own colour.
const Default = -1

// Style is how a role looks. Light and Dark are "#RRGGBB".
type Style struct {
	Role   Role
	Light  string
	Dark   string
	ANSI   int    // index 0..15 of a 16-colour terminal, or Default
	Mark   string // one cell wide; "" for roles that are no state
	Letter string // the same in ASCII
}

// The order is that of a legend. Marks and letters are the ones painted on
// maps; colours of 16 follow the usual numbering (2 green … 7 white, 8 dark grey).
// Blue and red are the bright ones: the plain ones are hardly legible on black.
var styles = []Style{
	{Free, "#007A5A", "#2BC49A", 2, "□", "."},
	{Occupied, "#3D4653", "#AEB8C4", 7, "■", "#"},
	{Reserved, "#8A5A00", "#F0B429", 3, "▨", "r"},
	{Mine, "#005EA8", "#5AB0F2", 12, "◆", "*"},
	{Out, "#666D7A", "#7C8796", 8, "×", "x"},
	{Trouble, "#B3261E", "#FF7B72", 9, "!", "!"},
	{Unplaced, "#8E3B8A", "#E08BDB", 5, "?", "?"},
	{Surface, "#FFFFFF", "#0F1318", Default, "", ""},
	{Raised, "#F4F6F8", "#171D24", Default, "", ""},
	{Line, "#D5DAE1", "#2C3540", 8, "", ""},
	{Text, "#14181F", "#E6EBF1", Default, "", ""},
	{Quiet, "#566070", "#93A0AE", Default, "", ""},
}

// All lists every role in the order of a legend.
func All() []Style { return slices.Clone(styles) }

// States lists the roles that carry a mark: those of a legend of the map.
func States() []Style {
	return slices.DeleteFunc(All(), func(s Style) bool { return s.Mark == "" })
}

// TextRoles lists the roles in which text is written: every role but the
// grounds and the rules.
func TextRoles() []Style {
	return slices.DeleteFunc(All(), func(s Style) bool {
		return s.Role == Surface || s.Role == Raised || s.Role == Line
	})
}

// Of returns the style of r; an unknown role looks like Text.
func Of(r Role) Style {
	for _, s := range styles {
		if s.Role == r {
			return s
		}
	}
	return Of(Text)
}

// Colour is the role's colour on dark or light ground, as "#RRGGBB".
func (s Style) Colour(dark bool) string {
	if dark {
		return s.Dark
	}
	return s.Light
}

// RGB splits "#RRGGBB"; an error names what is no colour.
func RGB(hex string) (r, g, b uint8, err error) {
	if len(hex) != 7 {
		return 0, 0, 0, fmt.Errorf("%q is not a colour like #14181F", hex)
	}
	if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &r, &g, &b); err != nil {
		return 0, 0, 0, fmt.Errorf("%q is not a colour like #14181F: %w", hex, err)
	}
	return r, g, b, nil
}

// Contrast is the contrast ratio of two colours by WCAG 2, from 1 to 21.
func Contrast(a, b string) (float64, error) {
	la, err := luminance(a)
	if err != nil {
		return 0, err
	}
	lb, err := luminance(b)
	if err != nil {
		return 0, err
	}
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05), nil
}

func luminance(hex string) (float64, error) {
	r, g, b, err := RGB(hex)
	if err != nil {
		return 0, err
	}
	linear := func(c uint8) float64 {
		v := float64(c) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b), nil
}
