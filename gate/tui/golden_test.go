package tui

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testClock is the console's clock in tests.
type testClock struct{ now time.Time }

func (c *testClock) Now() time.Time { return c.now }

func (c *testClock) pass(d time.Duration) { c.now = c.now.Add(d) }

// console is a model over a fake desk, with a second gone by since its start.
func console(v lane.View, w, h int, change ...func(*Options)) (*model, *fakeDesk, *testClock) {
	clock := &testClock{now: time.Unix(1000, 0)}
	d := &fakeDesk{view: v, wake: make(chan struct{}, 1)}
	opts := Options{Width: w, Height: h, Profile: colorprofile.TrueColor, Now: clock.Now}
	for _, f := range change {
		f(&opts)
	}
	m := newModel(context.Background(), d, opts)
	m.gotAt = clock.now
	clock.pass(time.Second)
	m.gotAt = clock.now // the view is new
	return m, d, clock
}

func english(o *Options)   { o.Language = "en" }
func asciiOnly(o *Options) { o.ASCII = true }
func noColour(o *Options)  { o.Profile = colorprofile.ASCII }
func sixteen(o *Options)   { o.Profile = colorprofile.ANSI }

func TestGoldens(t *testing.T) {
	t.Parallel()
	stays := []parking.Stay{
		stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour)),
		stayOf(0xdd, "30A12345", "30A-123.45", fakeNow.Add(-50*time.Hour)),
	}
	photographed := stays[0]
	photographed.InPhotos = []parking.PhotoRef{{Role: "plate", Thumb: "platea"}, {Role: "face", Thumb: "facea"}}
	cases := []struct {
		name string
		view lane.View
		keys string
	}{
		{"idle", idleView(), ""},
		{"neighbours", neighbours(idleView()), ""},
		{"neighbours_offline", neighbours(offline(idleView())), ""},
		{"in_offered", offeredIn(idleView()), ""},
		{"in_unsure", unsureIn(idleView()), ""},
		{"out_matched", matchedOut(idleView()), ""},
		{"out_many", manyOut(offeredIn(idleView())), ""},
		{"qr", payingOut(idleView()), ""},
		{"offline", offline(matchedOut(offeredIn(idleView()))), ""},
		{"login", loggedOut(offline(idleView())), ""},
		{"help", offeredIn(idleView()), "?"},
		{"search", idleView(), "/"},
		{"search_detail", matchedOut(idleView()), "/ enter"},
		{"map", offeredIn(idleView()), "g"},
		{"cash", matchedOut(idleView()), "t down down down"},
		{"by_hand", matchedOut(idleView()), "m"},
		{"lost", matchedOut(idleView()), "l"},
		{"token_lost", cardOut(idleView()), "l"},
		{"tap", offeredIn(idleView()), "k"},
		{"card_twice", cardTwice(heldIn(idleView())), ""},
		{"ticket_failed", ticketIn(idleView()), ""},
		{"tapped_idle", tappedIdle(idleView()), ""},
		{"plate", offeredIn(idleView()), "e"},
		{"class", pictured(matchedOut(idleView())), "tab c enter down"},
		{"slot", offeredIn(idleView()), "s down"},
		{"barrier", idleView(), "x"},
		{"queue", queued(matchedOut(idleView())), ""},
		{"six_lanes", sixLanes(queued(idleView())), ""},
		{"aside", queued(idleView()), "r down"},
		{"back_out", editSubject(offeredIn(idleView()), 0, func(s *lane.Subject) { s.Stage, s.Stay = lane.Opened, subjectID(1) }), "b"},
		{"turn", idleView(), "tab d"},
		{"quit", offeredIn(idleView()), "ctrl+c"},
		{"held", held(matchedOut(offeredIn(idleView()))), ""},
		{"held_refused", held(matchedOut(offeredIn(idleView()))), "enter"},
		{"view_only", viewOnly(matchedOut(offeredIn(idleView()))), "space"},
		{"view_only_help", viewOnly(matchedOut(offeredIn(idleView()))), "?"},
		{"clear", offeredIn(idleView()), "esc"},
		{"void", idleView(), "/ enter v"},
		{"move", idleView(), "/ enter s"},
		{"sign_out", idleView(), "f10"},
		{"time", deadClock(idleView()), "f9"},
		{"troubles", tappedIdle(idleView()), "!"},
		{"messages", messaged(idleView()), "@"},
		{"messages_wait", messaged(offline(idleView())), ""},
		{"alarm", alarmed(matchedOut(idleView())), ""},
		{"refused", refused(idleView()), ""},
		{"out_unheard", unheardOut(idleView()), ""},
		{"no_match", unknown(idleView()), ""},
		{"lost_unknown", unknown(idleView()), "l"},
		{"search_nothing", idleView(), "/ x x x"},
		{"table", offeredIn(idleView()), "g tab"},
		{"photos", pictured(matchedOut(idleView())), ""},
		{"photos_pick", pictured(manyOut(offeredIn(idleView()))), ""},
		{"photos_detail", pictured(matchedOut(idleView())), "/ enter"},
		{"conflicts", disputed(idleView()), "z down"},
		{"conflict", disputed(offeredIn(idleView())), "z enter"},
		{"pictures_off", offeredIn(idleView()), "p"},
	}
	everySize(t, func(t *testing.T, suffix, language string, size Size) {
		for _, c := range cases {
			name := c.name + suffix
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m, d, clock := console(c.view, size.Width, size.Height, func(o *Options) { o.Language = language })
				d.open = []lane.ConflictView{
					{Kind: "slot_twice", At: fakeNow.Add(-time.Hour), Slot: "N01", Stays: stays, Here: true},
					{Kind: "exit_unknown", At: fakeNow.Add(-2 * time.Hour)},
					{Kind: "of_a_later_version", At: fakeNow.Add(-3 * time.Hour)},
				}
				d.photos = entryPhotos()
				if d.stays = stays; c.name == "search_nothing" {
					d.stays = nil
				} else if c.name == "photos_detail" {
					d.stays = []parking.Stay{photographed}
				}
				press(m, clock, strings.Fields(c.keys)...)
				run(m, m.wantPhotos())
				checkGolden(t, name, m, size.Width, size.Height)
			})
		}
	})
}

