package lane_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// The power fails at each step of a vehicle's life. After the start the lane
// says the truth, nobody comes in or goes out a second time, and nobody pays
// twice.
func TestPowerFailsAtEachStep(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]func(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper){
		"in, written": func(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
			failsWhileEntering(t, b, stop, lane.StepWritten)
		},
		"in, commanded": func(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
			failsWhileEntering(t, b, stop, lane.StepCommanded)
		},
		"in, confirmed":  failsBeforeThePassage,
		"passage, seen":  failsAtThePassage,
		"passage, noted": failsAfterThePassage,
		"money asked":    failsWhileAsking,
		"out, written": func(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
			failsWhileLeaving(t, b, stop, lane.StepWritten)
		},
		"out, commanded": func(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
			failsWhileLeaving(t, b, stop, lane.StepCommanded)
		},
		"aside": failsWhileAside,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stop *lanetest.Stopper
			b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true, Stop: &stop})
			try(t, b, stop)
		})
	}
}

// in lets a vehicle in and through.
func in(t *testing.T, b *lanetest.Bench, plate string) parking.Stay {
	t.Helper()
	stay, err := b.Desk.AcceptIn(t.Context(), "1", announce(t, b, "1", plate))
	if err != nil {
		t.Fatal(err)
	}
	pass(t, b, "1")
	return stay
}

func accept(t *testing.T, b *lanetest.Bench, id uuid.UUID) func() {
	desk, ctx := b.Desk, t.Context()
	return func() { _, _ = desk.AcceptIn(ctx, "1", id) } // what became of it is asked of the disk
}

func wantFacts(t *testing.T, b *lanetest.Bench, want map[parking.Kind]int) {
	t.Helper()
	got := kinds(b)
	for kind, n := range want {
		if got[kind] != n {
			t.Errorf("%d facts %s, want %d", got[kind], kind, n)
		}
	}
}

