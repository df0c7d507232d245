package tui

import (
	"math"
	"strings"

	tea "charm.land/bubbletea/v2"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// siteMap is the whole site by position, with one slot under the cursor.
type siteMap struct {
	at    string // code of the slot under the cursor
	table bool   // a line a slot, instead of where they are
	typed string // in the table: the beginning of a code
}

// spot is where a slot is drawn.
type spot struct {
	view *lane.SlotView
	x, y int
}

func newMap(m *model) dialog {
	d := &siteMap{}
	zones, _, _ := m.numbered()
	for _, z := range zones {
		for i := range z.Slots {
			if d.at == "" || z.Slots[i].Suggested {
				d.at = z.Slots[i].Slot.Code
			}
		}
	}
	return d
}

func (d *siteMap) place() place { return place{full: true} }

func (d *siteMap) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch key := msg.String(); {
	case key == "tab":
		d.table, d.typed = !d.table, ""
		return nil, false
	case d.table && key != "enter":
		d.tableKey(m, msg)
		return nil, false
	}
	w, h := d.room(m)
	switch msg.String() {
	case "left", "h":
		d.step(m.spots(w, h), -1, 0)
	case "right", "l":
		d.step(m.spots(w, h), 1, 0)
	case "up", "k":
		d.step(m.spots(w, h), 0, -1)
	case "down", "j":
		d.step(m.spots(w, h), 0, 1)
	case "enter":
		return d.details(m), false
	case "q":
		return nil, true
	default:
		return nil, m.isKey(msg, "map")
	}
	return nil, false
}

// details shows who stands on the slot under the cursor, with the photos of the
// entry.
func (d *siteMap) details(m *model) tea.Cmd {
	desk, at := m.desk, d.at
	return func() tea.Msg {
		for _, s := range desk.Search(at) {
			if s.Slot == at {
				return pushMsg{&search{query: newField("field.search", at, 40), found: []parking.Stay{s}, detail: true}}
			}
		}
		return nil // nobody, or a locked console
	}
}

// room is what the slots have of the screen.
func (d *siteMap) room(m *model) (w, h int) { return m.w, m.h - 5 }

// step moves the cursor to the nearest slot in a direction.
func (d *siteMap) step(spots []spot, dx, dy int) {
	var here *spot
	for i := range spots {
		if spots[i].view.Slot.Code == d.at {
			here = &spots[i]
		}
	}
	best := math.Inf(1)
	for i := range spots {
		s := &spots[i]
		if here == nil {
			d.at = s.view.Slot.Code
			return
		}
		along := (s.x-here.x)*dx + (s.y-here.y)*dy
		across := (s.x-here.x)*dy + (s.y-here.y)*dx
		if along <= 0 {
			continue
		}
		if far := float64(along) + 3*math.Abs(float64(across)); far < best {
			best, d.at = far, s.view.Slot.Code
		}
	}
}

// spotWidth is the cells of a slot on the map: its mark and three digits.
const spotWidth = 5

// spots puts every slot where it stands, north above; two that would share
// their cells move aside.
func (m *model) spots(w, h int) []spot {
	var views []*lane.SlotView
	low, high := parking.Point{X: math.Inf(1), Y: math.Inf(1)}, parking.Point{X: math.Inf(-1), Y: math.Inf(-1)}
	zones, _, _ := m.numbered()
	for _, z := range zones {
		for i := range z.Slots {
			at := z.Slots[i].Slot.At
			low.X, low.Y = min(low.X, at.X), min(low.Y, at.Y)
			high.X, high.Y = max(high.X, at.X), max(high.Y, at.Y)
			views = append(views, &z.Slots[i])
		}
	}
	columns, rows := max(1, (w-2)/spotWidth), max(1, h)
	if len(views) > columns*rows {
		views = views[:columns*rows]
	}
	place := func(v, from, to float64, cells int) int {
		if to <= from || math.IsNaN(v) {
			return 0
		}
		return min(cells-1, max(0, int(math.Round((v-from)/(to-from)*float64(cells-1)))))
	}
	taken := map[[2]int]bool{}
	var out []spot
	for _, sv := range views {
		x, y := place(sv.Slot.At.X, low.X, high.X, columns), place(high.Y-sv.Slot.At.Y, 0, high.Y-low.Y, rows)
		x, y = nearestFree(taken, x, y, columns, rows)
		taken[[2]int{x, y}] = true
		out = append(out, spot{sv, x, y})
	}
	return out
}

// nearestFree is the free cell nearest to x, y in rings around it.
func nearestFree(taken map[[2]int]bool, x, y, columns, rows int) (int, int) {
	for ring := range columns + rows {
		for dy := -ring; dy <= ring; dy++ {
			for dx := -ring; dx <= ring; dx++ {
				nx, ny := x+dx, y+dy
				edge := max(dx, -dx, dy, -dy) == ring
				if edge && nx >= 0 && ny >= 0 && nx < columns && ny < rows && !taken[[2]int{nx, ny}] {
					return nx, ny
				}
			}
		}
	}
	return x, y
}

func (d *siteMap) lines(m *model, w, h int) []string {
	if d.table {
		return d.tableLines(m, w, h)
	}
	roomW, roomH := d.room(m)
	grid := make([][]string, max(0, roomH))
	columns := max(1, (roomW-2)/spotWidth)
	for i := range grid {
		grid[i] = make([]string, columns)
	}
	var under *lane.SlotView
	for _, s := range m.spots(roomW, roomH) {
		role, mark := m.slotMark(s.view)
		text := mark + fit(clean(lastDigits(s.view.Plate, 3)), 3)
		if s.view.Plate == "" {
			text = mark + fit(strings.ToLower(cut(clean(s.view.Slot.Code), 3)), 3)
		}
		if s.view.Slot.Code == d.at {
			under = s.view
			grid[s.y][s.x] = m.th.chosen(text) + " "
		} else {
			grid[s.y][s.x] = m.th.role(role, text) + " "
		}
	}
	out := []string{" " + m.th.strong(look.Mine, m.t("title.map"))}
	for _, row := range grid {
		line := " "
		for _, cell := range row {
			line += fit(cell, spotWidth)
		}
		out = append(out, line)
	}
	out = append(out, "", cut(" "+m.slotText(under), w), cut(" "+m.legend(), w))
	return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("map.keys"), w)))
}

// slotText is the slot under the cursor in words.
func (m *model) slotText(sv *lane.SlotView) string {
	if sv == nil {
		return m.t("map.none")
	}
	role := slotRole(sv)
	key := "slot." + string(role)
	if role == look.Out {
		key = "slot.out_of_service"
	}
	parts := []string{m.th.strong(look.Text, clean(sv.Slot.Code)), m.th.mark(role) + " " + words.T(m.lang, key)}
	if sv.Plate != "" {
		parts = append(parts, m.th.strong(look.Text, clean(sv.Plate)))
	}
	if sv.HeldBy != "" {
		parts = append(parts, m.t("slots.held", clean(sv.HeldBy)), m.local(sv.HeldUntil).Format("15:04:05"))
	}
	if sv.LentTo != "" {
		parts = append(parts, m.t("slots.lent", clean(sv.LentTo)))
	}
	if sv.MayBeGone {
		parts = append(parts, m.t("slots.may_be_gone"))
	}
	var classes []string
	for _, c := range sv.Slot.Classes {
		classes = append(classes, m.class(c))
	}
	return strings.Join(append(parts, strings.Join(classes, ", "), m.t("map.home", clean(sv.Slot.Home))), "  ·  ")
}
