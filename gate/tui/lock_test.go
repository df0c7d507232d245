package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/parking"
)

// idleFor lets time pass without a key, and the console look at its clock.
func idleFor(m *model, clock *testClock, d time.Duration) {
	clock.pass(d)
	m.Update(tickMsg{})
}

// newest gives the console the desk's view, as its next wake-up does.
func newest(m *model, d *fakeDesk) {
	v := d.View()
	m.Update(viewMsg{v})
}

func lockedConsole(v lane.View, change ...func(*Options)) (*model, *fakeDesk, *testClock) {
	m, d, clock := console(v, 80, 24, change...)
	idleFor(m, clock, 11*time.Minute)
	d.calls = nil
	return m, d, clock
}

func TestGoldensOfTheLock(t *testing.T) {
	t.Parallel()
	busy := matchedOut(offeredIn(idleView()))
	carded := busy
	carded.HasCard = true
	for _, c := range []struct {
		name   string
		view   lane.View
		keys   string
		change func(*Options)
	}{
		{"locked", busy, "", asItIs},
		{"locked_english", busy, "", english},
		{"locked_idle", idleView(), "", asItIs},
		{"unlock", carded, "enter", asItIs},
		{"unlock_english", carded, "enter", english},
		{"own_card", idleView(), "", asItIs},
		{"own_card_english", idleView(), "", english},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var kept []settings.Settings
			m, _, clock := console(c.view, 80, 24, with(asUsual, &kept, nil), c.change)
			if strings.HasPrefix(c.name, "own_card") {
				press(m, clock, ",", "up", "enter")
			} else {
				idleFor(m, clock, 11*time.Minute)
			}
			press(m, clock, strings.Fields(c.keys)...)
			checkGolden(t, c.name+"_80x24", m, 80, 24)
		})
	}
}

func TestIdleConsoleIsLocked(t *testing.T) {
	t.Parallel()
	for minutes, after := range map[int]time.Duration{0: 0, 1: time.Minute, 10: 10 * time.Minute, 60: time.Hour} {
		m, d, clock := console(idleView(), 80, 24, with(func(s *settings.Settings) { s.LockMinutes = minutes }, new([]settings.Settings), nil))
		idleFor(m, clock, after/2)
		press(m, clock, "tab") // a key begins the time anew
		idleFor(m, clock, after-2*time.Second)
		if len(d.calls) > 0 || m.view.Locked {
			t.Errorf("%d minutes: locked too early", minutes)
		}
		idleFor(m, clock, 2*time.Second)
		if want := minutes > 0; m.view.Locked != want {
			t.Errorf("%d minutes: locked %v", minutes, m.view.Locked)
		}
		idleFor(m, clock, 24*time.Hour)
		if minutes == 0 && m.view.Locked {
			t.Error("it is locked although it never should be")
		}
	}
	m, d, clock := console(loggedOut(idleView()), 80, 24)
	if idleFor(m, clock, time.Hour); len(d.calls) > 0 {
		t.Error("the sign-in is locked")
	}
	m, d, clock = console(idleView(), 80, 24)
	if press(m, clock, "ctrl+l", "ctrl+l"); !slices.Equal(d.calls, []string{"lock"}) {
		t.Errorf("ctrl+l: %q", d.calls)
	}
}

// A locked console lets vehicles in by the one key, and shows and does nothing
// about money.
func TestLockedConsole(t *testing.T) {
	t.Parallel()
	both := matchedOut(offeredIn(idleView()))
	both.Shift = &lane.ShiftView{OpenedAt: fakeNow}
	m, d, clock := lockedConsole(both)
	frame := ansi.Strip(m.frame())
	for _, money := range []string{"₫", "20.000", "5.000", "VietQR", "phút đầu"} {
		if strings.Contains(frame, money) {
			t.Errorf("%q is on the screen:\n%s", money, frame)
		}
	}
	press(m, clock, "space")
	if !slices.Equal(d.calls, []string{"accept 1 aaaaaaaa"}) {
		t.Fatalf("IN asks %q", d.calls)
	}
	for _, keys := range [][]string{
		{"n"}, {"c"}, {"e", "ctrl+u", "3", "0", "A", "9", "9", "9", "9", "9", "enter"}, {"s", "N", "0", "4", "enter"}, {"k", "1", "enter"},
	} {
		m, d, clock := lockedConsole(both)
		if press(m, clock, keys...); len(d.calls) == 0 {
			t.Errorf("%v at the lane that leads in asks %q", keys, d.calls)
		}
	}
	// Everything else asks for the password, and asks the desk nothing.
	for i := range m.keys {
		b := &m.keys[i]
		if b.locked || b.action() == "lanes" {
			continue
		}
		m, d, clock := lockedConsole(both)
		press(m, clock, b.Keys()[0])
		if d, is := m.top().(*form); !is || d != m.unlock {
			t.Errorf("%s does not ask for the password but opens %T", b.action(), m.top())
		}
		if len(d.calls) > 0 {
			t.Errorf("%s asks %q", b.action(), d.calls)
		}
	}
	m, d, clock = lockedConsole(both)
	press(m, clock, "tab", "e") // the plate of the vehicle that leaves
	if f, is := m.top().(*form); !is || f != m.unlock || len(d.calls) > 0 {
		t.Errorf("a key at the lane that leads out opens %T and asks %q", m.top(), d.calls)
	}
	press(m, clock, "esc", "5", "6")
	if len(d.calls) > 0 || m.top() != nil {
		t.Errorf("a digit opens %T and asks %q", m.top(), d.calls)
	}
	if pay := payingOut(both); true {
		m, _, _ := lockedConsole(pay)
		if m.top() != nil || strings.Contains(ansi.Strip(m.frame()), "20.000") {
			t.Error("the code stays on a locked screen")
		}
	}
}

