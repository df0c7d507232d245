package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Every act reaches the desk once, with the lane and the vehicle on the screen.
func TestActs(t *testing.T) {
	t.Parallel()
	both := matchedOut(offeredIn(idleView()))
	for _, c := range []struct {
		name string
		view lane.View
		keys []string
		want string // "" when nothing may be asked
	}{
		{"accept", both, []string{"space"}, "accept 1 aaaaaaaa"},
		{"cash exact", both, []string{"enter"}, "cash 2 bbbbbbbb 0"},
		{"free", withDue(both, 0), []string{"enter"}, "free 2 bbbbbbbb"},
		{"open again", refused(both), []string{"space"}, "again 1 aaaaaaaa"},
		{"arrive in", idleView(), []string{"n"}, `arrive 1 ""`},
		{"arrive out", idleView(), []string{"o"}, `arrive 2 ""`},
		{"class", both, []string{"c"}, "class 1 aaaaaaaa motorbike"},
		{"class of the other lane", unknown(both), []string{"tab", "c"}, "class 2 bbbbbbbb bicycle"},
		{"the only vehicle", unknown(idleView()), []string{"c"}, "class 2 bbbbbbbb bicycle"},
		{"class of a stay", both, []string{"tab", "c", "enter", "down", "enter"}, `class 2 bbbbbbbb cccccccc bicycle "Ghi nhầm lúc vào"`},
		{"class of a stay, in the other language", both, []string{"tab", "c", "f2", "enter", "down", "enter"}, `class 2 bbbbbbbb cccccccc bicycle "Ghi nhầm lúc vào"`},
		{"another class of a stay", both, []string{"tab", "c", "up", "up", "enter", "down", "enter"}, `class 2 bbbbbbbb cccccccc car "Ghi nhầm lúc vào"`},
		{"class of a stay, without a reason", both, []string{"tab", "c", "enter", "enter"}, ""},
		{"no class of a stay", both, []string{"tab", "c", "x", "tab", "down", "enter"}, ""},
		{"pick candidate", unsureIn(idleView()), []string{"2"}, "candidate 1 aaaaaaaa 1"},
		{"pick stay", manyOut(both), []string{"6"}, "pick 2 bbbbbbbb 1"},
		{"correct", both, []string{"e", "ctrl+u", "3", "0", "e", "9", "9", "0", "3", "7", "enter"}, `correct 1 aaaaaaaa "30E99037" "" + accept 1 aaaaaaaa`},
		{"correct from its first digit", both, append(typed("30e99037"), "enter"), `correct 1 aaaaaaaa "30E99037" "" + accept 1 aaaaaaaa`},
		{"correct at the other lane", both, append(append([]string{"tab"}, typed("30e99037")...), "enter"), `correct 2 bbbbbbbb "30E99037" ""`},
		{"correct, strange plate", both, []string{"e", "ctrl+u", "X", "X", "1", "enter", "down", "enter"}, `correct 1 aaaaaaaa "XX1" "Biển nước ngoài" + accept 1 aaaaaaaa`},
		{"correct what is on the block list", blockedIn(both), append(typed("30e99037"), "enter"), `correct 1 aaaaaaaa "30E99037" ""`},
		{"correct with no room left", fullIn(both), append(typed("30e99037"), "enter"), `correct 1 aaaaaaaa "30E99037" ""`},
		{"correct what is warned of", warnedIn(both), append(typed("30e99037"), "enter"), `correct 1 aaaaaaaa "30E99037" ""`},
		{"a digit that picks begins no plate", unsureIn(idleView()), []string{"2", "9"}, "candidate 1 aaaaaaaa 1"},
		{"slot", both, []string{"s", "N", "0", "4", "enter"}, "slot 1 aaaaaaaa N04"},
		{"cash with change", both, []string{"t", "5", "0", "0", "0", "0", "enter"}, "cash 2 bbbbbbbb 50000"},
		{"cash too little", both, []string{"t", "5", "0", "0", "enter"}, ""},
		{"VietQR", both, []string{"q"}, "qr 2 bbbbbbbb"},
		{"VietQR, capital", both, []string{"Q"}, "qr 2 bbbbbbbb"},
		{"by hand", both, []string{"m", "A", "C", "B", "enter"}, `by hand 2 bbbbbbbb "ACB" 2026-11-22 14:32`},
		{"by hand from the code", payingOut(both), []string{"m", "A", "C", "B", "enter"}, `by hand 2 bbbbbbbb "ACB" 2026-11-22 14:32`},
		{"by hand without a bank", both, []string{"m", "enter", "enter"}, ""},
		{"barrier", both, []string{"x", "down", "enter"}, `open 1 "Xe ưu tiên"`},
		{"barrier without a reason", both, []string{"x", "enter"}, ""},
		{"lost", unknown(both), []string{"l", "down", "tab", "3", "0", "0", "0", "0", "enter"}, `unknown 2 bbbbbbbb "Mất thẻ" 30000 cash`},
		{"lost, for what the tariff asks", withDue(unknown(both), 50_000), []string{"l", "down", "enter"}, `unknown 2 bbbbbbbb "Mất thẻ" 50000 cash`},
		{"lost, for another sum", withDue(unknown(both), 50_000), []string{"l", "down", "tab", "3", "0", "0", "0", "0", "enter"}, `unknown 2 bbbbbbbb "Mất thẻ" 30000 cash`},
		{"lost, for more than the tariff asks", withDue(unknown(both), 50_000), []string{"l", "down", "tab", "backspace", "backspace", "backspace", "backspace", "5", "0", "0", "0", "enter"}, `unknown 2 bbbbbbbb "Mất thẻ" 55000 cash`},
		{"lost card", cardOut(both), []string{"l", "down", "enter"}, `lost 2 bbbbbbbb cccccccc "Mất thẻ, có đăng ký xe"`},
		{"lost card without a reason", cardOut(both), []string{"l", "enter"}, ""},
		{"card by hand", both, []string{"k", "0", "0", "4", "2", "enter"}, `tap 1 "0042"`},
		{"ticket by hand", both, []string{"k", "G", "H", "1", ".", "A", "B", "enter"}, `tap 2 "GH1.AB"`},
		{"no card", both, []string{"k", "enter"}, ""},
		{"ticket again", ticketIn(idleView()), []string{"i"}, "print 1 aaaaaaaa"},
		{"ticket again where there is none", both, []string{"i"}, ""},
		{"clear", both, []string{"esc", "enter"}, "clear 1 aaaaaaaa"},
		{"clear when done", editSubject(both, 0, func(s *lane.Subject) { s.Stage = lane.Opened }), []string{"esc"}, "clear 1 aaaaaaaa"},
		{"clear, thought better", both, []string{"esc", "esc"}, ""},
		{"back out", editSubject(both, 0, func(s *lane.Subject) { s.Stage, s.Stay = lane.Opened, subjectID(1) }), []string{"b", "down", "enter"}, `back out 1 aaaaaaaa "Khách đổi ý"`},
		{"back out before it was let through", offeredIn(idleView()), []string{"b", "enter"}, ""},
		{"back out after it passed", editSubject(offeredIn(idleView()), 0, func(s *lane.Subject) { s.Stage, s.Stay = lane.HasPassed, subjectID(1) }), []string{"b", "enter"}, ""},
		{"aside", payingOut(both), []string{"esc", "a"}, "aside 2 bbbbbbbb"},
		{"aside with nothing known", unknown(both), []string{"a"}, ""},
		{"recall the second", queued(both), []string{"r", "down", "enter"}, "recall 2 32323232"},
		{"recall by digit", queued(idleView()), []string{"r", "1"}, "recall 2 31313131"},
		{"recall the only one", oneAside(idleView()), []string{"r"}, "recall 2 31313131"},
		{"recall nobody", both, []string{"r"}, ""},
		{"turn a lane around", idleView(), []string{"d", "down", "enter"}, `turn 1 out "Giờ cao điểm"`},
		{"turn without a reason", idleView(), []string{"d", "enter"}, ""},
		{"an act at the fifth lane", sixLanes(both), []string{"]", "]", "n"}, `arrive 5 ""`},
		{"and back at the third", sixLanes(both), []string{"]", "]", "[", "space"}, "accept 3 aaaaaaaa"},
		{"sign out", both, []string{"f10", "enter"}, "sign out"},
		{"sign in", loggedOut(idleView()), []string{"l", "a", "n", "tab", "q", " ", "?", "enter"}, "sign in lan q ?"},
		{"sign in by Enter", loggedOut(idleView()), []string{"l", "enter", "p", "enter"}, "sign in l p"},
		{"sign in without a password", loggedOut(idleView()), []string{"l", "enter", "enter"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, d, clock := console(c.view, 80, 24)
			press(m, clock, c.keys...)
			var want []string
			if c.want != "" {
				want = strings.Split(c.want, " + ")
			}
			if !slices.Equal(d.calls, want) {
				t.Errorf("the desk was asked %q, want %q\n%s", d.calls, want, ansi.Strip(m.frame()))
			}
		})
	}
}

