package e2e

import (
	"fmt"
	"slices"
	"testing"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// The internet is cut and the LAN is not. S has one slot left and W none; N lends
// them of its six, keeps two, and gets one back as soon as its vehicle has left,
// still without the cloud. All let vehicles in where they are offered until
// nothing is left: no slot is taken twice, each vehicle has one, and when the line
// is back the cloud finds nothing to settle and no loan stands.
func TestSlotsAreLentOverTheLANWhileTheInternetIsCut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.cloud.Store.Pool.Exec(t.Context(), `UPDATE slots SET out_of_service = true
		WHERE code NOT IN ('N01', 'N02', 'N03', 'N04', 'N05', 'N06', 'S08')`); err != nil {
		t.Fatal(err)
	}
	gates := r.threeNear()
	r.cutInternet(gates)
	north, south, west := gates[0], gates[1], gates[2]
	in := map[string]string{} // who let a vehicle into a slot
	vehicles := 0
	comes := func(n *gate.Node) lane.Passed {
		t.Helper()
		vehicles++
		passed, err := n.Desk().In(t.Context(), lane.InRequest{Lane: "1", Plate: fmt.Sprintf("30A%05d", 10000+vehicles), Class: parking.Car})
		if err != nil {
			t.Fatal(err)
		}
		slot, who := passed.Stay.Slot, n.State().Gate()
		if before, taken := in[slot]; taken || slot == "" {
			t.Errorf("vehicle %d is offered %q at %s, where one of %q stands", vehicles, slot, who, before)
		}
		in[slot] = who
		return passed
	}
	offers := func(n *gate.Node) bool { return len(mayOffer(n)) > 0 }
	comes(south)
	wait(t, "N to lend to S and W", func() bool { return offers(south) && offers(west) })
	for _, n := range []*gate.Node{south, west} {
		for _, code := range mayOffer(n) {
			if slices.Contains(mayOffer(north), code) {
				t.Errorf("%s is lent, and N offers it", code)
			}
		}
	}
	lent := comes(south)
	wait(t, "N to know who stands in its slot, and the loan to be over", func() bool {
		return slotAt(north, lent.Stay.Slot).Stay == lent.Stay.ID && north.State().Site().NearTo(lent.Stay.Slot) == ""
	})
	if _, err := north.Desk().Out(t.Context(), lane.OutRequest{Lane: "2", Plate: "30A10002", Method: parking.Cash}); err != nil {
		t.Fatal(err)
	}
	delete(in, lent.Stay.Slot)
	comes(west)
	wait(t, "N to have the slot again, or to have lent it anew", func() bool {
		return slotAt(north, lent.Stay.Slot).State == parking.SlotFree
	})
	for len(in) < 7 {
		var at *gate.Node
		wait(t, "a gate to offer a slot", func() bool {
			for _, n := range []*gate.Node{west, south, north} {
				// N last, so that the others are lent what it can spare.
				if offers(n) && (n != north || len(mayOffer(north)) <= 2) {
					at = n
					return true
				}
			}
			return false
		})
		comes(at)
	}
	for _, n := range gates {
		if got := mayOffer(n); len(got) != 0 {
			t.Errorf("all is taken, and gate %s offers %v", n.State().Gate(), got)
		}
	}

	r.startCloud()
	r.healed(gates)
	for _, n := range gates {
		wait(t, "gate "+n.State().Gate()+" to have no loan over the LAN", func() bool { return len(n.State().Site().Near) == 0 })
	}
	for what, want := range map[string]int64{
		"SELECT count(*) FROM conflicts WHERE state = 'open'":                       0,
		"SELECT count(*) FROM conflicts WHERE kind = 'slot_twice'":                  0,
		"SELECT count(*) FROM transactions WHERE state = 'inside'":                  7,
		"SELECT count(DISTINCT slot_held) FROM transactions WHERE state = 'inside'": 7,
	} {
		if got := r.count(what); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
}
