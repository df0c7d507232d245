package tui

import (
	"cmp"
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
)

// Times that the console keeps.
const (
	settle     = 250 * time.Millisecond // an act on a vehicle newer on the screen is refused
	repeatGap  = 120 * time.Millisecond // the same act key again this soon is auto-repeat
	paintDelay = 50 * time.Millisecond  // after a change, until the frame is surely written
	noteLasts  = 12 * time.Second
	spinAfter  = 300 * time.Millisecond
	viewGap    = 40 * time.Millisecond // between two views, however many changes come
)

// Messages of the console's own.
type (
	viewMsg     struct{ view *lane.View }
	tickMsg     struct{}
	paintedMsg  struct{ asked int }       // time to ask whether the frame was painted
	renderedMsg struct{}                  // the frame before is with the renderer
	languageMsg struct{ language string } // F2
	quitMsg     struct{}                  // the guard really means it
	pushMsg     struct{ dialog dialog }   // opens a dialog
	bellMsg     struct{}                  // rings, unless the bell is off
)

// laneState is what the console keeps of a lane beside its view.
type laneState struct {
	subject uuid.UUID // on the screen
	since   time.Time // when it came there
	painted bool      // the terminal has said so
	frame   int       // the first frame that shows it
	busy    string    // the act under way, as a word
	busyAt  time.Time
	note    note
	qrShown bool // its code was put on the screen by itself
	pic     picture
	face    picture // of the camera for faces
}

// note is a short message to the guard.
type note struct {
	text string
	role look.Role
	till time.Time
}

// model is the console's only model.
type model struct {
	ctx  context.Context
	desk Desk
	opts Options
	th   theme
	lang string
	set  settings.Settings
	kept keeping // of the settings

	away   putAway // while the console is locked
	unlock *form   // that unlocks it
	atKey  bool    // a key is being dealt with
	w, h   int

	view  *lane.View
	gotAt time.Time      // on our own clock, when view came
	zone  *time.Location // the site's
	wake  <-chan struct{}
	stop  func()

	pair     int // which two lanes are shown
	focus    int // 0 left, 1 right
	lanes    map[string]*laneState
	dialogs  []dialog
	login    *form
	walk     *walk // an inventory walk that was begun
	note     note
	pictures bool
	shots    photos // of entries
	knows    bool   // the terminal draws pixels
	images   int    // that were given a number
	timed    bool   // the time was asked for by itself
	keys     []binding
	lastKey  string
	lastAt   time.Time
	asked    int       // count of questions for the cursor's position
	answers  bool      // the terminal answers them
	working  string    // the lane at which others were told that the guard works
	idle     bool      // it has ended because no key was pressed
	line     *line     // to the terminal; nil in a program of its own
	drawn    int       // count of frames
	shown    *tea.View // the last of them
	nudge    bool      // flips to have a frame sent again
	wished   bool      // the guard has said whether he wants pictures
}

func newModel(ctx context.Context, desk Desk, opts Options) *model {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	v := desk.View()
	if v == nil {
		v = &lane.View{}
	}
	m := &model{
		ctx: ctx, desk: desk, opts: opts, view: v, gotAt: opts.Now(), set: opts.settings(),
		lanes: map[string]*laneState{},
		keys:  makeKeys(opts.Keys),
		w:     opts.Width, h: opts.Height, lastAt: opts.Now(),
	}
	m.lang = languageOf(opts, m.set, v)
	m.restyle(cmp.Or(opts.Profile, colorprofile.ANSI256), true)
	m.pictures = !opts.NoPicture && m.set.Pictures != settings.PicturesOff
	m.wake, m.stop = desk.Changed()
	m.login = newLogin()
	m.noticeSubjects()
	m.followQR()
	return m
}

func (m *model) close() {
	if m.stop != nil {
		m.stop()
	}
}

// t is a text of the console in the guard's language. Texts among args come
// from outside as often as not and are made safe to draw.
func (m *model) t(key string, args ...any) string {
	for i, a := range args {
		if s, is := a.(string); is {
			args[i] = clean(s)
		}
	}
	text := m.withKeys(words.T(m.lang, "console."+key), len(args) > 0)
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Init asks the terminal what it is and starts listening to the desk.
func (m *model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, m.askVersion(), m.nextView(), m.tick(), m.askPainted())
}

// nextView waits for the desk's next change and brings its view.
func (m *model) nextView() tea.Cmd {
	desk, wake, ctx := m.desk, m.wake, m.ctx
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-wake:
			if !open {
				return nil
			}
		}
		return viewMsg{desk.View()}
	}
}

// tick wakes the console once a second for its clock and ages; the renderer
// sends only the cells that differ.
func (m *model) tick() tea.Cmd { return m.after(time.Second, func() tea.Msg { return tickMsg{} }) }

// after runs do in d, unless the console has ended by then.
func (m *model) after(d time.Duration, do func() tea.Msg) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return do()
		case <-ctx.Done():
			return nil
		}
	}
}

// Update changes the model by one message, and tells the other consoles where
// its guard is now. It does no I/O.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.line.rendered(m.drawn)
	_, cmd := m.update(msg)
	if photos := m.wantPhotos(); photos != nil {
		cmd = tea.Batch(cmd, photos)
	}
	_, pressed := msg.(tea.KeyPressMsg)
	if refused := m.tellWorking(pressed); refused != nil {
		cmd = tea.Batch(cmd, refused)
	}
	return m, cmd
}

