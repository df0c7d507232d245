package e2e

import (
	"testing"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Two vehicles come in at gate N by their photographs and leave at gate S
// hours later: a car pays cash, a motorbike by VietQR that the guard confirms.
// The administrator's pages and the PDF show both, with photos and totals.
func TestOneVehicleAllTheWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	folder, shown := photographs(t, 2)
	north := r.gateAt("N", "lan", map[string]string{"1": "folder:" + folder})
	south := r.gateAt("S", "minh", map[string]string{"2": "folder:" + folder})

	first := arrive(t, north, "1", shown[0])
	if first.Slot != "N08" {
		t.Errorf("the nearest free slot to gate N is N08, offered was %q", first.Slot)
	}
	car := letIn(t, north, first, parking.Car)
	second := arrive(t, north, "1", shown[1])
	bike := letIn(t, north, second, parking.Motorbike)
	if car.Slot != "N08" || bike.Slot != "" || bike.Zone != "M" {
		t.Fatalf("the car stands in %q, the motorbike in slot %q of zone %q; want N08 and the counted zone M", car.Slot, bike.Slot, bike.Zone)
	}
	for _, stay := range []parking.Stay{car, bike} {
		wait(t, "the fact to be in Postgres", func() bool {
			return r.count("SELECT count(*) FROM facts WHERE kind = 'vehicle_in' AND stay_id = $1", stay.ID) == 1
		})
		wait(t, "gate S to show the vehicle inside", func() bool {
			s, ok := south.State().Site().Stay(stay.ID)
			return ok && s.State == parking.Inside && s.Plate == stay.Plate
		})
	}
	wait(t, "gate S to show slot N08 occupied", func() bool {
		s, ok := south.State().Site().Slot("N08")
		return ok && s.State == parking.SlotOccupied
	})

	r.clock.Forward(2*time.Hour + 30*time.Minute) // 9:00 to 11:30, some seconds more

	out := arrive(t, south, "2", shown[0])
	if out.Chosen != 0 || out.Due != 11_000 {
		t.Fatalf("chosen %d, due %d; want the one exact match and 5.000 + 2 × 3.000", out.Chosen, out.Due)
	}
	left, err := south.Desk().PayCash(t.Context(), "2", out.ID, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if left.State != parking.Left || left.PaidSum() != 11_000 || left.Payments[0].Change != 9_000 {
		t.Fatalf("after cash the stay is %s, paid %d, change %d", left.State, left.PaidSum(), left.Payments[0].Change)
	}

	out = arrive(t, south, "2", shown[1])
	if err := south.Desk().ShowQR(t.Context(), "2", out.ID); err != nil {
		t.Fatal(err)
	}
	wait(t, "the VietQR to be shown", func() bool { s := at(south, "2"); return s != nil && s.Stage == lane.Paying && s.QR != "" })
	shownQR, err := parking.DecodeVietQR(at(south, "2").QR)
	if err != nil || shownQR.Amount != out.Due || out.Due != 5_000 {
		t.Fatalf("the VietQR asks for %d (%v), due is %d, want 5.000 for a day's turn", shownQR.Amount, err, out.Due)
	}
	if _, err := south.Desk().ConfirmByHand(t.Context(), "2", out.ID, "Vietcombank", r.clock.Now()); err != nil {
		t.Fatal(err)
	}

	wait(t, "both stays to be closed in the cloud", func() bool {
		return r.count("SELECT count(*) FROM transactions WHERE state = 'left'") == 2
	})
	if paid := r.count("SELECT sum(amount) FROM payments WHERE status = 'paid'"); paid != 16_000 {
		t.Errorf("the cloud's payments sum to %d, want 16.000", paid)
	}
	if open := r.count("SELECT count(*) FROM conflicts WHERE state = 'open'"); open != 0 {
		t.Errorf("%d conflicts are open, want none", open)
	}
	wait(t, "the photos of both ways to arrive", func() bool { return r.count("SELECT count(*) FROM photos") >= 2 })
	lookAsAdmin(t, r, car, bike)
}

// With the cloud dead from before the first IN until after the last OUT,
// everything still works, and afterwards all agree.
func TestCloudAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	folder, shown := photographs(t, 2)
	north := r.gateAt("N", "lan", map[string]string{"1": "folder:" + folder, "2": "folder:" + folder})
	south := r.gateAt("S", "minh", map[string]string{"1": "folder:" + folder, "2": "folder:" + folder})
	wait(t, "the gates' first facts to be sent", func() bool { return north.Link().Queue == 0 && south.Link().Queue == 0 })
	before := r.count("SELECT count(*) FROM facts")

	r.killCloud()
	wait(t, "both gates to say that they are offline", func() bool {
		return north.Link().State == lane.Offline && south.Link().State == lane.Offline
	})
	car := letIn(t, north, arrive(t, north, "1", shown[0]), parking.Car)
	bike := letIn(t, south, arrive(t, south, "1", shown[1]), parking.Motorbike)
	r.clock.Forward(61 * time.Minute)
	// Each folder camera starts with its first picture: at S the guard
	// corrects it to what stands there.
	if _, err := north.Desk().PayCash(t.Context(), "2", arrive(t, north, "2", shown[0]).ID, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := south.Desk().PayCash(t.Context(), "2", arrive(t, south, "2", shown[1]).ID, 0); err != nil {
		t.Fatal(err)
	}
	queue := north.Link().Queue + south.Link().Queue
	if queue == 0 {
		t.Fatal("no fact waits although the cloud is dead")
	}
	r.clock.Forward(3 * time.Hour)

	r.startCloud()
	wait(t, "the queues to be empty", func() bool { return north.Link().Queue == 0 && south.Link().Queue == 0 })
	if got := r.count("SELECT count(*) FROM facts") - before; got != queue {
		t.Errorf("%d facts arrived, %d had waited", got, queue)
	}
	for id, fee := range map[parking.Plate]int64{car.Plate: 8_000, bike.Plate: 5_000} {
		if got := r.count("SELECT fee FROM transactions WHERE plate = $1 AND state = 'left'", string(id)); got != fee {
			t.Errorf("%s was charged %d, want %d by the gate's time", id, got, fee)
		}
	}
	if got := r.count("SELECT count(*) FROM conflicts WHERE state = 'open'"); got != 0 {
		t.Errorf("%d conflicts are open, want none", got)
	}
	for _, stay := range []parking.Stay{car, bike} {
		for name, n := range map[string]*gate.Node{"N": north, "S": south} {
			wait(t, "gate "+name+" to know that the vehicle has left", func() bool {
				s, err := n.State().Stay(t.Context(), stay.ID)
				return err == nil && s.State == parking.Left
			})
			if _, inside := n.State().Site().Stay(stay.ID); inside {
				t.Errorf("gate %s still shows %s inside", name, stay.Plate)
			}
		}
	}
}
