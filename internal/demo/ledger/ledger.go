package ledger

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Span is the time in which something happened, as its driver saw it: not
// before From and not after To.
type Span struct{ From, To time.Time }

// Visit is one driver's memory of one visit.
type Visit struct {
	Stay    uuid.UUID
	Plate   parking.Plate
	Class   parking.Class
	Token   string
	InGate  string
	Slot    string // where the gate sent them; "" for a counted zone, or no place
	In      Span
	OutGate string // "" while inside
	Out     Span
	Method  parking.Method
	Handed  parking.Money // what was handed over, less what came back
}

// Left says whether the driver is out again.
func (v *Visit) Left() bool { return v.OutGate != "" }

// Ledger is what all drivers remember. It is safe for concurrent use.
type Ledger struct {
	mu      sync.Mutex
	visits  map[uuid.UUID]*Visit
	pending map[uuid.UUID]string // drivers at a gate that has not answered yet
	totals  Totals
}

// Totals is what happened so far.
type Totals struct {
	In, Out  int
	Cash     parking.Money
	Transfer parking.Money
}

// Inside is how many drivers are inside.
func (t Totals) Inside() int { return t.In - t.Out }

// New makes an empty ledger.
func New() *Ledger {
	return &Ledger{visits: map[uuid.UUID]*Visit{}, pending: map[uuid.UUID]string{}}
}

// Waits notes that a driver waits for a gate's answer, and Gone that they
// know it: whoever waits at the end does not know what became of them.
func (l *Ledger) Waits(stay uuid.UUID, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending[stay] = what
}

// Gone ends Waits for a driver who was refused.
func (l *Ledger) Gone(stay uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, stay)
}

// CameIn notes an entry.
func (l *Ledger) CameIn(v Visit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, v.Stay)
	l.visits[v.Stay] = &v
	l.totals.In++
}

// WentOut notes an exit and the money for it.
func (l *Ledger) WentOut(stay uuid.UUID, gate string, at Span, method parking.Method, handed parking.Money) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, stay)
	v := l.visits[stay]
	v.OutGate, v.Out, v.Method, v.Handed = gate, at, method, handed
	l.totals.Out++
	if method == parking.Cash {
		l.totals.Cash += handed
	} else {
		l.totals.Transfer += handed
	}
}

// PaidInside notes money of a driver who has paid and is not let out.
func (l *Ledger) PaidInside(stay uuid.UUID, method parking.Method, handed parking.Money) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.visits[stay]
	v.Method, v.Handed = method, v.Handed+handed
	l.totals.Transfer += handed
}

// Totals returns what happened so far.
func (l *Ledger) Totals() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals
}

// Inside lists the stays of the drivers inside.
func (l *Ledger) Inside() map[uuid.UUID]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	inside := map[uuid.UUID]bool{}
	for id, v := range l.visits {
		if !v.Left() {
			inside[id] = true
		}
	}
	return inside
}

// Waiting lists what drivers still wait for.
func (l *Ledger) Waiting() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, what := range l.pending {
		out = append(out, what)
	}
	slices.Sort(out)
	return out
}

// visitsSorted copies the visits, in the order in which they began.
func (l *Ledger) visitsSorted() []Visit {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Visit, 0, len(l.visits))
	for _, v := range l.visits {
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b Visit) int {
		return cmp.Or(a.In.From.Compare(b.In.From), cmp.Compare(a.Stay.String(), b.Stay.String()))
	})
	return out
}
