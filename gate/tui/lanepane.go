package tui

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
	"gatehouse/vision"
)

// How a lane's half is divided, in lines: a header, the picture, what is
// known, a message, the one thing to do, and the other keys.
const (
	detailLines = 6
	footLines   = 3
	labelWidth  = 11
	minPicture  = 3
)

// class is the name of a class of vehicles.
func (m *model) class(c parking.Class) string { return clean(words.Class(m.lang, c)) }

// laneName is how a lane is called: "làn 1", with its name when it has one.
func (m *model) laneName(lv *lane.LaneView) string {
	return m.t("lane", clean(lv.Lane.Code))
}

// pictureRect is where a lane's picture goes within its half.
func (m *model) pictureRect(r rect) rect {
	details := detailLines
	if extra := r.h - 16; extra > 0 {
		details += min(4, extra/3)
	}
	return rect{r.x + 2, r.y + 1, r.w - 4, max(0, r.h-1-details-footLines)}
}

// laneLines draws a lane.
func (m *model) laneLines(lv *lane.LaneView, side int, r rect) []string {
	if lv == nil {
		return nil
	}
	out := []string{m.laneHead(lv, side, r.w)}
	out = append(out, m.pictureLines(lv, r)...)
	message := m.laneMessage(lv, r.w)
	room := max(0, r.h-len(out)-footLines+1-len(message)) // a long message takes the place of what is known
	out = append(out, block(m.details(lv, r.w), r.w, room)...)
	out = append(out, message...)
	return append(out, m.deedLine(lv, side, r.w), m.laneKeys(lv, side, r.w))
}

func (m *model) laneHead(lv *lane.LaneView, side, w int) string {
	role, camera := m.health(lv)
	head := " " + m.th.strong(look.Text, m.t(string(lv.Lane.Direction))) + "  " + m.laneName(lv)
	if c := lv.Lane.Class; c != "" {
		head += " · " + m.class(c)
	}
	if m.focused() == lv && !m.single() {
		head = m.th.strong(look.Mine, "▸") + head[1:]
	}
	if n := len(m.pairs()); n > 1 && side == 1 {
		camera += fmt.Sprintf(" %d/%d", m.pair+1, n)
	}
	return ends(head, m.th.role(role, camera)+" ", w)
}

// row is a labelled value; right stands at the end of the line.
func (m *model) row(label, value, right string, w int) string {
	head := " "
	if label != "" {
		head += m.th.role(look.Quiet, m.t(label))
	}
	if right != "" {
		right += " "
	}
	return ends(fit(head, labelWidth)+value, right, w)
}

// details are the lines about a lane's vehicle.
func (m *model) details(lv *lane.LaneView, w int) []string {
	s := lv.Subject
	if s == nil {
		return m.orderRows(lv, w)
	}
	out := append(m.plateRows(lv, s, w), m.careRows(s, w)...)
	var reasons []string
	if lv.Lane.Direction == parking.Out {
		rows, why := m.outRows(lv, s, w)
		out, reasons = append(out, rows...), why
	} else {
		out = append(out, m.inRows(s, w)...)
	}
	out = append(out, m.orderRows(lv, w)...)
	if !done(s) {
		for _, warning := range s.Warnings {
			for _, l := range wrap(m.th.bareMark(look.Trouble)+" "+m.says(warning), w-2, 2) {
				out = append(out, " "+m.th.role(look.Reserved, l))
			}
		}
	}
	return append(out, reasons...)
}

