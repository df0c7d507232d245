package lane_test

import (
	"context"
	"testing"
	"time"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// What cannot be taken back says so, and nothing older is taken back instead.
func TestWhatCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act  func(ctx context.Context, b *taking, stay parking.Stay) error
		says string
	}{
		"barrier by hand": {func(ctx context.Context, b *taking, _ parking.Stay) error {
			return b.c.OpenByHand(ctx, "2", "ambulance")
		}, "A barrier that was opened"},
		"refund": {func(ctx context.Context, b *taking, stay parking.Stay) error {
			paid, err := b.Desk.PayEarly(ctx, lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash})
			b.do(err)
			_, err = b.c.GiveBack(ctx, lane.Refund{Stay: stay.ID, Payment: paid.Payment, Reason: "too much"})
			return err
		}, "A refund"},
		"early payment": {func(ctx context.Context, b *taking, stay parking.Stay) error {
			_, err := b.c.PayEarly(ctx, lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash})
			return err
		}, "Money that was taken"},
		"receipt": {func(ctx context.Context, b *taking, stay parking.Stay) error {
			paid, err := b.Desk.PayEarly(ctx, lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash})
			b.do(err)
			_, err = b.c.Receipt(ctx, lane.ReceiptRequest{Stay: stay.ID, Payment: paid.Payment})
			return err
		}, "A receipt"},
		"shift": {func(ctx context.Context, b *taking, _ parking.Stay) error {
			_, err := b.c.OpenShift(ctx, lane.ShiftOpening{})
			return err
		}, "of a shift"},
		"void": {func(ctx context.Context, b *taking, stay parking.Stay) error {
			return b.c.Void(ctx, stay.ID, "by mistake")
		}, "A stay that was voided"},
		"unknown exit with money": {func(ctx context.Context, b *taking, _ parking.Stay) error {
			return b.c.OutUnknown(ctx, "2", b.Arrive("2", lane.Arrival{Plate: "88A00001"}).ID, "lost", 30_000, parking.Cash)
		}, "Money that was taken"},
		"VietQR": {func(ctx context.Context, b *taking, stay parking.Stay) error {
			return b.c.ShowQR(ctx, "2", b.Arrive("2", lane.Arrival{Plate: string(stay.Plate)}).ID)
		}, "A code that was shown"},
		"arrival": {func(ctx context.Context, b *taking, _ parking.Stay) error {
			_, err := b.c.Arrive(ctx, "2", lane.Arrival{})
			return err
		}, "nothing down"},
		"backing out": {func(ctx context.Context, b *taking, _ parking.Stay) error {
			id, _ := b.in("30A77777")
			return b.c.BackOut(ctx, "1", id, "no fuel")
		}, "backed out"},
		"time": {func(ctx context.Context, b *taking, _ parking.Stay) error {
			return b.c.SetTime(ctx, b.Clock.Wall())
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTaking(t, lanetest.Options{})
			stay := b.inside("30A54321")
			older := b.inside("30A12345")
			b.do(b.c.MoveStay(t.Context(), older.ID, "N03", "stands there")) // what could be taken back
			err := c.act(t.Context(), b, stay)
			if name == "time" { // what is refused is no act: the one before is the last still
				wantCode(t, err, parking.Conflict)
				if _, err := b.c.TakeBack(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			b.do(err)
			if shown := b.c.View().LastAct; shown == nil || shown.Why == "" {
				t.Errorf("shown: %+v", shown)
			}
			b.refuses(c.says)
			if s := b.stay(older.ID); s.Slot != "N03" {
				t.Errorf("an older act was taken back: %+v", s)
			}
		})
	}
}

// A minute is a minute of the machine, whatever the cloud says of the time.
func TestTakenBackWithinAMinute(t *testing.T) {
	t.Parallel()
	b := newTaking(t, lanetest.Options{})
	ctx := t.Context()
	b.in("30A12345")
	b.Clock.Pass(time.Minute)
	b.State.Clock().Observe(b.Clock.Wall().Add(time.Hour), 0)
	if left := b.c.View().LastAct; left == nil || !left.Until.Equal(b.c.View().Now) {
		t.Errorf("at the end of the minute: %+v", left)
	}
	if _, err := b.c.TakeBack(ctx); err != nil {
		t.Errorf("at the end of the minute: %v", err)
	}
	_, stay := b.in("30A12346")
	b.Clock.Pass(time.Minute + time.Millisecond)
	b.Desk.SignOut(ctx) // and the view is made anew
	b.SignIn()
	if b.c.View().LastAct != nil {
		t.Error("it is shown after the minute")
	}
	b.refuses("more than a minute ago")
	if s := b.stay(stay.ID); s.State != parking.Inside {
		t.Errorf("%+v", s)
	}
	// Asked for again, it is not done again, and is no new minute.
	if _, err := b.c.AcceptIn(ctx, "1", b.Subject("1").ID); err != nil {
		t.Fatal(err)
	}
	b.refuses("more than a minute ago")
}

