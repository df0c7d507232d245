package uplink_test

import (
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// A receipt goes on after what the cloud holds of the main series, and not in
// it while another machine is connected as this gate.
func TestReceiptsGoOnAfterWhatTheCloudHolds(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	year := c.now().Year()
	c.receipts = map[string]int64{}
	for _, y := range []int{year - 1, year, year + 1} {
		c.receipts[parking.ReceiptSeries("N", y)] = 41
	}
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	issue := func() parking.ReceiptIssued {
		t.Helper()
		facts, err := g.state.Write(t.Context(), state.Draft{Kind: parking.KindReceiptIssued, Actor: "an", Online: true, Body: &parking.ReceiptIssued{
			Stay: uuid.New(), Payment: uuid.New(), Amount: 5000, Currency: "VND", Method: parking.Cash,
		}})
		if err != nil {
			t.Fatal(err)
		}
		body, err := parking.DecodeBody(facts[0])
		if err != nil {
			t.Fatal(err)
		}
		return *body.(*parking.ReceiptIssued)
	}
	first := issue()
	if c.receipts[first.Series] != 41 || first.Number != 42 {
		t.Fatalf("the first is %s/%d", first.Series, first.Number)
	}
	c.locked(func() { c.others = []parking.Epoch{parking.NewEpoch(2, [8]byte{9})} })
	c.cutSockets()
	g.until("it is told of the other machine", func() bool {
		tr := g.state.Troubles()
		return len(tr) == 1 && tr[0].Code == state.TroubleCloned
	})
	if r := issue(); r.Series == first.Series || r.Number != 1 {
		t.Errorf("beside a clone: %s/%d", r.Series, r.Number)
	}
}
