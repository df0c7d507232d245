package tui

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

func sortedClasses(c map[parking.Class]int) []parking.Class { return slices.Sorted(maps.Keys(c)) }

// money is a sum in the site's currency and the guard's language.
func (m *model) money(sum parking.Money) string {
	currency := m.view.Currency
	if currency == "" {
		currency = "VND"
	}
	return clean(sum.Format(currency, m.lang))
}

// reasons are the texts of a catalogue entry, one per "|".
func (m *model) reasons(key string) []string { return strings.Split(m.t(key), "|") }

// refused is the answer of a form's submit while the vehicle may not be acted
// upon yet.
func (m *model) refused(f *form, lv *lane.LaneView) bool {
	f.wrong = m.refusal(lv)
	return f.wrong != ""
}

// newLogin is the sign-in: the whole screen below the banner.
func newLogin() *form {
	name, password := newField("login.name", "", 64), newField("login.password", "", 256)
	password.secret = true
	return &form{
		fields: []*field{name, password},
		submit: func(m *model, f *form) tea.Cmd {
			user, secret := f.fields[0].text(), string(f.fields[1].value)
			if user == "" || secret == "" {
				f.wrong = m.t("login.both")
				return nil
			}
			f.fields[1].set("")
			return fromForm(m.act("", uuid.Nil, "", func(ctx context.Context) error {
				return m.desk.SignIn(ctx, user, secret)
			}), f)
		},
	}
}

// newPlate corrects a plate. A plate of no known pattern asks for a reason. At
// a lane that leads in, the vehicle is let in with it, unless the new plate
// brings something that the guard has to see first.
func newPlate(m *model) dialog {
	lv := m.focused()
	shown := lv.Subject.Display
	if shown == "" {
		shown = string(lv.Subject.Plate)
	}
	plate := newField("field.plate", shown, 40)
	plate.upper = true
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.plate")
	f := &form{title: text("title.plate", m.laneName(lv)), fields: []*field{plate}}
	f.enter = func(m *model) string {
		if v := m.byCode(f.lane); v != nil && unhindered(m.view, f.lane, f.subject, true) {
			return strings.TrimRight(m.t("enter.plate_in", clean(cmp.Or(v.Subject.Slot, v.Subject.Zone))), " ")
		}
		return m.t("enter.plate")
	}
	f.info = func(m *model, f *form) []string {
		p, err := parking.ParsePlate(f.fields[0].text())
		switch {
		case f.fields[0].text() == "":
			return []string{m.t("plate.type")}
		case err != nil:
			return []string{m.t("plate.not")}
		case !p.Known():
			return []string{m.t("plate.unknown", clean(p.Display()))}
		}
		return []string{clean(p.Display())}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		p, err := parking.ParsePlate(f.fields[0].text())
		if err != nil {
			f.wrong = m.t("plate.not")
			return nil
		}
		if !p.Known() && len(f.fields) == 1 {
			f.fields = append(f.fields, reason)
			f.at = 1
		}
		why := ""
		if len(f.fields) > 1 {
			why = f.fields[1].text()
		}
		if !p.Known() && why == "" {
			f.wrong = m.t("plate.reason")
			return nil
		}
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		typed, letIn := f.fields[0].text(), unhindered(m.view, f.lane, f.subject, true)
		return fromForm(m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			if err := m.desk.Correct(ctx, code, subject, typed, why); err != nil || !letIn || !unhindered(m.desk.View(), code, subject, false) {
				return err
			}
			_, err := m.desk.AcceptIn(ctx, code, subject)
			return err
		}), f)
	}
	return f.forSubject(lv)
}

// newStayClass corrects the class that a stay came in with, of the vehicle at an exit;
// next is proposed.
func newStayClass(m *model, lv *lane.LaneView, next parking.Class) dialog {
	stay := lv.Subject.Matches[lv.Subject.Chosen].Stay.ID
	class := newField("field.class", m.class(next), 40)
	for i, c := range m.classes() {
		class.presets = append(class.presets, m.class(c))
		if c == next {
			class.preset = i
		}
	}
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.class")
	f := &form{title: text("title.class", m.laneName(lv)), fields: []*field{class, reason}, enter: text("enter.class")}
	f.info = func(m *model, f *form) []string {
		lv := m.byCode(f.lane)
		if lv == nil || lv.Subject == nil {
			return nil
		}
		return []string{m.t("class.was", m.class(lv.Subject.Class))}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		is, known := m.classNamed(f.fields[0].text())
		why := f.fields[1].text()
		switch {
		case !known || is == "":
			f.wrong = m.t("class.which")
			return nil
		case why == "":
			f.wrong = m.t("class.reason")
			return nil
		}
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		return fromForm(m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.CorrectClass(ctx, code, subject, stay, is, why)
		}), f)
	}
	return f.forSubject(lv)
}

