package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
)

// A dead clock is asked for once, by itself; what the guard does first is not
// held up, and F9 asks again.
func TestADeadClockIsAskedFor(t *testing.T) {
	t.Parallel()
	view := offeredIn(idleView())
	view.AsksTime = true
	m, d, clock := console(idleView(), 80, 24)
	m.takeView(&view)
	screen := ansi.Strip(m.View().Content)
	if len(m.dialogs) != 1 || !strings.Contains(screen, m.t("title.time")) || !strings.Contains(screen, m.t("banner.time")) {
		t.Fatalf("the time is not asked for:\n%s", screen)
	}
	press(m, clock, "esc")
	m.takeView(&view)
	if len(m.dialogs) != 0 {
		t.Fatal("it is asked for again and again")
	}
	press(m, clock, "f9", "2", "5", "enter")
	if len(m.dialogs) != 1 || len(d.calls) != 0 {
		t.Fatalf("no time is taken for one: %v", d.calls)
	}
	press(m, clock, "ctrl+u", "1", "5", ":", "0", "7", "enter")
	if !slices.Equal(d.calls, []string{"time 2026-11-22T08:07:00Z"}) {
		t.Fatalf("the desk was told %v", d.calls)
	}
}

// What is wrong at the gate stands in the banner, and "!" says what to do.
func TestTroublesAreShown(t *testing.T) {
	t.Parallel()
	view := idleView()
	view.Troubles = []lane.Trouble{{Code: "database_damaged", Text: "The database of this gate is damaged; nothing is recorded and no barrier opens by itself. Stop the gate and run gate recover."}, {Code: "new", Text: "Something new."}}
	m, _, clock := console(view, 100, 30)
	screen := ansi.Strip(m.View().Content)
	if !strings.Contains(screen, m.t("banner.trouble.database_damaged")) {
		t.Fatalf("the banner says nothing:\n%s", screen)
	}
	press(m, clock, "!")
	screen = ansi.Strip(m.View().Content)
	if !strings.Contains(screen, "gate recover") || !strings.Contains(screen, "Something new.") {
		t.Fatalf("what to do is not said:\n%s", screen)
	}
	press(m, clock, "enter")
	if len(m.dialogs) != 0 {
		t.Fatal("Enter does not leave")
	}
}

// A login page in the way is named beside what still works.
func TestALoginPageIsNamed(t *testing.T) {
	t.Parallel()
	view := idleView()
	view.Link.State, view.Link.Cause = lane.Offline, "login_page"
	m, _, _ := console(view, 120, 30)
	if screen := ansi.Strip(m.View().Content); !strings.Contains(screen, m.t("banner.cause.login_page")) {
		t.Fatalf("the login page is not named:\n%s", screen)
	}
}