func oneAside(v lane.View) lane.View {
	v = queued(v)
	v.Lanes[1].Aside = v.Lanes[1].Aside[:1]
	return v
}

func blockedIn(v lane.View) lane.View {
	return editSubject(v, 0, func(s *lane.Subject) { s.NeedsWord = "30E-990.37 is on the block list." })
}

func fullIn(v lane.View) lane.View {
	return editSubject(v, 0, func(s *lane.Subject) { s.Slot, s.Zone = "", "" })
}

func warnedIn(v lane.View) lane.View {
	return editSubject(v, 0, func(s *lane.Subject) { s.Warnings = []string{"It is inside already."} })
}

func withDue(v lane.View, due parking.Money) lane.View {
	return editSubject(v, 1, func(s *lane.Subject) { s.Due = due })
}

func unknown(v lane.View) lane.View {
	return editSubject(matchedOut(v), 1, func(s *lane.Subject) { s.Matches, s.Chosen, s.Due = nil, -1, 0 })
}

func refused(v lane.View) lane.View {
	return editSubject(matchedOut(offeredIn(v)), 0, func(s *lane.Subject) {
		s.Stage, s.Why, s.Stay, s.Again = lane.Refused, "The barrier does not answer.", subjectID(1), true
	})
}

// A search finds stays as the guard types; what is found can be moved, voided,
// or taken for the vehicle at the exit.
func TestSearch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"enter", "enter"}, "pick 2 bbbbbbbb 0"},
		{[]string{"down", "enter", "enter"}, `correct 2 bbbbbbbb "30A12345" "Tìm thấy trong danh sách"`},
		{[]string{"enter", "s", "N", "0", "4", "tab", "k", "enter"}, `move cccccccc N04 "k"`},
		{[]string{"enter", "v", "k", "enter"}, `void cccccccc "k"`},
		{[]string{"enter", "v", "enter", "esc", "esc"}, ""},
	} {
		m, d, clock := console(matchedOut(idleView()), 80, 24)
		d.stays = []parking.Stay{
			stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-time.Hour)), stayOf(0xdd, "30A12345", "30A-123.45", fakeNow),
		}
		press(m, clock, append([]string{"/", "3"}, c.keys...)...)
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		if got := d.calls[min(2, len(d.calls)):]; !slices.Equal(got, want) || d.calls[1] != `search "3"` {
			t.Errorf("%v: the desk was asked %q, want %q", c.keys, d.calls, want)
		}
	}
}

