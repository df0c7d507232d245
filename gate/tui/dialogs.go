package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// dialog is something that lies over the main screen and sees keys first.
// Esc always leaves it.
type dialog interface {
	// update handles a key; over says that the dialog is finished.
	update(m *model, msg tea.KeyPressMsg) (cmd tea.Cmd, over bool)
	// lines draws it in w cells and h lines.
	lines(m *model, w, h int) []string
	// place says what it covers.
	place() place
}

// place is the part of the screen that a dialog covers.
type place struct {
	lane string // its half of the screen; "" for all of the lanes
	full bool   // the whole screen
}

// typist is a dialog with a field to type into.
type typist interface{ typing() *field }

func (m *model) push(d dialog) {
	if m.hidden("") { // the end of an act that was begun before the lock
		m.away.dialogs = append(m.away.dialogs, d)
		return
	}
	m.dialogs = append(m.dialogs, d)
}

func (m *model) pop() {
	if n := len(m.dialogs); n > 0 {
		m.dialogs = m.dialogs[:n-1]
	}
}

func (m *model) remove(d dialog) {
	for i, o := range m.dialogs {
		if o == d {
			m.dialogs = append(m.dialogs[:i:i], m.dialogs[i+1:]...)
			return
		}
	}
}

func (m *model) open(d dialog) bool {
	for _, o := range m.dialogs {
		if o == d {
			return true
		}
	}
	return false
}

func (m *model) top() dialog {
	if n := len(m.dialogs); n > 0 {
		return m.dialogs[n-1]
	}
	return nil
}

// dialogKey gives a key to the top dialog. What acts there must not be a key
// held down since before it opened.
func (m *model) dialogKey(msg tea.KeyPressMsg, held bool) tea.Cmd {
	top := m.top()
	name := msg.String()
	if name == "esc" {
		m.remove(top)
		return nil
	}
	if held && (name == "enter" || (name == "space" && typingIn(top) == nil)) {
		return bell
	}
	cmd, over := top.update(m, msg)
	if over {
		m.remove(top)
	}
	return cmd
}

func typingIn(d dialog) *field {
	if t, ok := d.(typist); ok {
		return t.typing()
	}
	return nil
}

// paste types what was pasted into the field that has the focus; what does not
// fit is refused whole, with a bell.
func (m *model) paste(text string) tea.Cmd {
	f := typingIn(m.top())
	if m.view.Guard == nil {
		f = m.login.typing()
	}
	if f == nil {
		return nil
	}
	if text != "" && (len(text) > longestPaste || !f.typed(text)) {
		return bell
	}
	if d, looks := m.top().(interface{ look(m *model) tea.Cmd }); looks && m.view.Guard != nil {
		return d.look(m) // as if it had been typed
	}
	return nil
}

// form is the dialog that most questions are: a few fields, a line or two
// that say what they come to, and Enter.
type form struct {
	title   func(m *model) string
	lane    string
	subject uuid.UUID // the vehicle that it is about, if any
	bound   bool      // refuse when that vehicle is gone
	fields  []*field
	at      int
	enter   func(m *model) string // what Enter does
	info    func(m *model, f *form) []string
	submit  func(m *model, f *form) tea.Cmd // a nil command with wrong set: not yet
	wrong   string
	busy    bool
	whole   bool                            // the whole screen
	under   *form                           // the form that this one asks about, to be told when this one was left
	other   func(m *model, key string) bool // another key that it takes, and is over with
}

// text is a text of the console, looked up when it is drawn, so that a switch
// of language reaches open dialogs.
func text(key string, args ...any) func(m *model) string {
	return func(m *model) string { return m.t(key, args...) }
}

func (f *form) place() place { return place{lane: f.lane, full: f.whole} }

func (f *form) typing() *field {
	if len(f.fields) == 0 {
		return nil
	}
	return f.fields[f.at]
}

// forSubject makes f about the vehicle that lv shows.
func (f *form) forSubject(lv *lane.LaneView) *form {
	f.lane, f.bound = lv.Lane.Code, true
	f.subject = lv.Subject.ID
	return f
}