func (m *model) plateRows(lv *lane.LaneView, s *lane.Subject, w int) []string {
	plate := clean(s.Display)
	if plate == "" {
		plate = clean(string(s.Plate))
	}
	role, sure := look.Text, ""
	switch {
	case s.Stage == lane.Arrived:
		plate, role = m.t("reading"), look.Quiet
	case s.Typed:
		sure = m.t("typed")
	case s.Reading.Outcome == "":
		role, sure = look.Reserved, m.t("not_read")
	case s.Reading.Outcome == vision.OutcomeNone || plate == "":
		role, sure = look.Reserved, m.t("no_plate")
	default:
		sure = fmt.Sprintf("%.0f %%", s.Reading.Confidence*100)
		switch {
		case s.Reading.Outcome == vision.OutcomeUnsure && !s.Check:
			sure = m.t("looked_at")
		case s.Reading.Outcome == vision.OutcomeUnsure:
			role, sure = look.Reserved, m.t("unsure", sure)
		}
	}
	if plate == "" {
		plate = "—"
	}
	out := []string{m.row("row.plate", m.th.strong(role, plate), m.th.role(look.Quiet, sure), w)}
	if n := candidates(s); n > 0 && openMatches(s) == 0 {
		first := 1 + 4*max(0, m.sideOf(lv.Lane.Code))
		var picks []string
		for i := range n {
			c := s.Reading.Candidates[i]
			picks = append(picks, fmt.Sprintf("%s %s %.0f%%", m.th.strong(look.Mine, fmt.Sprint(first+i)), clean(c.Plate.Display()), c.Confidence*100))
		}
		out = append(out, cut("  "+strings.Join(picks, "  "), w))
	}
	return out
}

func (m *model) inRows(s *lane.Subject, w int) []string {
	out := []string{m.row("row.class", m.class(s.Class), m.tokenText(s), w)}
	where := ""
	switch {
	case s.Stage == lane.Arrived:
	case s.Slot != "":
		where = m.th.strong(look.Mine, clean(s.Slot)) + "  " + m.th.mark(look.Mine) + fmt.Sprintf(" %.0f m", s.Metres)
		if s.MayBeGone {
			where += "  " + m.th.role(look.Reserved, m.t("slots.may_be_gone"))
		}
	case s.Zone != "":
		where = m.th.strong(look.Mine, clean(s.Zone))
		if s.ShareLeft != nil {
			where += "  " + m.th.role(look.Reserved, m.t("slots.share", max(0, *s.ShareLeft)))
		}
	default:
		where = m.th.role(look.Trouble, m.t("map.full"))
	}
	out = append(out, m.row("row.place", where, "", w))
	out = append(out, m.passRow(s.Pass, w)...)
	return append(out, m.holderRow(s, w)...)
}

func (m *model) tokenText(s *lane.Subject) string {
	if s.Token == "" {
		return ""
	}
	return m.th.role(look.Quiet, m.t("token", cut(clean(s.Token), 12)))
}

// outRows are the lines about a vehicle that leaves, and why its fee is what
// it is.
func (m *model) outRows(lv *lane.LaneView, s *lane.Subject, w int) (rows, reasons []string) {
	if s.Stage == lane.Arrived {
		return nil, nil
	}
	if m.view.Locked {
		return nil, nil
	}
	match := chosen(s)
	if match == nil && s.Stay != uuid.Nil {
		return nil, nil // it was let out before the gate started
	}
	if match == nil || (openMatches(s) > 1 && s.Chosen < 0) {
		return m.matchRows(lv, s, w), nil
	}
	st := &match.Stay
	in := clean(st.Display)
	if st.InAt != nil {
		in += " " + m.t("match.in", m.shortTime(st))
	}
	if st.Slot != "" {
		in += " · " + clean(st.Slot)
	}
	role := look.Text
	if match.Distance > 0 {
		role = look.Reserved // near, not the same: look twice
		in = "≈ " + in
		if m.th.ascii {
			in = "~" + in[len("≈"):]
		}
	}
	out := []string{m.row("row.match", m.th.role(role, in), m.tokenText(s), w)}
	if match.QuoteErr != "" {
		return append(out, m.row("row.fee", m.th.role(look.Trouble, m.says(match.QuoteErr)), "", w)), nil
	}
	q := &match.Quote
	out = append(out, m.row("row.time", words.Duration(m.lang, minutes(q.Minutes)), m.class(s.Class), w))
	out = append(out, m.row("row.fee", m.feeText(s, q), "", w))
	out = append(out, m.unheardRows(lv, s, st, w)...)
	return append(out, m.passRow(match.Pass, w)...), m.feeReasons(q, w)
}

