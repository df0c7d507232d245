package ingest_test

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// correctTimes moves what was written by a wall clock or a typed time to where
// the gate's observation puts it, and finds clocks that were wrong by a minute
// or more.
func correctTimes(facts []*naiveFact) []naiveConflict {
	type boot struct{ gate, boot string }
	seen := map[boot][]*naiveFact{}
	for _, f := range facts {
		if o, ok := f.body.(*parking.ClockObserved); ok {
			seen[boot{f.Gate, o.Boot}] = append(seen[boot{f.Gate, o.Boot}], f)
		}
	}
	var out []naiveConflict
	for of, all := range seen {
		counts := slices.MinFunc(all, func(a, b *naiveFact) int {
			return cmp.Or(cmp.Compare(guess(a), guess(b)), strings.Compare(string(a.Epoch), string(b.Epoch)), cmp.Compare(a.Seq, b.Seq))
		})
		minute := false
		for _, f := range facts {
			if f.Gate == of.gate && f.Boot == of.boot && (f.Clock == parking.ClockWall || f.Clock == parking.ClockTyped) {
				f.At = moved(f, counts.body.(*parking.ClockObserved))
				minute = minute || f.At.Sub(f.written).Abs() >= time.Minute
			}
		}
		if minute {
			out = append(out, naiveConflict{kind: "clock", facts: []uuid.UUID{counts.ID}, at: counts.At})
		}
	}
	// An observation can itself have been moved by another one.
	for i := range out {
		for _, f := range facts {
			if f.ID == out[i].facts[0] {
				out[i].at = f.At
			}
		}
	}
	return out
}

// guess puts observations from within the boot first.
func guess(f *naiveFact) int {
	if f.body.(*parking.ClockObserved).BootAt == nil {
		return 1
	}
	return 0
}

func moved(f *naiveFact, o *parking.ClockObserved) time.Time {
	base, add := f.written.UnixMilli(), o.CorrectionMS
	if o.BootAt != nil {
		base, add = parking.BusinessTime(*o.BootAt).UnixMilli(), f.MonoMS
	}
	if (add > 0 && base > math.MaxInt64-add) || (add < 0 && base < math.MinInt64-add) {
		return f.written
	}
	at := time.UnixMilli(base + add).UTC()
	if at.Year() < 2000 || at.Year() > 9000 {
		return f.written
	}
	return at
}
