package state_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// outbox reads all facts as they lie on the disk.
func (g *gate) outbox() (facts []parking.Fact, hashes []string) {
	g.t.Helper()
	epochs, err := g.store.Read().Epochs(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	for _, e := range epochs {
		rows, err := g.store.Read().FactsAfter(g.t.Context(), gatesql.FactsAfterParams{Epoch: e.Epoch})
		if err != nil {
			g.t.Fatal(err)
		}
		for _, r := range rows {
			f, err := parking.DecodeFact(r.Encoded)
			if err != nil {
				g.t.Fatal(err)
			}
			if parking.FactHash(r.Encoded) != r.Hash {
				g.t.Fatal("the stored hash is not of the stored bytes")
			}
			facts, hashes = append(facts, f), append(hashes, r.Hash)
		}
	}
	return facts, hashes
}

func TestFactsSurviveARestartAndChain(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	stay := uuid.New()
	written := g.write(draftIn(stay, "30A12345", "A001"), state.Draft{Kind: parking.KindAlive, Body: struct{}{}})
	first := g.Epoch()
	g.setWall(morning.Add(-time.Hour)) // a wall clock that was set back
	later := g.write(state.Draft{Kind: parking.KindAlive, Body: struct{}{}})
	if !later[0].At.Equal(written[1].At) {
		t.Fatalf("At went back to %s", later[0].At)
	}
	g.restart()
	if g.Epoch() == first || g.Epoch().Ordinal() != 2 {
		t.Fatalf("epochs %s, %s", first, g.Epoch())
	}
	g.write(draftOut(stay, "30A12345", 5000))

	facts, hashes := g.outbox()
	prev, seq, epoch := "", int64(0), parking.Epoch("")
	for i, f := range facts {
		if f.Epoch != epoch {
			epoch, seq = f.Epoch, 0
		}
		if seq++; f.Seq != seq || f.Prev != prev || f.Gate != "N" || f.Site != g.SiteID() || f.ID.Version() != 7 {
			t.Fatalf("fact %d is out of line: %+v", i, f)
		}
		prev = hashes[i]
	}
	body, err := parking.DecodeBody(facts[4])
	if err != nil {
		t.Fatal(err)
	}
	want := &parking.Started{PrevEpoch: first, PrevSeq: 4, Version: "test", Machine: "m"}
	if diff := cmp.Diff(want, body); diff != "" || len(facts) != 6 {
		t.Fatalf("%d facts; started differs: %s", len(facts), diff)
	}
	if g.Waiting() != 6 {
		t.Fatalf("%d facts wait", g.Waiting())
	}
	s, err := g.Stay(t.Context(), stay)
	if err != nil || s.State != parking.Left || s.Charge.Fee != 5000 || !s.InAt.Equal(written[0].At) {
		t.Fatalf("stay = %+v, %v", s, err)
	}
}

func TestADiskThatRefusesChangesNothing(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{MaxBytes: 600 << 10})
	g.snapshot(g.site(3))
	long := state.Draft{Kind: parking.KindLaneChanged, Body: parking.LaneChanged{Lane: "1", Direction: parking.Out, Reason: strings.Repeat("x", 20<<10)}}
	var err error
	for i := 0; i < 60 && err == nil; i++ {
		_, err = g.Write(t.Context(), long)
	}
	if parking.ErrorCode(err) != parking.Unavailable || !strings.Contains(parking.ErrorMessage(err), "full") {
		t.Fatalf("a full disk gave %v", err)
	}
	waiting, before := g.Waiting(), shown(g.Site())
	stay := uuid.New()
	if _, err := g.Write(t.Context(), draftIn(stay, "30A12345", "A001"), long); err == nil {
		t.Fatal("the disk took it after all")
	}
	if g.Waiting() != waiting || shown(g.Site()) != before {
		t.Fatal("a refused write has an effect")
	}
	if _, err := g.Stay(t.Context(), stay); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("the stay of a refused write: %v", err)
	}
	g.opts.MaxBytes = 0
	g.restart()
	g.write(draftIn(stay, "30A12345", "A001"))
	facts, hashes := g.outbox()
	for i := 1; i < len(facts); i++ {
		if facts[i].Prev != hashes[i-1] || (facts[i].Epoch == facts[i-1].Epoch && facts[i].Seq != facts[i-1].Seq+1) {
			t.Fatalf("a refused write left a gap before %+v", facts[i])
		}
	}
}

func TestABodyThatCannotBeReadBackIsRefused(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	if _, err := g.Write(t.Context(), draftIn(uuid.Nil, "30A12345", "A001")); parking.ErrorCode(err) != parking.Invalid {
		t.Fatalf("a stay without an id gave %v", err)
	}
	if facts := g.write(state.Draft{Kind: parking.KindAlive, Body: struct{}{}}); facts[0].Seq != 2 {
		t.Fatalf("a number was used up: %d", facts[0].Seq)
	}
}

