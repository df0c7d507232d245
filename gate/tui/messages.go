package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
)

// Noticing is what administrators want the guards to know.
type Noticing interface {
	ReadMessage(ctx context.Context, id uuid.UUID) error
}

func whyNoMessage(m *model) string {
	if len(m.view.Messages) == 0 {
		return m.t("why.no_message")
	}
	return ""
}

// messageCame says whether v has a message that was not there before.
func (m *model) messageCame(v *lane.View) bool {
	return slices.ContainsFunc(v.Messages, func(now lane.MessageView) bool {
		return !slices.ContainsFunc(m.view.Messages, func(was lane.MessageView) bool { return was.ID == now.ID })
	})
}

// bannerMessages says how many messages wait, "" for none.
func (m *model) bannerMessages() string {
	switch n := len(m.view.Messages); n {
	case 0:
		return ""
	case 1:
		return m.t("banner.message")
	default:
		return m.t("banner.messages", n)
	}
}

// messageBox shows the messages that wait, one at a time. Enter is about the one
// on the screen, by its id: what comes or goes meanwhile never takes its place
// under the finger.
type messageBox struct {
	shown uuid.UUID
	place int       // of it, for when it goes
	since time.Time // it is on the screen
	read  map[uuid.UUID]bool
}

func newMessages(m *model) dialog {
	b := &messageBox{read: map[uuid.UUID]bool{}}
	b.show(m, 0)
	return &form{
		title: b.title, enter: text("enter.message"), whole: true, info: b.info, submit: b.submit,
		other: func(m *model, key string) bool {
			switch key {
			case "down", "right", "pgdown":
				b.show(m, b.place+1)
			case "up", "left", "pgup":
				b.show(m, b.place-1)
			}
			return false
		},
	}
}

// waiting are the messages that were not read here, the newest first.
func (b *messageBox) waiting(m *model) []lane.MessageView {
	return slices.DeleteFunc(slices.Clone(m.view.Messages), func(v lane.MessageView) bool { return b.read[v.ID] })
}

// show puts the message at a place on the screen, the nearest that there is.
func (b *messageBox) show(m *model, place int) {
	all := b.waiting(m)
	b.shown, b.place = uuid.Nil, max(0, min(place, len(all)-1))
	if len(all) > 0 {
		b.shown, b.since = all[b.place].ID, m.opts.Now()
	}
}

// now is the message on the screen, and whether it is there still.
func (b *messageBox) now(m *model) (v lane.MessageView, there bool) {
	all := b.waiting(m)
	i := slices.IndexFunc(all, func(v lane.MessageView) bool { return v.ID == b.shown })
	if i < 0 {
		return v, false
	}
	b.place = i
	return all[i], true
}

func (b *messageBox) title(m *model) string {
	if n := len(b.waiting(m)); n > 1 {
		return m.t("title.messages", b.place+1, n)
	}
	return m.t("title.message")
}

func (b *messageBox) info(m *model, _ *form) []string {
	v, there := b.now(m)
	if !there {
		b.show(m, b.place)
		if v, there = b.now(m); !there {
			return []string{m.t("why.no_message")}
		}
	}
	head := m.t("message.from", v.By, m.local(v.At).Format("02/01 15:04"))
	if v.Until != nil {
		head += " · " + m.t("message.until", m.local(*v.Until).Format("02/01 15:04"))
	}
	out := []string{head, " "}
	for line := range strings.SplitSeq(v.Text, "\n") {
		if line = clean(line); strings.TrimSpace(line) == "" {
			line = " "
		}
		out = append(out, strings.Split(ansi.Wrap(line, max(1, m.w-2), ""), "\n")...)
	}
	if len(b.waiting(m)) > 1 {
		out = append(out, " ", m.th.role(look.Quiet, m.t("message.others")))
	}
	return out
}

// submit says that the message on the screen was read, and goes on to the next.
func (b *messageBox) submit(m *model, f *form) tea.Cmd {
	v, there := b.now(m)
	switch {
	case len(b.waiting(m)) == 0:
		m.remove(f)
		return func() tea.Msg { return nil }
	case !there || m.opts.Now().Sub(b.since) < settle:
		return nil // nobody has seen what stands there now
	}
	place, more := b.place, len(b.waiting(m)) > 1
	cmd := fromForm(m.act("", uuid.Nil, m.t("said.message"), func(ctx context.Context) error { return m.desk.ReadMessage(ctx, v.ID) }), f)
	return then(cmd, func() {
		b.read[v.ID] = true
		b.show(m, place)
	}, more)
}
