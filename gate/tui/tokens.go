package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// Presenting is about cards and tickets.
type Presenting interface {
	Tap(ctx context.Context, lane, text string) (lane.Tapped, error)
	LoseToken(ctx context.Context, lane string, subject, stay uuid.UUID, reason string) error
	PrintTicket(ctx context.Context, lane string, subject uuid.UUID) error
	Allow(ctx context.Context, lane string, subject uuid.UUID, reason string) error
}

// tapShown is how long a tap is told of at an idle lane, in seconds.
const tapShown = 8

func whyNoFocus(m *model) string {
	if m.focused() == nil {
		return m.t("why.no_lane")
	}
	return ""
}

// newTap takes a card's or ticket's number that is typed, or what a scanner
// types. A ticket goes to the lane that leads out, wherever the focus is.
func newTap(m *model) dialog {
	lv := m.focused()
	code := lv.Lane.Code
	token := newField("field.token", "", parking.MaxTicketText)
	f := &form{title: text("title.tap", m.laneName(lv)), lane: code, fields: []*field{token}, enter: text("enter.tap")}
	f.info = func(m *model, _ *form) []string { return []string{m.t("tap.note")} }
	f.submit = func(m *model, f *form) tea.Cmd {
		typed := f.fields[0].text()
		if typed == "" {
			f.wrong = m.t("tap.missing")
			return nil
		}
		at := code
		if out := m.toward(parking.Out); out != nil && parking.IsTicket(typed) {
			at = out.Lane.Code
		}
		return fromForm(m.act(at, uuid.Nil, "", func(ctx context.Context) error {
			_, err := m.desk.Tap(ctx, at, typed) // a refusal is among the vehicle's warnings
			return err
		}), f)
	}
	return f
}

// newLostToken writes the card of the vehicle at the exit down as lost. When
// its stay is not found there is no card to lose: the vehicle leaves as unknown.
func newLostToken(m *model) dialog {
	lv := m.toward(parking.Out)
	match := chosen(lv.Subject)
	if match == nil && len(lv.Subject.Matches) == 1 {
		match = &lv.Subject.Matches[0]
	}
	if match == nil || match.Stay.Token == "" || match.Stay.TokenLostAt != nil || match.ByToken {
		return newLost(m)
	}
	stay := match.Stay
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.token_lost")
	f := &form{title: text("title.token_lost", m.laneName(lv)), fields: []*field{reason}, enter: text("enter.token_lost")}
	f.info = func(m *model, _ *form) []string {
		out := []string{m.t("token_lost.photo"), m.t("token_lost.fee")}
		if stay.InAt != nil {
			out = append([]string{m.t("token_lost.stay", stay.Display, m.shortTime(&stay))}, out...)
		}
		return out
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
		return fromForm(m.bound(lv, m.t("said.token_lost"), func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.LoseToken(ctx, code, subject, stay.ID, why)
		}), f)
	}
	return f.forSubject(lv)
}

// whyNoTicket: a ticket is printed again for the vehicle that has just gone in.
func whyNoTicket(m *model) string {
	lv := m.toward(parking.In)
	switch {
	case lv == nil:
		return m.t("why.no_lane_in")
	case lv.Printer == nil:
		return m.t("why.no_printer", m.laneName(lv))
	case lv.Subject == nil || !done(lv.Subject) || lv.Subject.Token != parking.TicketNumber(lv.Subject.Stay):
		return m.t("why.no_ticket")
	}
	return ""
}

func (m *model) printAgain() tea.Cmd {
	return m.bound(m.toward(parking.In), m.t("said.printed"), m.desk.PrintTicket)
}

// health is what stands at the right of a lane's head: what is away comes first.
func (m *model) health(lv *lane.LaneView) (look.Role, string) {
	switch {
	case !lv.Camera.OK:
		return look.Trouble, m.th.bareMark(look.Trouble) + " " + m.t("camera.bad")
	case lv.Reader != nil && !lv.Reader.OK:
		return look.Trouble, m.th.bareMark(look.Trouble) + " " + m.t("reader.bad")
	case lv.Sensor != nil && !lv.Sensor.OK:
		return look.Trouble, m.th.bareMark(look.Trouble) + " " + m.t("sensor.bad")
	}
	return look.Quiet, m.t("camera.ok")
}

// tapText is the last tap at a lane without a vehicle: why it counted for
// nothing, else that it came.
func (m *model) tapText(lv *lane.LaneView) (look.Role, string) {
	if lv.Tap == nil || m.now().Sub(lv.Tap.At).Abs().Seconds() > tapShown {
		return look.Quiet, ""
	}
	said := m.t("tap", cut(clean(lv.Tap.Token), 16))
	if lv.Tap.Refused != "" {
		return look.Reserved, said + ": " + m.says(lv.Tap.Refused)
	}
	return look.Quiet, said
}

// holderRow says whose card was presented at an entry.
func (m *model) holderRow(s *lane.Subject, w int) []string {
	if s.Holder == nil || done(s) {
		return nil
	}
	who, in := clean(s.Holder.Display), "?"
	if who == "" {
		who = m.t("holder.no_plate")
	}
	if s.Holder.InAt != nil {
		in = m.shortTime(s.Holder)
	}
	return []string{m.row("row.token", m.th.role(look.Reserved, m.t("holder", who, in)), "", w)}
}

// ticketText is how far a ticket's printing is, or whose was scanned.
func (m *model) ticketText(s *lane.Subject) (look.Role, string) {
	t := s.Ticket
	switch {
	case t == nil:
	case t.Print == lane.TicketPrinting:
		return look.Quiet, m.t("ticket.printing")
	case t.Print == lane.TicketFailed:
		return look.Trouble, m.th.bareMark(look.Trouble) + " " + m.t("ticket.failed")
	case t.Print == lane.TicketPrinted:
		return look.Quiet, m.t("ticket", clean(t.Number))
	case t.Unheard && !done(s):
		return look.Reserved, m.t("ticket.unheard", clean(t.Gate))
	}
	return look.Quiet, ""
}

// proofs says which of card and plate lead to a stay.
func (m *model) proofs(s *lane.Subject, match *lane.Match) string {
	out := ""
	if match.ByToken {
		out = m.t("match.by_token")
	}
	if s.Plate != "" && match.Stay.Plate == s.Plate {
		if out != "" {
			out += "+"
		}
		out += m.t("match.by_plate")
	}
	return out
}
