package state_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// twin switches a gate off and on again, and starts a second machine from a
// copy of its disk.
func (g *gate) twin() *gate {
	g.t.Helper()
	if err := g.store.Close(); err != nil {
		g.t.Fatal(err)
	}
	dir := g.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(g.dir)); err != nil {
		g.t.Fatal(err)
	}
	g.openStore()
	g.openState()
	other := &gate{t: g.t, dir: dir, opts: g.opts, wall: g.wall, mono: g.mono}
	other.openStore()
	other.openState()
	g.t.Cleanup(func() {
		if err := other.store.Close(); err != nil {
			g.t.Errorf("close the copy: %v", err)
		}
	})
	return other
}

// ranged is what the cloud sends for entries that follow each other, made here
// once more: of everything the newest.
func ranged(entries []wire.Delta) wire.Delta {
	d := wire.Delta{From: entries[0].FeedSeq, FeedSeq: entries[len(entries)-1].FeedSeq}
	for _, e := range entries {
		for _, stay := range e.Stays {
			d.Stays = append(slices.DeleteFunc(d.Stays, func(o parking.Stay) bool { return o.ID == stay.ID }), stay)
		}
		for _, slot := range e.Slots {
			d.Slots = append(slices.DeleteFunc(d.Slots, func(o parking.Slot) bool { return o.Code == slot.Code }), slot)
		}
		for _, c := range e.Conflicts {
			d.Conflicts = append(slices.DeleteFunc(d.Conflicts, func(o wire.Conflict) bool { return o.ID == c.ID }), c)
		}
		for _, c := range e.Covers {
			i := slices.IndexFunc(d.Covers, func(o wire.Covered) bool { return o.Gate == c.Gate && o.Epoch == c.Epoch })
			if i < 0 {
				d.Covers = append(d.Covers, c)
			} else {
				d.Covers[i].Seq = max(d.Covers[i].Seq, c.Seq)
			}
		}
		if e.Config != nil {
			d.Config = e.Config
		}
	}
	return d
}

// history draws entries of the feed as a cloud makes them: of this gate's own
// facts, covered by and by, and of another gate's.
func history(rt *rapid.T, snap wire.Snapshot, own []parking.Fact) []wire.Delta {
	var all []parking.Fact
	var foreign []uuid.UUID
	var entries []wire.Delta
	covered := 0
	slots := []string{"", "A001", "A002", "A003"}
	for i := range rapid.IntRange(1, 14).Draw(rt, "entries") {
		d := wire.Delta{FeedSeq: snap.FeedSeq + int64(i) + 1}
		switch rapid.IntRange(0, 4).Draw(rt, "entry") {
		case 0:
			if n := rapid.IntRange(0, len(own)-covered).Draw(rt, "covered"); n > 0 {
				all = append(all, own[covered:covered+n]...)
				covered += n
				d.Covers = []wire.Covered{{Gate: own[0].Gate, Epoch: own[0].Epoch, Seq: own[covered-1].Seq}}
			}
		case 1:
			c := snap.Config
			c.Name = fmt.Sprintf("Lot %d", i)
			d.Config = &c
		case 2:
			state := rapid.SampledFrom([]string{"open", "withdrawn", "settled"}).Draw(rt, "conflict")
			d.Conflicts = []wire.Conflict{{ID: rapid.SampledFrom([]string{"aa", "bb"}).Draw(rt, "id"), Kind: "slot_twice", State: state, At: morning}}
		default:
			f := parking.Fact{ID: uuid.New(), At: morning.Add(time.Duration(i) * time.Minute), Gate: "S", Epoch: "000001-0000000000000000", Seq: int64(i) + 1}
			var body any
			if len(foreign) == 0 || rapid.Bool().Draw(rt, "in") {
				foreign = append(foreign, uuid.New())
				f.Kind = parking.KindVehicleIn
				body = parking.VehicleIn{Stay: foreign[len(foreign)-1], Lane: "1", Class: parking.Car, Plate: "51F99999", Zone: "A", Slot: rapid.SampledFrom(slots).Draw(rt, "slot")}
			} else {
				f.Kind = parking.KindVehicleOut
				body = parking.VehicleOut{Stay: rapid.SampledFrom(foreign).Draw(rt, "stay"), Lane: "1", Class: parking.Car, Plate: "51F99999"}
			}
			f.Body = []byte(asJSON(body))
			all = append(all, f)
			d.Covers = []wire.Covered{{Gate: "S", Epoch: f.Epoch, Seq: f.Seq}}
		}
		slices.SortFunc(all, func(a, b parking.Fact) int { return a.Compare(b) })
		d.Stays, d.Slots = fold(all, snap.Slots)
		entries = append(entries, d)
	}
	return entries
}

