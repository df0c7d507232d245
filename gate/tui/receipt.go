package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Receipting is about receipts, and money that comes before the exit.
type Receipting interface {
	EarlyFee(ctx context.Context, e lane.EarlyPayment) (lane.EarlyFee, error)
	PayEarly(ctx context.Context, e lane.EarlyPayment) (lane.EarlyPaid, error)
	Receipt(ctx context.Context, r lane.ReceiptRequest) (lane.ReceiptView, error)
}

// whyNoReceipt: a receipt, or an early payment, is about a vehicle that was let
// through.
func whyNoReceipt(m *model) string {
	if why := whyNoSubject(m); why != "" {
		return why
	}
	if s := m.focused().Subject; !done(s) || s.Stay == uuid.Nil {
		return m.t("why.no_receipt")
	}
	return ""
}

// receiptKey shows the receipt of the vehicle that has just paid, or takes
// money of the one that has just come in.
func (m *model) receiptKey() tea.Cmd {
	lv := m.focused()
	if lv.Lane.Direction == parking.In {
		return m.openEarly(lv.Subject.Stay, lv.Subject.Display)
	}
	return m.openReceipt(lv.Subject.Stay, uuid.Nil)
}

// hasPrinter says whether a lane of this gate prints.
func (m *model) hasPrinter() bool {
	return slices.ContainsFunc(m.view.Lanes, func(lv lane.LaneView) bool { return lv.Printer != nil })
}

// openReceipt asks the desk for a receipt, without a number if it has none yet,
// and shows it.
func (m *model) openReceipt(stay, payment uuid.UUID) tea.Cmd {
	var view lane.ReceiptView
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		view, err = m.desk.Receipt(ctx, lane.ReceiptRequest{Stay: stay, Payment: payment, Preview: true})
		return err
	})
	return then(cmd, func() { m.push(newReceipt(m, &view, "")) }, false)
}

// Fields of a buyer, in the order in which they are typed.
const (
	buyerName = iota
	buyerTax
	buyerAddress
)

// newReceipt shows a receipt. While it has no number, Enter gives it one, with
// the buyer that was typed; then Enter prints it once more.
func newReceipt(m *model, v *lane.ReceiptView, first string) dialog {
	f := &form{whole: true, title: text("title.receipt", v.Name())}
	if v.Number == 0 {
		f.title = text("title.receipt_preview")
		f.fields = []*field{newField("field.buyer", "", 200), newField("field.tax_code", "", 14), newField("field.address", "", 200)}
	}
	prints := m.hasPrinter()
	switch {
	case prints && v.Number == 0:
		f.enter = text("enter.receipt_print")
	case prints:
		f.enter = text("enter.receipt_again")
	case v.Number == 0:
		f.enter = text("enter.receipt_take")
	default:
		f.enter = text("enter.receipt_done")
	}
	said := first
	f.info = func(m *model, _ *form) []string {
		out := m.receiptLines(v.Lines)
		switch {
		case v.Why != "":
			out = append(out, m.th.role(look.Trouble, m.says(v.Why)))
		case v.Printed:
			out = append(out, m.th.role(look.Free, m.t("receipt.printed")))
		}
		if said != "" {
			out = append([]string{m.th.strong(look.Text, said)}, out...)
		}
		return out
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		if !prints && v.Number > 0 {
			m.remove(f)
			return func() tea.Msg { return nil }
		}
		r := lane.ReceiptRequest{Stay: v.Stay, Payment: v.Payment, Print: prints}
		if b, ok := buyerOf(f); ok {
			if err := b.Check(); err != nil {
				f.wrong, f.at = m.sentence(err), buyerTax
				return nil
			}
			r.Buyer = b
		}
		var next lane.ReceiptView
		cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
			next, err = m.desk.Receipt(ctx, r)
			return err
		})
		return fromForm(then(cmd, func() { m.push(newReceipt(m, &next, said)) }, false), f)
	}
	return f
}

// buyerOf is the buyer that was typed, if any was.
func buyerOf(f *form) (*parking.Buyer, bool) {
	if len(f.fields) == 0 {
		return nil, false
	}
	b := &parking.Buyer{Name: f.fields[buyerName].text(), TaxCode: f.fields[buyerTax].text(), Address: f.fields[buyerAddress].text()}
	return b, *b != parking.Buyer{}
}

