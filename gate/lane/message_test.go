package lane_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

func messageTo(text string, gates ...string) *parking.MessageVersion {
	return &parking.MessageVersion{Message: uuid.Must(uuid.NewV7()), Gates: gates, Text: text, By: "chi.huong"}
}

// texts are those of the messages that the view shows.
func texts(v *lane.View) string {
	var out []string
	for _, m := range v.Messages {
		out = append(out, m.Text)
	}
	return strings.Join(out, ",")
}

// A message is shown at the gates that it is for, the newest first, until somebody
// reads it there, it is withdrawn, or its time is over; reading is a fact of the
// guard, once, and outlives a restart.
func TestAMessageIsReadOnce(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	ctx := t.Context()
	first, here, elsewhere := messageTo("first"), messageTo("here", "N", "S"), messageTo("elsewhere", "S")
	b.Lists(first)
	b.Clock.Pass(time.Minute)
	b.Lists(here, elsewhere)
	if got := texts(b.Desk.View()); got != "here,first" {
		t.Fatalf("shown: %s", got)
	}
	if m := b.Desk.View().Messages[0]; m.ID != here.Message || m.By != "chi.huong" || !m.At.Equal(here.From) {
		t.Errorf("it says %+v", m)
	}
	for range 2 {
		if err := b.Desk.ReadMessage(ctx, here.Message); err != nil {
			t.Fatal(err)
		}
	}
	facts := b.FactsOf(parking.KindMessageRead)
	if len(facts) != 1 || facts[0].Actor != "lan" || lanetest.Says[parking.MessageRead](b, facts[0]).Message != here.Message {
		t.Fatalf("written: %+v", facts)
	}
	for _, id := range []uuid.UUID{elsewhere.Message, uuid.New(), uuid.Nil} {
		if err := b.Desk.ReadMessage(ctx, id); parking.ErrorCode(err) != parking.NotFound {
			t.Errorf("a message that is not shown here is read: %v", err)
		}
	}
	b.Restart()
	if got := texts(b.Desk.View()); got != "first" {
		t.Errorf("after a restart: %s", got)
	}
	b.Clock.Pass(40 * 24 * time.Hour)
	if err := b.State.Prune(ctx); err != nil {
		t.Fatal(err)
	}
	if read, err := b.Store.Read().MessagesRead(ctx); err != nil || len(read) != 1 {
		t.Errorf("forty days later the disk has %v, %v", read, err)
	}
}

func TestAMessageThatIsWithdrawnOrOver(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	wrong, short := messageTo("wrong"), messageTo("short")
	until := b.State.Clock().Now().Add(time.Hour)
	short.Until = &until
	b.Lists(wrong, short)
	b.Clock.Pass(time.Minute)
	gone := *wrong
	gone.Withdrawn, gone.From = true, time.Time{}
	b.Lists(&gone)
	if got := texts(b.Desk.View()); got != "short" {
		t.Errorf("one was withdrawn: %s", got)
	}
	if err := b.Desk.ReadMessage(t.Context(), wrong.Message); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("the withdrawn one is read: %v", err)
	}
	b.Restart()
	if got := texts(b.Desk.View()); got != "short" {
		t.Errorf("after a restart: %s", got)
	}
	b.Clock.Pass(time.Hour)
	if got := b.Desk.Messages(); len(got) != 0 {
		t.Errorf("its time is over: %+v", got)
	}
}

// Whoever may not act does not read for the others, and a locked console shows
// no more than that there is a message.
func TestWhoMayReadAMessage(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx := t.Context()
	m := messageTo("secret words")
	b.Lists(m)
	own := b.Desk.Console()
	t.Cleanup(own.Close)
	looking := b.Desk.GuardConsole(lane.Guard{Name: "tam", Role: "guard"}, true, func() {})
	t.Cleanup(looking.Close)
	if err := looking.ReadMessage(ctx, m.Message); parking.ErrorCode(err) != parking.Forbidden || texts(looking.View()) != "secret words" {
		t.Errorf("view only: %v, %s", err, texts(looking.View()))
	}
	own.Lock()
	if err := own.ReadMessage(ctx, m.Message); parking.ErrorCode(err) != parking.Forbidden {
		t.Errorf("locked: %v", err)
	}
	if v := own.View(); len(v.Messages) != 1 || v.Messages[0].Text != "" || v.Messages[0].By != "" || texts(b.Desk.View()) != "secret words" {
		t.Errorf("a locked console shows %+v", v.Messages)
	}
	remote := b.Desk.GuardConsole(lane.Guard{Name: "tam", Role: "guard"}, false, func() {})
	t.Cleanup(remote.Close)
	if err := remote.ReadMessage(ctx, m.Message); err != nil {
		t.Fatal(err)
	}
	if facts := b.FactsOf(parking.KindMessageRead); len(facts) != 1 || facts[0].Actor != "tam" {
		t.Errorf("written: %+v", facts)
	}
	b.Lists(messageTo("another"))
	b.Desk.SignOut(ctx)
	for _, read := range []func(context.Context, uuid.UUID) error{b.Desk.ReadMessage, own.ReadMessage} {
		if err := read(ctx, b.Desk.Messages()[0].ID); parking.ErrorCode(err) != parking.Unauthorized && parking.ErrorCode(err) != parking.Forbidden {
			t.Errorf("nobody is signed in: %v", err)
		}
	}
}
