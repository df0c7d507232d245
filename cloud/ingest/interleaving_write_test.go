package ingest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// taleRun is what one run of a gate, or of the cloud, wrote.
type taleRun struct {
	gate  *cloudtest.Gate // nil for the cloud
	code  string
	epoch parking.Epoch
	prev  parking.Started
	items []naiveItem
	facts []parking.Fact // as encoded in items, before some were spoilt
	boot  *taleBoot
	wall  bool // runs on the clock of its machine
	lasts map[bool]time.Time
}

// taleBoot is one boot of a machine.
type taleBoot struct {
	name  string
	began time.Time
	off   time.Duration // of the machine's clock
	clock parking.ClockSource
}

// writer lets the gates write a tale down: with clocks up to ten minutes off,
// some for days on a dead clock, starting anew now and then, some going on
// from an older image or twice from the same.
type writer struct {
	*tale
	gates []*cloudtest.Gate
	off   [cloud + 1]time.Duration
	runs  [cloud + 1][]*taleRun
	boots int
}

func newWriter(h *tale, gates []*cloudtest.Gate) *writer {
	w := &writer{tale: h, gates: gates}
	for i := range gates {
		w.off[i] = one(h, time.Duration(h.rng.IntN(21)-10)*time.Minute, time.Duration(h.rng.IntN(1_200_001)-600_000)*time.Millisecond)
	}
	return w
}

// event writes one event down.
func (w *writer) event(t *testing.T, e event) {
	t.Helper()
	r := w.runFor(t, e)
	if r.wall && !e.steady && w.rng.IntN(5) == 0 {
		w.hear(t, r, e.at)
	}
	w.write(t, r, e)
}

func (w *writer) runFor(t *testing.T, e event) *taleRun {
	t.Helper()
	all := w.runs[e.gate]
	if e.steady || e.gate == cloud {
		for _, r := range slices.Backward(all) {
			if !r.wall && (e.gate != cloud || w.rng.IntN(20) > 0) {
				return r
			}
		}
		return w.start(t, e.gate, e.at, nil)
	}
	if len(all) == 0 || w.rng.IntN(15) == 0 {
		return w.start(t, e.gate, e.at, w.newBoot(e.at, all))
	}
	if w.rng.IntN(15) == 0 {
		return one(w.tale, all...)
	}
	return all[len(all)-1]
}

// newBoot is the boot of a run, whose clock may be dead; now and then a
// program starts twice in one boot.
func (w *writer) newBoot(at time.Time, all []*taleRun) *taleBoot {
	if len(all) > 0 && w.rng.IntN(4) == 0 {
		return all[len(all)-1].boot
	}
	w.boots++
	b := &taleBoot{name: fmt.Sprintf("boot %d", w.boots), began: at.Add(-w.minutes(30)), clock: parking.ClockSynced}
	if w.rng.IntN(2) == 0 {
		b.clock = one(w.tale, parking.ClockWall, parking.ClockWall, parking.ClockTyped)
		b.off = one(w.tale, time.Duration(w.rng.IntN(200_000)-100_000)*time.Millisecond, w.minutes(144*60)-72*time.Hour)
	}
	return b
}

// start begins a run of a gate: after the run before, as a rule.
func (w *writer) start(t *testing.T, gate int, at time.Time, boot *taleBoot) *taleRun {
	t.Helper()
	all := w.runs[gate]
	prev := parking.Started{Version: "test", Machine: "test"}
	if len(all) > 0 {
		last := all[len(all)-1]
		prev.PrevEpoch, prev.PrevSeq = last.epoch, int64(len(last.items))
		switch w.rng.IntN(8) {
		case 0: // from an image
			prev.PrevSeq -= int64(w.rng.IntN(min(3, len(last.items)) + 1))
		case 1: // from the same as the run before
			prev.PrevEpoch, prev.PrevSeq = last.prev.PrevEpoch, last.prev.PrevSeq
		case 2: // from a new disk
			prev.PrevEpoch, prev.PrevSeq = "", 0
		}
	}
	r := w.begin(gate, prev, boot, at)
	e := event{id: w.id(), at: at, gate: gate, kind: parking.KindStarted, body: prev, actor: ""}
	if boot != nil && w.rng.IntN(12) == 0 {
		e.spoilt = noJSON
	}
	w.write(t, r, e)
	if len(all) > 0 && !r.wall && all[len(all)-1].wall && w.rng.IntN(2) == 0 {
		w.observe(t, r, all[len(all)-1].boot, at, false)
	}
	return r
}

