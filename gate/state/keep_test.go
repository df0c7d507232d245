package state_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func TestGuardsSignInWithoutTheCloud(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g := newGate(t, store.Options{})
	an := state.Guard{Name: "an", Display: "Nguyễn An", Role: "guard"}
	if err := g.RememberGuard(ctx, an, "secret", 72*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, err := g.CheckGuard(ctx, "an", "secret"); err != nil || got != an {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := g.CheckGuard(ctx, "binh", "secret"); parking.ErrorCode(err) != parking.Unauthorized {
		t.Fatalf("an unknown guard: %v", err)
	}
	for range 5 {
		if _, err := g.CheckGuard(ctx, "an", "wrong"); parking.ErrorCode(err) != parking.Unauthorized {
			t.Fatalf("a wrong password: %v", err)
		}
	}
	if _, err := g.CheckGuard(ctx, "an", "secret"); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("after five wrong passwords: %v", err)
	}
	g.pass(61 * time.Second)
	if _, err := g.CheckGuard(ctx, "an", "secret"); err != nil {
		t.Fatalf("a minute later: %v", err)
	}
	// The verifier has ended; setting the clock back does not revive it, not
	// even over a restart.
	g.pass(80 * time.Hour)
	if _, err := g.CheckGuard(ctx, "an", "secret"); parking.ErrorCode(err) != parking.Unauthorized {
		t.Fatalf("after its end: %v", err)
	}
	g.write(state.Draft{Kind: parking.KindAlive, Body: struct{}{}})
	g.reboot(morning)
	if _, err := g.CheckGuard(ctx, "an", "secret"); parking.ErrorCode(err) != parking.Unauthorized {
		t.Fatalf("with the clock set back: %v", err)
	}
	if err := g.RememberGuard(ctx, an, "secret", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := g.CheckGuard(ctx, "an", "secret"); err != nil {
		t.Fatalf("after a sign-in with the cloud: %v", err)
	}
	if err := g.ForgetGuard(ctx, "an"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.CheckGuard(ctx, "an", "secret"); parking.ErrorCode(err) != parking.Unauthorized {
		t.Fatalf("a forgotten guard: %v", err)
	}
}

func TestPruneKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	old, waiting := uuid.New(), uuid.New()
	g.write(draftIn(old, "30A11111", "A001"), draftOut(old, "30A11111", 0))
	left, err := g.Stay(ctx, old)
	if err != nil {
		t.Fatal(err)
	}
	g.deltas(wire.Delta{FeedSeq: 11, Stays: []parking.Stay{left}, Covers: g.covers(3)})
	if _, err := g.Rewind(ctx, map[parking.Epoch]int64{g.Epoch(): 3}); err != nil {
		t.Fatal(err)
	}
	g.write(draftIn(waiting, "30A22222", "A002"))
	g.pass(36 * 24 * time.Hour)
	if err := g.Prune(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Stay(ctx, old); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("the old stay is still there: %v", err)
	}
	facts, _ := g.outbox()
	if len(facts) != 1 || facts[0].Seq != 4 || g.Waiting() != 1 {
		t.Fatalf("%d facts, %d wait", len(facts), g.Waiting())
	}
	if v, err := g.Vehicle(ctx, "30A11111"); err != nil || v.Class != parking.Car {
		t.Fatalf("vehicle %+v, %v", v, err)
	}
	g.restart()
	if _, ok := g.Site().Stay(waiting); !ok {
		t.Fatal("the waiting stay is gone")
	}
	// Pruned facts are no sign of a disk that is an older copy.
	if ahead, err := g.Rewind(ctx, map[parking.Epoch]int64{g.outboxEpoch(): 4}); err != nil || ahead {
		t.Fatalf("ahead %v, %v", ahead, err)
	}
}

// While it is connected a gate learns by the feed that the cloud has facts of it
// that its disk does not have, and takes none of its own for such.
func TestTheCloudHasWhatThisDiskHasNot(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	g.write(draftIn(uuid.New(), "30A11111", "A001"))
	g.restart()
	g.deltas(wire.Delta{FeedSeq: 11, Covers: []wire.Covered{{Gate: "N", Epoch: g.outboxEpoch(), Seq: 2}, {Gate: "N", Epoch: g.Epoch(), Seq: 1}, {Gate: "S", Epoch: "9", Seq: 7}}})
	if g.Ahead() {
		t.Fatal("its own facts are strange to it")
	}
	g.deltas(wire.Delta{FeedSeq: 12, Covers: []wire.Covered{{Gate: "N", Epoch: g.outboxEpoch(), Seq: 3}}})
	if !g.Ahead() {
		t.Error("a number that it has not written is not strange to it")
	}
	g.restart()
	g.deltas(wire.Delta{FeedSeq: 13, Covers: []wire.Covered{{Gate: "N", Epoch: "3-another", Seq: 1}}})
	if !g.Ahead() {
		t.Error("a run that it never had is not strange to it")
	}
}

// outboxEpoch is the epoch of the oldest fact on the disk.
func (g *gate) outboxEpoch() parking.Epoch {
	facts, _ := g.outbox()
	return facts[0].Epoch
}

func TestOpeningsThatWereNotConfirmed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g := newGate(t, store.Options{})
	stay := uuid.New()
	in := draftIn(stay, "30A11111", "A001")
	in.Opens = "1"
	f := g.write(in)
	g.restart()
	o, err := g.Openings(ctx)
	if err != nil || len(o) != 1 || o[0].Fact != f[0].ID || o[0].Stay != stay || o[0].Confirmed || o[0].Lane != "1" {
		t.Fatalf("%+v, %v", o, err)
	}
	if err := g.ConfirmOpening(ctx, f[0].ID); err != nil {
		t.Fatal(err)
	}
	if o, err := g.Openings(ctx); err != nil || !o[0].Confirmed {
		t.Fatalf("%+v, %v", o, err)
	}
	if err := g.ConfirmOpening(ctx, uuid.New()); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("confirming nothing: %v", err)
	}
}

