package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/settings"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// with starts a console with settings, and writes down what it keeps.
func with(change func(s *settings.Settings), kept *[]settings.Settings, err error) func(*Options) {
	return func(o *Options) {
		s := settings.Default()
		change(&s)
		o.Settings = &s
		o.Keep = func(s settings.Settings) error {
			*kept = append(*kept, s)
			return err
		}
	}
}

func asUsual(*settings.Settings) {}

func TestGoldensOfSettings(t *testing.T) {
	t.Parallel()
	var kept []settings.Settings
	for name, change := range map[string]func(*Options){
		"settings_80x24": asItIs, "settings_english_80x24": english, "settings_ascii_80x24": asciiOnly,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _, clock := console(offeredIn(idleView()), 80, 24, with(asUsual, &kept, nil), change)
			press(m, clock, ",", "down")
			checkGolden(t, name, m, 80, 24)
		})
	}
}

func asItIs(*Options) {}

// What a guard changes is seen at once, and kept.
func TestSettingsAreChangedAtOnce(t *testing.T) {
	t.Parallel()
	usual := settings.Default()
	for _, c := range []struct {
		keys []string
		want func(s *settings.Settings)
		seen func(m *model) bool
	}{
		{[]string{"enter"}, func(s *settings.Settings) { s.Language = "en" }, func(m *model) bool { return strings.Contains(m.frame(), "Settings") }},
		{[]string{"down", "right"}, func(s *settings.Settings) { s.Theme = look.Dark }, func(m *model) bool { return strings.Contains(m.frame(), "48;2;15;19;24") }},
		{[]string{"down", "left"}, func(s *settings.Settings) { s.Theme = look.HighContrast }, func(m *model) bool { return strings.Contains(m.frame(), "48;2;0;0;0") }},
		{[]string{"down", "down", "left"}, func(s *settings.Settings) { s.Pictures = settings.PicturesOff }, func(m *model) bool { return !m.pictures }},
		{[]string{"down", "down", "right", "right"}, func(s *settings.Settings) { s.Pictures = settings.PicturesShades }, func(m *model) bool { return m.pictureProfile() == colorprofile.ASCII }},
		{[]string{"down", "down", "down", "space"}, func(s *settings.Settings) { s.Letters = settings.LettersASCII }, func(m *model) bool { return !strings.ContainsFunc(m.frame(), func(r rune) bool { return r > 0x7e }) }},
		{[]string{"down", "down", "down", "down", "enter"}, func(s *settings.Settings) { s.Bell = false }, func(m *model) bool { return m.ring() == nil }},
	} {
		var kept []settings.Settings
		m, _, clock := console(offeredIn(idleView()), 80, 24, with(asUsual, &kept, nil))
		press(m, clock, append([]string{","}, c.keys...)...)
		want := usual
		c.want(&want)
		if len(kept) == 0 || kept[len(kept)-1] != want || m.set != want {
			t.Errorf("%v: kept %+v, want %+v", c.keys, kept, want)
		}
		if !c.seen(m) {
			t.Errorf("%v is not seen", c.keys)
		}
		if press(m, clock, "esc"); m.top() != nil {
			t.Errorf("%v: Esc does not leave", c.keys)
		}
		checkSize(t, m.frame(), 80, 24)
	}
}

// What was kept is there at the next start; a language that was asked for at
// the start goes before.
func TestSettingsAreTaken(t *testing.T) {
	t.Parallel()
	var kept []settings.Settings
	change := with(func(s *settings.Settings) {
		s.Language, s.Theme, s.Pictures, s.Letters, s.Bell = "en", look.Light, settings.PicturesOff, settings.LettersASCII, false
	}, &kept, nil)
	m, _, clock := console(offeredIn(idleView()), 80, 24, change)
	if m.lang != "en" || m.th.chosenTheme != look.Light || m.pictures || !m.th.ascii {
		t.Errorf("taken: %s, %s, pictures %v, ASCII %v", m.lang, m.th.chosenTheme, m.pictures, m.th.ascii)
	}
	clock.pass(settle)
	if messages := run(m, m.key(keyOf("q"))); slices.Contains(messages, tea.Msg(tea.RawMsg{Msg: "\a"})) {
		t.Error("the bell rings")
	}
	if press(m, clock, "f2"); m.lang != "vi" || len(kept) != 1 || kept[0].Language != "vi" {
		t.Errorf("F2 keeps %+v", kept)
	}
	m, _, _ = console(idleView(), 80, 24, change, func(o *Options) { o.Language = "vi" })
	if m.lang != "vi" {
		t.Error("the language of the start is not taken")
	}
}

