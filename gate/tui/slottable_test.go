package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/parking"
)

// Tab turns the map into a table and back; the cursor stays at its slot, a code that
// is typed is found, and Enter shows who stands there.
func TestTheMapAsATable(t *testing.T) {
	t.Parallel()
	m, d, clock := console(offeredIn(idleView()), 80, 24, func(o *Options) { o.Language = "en" })
	press(m, clock, "g")
	sm := m.top().(*siteMap)
	before := sm.at
	press(m, clock, "tab")
	frame := ansi.Strip(m.frame())
	checkSize(t, m.frame(), 80, 24)
	if sm.at != before || !strings.Contains(frame, before) || !strings.Contains(frame, "State") {
		t.Fatalf("the table at %s:\n%s", sm.at, frame)
	}
	rows := m.tableRows()
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"home"}, rows[0].Slot.Code},
		{[]string{"down", "down"}, rows[2].Slot.Code},
		{[]string{"up"}, rows[1].Slot.Code},
		{[]string{"end", "down"}, rows[len(rows)-1].Slot.Code},
		{[]string{"home", "up", "pgdown"}, rows[17].Slot.Code},
		{[]string{"s", "1", "2"}, "S12"},
		{[]string{"z"}, "S12"}, // no code begins so: what was typed is forgotten
		{[]string{"w", "0", "3"}, "W03"},
		{[]string{"g"}, "W03"}, // a letter here, not the map's key
	} {
		press(m, clock, c.keys...)
		if sm.at != c.want {
			t.Errorf("%v leads to %s, want %s", c.keys, sm.at, c.want)
		}
		checkSize(t, m.frame(), 80, 24)
	}
	stay := stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow)
	stay.Slot = "W03"
	d.stays = []parking.Stay{stay}
	press(m, clock, "enter")
	if frame := ansi.Strip(m.frame()); !strings.Contains(frame, "29-B1 456.78") {
		t.Errorf("nobody stands there:\n%s", frame)
	}
	press(m, clock, "esc", "tab")
	if sm.table || sm.at != "W03" || m.top() != dialog(sm) {
		t.Errorf("back at the map: %+v", sm)
	}
}
