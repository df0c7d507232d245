package wire_test

import (
	"crypto/ed25519"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A message of the socket is read or refused, and what was read can be
// written again.
func FuzzMessage(f *testing.F) {
	at := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	for _, m := range []wire.Message{
		{Hello: &wire.Hello{Protocol: 1, Gate: "N", Epoch: parking.NewEpoch(1, [8]byte{1})}},
		{Welcome: &wire.Welcome{Protocol: 1, ServerTime: at, Held: map[parking.Epoch]int64{parking.NewEpoch(1, [8]byte{}): 7}}},
		{Deltas: []wire.Delta{{FeedSeq: 3, Stays: []parking.Stay{{ID: uuid.Max, State: parking.Inside, InAt: &at}}, Slots: []parking.Slot{{Code: "A01"}}}}},
		{Heartbeat: &wire.Beat{N: 1, Time: at}},
		{Hint: &wire.Hint{Slot: "A01", Gate: "S", LeftMS: 5}},
		{Bye: &wire.Bye{Reason: "x"}},
	} {
		raw, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"deltas":[{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := wire.ParseMessage(raw)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			return // a year that JSON cannot write; nobody sends it on
		}
		var second wire.Message
		if err := json.Unmarshal(again, &second); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

// A batch is refused with a sentence unless it is whole and signed; one that
// is not signed with the key never passes.
func FuzzBatch(f *testing.F) {
	public, private, err := ed25519.GenerateKey(zeros{})
	if err != nil {
		f.Fatal(err)
	}
	b := &wire.Batch{
		ID: uuid.Max, Site: uuid.Max, Gate: "N", Epoch: parking.NewEpoch(1, [8]byte{1}), FirstSeq: 1,
		Items: []wire.Item{wire.NewItem(uuid.Max, []byte(`{}`))},
	}
	b.Sign(private)
	good, err := json.Marshal(b)
	if err != nil {
		f.Fatal(err)
	}
	text := string(b.Text())
	f.Add(good)
	f.Add([]byte(`{"items":[{"length":-1}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got wire.Batch
		if json.Unmarshal(raw, &got) != nil {
			return
		}
		switch err := got.Verify(public); {
		case err != nil && parking.ErrorMessage(err) == "":
			t.Fatalf("refused without a sentence: %v", err)
		case err == nil && string(got.Text()) != text:
			t.Fatal("a batch that nobody signed passed")
		}
	})
}

// zeros is a source that makes the same key every time.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
