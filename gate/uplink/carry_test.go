package uplink_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// told is a run of another gate's facts, vehicles that came in there.
func told(t *testing.T, c *cloud, gate string, key ed25519.PrivateKey, epoch parking.Epoch, first, last int) *wire.Batch {
	t.Helper()
	b := &wire.Batch{ID: uuid.Must(uuid.NewV7()), Site: c.site, Gate: gate, Epoch: epoch, FirstSeq: int64(first)}
	for seq := first; seq <= last; seq++ {
		body, err := json.Marshal(parking.VehicleIn{
			Stay: uuid.New(), Lane: "1", Class: parking.Car, Plate: "30A12345", Zone: "A", Tariff: "default", TariffV: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		f := parking.Fact{
			ID: uuid.Must(uuid.NewV7()), Site: c.site, Gate: gate, Epoch: epoch, Seq: int64(seq), Kind: parking.KindVehicleIn,
			At: time.Now().UTC().Truncate(time.Millisecond), Clock: parking.ClockSynced, Boot: "b", V: parking.FactVersion, Body: body,
		}
		raw, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		b.Items = append(b.Items, wire.NewItem(f.ID, raw))
	}
	b.Sign(key)
	return b
}

// What neighbours told goes to the cloud after own facts, as its gate signed it;
// what the cloud does not take keeps nothing back; a cloud that was restored is
// brought it again.
func TestHeardFactsAreCarried(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	keys := map[string]ed25519.PrivateKey{}
	for _, gate := range []string{"S", "W"} {
		public, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[gate] = key
		c.keys[gate] = public
	}
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	c.locked(func() { delete(c.keys, "W") }) // the cloud has never heard of that gate
	s, w := parking.NewEpoch(4, [8]byte{4}), parking.NewEpoch(5, [8]byte{5})
	for _, b := range []*wire.Batch{
		told(t, c, "S", keys["S"], s, 1, 2), told(t, c, "S", keys["S"], s, 3, 5), told(t, c, "W", keys["W"], w, 1, 1),
	} {
		if _, err := g.state.Hear(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	carried := func() bool {
		var n int64
		c.locked(func() { n = c.held[s] })
		return n == 5 && slices.Equal(c.kinds(s), slices.Repeat([]parking.Kind{parking.KindVehicleIn}, 5))
	}
	g.until("the cloud has what S told", carried)
	g.untilSynced()
	g.until("the feed covers it", func() bool { return len(g.state.Site().Inside) == 6 })
	c.forget(1)
	g.until("the restored cloud has it again", carried)
	g.until("and nothing is shown twice", func() bool { return len(g.state.Site().Inside) == 6 && g.state.Waiting() == 0 })
}
