package state_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

func alive() state.Draft { return state.Draft{Kind: parking.KindAlive, Body: struct{}{}} }

// observations lists what was written of the clock, in order.
func (g *gate) observations() (out []parking.ClockObserved) {
	facts, _ := g.outbox()
	for _, f := range facts {
		if f.Kind != parking.KindClockObserved {
			continue
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			g.t.Fatal(err)
		}
		out = append(out, *body.(*parking.ClockObserved))
	}
	return out
}

// A gate whose clock was three hours behind: what it wrote before it heard the
// cloud is put right, on its own screen at once, and what comes after is
// neither held up by the wrong times nor moved.
func TestTimesBeforeTheCloudWasHeardArePutRight(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	stay := uuid.New()
	in := g.write(draftIn(stay, "30A12345", "A001"))[0]
	if in.Clock != parking.ClockWall || !in.At.Equal(morning) {
		t.Fatalf("by the wall clock: %s %s", in.At, in.Clock)
	}
	g.setWall(morning.AddDate(5, 0, 0)) // somebody plays with the clock: nothing happens
	if f := g.write(alive())[0]; !f.At.Equal(morning) {
		t.Fatalf("a step of the wall clock moved business time to %s", f.At)
	}
	true0 := morning.Add(-3 * time.Hour)
	g.Clock().Observe(true0, 0)
	g.pass(time.Minute)
	out := g.write(draftOut(stay, "30A12345", 5000))
	if len(out) != 1 || out[0].Kind != parking.KindVehicleOut || out[0].Clock != parking.ClockSynced || !out[0].At.Equal(true0.Add(time.Minute)) {
		t.Fatalf("the first fact of true time: %+v", out)
	}
	facts, _ := g.outbox()
	if o := facts[len(facts)-2]; o.Kind != parking.KindClockObserved || o.Seq != out[0].Seq-1 || !o.At.Equal(out[0].At) {
		t.Fatalf("before it comes %+v", o)
	}
	seen := g.observations()
	if len(seen) != 1 || seen[0].Boot != "boot" || seen[0].CorrectionMS != (-3*time.Hour).Milliseconds() ||
		!seen[0].BootAt.Equal(true0.Add(-time.Hour)) {
		t.Fatalf("observed %+v", seen)
	}
	check := func(what string) {
		t.Helper()
		s, err := g.Stay(t.Context(), stay)
		if err != nil || !s.InAt.Equal(true0) || !s.OutAt.Equal(true0.Add(time.Minute)) {
			t.Fatalf("%s: in %s, out %s, %v", what, s.InAt, s.OutAt, err)
		}
		for _, e := range g.Recent(10) {
			if e.Kind == parking.KindVehicleIn && !e.At.Equal(true0) {
				t.Fatalf("%s: the history says %s", what, e.At)
			}
		}
	}
	check("at once")
	g.restart() // the same boot: the time is still known
	check("after a restart")
	if f := g.write(alive())[0]; f.Clock != parking.ClockSynced || !f.At.Equal(true0.Add(time.Minute)) {
		t.Fatalf("a later process of the boot writes %s (%s)", f.At, f.Clock)
	}
	if err := g.ObserveClock(t.Context()); err != nil || len(g.observations()) != 1 {
		t.Fatalf("observed again: %v", err)
	}
}

