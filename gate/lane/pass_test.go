package lane_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// quiet is a bench where plates are typed.
func quiet(t *testing.T) *lanetest.Bench {
	t.Helper()
	return lanetest.New(t, lanetest.Options{NoCamera: true, NoVision: true})
}

// midnight is the begin of the n-th day after the bench's first, at the site.
func midnight(b *lanetest.Bench, n int) time.Time {
	zone := time.FixedZone("+7", 7*60*60)
	y, m, d := lanetest.Start.In(zone).Date()
	_ = b
	return time.Date(y, m, d+n, 0, 0, 0, 0, zone).UTC()
}

// passOf is a pass from ten days before up to and with the n-th day after now.
func passOf(b *lanetest.Bench, code string, last, places int, plates ...parking.Plate) *parking.PassVersion {
	return &parking.PassVersion{Pass: code, Plates: plates, Places: places, Begins: midnight(b, -10), Ends: midnight(b, last+1), From: midnight(b, -10)}
}

func comeIn(t *testing.T, b *lanetest.Bench, plate string) (lane.Subject, parking.Stay) {
	t.Helper()
	s := b.Arrive("1", lane.Arrival{Plate: plate})
	stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s, stay
}

// departs lets a vehicle out; it is asked to owe due.
func departs(t *testing.T, b *lanetest.Bench, plate string, due parking.Money) parking.Stay {
	t.Helper()
	s := b.Arrive("2", lane.Arrival{Plate: plate})
	if s.Chosen != 0 || s.Due != due {
		t.Fatalf("%s at the exit: chosen %d, due %d, want %d; pass %+v, lines %+v", plate, s.Chosen, s.Due, due, s.Matches[0].Pass, s.Matches[0].Quote.Lines)
	}
	stay, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return stay
}

// A vehicle with a pass comes in and leaves for nothing while the line is down;
// the fact of its IN names the pass, its charge has one line that does.
func TestPassLetsInAndOutForNothing(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(passOf(b, "P-1", 2, 1, "30A12345"))
	s, stay := comeIn(t, b, "30A12345")
	if s.Pass == nil || s.Pass.State != parking.PassCovers || s.Pass.DaysLeft != 2 || s.Pass.Code != "P-1" {
		t.Fatalf("at the entry: %+v", s.Pass)
	}
	if in := lanetest.Says[parking.VehicleIn](b, b.FactsOf(parking.KindVehicleIn)[0]); in.Pass != "P-1" || stay.Pass != "P-1" {
		t.Errorf("the fact names %q, the stay %q", in.Pass, stay.Pass)
	}
	b.Clock.Pass(30 * time.Hour)
	left := departs(t, b, "30A12345", 0)
	if left.Charge.Fee != 0 || len(left.Charge.Lines) != 1 || left.Charge.Lines[0].Code != parking.LinePass || len(left.Payments) != 0 {
		t.Errorf("charged: %+v", left.Charge)
	}
	if _, stay := comeIn(t, b, "30A99999"); stay.Pass != "" {
		t.Error("another vehicle came in on it")
	}
}

// Two vehicles share one place: the second pays, and the first holds the place
// until it leaves.
func TestTwoVehiclesShareOnePlace(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(passOf(b, "P-1", 5, 1, "30A11111", "30A22222"))
	comeIn(t, b, "30A11111")
	b.Clock.Pass(time.Minute)
	s, second := comeIn(t, b, "30A22222")
	if s.Pass == nil || s.Pass.State != parking.PassNoPlace || !slices.Equal(s.Pass.Inside, []string{"30A-111.11"}) || second.Pass != "" {
		t.Fatalf("the second: %+v, came on %q", s.Pass, second.Pass)
	}
	b.Clock.Pass(30 * time.Minute)
	departs(t, b, "30A22222", 5000)
	departs(t, b, "30A11111", 0)
	b.Clock.Pass(time.Minute)
	if _, again := comeIn(t, b, "30A22222"); again.Pass != "P-1" {
		t.Error("the place was not free again")
	}
}

// The pass ends at midnight while the vehicle is inside. Up to then it costs
// nothing; the minutes after are priced as a stay that came in at midnight.
func TestPassEndsDuringTheStay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after time.Duration // the end of the pass
		due   parking.Money
	}{{-time.Minute, 0}, {0, 0}, {time.Second, 5000}, {60 * time.Minute, 5000}, {60*time.Minute + 59*time.Second, 5000}, {61 * time.Minute, 8000}} {
		b := quiet(t)
		v := passOf(b, "P-1", 0, 1, "30A12345")
		b.Lists(v)
		comeIn(t, b, "30A12345")
		b.Clock.Pass(v.Ends.Sub(b.Config.Now()) + c.after)
		left := departs(t, b, "30A12345", c.due)
		if left.Charge.Lines[0].Code != parking.LinePass {
			t.Errorf("%v after its end: %+v", c.after, left.Charge.Lines)
		}
		b.Close()
	}
}