// typePlate begins a correction with the first letter of another plate.
func (m *model) typePlate(first string) tea.Cmd {
	f, ok := newPlate(m).(*form)
	if !ok {
		return nil
	}
	f.fields[0].set(first)
	m.push(f)
	return nil
}

// unhindered says whether nothing keeps a vehicle that wants in from being let in
// with one key; named: as soon as its plate is said.
func unhindered(v *lane.View, code string, subject uuid.UUID, named bool) bool {
	for i := range v.Lanes {
		if l := &v.Lanes[i]; l.Lane.Code == code {
			s := l.Subject
			return l.Lane.Direction == parking.In && s != nil && s.ID == subject && s.Stage == lane.Offered &&
				s.NeedsWord == "" && (named || !s.Check && len(s.Warnings) == 0 && s.Slot+s.Zone != "")
		}
	}
	return false
}

// banknotes are the sums that a driver may hand over for due: the next whole
// notes of the currency.
func banknotes(due parking.Money, currency string) []string {
	notes := []parking.Money{500, 1000, 2000, 5000, 10000}
	if currency == "VND" {
		notes = []parking.Money{10000, 20000, 50000, 100000, 200000, 500000}
	}
	var out []string
	for _, n := range notes {
		s := strconv.FormatInt(int64((due+n-1)/n*n), 10)
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// newCash takes cash that is more than the fee and says the change.
func newCash(m *model) dialog {
	lv := m.toward(parking.Out)
	due := lv.Subject.Due
	tendered := newField("field.tendered", "", 12)
	tendered.digits = true
	tendered.presets = banknotes(due, m.view.Currency)
	f := &form{title: text("title.cash", m.laneName(lv)), fields: []*field{tendered}, enter: text("enter.cash")}
	given := func(f *form) parking.Money {
		n, err := strconv.ParseInt(f.fields[0].text(), 10, 64)
		if err != nil {
			return due // nothing typed: exactly what is due
		}
		return parking.Money(n)
	}
	f.info = func(m *model, f *form) []string {
		lines := []string{m.t("cash.due", m.money(due)), m.t("cash.given", m.money(given(f)))}
		if d := given(f) - due; d < 0 {
			lines = append(lines, m.t("cash.short", m.money(-d)))
		} else {
			lines = append(lines, m.t("cash.change", m.money(d)))
		}
		return lines
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		sum := given(f)
		if sum < due {
			f.wrong = m.t("cash.too_little")
			return nil
		}
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		if lv.Subject.Due != due {
			f.wrong = m.t("cash.due_changed", m.money(lv.Subject.Due))
			due = lv.Subject.Due
			return nil
		}
		return m.payCash(lv, sum, f)
	}
	return f.forSubject(lv)
}

// newByHand confirms a transfer that the guard has seen elsewhere.
func newByHand(m *model) dialog {
	lv := m.toward(parking.Out)
	due := lv.Subject.Due
	bank := newField("field.bank", "", 60)
	bank.presets = m.reasons("banks")
	at := newField("field.paid_at", m.local(m.now()).Format("15:04"), 5)
	f := &form{title: text("title.by_hand", m.laneName(lv)), fields: []*field{bank, at}, enter: text("enter.by_hand", m.money(due))}
	f.info = func(m *model, _ *form) []string { return []string{m.t("by_hand.note")} }
	f.submit = func(m *model, f *form) tea.Cmd {
		payer := f.fields[0].text()
		paid, ok := clockTime(m.local(m.now()), f.fields[1].text())
		switch {
		case payer == "":
			f.wrong, f.at = m.t("by_hand.no_bank"), 0
			return nil
		case !ok:
			f.wrong, f.at = m.t("by_hand.no_time"), 1
			return nil
		}
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		cmd := m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			_, err := m.desk.ConfirmByHand(ctx, code, subject, payer, paid)
			return err
		})
		return fromForm(cmd, f)
	}
	return f.forSubject(lv)
}