func TestHoldsEndByThemselves(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.ApplyHint(wire.Hint{Slot: "A001", Gate: "S", LeftMS: 30000})
	if h, ok := g.Site().Held("A001", g.now()); !ok || h.Gate != "S" {
		t.Fatal("not held")
	}
	g.pass(30 * time.Second)
	if _, ok := g.Site().Held("A001", g.now()); ok {
		t.Fatal("still held")
	}
	g.ApplyHint(wire.Hint{Slot: "A001", Gate: "S", LeftMS: 30000})
	g.ApplyHint(wire.Hint{Slot: "A001", Gate: "W", LeftMS: 0}) // not the holder
	if _, ok := g.Site().Held("A001", g.now()); !ok {
		t.Fatal("released by somebody else")
	}
	g.ApplyHint(wire.Hint{Slot: "A001", Gate: "S", LeftMS: 0})
	if _, ok := g.Site().Held("A001", g.now()); ok {
		t.Fatal("not released")
	}
}

func TestLaneChangesShow(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(1))
	g.write(state.Draft{Kind: parking.KindLaneChanged, Body: parking.LaneChanged{Lane: "2", Direction: parking.In}})
	lanes := g.Site().Lanes()
	if len(lanes) != 2 || lanes[1].Direction != parking.In {
		t.Fatalf("lanes %+v", lanes)
	}
	for _, l := range g.Site().Config.Lanes {
		if l.Gate == "S" && l.Direction != parking.Out {
			t.Fatal("another gate's lane was changed")
		}
	}
}

func TestReferencesDoNotRepeat(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	seen := map[string]bool{}
	for range 3 {
		for range 50 {
			r, err := g.NextReference()
			if err != nil || seen[r] || !parking.ValidReference(r) {
				t.Fatalf("reference %q, %v", r, err)
			}
			seen[r] = true
		}
		g.restart()
	}
}