// unheardRows are the VietQR codes that were shown for a stay, and of which the
// bank has said nothing: the driver may have paid one, and show his telephone.
func (m *model) unheardRows(lv *lane.LaneView, s *lane.Subject, st *parking.Stay, w int) []string {
	var out []string
	for i := range st.Payments {
		p := &st.Payments[i]
		if p.Method != parking.QR || p.Status != parking.Pending || p.RequestedAt == nil || s.Stage != lane.Offered || lv.Lane.Direction != parking.Out {
			continue
		}
		out = append(out, m.row("", m.th.role(look.Reserved, cut(m.t("fee.unheard", m.money(p.Amount), m.local(*p.RequestedAt).Format("15:04")), w-labelWidth-1)), "", w))
	}
	return out
}

// feeText is the sum and what it is made of.
func (m *model) feeText(s *lane.Subject, q *parking.Quote) string {
	sum := m.th.strong(look.Text, m.money(s.Due))
	if s.Due != q.Fee {
		sum += " " + m.th.role(look.Quiet, m.t("fee.of", m.money(q.Fee)))
	} else if len(q.Lines) > 1 {
		var parts []string
		for i, l := range q.Lines {
			amount := m.bare(l.Amount)
			switch {
			case l.Amount == 0:
				continue
			case l.Amount < 0:
				amount = "- " + m.bare(-l.Amount)
			case i > 0 && len(parts) > 0:
				amount = "+ " + amount
			}
			parts = append(parts, amount)
		}
		if len(parts) > 1 {
			sum += " = " + strings.Join(parts, " ")
		}
	}
	return sum
}

// feeReasons is a line for each part of the fee.
func (m *model) feeReasons(q *parking.Quote, w int) []string {
	var out []string
	for _, l := range q.Lines {
		why := l.Text.En
		if m.lang == words.Vi {
			why = l.Text.Vi
		}
		out = append(out, m.row("", m.th.role(look.Quiet, cut(clean(why), w-labelWidth-1)), "", w))
	}
	return out
}

// bare is a sum without its currency.
func (m *model) bare(sum parking.Money) string {
	return strings.Trim(m.money(sum), " ₫$€£¥₩")
}

// matchRows lists the stays that the vehicle may be, to be picked by digit.
func (m *model) matchRows(lv *lane.LaneView, s *lane.Subject, w int) []string {
	if len(s.Matches) == 0 {
		return []string{" " + m.th.role(look.Reserved, cut(m.t("match.none"), w-2))}
	}
	first := 1 + 4*max(0, m.sideOf(lv.Lane.Code))
	out := []string{m.row("row.match", m.th.role(look.Reserved, m.t("match.pick")), "", w)}
	for i := range min(4, len(s.Matches)) {
		match := &s.Matches[i]
		text := clean(match.Stay.Display)
		if by := m.proofs(s, match); s.Token != "" && by != "" {
			text += " " + m.th.role(look.Mine, by)
		}
		if match.Stay.InAt != nil {
			text += " " + m.shortTime(&match.Stay)
		}
		if match.Stay.Slot != "" {
			text += " · " + clean(match.Stay.Slot)
		}
		due := ""
		if match.QuoteErr == "" {
			due = m.money(match.Quote.Due) + " "
		}
		out = append(out, ends("  "+m.th.strong(look.Mine, fmt.Sprint(first+i))+" "+text, due, w))
	}
	return out
}

// shortTime is when a stay began: the time today, else with the day.
func (m *model) shortTime(s *parking.Stay) string {
	in, now := m.local(*s.InAt), m.local(m.now())
	if in.YearDay() == now.YearDay() && in.Year() == now.Year() {
		return in.Format("15:04")
	}
	return in.Format("02/01 15:04")
}

