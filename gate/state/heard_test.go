package state_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
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

// far is another gate, whose batches are heard.
type far struct {
	code  string
	site  uuid.UUID
	key   ed25519.PrivateKey
	epoch parking.Epoch
	facts []parking.Fact
}

func newFar(t testing.TB, g *gate, code string) *far {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &far{code: code, site: g.SiteID(), key: key, epoch: parking.NewEpoch(3, [8]byte([]byte(code+"       ")))}
}

func (f *far) gateKey() wire.GateKey {
	return wire.GateKey{Gate: f.code, PublicKey: f.key.Public().(ed25519.PublicKey), Since: morning.Add(-time.Hour)}
}

func (f *far) write(at time.Time, d state.Draft) parking.Fact {
	fact := parking.Fact{
		ID: uuid.Must(uuid.NewV7()), Site: f.site, Gate: f.code, Epoch: f.epoch, Seq: int64(len(f.facts)) + 1, Kind: d.Kind,
		At: at, Clock: parking.ClockSynced, Boot: "far", Actor: d.Actor, V: parking.FactVersion, Body: []byte(asJSON(d.Body)),
	}
	f.facts = append(f.facts, fact)
	return fact
}

// batch signs the facts from first to last, by seq.
func (f *far) batch(first, last int) *wire.Batch {
	b := &wire.Batch{ID: uuid.Must(uuid.NewV7()), Site: f.site, Gate: f.code, Epoch: f.epoch, FirstSeq: int64(first)}
	for _, fact := range f.facts[first-1 : last] {
		raw, err := fact.Encode()
		if err != nil {
			panic(err)
		}
		b.Items = append(b.Items, wire.NewItem(fact.ID, raw))
	}
	b.Sign(f.key)
	return b
}

// near is a snapshot of a site whose other gates have keys.
func (g *gate) near(slots int, others ...*far) wire.Snapshot {
	snap := g.site(slots)
	snap.Covers = []wire.Covered{}
	for _, o := range others {
		snap.Config.Keys = append(snap.Config.Keys, o.gateKey())
	}
	return snap
}

func (g *gate) hear(b *wire.Batch) int64 {
	g.t.Helper()
	held, err := g.Hear(g.t.Context(), b)
	if err != nil {
		g.t.Fatalf("hear: %v", err)
	}
	return held
}

// A vehicle that came in at another gate stands in this gate's state as soon as
// that gate tells it, over a restart, too; when the feed covers it nothing
// flickers, and a cloud that was restored without it is brought it again.
func TestWhatIsHeardShows(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	s := newFar(t, g, "S")
	stay := uuid.New()
	s.write(morning, state.Draft{Kind: parking.KindStarted, Body: parking.Started{Version: "x", Machine: "m"}})
	s.write(morning, draftIn(stay, "30A12345", "A001"))
	if _, err := g.Hear(t.Context(), s.batch(1, 2)); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("before the site is known: %v", err)
	}
	old := g.near(2, s)
	old.Covers = nil // of a cloud that does not say it
	g.snapshot(old)
	if _, err := g.Hear(t.Context(), s.batch(1, 2)); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("while it is not known what is covered: %v", err)
	}
	snap := g.near(2, s)
	g.snapshot(snap)
	if held := g.hear(s.batch(1, 2)); held != 2 {
		t.Fatalf("held up to %d", held)
	}
	slot, _ := g.Site().Slot("A001")
	if slot.Stay != stay || len(g.Site().ByPlate("30A12345")) != 1 || g.Waiting() != 1 {
		t.Fatalf("slot %+v, %d wait", slot, g.Waiting())
	}
	before := shown(g.Site())
	g.restart()
	if shown(g.Site()) != before || g.Held().Of(state.Strand{Gate: "S", Epoch: s.epoch}) != 2 {
		t.Fatalf("after a restart: %s", shown(g.Site()))
	}
	if e := g.Recent(5); !slices.ContainsFunc(e, func(e state.Entry) bool { return e.Gate == "S" && e.Plate == "30A12345" }) {
		t.Errorf("the history does not tell of it: %+v", e)
	}
	g.pass(time.Minute)
	none := func(state.Strand) bool { return false }
	c, some, err := g.NextToCarry(t.Context(), 5*time.Second, none)
	if err != nil || !some || c.Batch.Verify(s.gateKey().PublicKey) != nil || len(c.Batch.Items) != 2 {
		t.Fatalf("to carry: %+v %v %v", c, some, err)
	}
	if err := g.WasCarried(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, some, _ := g.NextToCarry(t.Context(), 0, none); some || shown(g.Site()) != before {
		t.Errorf("after the cloud's answer it is carried again (%v), or shows no more: %s", some, shown(g.Site()))
	}
	stays, slots := fold(s.facts, snap.Slots)
	g.deltas(wire.Delta{FeedSeq: 11, Stays: stays, Slots: slots, Covers: []wire.Covered{{Gate: "S", Epoch: s.epoch, Seq: 2}}})
	if shown(g.Site()) != before {
		t.Fatalf("it flickers: %s", shown(g.Site()))
	}
	// The cloud is restored from before: what was heard lies over it again, and is carried again.
	again := g.near(2, s)
	again.Incarnation = uuid.New()
	g.snapshot(again)
	if _, some, _ := g.NextToCarry(t.Context(), 0, none); !some || shown(g.Site()) != before {
		t.Errorf("a restored cloud is not made whole (%v): %s", some, shown(g.Site()))
	}
	// The gate is revoked: what it signed counts no more.
	gone := again.Config
	gone.Keys = slices.Clone(gone.Keys)
	gone.Keys[0].Until, gone.Keys[0].Revoked = &morning, true
	g.deltas(wire.Delta{FeedSeq: 11, Config: &gone})
	if len(g.Site().Inside) != 0 {
		t.Error("a revoked gate's facts still show")
	}
	g.restart()
	if len(g.Site().Inside) != 0 {
		t.Error("a revoked gate's facts show after a restart")
	}
}

