package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// search finds open stays by plate, slot or token, as the guard types. From
// a stay that was found it can be moved, voided, or taken for the vehicle
// that waits at the exit.
type search struct {
	query  *field
	found  []parking.Stay
	at     int
	detail bool // the stay under the cursor, large
}

// foundMsg brings results; apply says nothing when they are no longer asked for.
type foundMsg struct{ apply func() }

// openSearch opens the search with everybody who is inside.
func openSearch(m *model) tea.Cmd {
	d := &search{query: newField("field.search", "", 40)}
	m.push(d)
	return d.look(m)
}

func (d *search) place() place { return place{} }

func (d *search) typing() *field {
	if d.detail {
		return nil
	}
	return d.query
}

func (d *search) stay() *parking.Stay {
	if d.at < 0 || d.at >= len(d.found) {
		return nil
	}
	return &d.found[d.at]
}

// look asks the desk for what the field says, outside Update.
func (d *search) look(m *model) tea.Cmd {
	desk, query := m.desk, d.query.text()
	return func() tea.Msg {
		found := desk.Search(query)
		return foundMsg{func() {
			if d.query.text() == query {
				d.found, d.at = found, 0
			}
		}}
	}
}

func (d *search) update(m *model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch msg.String() {
	case "up":
		d.at = max(0, d.at-1)
		return nil, false
	case "down":
		d.at = min(d.at+1, max(0, len(d.found)-1))
		return nil, false
	}
	if !d.detail {
		if msg.String() == "enter" {
			d.detail = d.stay() != nil
			return nil, false
		}
		before := d.query.text()
		if d.query.key(msg) && d.query.text() != before {
			return d.look(m), false
		}
		return nil, false
	}
	s := d.stay()
	switch msg.String() {
	case "backspace":
		d.detail = false
	case "enter":
		return d.takeForExit(m, s)
	case "s":
		m.push(newMove(*s))
	case "v":
		m.push(newVoid(*s))
	case "t":
		return m.openEarly(s.ID, s.Display), false
	case "y":
		return m.openReceipt(s.ID, uuid.Nil), false
	}
	return nil, false
}

// takeForExit says that the vehicle at the exit is this stay's.
func (d *search) takeForExit(m *model, s *parking.Stay) (tea.Cmd, bool) {
	lv := m.toward(parking.Out)
	if why := whyNotLost(m); why != "" {
		return m.refuse(lv, why), true
	}
	for i := range lv.Subject.Matches {
		if lv.Subject.Matches[i].Stay.ID == s.ID {
			return m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
				return m.desk.Pick(ctx, code, subject, i)
			}), true
		}
	}
	plate, reason := string(s.Plate), m.t("search.reason")
	if plate == "" {
		return m.refuse(lv, m.t("search.no_plate")), true
	}
	return m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
		return m.desk.Correct(ctx, code, subject, plate, reason)
	}), true
}

func (d *search) lines(m *model, w, h int) []string {
	label := " " + m.t("field.search") + "  "
	out := []string{label + d.query.show(&m.th, w-width(label)-1, !d.detail), ""}
	if d.detail && d.stay() != nil {
		out = append(out, m.stayDetail(d.stay(), w, h-len(out)-1)...)
		return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("search.detail_keys"), w)))
	}
	room := max(1, h-len(out)-2)
	from := max(0, d.at-room+1)
	for i := from; i < min(len(d.found), from+room); i++ {
		line := m.stayLine(&d.found[i], w-2)
		if i == d.at {
			line = m.th.chosen(line)
		}
		out = append(out, " "+line)
	}
	if len(d.found) == 0 {
		out = append(out, " "+m.th.role(look.Quiet, cut(m.t("search.nothing"), w-2)))
	}
	return withFoot(out, h, m.th.role(look.Quiet, cut(" "+m.t("search.keys", len(d.found)), w)))
}

// shots are the photos beside the details.
func (d *search) shots(m *model, w, h int) []shot {
	if !d.detail || d.stay() == nil {
		return nil
	}
	return stayShots(m, d.stay(), photoWidth(w), h-3)
}

