package tui

import (
	"context"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// Locking hides money from whoever stands at a console that its guard has left.
type Locking interface {
	Lock()
	Unlock(ctx context.Context, name, password string) error
	SetCard(ctx context.Context, text string) error
}

// putAway is what was open when the console was locked.
type putAway struct {
	guard   string
	dialogs []dialog
}

// idleLock locks the console when no key was pressed for as long as the guard has
// set.
func (m *model) idleLock() {
	after := time.Duration(m.set.LockMinutes) * time.Minute
	if after > 0 && m.view.Guard != nil && !m.view.Locked && m.opts.Now().Sub(m.lastAt) >= after {
		m.lock()
	}
}

// lock locks the console. What is open is put away until its guard is back.
func (m *model) lock() {
	if m.view.Guard == nil || m.view.Locked {
		return
	}
	m.away = putAway{guard: m.view.Guard.Name, dialogs: m.dialogs}
	m.dialogs, m.note = nil, note{}
	for _, st := range m.lanes {
		st.note = note{}
	}
	m.desk.Lock()
	if v := m.desk.View(); v != nil {
		m.view, m.gotAt = v, m.opts.Now()
	}
}

// unlocked brings back what was put away, for the same guard.
func (m *model) unlocked() {
	if g := m.view.Guard; g != nil && g.Name == m.away.guard {
		m.dialogs = append(m.away.dialogs, m.dialogs...)
	}
	m.away = putAway{}
	m.remove(m.unlock)
	m.unlock = nil
}

// whyLocked is why a key does nothing while the console is locked, "" when it
// does; lv is the lane that it is about, nil for none.
func (m *model) whyLocked(b *binding, lv *lane.LaneView) string {
	if !m.view.Locked {
		return ""
	}
	if b.locked && (b.off == nil || lv == nil || lv.Lane.Direction == parking.In) {
		return ""
	}
	return m.t("why.locked")
}

// lockedOut says whether nothing is done at a lane because the console is locked.
func (m *model) lockedOut(lv *lane.LaneView) bool {
	return m.view.Locked && lv != nil && lv.Lane.Direction != parking.In
}

// hidden says whether what comes by itself, for a lane or the whole gate, is not
// shown: the console is locked, and it may be about money.
func (m *model) hidden(code string) bool {
	return m.view.Locked && !m.atKey && (code == "" || m.lockedOut(m.byCode(code)))
}

// newUnlock asks for the password of the guard, or of another who takes over. It
// lies over the lane that leads out, so that vehicles still come in beside it.
func newUnlock(m *model) dialog {
	name, password := newField("login.name", m.view.Guard.Name, 64), newField("login.password", "", 256)
	password.secret = true
	f := &form{title: text("title.unlock"), fields: []*field{name, password}, at: 1, enter: text("enter.unlock")}
	if lv := m.toward(parking.Out); lv != nil && !m.single() {
		f.lane = lv.Lane.Code
	}
	f.info = func(m *model, _ *form) []string {
		out := []string{m.t("unlock.note")}
		if m.view.HasCard {
			out = append(out, m.t("unlock.card"))
		}
		return out
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		user, secret := f.fields[0].text(), string(f.fields[1].value)
		if user == "" || secret == "" {
			f.wrong = m.t("login.both")
			return nil
		}
		f.fields[1].set("")
		return fromForm(m.act("", uuid.Nil, "", func(ctx context.Context) error { return m.desk.Unlock(ctx, user, secret) }), f)
	}
	m.unlock = f
	return f
}

// lockNow locks the console at once.
func lockNow(m *model) tea.Cmd {
	m.lock()
	return nil
}

// lockedText is what a locked console says of a lane that leads out.
func (m *model) lockedText() string { return m.th.role(look.Reserved, m.t("locked")) }

// lockSetting is after how long the console is locked, on the settings page.
var lockSetting = setting{
	"settings.lock",
	func(m *model) string {
		if m.set.LockMinutes == 0 {
			return m.t("lock.never")
		}
		return m.t("lock.minutes", m.set.LockMinutes)
	},
	func(_ *model, s *settings.Settings, by int) {
		s.LockMinutes = next(settings.LockChoices(), s.LockMinutes, by)
	},
}

// cardSetting opens the form of the card that unlocks.
var cardSetting = setting{
	"settings.card",
	func(m *model) string { return m.t("card." + strconv.FormatBool(m.view.HasCard)) },
	func(m *model, _ *settings.Settings, _ int) { m.push(newOwnCard()) },
}

// newOwnCard takes the number of the guard's card; none takes it away.
func newOwnCard() *form {
	f := &form{title: text("title.card"), fields: []*field{newField("field.token", "", parking.MaxTicketText)}, enter: text("enter.card")}
	f.info = func(m *model, _ *form) []string { return []string{m.t("card.note")} }
	f.submit = func(m *model, f *form) tea.Cmd {
		typed, said := f.fields[0].text(), m.t("said.card")
		if typed == "" {
			said = m.t("said.no_card")
		}
		return fromForm(m.act("", uuid.Nil, said, func(ctx context.Context) error { return m.desk.SetCard(ctx, typed) }), f)
	}
	return f
}
