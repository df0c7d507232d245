package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
)

// The map's other face: a line for each slot, in order of zone and code. It is for
// sites whose slots have no positions, for many slots, and for who looks a code up:
// letters and digits that are typed lead to the first slot whose code begins so.

// tableRows are the slots in the order of the table.
func (m *model) tableRows() []*lane.SlotView {
	var out []*lane.SlotView
	zones, _, _ := m.numbered()
	for _, z := range zones {
		for i := range z.Slots {
			out = append(out, &z.Slots[i])
		}
	}
	return out
}

// tableKey moves through the table.
func (d *siteMap) tableKey(m *model, msg tea.KeyPressMsg) {
	rows := m.tableRows()
	at := slices.IndexFunc(rows, func(sv *lane.SlotView) bool { return sv.Slot.Code == d.at })
	page := max(1, m.h-7)
	switch key := msg.String(); key {
	case "up":
		at--
	case "down":
		at++
	case "pgup":
		at -= page
	case "pgdown":
		at += page
	case "home":
		at = 0
	case "end":
		at = len(rows) - 1
	case "backspace":
		d.typed = ""
		return
	default:
		if len(key) != 1 {
			return
		}
		d.typed += strings.ToUpper(key)
		found := slices.IndexFunc(rows, func(sv *lane.SlotView) bool { return strings.HasPrefix(strings.ToUpper(sv.Slot.Code), d.typed) })
		if found < 0 {
			d.typed = ""
			return
		}
		d.at = rows[found].Slot.Code
		return
	}
	d.typed = ""
	if len(rows) > 0 {
		d.at = rows[min(max(at, 0), len(rows)-1)].Slot.Code
	}
}

// tableLines draws the table.
func (d *siteMap) tableLines(m *model, w, h int) []string {
	rows := m.tableRows()
	at := max(0, slices.IndexFunc(rows, func(sv *lane.SlotView) bool { return sv.Slot.Code == d.at }))
	head := fit(m.t("field.slot"), 10) + fit(m.t("table.state"), 22) + fit(m.t("row.plate"), 16) + m.t("row.class")
	out := []string{" " + m.th.strong(look.Mine, m.t("title.map")), " " + m.th.role(look.Quiet, cut(head, w-2))}
	room := max(1, h-len(out)-3)
	from := max(0, min(at-room/2, len(rows)-room))
	for i := from; i < min(len(rows), from+room); i++ {
		line := m.tableRow(rows[i], w-2)
		if i == at {
			line = m.th.chosen(line)
		}
		out = append(out, " "+line)
	}
	for len(out) < h-3 {
		out = append(out, "")
	}
	keys := m.t("table.keys")
	if d.typed != "" {
		keys = m.t("table.typed", d.typed) + "  ·  " + keys
	}
	return withFoot(append(out, "", cut(" "+m.legend(), w)), h, m.th.role(look.Quiet, cut(" "+keys, w)))
}

// tableRow is a slot as one line.
func (m *model) tableRow(sv *lane.SlotView, w int) string {
	role := slotRole(sv)
	key := "slot." + string(role)
	if role == look.Out {
		key = "slot.out_of_service"
	}
	state := m.th.mark(role) + " " + words.T(m.lang, key)
	if sv.HeldBy != "" {
		state += " " + clean(sv.HeldBy)
	}
	var classes []string
	for _, c := range sv.Slot.Classes {
		classes = append(classes, m.class(c))
	}
	return fit(fit(clean(sv.Slot.Code), 10)+fit(state, 22)+fit(clean(sv.Plate), 16)+strings.Join(classes, ", "), w)
}
