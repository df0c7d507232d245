package lane_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// The sign of a lane tells drivers what there is for them: free places, where to
// go, and always what is due, as the guard sees it.
func TestSignShowsTheFee(t *testing.T) {
	t.Parallel()
	in, out := device.NewSignSimulator(), device.NewSignSimulator()
	b := lanetest.New(t, lanetest.Options{
		Change: func(s *wire.Snapshot) { shops(s); s.Config.Language = "en" },
		Setup:  func(c *lane.Config) { c.Signs = map[string]device.Sign{"1": in, "2": out} },
	})
	shows := func(what string, sign *device.SignSimulator, kind device.ShownKind, lines ...string) device.Shown {
		t.Helper()
		var last device.Shown
		b.Until(what, func() bool {
			shown, _ := sign.Shown()
			if len(shown) == 0 {
				return false
			}
			last = shown[len(shown)-1]
			return last.Kind == kind && slices.Equal(last.Lines, lines)
		})
		return last
	}
	b.Until("the way in is open", func() bool {
		shown, _ := in.Shown()
		return len(shown) > 0 && shown[len(shown)-1].Kind == device.ShowsFree
	})
	shown, _ := in.Shown()
	free := shown[len(shown)-1].Free
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	if got := shows("the place", in, device.ShowsGo, "30A-123.45", "Drive on", "Place "+stay.Slot); got.Place != stay.Slot {
		t.Errorf("sent to %q, want %q", got.Place, stay.Slot)
	}
	if err := b.Desk.Clear(t.Context(), "1", b.Subject("1").ID); err != nil {
		t.Fatal(err)
	}
	b.Until("one place fewer", func() bool {
		shown, _ := in.Shown()
		return shown[len(shown)-1].Kind == device.ShowsFree && shown[len(shown)-1].Free == free-1
	})
	b.Clock.Pass(61 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	fee := shows("the fee", out, device.ShowsFee, "30A-123.45", "Fee "+parking.Money(8000).Format("VND", "en"))
	if fee.Amount != 8000 || fee.Currency != "VND" || fee.Plate != "30A-123.45" {
		t.Errorf("the fee in figures: %+v", fee)
	}
	if err := b.Desk.Discount(t.Context(), "2", s.ID, "SHOP"); err != nil {
		t.Fatal(err)
	}
	shows("the fee with a discount", out, device.ShowsFee, "30A-123.45", "Fee "+parking.Money(5000).Format("VND", "en"))
	if err := b.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	b.Until("the code to pay with", func() bool {
		shown, _ := out.Shown()
		return shown[len(shown)-1].QR != "" && shown[len(shown)-1].QR == b.Subject("2").QR
	})
	if _, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	shows("that it may go", out, device.ShowsGo, "30A-123.45", "Drive on")
	b.Until("the view has it", func() bool {
		sign := b.Lane("2").Sign
		return sign != nil && sign.OK && sign.Shows != nil && sign.Shows.Kind == device.ShowsGo
	})
}

// A sign that does not answer is said, holds up nothing, and shows what it should
// once it is back.
func TestSignAwayHoldsUpNothing(t *testing.T) {
	t.Parallel()
	out := device.NewSignSimulator()
	out.Break("unplugged")
	b := lanetest.New(t, lanetest.Options{Setup: func(c *lane.Config) { c.Signs = map[string]device.Sign{"2": out} }})
	away := func() bool {
		return slices.ContainsFunc(b.Desk.View().Troubles, func(trouble lane.Trouble) bool {
			return trouble.Code == "sign_away" && strings.Contains(trouble.Text, "lane 2")
		})
	}
	b.Until("the trouble is said", away)
	if sign := b.Lane("2").Sign; sign.OK || !strings.Contains(sign.Why, "unplugged") || sign.Shows != nil {
		t.Errorf("shown as %+v", sign)
	}
	enter(t, b, lane.Arrival{}, "30A12345")
	s := b.Arrive("2", lane.Arrival{})
	if _, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	out.Break("")
	b.Until("it shows that the vehicle may go", func() bool {
		shown, _ := out.Shown()
		return len(shown) > 0 && shown[len(shown)-1].Kind == device.ShowsGo
	})
	b.Until("the trouble is over", func() bool { return !away() })
}