// disputed has three conflicts that wait.
func disputed(v lane.View) lane.View {
	v.Conflicts = 3
	return v
}

// everySize runs do for the three sizes and both languages; suffix is what a
// golden's name ends with.
func everySize(t *testing.T, do func(t *testing.T, suffix, language string, size Size)) {
	t.Helper()
	for _, size := range []Size{{80, 24}, {100, 30}, {160, 50}} {
		for _, language := range []string{"vi", "en"} {
			do(t, fmt.Sprintf("_%s_%dx%d", language, size.Width, size.Height), language, size)
		}
	}
}

// held has another guard at the lane that leads out.
func held(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	v.Lanes[1].HeldBy = "Nguyễn Thị Minh Khai"
	return v
}

// viewOnly is what a console shows that comes from an address not on the list.
func viewOnly(v lane.View) lane.View {
	v.ViewOnly = true
	return v
}

// deadClock has a machine whose clock is wrong.
func deadClock(v lane.View) lane.View {
	v.AsksTime = true
	return v
}

// alarmed had a second vehicle go through on one opening.
func alarmed(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	v.Lanes[0].Alarm = "A second vehicle went through lane 1 on one opening."
	return v
}

func TestGoldensOfPlainTerminals(t *testing.T) {
	t.Parallel()
	view := offline(matchedOut(unsureIn(idleView())))
	for name, change := range map[string]func(*Options){"ascii": asciiOnly, "no_colour": noColour, "sixteen": sixteen, "english": english} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _, _ := console(view, 80, 24, change)
			checkGolden(t, name+"_80x24", m, 80, 24)
			frame := m.frame()
			if name == "ascii" && strings.ContainsFunc(frame, func(r rune) bool { return r > 0x7e }) {
				t.Error("something beyond ASCII is drawn")
			}
			if name == "no_colour" && (strings.Contains(frame, "\x1b[3") || strings.Contains(frame, "\x1b[4")) {
				t.Error("a colour is drawn")
			}
			if name == "sixteen" && strings.Contains(frame, "8;2;") {
				t.Error("more than sixteen colours are drawn")
			}
		})
	}
	m, _, _ := console(idleView(), 60, 12)
	checkGolden(t, "too_small_60x12", m, 60, 12)
	m, _, _ = console(idleView(), 60, 12, english)
	checkGolden(t, "too_small_en_60x12", m, 60, 12)
}