// What another guard has built upon is not taken away under him.
func TestAnotherGuardHasActedSince(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("with the vehicle", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		id, stay := b.in("30A12345")
		b.do(consoleOf(t, b.Bench, "minh").Correct(ctx, "1", id, "30A99999", ""))
		b.refuses("minh has acted there since")
		if s := b.stay(stay.ID); s.State != parking.Inside || s.Plate != "30A99999" {
			t.Errorf("%+v", s)
		}
	})
	t.Run("by paying for what it is", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		stay := b.inside("30A12345")
		s := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
		b.do(b.c.CorrectClass(ctx, "2", s.ID, stay.ID, parking.Motorbike, "entered wrongly"))
		_, err := b.Desk.PayEarly(ctx, lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash})
		b.do(err)
		b.refuses("Something else has happened")
		if now := b.stay(stay.ID); now.Class != parking.Motorbike {
			t.Errorf("%+v", now)
		}
	})
	t.Run("with the stay", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		stay := b.inside("30A12345")
		b.do(b.c.MoveStay(ctx, stay.ID, "N03", "stands there"))
		b.do(consoleOf(t, b.Bench, "minh").MoveStay(ctx, stay.ID, "N05", "no, there"))
		b.refuses("minh has acted there since")
		b.standsIn(stay.ID, "N", "N05")()
	})
	t.Run("at the lane", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		b.do(b.c.ChangeDirection(ctx, "1", parking.Out, "rush hour"))
		b.do(consoleOf(t, b.Bench, "minh").OpenByHand(ctx, "1", "ambulance"))
		b.refuses("minh has acted there since")
	})
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		b.in("30A12345")
		b.do(consoleOf(t, b.Bench, "minh").OpenByHand(ctx, "2", "ambulance"))
		if _, err := b.c.TakeBack(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("who works at the lane", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		b.in("30A12345")
		minh := consoleOf(t, b.Bench, "minh")
		b.do(minh.Working("1"))
		b.refuses("minh is working at lane 1.")
		b.do(minh.Working(""))
		if _, err := b.c.TakeBack(ctx); err != nil { // what was in the way has gone
			t.Error(err)
		}
	})
	t.Run("at another gate", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		id, stay := b.in("30A12345")
		b.do(b.c.Correct(ctx, "1", id, "30A99999", ""))
		heardOfStay(t, b.Bench, stay.ID, func(s *parking.Stay) { s.Plate = "30A11111" })
		b.refuses("Something else has happened")
	})
	t.Run("each takes back his own", func(t *testing.T) {
		t.Parallel()
		b := newTaking(t, lanetest.Options{})
		minh := consoleOf(t, b.Bench, "minh")
		b.in("30A12345")
		_, err := minh.TakeBack(ctx)
		wantCode(t, err, parking.Conflict)
		b.do(b.Desk.SignIn(ctx, "lan", secret))
		remember(t, b.Bench, "binh")
		b.do(b.c.SignIn(ctx, "binh", secret)) // takes the gate's console over
		if b.c.View().LastAct != nil {
			t.Error("lan's act is shown to binh")
		}
		b.refuses("There is nothing to take back.")
	})
}

// A vehicle that has gone cannot be called back.
func TestTheVehicleHasGone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newTaking(t, lanetest.Options{})
	_, stay := b.in("30A12345")
	pass(t, b.Bench, "1")
	b.refuses("30A-123.45 was seen to drive in.")
	announce(t, b.Bench, "1", "30A00002") // the next stands there
	b.refuses("30A-123.45 was seen to drive in.")
	if s := b.stay(stay.ID); s.State != parking.Inside {
		t.Errorf("%+v", s)
	}
	b.Clock.Pass(2 * time.Hour)
	out := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
	if _, err := b.c.PayCash(ctx, "2", out.ID, 0); err != nil {
		t.Fatal(err)
	}
	pass(t, b.Bench, "2")
	b.refuses("30A-123.45 has gone; its exit stands. A refund gives money back.")
	if s := b.stay(stay.ID); s.State != parking.Left {
		t.Errorf("%+v", s)
	}

	// Its former slot is another's now.
	moved := b.inside("30A55555")
	if err := b.c.MoveStay(ctx, moved.ID, "N03", "stands there"); err != nil {
		t.Fatal(err)
	}
	other := b.inside("30A66666")
	if other.Slot != moved.Slot {
		t.Fatalf("the other stands in %s", other.Slot)
	}
	b.refuses("more than a minute ago")
	if err := b.c.MoveStay(ctx, moved.ID, "N05", "stands there"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.MoveStay(lane.WithActor(ctx, "kiosk"), other.ID, "N03", "stands there"); err != nil {
		t.Fatal(err)
	}
	b.refuses("N03 is occupied.")
}