// The guard finds what was typed again; another guard does not.
func TestUnlock(t *testing.T) {
	t.Parallel()
	both := matchedOut(offeredIn(idleView()))
	begin := func() (*model, *fakeDesk, *testClock) {
		m, d, clock := console(both, 80, 24)
		press(m, clock, "t", "5", "0", "0", "0", "0")
		idleFor(m, clock, 11*time.Minute)
		if m.top() != nil {
			t.Fatal("the dialog stays on the locked screen")
		}
		d.calls = nil
		return m, d, clock
	}
	m, d, clock := begin()
	press(m, clock, "enter", "q", " ", "?", "enter")
	newest(m, d)
	if !slices.Equal(d.calls, []string{"unlock lan q ?"}) || m.view.Locked {
		t.Fatalf("the desk was asked %q; locked %v", d.calls, m.view.Locked)
	}
	if f, is := m.top().(*form); !is || len(m.dialogs) != 1 || f.fields[0].text() != "50000" {
		t.Errorf("what was typed is gone: %d dialogs", len(m.dialogs))
	}

	m, d, clock = begin()
	press(m, clock, "enter", "tab", "ctrl+u", "b", "i", "n", "h", "tab", "p", "enter")
	d.mu.Lock()
	d.view.Guard = &lane.Guard{Name: "binh"}
	d.mu.Unlock()
	newest(m, d)
	if !slices.Equal(d.calls, []string{"unlock binh p"}) || m.top() != nil {
		t.Errorf("asked %q; another guard finds %T", d.calls, m.top())
	}

	m, d, clock = begin()
	d.err = parking.Errorf(parking.Unauthorized, "Name or password is wrong.")
	press(m, clock, "enter", "enter", "x", "enter")
	newest(m, d)
	if f, is := m.top().(*form); !m.view.Locked || !is || f.wrong == "" || f.fields[1].text() != "" {
		t.Errorf("a wrong password: locked %v, %T", m.view.Locked, m.top())
	}
	if press(m, clock, "esc"); m.top() != nil || !m.view.Locked {
		t.Error("Esc does not go back to the locked screen")
	}

	m, d, _ = begin() // by a card at a reader: the view says so
	d.setLocked(false)
	if newest(m, d); m.view.Locked || len(m.dialogs) != 1 {
		t.Error("a card does not unlock")
	}
}

func TestOwnCard(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24)
	press(m, clock, ",", "up", "enter", "0", "0", "4", "2", "enter")
	press(m, clock, "enter", "enter")
	if !slices.Equal(d.calls, []string{`card "0042"`, `card ""`}) {
		t.Errorf("the desk was asked %q", d.calls)
	}
	if !strings.Contains(ansi.Strip(m.frame()), "đã bỏ thẻ") {
		t.Error("nothing is said")
	}
}

// What an act that was begun before the lock says and shows waits for the guard.
func TestActsThatEndWhileLocked(t *testing.T) {
	t.Parallel()
	m, d, clock := console(matchedOut(offeredIn(idleView())), 80, 24)
	clock.pass(time.Second)
	pays := then(m.act("2", subjectID(0xbb), "20.000 ₫ taken", func(context.Context) error { return nil }), func() { m.push(newHelp(m)) }, false)
	enters := m.act("1", subjectID(0xaa), "", func(context.Context) error { return errors.New("no disk") })
	press(m, clock, "ctrl+l")
	run(m, pays)
	run(m, enters)
	if frame := ansi.Strip(m.frame()); m.top() != nil || strings.Contains(frame, "20.000") || !strings.Contains(frame, "Máy gặp lỗi") {
		t.Errorf("%T lies on the locked screen:\n%s", m.top(), frame)
	}
	d.setLocked(false)
	newest(m, d)
	if _, is := m.top().(*help); !is {
		t.Errorf("what the act has shown is lost: %T", m.top())
	}
}
