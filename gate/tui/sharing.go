package tui

import (
	tea "charm.land/bubbletea/v2"

	"gatehouse/gate/lane"
)

// Consoles of one gate keep out of each other's way: who has a dialog of a lane
// open works at that lane, and the others' keys there say so.

// workingAt is the lane that an open dialog is about, "" for none.
func (m *model) workingAt() string {
	if m.view.Guard == nil {
		return ""
	}
	for i := len(m.dialogs) - 1; i >= 0; i-- {
		if m.dialogs[i] == m.unlock {
			continue // who unlocks works at no lane yet
		}
		if code := m.dialogs[i].place().lane; code != "" {
			return code
		}
	}
	return ""
}

// tellWorking tells the other consoles at which lane the guard works, anew with
// every key. A dialog of a lane at which somebody else works is closed again.
func (m *model) tellWorking(pressed bool) tea.Cmd {
	code := m.workingAt()
	if code == m.working && (code == "" || !pressed) {
		return nil
	}
	opened := code != m.working
	m.working = code
	err := m.desk.Working(code)
	if err == nil {
		return nil
	}
	if opened {
		m.remove(m.top())
		m.working = ""
	}
	return m.refuse(m.byCode(code), m.sentence(err))
}

// elsewhereAt is why nothing can be done at a lane from this console, "" when it
// can.
func (m *model) elsewhereAt(lv *lane.LaneView) string {
	switch {
	case m.view.ViewOnly:
		return m.t("why.view_only")
	case m.lockedOut(lv):
		return m.t("why.locked")
	case lv != nil && lv.HeldBy != "":
		return m.t("why.held_by", lv.HeldBy, m.laneName(lv))
	}
	return ""
}

// whyNot is why a key cannot be used now, "" when it can.
func (m *model) whyNot(b *binding) string {
	var lv *lane.LaneView
	if b.off != nil {
		lv = b.off(m)
	}
	if why := m.whyLocked(b, lv); why != "" {
		return why
	}
	if !b.look {
		if why := m.elsewhereAt(lv); why != "" {
			return why
		}
	}
	if b.why != nil {
		return b.why(m)
	}
	return ""
}

// looks marks a key that changes nothing at the gate.
func (b binding) looks() binding { b.look = true; return b }
