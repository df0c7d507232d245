package tui

import (
	"strings"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// events are the texts of the latest events, newest first: of the kinds that
// a guard cares about, which are those that have a word. What belongs to one
// exit is one event: the way out, the money and how it came; and a barrier
// that opened for a stay is none.
func (m *model) events(most int) []string {
	paid, left := map[uuid.UUID]parking.Method{}, map[uuid.UUID]bool{}
	for i := range m.view.Recent {
		switch e := &m.view.Recent[i]; e.Kind {
		case parking.KindPaymentTaken:
			paid[e.Stay] = e.Method
		case parking.KindVehicleOut:
			left[e.Stay] = true
		}
	}
	var out []string
	for i := range m.view.Recent {
		e := m.view.Recent[i]
		ofStay := e.Stay != uuid.Nil
		switch {
		case len(out) == most:
			return out
		case !words.Has("console.event." + string(e.Kind)),
			e.Kind == parking.KindPaymentTaken && ofStay && left[e.Stay],
			e.Kind == parking.KindBarrierOpened && ofStay:
			continue
		case e.Kind == parking.KindVehicleOut && ofStay && e.Method == "":
			e.Method = paid[e.Stay]
		}
		out = append(out, m.eventText(&e))
	}
	return out
}

// historyLines are the latest events. In a single line as many stand beside
// each other as fit.
func (m *model) historyLines(w, h int) []string {
	if h > 1 {
		out := m.events(h)
		for i := range out {
			out[i] = " " + out[i]
		}
		return out
	}
	line := ""
	for _, text := range m.events(w / 8) {
		if line != "" {
			text = line + " · " + text
		}
		if width(text) > w-1 && line != "" {
			break
		}
		line = text
	}
	return []string{" " + line}
}

// eventText is an event as one short line.
func (m *model) eventText(e *lane.Event) string {
	parts := []string{m.th.role(look.Quiet, m.local(e.At).Format("15:04")), m.t("event." + string(e.Kind))}
	if e.Display != "" {
		parts = append(parts, cut(clean(e.Display), 20))
	}
	where := e.Slot
	if where == "" {
		where = e.Zone
	}
	if e.Kind == parking.KindVehicleIn || e.Kind == parking.KindSlotChanged {
		if where != "" {
			parts = append(parts, "→ "+cut(clean(where), 12))
		}
	}
	if e.Amount != 0 && !m.view.Locked {
		parts = append(parts, m.money(e.Amount))
	}
	if e.Method != "" && !m.view.Locked {
		parts = append(parts, clean(words.Method(m.lang, e.Method)))
	}
	if e.Gate != "" && e.Gate != m.view.Gate.Code {
		parts = append(parts, "("+cut(clean(e.Gate), 8)+")")
	}
	if e.Text != "" {
		parts = append(parts, m.says(e.Text))
	}
	return strings.Join(parts, " ")
}

// keysLine is the last line: a message to the guard, or the keys that are
// worth knowing.
func (m *model) keysLine(w int) string {
	if m.live(m.note) {
		return fit(" "+m.th.role(m.note.role, m.note.text), w)
	}
	line := "keys.line"
	if m.view.Locked {
		line = "keys.locked"
	}
	return fit(m.th.role(look.Quiet, " "+m.t(line)), w)
}
