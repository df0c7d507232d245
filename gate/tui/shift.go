package tui

import (
	"context"
	"strconv"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// Drawers is about shifts: a person and a drawer.
type Drawers interface {
	OpenShift(ctx context.Context, r lane.ShiftOpening) (lane.ShiftView, error)
	CloseShift(ctx context.Context, r lane.ShiftCounted) (lane.ShiftDone, error)
	GiveBack(ctx context.Context, r lane.Refund) (lane.Refunded, error)
	Refundable(query string) []parking.Stay
}

// newShift opens the guard's drawer, or hands it over.
func newShift(m *model) dialog {
	if m.view.Shift == nil {
		return newShiftOpening()
	}
	return newHandover(m, *m.view.Shift)
}

// newShiftOpening asks what lies in the drawer. It may stay empty: then nobody
// can say later whether the drawer was over or short.
func newShiftOpening() *form {
	float := newField("field.float", "", 12)
	float.digits = true
	id := uuid.New()
	f := &form{title: text("title.shift"), fields: []*field{float}, enter: text("enter.shift")}
	f.info = func(m *model, f *form) []string {
		sum, typed := digits(f.fields[0])
		if !typed {
			return []string{m.t("shift.no_float"), m.t("shift.open_note")}
		}
		return []string{m.t("shift.float", m.money(sum)), m.t("shift.open_note")}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		open := lane.ShiftOpening{ID: id}
		if sum, typed := digits(f.fields[0]); typed {
			open.Float = &sum
		}
		return fromForm(m.act("", uuid.Nil, m.t("said.shift"), func(ctx context.Context) error {
			_, err := m.desk.OpenShift(ctx, open)
			return err
		}), f)
	}
	return f
}

// digits is the sum in a field, and whether one is there.
func digits(f *field) (parking.Money, bool) {
	n, err := strconv.ParseInt(f.text(), 10, 64)
	return parking.Money(n), err == nil
}

// handover is a drawer that is counted: blind, first the sum or the notes of each
// value, then the cards.
type handover struct {
	form  *form
	shift lane.ShiftView
	notes []parking.Money // the values, in the order of the fields after the sum
}

func newHandover(m *model, shift lane.ShiftView) dialog {
	h := &handover{shift: shift, notes: parking.Notes(m.view.Currency)}
	number := func(label string, most int) *field {
		f := newField(label, "", most)
		f.digits = true
		return f
	}
	fields := []*field{number("field.sum", 13)}
	for _, value := range h.notes {
		f := number("", 6)
		f.name = func(m *model) string { return m.t("field.notes", m.money(value)) }
		fields = append(fields, f)
	}
	h.form = &form{
		title: h.title, fields: append(fields, number("field.cards", 6)), enter: text("enter.count"), whole: true,
		info: h.info, submit: h.look,
	}
	return h.form
}

func (h *handover) title(m *model) string {
	return m.t("title.handover", m.local(h.shift.OpenedAt).Format("02/01 15:04"))
}

// counted is what the fields come to; key says what is wrong with them.
func (h *handover) counted() (c lane.ShiftCounted, key string) {
	c.Shift = h.shift.ID
	sum, typed := digits(h.form.fields[0])
	for i, value := range h.notes {
		if n, there := digits(h.form.fields[1+i]); there {
			c.Notes = append(c.Notes, parking.NoteCount{Value: value, Count: int64(n)})
		}
	}
	switch made := parking.SumNotes(c.Notes); {
	case len(c.Notes) == 0 && !typed:
		key = "shift.nothing"
	case len(c.Notes) == 0:
		c.Sum = sum
	case typed && sum != made:
		c.Sum, key = made, "shift.differs"
	default:
		c.Sum = made
	}
	if n, there := digits(h.form.fields[len(h.form.fields)-1]); there {
		cards := int(n)
		c.Cards = &cards
	}
	return c, key
}

func (h *handover) info(m *model, _ *form) []string {
	c, key := h.counted()
	if key == "shift.nothing" {
		return []string{m.t("shift.how"), m.t("shift.blind")}
	}
	return []string{m.t("shift.counted", m.money(c.Sum)), m.t("shift.blind")}
}

// look shows once more what is handed over: the count cannot be taken back.
func (h *handover) look(m *model, f *form) tea.Cmd {
	c, key := h.counted()
	if key != "" {
		f.wrong = m.t(key)
		if key == "shift.differs" {
			typed, _ := digits(f.fields[0])
			f.wrong = m.t(key, m.money(c.Sum), m.money(typed))
		}
		return nil
	}
	confirm := &form{title: h.title, enter: text("enter.handover"), whole: true, under: f}
	confirm.info = func(m *model, _ *form) []string { return append(m.countLines(c.Sum, c.Cards), m.t("shift.once")) }
	confirm.submit = func(m *model, f *form) tea.Cmd {
		var done lane.ShiftDone
		cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
			done, err = m.desk.CloseShift(ctx, c)
			return err
		})
		h.form.busy = true // nobody counts on while it is written
		return fromForm(then(cmd, func() {
			m.remove(f)
			m.remove(h.form)
			m.push(newShiftDone(done))
		}, true), f)
	}
	return func() tea.Msg { return foundMsg{func() { m.push(confirm) }} }
}

