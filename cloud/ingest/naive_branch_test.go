package ingest_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// naiveEpoch is what is held of one run of a gate that began with a readable
// started.
type naiveEpoch struct {
	gate    string
	epoch   parking.Epoch
	started *naiveFact
	before  *parking.Started
	facts   []*naiveFact // by seq
}

// lived is from when to when the facts after seq were written, false for none.
func (e *naiveEpoch) lived(seq int64) (first *naiveFact, from, until time.Time, ok bool) {
	after := slices.DeleteFunc(slices.Clone(e.facts), func(f *naiveFact) bool { return f.Seq <= seq })
	if len(after) == 0 {
		return nil, time.Time{}, time.Time{}, false
	}
	return after[0], after[0].At, after[len(after)-1].At, true
}

// branches finds two epochs that go on from one point (§6).
func branches(facts []*naiveFact) []naiveConflict {
	var out []naiveConflict
	all := epochs(facts)
	for i, f := range all {
		_, from, until, _ := f.lived(0)
		for j, e := range all {
			if e.gate != f.gate || i == j {
				continue
			}
			if f.before.PrevEpoch == e.epoch {
				if next, from2, until2, more := e.lived(f.before.PrevSeq); more {
					out = append(out, branch(next, f.started, atOnce(from, until, from2, until2)))
				}
			}
			if j > i || e.before.PrevEpoch != f.before.PrevEpoch {
				continue // each pair once, the earlier epoch first
			}
			_, from2, until2, _ := e.lived(0)
			if together := atOnce(from, until, from2, until2); f.before.PrevEpoch != "" || together {
				out = append(out, branch(e.started, f.started, together))
			}
		}
	}
	return out
}

// epochs are in order of gate and epoch.
func epochs(facts []*naiveFact) []*naiveEpoch {
	var out []*naiveEpoch
	for _, f := range facts {
		if b, ok := f.body.(*parking.Started); ok && f.Seq == 1 {
			e := &naiveEpoch{gate: f.Gate, epoch: f.Epoch, started: f, before: b}
			for _, g := range facts {
				if g.Gate == f.Gate && g.Epoch == f.Epoch {
					e.facts = append(e.facts, g)
				}
			}
			slices.SortFunc(e.facts, func(a, b *naiveFact) int { return cmp.Compare(a.Seq, b.Seq) })
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *naiveEpoch) int {
		return cmp.Or(strings.Compare(a.gate, b.gate), strings.Compare(string(a.epoch), string(b.epoch)))
	})
	return out
}

func atOnce(from1, until1, from2, until2 time.Time) bool {
	end := until1
	if until2.Before(end) {
		end = until2
	}
	return later(from1, from2).Before(end)
}

func branch(a, b *naiveFact, together bool) naiveConflict {
	c := naiveConflict{kind: "gate_rolled_back", facts: []uuid.UUID{a.ID, b.ID}, at: later(a.At, b.At)}
	if together {
		c.kind = "gate_cloned"
	}
	return c
}
