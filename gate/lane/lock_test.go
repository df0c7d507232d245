package lane_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// secret is the password of the bench's guards.
const secret = "mật khẩu"

func remember(t *testing.T, b *lanetest.Bench, name string) {
	t.Helper()
	guard := state.Guard{Name: name, Display: name, Role: "guard"}
	if err := b.State.RememberGuard(t.Context(), guard, secret, time.Hour); err != nil {
		t.Fatal(err)
	}
}

// A locked console lets in, and neither shows money nor acts on it, whatever
// the screen lets through.
func TestLockedConsoleHidesMoneyNotIn(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx := t.Context()
	c := b.Desk.Console()
	t.Cleanup(c.Close)
	leave(t, b, "30A54321") // money in the history, and a shift
	enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(time.Hour)
	out := b.Arrive("2", lane.Arrival{})
	if len(out.Matches) == 0 || out.Due == 0 {
		t.Fatalf("nothing is due: %+v", out)
	}
	c.Lock()
	v := c.View()
	shown, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, money := range []string{"5000", "cash", `"quote"`, `"shift"`, `"amount"`, "payment_taken"} {
		if strings.Contains(string(shown), money) {
			t.Errorf("%s is in a locked console's view", money)
		}
	}
	if !v.Locked || v.Guard == nil || v.Lanes[1].Subject == nil || v.Lanes[1].Subject.Display != out.Display {
		t.Errorf("the view: locked %v, %+v", v.Locked, v.Lanes[1].Subject)
	}
	if d := b.Desk.View(); d.Locked || d.Lanes[1].Subject.Due != out.Due {
		t.Error("the desk's own view is changed")
	}
	if len(c.Search("")) > 0 || len(c.Refundable("")) > 0 {
		t.Error("a search finds something")
	}
	facts := len(b.Facts())
	for name, do := range map[string]func() error{
		"cash":      func() error { _, err := c.PayCash(ctx, "2", out.ID, 0); return err },
		"VietQR":    func() error { return c.ShowQR(ctx, "2", out.ID) },
		"free":      func() error { _, err := c.LeaveFree(ctx, "2", out.ID); return err },
		"arrive":    func() error { _, err := c.Arrive(ctx, "2", lane.Arrival{}); return err },
		"correct":   func() error { return c.Correct(ctx, "2", out.ID, "30A11111", "x") },
		"barrier":   func() error { return c.OpenByHand(ctx, "1", "x") },
		"turn":      func() error { return c.ChangeDirection(ctx, "1", parking.Out, "x") },
		"back out":  func() error { return c.BackOut(ctx, "1", out.ID, "x") },
		"shift":     func() error { _, err := c.OpenShift(ctx, lane.ShiftOpening{ID: uuid.New()}); return err },
		"hand over": func() error { _, err := c.CloseShift(ctx, lane.ShiftCounted{}); return err },
		"refund":    func() error { _, err := c.GiveBack(ctx, lane.Refund{ID: uuid.New()}); return err },
		"early":     func() error { _, err := c.PayEarly(ctx, lane.EarlyPayment{ID: uuid.New()}); return err },
		"move":      func() error { return c.MoveStay(ctx, out.Matches[0].Stay.ID, "N05", "x") },
		"void":      func() error { return c.Void(ctx, out.Matches[0].Stay.ID, "x") },
		"card":      func() error { return c.SetCard(ctx, "77") },
	} {
		if err := do(); parking.ErrorCode(err) != parking.Forbidden || !strings.Contains(parking.ErrorMessage(err), "locked") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(b.Facts()); n != facts {
		t.Errorf("%d facts were written", n-facts)
	}
	b.Clock.Pass(time.Minute)
	in := b.Arrive("1", lane.Arrival{Plate: "51F44210"})
	if _, err := c.AcceptIn(ctx, "1", in.ID); err != nil {
		t.Errorf("IN does not go on: %v", err)
	}
	if got := b.FactsOf(parking.KindVehicleIn); got[len(got)-1].Actor != "lan" {
		t.Errorf("IN is by %q", got[len(got)-1].Actor)
	}
	// Other consoles are not locked by it.
	if _, err := consoleOf(t, b, "minh").PayCash(ctx, "2", out.ID, 0); err != nil {
		t.Errorf("another console: %v", err)
	}
}

// The guard opens it again without the cloud; another guard takes the gate's own
// console over, but not one over SSH.
func TestUnlocking(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	remember(t, b, "binh")
	ctx := t.Context()
	c := b.Desk.Console()
	t.Cleanup(c.Close)
	c.Lock()
	wantCode(t, c.Unlock(ctx, "lan", "wrong"), parking.Unauthorized)
	if !c.View().Locked {
		t.Fatal("a wrong password unlocks")
	}
	before := len(b.Facts())
	if err := c.Unlock(ctx, "lan", secret); err != nil || c.View().Locked {
		t.Fatalf("%v, locked %v", err, c.View().Locked)
	}
	if n := len(b.Facts()); n != before {
		t.Errorf("%d facts are written of a guard who comes back", n-before)
	}
	c.Lock()
	if err := c.Unlock(ctx, "binh", secret); err != nil || c.View().Locked || c.View().Guard.Name != "binh" {
		t.Errorf("%v, %+v", err, c.View().Guard)
	}
	if got := b.FactsOf(parking.KindSignedInOffline); len(got) == 0 || got[len(got)-1].Actor != "binh" {
		t.Error("it is not written that another guard was let in")
	}
	c.Lock()
	c.SignOut(ctx)
	if v := c.View(); v.Locked || v.Guard != nil {
		t.Error("a console that nobody is at is locked")
	}
	if err := c.SignIn(ctx, "lan", secret); err != nil || c.View().Locked {
		t.Errorf("signed in anew: %v, locked %v", err, c.View().Locked)
	}
	own := consoleOf(t, b, "lan")
	own.Lock()
	wantCode(t, own.Unlock(ctx, "binh", secret), parking.Forbidden)
	if !own.View().Locked || c.View().Locked {
		t.Error("locks are mixed up")
	}
	if err := own.Unlock(ctx, "lan", secret); err != nil {
		t.Error(err)
	}
}

// A guard's card at any reader unlocks the guard's consoles, and is no vehicle's;
// it is known after a start.
func TestUnlockingByCard(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ctx := t.Context()
	lan, minh := b.Desk.Console(), consoleOf(t, b, "minh")
	if err := lan.SetCard(ctx, " 0042 "); err != nil {
		t.Fatal(err)
	}
	wantCode(t, minh.SetCard(ctx, "0042"), parking.Conflict)
	wantCode(t, minh.SetCard(ctx, strings.Repeat("9", parking.MaxTicketText+1)), parking.Invalid)
	enter(t, b, lane.Arrival{Token: "0077"}, "30A12345")
	wantCode(t, minh.SetCard(ctx, "0077"), parking.Conflict)
	if !lan.View().HasCard || minh.View().HasCard {
		t.Error("who has a card is wrong")
	}
	lan.Lock()
	minh.Lock()
	facts := len(b.Facts())
	for _, code := range []string{"1", "2"} {
		got, err := b.Desk.Tap(ctx, code, "0042")
		if err != nil || got.Refused == "" || got.Subject != uuid.Nil {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if lan.View().Locked || !minh.View().Locked {
		t.Errorf("locked: lan %v, minh %v", lan.View().Locked, minh.View().Locked)
	}
	if n := len(b.Facts()); n != facts {
		t.Error("the tap was written down")
	}
	lan.Close()
	b.Restart()
	lan = b.Desk.Console()
	t.Cleanup(lan.Close)
	lan.Lock()
	if _, err := b.Desk.Tap(ctx, "1", "0042"); err != nil || lan.View().Locked {
		t.Errorf("after a start: %v, locked %v", err, lan.View().Locked)
	}
	if err := lan.SetCard(ctx, ""); err != nil || lan.View().HasCard {
		t.Errorf("taken away: %v", err)
	}
	lan.Lock()
	if _, err := b.Desk.Tap(ctx, "1", "0042"); !lan.View().Locked {
		t.Errorf("a card that was taken away unlocks: %v", err)
	}
}
