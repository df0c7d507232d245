package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
)

// conflictList shows the open conflicts: those of this gate's vehicles first.
// They are settled by an administrator, who may well call the guard who was there.
type conflictList struct {
	found  []lane.ConflictView
	asked  bool
	at     int
	detail bool // the conflict under the cursor, with its vehicles
}

func whyNoConflict(m *model) string {
	if m.view.Conflicts == 0 {
		return m.t("why.no_conflict")
	}
	return ""
}

func openConflicts(m *model) tea.Cmd {
	d := &conflictList{}
	m.push(d)
	desk, ctx := m.desk, m.ctx
	return func() tea.Msg {
		found := desk.Conflicts(ctx)
		return foundMsg{func() { d.found, d.asked = found, true }}
	}
}

func (d *conflictList) place() place { return place{} }

func (d *conflictList) update(_ *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "up":
		d.at = max(0, d.at-1)
	case "down":
		d.at = min(d.at+1, max(0, len(d.found)-1))
	case "enter":
		d.detail = len(d.found) > 0
	case "backspace":
		d.detail = false
	}
	return nil, false
}

func (d *conflictList) lines(m *model, w, h int) []string {
	out := []string{m.th.strong(look.Mine, cut(" "+m.t("title.conflicts"), w)), ""}
	if d.detail {
		out = append(out, m.conflictLines(&d.found[d.at], w)...)
		return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("conflicts.detail_keys", d.at+1, len(d.found)), w)))
	}
	room := max(1, h-len(out)-2)
	from := max(0, d.at-room+1)
	for i := from; i < min(len(d.found), from+room); i++ {
		line := m.conflictLine(&d.found[i], w-2)
		if i == d.at {
			line = m.th.chosen(line)
		}
		out = append(out, " "+line)
	}
	if d.asked && len(d.found) == 0 {
		out = append(out, " "+m.th.role(look.Quiet, cut(m.t("why.no_conflict"), w-2)))
	}
	return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("conflicts.keys", m.th.bareMark(look.Trouble)), w)))
}

// conflictName is a kind of conflict in a few words, as on the pages of the cloud.
func (m *model) conflictName(kind string) string {
	if words.Has("conflict." + kind) {
		return words.T(m.lang, "conflict."+kind)
	}
	return clean(kind)
}

// conflictLine is a conflict as one line of the list.
func (m *model) conflictLine(c *lane.ConflictView, w int) string {
	var about []string
	for i := range c.Stays {
		if c.Stays[i].Display != "" {
			about = append(about, clean(c.Stays[i].Display))
		}
	}
	if c.Slot != "" {
		about = append(about, clean(c.Slot))
	}
	mark := "  "
	if c.Here {
		mark = m.th.mark(look.Trouble) + " "
	}
	return ends(mark+m.local(c.At).Format("02/01 15:04")+"  "+m.conflictName(c.Kind), strings.Join(about, " · "), w)
}

// conflictLines is a conflict with what it means, and its vehicles.
func (m *model) conflictLines(c *lane.ConflictView, w int) []string {
	out := []string{m.th.strong(look.Text, cut(" "+m.conflictName(c.Kind)+"  "+m.local(c.At).Format("02/01/2006 15:04"), w)), ""}
	about := "conflict.about." + c.Kind
	if !words.Has(about) {
		about = "conflict.about.other"
	}
	for _, line := range wrap(words.T(m.lang, about), w-2, 8) {
		out = append(out, " "+line)
	}
	out = append(out, "")
	for i := range c.Stays {
		out = append(out, " "+m.stayLine(&c.Stays[i], w-2))
	}
	if len(c.Stays) == 0 {
		out = append(out, cut(" "+m.t("conflicts.no_stay"), w))
	}
	if c.Slot != "" {
		out = append(out, cut(" "+fit(m.t("row.place"), 12)+clean(c.Slot), w))
	}
	return append(out, "", m.th.role(look.Quiet, cut(" "+m.t("conflicts.who"), w)))
}