// On both sides of its begin and its end a pass covers or does not.
func TestPassAtTheMinuteOfItsBegin(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	v := passOf(b, "P-1", 3, 1, "30A12345")
	v.Begins = midnight(b, 1)
	b.Lists(v)
	for i, want := range []struct {
		at    time.Time
		state parking.PassState
	}{
		{v.Begins.Add(-time.Second), parking.PassNotBegun},
		{v.Begins, parking.PassCovers},
		{v.Ends.Add(-time.Second), parking.PassCovers},
		{v.Ends, parking.PassEnded},
	} {
		b.Clock.Pass(want.at.Sub(b.Config.Now()))
		s := b.Arrive("1", lane.Arrival{Plate: "30A12345"})
		if s.Pass == nil || s.Pass.State != want.state {
			t.Fatalf("%d: at %v: %+v, want %s", i, want.at, s.Pass, want.state)
		}
	}
}

// Renewed before it has ended, or after, a pass goes on without a gap. Suspended
// it covers until then, and nothing is taken back. Swapped to another vehicle it
// still covers the one that came in on it.
func TestPassChangesDuringTheStay(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		wait   time.Duration // from the IN to the change
		change func(*parking.PassVersion)
		then   time.Duration // to the exit
		due    parking.Money
	}{
		"renewed":      {time.Hour, func(v *parking.PassVersion) { v.Ends = v.Ends.Add(30 * day) }, 5 * day, 0},
		"renewed late": {3 * day, func(v *parking.PassVersion) { v.Ends = v.Ends.Add(30 * day) }, day, 0},
		"suspended":    {time.Hour, func(v *parking.PassVersion) { v.Suspended = true }, 61 * time.Minute, 8000},
		"swapped":      {time.Hour, func(v *parking.PassVersion) { v.Plates = []parking.Plate{"30A99999"} }, time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := quiet(t)
			b.Lists(passOf(b, "P-1", 1, 1, "30A12345"))
			comeIn(t, b, "30A12345")
			b.Clock.Pass(c.wait)
			v := passOf(b, "P-1", 1, 1, "30A12345")
			v.From = time.Time{} // now
			c.change(v)
			b.Lists(v)
			b.Clock.Pass(c.then)
			departs(t, b, "30A12345", c.due)
		})
	}
}

// A pass that begins where another ends joins it; one that leaves a gap does not.
func TestFollowingPassesJoin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		begins int // the day on which the second begins
		due    parking.Money
	}{{1, 0}, {2, 5000 + 23*3000 + 3000}} {
		b := quiet(t)
		next := passOf(b, "P-2", 9, 1, "30A12345")
		next.Begins = midnight(b, c.begins)
		b.Lists(passOf(b, "P-1", 0, 1, "30A12345"), next)
		comeIn(t, b, "30A12345")
		b.Clock.Pass(midnight(b, 2).Sub(b.Config.Now()) + time.Hour)
		left := departs(t, b, "30A12345", c.due)
		if joined := c.due == 0; joined != slices.Equal(left.Charge.Follows, []string{"P-2"}) {
			t.Errorf("the second begins on day %d: follows %q", c.begins, left.Charge.Follows)
		}
		b.Close()
	}
}

// A plate that is corrected after the IN brings its pass with it, and takes it.
func TestPlateCorrectedBringsItsPass(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(passOf(b, "P-1", 5, 1, "30A12345"))
	s, _ := comeIn(t, b, "30A12346")
	if err := b.Desk.Correct(t.Context(), "1", s.ID, "30A12345", "misread"); err != nil {
		t.Fatal(err)
	}
	stay, err := b.State.Stay(t.Context(), b.Subject("1").Stay)
	if err != nil || stay.Pass != "P-1" {
		t.Fatalf("came on %q, %v", stay.Pass, err)
	}
	if err := b.Desk.Correct(t.Context(), "1", s.ID, "30A12347", "misread again"); err != nil {
		t.Fatal(err)
	}
	if stay, err = b.State.Stay(t.Context(), stay.ID); err != nil || stay.Pass != "" {
		t.Errorf("came on %q, %v", stay.Pass, err)
	}
}

