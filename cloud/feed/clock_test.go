package feed

import (
	"log/slog"
	"testing"
	"time"
)

// hands are the clocks of a machine that a test turns.
type hands struct {
	wall time.Time
	mono time.Duration
}

func (h *hands) pass(d time.Duration) { h.wall, h.mono = h.wall.Add(d), h.mono+d }

func (h *hands) clock() *clock {
	return &clock{now: func() time.Time { return h.wall }, mono: func() time.Duration { return h.mono }, log: slog.New(slog.DiscardHandler)}
}

func TestAClockThatJumpsIsDoubted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step    time.Duration
		ahead   []time.Duration // of gates, after the jump
		told    bool
		suspect bool
	}{
		"a correction":                     {step: 2 * time.Second, told: true},
		"nobody is there":                  {step: time.Hour},
		"two gates say no":                 {step: time.Hour, ahead: []time.Duration{-time.Hour, -time.Hour + time.Second}, suspect: true},
		"back, and three gates say no":     {step: -time.Hour, ahead: []time.Duration{time.Hour, time.Hour, 0}, suspect: true},
		"one gate is not enough":           {step: time.Hour, ahead: []time.Duration{-time.Hour}},
		"gates that do not agree say none": {step: time.Hour, ahead: []time.Duration{-time.Hour, -3 * time.Hour}},
		"gates say yes":                    {step: time.Hour, ahead: []time.Duration{0, time.Second}, told: true},
		"as many say yes":                  {step: time.Hour, ahead: []time.Duration{0, 0, -time.Hour, -time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &hands{wall: time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC), mono: time.Hour}
			c := h.clock()
			for range 3 {
				if _, ok := c.read(); !ok {
					t.Fatal("a clock that runs is doubted")
				}
				h.pass(time.Minute)
			}
			old := []vote{{ahead: -test.step, mono: h.mono}, {ahead: -test.step, mono: h.mono}} // said before: does not count
			h.wall = h.wall.Add(test.step)
			if _, ok := c.read(); ok != (test.step.Abs() <= clockStep) {
				t.Fatalf("told: %v", ok)
			}
			c.judge(old)
			h.pass(time.Second)
			var votes []vote
			for _, a := range test.ahead {
				votes = append(votes, vote{ahead: a, mono: h.mono})
			}
			c.judge(votes)
			if _, ok := c.read(); ok != test.told || c.suspect != test.suspect {
				t.Fatalf("told %v, suspect %v", ok, c.suspect)
			}
			h.pass(doubtFor)
			for i := range votes {
				votes[i].mono = h.mono
			}
			c.judge(votes)
			if _, ok := c.read(); ok == test.suspect {
				t.Fatalf("at last: told %v, suspect %v", ok, c.suspect)
			}
			if !test.suspect {
				return
			}
			h.wall = h.wall.Add(-test.step) // somebody sets it right
			if _, ok := c.read(); !ok || c.suspect {
				t.Fatal("a clock that is right again is still the suspect")
			}
		})
	}
}
