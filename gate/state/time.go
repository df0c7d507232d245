package state

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"gatehouse/gate/clock"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Earliest is before any gate of this program ran: a wall clock that tells an
// earlier time is dead, whatever else is known.
var Earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// The wall clock of a machine that was off is believed to have run on when it
// was wrong by as much before as after: within sameError, and what quartz
// drifts in the time between.
const (
	sameError    = 5 * time.Second
	driftPerSlow = 10_000 // one part in this many
)

// startTime makes the clock ready: it goes on with what an earlier process of
// this boot knew, and else looks whether the wall clock can be right.
func (s *State) startTime(ctx context.Context, built time.Time) error {
	if err := s.resumeClock(ctx); err != nil {
		return err
	}
	rows, err := s.store.Read().Boots(ctx)
	if err != nil {
		return diskError("read the boots", err)
	}
	for i := range rows {
		s.times.boots = append(s.times.boots, &rows[i])
	}
	if b := s.times.boot(s.clock.Boot()); b != nil {
		s.times.saved = *b
		s.clock.Carry(clock.Guess{
			Wall: time.UnixMilli(b.WallMs).UTC(), BootAt: time.UnixMilli(b.GuessMs).UTC(),
			Dead: b.Dead == 1, Typed: b.Typed == 1, Stepped: b.Stepped == 1,
		})
	}
	for _, name := range []string{settingHighest, settingHeard} {
		v, err := s.store.Setting(ctx, name)
		if err != nil {
			return err
		}
		ms, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			continue // never set
		}
		at := time.UnixMilli(ms).UTC()
		s.clock.NotBefore(at)
		if name == settingHeard {
			s.heard = at
		}
	}
	s.built = Earliest
	if built.After(Earliest) {
		s.built = built.UTC()
	}
	s.clock.NotBefore(s.built)
	return nil
}

// AsksTime says whether a guard should say what time it is.
func (s *State) AsksTime() bool { return s.clock.Asks() }