func (w *writer) begin(gate int, prev parking.Started, boot *taleBoot, at time.Time) *taleRun {
	if boot == nil {
		w.boots++
		boot = &taleBoot{name: fmt.Sprintf("boot %d", w.boots), began: at, clock: parking.ClockSynced}
	}
	var random [8]byte
	for i := range random {
		random[i] = byte(w.rng.UintN(256))
	}
	r := &taleRun{
		code: parking.CloudGate, epoch: parking.NewEpoch(len(w.runs[gate])+1, random), prev: prev, boot: boot,
		wall: boot.clock != parking.ClockSynced, lasts: map[bool]time.Time{},
	}
	if gate != cloud {
		r.gate, r.code = w.gates[gate], w.gates[gate].Code
	}
	w.runs[gate], w.tale.runs = append(w.runs[gate], r), append(w.tale.runs, r)
	return r
}

// hear is a gate that hears the cloud again: it writes how wrong it was.
func (w *writer) hear(t *testing.T, r *taleRun, at time.Time) {
	t.Helper()
	r.wall = false
	w.observe(t, r, r.boot, at, w.rng.IntN(4) > 0)
	if w.rng.IntN(6) == 0 { // and again, otherwise: the first counts
		w.observe(t, r, &taleBoot{name: r.boot.name, began: r.boot.began.Add(time.Hour), off: r.boot.off / 2}, at, w.rng.IntN(2) == 0)
	}
}

// observe writes a clock_observed of a boot, exactly if it is the run's own.
func (w *writer) observe(t *testing.T, r *taleRun, boot *taleBoot, at time.Time, exactly bool) {
	t.Helper()
	gate := slices.IndexFunc(w.gates, func(g *cloudtest.Gate) bool { return g.Code == r.code })
	b := parking.ClockObserved{Boot: boot.name, CorrectionMS: -boot.off.Milliseconds()}
	if exactly {
		began := boot.began.Add(w.off[gate])
		b.BootAt = &began
	}
	if w.rng.IntN(20) == 0 { // no such time
		b.CorrectionMS = -30 * 366 * 24 * 60 * 60 * 1000
	}
	w.write(t, r, event{id: w.id(), at: at, gate: gate, kind: parking.KindClockObserved, body: b})
}

// write is one fact, or what has become of it.
func (w *writer) write(t *testing.T, r *taleRun, e event) {
	t.Helper()
	raw, err := json.Marshal(e.body)
	if err != nil {
		t.Fatal(err)
	}
	at, clock := e.at.Add(w.off[e.gate]), one(w.tale, parking.ClockSynced, parking.ClockHeld)
	if r.wall {
		at, clock = at.Add(r.boot.off), r.boot.clock
	}
	at = parking.ClampAt(at, r.lasts[r.wall])
	r.lasts[r.wall] = at
	f := parking.Fact{
		ID: e.id, Site: w.site, Gate: r.code, Epoch: r.epoch, Seq: int64(len(r.items)) + 1, Kind: e.kind, At: at, Clock: clock,
		Boot: r.boot.name, MonoMS: e.at.Sub(r.boot.began).Milliseconds(), Actor: e.actor, V: parking.FactVersion, Body: raw,
	}
	if r.wall && !e.steady && w.rng.IntN(30) == 0 {
		f.MonoMS = one[int64](w.tale, math.MaxInt64, math.MinInt64, 1<<50) // a broken clock
	}
	encoded, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	it := naiveItem{gate: r.code, epoch: r.epoch, seq: f.Seq, id: f.ID, raw: encoded}
	switch e.spoilt {
	case noJSON:
		it.raw = []byte(`{"id":` + f.ID.String())
	case ofAnotherID:
		it.id = w.id()
	case whole:
	}
	r.items, r.facts = append(r.items, it), append(r.facts, f)
}

// batch signs the items from a seq on, as their gate does.
func (r *taleRun) batch(from, until int) *wire.Batch {
	b := &wire.Batch{ID: uuid.New(), Site: r.gate.Site, Gate: r.code, Epoch: r.epoch, FirstSeq: int64(from) + 1}
	for _, it := range r.items[from:until] {
		b.Items = append(b.Items, wire.NewItem(it.id, it.raw))
	}
	b.Sign(r.gate.Key)
	return b
}
