package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// messaged has two messages that nobody has read.
func messaged(v lane.View) lane.View {
	until := fakeNow.Add(6 * time.Hour)
	v.Messages = []lane.MessageView{
		{
			ID: uuid.UUID{0xb2}, By: "chi.huong", At: fakeNow.Add(-10 * time.Minute), Until: &until,
			Text: "Từ 18 giờ cổng Nam đóng để sửa barie, xe ra đi cổng Bắc. Ai hỏi thì chỉ đường, đừng mở tay.\n\nXe máy vẫn đi làn 3 như mọi ngày.",
		},
		{ID: uuid.UUID{0xb1}, By: "anh.tuan", At: fakeNow.Add(-26 * time.Hour), Text: "Thẻ 0042 báo mất, thu lại nếu thấy."},
	}
	return v
}

// The banner counts what nobody has read; Enter marks the one on the screen and
// goes to the next, the last closes.
func TestMessagesAreReadOneByOne(t *testing.T) {
	t.Parallel()
	m, d, clock := console(idleView(), 80, 24, english)
	press(m, clock, "@")
	if len(m.dialogs) != 0 || !strings.Contains(ansi.Strip(m.View().Content), m.t("why.no_message")) {
		t.Fatal("without a message the key does not say why it does nothing")
	}
	view := messaged(idleView())
	if !m.messageCame(&view) {
		t.Error("a new message does not ring")
	}
	m.takeView(&view)
	if m.messageCame(&view) {
		t.Error("it rings again")
	}
	if screen := ansi.Strip(m.View().Content); !strings.Contains(screen, "2 messages (@)") {
		t.Fatalf("the banner says nothing:\n%s", screen)
	}
	press(m, clock, "@")
	if screen := ansi.Strip(m.View().Content); !strings.Contains(screen, "1 of 2") || !strings.Contains(screen, "chi.huong") || !strings.Contains(screen, "làn 3") {
		t.Fatalf("the newest is not shown:\n%s", screen)
	}
	press(m, clock, "down")
	if screen := ansi.Strip(m.View().Content); !strings.Contains(screen, "2 of 2") || !strings.Contains(screen, "0042") {
		t.Fatalf("the other is not shown:\n%s", screen)
	}
	press(m, clock, "up", "enter")
	if screen := ansi.Strip(m.View().Content); !slices.Equal(d.calls, []string{"read b2000000"}) || !strings.Contains(screen, "0042") || strings.Contains(screen, "làn 3") {
		t.Fatalf("asked %v, and shows\n%s", d.calls, screen)
	}
	press(m, clock, "enter")
	if !slices.Equal(d.calls, []string{"read b2000000", "read b1000000"}) || len(m.dialogs) != 0 {
		t.Fatalf("asked %v, %d dialogs", d.calls, len(m.dialogs))
	}
}

// Enter is about the message on the screen: what came or went just before marks
// nothing that the guard has not seen.
func TestAMessageThatComesUnderTheFinger(t *testing.T) {
	t.Parallel()
	view := messaged(idleView())
	only := view
	only.Messages = view.Messages[1:]
	m, d, clock := console(only, 80, 24, english)
	press(m, clock, "@")
	m.takeView(&view) // a newer one stands before it now
	press(m, clock, "enter")
	if !slices.Equal(d.calls, []string{"read b1000000"}) {
		t.Fatalf("asked %v", d.calls)
	}
	m, d, clock = console(view, 80, 24, english)
	press(m, clock, "@")
	m.takeView(&only) // the one on the screen was withdrawn
	press(m, clock, "enter")
	if len(d.calls) != 0 {
		t.Fatalf("asked %v for what was not on the screen", d.calls)
	}
	if screen := ansi.Strip(m.View().Content); !strings.Contains(screen, "0042") {
		t.Fatalf("the next is not shown:\n%s", screen)
	}
	if run(m, m.key(keyOf("enter"))); len(d.calls) != 0 {
		t.Fatalf("asked %v at once", d.calls)
	}
	press(m, clock, "enter")
	if !slices.Equal(d.calls, []string{"read b1000000"}) {
		t.Fatalf("asked %v", d.calls)
	}
}

// A refusal is shown where the guard looks, and a locked console opens nothing.
func TestMessagesThatCannotBeMarked(t *testing.T) {
	t.Parallel()
	m, d, clock := console(messaged(idleView()), 80, 24, english)
	d.err = parking.Errorf(parking.Unavailable, "The disk of this gate is full.")
	press(m, clock, "@", "enter")
	if screen := ansi.Strip(m.View().Content); len(m.dialogs) != 1 || !strings.Contains(screen, "disk") {
		t.Errorf("the refusal is not shown:\n%s", screen)
	}
	locked := messaged(idleView())
	locked.Locked = true
	m, _, clock = console(locked, 80, 24, english)
	press(m, clock, "@")
	if screen := ansi.Strip(m.View().Content); strings.Contains(screen, "0042") || m.unlock == nil {
		t.Errorf("a locked console shows\n%s", screen)
	}
}
