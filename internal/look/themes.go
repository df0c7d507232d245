package look

// Theme is a set of colours that a person chooses for a screen.
type Theme string

// The themes. Given paints no ground: text is the terminal's own, and the
// roles take the colours that suit its ground.
const (
	Given        Theme = "terminal"
	Dark         Theme = "dark"
	Light        Theme = "light"
	HighContrast Theme = "contrast" // nothing below 7 : 1
)

// Themes lists every theme in the order in which it is offered.
func Themes() []Theme { return []Theme{Given, Dark, Light, HighContrast} }

// Paint is one colour: "#RRGGBB", and the index 0..15 that stands for it on a
// terminal of 16 colours.
type Paint struct {
	Hex  string
	ANSI int
}

// Colours of 16 that are legible: on black, on bright white, and on black at
// high contrast, whether the terminal has them as xterm does or as a PC's
// screen does. Blue, red and dark grey are too dark for black; green, yellow
// and cyan too light for white: there the mark alone tells.
var painted = map[Role]struct{ dark, light, contrast Paint }{
	Surface:  {Paint{"#0F1318", 0}, Paint{"#FFFFFF", 15}, Paint{"#000000", 0}},
	Text:     {Paint{"#E6EBF1", 15}, Paint{"#14181F", 0}, Paint{"#FFFFFF", 15}},
	Quiet:    {Paint{"#93A0AE", 7}, Paint{"#566070", 0}, Paint{"#D7D7D7", 7}},
	Line:     {Paint{"#93A0AE", 7}, Paint{"#566070", 0}, Paint{"#D7D7D7", 7}},
	Free:     {Paint{"#2BC49A", 10}, Paint{"#00694D", 0}, Paint{"#5FFFAF", 10}},
	Occupied: {Paint{"#AEB8C4", 7}, Paint{"#3D4653", 0}, Paint{"#D7D7D7", 7}},
	Reserved: {Paint{"#F0B429", 11}, Paint{"#7A4F00", 0}, Paint{"#FFD75F", 11}},
	Mine:     {Paint{"#5AB0F2", 14}, Paint{"#005EA8", 4}, Paint{"#87D7FF", 14}},
	Out:      {Paint{"#8A96A5", 7}, Paint{"#5F6672", 0}, Paint{"#BCBCBC", 7}},
	Trouble:  {Paint{"#FF7B72", 9}, Paint{"#B3261E", 1}, Paint{"#FFAFAF", 15}},
	Unplaced: {Paint{"#E08BDB", 13}, Paint{"#8E3B8A", 5}, Paint{"#FFAFFF", 15}},
}

// Paint is the colour of a role in a theme that paints its ground; ok is false
// for Given, which leaves that to the terminal. Raised is Surface: a terminal
// has one ground.
func (t Theme) Paint(r Role) (p Paint, ok bool) {
	if r == Raised {
		r = Surface
	}
	of, known := painted[r]
	if !known {
		of = painted[Text]
	}
	switch t {
	case Dark:
		return of.dark, true
	case Light:
		return of.light, true
	case HighContrast:
		return of.contrast, true
	}
	return Paint{}, false
}