// A machine whose clock fell back to 1970: the gate asks, opens nothing less
// for it, and goes by what is typed until the cloud is heard.
func TestADeadClockIsAskedFor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g := newGate(t, store.Options{})
	g.write(alive())
	if g.AsksTime() {
		t.Fatal("a clock that runs is asked for")
	}
	if err := g.TypeTime(ctx, morning.Add(time.Hour)); parking.ErrorCode(err) != parking.Conflict {
		t.Fatalf("typing over a clock that runs: %v", err)
	}
	g.reboot(time.Unix(7, 0))
	if !g.AsksTime() {
		t.Fatal("a dead clock is not noticed")
	}
	stay := uuid.New()
	in := g.write(draftIn(stay, "30A12345", ""))[0] // nobody waits for the answer
	if in.Clock != parking.ClockWall || in.At.Before(morning) {
		t.Fatalf("before the time is typed: %s (%s)", in.At, in.Clock)
	}
	if err := g.TypeTime(ctx, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)); parking.ErrorCode(err) != parking.Invalid {
		t.Fatalf("a time before the program was made: %v", err)
	}
	typed := morning.Add(5 * time.Hour)
	if err := g.TypeTime(ctx, typed); err != nil || g.AsksTime() {
		t.Fatalf("typed: %v", err)
	}
	g.restart()
	g.pass(time.Minute)
	if f := g.write(alive())[0]; g.AsksTime() || f.Clock != parking.ClockTyped || !f.At.Equal(typed.Add(time.Minute)) {
		t.Fatalf("by the typed time: %s (%s)", f.At, f.Clock)
	}
	// It was really ten minutes later.
	g.Clock().Observe(typed.Add(11*time.Minute), 0)
	if err := g.ObserveClock(ctx); err != nil {
		t.Fatal(err)
	}
	if s, err := g.Stay(ctx, stay); err != nil || !s.InAt.Equal(typed.Add(10*time.Minute)) {
		t.Fatalf("the stay came in at %s, %v", s.InAt, err)
	}
	if err := g.TypeTime(ctx, typed); parking.ErrorCode(err) != parking.Conflict || !strings.Contains(parking.ErrorMessage(err), "cloud") {
		t.Fatalf("typing when the time is known: %v", err)
	}
}

// machineLife is a gate's machine with clocks that go wrong, beside the true time.
type machineLife struct {
	*gate
	now   time.Time // the true time
	boots map[string]*bootLife
	wrote map[uuid.UUID]time.Time // when facts were really written
	steps int                     // how often the wall clock was set
}

type bootLife struct {
	synced  bool
	stepsAt int // steps of the wall clock when it began
}

func (m *machineLife) goOn(d time.Duration) {
	m.now = m.now.Add(d)
	m.pass(d)
}

func (m *machineLife) note() {
	facts, _ := m.outbox()
	for _, f := range facts {
		if _, known := m.wrote[f.ID]; !known {
			m.wrote[f.ID] = m.now
		}
	}
}

// Whatever happens to the clocks, the times that the cloud works out
// (docs/STATE.md §1, written here a second time) keep each epoch's order, and
// are the true ones wherever the cloud was heard within the boot.
func TestTimesAreTrueWhereTheCloudWasHeard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machineLife{gate: newGate(t, store.Options{}), now: morning.Add(7 * time.Hour), boots: map[string]*bootLife{}, wrote: map[uuid.UUID]time.Time{}}
		defer m.gate.scrap()
		m.boots["boot"] = &bootLife{}
		m.note()
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			m.goOn(time.Duration(rapid.IntRange(0, 5_000_000).Draw(rt, "ms")) * time.Millisecond)
			switch rapid.SampledFrom([]string{"write", "write", "step", "start", "boot", "dead", "sync", "type", "save"}).Draw(rt, "what") {
			case "write":
				m.write(draftIn(uuid.New(), "30A12345", ""))
			case "step":
				m.steps++
				m.setWall(m.gate.now().Add(time.Duration(rapid.IntRange(-100, 100).Draw(rt, "hours")) * time.Hour))
			case "start":
				m.restart()
			case "boot", "dead":
				wall := m.gate.now()
				if d := time.Duration(rapid.IntRange(1, 600).Draw(rt, "off")) * time.Minute; rapid.Bool().Draw(rt, "dead") {
					wall, m.steps = time.Unix(3, 0), m.steps+1
				} else {
					m.now, wall = m.now.Add(d), wall.Add(d)
				}
				m.reboot(wall)
				m.boots[m.gate.boot] = &bootLife{stepsAt: m.steps}
			case "sync":
				m.Clock().Observe(m.now, 0)
				m.boots[m.gate.boot].synced = true
				if rapid.Bool().Draw(rt, "silent") {
					continue // the process may end before anything is written
				}
				if err := m.ObserveClock(t.Context()); err != nil {
					rt.Fatal(err)
				}
			case "type":
				if m.AsksTime() {
					if err := m.TypeTime(t.Context(), m.now.Add(time.Duration(rapid.IntRange(-60, 60).Draw(rt, "minutes"))*time.Minute)); err != nil &&
						parking.ErrorCode(err) != parking.Invalid {
						rt.Fatal(err)
					}
				}
			case "save":
				if err := m.SaveClock(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
			m.note()
		}
		// In the end the cloud is heard once more.
		m.Clock().Observe(m.now, 0)
		if err := m.ObserveClock(t.Context()); err != nil {
			rt.Fatal(err)
		}
		m.note()
		m.check(rt)
		m.restart()
		m.note()
		m.check(rt)
	})
}

