package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Fields of a vehicle that a walk found, in the order in which they are typed.
const (
	walkPlate = iota
	walkSlot
	walkCard
	walkClass
	walkZone
)

const (
	walkSaid  = 5 // how many vehicles the form still names
	walkNamed = 5 // how many one line of the summary names
	noPlate   = "-"
)

// walk is the list of an inventory walk that a guard types, one vehicle after the
// other. It stays when its form is left, until it was written.
type walk struct {
	form  *form
	id    uuid.UUID
	tried bool // it was sent under that id, and may have been written
	zone  string
	found []parking.FoundInventory
	again string                  // what was typed that is on the list already
	said  []func(m *model) string // what became of the last ones, newest first
}

// newWalk is the form for an inventory walk, with what was typed so far.
func newWalk(m *model) dialog {
	if m.walk == nil {
		m.walk = &walk{id: uuid.New()}
	}
	p := m.walk
	plate, slot, card := newField("field.plate", "", 40), newField("field.slot", "", 12), newField("field.token", "", parking.MaxTicketText)
	class, zone := newField("field.class", "", 24), newField("field.zone", p.zone, 12)
	plate.upper, slot.upper, zone.upper = true, true, true
	for _, c := range m.classes() {
		class.presets = append(class.presets, m.class(c))
	}
	if lv := m.focused(); lv != nil {
		class.set(m.class(lv.Lane.Class))
	}
	for i := range m.view.Zones {
		zone.presets = append(zone.presets, m.view.Zones[i].Zone.Code)
	}
	if p.zone == "" && len(zone.presets) > 0 {
		zone.set(zone.presets[0])
	}
	p.form = &form{title: text("title.walk"), enter: p.enter, whole: true, fields: []*field{plate, slot, card, class, zone}, info: p.info, submit: p.submit}
	return p.form
}

// ended says whether nothing is typed of another vehicle.
func (p *walk) ended() bool {
	return !slices.ContainsFunc(p.form.fields[:walkClass], func(f *field) bool { return f.text() != "" })
}

func (p *walk) enter(m *model) string {
	if p.ended() {
		return m.t("enter.walk_look")
	}
	return m.t("enter.walk_add")
}

func (p *walk) info(m *model, _ *form) []string {
	out := []string{m.t("walk.how"), m.t("walk.end")}
	if len(p.found) > 0 {
		out = append(out, m.t("walk.sum", clean(p.zone), len(p.found)))
	}
	for _, said := range p.said {
		out = append(out, clean(said(m)))
	}
	return out
}

func (p *walk) submit(m *model, f *form) tea.Cmd {
	zone := f.fields[walkZone].text()
	wrong := func(at int, why string) tea.Cmd {
		f.wrong, f.at = why, at
		return nil
	}
	switch {
	case !slices.Contains(f.fields[walkZone].presets, zone):
		return wrong(walkZone, m.t("walk.no_zone"))
	case len(p.found) > 0 && zone != p.zone:
		return wrong(walkZone, m.t("walk.other_zone", clean(p.zone)))
	}
	if p.zone != zone {
		p.changed()
	}
	p.zone = zone
	if p.ended() {
		return p.look(m, f)
	}
	v := parking.FoundInventory{Slot: f.fields[walkSlot].text(), Token: f.fields[walkCard].text()}
	typed, ok := f.fields[walkPlate].text(), false
	if v.Class, ok = m.classNamed(f.fields[walkClass].text()); !ok || v.Class == "" {
		return wrong(walkClass, m.t("paper.no_class"))
	}
	if typed != "" && typed != noPlate {
		plate, err := parking.ParsePlate(typed)
		if err != nil {
			return wrong(walkPlate, m.t("plate.not"))
		}
		v.Plate = plate
	}
	if typed == "" && v.Token == "" {
		return wrong(walkPlate, m.t("walk.no_plate"))
	}
	if i := p.listed(v); i >= 0 {
		return p.twice(m, f, i)
	}
	return p.add(m, f, v)
}

// listed is where on the list a vehicle of that plate or card is, -1 for nowhere.
func (p *walk) listed(v parking.FoundInventory) int {
	return slices.IndexFunc(p.found, func(o parking.FoundInventory) bool {
		return v.Plate != "" && o.Plate == v.Plate || v.Token != "" && o.Token == v.Token
	})
}

// twice takes a vehicle off the list that was typed once more, twice.
func (p *walk) twice(m *model, f *form, i int) tea.Cmd {
	v := p.found[i]
	name := vehicleFound(v)
	if p.again != name {
		p.again, f.wrong, f.at = name, m.t("walk.twice", clean(name)), walkPlate
		return nil
	}
	return func() tea.Msg {
		return foundMsg{func() {
			if i = p.listed(v); i < 0 {
				return
			}
			p.changed()
			p.found = slices.Delete(p.found, i, i+1)
			p.next(func(m *model) string { return m.t("walk.off", name) })
		}}
	}
}

