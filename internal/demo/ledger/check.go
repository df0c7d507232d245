package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// clockSlack is how far a gate's time may be from the driver's: they share a
// clock, but the gate's comes over the line, half a round trip wrong.
const clockSlack = 3 * time.Second

// Expected are the kinds of conflict that honest drivers can cause: while
// gates cannot hear each other, two may give out one slot.
var Expected = []string{"slot_twice"}

// Audit is the comparison of the books with what the drivers know.
type Audit struct {
	Differences []string                 `json:"differences"`
	Opened      int                      `json:"opened"` // stays in the cloud
	Closed      int                      `json:"closed"`
	Inside      int                      `json:"inside"`
	Cash        parking.Money            `json:"cash"`
	Transfer    parking.Money            `json:"transfer"`
	Drawers     map[string]parking.Money `json:"drawers"` // cash by gate
	SlotsHeld   int                      `json:"slots_held"`
	FactsDisks  int64                    `json:"facts_on_disks"`
	FactsCloud  int64                    `json:"facts_in_cloud"`
	Conflicts   map[string]int           `json:"conflicts"` // that stand, by kind
}

func (a *Audit) differ(format string, args ...any) {
	a.Differences = append(a.Differences, fmt.Sprintf(format, args...))
}

// want notes a difference unless got is as expected.
func want[T comparable](a *Audit, what string, drivers, books T) {
	if drivers != books {
		a.differ("%s: by the drivers %v, by the books %v", what, drivers, books)
	}
}

// Check compares. expected are kinds of conflict that may stand besides Expected.
func Check(l *Ledger, books *Books, disks []*Disk, expected ...string) *Audit {
	a := &Audit{Differences: []string{}, Drawers: map[string]parking.Money{}, Conflicts: map[string]int{}}
	for _, what := range l.Waiting() {
		a.differ("a driver never heard what became of them: %s", what)
	}
	visits := l.visitsSorted()
	a.stays(visits, books)
	a.money(visits, books)
	a.slots(visits, books)
	a.conflicts(books, append(expected, Expected...))
	a.facts(books, disks)
	for _, d := range disks {
		a.shown(d, visits)
	}
	return a
}

// stays: every visit is a stay as its driver remembers it, and no stay is
// there that no driver made.
func (a *Audit) stays(visits []Visit, books *Books) {
	known := map[uuid.UUID]bool{}
	out := 0
	for _, v := range visits {
		known[v.Stay] = true
		s, ok := books.Stays[v.Stay]
		if !ok {
			a.differ("the visit of %s, in at gate %s at %s, is missing from the cloud", v.Plate, v.InGate, v.In.From.Format(time.TimeOnly))
			continue
		}
		state := parking.Inside
		if v.Left() {
			out++
			state = parking.Left
		}
		want(a, "the visit of "+string(v.Plate)+": state", state, s.State)
		want(a, "the visit of "+string(v.Plate)+": plate", v.Plate, s.Plate)
		want(a, "the visit of "+string(v.Plate)+": gate of entry", v.InGate, s.InGate)
		want(a, "the visit of "+string(v.Plate)+": gate of exit", v.OutGate, s.OutGate)
		a.when(v, "entry", v.In, s.InAt)
		if v.Left() {
			a.when(v, "exit", v.Out, s.OutAt)
		}
	}
	for id, s := range books.Stays {
		if !known[id] {
			a.differ("the cloud has a stay of %s (%s) that no driver made", s.Plate, id)
		}
		switch s.State {
		case parking.Inside:
			a.Inside++
		case parking.Left:
			a.Closed++
		}
	}
	a.Opened = a.Inside + a.Closed
	want(a, "vehicles that came in", len(visits), a.Opened)
	want(a, "vehicles that left", out, a.Closed)
	want(a, "vehicles inside", len(visits)-out, a.Inside)
}

func (a *Audit) when(v Visit, what string, by Span, at *time.Time) {
	if at == nil || at.Before(by.From.Add(-clockSlack)) || at.After(by.To.Add(clockSlack)) {
		a.differ("the %s of %s was between %s and %s, by the books at %v", what, v.Plate,
			by.From.Format(time.TimeOnly), by.To.Format(time.TimeOnly), at)
	}
}

// money: what each driver handed over is there once, in the right drawer.
func (a *Audit) money(visits []Visit, books *Books) {
	type sum struct{ cash, transfer parking.Money }
	paid := map[uuid.UUID]sum{}
	ids := map[uuid.UUID]bool{}
	for _, p := range books.Payments {
		if ids[p.ID] {
			a.differ("the payment %s is there twice", p.ID)
		}
		ids[p.ID] = true
		if p.Status != string(parking.Paid) {
			continue
		}
		s := paid[p.Stay]
		if p.Method == parking.Cash {
			s.cash += p.Amount
			a.Cash += p.Amount
			a.Drawers[p.Gate] += p.Amount
		} else {
			s.transfer += p.Amount
			a.Transfer += p.Amount
		}
		paid[p.Stay] = s
	}
	var total sum
	drawers := map[string]parking.Money{}
	for _, v := range visits {
		handed := sum{transfer: v.Handed}
		if v.Method == parking.Cash {
			handed = sum{cash: v.Handed}
			if v.Handed > 0 {
				drawers[v.OutGate] += v.Handed
			}
		}
		total.cash += handed.cash
		total.transfer += handed.transfer
		want(a, "cash of "+string(v.Plate), handed.cash, paid[v.Stay].cash)
		want(a, "transfers of "+string(v.Plate), handed.transfer, paid[v.Stay].transfer)
		delete(paid, v.Stay)
	}
	for id, s := range paid {
		a.differ("the books have %d for the stay %s, for which no driver paid", s.cash+s.transfer, id)
	}
	want(a, "cash in all", total.cash, a.Cash)
	want(a, "transfers in all", total.transfer, a.Transfer)
	for _, gate := range slices.Sorted(maps.Keys(drawers)) {
		want(a, "the drawer of gate "+gate, drawers[gate], a.Drawers[gate])
	}
}

