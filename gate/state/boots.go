package state

import (
	"context"
	"fmt"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// times is what the gate knows of its machine's boots. It belongs to the
// chain of facts: writeMu guards it, and mu too where it is written.
type times struct {
	boots []*gatesql.Boot // in the order in which they were seen
	saved gatesql.Boot    // what the disk has of this boot
}

// boot is the row of a boot, nil when nothing is known of it.
func (t *times) boot(name string) *gatesql.Boot {
	for _, b := range t.boots {
		if b.Boot == name {
			return b
		}
	}
	return nil
}

// thisBoot is what is known of this boot now. guessed says that a fact of
// guessed time is written with it.
func (s *State) thisBoot(guessed bool) gatesql.Boot {
	g := s.clock.Guess()
	row := s.times.saved
	row.Boot, row.WallMs, row.GuessMs = s.clock.Boot(), g.Wall.UnixMilli(), g.BootAt.UnixMilli()
	row.Dead, row.Typed, row.Stepped = flag(g.Dead), flag(g.Typed), flag(g.Stepped)
	row.Guessed = max(row.Guessed, flag(guessed))
	return row
}

// heardNow is the row of this boot with how wrong its wall clock is.
func (s *State) heardNow() (gatesql.Boot, bool) {
	off, known := s.clock.WallError()
	row := s.thisBoot(false)
	if ms := off.Milliseconds(); known && (row.ErrorMs == nil || *row.ErrorMs != ms) {
		row.ErrorMs = &ms
	}
	return row, known
}

func putBoot(ctx context.Context, q *gatesql.Queries, b gatesql.Boot) error {
	err := q.PutBoot(ctx, gatesql.PutBootParams{
		Boot: b.Boot, WallMs: b.WallMs, GuessMs: b.GuessMs, Dead: b.Dead, Typed: b.Typed, Stepped: b.Stepped, Guessed: b.Guessed,
		ErrorMs: b.ErrorMs, Settled: b.Settled, BootAtMs: b.BootAtMs, CorrectionMs: b.CorrectionMs,
	})
	if err != nil {
		return fmt.Errorf("write a boot: %w", err)
	}
	return nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// tookBoot brings memory to what was written of this boot; writeMu and mu are
// held.
func (s *State) tookBoot(row gatesql.Boot) {
	s.times.saved = row
	if b := s.times.boot(row.Boot); b != nil {
		*b = row
		return
	}
	s.times.boots = append(s.times.boots, &row)
}

// observed is a boot's row with what a fact has observed of it.
func observed(b gatesql.Boot, o *parking.ClockObserved) gatesql.Boot {
	b.Settled = 1
	if o.BootAt != nil {
		ms := o.BootAt.UnixMilli()
		b.BootAtMs = &ms
	}
	ms := o.CorrectionMS
	b.CorrectionMs = &ms
	return b
}

// storeTimes writes what a batch means for the boots, with the batch.
func (s *State) storeTimes(ctx context.Context, q *gatesql.Queries, batch []written) error {
	guessed := false
	for i := range batch {
		guessed = guessed || batch[i].fact.Movable()
		o, ok := batch[i].body.(*parking.ClockObserved)
		if !ok {
			continue
		}
		b := s.times.boot(o.Boot)
		if b == nil {
			continue
		}
		if err := putBoot(ctx, q, observed(*b, o)); err != nil {
			return err
		}
		if o.Boot != s.clock.Boot() {
			continue
		}
		// A later process of this boot must not guess again.
		if err := s.saveAnchor(ctx, q); err != nil {
			return err
		}
	}
	if row := s.thisBoot(true); guessed && row != s.times.saved {
		return putBoot(ctx, q, row)
	}
	return nil
}

// tookTimes brings memory to where storeTimes has brought the disk; writeMu
// and mu are held.
func (s *State) tookTimes(batch []written) {
	for i := range batch {
		f := &batch[i].fact
		if f.Boot == s.clock.Boot() && f.Movable() {
			s.tookBoot(s.thisBoot(true))
		}
		o, ok := batch[i].body.(*parking.ClockObserved)
		if !ok {
			continue
		}
		b := s.times.boot(o.Boot)
		if b == nil {
			continue
		}
		*b = observed(*b, o)
		if o.Boot == s.clock.Boot() {
			s.times.saved = *b
		}
		s.retime(s.gate, o.Boot)
	}
}
