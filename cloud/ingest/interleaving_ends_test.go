package ingest_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/parking"
)

// branches ends the tale with a gate that was restored from an older image, and
// with two machines that go on from one.
func (w *writer) branches(t *testing.T) {
	t.Helper()
	alive := func(gate, hours int, r *taleRun) {
		w.write(t, r, event{id: w.id(), at: w.hour(hours), gate: gate, kind: parking.KindAlive, body: struct{}{}})
	}
	start := func(gate, hours int, prev parking.Started) *taleRun {
		at := w.hour(hours)
		r := w.begin(gate, prev, nil, at)
		w.write(t, r, event{id: w.id(), at: at, gate: gate, kind: parking.KindStarted, body: prev})
		return r
	}
	lost := start(0, 397, parking.Started{}) // gate_rolled_back
	alive(0, 399, lost)
	restored := start(0, 401, parking.Started{PrevEpoch: lost.epoch, PrevSeq: int64(len(lost.items)) - 1})
	alive(0, 403, restored)

	from := parking.Started{PrevEpoch: restored.epoch, PrevSeq: 2} // gate_cloned; nobody holds what they come from
	clone, other := start(1, 405, from), start(1, 407, from)
	alive(1, 409, clone)
	alive(1, 411, other)
}

// wrongClock ends the tale with a gate whose clock was wrong for two days.
func (w *writer) wrongClock(t *testing.T) {
	t.Helper()
	boot := &taleBoot{
		name: "dead battery", began: w.hour(420), off: -48*time.Hour - w.minutes(60),
		clock: one(w.tale, parking.ClockWall, parking.ClockTyped),
	}
	r := w.begin(2, parking.Started{}, boot, boot.began)
	w.write(t, r, event{id: w.id(), at: w.hour(421), gate: 2, kind: parking.KindStarted, body: parking.Started{}, steady: true})
	r.wall = false
	began := boot.began.Add(w.off[2])
	w.write(t, r, event{
		id: w.id(), at: w.hour(423), gate: 2, kind: parking.KindClockObserved,
		body: parking.ClockObserved{Boot: boot.name, BootAt: &began, CorrectionMS: -boot.off.Milliseconds()},
	})
}

// settle lets a person settle some of the conflicts that follow from the tale
// so far, now and then without having seen everything.
func (w *writer) settle(t *testing.T, model *naive) {
	t.Helper()
	a := model.answer(t, w.all())
	runs := w.runs[cloud]
	for range 3 + w.rng.IntN(6) {
		c := a.conflicts[w.rng.IntN(len(a.conflicts))]
		id := conflictID(c.kind, c.facts...)
		saw := a.about(c.stays)
		if w.rng.IntN(4) == 0 && len(saw) > 0 {
			saw = slices.Delete(saw, 0, 1)
		}
		if id == w.reopened || len(saw) > parking.MaxSaw {
			continue
		}
		if w.rng.IntN(3) == 0 {
			saw = append(saw, w.id())
		}
		r := runs[w.rng.IntN(len(runs))]
		w.write(t, r, event{
			id: w.id(), at: w.hour(430), gate: cloud, kind: parking.KindConflictSettled, actor: "lan",
			body: parking.ConflictSettled{Conflict: id, Kind: c.kind, How: "accept", Saw: saw},
		})
	}
}
