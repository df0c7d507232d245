package tui

import (
	"context"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// actLasts bounds an act: past that the guard is told rather than kept waiting.
const actLasts = 15 * time.Second

// doneMsg is the end of an act.
type doneMsg struct {
	lane    string // "" for an act of no lane
	subject uuid.UUID
	said    string // what to say when it went well, "" for nothing
	err     error
	form    *form // the form that asked for it, to be closed or told
	then    tea.Cmd
	stays   bool // the form stays open when it went well
}

// then runs do, within Update, when the act of cmd went well; stays leaves the
// form open that asked for it.
func then(cmd tea.Cmd, do func(), stays bool) tea.Cmd {
	return func() tea.Msg {
		msg, ok := cmd().(doneMsg)
		if !ok {
			return nil
		}
		msg.then, msg.stays = func() tea.Msg { return foundMsg{do} }, stays
		return msg
	}
}

// act runs do for a lane's subject outside Update. Until it ends the lane
// takes no other act.
func (m *model) act(code string, subject uuid.UUID, said string, do func(ctx context.Context) error) tea.Cmd {
	if code != "" {
		st := m.lane(code)
		st.busy, st.busyAt, st.note = m.t("busy"), m.opts.Now(), note{}
	}
	parent := m.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, actLasts)
		defer cancel()
		return doneMsg{lane: code, subject: subject, said: said, err: do(ctx)}
	}
}

// fromForm makes the end of cmd tell f.
func fromForm(cmd tea.Cmd, f *form) tea.Cmd {
	if cmd == nil {
		return nil
	}
	f.busy = true
	return func() tea.Msg {
		msg, ok := cmd().(doneMsg)
		if !ok {
			return nil
		}
		msg.form = f
		return msg
	}
}

// takeDone shows how an act ended.
func (m *model) takeDone(d doneMsg) tea.Cmd {
	if d.lane != "" {
		m.lane(d.lane).busy = ""
	}
	if d.form != nil {
		d.form.busy = false
		if d.form.under != nil {
			d.form.under.busy = false
		}
	}
	if d.err != nil {
		text := m.sentence(d.err)
		if d.form != nil && (m.open(d.form) || d.form == m.login) {
			d.form.wrong = text
			return bell
		}
		if d.form != nil && d.form.under != nil && m.open(d.form.under) {
			d.form.under.wrong = text
			return bell
		}
		m.say(d.lane, look.Trouble, text)
		return bell
	}
	if d.form != nil && !d.stays {
		m.remove(d.form)
		if d.form == m.login {
			m.login = newLogin()
		}
	}
	if d.said != "" {
		m.say(d.lane, look.Free, d.said)
	}
	return d.then
}

// sentence is what a guard reads for err. A refusal that the catalogue cannot
// say in the guard's language has its kind in front.
func (m *model) sentence(err error) string {
	text := parking.ErrorMessage(err)
	if said := words.Sentence(m.lang, text); m.lang == words.En || said != text {
		return said
	}
	return m.t("refused."+string(parking.ErrorCode(err))) + " " + text
}

// says is a sentence of the desk in the guard's language, safe to draw.
func (m *model) says(sentence string) string { return clean(words.Sentence(m.lang, sentence)) }

// refusal is why an act on lv's subject cannot be taken right now, "" when it
// can: the guard must have seen the vehicle that the act is about.
func (m *model) refusal(lv *lane.LaneView) string {
	if lv == nil {
		return m.t("why.no_lane")
	}
	if why := m.elsewhereAt(lv); why != "" {
		return why
	}
	st := m.lane(lv.Lane.Code)
	switch {
	case st.busy != "":
		return m.t("why.busy")
	case lv.Subject != nil && st.subject != lv.Subject.ID,
		m.answers && !st.painted,
		m.opts.Now().Sub(st.since) < settle:
		return m.t("why.changed")
	}
	return ""
}

// bound runs do for the vehicle on the screen of lv, or says why it may not.
func (m *model) bound(lv *lane.LaneView, said string, do func(ctx context.Context, code string, subject uuid.UUID) error) tea.Cmd {
	if why := m.refusal(lv); why != "" {
		return m.refuse(lv, why)
	}
	code, subject := lv.Lane.Code, m.lane(lv.Lane.Code).subject
	return m.act(code, subject, said, func(ctx context.Context) error { return do(ctx, code, subject) })
}

// refuse says why a key does nothing now, with a bell.
func (m *model) refuse(lv *lane.LaneView, why string) tea.Cmd {
	code := ""
	if lv != nil {
		code = lv.Lane.Code
	}
	m.say(code, look.Reserved, why)
	return bell
}

// deed is the one thing to do next at a lane: what its act key does, and what
// the label says. do is nil when nothing is to be done; why then says why.
type deed struct {
	label string
	why   string
	do    func() tea.Cmd
}