// add has the desk look at one more vehicle, and puts it on the list.
func (p *walk) add(m *model, f *form, v parking.FoundInventory) tea.Cmd {
	w := lane.Walk{ID: p.id, Zone: p.zone, Found: append(slices.Clone(p.found), v)}
	if p.tried {
		w.ID = uuid.New()
	}
	var r lane.WalkLook
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		r, err = m.desk.LookAtInventory(ctx, w)
		return err
	})
	return fromForm(then(cmd, func() {
		p.changed()
		p.found = append(p.found, v)
		name := vehicleFound(v)
		p.next(func(m *model) string {
			switch at := r.Last; {
			case at == nil:
				return m.t("walk.new", name)
			case at.Zone != w.Zone || v.Slot != "" && at.Slot != v.Slot:
				return m.t("walk.elsewhere", name, placeOf(at))
			}
			return m.t("walk.known", name)
		})
	}, true), f)
}

// changed makes the list another one than that which may have been written.
func (p *walk) changed() {
	if p.tried {
		p.id, p.tried = uuid.New(), false
	}
}

// next notes what became of a vehicle and goes on with another; class and zone stay.
func (p *walk) next(said func(m *model) string) {
	p.said = append([]func(m *model) string{said}, p.said[:min(len(p.said), walkSaid-1)]...)
	p.again = ""
	for _, f := range p.form.fields[:walkClass] {
		f.set("")
	}
	p.form.at, p.form.wrong = walkPlate, ""
}

// look asks the desk what the walk would do, and shows that.
func (p *walk) look(m *model, f *form) tea.Cmd {
	w := lane.Walk{ID: p.id, Zone: p.zone, Found: slices.Clone(p.found)}
	var r lane.WalkLook
	cmd := m.act("", uuid.Nil, "", func(ctx context.Context) (err error) {
		r, err = m.desk.LookAtInventory(ctx, w)
		return err
	})
	return fromForm(then(cmd, func() {
		if m.open(f) {
			m.push(p.confirm(w, &r))
		}
	}, true), f)
}

// confirm shows what will be written; Enter writes it.
func (p *walk) confirm(w lane.Walk, r *lane.WalkLook) dialog {
	c := &form{title: text("title.walk_look", clean(w.Zone)), enter: text("enter.walk"), whole: true, under: p.form}
	c.info = func(m *model, _ *form) []string { return m.walkLines(&w, r) }
	c.submit = func(m *model, f *form) tea.Cmd {
		p.form.busy, p.tried = true, true
		cmd := m.act("", uuid.Nil, "", func(ctx context.Context) error {
			_, err := m.desk.TakeInventory(ctx, w)
			return err
		})
		return fromForm(then(cmd, func() {
			p.id, p.tried, p.said = uuid.New(), false, nil
			p.found = slices.DeleteFunc(p.found, func(v parking.FoundInventory) bool { return slices.Contains(w.Found, v) })
			p.next(func(m *model) string { return m.t("walk.written", w.Zone, len(w.Found), len(r.LetIn)) })
		}, false), f)
	}
	return c
}

// walkLines say what a walk found, and what will be done about it.
func (m *model) walkLines(w *lane.Walk, r *lane.WalkLook) []string {
	out := []string{m.t("walk.found", len(w.Found), r.Known)}
	for _, part := range []struct {
		key   string
		stays []parking.Stay
		where bool
	}{{"walk.let_in", r.LetIn, false}, {"walk.moved", r.Elsewhere, true}, {"walk.missing", r.Missing, true}} {
		if n := len(part.stays); n > 0 {
			out = append(out, " ", clean(m.t(part.key, n, m.namesOf(part.stays, part.where))))
		}
	}
	return append(out, " ", m.t("walk.note"))
}

// namesOf are the first of some vehicles, and how many more there are.
func (m *model) namesOf(stays []parking.Stay, where bool) string {
	var names []string
	for i := range stays {
		s := &stays[i]
		if i == walkNamed {
			names = append(names, m.t("walk.more", len(stays)-i))
			break
		}
		name := vehicleFound(parking.FoundInventory{Plate: s.Plate, Token: s.Token, Slot: s.Slot, Class: s.Class})
		if s.Display != "" {
			name = s.Display
		}
		if place := placeOf(s); where && place != "" {
			name += " (" + place + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// placeOf is where a stay stands by the books.
func placeOf(s *parking.Stay) string { return cmp.Or(s.Slot, s.Zone) }

// vehicleFound names a vehicle by its plate, its card or where it stands.
func vehicleFound(v parking.FoundInventory) string {
	switch {
	case v.Plate != "":
		return v.Plate.DisplayAs(0, v.Class)
	case v.Token != "":
		return v.Token
	}
	return strings.TrimSpace(noPlate + " " + v.Slot)
}
