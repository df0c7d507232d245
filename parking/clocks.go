package parking

import (
	"cmp"
	"strings"
	"time"
)

// Boot is one run of a gate's machine, within which its monotonic clock counts.
type Boot struct {
	Gate string
	ID   string
}

// Clocks are the observations by which the times of facts are corrected, by
// the boot that they are about: of several, the one that counts
// (docs/STATE.md §1).
type Clocks map[Boot]Observation

// MaxBoot bounds the name of a boot that can be observed.
const MaxBoot = 64

// Observation is a clock_observed fact.
type Observation struct {
	Fact Fact
	Body ClockObserved
}

// Observe takes an observation in. The order in which they come is all one.
func (c Clocks) Observe(f Fact, b *ClockObserved) {
	key, o := Boot{f.Gate, b.Boot}, Observation{f, *b}
	if was, there := c[key]; !there || o.before(was) {
		c[key] = o
	}
}

// before says whether o counts and p does not: those that know when the boot
// began first, then the first by epoch and seq.
func (o Observation) before(p Observation) bool {
	if known := o.Body.BootAt != nil; known != (p.Body.BootAt != nil) {
		return known
	}
	return cmp.Or(strings.Compare(string(o.Fact.Epoch), string(p.Fact.Epoch)), cmp.Compare(o.Fact.Seq, p.Fact.Seq),
		strings.Compare(o.Fact.ID.String(), p.Fact.ID.String())) < 0
}

// Movable says whether an observation of the clock may move the fact's time.
func (f Fact) Movable() bool { return f.Clock.Guessed() }

// Guessed says whether times of this source are a gate's own guess, which the
// cloud's word corrects later.
func (s ClockSource) Guessed() bool { return s == ClockWall || s == ClockTyped }

// TimeOf is the time of a fact: its At in whole milliseconds, moved by what its
// gate observed of the clock when it was not known to be right. A time that
// would lie where no time of a car park lies is not moved.
func (c Clocks) TimeOf(f Fact) time.Time {
	if o, there := c[Boot{f.Gate, f.Boot}]; there {
		return o.Body.TimeOf(f)
	}
	return BusinessTime(f.At)
}

// TimeOf is the time of a fact of the observed boot by this observation. Gate
// and cloud both go by it.
func (b *ClockObserved) TimeOf(f Fact) time.Time {
	at := BusinessTime(f.At)
	if !f.Movable() {
		return at
	}
	base, more := at, b.CorrectionMS
	if b.BootAt != nil {
		base, more = BusinessTime(*b.BootAt), f.MonoMS
	}
	const tenThousandYears = 10_000 * 366 * 24 * 60 * 60 * 1000 // further off, the sum could overflow
	if more < -tenThousandYears || more > tenThousandYears {
		return at
	}
	if moved := time.UnixMilli(base.UnixMilli() + more).UTC(); possibleTime(moved) {
		return moved
	}
	return at
}
