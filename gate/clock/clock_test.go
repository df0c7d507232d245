package clock_test

import (
	"testing"
	"time"

	"gatehouse/gate/clock"
	"gatehouse/parking"
)

// machine is a computer whose clocks a test turns.
type machine struct {
	wall time.Time
	mono time.Duration
}

func (m *machine) clock(boot string) *clock.Clock {
	return clock.New(func() time.Time { return m.wall }, func() time.Duration { return m.mono }, boot)
}

func (m *machine) pass(d time.Duration) { m.wall, m.mono = m.wall.Add(d), m.mono+d }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func want(t *testing.T, c *clock.Clock, at time.Time, source parking.ClockSource) {
	t.Helper()
	r := c.Read()
	if !r.At.Equal(at) || r.Source != source {
		t.Fatalf("clock says %s (%s), want %s (%s)", r.At, r.Source, at, source)
	}
}

func TestAStepOfTheWallClockChangesNothingOnceSynced(t *testing.T) {
	t.Parallel()
	m := &machine{wall: noon.Add(-3 * time.Hour), mono: time.Hour}
	c := m.clock("boot")
	want(t, c, noon.Add(-3*time.Hour), parking.ClockWall)
	c.Observe(noon, 40*time.Millisecond)
	want(t, c, noon.Add(20*time.Millisecond), parking.ClockSynced)
	m.wall = m.wall.AddDate(-20, 0, 0)
	m.pass(time.Minute)
	want(t, c, noon.Add(time.Minute+20*time.Millisecond), parking.ClockSynced)
	m.pass(5 * time.Minute)
	want(t, c, noon.Add(6*time.Minute+20*time.Millisecond), parking.ClockHeld)
}

func TestTimesWithinTheRoundTripMoveNothing(t *testing.T) {
	t.Parallel()
	m := &machine{wall: noon, mono: time.Hour}
	c := m.clock("boot")
	c.Observe(noon, 0)
	m.pass(4 * time.Minute)
	c.Observe(noon.Add(4*time.Minute-30*time.Millisecond), 50*time.Millisecond)
	want(t, c, noon.Add(4*time.Minute), parking.ClockSynced)
	m.pass(4 * time.Minute) // that was a word from the cloud all the same
	want(t, c, noon.Add(8*time.Minute), parking.ClockSynced)
	c.Observe(noon.Add(9*time.Minute), 50*time.Millisecond) // the cloud's clock was set
	want(t, c, noon.Add(9*time.Minute+25*time.Millisecond), parking.ClockSynced)
	c.Observe(noon.Add(time.Hour), 3*time.Second) // too slow to be believed
	want(t, c, noon.Add(9*time.Minute+25*time.Millisecond), parking.ClockSynced)
}

func TestALaterProcessOfTheSameBootCarriesTimeOn(t *testing.T) {
	t.Parallel()
	m := &machine{wall: noon.Add(-time.Hour), mono: time.Hour}
	first := m.clock("boot")
	if _, ok := first.Anchor(); ok {
		t.Fatal("a clock that never heard the cloud has an anchor")
	}
	first.Observe(noon, 0)
	anchor, ok := first.Anchor()
	if !ok {
		t.Fatal("no anchor")
	}
	m.pass(time.Minute)
	second := m.clock("boot")
	second.Resume(anchor)
	want(t, second, noon.Add(time.Minute), parking.ClockSynced)
	m.pass(time.Hour)
	want(t, second, noon.Add(time.Hour+time.Minute), parking.ClockHeld)

	other := m.clock("another boot")
	other.Resume(anchor)
	want(t, other, m.wall, parking.ClockWall)
}

func TestSystemClockRuns(t *testing.T) {
	t.Parallel()
	c := clock.System()
	r := c.Read()
	if r.Boot == "" || r.MonoMS <= 0 || time.Since(r.At).Abs() > time.Minute || r.Source != parking.ClockWall {
		t.Fatalf("unlikely reading: %+v", r)
	}
}
