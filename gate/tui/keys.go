package tui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// binding is one key of the main screen. The same list dispatches keys and
// draws the help, so that neither can lie about the other.
type binding struct {
	key.Binding
	group  string                        // key of the group's title in the catalogue
	label  string                        // how the key is written; "" writes the first key
	does   string                        // key of what it does in the catalogue
	act    bool                          // held down, it must not act twice
	look   bool                          // it changes nothing at the gate
	locked bool                          // it works while the console is locked, at lanes that lead in
	why    func(m *model) string         // why it cannot be used now, "" when it can
	do     func(m *model) tea.Cmd        //
	off    func(m *model) *lane.LaneView // whose line says why not; nil for the gate's
	what   func(m *model) string         // what it is about just now, for the help; nil for keys that say it all
}

func bind(group, does string, keys ...string) binding {
	return binding{Binding: key.NewBinding(key.WithKeys(keys...)), group: group, does: does}
}

func (b binding) when(why func(m *model) string) binding     { b.why = why; return b }
func (b binding) run(do func(m *model) tea.Cmd) binding      { b.do = do; return b }
func (b binding) at(f func(m *model) *lane.LaneView) binding { b.off = f; return b }
func (b binding) written(label string) binding               { b.label = label; return b }
func (b binding) about(what func(m *model) string) binding   { b.what = what; return b }
func (b binding) once() binding                              { b.act = true; return b }
func (b binding) opens(d func(m *model) dialog) binding {
	return b.run(func(m *model) tea.Cmd { m.push(d(m)); return nil })
}

// usualKeys lists every key of the main screen, in the order of the help.
func usualKeys() []binding {
	out := []binding{
		bind("group.acts", "help.left", "space").once().at(left).when(whyNext(0)).run(doNext(0)),
		bind("group.acts", "help.right", "enter").once().at(right).when(whyNext(1)).run(doNext(1)),
		bind("group.acts", "help.pick", "1", "2", "3", "4", "5", "6", "7", "8", "9").written("1-4 5-8"),
		bind("group.acts", "help.arrive_in", "n").once().at(toward(parking.In)).when(whyNoLane(parking.In)).run(func(m *model) tea.Cmd { return m.arrive(parking.In) }),
		bind("group.acts", "help.arrive_out", "o").once().at(toward(parking.Out)).when(whyNoLane(parking.Out)).run(func(m *model) tea.Cmd { return m.arrive(parking.Out) }),
		bind("group.acts", "help.clear", "esc").at((*model).focused).when(whyNoSubject).run((*model).clear),

		bind("group.acts", "help.back_out", "b").at((*model).focused).when(whyNotBackOut).opens(newBackOut),
		bind("group.acts", "help.aside", "a").once().at(toward(parking.Out)).when(whyNoDue).run((*model).moveAside),
		bind("group.acts", "help.recall", "r").once().at(toward(parking.Out)).when(whyNoneAside).run((*model).recall),
		bind("group.acts", "help.take_back", "u").once().when(whyNotTakenBack).run((*model).takeBack).about((*model).lastAct),

		bind("group.vehicle", "help.plate", "e").at((*model).focused).when(whyNotOpen).opens(newPlate),
		bind("group.vehicle", "help.class", "c").once().at((*model).focused).when(whyNotOpen).run((*model).nextClass),
		bind("group.vehicle", "help.slot", "s").at(toward(parking.In)).when(whyNoOffer).opens(newSlotChoice),
		bind("group.vehicle", "help.lost", "l").at(toward(parking.Out)).when(whyNotLost).opens(newLostToken),
		bind("group.vehicle", "help.tap", "k").at((*model).focused).when(whyNoFocus).opens(newTap),
		bind("group.vehicle", "help.print", "i").once().at(toward(parking.In)).when(whyNoTicket).run((*model).printAgain),

		bind("group.money", "help.tendered", "t").at(toward(parking.Out)).when(whyNoDue).opens(newCash),
		bind("group.money", "help.qr", "Q", "q").once().at(toward(parking.Out)).when(whyNoDue).run((*model).showQR),
		bind("group.money", "help.discount", "%").at(toward(parking.Out)).when(whyNoDiscount).opens(newDiscount),
		bind("group.money", "help.by_hand", "M", "m").at(toward(parking.Out)).when(whyNoDue).opens(newByHand),
		bind("group.money", "help.receipt", "y").once().at((*model).focused).when(whyNoReceipt).run((*model).receiptKey),
		bind("group.money", "help.refund", "f").run(openRefund),
		bind("group.money", "help.shift", "h").opens(newShift),

		bind("group.site", "help.barrier", "x").at((*model).focused).when(whyNoBarrier).opens(newBarrier),
		bind("group.site", "help.turn", "d").at((*model).focused).when(whyNotTurned).opens(newTurn),
		bind("group.site", "help.search", "/").looks().run(openSearch),
		bind("group.site", "help.conflicts", "z").looks().when(whyNoConflict).run(openConflicts),
		bind("group.site", "help.map", "g").looks().opens(newMap),
		bind("group.site", "help.paper", "v").when(whyNoFocus).opens(newPaper),
		bind("group.site", "help.walk", "w").opens(newWalk),
		bind("group.site", "help.pictures", "p").looks().run((*model).togglePictures),

		bind("group.console", "help.tab", "tab").looks().run(func(m *model) tea.Cmd { m.cycle(); return m.wantPictures() }),
		bind("group.console", "help.lanes", "]", "[").looks().written("[ ]").when(whyNoOtherLanes).run((*model).otherLanes),
		bind("group.console", "help.help", "?").looks().opens(newHelp),
		bind("group.console", "help.language", "f2").looks().run(switchLanguage),
		bind("group.console", "help.settings", ",").looks().opens(newSettings),
		bind("group.console", "help.troubles", "!").looks().when(whyNoTrouble).opens(newTroubles),
		bind("group.console", "help.messages", "@").looks().when(whyNoMessage).opens(newMessages),
		bind("group.console", "help.time", "f9").when(whyTimeRuns).opens(newTime),
		bind("group.console", "help.lock", "ctrl+l").looks().run(lockNow),
		bind("group.console", "help.sign_out", "f10").looks().opens(newSignOut),
		bind("group.console", "help.quit", "ctrl+c").looks().run((*model).quit),
	}
	for i := range out {
		out[i].locked = slices.Contains(whileLocked, out[i].action())
		if out[i].does == "help.pick" {
			out[i].act = true
			out[i].why = whyNothingToPick
		}
	}
	return out
}