// TestOverlayIsTheFoldOfAll: whatever this gate wrote, and whichever part of
// it the cloud has already made its state, the screen shows the fold of all.
func TestOverlayIsTheFoldOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := newGate(t, store.Options{})
		defer g.scrap()
		snap := g.site(3)
		g.snapshot(snap)
		slots := []string{"", "A001", "A002", "A003"}
		var facts []parking.Fact
		var open []uuid.UUID
		covered := int64(1)
		feed := snap.FeedSeq
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			g.pass(time.Duration(rapid.IntRange(0, 3).Draw(rt, "minutes")) * time.Minute)
			if len(facts) > 0 && rapid.IntRange(0, 3).Draw(rt, "cover") == 0 {
				covered = max(covered, rapid.Int64Range(1, facts[len(facts)-1].Seq).Draw(rt, "seq"))
				stays, placed := fold(facts[:covered-1], snap.Slots)
				feed++
				g.deltas(wire.Delta{FeedSeq: feed, Stays: stays, Slots: placed, Covers: g.covers(covered)})
			}
			var d state.Draft
			if kind := rapid.IntRange(0, 5).Draw(rt, "kind"); len(open) == 0 || kind <= 1 {
				open = append(open, uuid.New())
				d = draftIn(open[len(open)-1], "30A12345", rapid.SampledFrom(slots).Draw(rt, "slot"))
			} else {
				stay := rapid.SampledFrom(open).Draw(rt, "stay")
				_, inside := g.Site().Stay(stay)
				switch {
				case kind == 2 || !inside: // what has left may be told of twice, but it does not move
					d = draftOut(stay, "30A12345", 5000)
				case kind == 3:
					d = state.Draft{Kind: parking.KindSlotChanged, Body: parking.SlotChanged{Stay: stay, Zone: "A", Slot: rapid.SampledFrom(slots).Draw(rt, "to")}}
				case kind == 4:
					d = state.Draft{Kind: parking.KindPlateCorrected, Body: parking.PlateCorrected{Stay: stay, Plate: rapid.SampledFrom([]parking.Plate{"1", "2"}).Draw(rt, "plate")}}
				default:
					d = state.Draft{Kind: parking.KindPaymentTaken, Body: parking.PaymentTaken{
						Payment: uuid.New(), Stay: stay, Method: parking.Cash, Amount: 5000, Currency: "VND",
					}}
				}
			}
			facts = append(facts, g.write(d)...)
		}
		check(rt, g, facts, snap)
		g.restart()
		check(rt, g, facts, snap)
	})
}

// check compares what a gate shows with the fold of all facts.
func check(t *rapid.T, g *gate, facts []parking.Fact, snap wire.Snapshot) {
	stays, slots := fold(facts, snap.Slots)
	inside := 0
	for _, want := range stays {
		got, err := g.Stay(t.Context(), want.ID)
		if err != nil {
			t.Fatalf("stay: %v", err)
		}
		if want.State == parking.Inside {
			inside++
		} else {
			got.Placed = want.Placed // who stood where before is not shown
		}
		if a, b := asJSON(want), asJSON(got); a != b {
			t.Fatalf("the fold of all is\n%s\nshown is\n%s", a, b)
		}
	}
	if got := g.Site(); len(got.Inside) != inside || asJSON(got.Slots) != asJSON(slots) {
		t.Fatalf("%d inside, want %d; slots\n%s\nwant\n%s", len(got.Inside), inside, asJSON(got.Slots), asJSON(slots))
	}
}

func BenchmarkWriteAmong500(b *testing.B) {
	g := newGate(b, store.Options{})
	snap := g.site(500)
	for i := range snap.Slots {
		s := parking.Stay{ID: uuid.New()}
		s.ApplyFact(parking.Fact{ID: uuid.New(), At: morning.Add(-time.Hour), Gate: "S"},
			&parking.VehicleIn{Stay: s.ID, Lane: "1", Class: parking.Car, Plate: "51F99999", Zone: "A", Slot: snap.Slots[i].Code})
		snap.Stays = append(snap.Stays, s)
		snap.Slots[i].State, snap.Slots[i].Stay = parking.SlotOccupied, s.ID
	}
	g.snapshot(snap)
	b.Run("hint", func(b *testing.B) { // a change of memory alone
		for b.Loop() {
			g.ApplyHint(wire.Hint{Slot: "A001", Gate: "S", LeftMS: 30000})
		}
	})
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			g.write(state.Draft{Kind: parking.KindAlive, Body: struct{}{}})
		}
	})
}

// The alarm comes before photos have no room, and once: two days of photos in a
// room for two and a half.
func TestPhotoRoomAlarm(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g := newGate(t, store.Options{PhotoLimit: 10_000})
	alarms := func() (n int) {
		facts, _ := g.outbox()
		for _, f := range facts {
			if f.Kind == parking.KindAlarm {
				n++
			}
		}
		return n
	}
	picture := func(n byte) []byte { return append([]byte{0xff, 0xd8, 0xff, n}, make([]byte, 3996)...) }
	for n := range byte(3) {
		if want := min(n, 1); alarms() != int(want) {
			t.Errorf("%d alarms with %d photos of 4,000 bytes in 10,000", alarms(), n)
		}
		if _, err := g.SavePhoto(ctx, parking.RolePlate, picture(n)); (err != nil) != (n == 2) {
			t.Fatalf("photo %d: %v", n, err)
		}
		for range 2 {
			if err := g.Prune(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}