// gone says whether the vehicle that f is about has left the screen.
func (f *form) gone(m *model) bool {
	return f.bound && m.lane(f.lane).subject != f.subject
}

func (f *form) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch name := msg.String(); {
	case f.busy:
		return nil, false
	case f.other != nil && f.other(m, name):
		return nil, true
	case name == "tab" || (name == "down" && len(f.presets()) == 0):
		f.move(1)
	case name == "shift+tab" || (name == "up" && len(f.presets()) == 0):
		f.move(-1)
	case name == "enter" && f.at < len(f.fields)-1 && f.fields[f.at].text() != "" && f.fields[f.at+1].text() == "":
		f.move(1)
	case name == "enter":
		f.wrong = ""
		if f.gone(m) {
			f.wrong = m.t("why.gone")
			return bell, false
		}
		if cmd := f.submit(m, f); cmd != nil {
			return cmd, false
		}
		return bell, false
	case len(f.fields) > 0:
		if f.fields[f.at].key(msg) {
			f.wrong = ""
		}
	}
	return nil, false
}

func (f *form) presets() []string {
	if len(f.fields) == 0 {
		return nil
	}
	return f.fields[f.at].presets
}

func (f *form) move(by int) {
	if n := len(f.fields); n > 0 {
		f.at = (f.at + by + n) % n
	}
}

func (f *form) lines(m *model, w, h int) []string {
	out, foot := f.body(m, w), m.formFoot(f, w)
	if len(out)+len(foot) > h {
		out = out[:max(0, h-len(foot))]
	}
	for len(out)+len(foot) < h {
		out = append(out, "")
	}
	return append(out, foot...)
}

// needs is how many lines f takes when nothing of it is cut off.
func (f *form) needs(m *model, w int) int { return len(f.body(m, w)) + len(m.formFoot(f, w)) }

// body is all of f above its foot.
func (f *form) body(m *model, w int) []string {
	out := []string{m.th.strong(look.Mine, cut(" "+f.title(m), w)), ""}
	label := 0
	for _, fl := range f.fields {
		label = max(label, width(fl.named(m)))
	}
	label = min(label, w/2)
	for i, fl := range f.fields {
		head := " " + fit(fl.named(m), label) + "  "
		out = append(out, head+fl.show(&m.th, w-width(head)-1, i == f.at))
	}
	for i, p := range f.presets() {
		if i == 0 {
			out = append(out, "")
		}
		if sum, err := strconv.ParseInt(p, 10, 64); err == nil && f.fields[f.at].digits {
			p = m.money(parking.Money(sum))
		}
		line := strings.Repeat(" ", label+3) + cut(p, w-label-4)
		if i == f.fields[f.at].preset {
			out = append(out, m.th.role(look.Mine, line))
		} else {
			out = append(out, m.th.role(look.Quiet, line))
		}
		if i == 5 {
			break
		}
	}
	if len(f.fields) > 0 {
		out = append(out, "")
	}
	if f.info != nil {
		for _, l := range f.info(m, f) {
			for _, part := range wrap(l, w-2, 3) {
				out = append(out, " "+part)
			}
		}
	}
	wrong := f.wrong
	if wrong == "" && f.gone(m) {
		wrong = m.t("why.gone")
	}
	for _, l := range wrap(clean(wrong), w-2, 4) {
		out = append(out, " "+m.th.role(look.Trouble, l))
	}
	return out
}

// formFoot is what Enter and the other keys do in f.
func (m *model) formFoot(f *form, w int) []string {
	enter := " " + m.th.strong(look.Mine, "Enter "+f.enter(m))
	if f.busy {
		enter = " " + m.th.role(look.Quiet, m.t("busy"))
	}
	keys := []string{m.t("form.leave")}
	if len(f.presets()) > 0 {
		keys = append([]string{m.t("form.presets")}, keys...)
	}
	if len(f.fields) > 1 {
		keys = append([]string{m.t("form.next")}, keys...)
	}
	return []string{cut(enter, w), m.th.role(look.Quiet, cut(" "+strings.Join(keys, " · "), w))}
}
