package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/words"
)

// troubleName is a trouble in two or three words.
func (m *model) troubleName(t lane.Trouble) string {
	if key := "banner.trouble." + t.Code; words.Has("console." + key) {
		return m.t(key)
	}
	return m.t("banner.trouble.other")
}

func whyNoTrouble(m *model) string {
	if len(m.view.Troubles) == 0 {
		return m.t("why.no_trouble")
	}
	return ""
}

// newTroubles says what is wrong at this gate, and what to do.
func newTroubles(*model) dialog {
	return &form{
		title: text("title.troubles"), enter: text("enter.troubles"), whole: true,
		info: func(m *model, _ *form) []string {
			var out []string
			for _, t := range m.view.Troubles {
				out = append(out, capital(m.troubleName(t))+". "+m.says(t.Text))
			}
			return out
		},
		submit: func(m *model, f *form) tea.Cmd {
			m.remove(f)
			return func() tea.Msg { return nil }
		},
	}
}

func whyTimeRuns(m *model) string {
	if !m.view.AsksTime {
		return m.t("why.time_runs")
	}
	return ""
}

// askTime asks for the time by itself, once, when somebody is there and
// nothing else is asked. Nothing waits for the answer.
func (m *model) askTime() {
	if !m.view.AsksTime || m.timed || m.view.Locked || m.view.Guard == nil || len(m.dialogs) > 0 {
		return
	}
	m.timed = true
	m.push(newTime(m))
}

// newTime asks what time it is, at a gate whose clock is dead.
func newTime(m *model) dialog {
	day := newField("field.day", m.local(m.now()).Format(time.DateOnly), 10)
	at := newField("field.time", "", 5)
	f := &form{title: text("title.time"), fields: []*field{day, at}, enter: text("enter.time"), at: 1}
	f.info = func(m *model, _ *form) []string { return []string{m.t("time.note")} }
	f.submit = func(m *model, f *form) tea.Cmd {
		zone := m.local(m.now()).Location()
		t, err := time.ParseInLocation("2006-1-2 15:4", f.fields[0].text()+" "+f.fields[1].text(), zone)
		if err != nil {
			f.wrong = m.t("time.wrong")
			return nil
		}
		return fromForm(m.act("", uuid.Nil, m.t("said.time"), func(ctx context.Context) error { return m.desk.SetTime(ctx, t) }), f)
	}
	return f
}
