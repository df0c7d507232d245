package tui

import (
	tea "charm.land/bubbletea/v2"

	"gatehouse/internal/look"
	"gatehouse/internal/words"
)

// help lists every key, and why one cannot be used right now. It is drawn
// from the key map itself.
type help struct{ from int }

func newHelp(*model) dialog { return &help{} }

func (d *help) place() place { return place{full: true} }

// slowRows is how many rows of a whole screen a slow line carries within two
// seconds.
const slowRows = 8

func (d *help) update(_ *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "up":
		d.from = max(0, d.from-1)
	case "down":
		d.from++
	case "pgup":
		d.from = max(0, d.from-slowRows)
	case "space", "pgdown":
		d.from += slowRows
	case "?", "q", "enter":
		return nil, true
	}
	return nil, false
}

func (d *help) lines(m *model, w, h int) []string {
	all := m.helpLines(w)
	room := h - 2
	if m.lineIsSlow() {
		room = min(room, slowRows)
	}
	d.from = min(d.from, max(0, len(all)-room))
	title := " " + m.th.strong(look.Mine, m.t("title.help"))
	if m.view.ViewOnly { // said once, of all keys that act
		title += "  " + m.th.role(look.Reserved, m.t("why.view_only"))
	}
	out := []string{ends(title, m.th.role(look.Quiet, m.t("help.leave"))+" ", w)}
	out = append(out, all[d.from:min(len(all), d.from+room)]...)
	return withFoot(out, h, cut(" "+m.legend(), w))
}

// helpLines is every key by group; in a wide terminal in two columns.
func (m *model) helpLines(w int) []string {
	columns := 1
	if w >= 140 {
		columns = 2
	}
	cell := w/columns - 1
	var lines []string
	group := ""
	for i := range m.keys {
		b := &m.keys[i]
		name := m.keyName(*b)
		title := ""
		if b.group != group {
			group, title = b.group, m.t(b.group)
		}
		line := " " + m.th.role(look.Quiet, fit(title, 9)) + " " + m.th.strong(look.Text, fit(name, 8)) + " " + m.t(b.does)
		if b.what != nil {
			line += b.what(m)
		}
		switch why := m.whyNot(b); {
		case why != "" && m.view.ViewOnly && !b.look:
			line += m.th.role(look.Out, " "+m.th.bareMark(look.Out))
		case why != "":
			line += m.th.role(look.Quiet, " – "+why)
		}
		lines = append(lines, fit(line, cell))
	}
	if columns == 1 {
		return lines
	}
	half := (len(lines) + 1) / 2
	out := make([]string, half)
	for i := range out {
		out[i] = lines[i]
		if half+i < len(lines) {
			out[i] += " " + lines[half+i]
		}
	}
	return out
}

// legend names the marks of the map.
func (m *model) legend() string {
	out := ""
	for _, s := range look.States() {
		key := "slot." + string(s.Role)
		if s.Role == look.Out {
			key = "slot.out_of_service"
		}
		out += m.th.mark(s.Role) + " " + words.T(m.lang, key) + " "
	}
	return out
}
