package tui_test

import (
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// A guard lets the wrong vehicle in, and out, and takes it back with one key;
// what was paid is not charged again.
func TestTakingBackByKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t, lanetest.Sure("30A55501"))
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(p.Text())
			}
		})
		p.Press("u")
		p.Sees("Nothing to take back")
		p.arrival["1"].Set(true)
		p.settle("1")
		p.Sees("30A-555.01", "Let in")
		p.Press(" ")
		p.Sees("barrier opened")
		p.Press("u")
		p.Sees("✓ taken back: IN 30A-555.01")
		back := p.FactsOf(parking.KindVehicleBackedOut)
		if len(back) != 1 || back[0].Actor != "lan" || p.Lane("1").Subject != nil {
			t.Fatalf("%+v, %+v", back, p.Lane("1").Subject)
		}
		p.Press("u")
		p.Sees("Nothing to take back")
		if n := len(p.FactsOf(parking.KindVehicleIn)); n != 1 {
			t.Errorf("a second press lets in: %d", n)
		}
		p.arrival["1"].Set(false)

		p.Vision.Next(lanetest.Sure("51F44210"), nil)
		p.arrival["2"].Set(true)
		p.settle("2")
		p.Sees("Cash ₫8,000")
		p.Press("\r")
		p.Sees("barrier opened")
		p.Press("u")
		p.Sees("✓ taken back: OUT 51F-442.10")
		p.arrival["2"].Set(false)
		time.Sleep(time.Second)
		p.arrival["2"].Set(true) // it goes back, and comes again
		p.settle("2")
		p.Sees("nothing due")
		p.Press("\r")
		p.Sees("barrier opened")
		p.passed("2")
		p.Sees("it has passed")
		p.Press("u")
		p.Sees("51F-442.10 has gone; its exit stands.")
		stay, err := p.State.Stay(t.Context(), saigon.ID)
		if err != nil || stay.State != parking.Left || stay.PaidSum() != 8000 || len(p.FactsOf(parking.KindPaymentTaken)) != 1 {
			t.Errorf("%+v, %v", stay, err)
		}
	})
}