// receiptLines lay a receipt out in two columns, so that a long one fits a
// screen of 24 lines.
func (m *model) receiptLines(lines []string) []string {
	cell := max(16, (m.w-6)/2)
	var cells []string
	for _, l := range lines {
		cells = append(cells, wrap(clean(l), cell, 2)...)
	}
	rows := (len(cells) + 1) / 2
	out := make([]string, rows)
	for i := range rows {
		out[i] = fit(cells[i], cell)
		if rows+i < len(cells) {
			out[i] += "  " + cells[rows+i]
		}
	}
	return out
}

// earlyMethods are the ways to pay early, as the field offers them.
func (m *model) earlyMethods() []string {
	var out []string
	for _, method := range parking.Methods() {
		out = append(out, words.Method(m.lang, method))
	}
	return out
}

// methodNamed is the method of a name in either language.
func methodNamed(name string) (parking.Method, bool) {
	for _, method := range parking.Methods() {
		for _, known := range []string{words.Method(words.Vi, method), words.Method(words.En, method), string(method)} {
			if strings.EqualFold(known, name) {
				return method, true
			}
		}
	}
	return "", false
}

// openEarly asks what a vehicle inside would pay now, and opens the form for
// it. Where nothing is owed yet, the turn that it stands in is offered.
func (m *model) openEarly(stay uuid.UUID, display string) tea.Cmd {
	var fee lane.EarlyFee
	e := lane.EarlyPayment{ID: uuid.New(), Stay: stay, Receipt: true}
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		if fee, err = m.desk.EarlyFee(ctx, e); err == nil && fee.Due == 0 {
			e.Turn = true
			fee, err = m.desk.EarlyFee(ctx, e)
		}
		if err == nil && fee.Due == 0 {
			err = parking.Errorf(parking.Conflict, "Nothing is due now for %s.", display)
		}
		return err
	})
	return then(cmd, func() { m.push(newEarly(m, &e, &fee, display)) }, false)
}

// Fields of an early payment, in the order in which they are typed.
const (
	earlyMethod = iota
	earlyTendered
	earlyBank
	earlyAt
)

// newEarly takes money before the exit.
func newEarly(m *model, e *lane.EarlyPayment, fee *lane.EarlyFee, display string) dialog {
	method, tendered := newField("field.method", "", 24), newField("field.tendered", "", 12)
	bank, at := newField("field.bank", "", 60), newField("field.paid_at", m.local(m.now()).Format("15:04"), 5)
	method.presets = m.earlyMethods()
	method.cycle(true)
	tendered.digits, tendered.presets = true, banknotes(fee.Due, m.view.Currency)
	bank.presets = m.reasons("banks")
	f := &form{
		title: text("title.early", clean(display)), enter: text("enter.early", m.money(fee.Due)), whole: true,
		fields: []*field{method, tendered, bank, at},
	}
	f.info = func(m *model, f *form) []string {
		out := []string{m.t("cash.due", m.money(fee.Due))}
		for i := range fee.Quote.Lines {
			l := &fee.Quote.Lines[i]
			why := l.Text.En
			if m.lang == words.Vi {
				why = l.Text.Vi
			}
			out = append(out, "  "+clean(why)+": "+m.money(l.Amount))
		}
		if sum, err := strconv.ParseInt(f.fields[earlyTendered].text(), 10, 64); err == nil && parking.Money(sum) >= fee.Due {
			out = append(out, m.t("cash.change", m.money(parking.Money(sum)-fee.Due)))
		}
		return append(out, m.t("early.note"), m.t("early.hand"))
	}
	f.submit = func(m *model, f *form) tea.Cmd { return m.submitEarly(f, *e, fee.Due) }
	return f
}