// whileLocked are the actions of a locked console: what lets vehicles in, and
// what only looks and shows no money.
var whileLocked = []string{
	"left", "right", "pick", "arrive_in", "clear", "plate", "class", "slot", "tap", "print",
	"map", "pictures", "tab", "lanes", "help", "language", "troubles",
}

func left(m *model) *lane.LaneView { return m.pane(0) }

func right(m *model) *lane.LaneView { return m.actPane(1) }

// actPane is the lane that the act key of a side is about; with one lane on
// the screen both are about that.
func (m *model) actPane(side int) *lane.LaneView {
	if m.single() {
		return m.pane(0)
	}
	return m.pane(side)
}

func toward(dir parking.Direction) func(m *model) *lane.LaneView {
	return func(m *model) *lane.LaneView { return m.toward(dir) }
}

func doNext(side int) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd { return m.next(m.actPane(side)).do() }
}

func whyNext(side int) func(m *model) string {
	return func(m *model) string {
		d := m.next(m.actPane(side))
		if d.do == nil {
			return d.why
		}
		return ""
	}
}

func whyNoLane(dir parking.Direction) func(m *model) string {
	return func(m *model) string {
		if m.toward(dir) == nil {
			return m.t("why.no_lane_" + string(dir))
		}
		return ""
	}
}

func whyNoSubject(m *model) string {
	lv := m.focused()
	switch {
	case lv == nil:
		return m.t("why.no_lane")
	case lv.Subject == nil:
		return m.t("why.no_vehicle", m.laneName(lv))
	}
	return ""
}

// whyNotOpen: the vehicle's plate or class can be changed before it is done.
func whyNotOpen(m *model) string {
	if why := whyNoSubject(m); why != "" {
		return why
	}
	if s := m.focused().Subject; done(s) && s.Stay == uuid.Nil {
		return m.t("why.done")
	}
	return ""
}

func whyNoOffer(m *model) string {
	lv := m.toward(parking.In)
	switch {
	case lv == nil:
		return m.t("why.no_lane_in")
	case lv.Subject == nil:
		return m.t("why.no_vehicle", m.laneName(lv))
	case lv.Subject.Stage != lane.Offered:
		return m.t("why.not_offered")
	}
	return ""
}

func whyNotLost(m *model) string {
	lv := m.toward(parking.Out)
	switch {
	case lv == nil:
		return m.t("why.no_lane_out")
	case lv.Subject == nil:
		return m.t("why.no_vehicle", m.laneName(lv))
	case done(lv.Subject) || lv.Subject.Stage == lane.Arrived:
		return m.t("why.not_offered")
	}
	return ""
}

