package ingest_test

import (
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// naiveVersion says what holds for a key from a time on (§5).
type naiveVersion[T any] struct {
	fact uuid.UUID
	key  string
	from time.Time
	body T
}

// versionsOf lists the versions of one kind, in the order of their facts.
func versionsOf[T any](facts []*naiveFact, of func(T) (string, time.Time)) []naiveVersion[T] {
	var out []naiveVersion[T]
	for _, f := range facts {
		if b, ok := f.body.(T); ok {
			key, from := of(b)
			out = append(out, naiveVersion[T]{f.ID, key, parking.BusinessTime(from), b})
		}
	}
	return out
}

// newest is the version of key that holds at a time, nil for none.
func newest[T any](all []naiveVersion[T], key string, at time.Time) *naiveVersion[T] {
	var best *naiveVersion[T]
	for i, v := range all {
		if v.key == key && !v.from.After(at) && (best == nil || !v.from.Before(best.from)) {
			best = &all[i]
		}
	}
	return best
}

// rights finds acts at gates of people who had no role any more.
func rights(facts []*naiveFact) []naiveConflict {
	all := versionsOf(facts, func(v *parking.RightVersion) (string, time.Time) { return v.Name, v.From })
	var out []naiveConflict
	for _, f := range facts {
		if v := newest(all, f.Actor, f.At); f.Gate != "cloud" && v != nil && v.body.Role == "" {
			out = append(out, naiveConflict{kind: "rights", at: f.At, facts: []uuid.UUID{v.fact, f.ID}, stays: ofFact(f)})
		}
	}
	return out
}
