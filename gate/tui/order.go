package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// orderRows are the lines about who waits behind the vehicle in front, and who
// waits aside.
func (m *model) orderRows(lv *lane.LaneView, w int) []string {
	var out []string
	if n := len(lv.Waiting) + lv.Missed; n > 0 {
		var plates []string
		for i := range lv.Waiting {
			plates = append(plates, m.plateOr(lv.Waiting[i].Display))
		}
		value := m.t("order.vehicles", n) + "  " + m.th.role(look.Quiet, strings.Join(plates, " · "))
		out = append(out, m.row("row.behind", cut(value, w-labelWidth-1), "", w))
	}
	if len(lv.Aside) > 0 {
		var parts, owing []string // who has paid is told first
		for i := range lv.Aside {
			if text := m.asideText(&lv.Aside[i]); lv.Aside[i].Paid {
				parts = append(parts, text)
			} else {
				owing = append(owing, text)
			}
		}
		parts = append(parts, owing...)
		out = append(out, m.row("row.aside", cut(strings.Join(parts, " · "), w-labelWidth-1), "", w))
	}
	return out
}

func (m *model) plateOr(display string) string {
	if display == "" {
		return "—"
	}
	return cut(clean(display), 20)
}

// asideText is one who waits aside, and whether the money has come.
func (m *model) asideText(a *lane.Aside) string {
	if a.Paid {
		return m.plateOr(a.Display) + " " + m.th.role(look.Free, m.t("order.paid"))
	}
	return m.plateOr(a.Display) + " " + m.th.role(look.Reserved, m.money(a.Due))
}

// elsewhere is, in a line across the screen, what happens at the lanes that
// the screen does not show.
func (m *model) elsewhere(w int) string {
	var parts []string
	for i := range m.view.Lanes {
		lv := &m.view.Lanes[i]
		if m.sideOf(lv.Lane.Code) >= 0 {
			continue
		}
		text := cut(clean(lv.Lane.Code), 14) + " " + m.t(string(lv.Lane.Direction))
		switch s := lv.Subject; {
		case lv.Alarm != "" || s != nil && s.Stage == lane.Refused:
			text = m.th.role(look.Trouble, text+" "+m.th.bareMark(look.Trouble))
		case s != nil && !done(s):
			text = m.th.role(look.Mine, text+" "+m.th.bareMark(look.Mine))
		default:
			text = m.th.role(look.Quiet, text)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return ""
	}
	return cut(" "+strings.Join(parts, m.th.role(look.Quiet, " · "))+m.th.role(look.Quiet, "  [ ] "), w)
}

// otherLanes shows the next or the previous two lanes.
func (m *model) otherLanes() tea.Cmd {
	by := 1
	if b := m.keyOf("lanes"); len(b.Keys()) > 1 && m.lastKey == b.Keys()[1] {
		by = -1
	}
	m.turnTo(by)
	return m.wantPictures()
}

func whyNoOtherLanes(m *model) string {
	if len(m.pairs()) < 2 {
		return m.t("why.no_other_lanes")
	}
	return ""
}

// whyNotBackOut: only who was let through and has not passed can back out.
func whyNotBackOut(m *model) string {
	if why := whyNoSubject(m); why != "" {
		return why
	}
	switch s := m.focused().Subject; {
	case s.Stage == lane.HasPassed:
		return m.t("why.passed")
	case s.Stay == uuid.Nil:
		return m.t("why.not_let_through")
	}
	return ""
}

// newBackOut says that a vehicle that was let through did not go.
func newBackOut(m *model) dialog {
	lv := m.focused()
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.back_out")
	f := &form{title: text("title.back_out", m.laneName(lv)), fields: []*field{reason}, enter: text("enter.back_out")}
	out := lv.Lane.Direction == parking.Out
	f.info = func(m *model, _ *form) []string {
		if out {
			return []string{m.t("back_out.out")}
		}
		return []string{m.t("back_out.in")}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		why := f.fields[0].text()
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		return fromForm(m.bound(lv, m.t("said.back_out"), func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.BackOut(ctx, code, subject, why)
		}), f)
	}
	return f.forSubject(lv)
}