func TestOwnFactsShowAtOnceAndDoNotFlicker(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	if g.Site().Ready {
		t.Fatal("ready before the cloud was heard")
	}
	snap := g.site(3)
	g.snapshot(snap)
	changed, cancel := g.Changed()
	defer cancel()
	stay := uuid.New()
	facts := g.write(draftIn(stay, "30A12345", "A001"))
	select {
	case <-changed:
	default:
		t.Fatal("nobody was told")
	}
	after := g.Site()
	slot, _ := after.Slot("A001")
	if slot.State != parking.SlotOccupied || slot.Stay != stay || len(after.ByPlate("30A12345")) != 1 {
		t.Fatalf("slot = %+v", slot)
	}
	// The cloud acknowledges: that alone changes nothing on the screen.
	run, err := g.NextRun(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Acknowledge(t.Context(), run, run.LastSeq()); err != nil {
		t.Fatal(err)
	}
	if g.Waiting() != 0 || shown(g.Site()) != shown(after) {
		t.Fatal("the acknowledgement changed what is shown")
	}
	// An entry of the feed that does not cover our fact, about the same slot.
	other := uuid.New()
	otherIn := parking.Fact{ID: uuid.New(), At: facts[0].At.Add(time.Second), Gate: "S"}
	b := parking.Stay{ID: other}
	b.ApplyFact(otherIn, &parking.VehicleIn{Stay: other, Lane: "1", Class: parking.Car, Plate: "51F99999", Zone: "A", Slot: "A001"})
	taken := snap.Slots[0]
	taken.State, taken.Stay = parking.SlotOccupied, other
	g.deltas(wire.Delta{FeedSeq: 11, Stays: []parking.Stay{b}, Slots: []parking.Slot{taken}})
	site := g.Site()
	slot, _ = site.Slot("A001")
	loser, _ := site.Stay(other)
	if slot.Stay != stay || loser.Placed {
		t.Fatalf("the earlier claim does not hold: slot %+v, later stay placed: %v", slot, loser.Placed)
	}
	// The entry that covers it: cloud's and own state are one.
	mine, _ := site.Stay(stay)
	b.Placed = false
	taken.Stay = stay
	before := shown(site)
	g.deltas(wire.Delta{FeedSeq: 12, Stays: []parking.Stay{mine, b}, Slots: []parking.Slot{taken}, Covers: g.covers(2)})
	if diff := cmp.Diff(before, shown(g.Site())); diff != "" {
		t.Fatalf("it flickers: %s", diff)
	}
	g.restart() // and the same from the disk
	if diff := cmp.Diff(before, shown(g.Site())); diff != "" {
		t.Fatalf("after a restart: %s", diff)
	}
	if e := g.Recent(10); len(e) != 4 || e[0].Kind != parking.KindStarted && e[1].Kind != parking.KindStarted {
		t.Fatalf("history: %+v", e)
	}
}

func TestAnEarlierStayKeepsItsSlot(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	snap := g.site(2)
	other := uuid.New()
	b := parking.Stay{ID: other}
	b.ApplyFact(parking.Fact{ID: uuid.New(), At: morning.Add(-time.Hour), Gate: "S"},
		&parking.VehicleIn{Stay: other, Lane: "1", Class: parking.Car, Plate: "51F99999", Zone: "A", Slot: "A001"})
	snap.Stays = []parking.Stay{b}
	snap.Slots[0].State, snap.Slots[0].Stay = parking.SlotOccupied, other
	g.snapshot(snap)
	mine, wrong := uuid.New(), uuid.New()
	g.write(draftIn(mine, "30A12345", "A001"), draftIn(wrong, "30A54321", "Z999"))
	site := g.Site()
	slot, _ := site.Slot("A001")
	s, _ := site.Stay(mine)
	w, _ := site.Stay(wrong)
	if slot.Stay != other || s.Placed || w.Placed || len(site.Inside) != 3 {
		t.Fatalf("slot %+v, ours placed %v, in an unknown slot placed %v", slot, s.Placed, w.Placed)
	}
	// The other leaves through this gate: its slot is free for what comes next.
	g.pass(time.Minute)
	next := uuid.New()
	g.write(draftOut(other, "51F99999", 0), draftIn(next, "30A77777", "A001"))
	site = g.Site()
	slot, _ = site.Slot("A001")
	n, _ := site.Stay(next)
	if slot.Stay != next || !n.Placed {
		t.Fatalf("slot %+v after the exit", slot)
	}
	g.pass(time.Minute)
	g.write(state.Draft{Kind: parking.KindSlotChanged, Body: parking.SlotChanged{Stay: next, Zone: "A", Slot: "A002"}})
	site = g.Site()
	a1, _ := site.Slot("A001")
	a2, _ := site.Slot("A002")
	if a1.State != parking.SlotFree || a2.Stay != next {
		t.Fatalf("after the move: %+v, %+v", a1, a2)
	}
}

// Two vehicles came to one slot, so the cloud says that the second has none.
// The first leaves in the moment in which the second came: the second stands
// in the slot, and the gate that saw the exit says so before the cloud does.
// Until this was found, the gate showed the slot free and would have offered it.
func TestAFreedSlotIsTheOthers(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	snap := g.site(1)
	g.snapshot(snap)
	first, second := uuid.New(), uuid.New()
	facts := g.write(draftIn(first, "30A11111", "A001"))
	g.pass(time.Minute)
	facts = append(facts, g.write(draftIn(second, "30A22222", "A001"))...)
	stays, slots := fold(facts, snap.Slots)
	g.deltas(wire.Delta{FeedSeq: snap.FeedSeq + 1, Stays: stays, Slots: slots, Covers: g.covers(3)})
	if s, _ := g.Site().Stay(second); s.Placed {
		t.Fatal("both are placed")
	}
	g.write(draftOut(first, "30A11111", 0))
	slot, _ := g.Site().Slot("A001")
	if s, _ := g.Site().Stay(second); !s.Placed || slot.Stay != second || slot.State != parking.SlotOccupied {
		t.Fatalf("placed %v, slot %+v", s.Placed, slot)
	}
}

func TestTheFeedHasNoHoles(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	if err := g.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: 1}); !errors.Is(err, state.ErrHole) {
		t.Fatalf("an entry before any snapshot gave %v", err)
	}
	g.snapshot(g.site(1))
	open := wire.Conflict{ID: "ab", Kind: "plate_inside", State: "open", At: morning}
	err := g.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: 9}, wire.Delta{FeedSeq: 11, Conflicts: []wire.Conflict{open}}, wire.Delta{FeedSeq: 13})
	if !errors.Is(err, state.ErrHole) || g.Site().FeedSeq != 11 || len(g.Site().Conflicts) != 1 {
		t.Fatalf("%v at %d with %d conflicts", err, g.Site().FeedSeq, len(g.Site().Conflicts))
	}
	open.State = "withdrawn"
	g.deltas(wire.Delta{FeedSeq: 11}, wire.Delta{FeedSeq: 12, Conflicts: []wire.Conflict{open}}, wire.Delta{FeedSeq: 13})
	g.restart()
	if s := g.Site(); s.FeedSeq != 13 || len(s.Conflicts) != 0 || !s.Ready {
		t.Fatalf("feed %d, %d conflicts", s.FeedSeq, len(s.Conflicts))
	}
}