func (m *model) countLines(sum parking.Money, cards *int) []string {
	out := []string{m.sumLine("shift.row_counted", sum)}
	if cards != nil {
		out = append(out, fit(m.t("shift.row_cards"), sumLabel)+strconv.Itoa(*cards))
	}
	return out
}

// sumLabel is how wide the names of sums are.
const sumLabel = 28

func (m *model) sumLine(key string, sum parking.Money) string {
	return fit(m.t(key), sumLabel) + m.money(sum)
}

// newShiftDone says what was expected, now that the count is on disk.
func newShiftDone(done lane.ShiftDone) dialog {
	f := &form{title: text("title.shift_done"), enter: text("enter.shift_done"), whole: true}
	f.info = func(m *model, _ *form) []string { return m.shiftLines(&done) }
	f.submit = func(m *model, f *form) tea.Cmd {
		return func() tea.Msg { return foundMsg{func() { m.remove(f) }} }
	}
	return f
}

func (m *model) shiftLines(d *lane.ShiftDone) []string {
	when := func(s string) string { return fit(m.t(s), sumLabel) }
	out := []string{
		when("shift.row_opened") + m.local(d.OpenedAt).Format("02/01/2006 15:04"),
		when("shift.row_closed") + m.local(d.ClosedAt).Format("02/01/2006 15:04"), " ",
	}
	if d.Again {
		out = append(out, m.t("shift.again"))
	}
	if d.Float != nil {
		out = append(out, m.sumLine("shift.row_float", *d.Float))
	} else {
		out = append(out, when("shift.row_float")+m.t("shift.unknown"))
	}
	out = append(out, m.sumLine("shift.row_cash", d.Cash))
	if d.Refunds > 0 {
		out = append(out, m.sumLine("shift.row_refunds", -d.Refunds))
	}
	out = append(append(out, m.sumLine("shift.row_expected", d.Expected)), m.countLines(d.Counted, d.Cards)...)
	switch {
	case d.Over == nil:
		out = append(out, m.t("shift.cannot"))
	case *d.Over == 0:
		out = append(out, m.th.role(look.Free, m.t("shift.exact")))
	case *d.Over > 0:
		out = append(out, m.th.role(look.Reserved, m.sumLine("shift.row_over", *d.Over)))
	default:
		out = append(out, m.th.role(look.Trouble, m.sumLine("shift.row_short", -*d.Over)))
	}
	out = append(out, " ")
	if d.Transfer > 0 {
		out = append(out, m.sumLine("shift.row_by_hand", d.Transfer), m.t("shift.by_hand_note"))
	}
	return append(out, m.t("shift.done_note", d.Payments, d.Openings))
}

// signOutShift asks a guard who leaves with an open drawer.
func (m *model) signOutShift(f *form) *form {
	if m.view.Shift == nil {
		return f
	}
	f.info = func(m *model, _ *form) []string { return []string{m.t("sign_out.shift"), m.t("sign_out.note")} }
	f.other = func(m *model, key string) bool {
		if key != "h" || m.view.Shift == nil {
			return false
		}
		m.push(newShift(m))
		return true
	}
	return f
}

// shiftText is the open shift, for the banner.
func (m *model) shiftText() string {
	if s := m.view.Shift; s != nil {
		return m.t("shift.since", m.local(s.OpenedAt).Format("15:04"))
	}
	return ""
}
