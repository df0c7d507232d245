package lane_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// consoleOf is a console of a guard who came over SSH.
func consoleOf(t *testing.T, b *lanetest.Bench, name string) *lane.Console {
	t.Helper()
	c := b.Desk.GuardConsole(lane.Guard{Name: name, Display: name, Role: "guard"}, false, func() {})
	t.Cleanup(c.Close)
	return c
}

func heldBy(v *lane.View, code string) string {
	for _, l := range v.Lanes {
		if l.Lane.Code == code {
			return l.HeldBy
		}
	}
	return "no lane"
}

// A lane is held while its guard types there or handles its vehicle, for 20 s
// after the last key at the most.
func TestLaneIsHeldByWhoWorksThere(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoVision: true})
	now := time.Now()
	b.Desk.HoldsBy(func() time.Time { return now })
	later := func(d time.Duration) { now = now.Add(d); b.Desk.SignOut(t.Context()) } // and the view is made anew
	ctx := t.Context()
	minh, hoa, local := consoleOf(t, b, "minh"), consoleOf(t, b, "hoa"), b.Desk.Console()
	held := func(by string) {
		t.Helper()
		if got := heldBy(hoa.View(), "1"); got != by {
			t.Errorf("held by %q, want %q", got, by)
		}
		if got := heldBy(minh.View(), "1"); got != "" {
			t.Errorf("minh is told of %q", got)
		}
	}
	s := b.Arrive("1", lane.Arrival{})
	if err := minh.Working("1"); err != nil {
		t.Fatal(err)
	}
	held("minh")
	wantCode(t, hoa.Working("1"), parking.Conflict)
	wantCode(t, hoa.Correct(ctx, "1", s.ID, "30A12345", ""), parking.Conflict)
	wantCode(t, local.Correct(ctx, "1", s.ID, "30A12345", ""), parking.Conflict)
	if err := hoa.Working("2"); err != nil { // another lane is free
		t.Fatal(err)
	}
	// What was typed is written; the vehicle is still minh's, also with the dialog closed.
	if err := minh.Correct(ctx, "1", s.ID, "30A12345", ""); err != nil {
		t.Fatal(err)
	}
	if err := minh.Working(""); err != nil {
		t.Fatal(err)
	}
	held("minh")
	later(19 * time.Second)
	held("minh")
	later(time.Second)
	held("")
	// Esc gives it back at once.
	if err := minh.Working("1"); err != nil {
		t.Fatal(err)
	}
	held("minh")
	if err := minh.Working(""); err != nil {
		t.Fatal(err)
	}
	held("")
	// Typing for longer holds on with every key, and not without.
	for range 3 {
		if err := minh.Working("1"); err != nil {
			t.Fatal(err)
		}
		later(15 * time.Second)
		held("minh")
	}
	later(15 * time.Second)
	held("")
	// A vehicle that is done holds nothing.
	if _, err := minh.AcceptIn(ctx, "1", s.ID); err != nil {
		t.Fatal(err)
	}
	held("")
	if err := hoa.Clear(ctx, "1", s.ID); err != nil {
		t.Error(err)
	}
	// Nor does a console that has ended.
	if err := minh.Working("1"); err != nil {
		t.Fatal(err)
	}
	minh.Close()
	held("")
	wantCode(t, minh.OpenByHand(ctx, "1", "a test"), parking.Unauthorized)
	if in := b.FactsOf(parking.KindVehicleIn); len(in) != 1 || in[0].Actor != "minh" {
		t.Errorf("entries: %+v", in)
	}
}

// Consoles have guards and drawers of their own; the gate's own guard is another.
func TestConsolesActAsTheirGuards(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoVision: true})
	ctx := t.Context()
	left := make(chan struct{})
	minh := b.Desk.GuardConsole(lane.Guard{Name: "minh", Role: "admin"}, false, sync.OnceFunc(func() { close(left) }))
	defer minh.Close()
	if _, err := minh.OpenShift(ctx, lane.ShiftOpening{Float: money(50_000)}); err != nil {
		t.Fatal(err)
	}
	if v := minh.View(); v.Guard.Name != "minh" || v.Shift == nil || v.Shift.Guard != "minh" {
		t.Errorf("minh sees %+v, %+v", v.Guard, v.Shift)
	}
	if v := b.Desk.Console().View(); v.Guard.Name != "lan" || v.Shift != nil {
		t.Errorf("lan sees %+v, %+v", v.Guard, v.Shift)
	}
	if err := minh.OpenByHand(ctx, "1", "an ambulance"); err != nil {
		t.Fatal(err)
	}
	if err := b.Desk.Console().OpenByHand(ctx, "1", "another"); err != nil {
		t.Fatal(err)
	}
	if opened := b.FactsOf(parking.KindBarrierOpened); len(opened) != 2 || opened[0].Actor != "minh" || opened[1].Actor != "lan" {
		t.Errorf("opened: %+v", opened)
	}
	minh.SignOut(ctx)
	<-left
	if minh.View().Guard != nil || b.Desk.View().Guard == nil {
		t.Error("the wrong guard has signed out")
	}
	wantCode(t, minh.Void(ctx, b.Arrive("1", lane.Arrival{}).ID, "a test"), parking.Unauthorized)
	wantCode(t, minh.SignIn(ctx, "lan", "mật khẩu"), parking.Forbidden)
}

// Acts that cross take effect once, and their lane is held by one of them.
func TestActsThatCross(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoVision: true})
	s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		c := consoleOf(t, b, name)
		all.Go(func() {
			_ = c.Working("1")
			_, _ = c.AcceptIn(context.WithoutCancel(t.Context()), "1", s.ID) // all but one are refused, or answered as the first
			_ = c.Working("")
		})
	}
	all.Wait()
	if n := len(b.FactsOf(parking.KindVehicleIn)); n != 1 {
		t.Errorf("%d entries", n)
	}
	if by := heldBy(b.Desk.View(), "1"); by != "" {
		t.Errorf("held by %q", by)
	}
}