// What the gate knows of passes, cards and plates is there after a restart,
// without the cloud.
func TestListsOutliveARestart(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(passOf(b, "P-1", 5, 1, "30A12345"), &parking.BlockVersion{Plate: "30A66666", Blocked: true, Note: "owes"}, &parking.TokenVersion{Token: "0042", State: "blocked"})
	b.Restart()
	b.SignIn()
	if _, stay := comeIn(t, b, "30A12345"); stay.Pass != "P-1" {
		t.Error("the pass is gone")
	}
	if s := b.Arrive("1", lane.Arrival{Plate: "30A66666"}); s.Listed == nil || !s.Listed.Blocked || s.Listed.Note != "owes" {
		t.Errorf("the block list: %+v", s.Listed)
	}
	if state, err := b.State.Card(t.Context(), "0042"); state != "blocked" || err != nil {
		t.Errorf("the card is %q, %v", state, err)
	}
}

// A blocked vehicle is told of, never shut out: a guard's reason lets it in and
// out, and each opening has an alarm with it.
func TestBlockedVehicleNeedsAWord(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(&parking.BlockVersion{Plate: "30A66666", Blocked: true, Note: "owes 200.000"})
	s := b.Arrive("1", lane.Arrival{Plate: "30A66666"})
	if s.Listed == nil || s.NeedsWord == "" {
		t.Fatalf("shown: %+v", s)
	}
	_, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
	wantCode(t, err, parking.Conflict)
	if !strings.Contains(parking.ErrorMessage(err), "owes 200.000") {
		t.Errorf("refused with %q", parking.ErrorMessage(err))
	}
	wantCode(t, b.Desk.Allow(t.Context(), "1", s.ID, "  "), parking.Invalid)
	if err := b.Desk.Allow(t.Context(), "1", s.ID, "paid today"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.AcceptIn(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(time.Hour)
	s = b.Arrive("2", lane.Arrival{Plate: "30A66666"})
	_, err = b.Desk.PayCash(t.Context(), "2", s.ID, 0)
	wantCode(t, err, parking.Conflict)
	if err := b.Desk.Allow(t.Context(), "2", s.ID, "paid now"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.PayCash(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	alarms, openings := b.FactsOf(parking.KindAlarm), b.FactsOf(parking.KindBarrierOpened)
	if len(alarms) != 2 || len(openings) != 2 {
		t.Fatalf("%d alarms, %d openings", len(alarms), len(openings))
	}
	for i, word := range []string{"paid today", "paid now"} {
		a, o := lanetest.Says[parking.Alarm](b, alarms[i]), lanetest.Says[parking.BarrierOpened](b, openings[i])
		if a.Code != "blocked_vehicle" || !strings.Contains(a.Text, word) || o.Reason != word || alarms[i].Actor != "lan" {
			t.Errorf("%d: alarm %+v, opening %+v", i, a, o)
		}
	}
	wantCode(t, b.Desk.Allow(t.Context(), "2", s.ID, "again"), parking.Conflict) // it is gone
}

// A card that is blocked, lost, or not in the site's list goes through with no
// key and with one key neither; another card takes its place.
func TestCardsThatAreNoGood(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Lists(&parking.TokenVersion{Token: "0001", State: "stock"}, &parking.TokenVersion{Token: "0002", State: "blocked"}, &parking.TokenVersion{Token: "0003", State: "lost"})
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	for token, bad := range map[string]string{"0002": "blocked", "0003": "lost", "0009": "unknown"} {
		tap(t, b, "1", token)
		b.Desk.Settle()
		s := b.Subject("1")
		if s.Card != bad || s.NeedsWord == "" || s.Stage == lane.Opened {
			t.Fatalf("card %s: %q, %q, %s", token, s.Card, s.NeedsWord, s.Stage)
		}
		_, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
		wantCode(t, err, parking.Conflict)
		b.Clock.Pass(10 * time.Second)
	}
	subject := b.Subject("1").ID
	tap(t, b, "1", "0001")
	if s := untilThrough(b, "1"); s.ID != subject || s.Token != "0001" {
		t.Fatalf("with another card: %+v", s)
	}
	// Blocked while it is inside, it lets nobody out by itself.
	b.Clock.Pass(time.Minute)
	b.Lists(&parking.TokenVersion{Token: "0001", State: "blocked"})
	tap(t, b, "2", "0001")
	b.Desk.Settle()
	s := b.Subject("2")
	if s.Card != "blocked" || s.Chosen != -1 || len(s.Matches) != 1 {
		t.Fatalf("at the exit: %q, chosen %d of %d", s.Card, s.Chosen, len(s.Matches))
	}
	if err := b.Desk.Pick(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.LeaveFree(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	if alarms := b.FactsOf(parking.KindAlarm); len(alarms) != 1 || lanetest.Says[parking.Alarm](b, alarms[0]).Code != "bad_card" {
		t.Errorf("%d alarms", len(alarms))
	}
}