// TypeTime takes a guard's word for the time at a gate whose clock is dead.
func (s *State) TypeTime(ctx context.Context, t time.Time) error {
	if floor := s.trustedFloor(); t.Before(floor) {
		return parking.Errorf(parking.Invalid, "It cannot be that early: this gate knows that it is later than %s.", floor.UTC().Format("2006-01-02 15:04"))
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.clock.Type(t); err != nil {
		return err
	}
	row := s.thisBoot(false)
	err := s.tx(ctx, func(q *gatesql.Queries) error { return putBoot(ctx, q, row) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.tookBoot(row)
	} else {
		// The clock goes on with what was typed; after a restart it is asked for again.
		s.log.Warn("the typed time was not kept", "err", err)
	}
	s.notify()
	return nil
}

// trustedFloor is a time that has surely passed: this program was built then,
// or the cloud was heard then.
func (s *State) trustedFloor() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard.After(s.built) {
		return s.heard
	}
	return s.built
}

// ClockTrusted says whether the time is the cloud's, and if not, a time that
// has surely passed.
func (s *State) ClockTrusted() (trusted bool, floor time.Time) {
	return !s.clock.Read().Guessed(), s.trustedFloor()
}

// ObserveClock writes what the cloud's time says of times that were guessed,
// unless another fact has done so already. The link calls it when it has heard
// the cloud.
func (s *State) ObserveClock(ctx context.Context) error {
	_, err := s.Write(ctx)
	return err
}

// observations are the facts that must come before any fact of the cloud's
// time: what this time says of boots whose facts were written by guess.
func (s *State) observations(now clock.Reading) []Draft {
	bootAt, known := s.clock.Heard()
	if now.Guessed() || !known {
		return nil
	}
	var out []Draft
	for i, b := range s.times.boots {
		if b.Guessed == 0 || b.Settled == 1 {
			continue
		}
		body := parking.ClockObserved{Boot: b.Boot}
		if b.Boot == now.Boot {
			body.BootAt, body.CorrectionMS = &bootAt, bootAt.UnixMilli()-b.GuessMs
		} else if by, ok := s.ranOn(i, now.At); ok {
			body.CorrectionMS = by.Milliseconds()
		} else {
			continue
		}
		out = append(out, Draft{Kind: parking.KindClockObserved, Body: body})
	}
	return out
}

// ranOn is the correction of an earlier boot whose times were the wall
// clock's, when it can be shown that the wall clock ran on: before that boot
// and now it is wrong by the same.
func (s *State) ranOn(i int, now time.Time) (time.Duration, bool) {
	b := s.times.boots[i]
	after, known := s.clock.WallError()
	guess := s.clock.Guess()
	if !known || b.Dead == 1 || b.Typed == 1 || b.Stepped == 1 || guess.Dead || guess.Stepped {
		return 0, false
	}
	for j := i - 1; j >= 0; j-- {
		before := s.times.boots[j]
		if before.ErrorMs == nil {
			continue
		}
		apart := now.Sub(time.UnixMilli(before.WallMs)).Abs()
		off := after - time.Duration(*before.ErrorMs)*time.Millisecond
		return after, before.Stepped == 0 && off.Abs() <= sameError+apart/driftPerSlow
	}
	return 0, false
}

// timed is the true time of a fact, as far as it was observed since: by
// the rule by which the cloud goes, too.
func (s *State) timed(f *parking.Fact) time.Time {
	if f.Gate != s.gate {
		return s.clocks.TimeOf(*f)
	}
	b := s.times.boot(f.Boot)
	if b == nil { // also of this gate's life that its disk does not know
		return s.clocks.TimeOf(*f)
	}
	if b.Settled == 0 {
		return f.At
	}
	var o parking.ClockObserved
	if b.BootAtMs != nil {
		at := time.UnixMilli(*b.BootAtMs).UTC()
		o.BootAt = &at
	}
	if b.CorrectionMs != nil {
		o.CorrectionMS = *b.CorrectionMs
	}
	return o.TimeOf(*f)
}

// retime moves what is shown of the facts of a gate's boot to their true times;
// mu is held.
func (s *State) retime(gate, boot string) {
	for id, facts := range s.over.facts {
		touched := false
		for i := range facts {
			if l := &facts[i]; l.written.Gate == gate && l.written.Boot == boot {
				l.fact.At = s.timed(&l.written)
				touched = true
			}
		}
		if touched {
			sortLaid(facts)
			s.refold(id)
		}
	}
	for i := range s.recent {
		if e := &s.recent[i]; e.own.Gate == gate && e.own.Boot == boot {
			e.At = s.timed(&e.own)
		}
	}
	sortEntries(s.recent)
}

// saveAnchor keeps the cloud's time for a later process of the same boot, and
// how wrong the wall clock is for a later boot.
func (s *State) saveAnchor(ctx context.Context, q *gatesql.Queries) error {
	a, ok := s.clock.Anchor()
	if !ok {
		return nil
	}
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep the time: %w", err)
	}
	if err := q.SetSetting(ctx, gatesql.SetSettingParams{Name: settingAnchor, Value: string(b)}); err != nil {
		return fmt.Errorf("keep the time: %w", err)
	}
	p := gatesql.SetSettingParams{Name: settingHeard, Value: strconv.FormatInt(a.CloudAt.UnixMilli(), 10)}
	if err := q.SetSetting(ctx, p); err != nil {
		return fmt.Errorf("keep the time: %w", err)
	}
	return nil
}

// SaveClock keeps the cloud's time for a later process of the same boot, and
// how wrong this machine's own clock is.
func (s *State) SaveClock(ctx context.Context) error {
	if err := s.ObserveClock(ctx); err != nil {
		return err // else a later process would know the time, and not that this one guessed
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	row, known := s.heardNow()
	if !known {
		return nil
	}
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		if err := s.saveAnchor(ctx, q); err != nil {
			return err
		}
		return putBoot(ctx, q, row)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tookBoot(row)
	if at := s.clock.Now(); at.After(s.heard) {
		s.heard = at
	}
	return nil
}

func (s *State) resumeClock(ctx context.Context) error {
	v, err := s.store.Setting(ctx, settingAnchor)
	if err != nil || v == "" {
		return err
	}
	var a clock.Anchor
	if err := json.Unmarshal([]byte(v), &a); err != nil {
		s.log.Warn("the kept time of the cloud cannot be read", "err", err)
		return nil
	}
	s.clock.Resume(a)
	return nil
}