func (m *machineLife) check(rt *rapid.T) {
	facts, _ := m.outbox()
	by := map[string]parking.ClockObserved{}
	for _, o := range m.observations() {
		if had, ok := by[o.Boot]; !ok || had.BootAt == nil && o.BootAt != nil {
			by[o.Boot] = o
		}
	}
	last := map[parking.Epoch]parking.Fact{}
	for _, f := range facts {
		o, moved := by[f.Boot]
		guessed := f.Movable()
		switch {
		case !guessed || !moved:
		case o.BootAt != nil:
			f.At = o.BootAt.Add(time.Duration(f.MonoMS) * time.Millisecond)
		default:
			f.At = f.At.Add(time.Duration(o.CorrectionMS) * time.Millisecond)
		}
		if before, ok := last[f.Epoch]; ok && before.Compare(f) >= 0 {
			rt.Fatalf("fact %d of %s comes before its predecessor: %s, %s", f.Seq, f.Epoch, before.At, f.At)
		}
		last[f.Epoch] = f
		life := m.boots[f.Boot]
		observed := o.BootAt != nil || !guessed
		if observed && !f.At.Equal(m.wrote[f.ID]) {
			rt.Fatalf("fact %d of %s (%s) was written at %s, the cloud says %s", f.Seq, f.Epoch, f.Clock, m.wrote[f.ID], f.At)
		}
		if guessed && moved && o.BootAt == nil && m.steps == 0 && f.At.Sub(m.wrote[f.ID]).Abs() > 6*time.Second {
			rt.Fatalf("a wall clock that ran on was corrected by %d ms to %s, true is %s", o.CorrectionMS, f.At, m.wrote[f.ID])
		}
		if guessed && life.synced && !moved && f.Boot == m.gate.boot {
			rt.Fatalf("the cloud was heard in boot %s, and nothing was said of its guessed times", f.Boot)
		}
		if guessed && m.kept(f) != f.At.UnixMilli() {
			rt.Fatalf("the gate itself shows %d for %s", m.kept(f), f.At)
		}
	}
}

// kept is the time of an entry as the gate shows it; other facts are not shown.
func (m *machineLife) kept(f parking.Fact) int64 {
	if f.Kind != parking.KindVehicleIn {
		return f.At.UnixMilli()
	}
	s, err := m.Stay(m.t.Context(), parking.StayOf(f))
	if err != nil {
		m.t.Fatal(err)
	}
	return s.InAt.UnixMilli()
}

// The wall clock of a machine that was off is believed only when it is wrong by
// as much before as after.
func TestAnEarlierBootIsPutRightOnlyWhenItsClockRanOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after time.Duration // by how much the wall clock is behind in the last boot
		want  []int64
	}{
		"it ran on":   {time.Hour, []int64{time.Hour.Milliseconds()}},
		"it did not":  {40 * time.Minute, nil},
		"it was dead": {1000 * time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, store.Options{})
			g.Clock().Observe(morning.Add(time.Hour), 0) // the wall clock is an hour behind
			g.write(alive())
			if err := g.SaveClock(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.reboot(morning.Add(24 * time.Hour))
			middle := g.boot
			g.write(alive())
			now := morning.Add(49 * time.Hour)
			g.reboot(now.Add(-tc.after))
			g.write(alive())
			g.Clock().Observe(now, 0)
			g.write(alive())
			var got []int64
			for _, o := range g.observations() {
				if o.Boot == middle {
					got = append(got, o.CorrectionMS)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("corrected by %v ms, want %v", got, tc.want)
			}
		})
	}
}