func TestASnapshotKeepsWhatTheCloudDoesNotHold(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	one, two := uuid.New(), uuid.New()
	g.write(draftIn(one, "30A11111", "A001"), draftIn(two, "30A22222", "A002"))
	run, err := g.NextRun(t.Context())
	if err != nil || len(run.Items) != 3 {
		t.Fatalf("run of %d, %v", len(run.Items), err)
	}
	if err := g.Acknowledge(t.Context(), run, 3); err != nil {
		t.Fatal(err)
	}
	first, _ := g.Site().Stay(one)
	g.deltas(wire.Delta{FeedSeq: 11, Covers: g.covers(3), Stays: g.Site().Inside})
	// A cloud that was restored from an old backup holds less.
	snap := g.site(2)
	snap.Incarnation = uuid.New()
	snap.FeedSeq = 4
	snap.Held[g.Epoch()] = 2
	snap.Stays = []parking.Stay{first}
	snap.Slots[0].State, snap.Slots[0].Stay = parking.SlotOccupied, one
	if ahead, err := g.Rewind(t.Context(), snap.Held); err != nil || ahead || g.Waiting() != 1 {
		t.Fatalf("rewind: ahead %v, %v, %d wait", ahead, err, g.Waiting())
	}
	g.snapshot(snap)
	site := g.Site()
	slot, _ := site.Slot("A002")
	if len(site.Inside) != 2 || slot.Stay != two || site.FeedSeq != 4 || site.Incarnation != snap.Incarnation || g.Waiting() != 1 {
		t.Fatalf("%d inside, slot %+v, %d wait", len(site.Inside), slot, g.Waiting())
	}
	if run, err := g.NextRun(t.Context()); err != nil || run.FirstSeq != 3 || len(run.Items) != 1 {
		t.Fatalf("run %+v, %v", run, err)
	}
	if ahead, err := g.Rewind(t.Context(), map[parking.Epoch]int64{g.Epoch(): 99}); err != nil || !ahead {
		t.Fatalf("a cloud that holds more: %v, %v", ahead, err)
	}
	other := parking.NewEpoch(7, [8]byte{1})
	if ahead, err := g.Rewind(t.Context(), map[parking.Epoch]int64{g.Epoch(): 3, other: 5}); err != nil || !ahead || g.Waiting() != 0 {
		t.Fatalf("an unknown epoch: %v, %v", ahead, err)
	}
	alien := g.site(1)
	alien.Config.Site = uuid.New()
	if err := g.ApplySnapshot(t.Context(), alien); parking.ErrorCode(err) != parking.Invalid {
		t.Fatalf("another site's snapshot gave %v", err)
	}
}

