package tui

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// refundSearch lists payments that can be given back, as the guard types a plate.
type refundSearch struct {
	query *field
	found []paidFor
	at    int
}

// paidFor is one payment of a stay.
type paidFor struct {
	stay    parking.Stay
	payment parking.Payment
}

// openRefund opens the list with what was paid last.
func openRefund(m *model) tea.Cmd {
	d := &refundSearch{query: newField("field.search", "", 40)}
	m.push(d)
	return d.look(m)
}

func (d *refundSearch) place() place   { return place{} }
func (d *refundSearch) typing() *field { return d.query }

// look asks the desk for what the field says, outside Update.
func (d *refundSearch) look(m *model) tea.Cmd {
	desk, query := m.desk, d.query.text()
	return func() tea.Msg {
		var found []paidFor
		for _, s := range desk.Refundable(query) {
			for _, p := range s.Payments {
				if p.PaidAt != nil && p.Left() > 0 {
					found = append(found, paidFor{s, p})
				}
			}
		}
		return foundMsg{func() {
			if d.query.text() == query {
				d.found, d.at = found, 0
			}
		}}
	}
}

func (d *refundSearch) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "up":
		d.at = max(0, d.at-1)
	case "down":
		d.at = min(d.at+1, max(0, len(d.found)-1))
	case "enter":
		if d.at >= len(d.found) {
			return bell, false
		}
		m.push(newRefund(m, d.found[d.at]))
		return nil, true
	default:
		before := d.query.text()
		if d.query.key(msg) && d.query.text() != before {
			return d.look(m), false
		}
	}
	return nil, false
}

func (d *refundSearch) lines(m *model, w, h int) []string {
	label := " " + m.t("field.search") + "  "
	out := []string{" " + m.th.strong(look.Mine, m.t("title.refunds")), label + d.query.show(&m.th, w-width(label)-1, true), ""}
	room := max(1, h-len(out)-2)
	from := max(0, d.at-room+1)
	for i := from; i < min(len(d.found), from+room); i++ {
		line := m.paidLine(&d.found[i], w-2)
		if i == d.at {
			out = append(out, m.th.chosen(" "+line))
		} else {
			out = append(out, " "+line)
		}
	}
	if len(d.found) == 0 {
		out = append(out, " "+m.th.role(look.Quiet, m.t("refund.nothing")))
	}
	return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("refund.keys", len(d.found)), w)))
}

// paidLine is one payment in a line of the list.
func (m *model) paidLine(f *paidFor, w int) string {
	left := fit(clean(f.stay.Display), 16) + " " + m.local(*f.payment.PaidAt).Format("02/01 15:04") + " " +
		clean(words.Method(m.lang, f.payment.Method))
	right := m.money(f.payment.Left())
	if f.payment.Refunded > 0 {
		right = m.t("refund.left_of", right, m.money(f.payment.Amount))
	}
	return ends(left, right, w)
}

// newRefund gives cash back for a payment, for a reason.
func newRefund(m *model, of paidFor) dialog {
	most := of.payment.Left()
	sum := newField("field.refund", strconv.FormatInt(int64(most), 10), 13)
	sum.digits = true
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.refund")
	id := uuid.New() // sent again after a failure, it is the same refund
	f := &form{title: text("title.refund", clean(of.stay.Display)), fields: []*field{sum, reason}, enter: text("enter.refund")}
	f.info = func(m *model, f *form) []string {
		given, _ := digits(f.fields[0])
		out := []string{
			m.t("refund.of", m.money(of.payment.Amount), words.Method(m.lang, of.payment.Method), m.local(*of.payment.PaidAt).Format("02/01 15:04")),
			m.t("refund.gives", m.money(given)),
		}
		if of.stay.State == parking.Inside {
			out = append(out, m.t("refund.inside"))
		}
		return out
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		given, ok := digits(f.fields[0])
		why := strings.TrimSpace(f.fields[1].text())
		switch {
		case !ok || given == 0:
			f.wrong, f.at = m.t("refund.no_sum"), 0
			return nil
		case given > most:
			f.wrong, f.at = m.t("refund.too_much", m.money(most)), 0
			return nil
		case why == "":
			f.wrong, f.at = m.t("reason.missing"), 1
			return nil
		}
		r := lane.Refund{ID: id, Stay: of.stay.ID, Payment: of.payment.ID, Amount: given, Reason: why}
		return fromForm(m.act("", uuid.Nil, m.t("said.refund", m.money(given), clean(of.stay.Display)), func(ctx context.Context) error {
			_, err := m.desk.GiveBack(ctx, r)
			return err
		}), f)
	}
	return f
}
