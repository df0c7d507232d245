package tui

import (
	"fmt"
	"strings"
	"unicode"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// mapSlots is the largest number of slots that the main screen draws one by
// one; larger sites show counters, and a key opens the map.
const mapSlots = 120

// counterWidth is the cells of a counter beside the compact map.
const counterWidth = 18

// slotRole is what a slot is, as a role.
func slotRole(sv *lane.SlotView) look.Role {
	switch {
	case sv.Suggested && sv.Slot.State == parking.SlotFree:
		return look.Mine
	case sv.Slot.State == parking.SlotOutOfService:
		return look.Out
	case sv.Slot.State == parking.SlotOccupied:
		return look.Occupied
	case sv.HeldBy != "":
		return look.Reserved
	}
	return look.Free
}

// slotMark is the cell of a slot. One that may be gone by now, because it is
// another gate's and the cloud is away, has a smaller mark.
func (m *model) slotMark(sv *lane.SlotView) (look.Role, string) {
	role := slotRole(sv)
	if role == look.Free && sv.MayBeGone {
		if m.th.ascii {
			return look.Reserved, ","
		}
		return look.Reserved, "▫"
	}
	return role, m.th.bareMark(role)
}

// marks draws a row of slots, one cell each, painting runs at once.
func (m *model) marks(slots []lane.SlotView) string {
	var b, run strings.Builder
	last := look.Role("")
	flush := func() {
		if last == look.Mine {
			b.WriteString(m.th.strong(last, run.String()))
		} else {
			b.WriteString(m.th.role(last, run.String()))
		}
		run.Reset()
	}
	for i := range slots {
		role, mark := m.slotMark(&slots[i])
		if role != last {
			flush()
			last = role
		}
		run.WriteString(mark)
	}
	flush()
	return b.String()
}

func (m *model) numbered() (zones []*lane.ZoneView, slots, longest int) {
	for i := range m.view.Zones {
		z := &m.view.Zones[i]
		if z.Zone.Kind == parking.Numbered {
			zones = append(zones, z)
			slots += len(z.Slots)
			longest = max(longest, len(z.Slots))
		}
	}
	return zones, slots, longest
}

// richness is how many lines a zone gets: 0 means two zones share one.
func (m *model) richness() int {
	zones, slots, longest := m.numbered()
	if slots > mapSlots || len(zones) == 0 {
		return 0
	}
	spare := m.h - minHeight - 2
	switch {
	case m.w >= 24+longest*8 && spare >= 3*len(zones):
		return 2
	case m.w >= 20+longest*5 && spare >= len(zones)-2:
		return 1
	}
	return 0
}

// slotRows is the height of the map.
func (m *model) slotRows(rich int) int {
	zones, slots, _ := m.numbered()
	counters := len(m.counters())
	switch {
	case rich > 0:
		return min(m.h/3, rich*len(zones)+(counters+2)/3)
	case slots > mapSlots:
		return min(4, max(2, (len(zones)+counters+3)/4))
	}
	return min(6, max(2, max((len(zones)+1)/2, counters)))
}

// counter is a number of vehicles against a capacity.
type counter struct {
	name     string
	inside   int
	capacity int
}

// counters are the site's numbers: for each class what stands in numbered
// zones, and every class of a counted zone.
func (m *model) counters() []counter {
	var out []counter
	inside, capacity := 0, 0
	name := m.slotsName()
	for i := range m.view.Zones {
		z := &m.view.Zones[i]
		if z.Zone.Kind == parking.Numbered {
			capacity += z.Capacity
			for _, n := range z.Inside {
				inside += n
			}
		}
	}
	if capacity > 0 {
		out = append(out, counter{name, inside, capacity})
	}
	for i := range m.view.Zones {
		z := &m.view.Zones[i]
		if z.Zone.Kind != parking.Counted {
			continue
		}
		for _, c := range sortedClasses(z.Zone.Capacity) {
			out = append(out, counter{capital(m.class(c)), z.Inside[c], z.Zone.Capacity[c]})
		}
	}
	return out
}

// slotsName is what numbered slots are counted as: by their class when they
// all take the same one.
func (m *model) slotsName() string {
	name := parking.Class("")
	for i := range m.view.Zones {
		for j := range m.view.Zones[i].Slots {
			classes := m.view.Zones[i].Slots[j].Slot.Classes
			if len(classes) != 1 || (name != "" && name != classes[0]) {
				return m.t("map.slots")
			}
			name = classes[0]
		}
	}
	if name == "" {
		return m.t("map.slots")
	}
	return capital(m.class(name))
}

// counterText is a counter in w cells.
func (m *model) counterText(c counter, w int) string {
	role := look.Text
	if c.inside >= c.capacity {
		role = look.Trouble
	}
	return ends(clean(c.name), m.th.role(role, fmt.Sprintf("%d/%d", c.inside, c.capacity)), w)
}

// freeText says how much room a zone has.
func (m *model) freeText(z *lane.ZoneView) string {
	if z.Free <= 0 {
		return m.th.strong(look.Trouble, m.t("map.full"))
	}
	return m.t("map.free", z.Free)
}

// slotLines is the map of the main screen.
func (m *model) slotLines(rich, w int) []string {
	zones, slots, longest := m.numbered()
	counters := m.counters()
	switch {
	case rich > 0:
		return m.richLines(zones, counters, rich, w)
	case slots > mapSlots || 2*(longest+15)+counterWidth > w:
		return m.counterLines(zones, counters, w)
	}
	part := (w - counterWidth - 1) / 2
	var out []string
	for i := 0; i < max((len(zones)+1)/2, len(counters)); i++ {
		line := ""
		for j := range 2 {
			if n := 2*i + j; n < len(zones) {
				z := zones[n]
				line += fit(" "+fit(clean(z.Zone.Code), 2)+m.marks(z.Slots)+"  "+m.freeText(z), part)
			} else {
				line += fit("", part)
			}
		}
		if i < len(counters) {
			line += m.counterText(counters[i], counterWidth)
		}
		out = append(out, line)
	}
	return out
}

// counterLines shows a large site as numbers.
func (m *model) counterLines(zones []*lane.ZoneView, counters []counter, w int) []string {
	var cells []string
	cell := (w - 1) / 4
	for _, z := range zones {
		cells = append(cells, ends(clean(z.Zone.Code), m.freeText(z), cell-2))
	}
	for _, c := range counters {
		cells = append(cells, m.counterText(c, cell-2))
	}
	var out []string
	for i, c := range cells {
		if i%4 == 0 {
			out = append(out, " ")
		}
		out[len(out)-1] += c + "  "
	}
	return out
}

// richLines gives every zone its own line, each slot with the last digits of
// the plate in it; with two lines the slots' codes stand above.
func (m *model) richLines(zones []*lane.ZoneView, counters []counter, rich, w int) []string {
	var out []string
	cell := 5
	if rich == 2 {
		cell = 8
	}
	for _, z := range zones {
		codes, row := "    ", " "+fit(m.th.strong(look.Text, clean(z.Zone.Code)), 3)
		for i := range z.Slots {
			sv := &z.Slots[i]
			role, mark := m.slotMark(sv)
			tail := lastDigits(sv.Plate, min(5, cell-2))
			row += m.th.role(role, mark) + fit(clean(tail), cell-1)
			codes += fit(clean(sv.Slot.Code), cell)
		}
		if rich == 2 {
			out = append(out, m.th.role(look.Quiet, codes))
		}
		out = append(out, ends(row, m.freeText(z)+" ", w))
	}
	third := w / 3
	line := ""
	for i, c := range counters {
		line += " " + m.counterText(c, min(22, third-3)) + "  "
		if i%3 == 2 || i == len(counters)-1 {
			out = append(out, line)
			line = ""
		}
	}
	return out
}

// capital begins s with a capital letter.
func capital(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// lastDigits is the end of a plate, where a driver looks for it.
func lastDigits(plate string, n int) string {
	var digits []rune
	for _, r := range plate {
		if (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') {
			digits = append(digits, r)
		}
	}
	return string(digits[max(0, len(digits)-n):])
}