// moveAside takes the vehicle at the exit out of the way.
func (m *model) moveAside() tea.Cmd {
	return m.bound(m.toward(parking.Out), "", m.desk.MoveAside)
}

func whyNoneAside(m *model) string {
	lv := m.toward(parking.Out)
	switch {
	case lv == nil:
		return m.t("why.no_lane_out")
	case len(lv.Aside) == 0:
		return m.t("why.none_aside")
	}
	return ""
}

// recall brings the only one who waits aside to the front, or asks which.
func (m *model) recall() tea.Cmd {
	lv := m.toward(parking.Out)
	if len(lv.Aside) == 1 {
		return m.recallOne(lv.Lane.Code, lv.Aside[0].ID)
	}
	m.push(&asideList{lane: lv.Lane.Code})
	return nil
}

func (m *model) recallOne(code string, subject uuid.UUID) tea.Cmd {
	return m.act(code, subject, "", func(ctx context.Context) error { return m.desk.Recall(ctx, code, subject) })
}

// asideList asks which of those who wait aside comes to the front.
type asideList struct {
	lane string
	at   int
}

func (d *asideList) place() place { return place{lane: d.lane} }

func (d *asideList) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	lv := m.byCode(d.lane)
	if lv == nil || len(lv.Aside) == 0 {
		return nil, true
	}
	d.at = min(d.at, len(lv.Aside)-1)
	switch name := msg.String(); {
	case name == "up":
		d.at = max(0, d.at-1)
	case name == "down":
		d.at = min(len(lv.Aside)-1, d.at+1)
	case name == "enter":
		return m.recallOne(d.lane, lv.Aside[d.at].ID), true
	case len(name) == 1 && name[0] >= '1' && int(name[0]-'1') < len(lv.Aside):
		return m.recallOne(d.lane, lv.Aside[name[0]-'1'].ID), true
	}
	return nil, false
}

func (d *asideList) lines(m *model, w, h int) []string {
	lv := m.byCode(d.lane)
	if lv == nil {
		return nil
	}
	d.at = max(0, min(d.at, len(lv.Aside)-1))
	out := []string{m.th.strong(look.Mine, cut(" "+m.t("title.aside", m.laneName(lv)), w)), ""}
	for i := range lv.Aside {
		mark := " "
		if i == d.at {
			mark = m.th.strong(look.Mine, "▸")
		}
		out = append(out, cut(fmt.Sprintf(" %s %s %s", mark, m.th.strong(look.Mine, fmt.Sprint(i+1)), m.asideText(&lv.Aside[i])), w))
	}
	return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("aside.keys"), w)))
}

func whyNotTurned(m *model) string {
	if m.focused() == nil {
		return m.t("why.no_lane")
	}
	return ""
}

// newTurn turns the lane with the focus around.
func newTurn(m *model) dialog {
	lv := m.focused()
	code, to := lv.Lane.Code, parking.Out
	if lv.Lane.Direction == parking.Out {
		to = parking.In
	}
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.turn")
	return &form{
		title: func(m *model) string { return m.t("title.turn", m.laneName(lv), m.t(string(to))) },
		lane:  code, fields: []*field{reason}, enter: text("enter.turn"),
		info: func(m *model, _ *form) []string { return []string{m.t("turn.note")} },
		submit: func(m *model, f *form) tea.Cmd {
			why := f.fields[0].text()
			if why == "" {
				f.wrong = m.t("reason.missing")
				return nil
			}
			return fromForm(m.act(code, uuid.Nil, "", func(ctx context.Context) error {
				return m.desk.ChangeDirection(ctx, code, to, why)
			}), f)
		},
	}
}