// next is the deed of a lane.
func (m *model) next(lv *lane.LaneView) deed {
	if lv == nil {
		return deed{why: m.t("why.no_lane")}
	}
	s := lv.Subject
	code := lv.Lane.Code
	switch {
	case m.elsewhereAt(lv) != "":
		return deed{why: m.elsewhereAt(lv)}
	case s == nil:
		return deed{why: m.t("why.no_vehicle", m.laneName(lv))}
	case s.Again:
		return deed{label: m.t("do.again"), do: func() tea.Cmd {
			return m.bound(lv, m.t("said.open"), m.desk.OpenAgain)
		}}
	case s.Stage == lane.Arrived:
		return deed{why: m.t("why.reading")}
	case done(s):
		return deed{why: m.t("why.done")}
	case s.NeedsWord != "":
		return m.nextAllow(lv)
	case lv.Lane.Direction == parking.Out:
		return m.nextOut(lv, s)
	case s.Check && candidates(s) > 0:
		return deed{why: m.t("why.check_pick")}
	case s.Check:
		return deed{why: m.t("why.check")}
	}
	label := m.t("do.in", s.Zone)
	if s.Slot != "" {
		label = m.t("do.in", s.Slot)
	} else if s.Zone == "" {
		label = m.t("do.in_nowhere")
	}
	return deed{label: label, do: func() tea.Cmd {
		return m.bound(lv, "", func(ctx context.Context, _ string, subject uuid.UUID) error {
			_, err := m.desk.AcceptIn(ctx, code, subject)
			return err
		})
	}}
}

func (m *model) nextOut(lv *lane.LaneView, s *lane.Subject) deed {
	code := lv.Lane.Code
	match := chosen(s)
	switch {
	case s.Stage == lane.Paying:
		return deed{label: m.t("do.qr_again"), do: func() tea.Cmd { m.push(newQR(lv)); return nil }}
	case match == nil && len(s.Matches) == 0:
		return deed{why: m.t("why.no_match")}
	case match == nil:
		return deed{why: m.t("why.pick")}
	case match.QuoteErr != "":
		return deed{why: m.t("why.no_fee")}
	case s.Due <= 0:
		return deed{label: m.t("do.free"), do: func() tea.Cmd {
			return m.bound(lv, "", func(ctx context.Context, _ string, subject uuid.UUID) error {
				_, err := m.desk.LeaveFree(ctx, code, subject)
				return err
			})
		}}
	}
	return deed{label: m.t("do.cash", m.money(s.Due)), do: func() tea.Cmd { return m.payCash(lv, 0, nil) }}
}

// payCash takes tendered (0: exactly what is due) and lets the vehicle out.
func (m *model) payCash(lv *lane.LaneView, tendered parking.Money, f *form) tea.Cmd {
	code := lv.Lane.Code
	cmd := m.bound(lv, "", func(ctx context.Context, _ string, subject uuid.UUID) error {
		_, err := m.desk.PayCash(ctx, code, subject, tendered)
		return err
	})
	if f != nil {
		return fromForm(cmd, f)
	}
	return cmd
}

// showQR asks for a transfer and shows its code full screen.
func (m *model) showQR() tea.Cmd {
	lv := m.toward(parking.Out)
	if lv.Subject.Stage == lane.Paying && lv.Subject.QR != "" {
		m.push(newQR(lv))
		return nil
	}
	return m.bound(lv, "", m.desk.ShowQR)
}

// arrive says that a vehicle stands at the lane that leads dir.
func (m *model) arrive(dir parking.Direction) tea.Cmd {
	code := m.toward(dir).Lane.Code
	return m.act(code, uuid.Nil, "", func(ctx context.Context) error {
		_, err := m.desk.Arrive(ctx, code, lane.Arrival{})
		return err
	})
}

// nextClass changes a vehicle's class to the next that the site knows. Where money
// hangs on it, at an exit, it asks which and why.
func (m *model) nextClass() tea.Cmd {
	lv := m.focused()
	classes := m.classes()
	next := classes[0]
	for i, c := range classes {
		if c == lv.Subject.Class {
			next = classes[(i+1)%len(classes)]
		}
	}
	if lv.Lane.Direction == parking.Out && !done(lv.Subject) && chosen(lv.Subject) != nil {
		m.push(newStayClass(m, lv, next))
		return nil
	}
	return m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
		return m.desk.SetClass(ctx, code, subject, next)
	})
}

// classes are the classes of vehicles that the site has room for, the usual
// ones first.
func (m *model) classes() []parking.Class {
	out := []parking.Class{parking.Car, parking.Motorbike, parking.Bicycle}
	seen := map[parking.Class]bool{parking.Car: true, parking.Motorbike: true, parking.Bicycle: true}
	add := func(c parking.Class) {
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	for i := range m.view.Zones {
		for _, sv := range m.view.Zones[i].Slots {
			for _, c := range sv.Slot.Classes {
				add(c)
			}
		}
		for _, c := range sortedClasses(m.view.Zones[i].Zone.Capacity) {
			add(c)
		}
	}
	return out
}

// digit picks: 1 to 4 at the left lane, 5 to 8 at the right one, so that no
// digit means two vehicles. One that picks nothing begins a plate, where the
// lane in use has one to correct: plates of Vietnam begin with a digit.
func (m *model) digit(n int) tea.Cmd {
	var lv *lane.LaneView
	side, i := (n-1)/4, (n-1)%4
	if side < 2 {
		lv = m.pane(side)
	}
	none := lv == nil || i >= max(openMatches(lv.Subject), candidates(lv.Subject))
	if none && m.typesPlate() {
		if m.justJumped(m.focused()) {
			return m.refuse(m.focused(), m.t("why.changed"))
		}
		return m.typePlate(strconv.Itoa(n))
	}
	if lv == nil {
		return m.refuse(nil, m.t("why.nothing_to_pick"))
	}
	switch s := lv.Subject; {
	case i < openMatches(s):
		return m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.Pick(ctx, code, subject, i)
		})
	case i < candidates(s):
		return m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.PickCandidate(ctx, code, subject, i)
		})
	}
	return m.refuse(lv, m.t("why.nothing_to_pick"))
}
