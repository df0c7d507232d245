package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// What was really painted. With a line the terminal's answers say which frame
// it has drawn; without one a question is asked a moment after the change.

// askPainted asks the terminal for its cursor's position once the frame with
// the change is written: the answer comes after the terminal has taken it in.
func (m *model) askPainted() tea.Cmd {
	m.asked++
	asked := m.asked
	if m.line != nil { // the frame asks for itself; the next message finds it with the renderer
		return func() tea.Msg { return renderedMsg{} }
	}
	return m.after(paintDelay, func() tea.Msg { return paintedMsg{asked} })
}

// takeCursor takes the terminal's answer where its cursor is.
func (m *model) takeCursor(column int) {
	if m.line == nil {
		m.painted(m.drawn)
		return
	}
	frame, ok := m.line.answered(column)
	if !ok {
		return
	}
	m.painted(frame)
	m.nudgeUnpainted()
}

// painted notes that the terminal has drawn everything up to a frame; the time
// in which acts are refused starts with that.
func (m *model) painted(frame int) {
	m.answers = true
	for _, st := range m.lanes {
		if !st.painted && (m.line == nil || frame >= st.frame) {
			st.painted, st.since = true, m.opts.Now()
		}
	}
}

// nudgeUnpainted has a frame sent that differs from the last in nothing that
// is seen, when a change waits for an answer and none is on its way: the frame
// with the change was written before it was known to be that one.
func (m *model) nudgeUnpainted() {
	if m.line == nil || !m.line.free() {
		return
	}
	for _, st := range m.lanes {
		if !st.painted {
			m.nudge = !m.nudge
			return
		}
	}
}

// unstickPaint gives up waiting for an answer that got lost.
func (m *model) unstickPaint() {
	m.nudgeUnpainted()
	for _, st := range m.lanes {
		if m.answers && !st.painted && m.line.free() && m.opts.Now().Sub(st.since) > 3*time.Second {
			st.painted = true
		}
	}
}

// lineIsSlow says whether the line is known to carry no pictures.
func (m *model) lineIsSlow() bool {
	_, slow := m.line.carriesPictures()
	return slow
}