// slots: each is held once, by somebody who is inside and was sent there; who
// was sent to a slot and does not hold it stands in a conflict about it.
func (a *Audit) slots(visits []Visit, books *Books) {
	holder, place := map[string]uuid.UUID{}, map[uuid.UUID]string{}
	for _, p := range books.Placements {
		if _, twice := holder[p.Slot]; twice {
			a.differ("slot %s is held twice", p.Slot)
		}
		if before, twice := place[p.Stay]; twice {
			a.differ("the stay %s holds %s and %s", p.Stay, before, p.Slot)
		}
		holder[p.Slot], place[p.Stay] = p.Stay, p.Slot
	}
	a.SlotsHeld = len(holder)
	inConflict := map[uuid.UUID]bool{}
	for _, c := range books.Conflicts {
		if c.Kind == "slot_twice" {
			for _, id := range c.Stays {
				inConflict[id] = true
			}
		}
	}
	for _, v := range visits {
		held := place[v.Stay]
		switch {
		case v.Left() && held != "":
			a.differ("%s has left and still holds slot %s", v.Plate, held)
		case v.Left():
		case held != v.Slot && (held != "" || !inConflict[v.Stay]):
			a.differ("%s was sent to slot %q and holds %q", v.Plate, v.Slot, held)
		}
	}
}

func (a *Audit) conflicts(books *Books, expected []string) {
	for _, c := range books.Conflicts {
		a.Conflicts[c.Kind]++
	}
	for _, kind := range slices.Sorted(maps.Keys(a.Conflicts)) {
		if !slices.Contains(expected, kind) {
			a.differ("%d conflicts of kind %s, which no driver caused", a.Conflicts[kind], kind)
		}
	}
}

// facts: what lies on the gates' disks is in the cloud, each fact once, and
// nothing else.
func (a *Audit) facts(books *Books, disks []*Disk) {
	held := map[string]Run{}
	for _, r := range books.Held {
		if r.Gate == cloudGate {
			continue
		}
		held[r.Gate+" "+string(r.Epoch)] = r
		a.FactsCloud += r.Applied + r.Quarantined
		if r.Quarantined > 0 {
			a.differ("%d facts of gate %s are in quarantine", r.Quarantined, r.Gate)
		}
	}
	for _, d := range disks {
		if d.Waiting > 0 {
			a.differ("%d facts wait at gate %s", d.Waiting, d.Gate)
		}
		for _, r := range d.Runs {
			key := r.Gate + " " + string(r.Epoch)
			cloud := held[key]
			delete(held, key)
			a.FactsDisks += r.Applied
			if r.Applied != r.Seq {
				a.differ("the disk of gate %s has %d facts of epoch %s, numbered up to %d", r.Gate, r.Applied, r.Epoch, r.Seq)
			}
			if cloud.Applied+cloud.Quarantined != r.Applied || cloud.Seq != r.Seq || cloud.IDs != r.IDs {
				a.differ("epoch %s of gate %s: %d facts up to %d on the disk, %d up to %d in the cloud, the ids %s",
					r.Epoch, r.Gate, r.Applied, r.Seq, cloud.Applied+cloud.Quarantined, cloud.Seq, sameOrNot(cloud.IDs == r.IDs))
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		a.differ("the cloud has %d facts of gate and epoch %s, which are on no disk", held[key].Applied, key)
	}
}

func sameOrNot(same bool) string {
	if same {
		return "the same"
	}
	return "not the same"
}

// shown: a gate's cache of the site has inside who is inside.
func (a *Audit) shown(d *Disk, visits []Visit) {
	inside := map[uuid.UUID]bool{}
	var missing []string
	for _, v := range visits {
		if v.Left() {
			continue
		}
		inside[v.Stay] = true
		if !d.Inside[v.Stay] {
			missing = append(missing, string(v.Plate))
		}
	}
	extra := 0
	for id := range d.Inside {
		if !inside[id] {
			extra++
		}
	}
	if len(missing) > 0 || extra > 0 {
		slices.SortFunc(missing, cmp.Compare[string])
		a.differ("gate %s does not show %d vehicles that are inside (%s), and shows %d that are not", d.Gate, len(missing), strings.Join(missing[:min(5, len(missing))], ", "), extra)
	}
}