func (m *model) update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h, m.shown = msg.Width, msg.Height, nil
		m.line.sized(!m.tooSmall())
		return m, m.wantPictures()
	case tea.ColorProfileMsg:
		m.restyle(msg.Profile, m.th.dark)
		return m, m.wantPictures()
	case tea.BackgroundColorMsg:
		m.restyle(m.th.profile, msg.IsDark())
	case viewMsg:
		return m, m.takeView(msg.view)
	case tickMsg:
		m.unstickPaint()
		m.idleLock()
		if m.opts.Idle > 0 && m.opts.Now().Sub(m.lastAt) >= m.opts.Idle {
			m.idle = true
			return m, tea.Quit
		}
		return m, m.tick()
	case paintedMsg:
		if msg.asked == m.asked {
			return m, tea.RequestCursorPosition
		}
	case tea.TerminalVersionMsg:
		return m, m.takeVersion(msg.Name)
	case tea.CursorPositionMsg:
		m.takeCursor(msg.X)
		return m, m.wantPictures()
	case pictureMsg:
		return m, m.takePicture(msg)
	case photoMsg:
		return m, m.takePhoto(msg)
	case doneMsg:
		return m, m.takeDone(msg)
	case keptMsg:
		return m, m.takeKept(msg)
	case bellMsg:
		return m, m.ring()
	case foundMsg:
		msg.apply()
	case pushMsg:
		m.push(msg.dialog)
	case languageMsg:
		m.lang = msg.language
	case quitMsg:
		return m, tea.Quit
	case tea.PasteMsg:
		return m, m.paste(msg.Content)
	case tea.KeyPressMsg:
		return m, m.key(msg)
	}
	return m, nil
}

// takeView takes the desk's newest view. The next one is asked for a moment
// later, so that a storm of changes cannot starve the keys.
func (m *model) takeView(v *lane.View) tea.Cmd {
	cmds := []tea.Cmd{m.after(viewGap, m.nextView())}
	if v == nil {
		return tea.Batch(cmds...)
	}
	if m.conflictsRose(v) || m.alarmed(v) || m.messageCame(v) {
		cmds = append(cmds, bell)
	}
	was := m.view.Locked
	m.view, m.gotAt = v, m.opts.Now()
	if was && !v.Locked {
		m.unlocked()
	}
	m.pair = min(m.pair, max(0, len(m.pairs())-1))
	if m.noticeSubjects() {
		cmds = append(cmds, m.askPainted())
	}
	if v.Guard == nil {
		m.dialogs, m.away = nil, putAway{}
	}
	m.askTime()
	cmds = append(cmds, m.followQR(), m.wantPictures())
	return tea.Batch(cmds...)
}

// alarmed says whether something has happened at a lane that needs a look.
func (m *model) alarmed(v *lane.View) bool {
	for i := range v.Lanes {
		was := m.byCode(v.Lanes[i].Lane.Code)
		if now := v.Lanes[i].Alarm; now != "" && (was == nil || was.Alarm != now) {
			return true
		}
	}
	return false
}

func (m *model) conflictsRose(v *lane.View) bool { return v.Conflicts > m.view.Conflicts }

// noticeSubjects remembers which subject each lane shows from now on, and
// says whether one changed.
func (m *model) noticeSubjects() bool {
	changed := false
	for i := range m.view.Lanes {
		lv := &m.view.Lanes[i]
		st := m.lane(lv.Lane.Code)
		var id uuid.UUID
		if lv.Subject != nil {
			id = lv.Subject.ID
		}
		if id == st.subject {
			continue
		}
		changed = true
		st.subject, st.since, st.painted, st.frame = id, m.opts.Now(), false, m.drawn+1
		st.note = note{}
	}
	return changed
}

// lane is the console's own state of a lane.
func (m *model) lane(code string) *laneState {
	st := m.lanes[code]
	if st == nil {
		st = &laneState{}
		m.lanes[code] = st
	}
	return st
}

// now is business time, carried on from the view's own by our clock.
func (m *model) now() time.Time {
	return m.view.Now.Add(m.opts.Now().Sub(m.gotAt))
}

// local is t in the site's zone.
func (m *model) local(t time.Time) time.Time {
	if m.zone == nil || m.zone.String() != m.view.Timezone { // reading it takes a file
		zone, err := time.LoadLocation(m.view.Timezone)
		if err != nil {
			return t
		}
		m.zone = zone
	}
	return t.In(m.zone)
}

// say shows a message at a lane, or for the whole gate when code is "".
func (m *model) say(code string, r look.Role, text string) {
	if m.hidden(code) {
		return
	}
	n := note{text: clean(text), role: r, till: m.opts.Now().Add(noteLasts)}
	if code == "" {
		m.note = n
		return
	}
	m.lane(code).note = n
}

func (m *model) live(n note) bool { return n.text != "" && m.opts.Now().Before(n.till) }

// bell asks for the terminal's bell.
func bell() tea.Msg { return bellMsg{} }

// ring rings it, unless the guard has turned it off.
func (m *model) ring() tea.Cmd {
	if !m.set.Bell {
		return nil
	}
	return func() tea.Msg { return tea.RawMsg{Msg: "\a"} }
}