// laneMessage is what happened last at the lane, or why nothing does, in one
// to three lines.
func (m *model) laneMessage(lv *lane.LaneView, w int) []string {
	role, text := m.laneSays(lv)
	lines := wrap(text, w-2, 3)
	for i, l := range lines {
		lines[i] = " " + m.th.role(role, l)
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

func (m *model) laneSays(lv *lane.LaneView) (look.Role, string) {
	st, s := m.lane(lv.Lane.Code), lv.Subject
	switch {
	case m.live(st.note) && st.note.text != clean(m.elsewhereAt(lv)): // the next line says that already
		return st.note.role, st.note.text
	case st.busy != "" && m.opts.Now().Sub(st.busyAt) > spinAfter:
		return look.Quiet, st.busy
	case lv.Alarm != "":
		return look.Trouble, m.th.bareMark(look.Trouble) + " " + m.says(lv.Alarm)
	case s == nil:
		return m.emptySays(lv)
	case s.Stage == lane.HasPassed:
		return look.Free, m.t("passed")
	case s.Stage == lane.Refused:
		return look.Trouble, m.th.bareMark(look.Trouble) + " " + m.says(s.Why)
	case s.Stage == lane.Opened:
		return m.openedSays(lv)
	case s.Stage == lane.Accepted:
		return look.Free, m.t("accepted")
	}
	if s.Why == "" {
		return m.ticketText(s)
	}
	return look.Reserved, m.says(s.Why)
}

// emptySays is what is said of a lane where nobody stands: the last tap, or
// what does not work.
func (m *model) emptySays(lv *lane.LaneView) (look.Role, string) {
	if role, said := m.tapText(lv); said != "" {
		return role, said
	}
	switch {
	case !lv.Camera.OK:
		return look.Quiet, m.says(lv.Camera.Why)
	case lv.Reader != nil && !lv.Reader.OK:
		return look.Quiet, m.says(lv.Reader.Why)
	case lv.Sensor != nil && !lv.Sensor.OK:
		return look.Quiet, m.says(lv.Sensor.Why)
	}
	return look.Quiet, ""
}

// openedSays is what is said of a vehicle that was let through.
func (m *model) openedSays(lv *lane.LaneView) (look.Role, string) {
	s := lv.Subject
	switch {
	case s.Change > 0:
		return look.Free, m.t("opened") + " · " + m.t("change", m.money(s.Change))
	case s.Ticket != nil && s.Ticket.Print == lane.TicketFailed:
		return m.ticketText(s)
	case lv.SeesPassages:
		return look.Free, m.t("opened_waits")
	}
	said := m.t("opened")
	if _, ticket := m.ticketText(s); ticket != "" {
		said += " · " + ticket
	}
	return look.Free, said
}

// deedLine is the one thing to do next, with its key.
func (m *model) deedLine(lv *lane.LaneView, side, w int) string {
	name := m.t("key.space")
	mark := "␣"
	if side == 1 || (m.single() && lv.Lane.Direction == parking.Out) {
		name, mark = "Enter", "⏎"
	}
	if m.th.ascii {
		mark = name
	}
	d := m.next(lv)
	if m.lockedOut(lv) {
		return " " + m.lockedText()
	}
	if d.do == nil {
		if lv.HeldBy == "" && (lv.Subject == nil || done(lv.Subject)) {
			return " " + m.th.role(look.Quiet, cut(m.t("wait."+string(lv.Lane.Direction)), w-2))
		}
		return " " + m.th.role(look.Quiet, cut(d.why, w-2))
	}
	line := " " + m.th.strong(look.Mine, mark+" "+d.label)
	if lv.Lane.Direction == parking.Out && lv.Subject.Stage == lane.Offered && lv.Subject.Due > 0 && chosen(lv.Subject) != nil {
		if other := "   " + m.t("do.other_pay"); width(line+other) < w {
			line += m.th.strong(look.Text, other)
		}
	}
	return cut(line, w-1)
}

// laneKeys are the other keys of a lane that do something now.
func (m *model) laneKeys(lv *lane.LaneView, _ int, w int) string {
	s := lv.Subject
	key := ""
	switch {
	case m.lockedOut(lv), m.elsewhereAt(lv) != "": // none of them does
	case s == nil || s.Stage == lane.Arrived || (done(s) && s.Stay == uuid.Nil):
	case done(s), s.Again && s.Stay != uuid.Nil:
		key = "keys.done"
	case lv.Lane.Direction == parking.Out && chosen(s) == nil:
		key = "keys.out_unknown"
	case lv.Lane.Direction == parking.Out:
		key = "keys.out"
	default:
		key = "keys.in"
	}
	if key == "" {
		return ""
	}
	return m.th.role(look.Quiet, cut(" "+m.t(key), w-1))
}