// An act belongs to the vehicle that the guard has seen.
func TestActNeedsASeenVehicle(t *testing.T) {
	t.Parallel()
	m, d, clock := console(offeredIn(idleView()), 80, 24)
	next := offeredIn(idleView())
	s := *next.Lanes[0].Subject
	s.ID = subjectID(0xee)
	next.Lanes[0].Subject = &s
	m.Update(viewMsg{&next})

	clock.pass(100 * time.Millisecond)
	if !rang(run(m, m.key(keyOf("space")))) || len(d.calls) != 0 {
		t.Fatalf("a key 100 ms after the change is not refused: %q", d.calls)
	}
	if !strings.Contains(m.frame(), "Màn hình vừa đổi") {
		t.Error("the refusal is not explained")
	}
	clock.pass(300 * time.Millisecond)
	run(m, m.key(keyOf("space")))
	if !slices.Equal(d.calls, []string{"accept 1 eeeeeeee"}) {
		t.Errorf("the desk was asked %q", d.calls)
	}
}

// A terminal that answers questions about its cursor must answer before an
// act counts as seen: on a slow line 250 ms are not enough.
func TestActWaitsForAPaintedFrame(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	m.Update(tea.CursorPositionMsg{})
	next := offeredIn(idleView())
	m.Update(viewMsg{&next})
	clock.pass(time.Second)
	if !rang(run(m, m.key(keyOf("space")))) || len(d.calls) != 0 {
		t.Fatalf("an act on a frame that was not painted is not refused: %q", d.calls)
	}
	m.Update(tea.CursorPositionMsg{})
	clock.pass(200 * time.Millisecond)
	run(m, m.key(keyOf("space")))
	if len(d.calls) != 0 {
		t.Fatalf("an act 200 ms after the painting is not refused: %q", d.calls)
	}
	clock.pass(200 * time.Millisecond)
	run(m, m.key(keyOf("space")))
	if !slices.Equal(d.calls, []string{"accept 1 aaaaaaaa"}) {
		t.Errorf("the desk was asked %q", d.calls)
	}
}