// clockTime is the last moment up to now at which a clock showed s ("9:05").
func clockTime(now time.Time, s string) (time.Time, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return time.Time{}, false
	}
	at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
	if at.After(now) {
		at = at.AddDate(0, 0, -1)
	}
	return at, true
}

// newBarrier opens a barrier with a reason instead of a stay.
func newBarrier(m *model) dialog {
	lv := m.focused()
	code := lv.Lane.Code
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.barrier")
	return &form{
		title: text("title.barrier", m.laneName(lv)), lane: code, fields: []*field{reason}, enter: text("enter.barrier"),
		info: func(m *model, _ *form) []string { return []string{m.t("barrier.note")} },
		submit: func(m *model, f *form) tea.Cmd {
			why := f.fields[0].text()
			if why == "" {
				f.wrong = m.t("reason.missing")
				return nil
			}
			return fromForm(m.act(code, uuid.Nil, m.t("said.open"), func(ctx context.Context) error {
				return m.desk.OpenByHand(ctx, code, why)
			}), f)
		},
	}
}

// newLost lets out a vehicle whose stay is not found. It pays in cash: a
// transfer needs a stay to belong to.
func newLost(m *model) dialog {
	lv := m.toward(parking.Out)
	reason := newField("field.reason", "", 200)
	reason.presets = m.reasons("reasons.lost")
	fee := newField("field.fee", "", 12)
	fee.digits = true
	if due := lv.Subject.Due; due > 0 && len(lv.Subject.Matches) == 0 { // what the tariff asks of who is not found
		fee.presets, fee.preset = []string{strconv.FormatInt(int64(due), 10)}, 0
		fee.set(fee.presets[0])
	}
	f := &form{title: text("title.lost", m.laneName(lv)), fields: []*field{reason, fee}, enter: text("enter.lost")}
	f.info = func(m *model, f *form) []string {
		n, err := strconv.ParseInt(cmp.Or(f.fields[1].text(), "0"), 10, 64)
		if err != nil {
			return nil
		}
		return []string{m.t("lost.takes", m.money(parking.Money(n))), m.t("lost.note")}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		why := f.fields[0].text()
		sum, err := strconv.ParseInt(f.fields[1].text(), 10, 64)
		switch {
		case why == "":
			f.wrong, f.at = m.t("reason.missing"), 0
			return nil
		case err != nil:
			f.wrong, f.at = m.t("lost.no_fee"), 1
			return nil
		}
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		return fromForm(m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.OutUnknown(ctx, code, subject, why, parking.Money(sum), parking.Cash)
		}), f)
	}
	return f.forSubject(lv)
}

// clear takes a vehicle off the screen: at once when it is done, else after
// asking.
func (m *model) clear() tea.Cmd {
	lv := m.focused()
	if done(lv.Subject) {
		return m.bound(lv, "", m.desk.Clear)
	}
	m.push(newClear(m))
	return nil
}

// newClear asks before a vehicle that drove away is forgotten.
func newClear(m *model) dialog {
	lv := m.focused()
	f := &form{title: text("title.clear", m.laneName(lv)), enter: text("enter.clear")}
	f.info = func(m *model, _ *form) []string { return []string{m.t("clear.note")} }
	f.submit = func(m *model, f *form) tea.Cmd {
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		return fromForm(m.bound(lv, "", m.desk.Clear), f)
	}
	return f.forSubject(lv)
}

// newSignOut hands the gate over.
func newSignOut(m *model) dialog {
	return m.signOutShift(&form{
		title: text("title.sign_out"), enter: text("enter.sign_out"),
		info: func(m *model, _ *form) []string { return []string{m.t("sign_out.note")} },
		submit: func(m *model, f *form) tea.Cmd {
			return fromForm(m.act("", uuid.Nil, "", func(ctx context.Context) error {
				m.desk.SignOut(ctx)
				return nil
			}), f)
		},
	})
}

// newQuit asks before the console is left with a vehicle half done.
func newQuit(m *model, lv *lane.LaneView) dialog {
	return &form{
		title: text("title.quit"), enter: text("enter.quit"),
		info:   func(m *model, _ *form) []string { return []string{m.t("quit.note", m.laneName(lv))} },
		submit: func(*model, *form) tea.Cmd { return func() tea.Msg { return quitMsg{} } },
	}
}