// TestARangeIsItsEntries: wherever the feed is cut into ranges, a gate that
// applies these is where it would be by the single entries, own facts included,
// in memory and on the disk.
func TestARangeIsItsEntries(t *testing.T) {
	t.Parallel()
	one := newGate(t, store.Options{})
	snap := one.site(3)
	one.snapshot(snap)
	first := one.Epoch()
	own := one.write(
		draftIn(uuid.New(), "30A12345", "A001"), draftIn(uuid.New(), "30A12346", "A001"), draftIn(uuid.New(), "30A12347", "A002"),
		state.Draft{Kind: parking.KindLaneChanged, Body: parking.LaneChanged{Lane: "1", Direction: parking.Out, Reason: "x"}},
	)
	one.pass(time.Minute)
	own = append(own, one.write(draftOut(parking.StayOf(own[0]), "30A12345", 5000))...)
	two := one.twin()
	rapid.Check(t, func(rt *rapid.T) {
		one.snapshot(snap) // which covers nothing: each try begins anew
		two.snapshot(snap)
		entries := history(rt, snap, own)
		one.deltas(entries...)
		for at := 0; at < len(entries); {
			until := rapid.IntRange(at+1, len(entries)).Draw(rt, "until")
			from := rapid.IntRange(max(0, at-2), at).Draw(rt, "from") // may repeat what was applied
			two.deltas(ranged(entries[from:until]))
			at = until
		}
		same := func(when string) {
			a, b := one.Site(), two.Site()
			if shown(a) != shown(b) || asJSON(a.Conflicts) != asJSON(b.Conflicts) || a.FeedSeq != b.FeedSeq || one.Waiting()-one.factsBut(first) != two.Waiting()-two.factsBut(first) {
				rt.Fatalf("%s: by single entries (%d)\n%s\nby ranges (%d)\n%s", when, a.FeedSeq, shown(a), b.FeedSeq, shown(b))
			}
		}
		same("in memory")
		if rapid.IntRange(0, 9).Draw(rt, "restart") > 0 {
			return
		}
		one.restart()
		two.restart()
		same("from the disk")
	})
}

// factsBut counts the facts on the disk that are not of an epoch.
func (g *gate) factsBut(but parking.Epoch) int64 {
	n := int64(0)
	facts, _ := g.outbox()
	for _, f := range facts {
		if f.Epoch != but {
			n++
		}
	}
	return n
}

// A range that begins beyond the next entry is a hole, and nothing of it is
// applied; one that ends before is passed over.
func TestARangeBeyondIsAHole(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(1))
	for _, test := range []struct {
		from, to, at int64
		hole         bool
	}{{12, 14, 10, true}, {11, 13, 13, false}, {9, 13, 13, false}, {12, 15, 15, false}, {17, 17, 15, true}, {18, 16, 15, true}} {
		err := g.ApplyDeltas(t.Context(), wire.Delta{From: test.from, FeedSeq: test.to})
		if (err != nil) != test.hole || g.Site().FeedSeq != test.at {
			t.Fatalf("%d to %d: %v, at %d", test.from, test.to, err, g.Site().FeedSeq)
		}
	}
}