func failsWhileEntering(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper, step lane.Step) {
	id := announce(t, b, "1", "30A00001")
	stop.Stop(b, step, accept(t, b, id))
	n := b.Killed(nil)
	s := n.Subject("1")
	if !s.Again || s.Stage != lane.Accepted || s.Display != "30A-000.01" || s.Why == "" {
		t.Fatalf("after the start: %+v", s)
	}
	behind := announce(t, n, "1", "30A00002")
	_, err := n.Desk.AcceptIn(t.Context(), "1", behind)
	wantCode(t, err, parking.Conflict)
	again, err := n.Desk.AcceptIn(t.Context(), "1", s.ID) // the same act is answered
	if err != nil || again.ID != s.Stay {
		t.Errorf("accepted again: %v", err)
	}
	for range 2 {
		if err := n.Desk.OpenAgain(t.Context(), "1", s.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, total := n.Barriers["1"].Openings(); total != 1 {
		t.Errorf("opened %d times", total)
	}
	pass(t, n, "1")
	if got := passages(n); len(got) != 1 || got[0] != s.Stay {
		t.Errorf("passages: %v", got)
	}
	wantFacts(t, n, map[parking.Kind]int{parking.KindVehicleIn: 1, parking.KindBarrierOpened: 2})
	if inside := n.State.Site().Inside; len(inside) != 1 || n.Subject("1").ID != behind {
		t.Errorf("%d inside, in front %+v", len(inside), n.Subject("1"))
	}
}

func failsBeforeThePassage(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
	id := announce(t, b, "1", "30A00001")
	stop.Stop(b, lane.StepConfirmed, accept(t, b, id))
	n := b.Killed(nil)
	s := n.Subject("1")
	if s.Again || s.Stage != lane.Opened {
		t.Fatalf("after the start: %+v", s)
	}
	if err := n.Desk.OpenAgain(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	if _, total := n.Barriers["1"].Openings(); total != 0 {
		t.Errorf("opened %d times more", total)
	}
	pass(t, n, "1")
	if got := passages(n); len(got) != 1 || got[0] != s.Stay {
		t.Errorf("passages: %v", got)
	}
	wantFacts(t, n, map[parking.Kind]int{parking.KindVehicleIn: 1, parking.KindBarrierOpened: 1})
}

func failsAtThePassage(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
	id := announce(t, b, "1", "30A00001")
	accept(t, b, id)()
	desk, ctx := b.Desk, t.Context()
	stop.Stop(b, lane.StepSeen, func() { _ = desk.Passage(ctx, "1", lane.PassageReport{Source: lane.SourceLoop}) })
	n := b.Killed(nil)
	s := n.Subject("1") // what the disk does not know, the guard sees
	if s.Again || s.Stage != lane.Opened || s.Stay == uuid.Nil {
		t.Fatalf("after the start: %+v", s)
	}
	if err := n.Desk.Clear(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	n.Restart()
	if l := n.Lane("1"); l.Subject != nil {
		t.Errorf("after another start: %+v", l.Subject)
	}
	wantFacts(t, n, map[parking.Kind]int{parking.KindVehicleIn: 1, parking.KindLanePassage: 0})
}

func failsAfterThePassage(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
	id := announce(t, b, "1", "30A00001")
	accept(t, b, id)()
	desk, ctx := b.Desk, t.Context()
	stop.Stop(b, lane.StepPassed, func() { _ = desk.Passage(ctx, "1", lane.PassageReport{Source: lane.SourceLoop}) })
	n := b.Killed(nil)
	if l := n.Lane("1"); l.Subject != nil {
		t.Errorf("after the start: %+v", l.Subject)
	}
	wantFacts(t, n, map[parking.Kind]int{parking.KindVehicleIn: 1, parking.KindLanePassage: 1})
}

func failsWhileAsking(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper) {
	stay := in(t, b, "30A00001")
	b.Clock.Pass(time.Hour)
	out := announce(t, b, "2", "30A00001")
	desk, ctx := b.Desk, t.Context()
	stop.Stop(b, lane.StepRequested, func() { _ = desk.ShowQR(ctx, "2", out) })
	n := b.Killed(nil)
	if l := n.Lane("2"); l.Subject != nil {
		t.Fatalf("after the start: %+v", l.Subject)
	}
	asked, err := n.State.Stay(t.Context(), stay.ID)
	if err != nil || len(asked.Payments) != 1 || asked.Payments[0].Status != parking.Pending {
		t.Fatalf("asked for: %+v, %v", asked.Payments, err)
	}
	out = announce(t, n, "2", "30A00001")
	if err := n.Desk.ShowQR(t.Context(), "2", out); err != nil {
		t.Fatal(err)
	}
	if s := n.Subject("2"); s.Reference != asked.Payments[0].Reference {
		t.Errorf("another code is shown: %s, was %s", s.Reference, asked.Payments[0].Reference)
	}
	left, err := n.Desk.ConfirmByHand(t.Context(), "2", out, "VCB", n.State.Clock().Now())
	if err != nil || left.PaidSum() != 5000 || len(left.Payments) != 1 {
		t.Errorf("left: %+v, %v", left.Payments, err)
	}
	wantFacts(t, n, map[parking.Kind]int{parking.KindPaymentRequested: 1, parking.KindPaymentTaken: 1, parking.KindVehicleOut: 1})
}

func failsWhileLeaving(t *testing.T, b *lanetest.Bench, stop *lanetest.Stopper, step lane.Step) {
	stay := in(t, b, "30A00001")
	b.Clock.Pass(time.Hour)
	out := announce(t, b, "2", "30A00001")
	desk, ctx := b.Desk, t.Context()
	stop.Stop(b, step, func() { _, _ = desk.PayCash(ctx, "2", out, 0) })
	n := b.Killed(nil)
	s := n.Subject("2")
	if !s.Again || s.Stay != stay.ID {
		t.Fatalf("after the start: %+v", s)
	}
	if left, err := n.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil || left.PaidSum() != 5000 {
		t.Errorf("the same act again: %+v, %v", left, err)
	}
	if err := n.Desk.OpenAgain(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	pass(t, n, "2")
	wantFacts(t, n, map[parking.Kind]int{parking.KindPaymentTaken: 1, parking.KindVehicleOut: 1, parking.KindLanePassage: 2})
	if left, err := n.State.Stay(t.Context(), stay.ID); err != nil || left.State != parking.Left || left.PaidSum() != 5000 {
		t.Errorf("the stay: %+v, %v", left, err)
	}
}

func failsWhileAside(t *testing.T, b *lanetest.Bench, _ *lanetest.Stopper) {
	stay := in(t, b, "30A00001")
	b.Clock.Pass(time.Hour)
	out := announce(t, b, "2", "30A00001")
	if err := b.Desk.ShowQR(t.Context(), "2", out); err != nil {
		t.Fatal(err)
	}
	reference := b.Subject("2").Reference
	if err := b.Desk.MoveAside(t.Context(), "2", out); err != nil {
		t.Fatal(err)
	}
	n := b.Killed(nil)
	aside := n.Lane("2").Aside
	if len(aside) != 1 || aside[0].Stay != stay.ID || aside[0].Paid || aside[0].Due != 5000 {
		t.Fatalf("after the start: %+v", aside)
	}
	if err := n.Desk.Recall(t.Context(), "2", aside[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := n.Desk.ShowQR(t.Context(), "2", aside[0].ID); err != nil {
		t.Fatal(err)
	}
	if s := n.Subject("2"); s.Reference != reference {
		t.Errorf("another code is shown: %s, was %s", s.Reference, reference)
	}
}