func TestHeldKeyActsOnce(t *testing.T) {
	t.Parallel()
	m, d, clock := console(offeredIn(idleView()), 80, 24)
	repeat := keyOf("space")
	repeat.IsRepeat = true
	if !rang(run(m, m.key(repeat))) || len(d.calls) != 0 {
		t.Fatalf("auto-repeat told by the terminal acts: %q", d.calls)
	}
	press(m, clock, "space")
	for range 20 { // a terminal that tells nothing: the key comes 30 times a second
		clock.pass(33 * time.Millisecond)
		run(m, m.key(keyOf("space")))
	}
	if len(d.calls) != 1 {
		t.Errorf("a key held down acted %d times: %q", len(d.calls), d.calls)
	}
}

func TestDisabledKeySaysWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		view      lane.View
		key, want string
	}{
		{idleView(), "space", "Chưa có xe ở làn 1."},
		{idleView(), "enter", "Chưa có xe ở làn 2."},
		{idleView(), "t", "Chưa có xe ở làn 2."},
		{unsureIn(idleView()), "space", "Chọn biển bằng số"},
		{unknown(idleView()), "q", "Không thấy lượt vào"},
		{withDue(matchedOut(idleView()), 0), "m", "Xe này không phải trả tiền."},
		{manyOut(idleView()), "enter", "Chọn xe bằng số"},
		{idleView(), "1", "Không có gì để chọn."},
		{idleView(), "s", "Chưa có xe ở làn 1."},
		{withoutBarrier(idleView()), "x", "không có barie"},
	} {
		m, d, _ := console(c.view, 80, 24)
		messages := run(m, m.key(keyOf(c.key)))
		if !rang(messages) || !strings.Contains(m.frame(), c.want) || len(d.calls) != 0 {
			t.Errorf("key %s: want a bell and %q, desk asked %q\n%s", c.key, c.want, d.calls, ansi.Strip(m.frame()))
		}
		press(m, &testClock{now: m.opts.Now()}, "?")
	}
}

func withoutBarrier(v lane.View) lane.View {
	v.Lanes[0].Lane.Barrier = false
	return v
}

func rang(messages []tea.Msg) bool {
	return slices.Contains(messages, tea.Msg(tea.RawMsg{Msg: "\a"}))
}