// neighbours hears two of the three other gates.
func neighbours(v lane.View) lane.View {
	v.Neighbours = []lane.Neighbour{
		{Gate: "E", Heard: true, Since: v.Now.Add(-time.Hour)},
		{Gate: "S", Heard: true, Since: v.Now.Add(-time.Hour)},
		{Gate: "W", Since: v.Now.Add(-time.Minute)},
	}
	return v
}

func loggedOut(v lane.View) lane.View {
	v.Guard = nil
	return v
}

// checkGolden compares the frame without its colours, and its size.
func checkGolden(t *testing.T, name string, m *model, w, h int) {
	t.Helper()
	frame := m.View().Content
	checkSize(t, frame, w, h)
	var lines []string
	for line := range strings.SplitSeq(ansi.Strip(frame), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	got := strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file) //nolint:gosec // a name of our own
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed (go test ./gate/tui -update writes it anew):\n%s", file, got)
	}
}

// checkSize says whether a frame is exactly w × h cells, however a terminal
// measures them.
func checkSize(t interface{ Errorf(string, ...any) }, frame string, w, h int) {
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Errorf("the frame has %d lines, want %d", len(lines), h)
	}
	for i, l := range lines {
		if a, b := ansi.StringWidth(l), ansi.StringWidthWc(l); a != w || b != w {
			t.Errorf("line %d is %d or %d cells wide, want %d: %q", i, a, b, w, ansi.Strip(l))
		}
	}
}

// press gives keys to m, half a second apart, and runs what they ask for.
func press(m *model, clock *testClock, keys ...string) {
	for _, k := range keys {
		clock.pass(500 * time.Millisecond)
		run(m, m.key(keyOf(k)))
	}
}

// keyOf is the message of a key by its name; other strings are typed text.
func keyOf(name string) tea.KeyPressMsg {
	special := map[string]tea.Key{
		"space": {Code: tea.KeySpace, Text: " "}, "enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"backspace": {Code: tea.KeyBackspace}, "f2": {Code: tea.KeyF2}, "f10": {Code: tea.KeyF10},
		"f3": {Code: tea.KeyF3}, "f5": {Code: tea.KeyF5}, "pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown},
		"f9": {Code: tea.KeyF9}, "ctrl+l": {Code: 'l', Mod: tea.ModCtrl},
		"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "delete": {Code: tea.KeyDelete}, "home": {Code: tea.KeyHome},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// run does what a command does, and what follows from it, but waits for
// nothing: timers and the desk's next view are left out.
func run(m *model, cmd tea.Cmd) (messages []tea.Msg) {
	if cmd == nil {
		return nil
	}
	answer := make(chan tea.Msg, 1)
	go func() { answer <- cmd() }()
	var msg tea.Msg
	select {
	case msg = <-answer:
	case <-time.After(20 * time.Second):
		panic("a command does not end")
	}
	switch msg := msg.(type) {
	case nil:
		return nil
	case tea.BatchMsg:
		for _, c := range msg {
			messages = append(messages, run(m, c)...)
		}
		return messages
	}
	_, next := m.Update(msg)
	return append([]tea.Msg{msg}, run(m, next)...)
}