func TestRunsAreOfOneEpochAndBounded(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	alive := state.Draft{Kind: parking.KindAlive, Body: struct{}{}}
	for range 3 {
		drafts := make([]state.Draft, 100)
		for i := range drafts {
			drafts[i] = alive
		}
		g.write(drafts...)
	}
	g.restart()
	long := state.Draft{Kind: parking.KindAlarm, Body: parking.Alarm{Code: "x", Text: strings.Repeat("x", 25<<10)}}
	for range 60 {
		g.write(long)
	}
	var sizes []int
	for {
		run, err := g.NextRun(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(run.Items) == 0 {
			break
		}
		sizes = append(sizes, len(run.Items))
		bytes := 0
		for _, it := range run.Items {
			bytes += len(it.Encoded) * 4 / 3
		}
		if bytes > wire.MaxBatchBytes {
			t.Fatalf("a run of %d bytes", bytes)
		}
		if err := g.Acknowledge(t.Context(), run, run.LastSeq()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int{200, 101, 31, 30}, sizes); diff != "" {
		t.Fatal(diff)
	}
}

func TestACloudWithAGapGetsItFilled(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.write(draftIn(uuid.New(), "30A11111", ""), draftIn(uuid.New(), "30A22222", ""))
	if _, err := g.Rewind(t.Context(), map[parking.Epoch]int64{g.Epoch(): 2}); err != nil || g.Waiting() != 1 {
		t.Fatalf("%d wait, %v", g.Waiting(), err)
	}
	run, err := g.NextRun(t.Context())
	if err != nil || run.FirstSeq != 3 {
		t.Fatalf("run %+v, %v", run, err)
	}
	// The answer says: I have what you sent, but only up to 1 without a gap.
	if err := g.Acknowledge(t.Context(), run, 1); err != nil {
		t.Fatal(err)
	}
	if run, err = g.NextRun(t.Context()); err != nil || run.FirstSeq != 2 || len(run.Items) != 1 || g.Waiting() != 1 {
		t.Fatalf("run %+v, %v", run, err)
	}
	if err := g.Acknowledge(t.Context(), run, 3); err != nil || g.Waiting() != 0 {
		t.Fatalf("%d wait, %v", g.Waiting(), err)
	}
}

// The history names the vehicle that left, whatever the camera at the exit made of
// its plate, and the one that was moved or voided; after a start, too.
func TestHistoryNamesTheVehicle(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(3))
	stay := uuid.New()
	g.write(draftIn(stay, "30A14068", "A001"))
	g.write(draftOut(stay, "30A14088", 5000)) // misread
	unknown := draftOut(uuid.New(), "51F54321", 0)
	body := unknown.Body.(parking.VehicleOut)
	body.Unknown = true
	unknown.Body = body
	g.write(unknown)
	moved := uuid.New()
	g.write(draftIn(moved, "29A12345", "A002"),
		state.Draft{Kind: parking.KindSlotChanged, Body: &parking.SlotChanged{Stay: moved, Zone: "A", Slot: "A003", Reason: "wet"}},
		state.Draft{Kind: parking.KindStayVoided, Body: &parking.StayVoided{Stay: moved, Reason: "turned around"}})
	for _, when := range []string{"at once", "after a start"} {
		left := map[parking.Plate]bool{}
		for _, e := range g.Recent(10) {
			switch e.Kind {
			case parking.KindVehicleOut:
				left[e.Plate] = true
			case parking.KindSlotChanged, parking.KindStayVoided: // facts that name their stay alone
				if e.Plate != "29A12345" || e.Display == "" {
					t.Errorf("%s %s is of %q (%q)", when, e.Kind, e.Plate, e.Display)
				}
			}
		}
		if len(left) != 2 || !left["30A14068"] || !left["51F54321"] {
			t.Errorf("%s these have left: %v", when, left)
		}
		g.restart()
	}
}
