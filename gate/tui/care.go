package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// careRows say what the lists have against a vehicle or its card, or what there
// is to know of it. They stand right below the plate.
func (m *model) careRows(s *lane.Subject, w int) []string {
	var out []string
	say := func(role look.Role, text string) {
		for _, l := range wrap(m.th.bareMark(role)+" "+text, w-2, 2) {
			out = append(out, " "+m.th.role(role, l))
		}
	}
	switch l := s.Listed; {
	case l == nil:
	case l.Blocked:
		say(look.Trouble, m.t("care.blocked", clean(l.Note)))
	default:
		say(look.Mine, m.t("care.note", clean(l.Note)))
	}
	if s.Card != "" {
		say(look.Trouble, m.t("care.card_"+s.Card))
	}
	if s.Word != "" {
		say(look.Reserved, m.t("care.word", clean(s.Word)))
	}
	return out
}

// passRow is the pass of a vehicle: how long it holds, or why it does not.
func (m *model) passRow(p *lane.PassView, w int) []string {
	if p == nil {
		return nil
	}
	role, says := look.Reserved, m.t("pass."+string(p.State))
	switch p.State {
	case parking.PassCovers:
		role, says = look.Free, m.t("pass.days", p.DaysLeft)
		if p.DaysLeft == 0 {
			says = m.t("pass.today")
		}
		if p.DaysLeft < 0 {
			says = m.t("pass.ended")
		}
	case parking.PassNoPlace:
		says = m.t("pass.no_place", len(p.Inside), p.Places)
	case parking.PassNotBegun:
		says = m.t("pass.from", m.local(p.Begins).Format("02/01"))
	case parking.PassEnded:
		says = m.t("pass.ended_on", m.local(p.Ends.Add(-1)).Format("02/01"))
	}
	out := []string{m.row("row.pass", m.th.role(role, says), m.th.role(look.Quiet, cut(clean(p.Code), 12)), w)}
	if p.State == parking.PassNoPlace && len(p.Inside) > 0 {
		out = append(out, m.row("", m.th.role(look.Quiet, cut(clean(strings.Join(p.Inside, ", ")), w-labelWidth-1)), "", w))
	}
	return out
}

// nextAllow is the deed at a vehicle that a list is against.
func (m *model) nextAllow(lv *lane.LaneView) deed {
	return deed{label: m.t("do.allow"), do: func() tea.Cmd {
		if why := m.refusal(lv); why != "" {
			return m.refuse(lv, why)
		}
		m.push(newAllow(m, lv))
		return nil
	}}
}

// newAllow takes the reason why a vehicle may go through although a list is
// against it. The act itself is the next key, as ever.
func newAllow(m *model, lv *lane.LaneView) dialog {
	asks := lv.Subject.NeedsWord
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.allow")
	f := &form{title: text("title.allow", m.laneName(lv)), fields: []*field{reason}, enter: text("enter.allow")}
	f.info = func(m *model, _ *form) []string {
		return []string{m.says(asks), m.t("allow.note")}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		why := f.fields[0].text()
		if why == "" {
			f.wrong = m.t("reason.missing")
			return nil
		}
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		return fromForm(m.bound(lv, m.t("said.allow"), func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.Allow(ctx, code, subject, why)
		}), f)
	}
	return f.forSubject(lv)
}
