package tui

import (
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"gatehouse/gate/settings"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
)

// setting is one line of the settings page.
type setting struct {
	name  string // its name in the catalogue, with a note below "NAME.note"
	value func(m *model) string
	step  func(m *model, s *settings.Settings, by int)
}

// settingsList is the page, from top to bottom.
var settingsList = []setting{
	{
		"settings.language",
		func(m *model) string { return m.t("language." + m.lang) },
		func(m *model, s *settings.Settings, _ int) { s.Language = words.Other(m.lang) },
	},
	{
		"settings.theme",
		func(m *model) string { return m.t("theme." + string(m.set.Theme)) },
		func(_ *model, s *settings.Settings, by int) { s.Theme = next(look.Themes(), s.Theme, by) },
	},
	{
		"settings.pictures",
		func(m *model) string { return m.t("pictures." + string(m.set.Pictures)) },
		func(_ *model, s *settings.Settings, by int) {
			s.Pictures = next(settings.AllPictures(), s.Pictures, by)
		},
	},
	{
		"settings.letters",
		func(m *model) string { return m.t("letters." + string(m.set.Letters)) },
		func(_ *model, s *settings.Settings, by int) {
			s.Letters = next([]settings.Letters{settings.LettersAuto, settings.LettersASCII}, s.Letters, by)
		},
	},
	{
		"settings.bell",
		func(m *model) string { return m.t("switch." + strconv.FormatBool(m.set.Bell)) },
		func(_ *model, s *settings.Settings, _ int) { s.Bell = !s.Bell },
	},
	lockSetting,
	cardSetting,
}

// next is the choice by places behind the one at hand, around the end.
func next[T comparable](all []T, at T, by int) T {
	return all[(max(0, slices.Index(all, at))+by+len(all))%len(all)]
}

// settingsPage is what a guard may change of the console; each change is seen
// at once, and kept.
type settingsPage struct{ at int }

func newSettings(*model) dialog { return &settingsPage{} }

func (d *settingsPage) place() place { return place{} }

func (d *settingsPage) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	n := len(settingsList)
	switch msg.String() {
	case "up":
		d.at = (d.at + n - 1) % n
	case "down", "tab":
		d.at = (d.at + 1) % n
	case "right", "enter", "space":
		return d.step(m, 1), false
	case "left":
		return d.step(m, -1), false
	default:
		return nil, m.isKey(msg, "settings")
	}
	return nil, false
}

func (d *settingsPage) step(m *model, by int) tea.Cmd {
	s := m.set
	settingsList[d.at].step(m, &s, by)
	if s == m.set {
		return nil
	}
	return m.change(s)
}

func (d *settingsPage) lines(m *model, w, h int) []string {
	label := 0
	for _, s := range settingsList {
		label = max(label, width(m.t(s.name)))
	}
	out := []string{" " + m.th.strong(look.Mine, m.t("title.settings")), ""}
	for i, s := range settingsList {
		line := fit(m.t(s.name), label) + "  " + s.value(m)
		if i == d.at {
			line = m.th.chosen(fit("← "+line+" →", w-2))
		} else {
			line = "  " + line
		}
		out = append(out, " "+line)
	}
	out = append(out, "")
	for _, l := range wrap(m.t(settingsList[d.at].name+".note"), w-2, 2) {
		out = append(out, " "+m.th.role(look.Quiet, l))
	}
	out = append(out, "", cut(" "+m.legend(), w))
	kept := "settings.kept"
	if m.opts.Keep == nil {
		kept = "settings.not_kept"
	}
	return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("settings.keys")+" · "+m.t(kept), w)))
}

// change makes s the console's settings, at once, and has them kept.
func (m *model) change(s settings.Settings) tea.Cmd {
	pictures := s.Pictures != m.set.Pictures
	m.set = s
	if s.Language != "" {
		m.lang = s.Language
	}
	m.restyle(m.th.profile, m.th.dark)
	if pictures {
		m.pictures, m.wished = s.Pictures != settings.PicturesOff, s.Pictures != settings.PicturesAuto
		m.forgetPictures()
	}
	return tea.Batch(m.keep(), m.wantPictures())
}

// restyle makes the theme anew for a terminal of these colours; dark says of
// its own ground.
func (m *model) restyle(profile colorprofile.Profile, dark bool) {
	m.th = themeOf(m.set.Theme, profile, dark, m.opts.ASCII || m.set.Letters == settings.LettersASCII)
}

// pictureProfile is the colours in which pictures are drawn.
func (m *model) pictureProfile() colorprofile.Profile {
	if m.set.Pictures == settings.PicturesShades {
		return colorprofile.ASCII
	}
	return m.th.profile
}

// keeping is how far the settings are on the disk.
type keeping struct {
	busy  bool // they are being written
	again bool // they have changed meanwhile
}

// keptMsg is the end of writing the settings.
type keptMsg struct{ err error }

// keep writes the settings, one write after the other.
func (m *model) keep() tea.Cmd {
	if m.opts.Keep == nil {
		return nil
	}
	if m.kept.busy {
		m.kept.again = true
		return nil
	}
	m.kept = keeping{busy: true}
	keep, s := m.opts.Keep, m.set
	return func() tea.Msg { return keptMsg{keep(s)} }
}

func (m *model) takeKept(msg keptMsg) tea.Cmd {
	again := m.kept.again
	m.kept = keeping{}
	if again {
		return m.keep()
	}
	if msg.err == nil {
		return nil
	}
	m.say("", look.Trouble, m.sentence(msg.err))
	return bell
}

// keepAtEnd writes what the console did not get to write.
func (m *model) keepAtEnd() {
	if m.kept.busy {
		_ = m.opts.Keep(m.set) // nobody is left to tell
	}
}