// submitEarly reads the form and pays.
func (m *model) submitEarly(f *form, e lane.EarlyPayment, due parking.Money) tea.Cmd {
	var ok bool
	if e.Method, ok = methodNamed(f.fields[earlyMethod].text()); !ok {
		f.wrong, f.at = m.t("early.no_method"), earlyMethod
		return nil
	}
	if sum := f.fields[earlyTendered].text(); sum != "" && e.Method == parking.Cash {
		n, err := strconv.ParseInt(sum, 10, 64)
		if err != nil || parking.Money(n) < due {
			f.wrong, f.at = m.t("cash.too_little"), earlyTendered
			return nil
		}
		e.Tendered = parking.Money(n)
	}
	if e.Method == parking.Manual {
		e.PayerBank = f.fields[earlyBank].text()
		if e.PayerBank == "" {
			f.wrong, f.at = m.t("by_hand.no_bank"), earlyBank
			return nil
		}
		if e.PaidAt, ok = clockTime(m.local(m.now()), f.fields[earlyAt].text()); !ok {
			f.wrong, f.at = m.t("by_hand.no_time"), earlyAt
			return nil
		}
	}
	e.Print = m.hasPrinter()
	var paid lane.EarlyPaid
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		paid, err = m.desk.PayEarly(ctx, e)
		return err
	})
	return fromForm(then(cmd, func() { m.earlyDone(e, &paid) }, false), f)
}

// earlyDone shows the receipt, or the code that the driver pays by.
func (m *model) earlyDone(e lane.EarlyPayment, paid *lane.EarlyPaid) {
	if paid.Paying {
		m.push(&earlyQR{e: e, paid: *paid, began: m.opts.Now()})
		return
	}
	if paid.Receipt == nil {
		m.say("", look.Free, m.t("early.said", m.money(paid.Due)))
		return
	}
	said := m.t("early.said", m.money(paid.Due))
	if paid.Change > 0 {
		said += " · " + strings.Join(strings.Fields(m.t("cash.change", m.money(paid.Change))), " ")
	}
	if !paid.LeaveBy.IsZero() {
		said += " · " + m.t("early.leave_by", m.local(paid.LeaveBy).Format("15:04 02/01"))
	}
	m.push(newReceipt(m, paid.Receipt, said))
}

// earlyQR is the VietQR of an early payment over the whole screen.
type earlyQR struct {
	e     lane.EarlyPayment
	paid  lane.EarlyPaid
	began time.Time
	busy  bool
	wrong string
}

func (d *earlyQR) place() place { return place{full: true} }

// update asks again, with Enter, whether the money has come.
func (d *earlyQR) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if msg.String() != "enter" || d.busy {
		return nil, msg.String() == "q" || msg.String() == "Q"
	}
	d.busy = true
	desk, parent, e := m.desk, m.ctx, d.e
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, actLasts)
		defer cancel()
		paid, err := desk.PayEarly(ctx, e)
		return foundMsg{func() {
			d.busy, d.wrong = false, ""
			switch {
			case err != nil:
				d.wrong = m.sentence(err)
			case paid.Paying:
				d.wrong = m.t("early.not_yet")
			case m.open(d):
				m.remove(d)
				m.earlyDone(e, &paid)
			}
		}}
	}, false
}

func (d *earlyQR) lines(m *model, w, h int) []string {
	side := []string{
		"", m.th.strong(look.Mine, m.t("qr.title")), "", m.th.role(look.Quiet, m.t("row.plate")), clean(d.paid.Stay.Display), "",
		m.th.role(look.Quiet, m.t("qr.amount")), m.th.strong(look.Text, m.money(d.paid.Due)), "",
		m.th.role(look.Quiet, m.t("qr.reference")), m.th.strong(look.Text, clean(d.paid.Reference)), "",
		m.t("early.ask"), m.th.role(look.Quiet, m.t("qr.key_leave")),
	}
	code, err := qrLines(&m.th, d.paid.QR)
	if err != nil || len(code) > h || m.th.ascii {
		code = nil
		side = append(side, m.th.role(look.Trouble, m.t("qr.cannot")))
	}
	room := w - 2
	if code != nil {
		room = w - width(code[0]) - 4
	}
	for _, l := range wrap(clean(d.wrong), room, 3) {
		side = append(side, m.th.role(look.Reserved, l))
	}
	out := make([]string, h)
	for i := range out {
		left, right := "", ""
		if code != nil {
			left = strings.Repeat(" ", width(code[0])) + "  "
			if i < len(code) {
				left = code[i] + "  "
			}
		}
		if i < len(side) {
			right = cut(side[i], room)
		}
		out[i] = " " + left + right
	}
	return out
}