// whyNoDue: money is asked for only from a vehicle that is known and owes it.
func whyNoDue(m *model) string {
	if why := whyNotLost(m); why != "" {
		return why
	}
	s := m.toward(parking.Out).Subject
	switch match := chosen(s); {
	case s.NeedsWord != "":
		return m.t("why.allow")
	case match == nil && len(s.Matches) > 0:
		return m.t("why.pick")
	case match == nil:
		return m.t("why.no_match")
	case match.QuoteErr != "":
		return m.t("why.no_fee")
	case s.Due <= 0:
		return m.t("why.nothing_due")
	}
	return ""
}

func whyNoBarrier(m *model) string {
	lv := m.focused()
	switch {
	case lv == nil:
		return m.t("why.no_lane")
	case !lv.Lane.Barrier:
		return m.t("why.no_barrier", m.laneName(lv))
	}
	return ""
}

// whyNothingToPick: a digit that picks nothing begins a plate.
func whyNothingToPick(m *model) string {
	if m.typesPlate() {
		return ""
	}
	for side := range 2 {
		if lv := m.pane(side); lv != nil && (openMatches(lv.Subject) > 0 || candidates(lv.Subject) > 0) {
			return ""
		}
	}
	return m.t("why.nothing_to_pick")
}

// typesPlate says whether a digit is the first of a plate: the lane has a
// vehicle whose plate can be corrected, and nothing that digits pick.
func (m *model) typesPlate() bool {
	lv := m.focused()
	return whyNotOpen(m) == "" && !m.lockedOut(lv) && m.elsewhereAt(lv) == "" && !done(lv.Subject) && lv.Subject.Stage != lane.Arrived && openMatches(lv.Subject) == 0 && candidates(lv.Subject) == 0
}

func switchLanguage(m *model) tea.Cmd {
	s := m.set
	s.Language = words.Other(m.lang)
	return m.change(s)
}

// keyName is how a key is written on the screen.
func (m *model) keyName(b binding) string {
	name := b.label
	switch {
	case name != "":
	case len(b.Keys()) == 0:
		return "–"
	default:
		name = b.Keys()[0]
	}
	switch name {
	case "space":
		return m.t("key.space")
	case "enter":
		return "Enter"
	case "tab":
		return "Tab"
	case "esc":
		return "Esc"
	case "ctrl+c":
		return "Ctrl-C"
	}
	if strings.HasPrefix(name, "f") && len(name) > 1 {
		return strings.ToUpper(name)
	}
	return strings.NewReplacer("ctrl+", "Ctrl-", "alt+", "Alt-", "shift+", "Shift-").Replace(name)
}

// held says whether msg is a key kept down: told by the terminal, or the same
// key again faster than a finger.
func (m *model) held(msg tea.KeyPressMsg) bool {
	now, name := m.opts.Now(), msg.String()
	again := name == m.lastKey && now.Sub(m.lastAt) < repeatGap
	m.lastKey, m.lastAt = name, now
	return again || msg.IsRepeat
}

// key gives a key to whoever is on top: the sign-in, the top dialog, the main
// screen.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	held := m.held(msg)
	m.atKey = true
	defer func() { m.atKey = false }()
	switch name := msg.String(); {
	case msg.Text == "" && m.isKey(msg, "language"):
		return switchLanguage(m)
	case name == "ctrl+c" && m.view.Guard == nil:
		return tea.Quit
	case m.tooSmall():
		if name == "ctrl+c" && !m.view.Locked {
			return m.quit()
		}
		return nil
	case m.view.Guard == nil:
		cmd, _ := m.login.update(m, msg)
		return cmd
	case len(m.dialogs) > 0:
		if name == "ctrl+c" {
			m.pop()
			return nil
		}
		return m.dialogKey(msg, held)
	}
	for i := range m.keys {
		b := &m.keys[i]
		if !key.Matches(msg, b.Binding) {
			continue
		}
		var lv *lane.LaneView
		if b.off != nil {
			lv = b.off(m)
		}
		if m.whyLocked(b, lv) != "" {
			m.push(newUnlock(m))
			return bell
		}
		if why := m.elsewhereAt(lv); why != "" && !b.look {
			return m.refuse(lv, why)
		}
		if !b.look && m.justJumped(lv) {
			return m.refuse(lv, m.t("why.changed"))
		}
		if b.act && held {
			return m.refuse(lv, m.t("why.held"))
		}
		if b.does == "help.pick" {
			return m.digit(int(msg.String()[0] - '0'))
		}
		if b.why != nil {
			if why := b.why(m); why != "" {
				return m.refuse(lv, why)
			}
		}
		return b.do(m)
	}
	return nil
}

// quit leaves the console; with a vehicle half done it asks first.
func (m *model) quit() tea.Cmd {
	for i := range m.view.Lanes {
		if s := m.view.Lanes[i].Subject; s != nil && !done(s) {
			m.push(newQuit(m, &m.view.Lanes[i]))
			return nil
		}
	}
	return tea.Quit
}
