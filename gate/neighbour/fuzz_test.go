package neighbour

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// What a neighbour says is read or refused with a sentence, whatever it is; what
// was read keeps the bounds.
func FuzzSaid(f *testing.F) {
	epoch := parking.NewEpoch(1, [8]byte{1})
	good, err := json.Marshal(Hello{Gate: "N", Epoch: epoch, Port: 7600, Held: state.Held{"N": {epoch: 7}}, Wants: []string{string(bytes.Repeat([]byte("a"), 64))}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	batch, err := json.Marshal(wire.Batch{ID: uuid.Max, Site: uuid.Max, Gate: "N", Epoch: epoch, FirstSeq: 1, Items: []wire.Item{wire.NewItem(uuid.Max, []byte("{}"))}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(batch)
	f.Add([]byte(`{"gate":"N","epoch":"000001-0100000000000000","held":3}`))
	f.Add([]byte(`{"gate":"N","epoch":"N","held":5}`))
	note, err := json.Marshal(parking.NearNote{
		Epoch: epoch, Need: map[parking.Class]int{parking.Car: 2}, Skip: []string{"N01"},
		Have: []parking.NearLoan{{Slot: "N02", Home: "N", N: 1, To: "S", Epoch: epoch}}, Back: []parking.NearBack{{Slot: "N03", N: 4, Seq: 9}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(note)
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parseHello(raw)
		if err != nil && parking.ErrorMessage(err) == "" {
			t.Fatalf("refused without a sentence: %v", err)
		}
		if err == nil {
			if parking.ValidCode("gate", h.Gate) != nil || !h.Epoch.Valid() || len(h.Wants) > maxWants || h.Port < 0 || h.Port > 65535 {
				t.Fatalf("taken: %+v", h)
			}
			for _, epochs := range h.Held {
				for epoch, seq := range epochs {
					if !epoch.Valid() || seq < 0 {
						t.Fatalf("taken: %+v", h.Held)
					}
				}
			}
		}
		n, err := parseNote(raw)
		if err != nil && parking.ErrorMessage(err) == "" {
			t.Fatalf("refused without a sentence: %v", err)
		}
		if err == nil && (!n.Epoch.Valid() || len(n.Have) > 256 || len(n.Back) > 256 || len(n.Skip) > 256) {
			t.Fatalf("taken: %+v", n)
		}
		b, err := parseBatch(raw)
		if err != nil {
			if parking.ErrorMessage(err) == "" {
				t.Fatalf("refused without a sentence: %v", err)
			}
			return
		}
		if a, err := parseAnswer(raw, b); err == nil && a.Held < 0 {
			t.Fatalf("taken: %+v", a)
		}
	})
}