// What a guard has typed stays when something happens, and a form about a
// vehicle that has gone says so instead of acting on the next one.
func TestTypingSurvivesEvents(t *testing.T) {
	t.Parallel()
	m, d, clock := console(offeredIn(idleView()), 80, 24)
	press(m, clock, "e", "ctrl+u", "5", "1")
	other := matchedOut(offeredIn(offline(idleView())))
	m.Update(viewMsg{&other})
	press(m, clock, "f2", "f")
	if !strings.Contains(m.frame(), "51F") || !strings.Contains(m.frame(), "Correct the plate") {
		t.Fatalf("what was typed is lost, or the form is not in English:\n%s", ansi.Strip(m.frame()))
	}
	gone := idleView()
	m.Update(viewMsg{&gone})
	press(m, clock, "enter")
	if len(d.calls) != 0 || !strings.Contains(m.frame(), "The vehicle has changed") {
		t.Errorf("the form acts on a vehicle that has gone: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
	press(m, clock, "esc")
	if len(m.dialogs) != 0 {
		t.Error("Esc does not leave")
	}
}

// A refusal of the desk stays in the form, with everything that was typed.
func TestRefusalKeepsTheForm(t *testing.T) {
	t.Parallel()
	m, d, clock := console(matchedOut(idleView()), 80, 24, english)
	d.err = parking.Errorf(parking.Unavailable, "The disk is full.")
	press(m, clock, "x", "f", "i", "r", "e", "enter")
	frame := m.frame()
	if !strings.Contains(frame, "The disk is full.") || !strings.Contains(frame, "fire") || len(m.dialogs) != 1 {
		t.Errorf("the refusal is not shown in the form:\n%s", ansi.Strip(frame))
	}
	d.err = nil
	press(m, clock, "enter")
	if len(m.dialogs) != 0 || len(d.calls) != 2 {
		t.Errorf("the second try is not taken: %q", d.calls)
	}
}

// While an act is being written a second one is refused.
func TestOneActAtATime(t *testing.T) {
	t.Parallel()
	m, d, clock := console(offeredIn(idleView()), 80, 24)
	clock.pass(time.Second)
	pending := m.key(keyOf("space")) // not run: the desk takes its time
	clock.pass(time.Second)
	run(m, m.key(keyOf("space")))
	if len(d.calls) != 0 || !strings.Contains(m.frame(), "Đang ghi việc trước.") {
		t.Fatalf("a second act is begun: %q", d.calls)
	}
	run(m, pending)
	if len(d.calls) != 1 {
		t.Errorf("the desk was asked %q", d.calls)
	}
}

// The code opens by itself when a transfer is awaited, closes by itself when
// the money has come, and does not come back after Esc.
func TestQROpensAndCloses(t *testing.T) {
	t.Parallel()
	m, _, clock := console(matchedOut(idleView()), 80, 24)
	paying := payingOut(idleView())
	m.Update(viewMsg{&paying})
	if _, is := m.top().(*qrView); !is {
		t.Fatal("the code is not shown")
	}
	press(m, clock, "esc")
	m.Update(viewMsg{&paying})
	if m.top() != nil {
		t.Fatal("the code comes back after Esc")
	}
	press(m, clock, "q")
	if _, is := m.top().(*qrView); !is {
		t.Fatal("q does not show the code again")
	}
	paid := payingOut(idleView())
	paid.Lanes[1].Subject.Stage = lane.Opened
	if m.Update(viewMsg{&paid}); m.top() != nil {
		t.Error("the code stays when the money has come")
	}
}

func TestQuitAsksOnlyWithAVehicle(t *testing.T) {
	t.Parallel()
	m, _, _ := console(idleView(), 80, 24)
	if cmd := m.key(keyOf("ctrl+c")); cmd == nil || cmd() != (tea.QuitMsg{}) {
		t.Error("an idle console does not quit")
	}
	m, _, clock := console(offeredIn(idleView()), 80, 24)
	press(m, clock, "ctrl+c")
	if len(m.dialogs) != 1 {
		t.Fatal("a console with a vehicle quits without asking")
	}
	clock.pass(time.Second)
	if messages := run(m, m.key(keyOf("enter"))); !slices.Contains(messages, tea.Msg(quitMsg{})) {
		t.Errorf("it does not quit when told twice: %v", messages)
	}
}

// Six lanes are shown two by two; Tab goes through them.
func TestTabGoesThroughLanes(t *testing.T) {
	t.Parallel()
	v := idleView()
	for i, dir := range []parking.Direction{parking.Out, parking.In, parking.In} {
		l := v.Lanes[0]
		l.Lane.Code, l.Lane.Direction = string(rune('3'+i)), dir
		v.Lanes = append(v.Lanes, l)
	}
	m, _, clock := console(v, 80, 24)
	var seen []string
	for range 6 {
		seen = append(seen, m.focused().Lane.Code)
		press(m, clock, "tab")
	}
	if want := []string{"1", "2", "4", "3", "5", "1"}; !slices.Equal(seen, want) {
		t.Errorf("Tab goes %v, want %v", seen, want)
	}
}