// stayDetail is a stay in words, with its photos beside.
func (m *model) stayDetail(s *parking.Stay, w, h int) []string {
	shots := stayShots(m, s, photoWidth(w), h)
	if on, _ := m.showsPictures(); !on || len(shots) == 0 {
		return m.stayLines(s, w)
	}
	left := m.stayLines(s, w-photoWidth(w))
	right := m.besideEachOther(shots)
	out := block(left, w-photoWidth(w), max(len(left), len(right)))
	for i := range right {
		out[i] += right[i]
	}
	return out
}

// withFoot fills up to h lines with foot as the last.
func withFoot(out []string, h int, foot string) []string {
	if len(out) > h-1 {
		out = out[:max(0, h-1)]
	}
	for len(out) < h-1 {
		out = append(out, "")
	}
	return append(out, foot)
}

// stayLine is a stay as one line of a list.
func (m *model) stayLine(s *parking.Stay, w int) string {
	where := s.Slot
	if where == "" {
		where = s.Zone
	}
	if !s.Placed {
		where += " " + m.th.bareMark(look.Unplaced)
	}
	since, age := "", ""
	if s.InAt != nil {
		since, age = m.local(*s.InAt).Format("02/01 15:04"), words.Duration(m.lang, m.now().Sub(*s.InAt))
	}
	left := fit(clean(s.Display), 16) + " " + fit(m.class(s.Class), 9) + " " + fit(clean(where), 8) + " " + since
	return ends(left, age, w)
}

// stayLines is a stay with everything that a guard asks about.
func (m *model) stayLines(s *parking.Stay, w int) []string {
	row := func(key, value string) string {
		return cut(" "+fit(m.t(key), 12)+clean(value), w)
	}
	out := []string{
		m.th.strong(look.Text, row("row.plate", s.Display)),
		row("row.class", m.class(s.Class)),
		row("row.place", strings.TrimSpace(s.Zone+" "+s.Slot)),
	}
	if !s.Placed {
		out = append(out, m.th.role(look.Unplaced, row("row.place", m.t("slots.unplaced"))))
	}
	if s.InAt != nil {
		out = append(out, row("row.in", m.t("row.in_at", m.local(*s.InAt).Format("02/01/2006 15:04"), s.InGate, s.InLane, s.InBy)),
			row("row.time", words.Duration(m.lang, m.now().Sub(*s.InAt))))
	}
	if s.Token != "" {
		out = append(out, row("row.token", s.Token))
	}
	if sum := s.PaidSum(); sum > 0 {
		out = append(out, row("row.paid", m.money(sum)))
	}
	return append(out, row("row.id", s.ID.String()))
}

// newMove puts a stay on another slot.
func newMove(s parking.Stay) dialog {
	slot := newField("field.slot", "", 12)
	slot.upper = true
	return reasoned("title.move", "enter.move", &s, []*field{slot}, func(m *model, f *form, reason string) tea.Cmd {
		to := f.fields[0].text()
		if to == "" {
			f.wrong = m.t("move.where")
			return nil
		}
		return m.act("", uuid.Nil, m.t("said.moved", clean(s.Display), clean(to)), func(ctx context.Context) error {
			return m.desk.MoveStay(ctx, s.ID, to, reason)
		})
	})
}

// newVoid says that a stay never was one.
func newVoid(s parking.Stay) dialog {
	return reasoned("title.void", "enter.void", &s, nil, func(m *model, _ *form, reason string) tea.Cmd {
		return m.act("", uuid.Nil, m.t("said.voided", clean(s.Display)), func(ctx context.Context) error {
			return m.desk.Void(ctx, s.ID, reason)
		})
	})
}

// reasoned is a form about a stay whose last field is a reason.
func reasoned(title, enter string, s *parking.Stay, fields []*field, do func(m *model, f *form, reason string) tea.Cmd) dialog {
	f := &form{title: text(title, clean(s.Display)), enter: text(enter), fields: append(fields, newField("field.reason", "", 200))}
	f.submit = func(m *model, f *form) tea.Cmd {
		reason := f.fields[len(f.fields)-1].text()
		if reason == "" {
			f.wrong, f.at = m.t("reason.missing"), len(f.fields)-1
			return nil
		}
		return fromForm(do(m, f, reason), f)
	}
	return f
}
