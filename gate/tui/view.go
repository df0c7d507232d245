package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/internal/look"
)

// The smallest terminal that the console can be worked in.
const (
	minWidth  = 80
	minHeight = 24
)

// rect is a part of the screen, in cells.
type rect struct{ x, y, w, h int }

// areas is the screen cut into its parts. The rules between them are drawn by
// the frame.
type areas struct {
	banner  rect
	slots   rect
	lanes   [2]rect
	history rect
	keys    rect
	rich    int // 0: the compact map; 1, 2: lines a zone of the rich one
}

func (m *model) tooSmall() bool { return m.w < minWidth || m.h < minHeight }

// layout cuts a screen of w × h cells. The compact map takes two zones a
// line; with room each zone gets lines of its own, the pictures grow, and the
// history takes a share of the rest.
func (m *model) layout() areas {
	var a areas
	w, h := m.w, m.h
	a.banner = rect{0, 0, w, 2}
	a.rich = m.richness()
	a.slots = rect{0, 2, w, m.slotRows(a.rich)}
	history := 1
	if spare := h - minHeight - (a.slots.h - 2); spare > 0 {
		history += spare / 3
	}
	a.keys = rect{0, h - 1, w, 1}
	a.history = rect{0, h - 1 - history, w, history}
	top := a.slots.y + a.slots.h + 1
	lanesHeight := a.history.y - 1 - top
	if m.single() {
		a.lanes[0] = rect{0, top, w, lanesHeight}
		return a
	}
	half := (w - 1) / 2
	a.lanes[0] = rect{0, top, half, lanesHeight}
	a.lanes[1] = rect{half + 1, top, w - half - 1, lanesHeight}
	return a
}

// lanesArea is both lanes and the rule between them.
func (a *areas) lanesArea(w int) rect { return rect{0, a.lanes[0].y, w, a.lanes[0].h} }

// dialogRect is the part of the screen that a dialog has.
func (m *model) dialogRect(d dialog) rect {
	if d.place().full {
		return rect{0, 0, m.w, m.h}
	}
	a := m.layout()
	return a.lanesArea(m.w)
}

// View draws the screen: exactly w × h cells. While the line is busy it stays
// what it was, so that the next frame that is sent is the newest.
func (m *model) View() tea.View {
	if m.shown != nil && !m.line.free() {
		return *m.shown
	}
	v := m.draw()
	m.drawn++
	m.shown = &v
	return v
}

func (m *model) draw() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	v.WindowTitle = clean(m.view.SiteName)
	if m.nudge {
		v.WindowTitle += " "
	}
	v.KeyboardEnhancements.ReportEventTypes = true
	if m.w <= 0 || m.h <= 0 {
		return v
	}
	v.Content = m.frame()
	return v
}

func (m *model) frame() string {
	var lines []string
	top := m.top()
	switch {
	case m.tooSmall():
		lines = m.smallLines()
	case m.view.Guard == nil:
		lines = append(m.banner(m.w), m.loginLines(m.w, m.h-2)...)
	case top != nil && top.place().full:
		lines = top.lines(m, m.w, m.h)
	default:
		lines = m.mainLines()
	}
	frame := strings.Join(m.th.onGround(block(lines, m.w, m.h)), "\n")
	if m.th.ascii {
		return toASCII(frame)
	}
	return frame
}

// smallLines asks for a larger terminal.
func (m *model) smallLines() []string {
	out := make([]string, max(0, m.h/2-1))
	for _, l := range wrap(m.t("too_small", m.w, m.h, minWidth, minHeight), m.w, max(1, m.h-len(out))) {
		out = append(out, cut(l, m.w))
	}
	return out
}

// mainLines is the main screen, with the top dialog over its part of it.
func (m *model) mainLines() []string {
	a := m.layout()
	lines := m.banner(m.w)
	lines = append(lines, block(m.slotLines(a.rich, m.w), a.slots.w, a.slots.h)...)
	split := !m.single()
	covered := ""
	d := m.top()
	if d != nil {
		if covered = d.place().lane; covered == "" || m.sideOf(covered) < 0 {
			split, covered = false, ""
		}
	}
	lines = append(lines, m.ruleElsewhere(m.rule("┬", a.lanes[0].w, split)))
	switch {
	case d != nil && covered == "":
		area := a.lanesArea(m.w)
		lines = append(lines, block(d.lines(m, area.w, area.h), area.w, area.h)...)
	case m.single():
		lines = append(lines, m.half(d, covered, 0, a.lanes[0])...)
	default:
		left, right := m.half(d, covered, 0, a.lanes[0]), m.half(d, covered, 1, a.lanes[1])
		bar := m.th.role(look.Quiet, "│")
		for i := range left {
			lines = append(lines, left[i]+bar+right[i])
		}
	}
	lines = append(lines, m.rule("┴", a.lanes[0].w, split))
	lines = append(lines, block(m.historyLines(m.w, a.history.h), m.w, a.history.h)...)
	return append(lines, m.keysLine(m.w))
}

// half draws one lane, or the dialog that is about it. What the camera sees stays above
// a form that leaves it room: who corrects a plate looks at it.
func (m *model) half(d dialog, covered string, side int, r rect) []string {
	lv := m.pane(side)
	if d == nil || lv == nil || covered != lv.Lane.Code {
		return block(m.laneLines(lv, side, r), r.w, r.h)
	}
	var out []string
	if f, is := d.(*form); is && 1+m.pictureRect(r).h+f.needs(m, r.w) <= r.h {
		out = append(out, m.laneHead(lv, side, r.w))
		out = append(out, m.pictureLines(lv, r)...)
	}
	return block(append(out, d.lines(m, r.w, r.h-len(out))...), r.w, r.h)
}

// rule is a line across the screen, with a knot where the lanes part.
func (m *model) rule(knot string, at int, split bool) string {
	line := strings.Repeat("─", m.w)
	if split {
		line = strings.Repeat("─", at) + knot + strings.Repeat("─", m.w-at-1)
	}
	return m.th.role(look.Quiet, line)
}

// ruleElsewhere writes the lanes that are not on the screen into a rule.
func (m *model) ruleElsewhere(rule string) string {
	text := m.elsewhere(m.w/2 - 2)
	if text == "" {
		return rule
	}
	return ansi.Truncate(rule, m.w-1-width(text), "") + text + m.th.role(look.Quiet, "─")
}

// loginLines is the sign-in.
func (m *model) loginLines(w, h int) []string {
	f := m.login
	inner := min(60, w-4)
	pad := strings.Repeat(" ", (w-inner)/2)
	out := make([]string, max(1, h/5))
	add := func(s string) { out = append(out, pad+cut(s, inner)) }
	add(m.th.strong(look.Text, m.t("login.title")))
	add("")
	label := max(width(m.t("login.name")), width(m.t("login.password")))
	for i, fl := range f.fields {
		head := fit(m.t(fl.label), label) + "  "
		add(head + fl.show(&m.th, inner-width(head), i == f.at && !f.busy))
		add("")
	}
	if f.busy {
		add(m.th.role(look.Quiet, m.t("busy")))
	} else {
		add(m.th.strong(look.Mine, m.t("login.enter")))
	}
	for _, l := range wrap(clean(f.wrong), inner, 3) {
		add(m.th.role(look.Trouble, l))
	}
	add("")
	for _, l := range wrap(m.t("login.offline"), inner, 3) {
		add(m.th.role(look.Quiet, l))
	}
	return withFoot(out, h, m.th.role(look.Quiet, " "+m.t("login.keys")))
}
