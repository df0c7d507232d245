package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// slotChoice is the list of places that a vehicle may be given, nearest
// first, narrowed down by typing.
type slotChoice struct {
	laneCode string
	subject  uuid.UUID
	filter   *field
	at       int
	wrong    string
}

// option is one place of the list: a free slot, or a counted zone.
type option struct {
	code   string
	metres float64
	role   look.Role
	note   string
}

func newSlotChoice(m *model) dialog {
	lv := m.toward(parking.In)
	filter := newField("field.slot", "", 12)
	filter.upper = true
	return &slotChoice{laneCode: lv.Lane.Code, subject: lv.Subject.ID, filter: filter}
}

func (d *slotChoice) place() place   { return place{lane: d.laneCode} }
func (d *slotChoice) typing() *field { return d.filter }

// options lists what can be chosen now: it follows the site while it is open.
func (d *slotChoice) options(m *model) []option {
	lv := m.byCode(d.laneCode)
	if lv == nil || lv.Subject == nil {
		return nil
	}
	class, want := lv.Subject.Class, strings.ToUpper(d.filter.text())
	views := map[string]lane.SlotView{}
	var slots []parking.Slot
	var out []option
	for i := range m.view.Zones {
		z := &m.view.Zones[i]
		for _, sv := range z.Slots {
			views[sv.Slot.Code] = sv
			slots = append(slots, sv.Slot)
		}
		if _, takes := z.Zone.Capacity[class]; takes && z.Zone.Kind == parking.Counted && strings.HasPrefix(strings.ToUpper(z.Zone.Code), want) {
			out = append(out, option{code: z.Zone.Code, role: look.Free, note: m.t("slots.counted", z.Zone.Capacity[class]-z.Inside[class])})
		}
	}
	for _, s := range parking.Nearest(slots, class, m.view.Gate.At, nil) {
		if !strings.HasPrefix(strings.ToUpper(s.Code), want) {
			continue
		}
		sv := views[s.Code]
		o := option{code: s.Code, metres: s.At.Distance(m.view.Gate.At), role: slotRole(&sv)}
		switch {
		case sv.MayBeGone:
			o.note = m.t("slots.may_be_gone")
		case sv.LentTo != "":
			o.note = m.t("slots.lent", clean(sv.LentTo))
		case sv.HeldBy != "":
			o.note = m.t("slots.held", clean(sv.HeldBy))
		}
		out = append(out, o)
	}
	return out
}

func (d *slotChoice) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	options := d.options(m)
	switch msg.String() {
	case "up":
		d.at = max(0, d.at-1)
	case "down":
		d.at = min(d.at+1, max(0, len(options)-1))
	case "enter":
		lv := m.byCode(d.laneCode)
		d.wrong = ""
		switch {
		case m.lane(d.laneCode).subject != d.subject:
			d.wrong = m.t("why.gone")
		case len(options) == 0:
			d.wrong = m.t("slots.none")
		default:
			d.wrong = m.refusal(lv)
		}
		if d.wrong != "" {
			return bell, false
		}
		code := options[min(d.at, len(options)-1)].code
		return m.bound(lv, "", func(ctx context.Context, lane string, subject uuid.UUID) error {
			return m.desk.ChooseSlot(ctx, lane, subject, code)
		}), true
	default:
		if d.filter.key(msg) {
			d.at, d.wrong = 0, ""
		}
	}
	return nil, false
}

func (d *slotChoice) lines(m *model, w, h int) []string {
	options := d.options(m)
	d.at = min(d.at, max(0, len(options)-1))
	lv := m.byCode(d.laneCode)
	name := d.laneCode
	if lv != nil {
		name = m.laneName(lv)
	}
	label := " " + m.t("field.slot") + "  "
	out := []string{m.th.strong(look.Mine, cut(" "+m.t("title.slot", name), w)), label + d.filter.show(&m.th, w-width(label)-1, true), ""}
	room := max(1, h-len(out)-3)
	from := max(0, d.at-room+1)
	for i := from; i < min(len(options), from+room); i++ {
		o := options[i]
		text := fmt.Sprintf("%-6s", cut(clean(o.code), 12))
		if o.metres > 0 {
			text += fmt.Sprintf(" %4.0f m", o.metres)
		}
		text += "  " + o.note
		if i == d.at {
			out = append(out, " "+m.th.bareMark(o.role)+" "+m.th.chosen(fit(text, w-4)))
		} else {
			out = append(out, " "+m.th.mark(o.role)+" "+cut(text, w-4))
		}
	}
	if len(options) == 0 {
		out = append(out, " "+m.th.role(look.Quiet, m.t("slots.none")))
	}
	for len(out) < h-3 {
		out = append(out, "")
	}
	return append(out,
		" "+m.th.role(look.Trouble, cut(d.wrong, w-2)),
		" "+m.th.strong(look.Mine, "Enter "+m.t("enter.slot")),
		m.th.role(look.Quiet, cut(" "+m.t("form.list")+" · "+m.t("form.leave"), w)))
}