// Settings are written one after the other, the newest last, and a disk that
// refuses is told of.
func TestKeepingSettings(t *testing.T) {
	t.Parallel()
	var kept []settings.Settings
	m, _, _ := console(idleView(), 80, 24, with(asUsual, &kept, parking.Errorf(parking.Unavailable, "The settings could not be written to the disk; they hold until the console ends.")))
	first := m.key(keyOf("f2"))
	if again := m.key(keyOf("f2")); len(run(m, again)) > 0 {
		t.Error("two writes are under way")
	}
	run(m, first)
	if len(kept) != 2 || kept[0].Language != "en" || kept[1].Language != "vi" {
		t.Errorf("kept %+v", kept)
	}
	if !strings.Contains(ansi.Strip(m.frame()), "chưa ghi được") {
		t.Errorf("nobody is told:\n%s", ansi.Strip(m.frame()))
	}
	m.key(keyOf("f2"))
	m.keepAtEnd()
	if len(kept) != 3 || kept[2].Language != "en" {
		t.Errorf("at the end kept %+v", kept)
	}
	m, _, clock := console(idleView(), 80, 24)
	if press(m, clock, "f2"); m.lang != "en" {
		t.Error("a console that keeps nothing cannot be changed")
	}
}

// A theme paints every cell, so that no ground of the terminal shows through,
// with sixteen colours too; a terminal without colours gets none.
func TestThemesPaintEveryCell(t *testing.T) {
	t.Parallel()
	for _, theme := range []look.Theme{look.Dark, look.Light, look.HighContrast} {
		for _, profile := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256, colorprofile.ANSI} {
			var kept []settings.Settings
			m, _, clock := console(offline(matchedOut(unsureIn(idleView()))), 80, 24,
				with(func(s *settings.Settings) { s.Theme = theme }, &kept, nil), func(o *Options) { o.Profile = profile })
			for _, keys := range [][]string{nil, {"/"}, {"esc", "?"}} {
				press(m, clock, keys...)
				frame := m.frame()
				checkSize(t, frame, 80, 24)
				for _, l := range strings.Split(frame, "\n") {
					bare := strings.ReplaceAll(strings.TrimSuffix(l, ansi.ResetStyle), ansi.ResetStyle+m.th.ground, "")
					if !strings.HasPrefix(l, m.th.ground) || strings.Contains(bare, ansi.ResetStyle) {
						t.Fatalf("%s: a part of %q is not painted", theme, l)
					}
				}
			}
		}
		m, _, _ := console(idleView(), 80, 24, with(func(s *settings.Settings) { s.Theme = theme }, new([]settings.Settings), nil), noColour)
		if frame := m.frame(); strings.Contains(frame, "\x1b[3") || strings.Contains(frame, "\x1b[4") {
			t.Errorf("%s: a colour is drawn where there are none", theme)
		}
	}
}

// What 256 colours make of a theme is legible too.
func TestThemesIn256Colours(t *testing.T) {
	t.Parallel()
	shown := func(p look.Paint) string {
		r, g, b, _ := colorprofile.ANSI256.Convert(lipgloss.Color(p.Hex)).RGBA()
		return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
	}
	for theme, least := range map[look.Theme]float64{look.Dark: 4.5, look.Light: 4.5, look.HighContrast: 7} {
		ground, _ := theme.Paint(look.Surface)
		for _, s := range look.TextRoles() {
			p, _ := theme.Paint(s.Role)
			if c, err := look.Contrast(shown(p), shown(ground)); err != nil || c < least {
				t.Errorf("%s: %s has contrast %.2f in 256 colours, want at least %.1f (%v)", theme, s.Role, c, least, err)
			}
		}
	}
}