// Money is not lost by taking back: who was paid for before the exit goes out,
// what was paid for an entry that is taken back stands in the way.
func TestNothingIsChargedTwice(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newTaking(t, lanetest.Options{Change: shops})
	stay := b.inside("30A12345")
	b.Clock.Pass(2 * time.Hour) // 14,000: the first hour and three more
	out := b.Arrive("2", lane.Arrival{Plate: "30A12345"})
	if out.Due != 14_000 {
		t.Fatalf("due %d", out.Due)
	}
	if _, err := b.c.PayCash(ctx, "2", out.ID, 20_000); err != nil {
		t.Fatal(err)
	}
	if _, err := b.c.TakeBack(ctx); err != nil {
		t.Fatal(err)
	}
	out = b.Arrive("2", lane.Arrival{Plate: "30A12345"})
	if out.Due != 0 || out.Chosen != 0 {
		t.Fatalf("it comes again: %+v", out)
	}
	if _, err := b.c.LeaveFree(ctx, "2", out.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.c.TakeBack(ctx); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(2 * time.Hour) // two more hours: only these are due
	out = b.Arrive("2", lane.Arrival{Plate: "30A12345"})
	if out.Due != 6000 {
		t.Fatalf("after two hours %d are due", out.Due)
	}
	left, err := b.c.PayCash(ctx, "2", out.ID, 0)
	if err != nil || left.PaidSum() != 20_000 || left.Charge.Fee != 20_000 || left.ID != stay.ID {
		t.Errorf("left: %+v, %v", left, err)
	}
	if n := kinds(b.Bench); n[parking.KindPaymentTaken] != 2 || n[parking.KindVehicleOut] != 3 || n[parking.KindVehicleBackedOut] != 2 {
		t.Errorf("facts: %v", n)
	}

	_, paid := b.in("51F44210")
	b.Clock.Pass(50 * time.Second)
	if _, err := b.Desk.PayEarly(lane.WithActor(ctx, "kiosk"), lane.EarlyPayment{Stay: paid.ID, Method: parking.Cash}); err != nil {
		t.Fatal(err)
	}
	b.refuses("Money was taken for 51F-442.10 since")
}

// The console remembers in memory, and only what was done there and then.
func TestTakingBackIsOfThisConsole(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newTaking(t, lanetest.Options{})
	b.refuses("There is nothing to take back.")
	_, stay := b.in("30A12345")
	b.c.Lock()
	_, err := b.c.TakeBack(ctx)
	wantCode(t, err, parking.Forbidden)
	if b.c.View().LastAct != nil {
		t.Error("a locked console shows it")
	}
	b.do(b.c.Unlock(ctx, "lan", secret))
	watch := b.Desk.GuardConsole(lane.Guard{Name: "lan"}, true, func() {})
	t.Cleanup(watch.Close)
	_, err = watch.TakeBack(ctx)
	wantCode(t, err, parking.Forbidden)
	_, err = b.Desk.Console().TakeBack(ctx) // another console of the gate
	wantCode(t, err, parking.Conflict)
	b.c.Close()
	b.Restart()
	b.c = b.Desk.Console()
	t.Cleanup(b.c.Close)
	b.refuses("There is nothing to take back.")
	if s := b.stay(stay.ID); s.State != parking.Inside {
		t.Errorf("%+v", s)
	}
}

// An act that is being written is going to be the last: nothing older is taken
// back meanwhile. Pressed by many at once, it is taken back once.
func TestTakingBackWhileAnActIsUnderWay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	slow := slowBarrier{asked: make(chan struct{}), opens: make(chan struct{})}
	b := newTaking(t, lanetest.Options{}, func(c *lane.Config) { c.Barriers["2"] = slow })
	b.in("30A12345")
	done := make(chan error, 1)
	go func() { done <- b.c.OpenByHand(ctx, "2", "ambulance") }()
	<-slow.asked
	b.refuses("still being written")
	close(slow.opens)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.refuses("A barrier that was opened")

	_, stay := b.in("30A12346")
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() { _, err := b.c.TakeBack(ctx); errs <- err }()
	}
	taken := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			taken++
		}
	}
	if n := kinds(b.Bench)[parking.KindVehicleBackedOut]; taken != 1 || n != 1 || b.stay(stay.ID).State != parking.Voided {
		t.Errorf("taken back %d times, %d facts", taken, n)
	}
}

// slowBarrier says that it is asked, and opens when it may.
type slowBarrier struct{ asked, opens chan struct{} }

func (s slowBarrier) Open(context.Context, device.Cause) error {
	close(s.asked)
	<-s.opens
	return nil
}
