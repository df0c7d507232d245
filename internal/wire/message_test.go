package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"testing"

	"gatehouse/internal/wire"
)

// However little of a message has come, it is known as cut short; and what is
// no message of ours is known as that.
func TestAMessageCutShortIsTold(t *testing.T) {
	t.Parallel()
	whole, err := json.Marshal(wire.Message{Deltas: []wire.Delta{{FeedSeq: 3}}, Bye: &wire.Bye{Reason: `Zäune "hier"`}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := wire.ParseMessage(whole[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%q: %v", whole[:n], err)
		}
	}
	if m, err := wire.ParseMessage(whole); err != nil || m.Bye == nil || len(m.Deltas) != 1 {
		t.Errorf("the whole message: %+v, %v", m, err)
	}
	for _, text := range []string{"<html>", `{"deltas":7}`, `{"bye":{}}}`, `{"bye":` + "\x00"} {
		if _, err := wire.ParseMessage([]byte(text)); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
