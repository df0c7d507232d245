package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
)

// whyNotTakenBack is why the guard's last act cannot be taken back, as far as is
// known without looking at what has become of it.
func whyNotTakenBack(m *model) string {
	for i := range m.view.Lanes { // what is being written is going to be the last act
		if m.lane(m.view.Lanes[i].Lane.Code).busy != "" {
			return m.t("why.busy")
		}
	}
	last := m.view.LastAct
	switch {
	case last == nil || m.now().After(last.Until):
		return m.t("why.nothing")
	case last.Why != "":
		return m.says(last.Why)
	}
	return ""
}

// lastAct is the act that the key takes back, for the help.
func (m *model) lastAct() string {
	if whyNotTakenBack(m) != "" {
		return ""
	}
	return ": " + m.actText(m.view.LastAct)
}

func (m *model) actText(a *lane.LastAct) string {
	return m.t("taken."+string(a.Kind), m.plateOr(a.Display))
}

// takeBack takes the last act back. It does not ask: the desk keeps what was
// done, and the act can be done anew. What was taken back is said for the whole
// gate, since its vehicle has often left the lane with that.
func (m *model) takeBack() tea.Cmd {
	var was lane.LastAct
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		was, err = m.desk.TakeBack(ctx)
		return err
	})
	return then(cmd, func() { m.say("", look.Free, m.t("said.taken_back", m.actText(&was))) }, false)
}
