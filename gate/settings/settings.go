package settings

import (
	"slices"
	"strings"

	"gatehouse/internal/look"
	"gatehouse/parking"
)

// Pictures is how the cameras' pictures are drawn.
type Pictures string

// Ways to draw pictures: as the terminal can, as half blocks in colours, in
// shades of letters, not at all.
const (
	PicturesAuto   Pictures = "auto"
	PicturesBlocks Pictures = "blocks"
	PicturesShades Pictures = "shades"
	PicturesOff    Pictures = "off"
)

// AllPictures lists the ways in the order in which they are offered.
func AllPictures() []Pictures {
	return []Pictures{PicturesAuto, PicturesBlocks, PicturesShades, PicturesOff}
}

// Letters is which letters a console draws with.
type Letters string

// Letters as the terminal's locale says, or ASCII only.
const (
	LettersAuto  Letters = "auto"
	LettersASCII Letters = "ascii"
)

// Minutes without a key after which a console is locked, 0 for never.
const (
	DefaultLock = 10
	maxLock     = 120
)

// LockChoices are the minutes that are offered.
func LockChoices() []int { return []int{0, 1, 2, 5, DefaultLock, 15, 30, 60} }

// Settings are what a guard may change of a console.
type Settings struct {
	Language    string     `json:"language,omitempty"` // vi or en; "" is the gate's
	Theme       look.Theme `json:"theme"`
	Pictures    Pictures   `json:"pictures"`
	Letters     Letters    `json:"letters"`
	Bell        bool       `json:"bell"`
	LockMinutes int        `json:"lock_minutes"`
}

// Default is what a console has before anybody changed anything.
func Default() Settings {
	return Settings{Theme: look.Given, Pictures: PicturesAuto, Letters: LettersAuto, Bell: true, LockMinutes: DefaultLock}
}

// check refuses what no console could have written.
func (s *Settings) check() error {
	wrong := func(what, value string) error {
		return parking.Errorf(parking.Invalid, "%q is no %s of a console.", strings.ToValidUTF8(value, "?"), what)
	}
	switch {
	case !slices.Contains([]string{"", "vi", "en"}, s.Language):
		return wrong("language", s.Language)
	case !slices.Contains(look.Themes(), s.Theme):
		return wrong("theme", string(s.Theme))
	case !slices.Contains(AllPictures(), s.Pictures):
		return wrong("kind of pictures", string(s.Pictures))
	case s.Letters != LettersAuto && s.Letters != LettersASCII:
		return wrong("kind of letters", string(s.Letters))
	case s.LockMinutes < 0 || s.LockMinutes > maxLock:
		return parking.Errorf(parking.Invalid, "A console is locked after 0 to %d minutes.", maxLock)
	}
	return nil
}