// Nothing of a batch counts that is not as its gate signed it, whoever brings it.
func TestALyingNeighbourChangesNothing(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	s, w, gone := newFar(t, g, "S"), newFar(t, g, "W"), newFar(t, g, "E")
	snap := g.near(3, s, w, gone)
	snap.Config.Keys[2].Until, snap.Config.Keys[2].Revoked = &morning, true
	g.snapshot(snap)
	for _, o := range []*far{s, w, gone} {
		for i := range 4 {
			o.write(morning, draftIn(uuid.New(), "30A12345", fmt.Sprintf("A00%d", i)))
		}
	}
	g.hear(s.batch(1, 1))
	before, held := shown(g.Site()), asJSON(g.Held())
	item := func(f parking.Fact) wire.Item {
		raw, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return wire.NewItem(f.ID, raw)
	}
	change := func(do func(f *parking.Fact)) func(*wire.Batch) {
		return func(b *wire.Batch) {
			f := s.facts[1]
			do(&f)
			b.Items[0] = item(f)
			b.Sign(s.key)
		}
	}
	for name, test := range map[string]struct {
		do   func(b *wire.Batch)
		want string
	}{
		"a wrong signature":    {func(b *wire.Batch) { b.Signature[3] ^= 1 }, state.HeardUnsigned},
		"altered facts":        {func(b *wire.Batch) { b.Items[0].Encoded[40] ^= 1 }, state.HeardDamaged},
		"altered and rehashed": {func(b *wire.Batch) { b.Items[0] = item(s.facts[2]) }, state.HeardUnsigned},
		"another gate's key":   {func(b *wire.Batch) { b.Sign(w.key) }, state.HeardUnsigned},
		"as another gate":      {func(b *wire.Batch) { b.Gate = "W"; b.Sign(s.key) }, state.HeardUnsigned},
		"another gate's facts": {func(b *wire.Batch) { b.Gate = "W"; b.Sign(w.key) }, state.HeardMisnamed},
		"another site":         {func(b *wire.Batch) { b.Site = uuid.New(); b.Sign(s.key) }, state.HeardForeign},
		"a revoked key":        {func(b *wire.Batch) { *b = *gone.batch(1, 2) }, state.HeardRevoked},
		"the cloud's name":     {func(b *wire.Batch) { b.Gate = parking.CloudGate; b.Sign(s.key) }, state.HeardUnsigned},
		"replayed further on":  {func(b *wire.Batch) { b.FirstSeq = 3; b.Sign(s.key) }, state.HeardMisnamed},
		"two facts at one seq": {func(b *wire.Batch) {
			f := s.facts[0]
			f.ID = uuid.New()
			b.FirstSeq = 1
			b.Items[0] = item(f)
			b.Items = b.Items[:1]
			b.Sign(s.key)
		}, state.HeardTwice},
		"a kind of the cloud": {change(func(f *parking.Fact) { f.Kind = parking.KindStayPlaced }), state.HeardCloud},
		"too many facts":      {func(b *wire.Batch) { b.Items = slices.Repeat(b.Items, wire.MaxBatchFacts); b.Sign(s.key) }, state.HeardDamaged},
		"no facts":            {func(b *wire.Batch) { b.Items = nil; b.Sign(s.key) }, state.HeardDamaged},
		"a seq of nothing":    {func(b *wire.Batch) { b.FirstSeq = 0; b.Sign(s.key) }, state.HeardDamaged},
		"an item under an id": {func(b *wire.Batch) { b.Items[0].ID = uuid.New(); b.Sign(s.key) }, state.HeardMisnamed},
	} {
		b := s.batch(2, 3)
		test.do(b)
		_, err := g.Hear(t.Context(), b)
		var lie *state.HeardError
		if !errors.As(err, &lie) || lie.Why != test.want || lie.Error() == "" {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
		if shown(g.Site()) != before || asJSON(g.Held()) != held {
			t.Fatalf("%s: something of it was applied", name)
		}
	}
	var gap *state.HeardGapError
	if _, err := g.Hear(t.Context(), s.batch(3, 4)); !errors.As(err, &gap) || gap.Held != 1 {
		t.Errorf("a gap: %v", err)
	}
	for range 3 { // what is repeated changes nothing
		if got := g.hear(s.batch(1, 1)); got != 1 || shown(g.Site()) != before {
			t.Errorf("repeated: held %d", got)
		}
	}
	// What is well signed and cannot be read is kept for the cloud, without effect.
	b := s.batch(2, 3)
	b.Items[0] = wire.NewItem(uuid.New(), []byte("not a fact"))
	b.Sign(s.key)
	if held := g.hear(b); held != 3 || len(g.Site().Inside) != 2 {
		t.Errorf("held %d, %d inside", held, len(g.Site().Inside))
	}
	next, own, err := g.NextFor(t.Context(), state.Held{"N": g.Held()["N"], "S": {s.epoch: 1}}, nil)
	if err != nil || own || next == nil || next.ID != b.ID || next.Verify(s.gateKey().PublicKey) != nil {
		t.Errorf("to pass on: %+v, %v", next, err)
	}
}

// What this gate's own disk has lost, because it went back to an older copy, its
// neighbours give back: it shows, and goes to the cloud as it was signed.
func TestOwnFactsComeBackFromNeighbours(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	self := newFar(t, g, "N") // this gate before its disk went back
	g.snapshot(g.near(1, self))
	stay := uuid.New()
	self.write(morning, draftIn(stay, "30A12345", "A001"))
	g.hear(self.batch(1, 1))
	if _, inside := g.Site().Stay(stay); !inside || g.Waiting() != 1 {
		t.Fatalf("inside %v, %d wait", inside, g.Waiting())
	}
	if h := g.Held(); h.Of(state.Strand{Gate: "N", Epoch: self.epoch}) != 1 || h.Of(state.Strand{Gate: "N", Epoch: g.Epoch()}) != 1 {
		t.Errorf("held %v", h)
	}
	other := wire.Batch{ID: uuid.New(), Site: g.SiteID(), Gate: "N", Epoch: g.Epoch(), FirstSeq: 1}
	f := self.facts[0]
	f.Epoch = g.Epoch()
	raw, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	other.Items = []wire.Item{wire.NewItem(f.ID, raw)}
	other.Sign(self.key)
	var lie *state.HeardError
	if _, err := g.Hear(t.Context(), &other); !errors.As(err, &lie) || lie.Why != state.HeardTwice {
		t.Errorf("another fact in this gate's own place: %v", err)
	}
}

// What the cloud has had for 35 days goes; what it does not have stays.
func TestHeardFactsAreKeptAndPruned(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	s := newFar(t, g, "S")
	g.snapshot(g.near(2, s))
	for range 4 {
		s.write(morning, draftIn(uuid.New(), "30A12345", ""))
	}
	g.hear(s.batch(1, 2))
	g.hear(s.batch(2, 4)) // overlaps the first
	g.deltas(wire.Delta{FeedSeq: 11, Covers: []wire.Covered{{Gate: "S", Epoch: s.epoch, Seq: 3}}})
	g.pass(36 * 24 * time.Hour)
	if err := g.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := state.Held{"N": g.Held()["N"]}
	if b, _, err := g.NextFor(t.Context(), h, nil); err != nil || b != nil {
		t.Errorf("the first batch is still here: %+v, %v", b, err)
	}
	h.Put(state.Strand{Gate: "S", Epoch: s.epoch}, 1)
	b, _, err := g.NextFor(t.Context(), h, nil)
	if err != nil || b == nil || b.FirstSeq != 2 || len(b.Items) != 3 || b.Verify(s.gateKey().PublicKey) != nil {
		t.Errorf("the second: %+v, %v", b, err)
	}
	if len(g.Site().Inside) != 1 {
		t.Errorf("%d inside", len(g.Site().Inside))
	}
}

// TestHeardIsTheFoldOfAll: whatever is heard of three gates, in whatever order
// and batches, through gaps and repeats, with whatever entries of the feed
// between and after a restart, the gate shows the fold of all that it was told:
// what a gate shows that had it all from the cloud.
func TestHeardIsTheFoldOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := newGate(t, store.Options{})
		defer g.scrap()
		s, w := newFar(t, g, "S"), newFar(t, g, "W")
		snap := g.near(3, s, w)
		g.snapshot(snap)
		slots := []string{"", "A001", "A002", "A003"}
		var open []uuid.UUID
		var own []parking.Fact
		heard, covered := map[*far]int{}, map[*far]int{}
		feed := snap.FeedSeq
		far2 := []*far{s, w}
		for i := range rapid.IntRange(1, 16).Draw(rt, "steps") {
			at := morning.Add(time.Duration(i) * time.Minute)
			g.pass(time.Minute)
			f := rapid.SampledFrom(far2).Draw(rt, "gate")
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0, 1: // a vehicle comes, here or there
				open = append(open, uuid.New())
				d := draftIn(open[len(open)-1], "30A12345", rapid.SampledFrom(slots).Draw(rt, "slot"))
				if rapid.IntRange(0, 2).Draw(rt, "here") == 0 {
					own = append(own, g.write(d)...)
				} else {
					f.write(at, d)
				}
			case 2: // and leaves, once, where it wants: of two OUTs the feed's would show until the other is covered too
				if len(open) > 0 {
					i := rapid.IntRange(0, len(open)-1).Draw(rt, "stay")
					f.write(at, draftOut(open[i], "30A12345", 5000))
					open = slices.Delete(open, i, i+1)
				}
			case 3, 4: // some of what the other wrote is heard, with what was heard before
				if n := len(f.facts); n > 0 {
					last := rapid.IntRange(max(1, heard[f]), n).Draw(rt, "last")
					first := rapid.IntRange(1, min(last, max(heard[f], covered[f])+1)).Draw(rt, "first")
					g.hear(f.batch(first, last))
					heard[f] = max(heard[f], last)
				}
			case 5: // the cloud has some of it
				if n := len(f.facts); n > 0 {
					covered[f] = rapid.IntRange(max(1, covered[f]), n).Draw(rt, "covered")
					var all []parking.Fact
					for _, o := range far2 {
						all = append(all, o.facts[:covered[o]]...)
					}
					stays, placed := fold(all, snap.Slots)
					feed++
					g.deltas(wire.Delta{FeedSeq: feed, Stays: stays, Slots: placed, Covers: []wire.Covered{{Gate: f.code, Epoch: f.epoch, Seq: int64(covered[f])}}})
				}
			case 6:
				if rapid.IntRange(0, 3).Draw(rt, "restart") == 0 {
					g.restart()
				}
			}
		}
		all := slices.Clone(own)
		for _, o := range far2 {
			all = append(all, o.facts[:max(heard[o], covered[o])]...)
		}
		check(rt, g, all, snap)
		g.restart()
		check(rt, g, all, snap)
	})
}

// A vector of what is held names the newest runs, so that years of starts do not
// make it too long to be said.
func TestHeldNamesTheNewestRuns(t *testing.T) {
	t.Parallel()
	h := state.Held{}
	for i := range 9 {
		h.Put(state.Strand{Gate: "S", Epoch: parking.NewEpoch(i+1, [8]byte{1})}, int64(i+1))
	}
	h.Put(state.Strand{Gate: "N", Epoch: parking.NewEpoch(1, [8]byte{1})}, 4)
	got := h.Newest(2)
	if len(got["S"]) != 2 || got.Of(state.Strand{Gate: "S", Epoch: parking.NewEpoch(9, [8]byte{1})}) != 9 || len(got["N"]) != 1 || len(h["S"]) != 9 {
		t.Errorf("%v", got)
	}
	if h.Lacks(got) != 1+2+3+4+5+6+7 || got.Lacks(h) != 0 {
		t.Errorf("%d are lacking, and %d", h.Lacks(got), got.Lacks(h))
	}
}
