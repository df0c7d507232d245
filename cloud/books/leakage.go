package books

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// What a Mark is about: the columns of the page about what shows theft.
const (
	MarkByHand     = "by_hand"    // a barrier opened by hand
	MarkVoid       = "void"       // a stay that was voided
	MarkCorrection = "correction" // a plate or class that was corrected
	MarkPick       = "pick"       // an exit taken for another stay than the first of those offered
	MarkUnproven   = "unproven"   // a transfer that a person confirmed and no bank told of for a day
	MarkDiscount   = "discount"   // an exit with a discount
	MarkBackedOut  = "backed_out" // an entry or exit that a person took back
	MarkRejected   = "rejected"   // a reading of a plate that a person turned down
	MarkGrace      = "grace"      // a second free short stay of a plate within an hour
	MarkWrong      = "wrong"      // a spot check said that the pictures do not fit
)

// Marks are the kinds of marks, in the order of the page.
func Marks() []string {
	return []string{
		MarkByHand, MarkPick, MarkUnproven, MarkDiscount, MarkVoid, MarkCorrection, MarkBackedOut, MarkRejected, MarkGrace, MarkWrong,
	}
}

// MaxLeakageDays bounds the period of the page, and maxMarks its lists.
const (
	MaxLeakageDays = 31
	maxMarks       = 20_000
)

// UnprovenAfter is how long a bank has to tell of a transfer that a person
// confirmed.
const UnprovenAfter = 24 * time.Hour

// Mark is one thing that a person did, or that happened, which may be honest
// and may hide money.
type Mark struct {
	What    string
	At      time.Time
	Gate    string
	Lane    string
	Actor   string
	Shift   uuid.UUID
	Fact    uuid.UUID // the zero id where it is no fact
	Stay    uuid.UUID // the zero id where there is none
	Display string
	Reason  string
	// Was and Is are what was before and after: plates, classes, fees.
	Was, Is string
	// Offered and Taken are the two fees of a pick; Other is the stay that was
	// not taken, of a pick, or the one before, of grace used again.
	Offered, Taken parking.Money
	Other          uuid.UUID
	// Money is what the mark may have cost: the difference of a pick, what a
	// discount took off, what was not proven.
	Money parking.Money
}

// Tally counts marks of one kind.
type Tally struct {
	Count int
	Money parking.Money
}

// GuardLeakage is what one person did at one gate in one shift.
type GuardLeakage struct {
	Actor    string
	Gate     string
	Shift    uuid.UUID // the zero id where no shift is known
	Opened   time.Time // of the shift
	Vehicles int       // that were let in or out
	By       map[string]Tally
}

// Leakage is what shows theft in a period. Every tally counts the marks of the
// list, so that a figure and what stands behind it cannot differ.
type Leakage struct {
	Site     Site
	Period   Period
	Marks    []Mark
	Guards   []GuardLeakage
	Lanes    []LaneLeakage
	Silences []Silence
	Branches []Branch
	Missing  []MissingFacts
	Walks    []Walk
	Names    People
	// At is up to when silence was looked at: the end of the period, or now.
	At time.Time
}

// Total tallies the marks of a kind.
func (l *Leakage) Total(what string) Tally {
	var t Tally
	for i := range l.Marks {
		if l.Marks[i].What == what {
			t.Count++
			t.Money += l.Marks[i].Money
		}
	}
	return t
}

// Leakage reads what shows theft in a period, as of now. A period longer than
// MaxLeakageDays is an Invalid error.
func (b *Books) Leakage(ctx context.Context, site Site, p Period, now time.Time) (Leakage, error) {
	if p.Days() > MaxLeakageDays {
		return Leakage{}, parking.Errorf(parking.Invalid, "The period is longer than %d days: choose a shorter one.", MaxLeakageDays)
	}
	l := Leakage{Site: site, Period: p, At: p.UntilAt}
	if now.Before(l.At) {
		l.At = now
	}
	for _, read := range []func(context.Context, *Leakage, time.Time) error{
		b.leakageMarks, b.leakageUnproven, b.leakageGrace, b.leakageWrong, b.leakageGuards, b.leakageLanes, b.leakageSilences,
		b.leakageBranches, b.leakageWalks,
	} {
		if err := read(ctx, &l, now); err != nil {
			return Leakage{}, err
		}
	}
	slices.SortStableFunc(l.Marks, func(a, b Mark) int { return a.At.Compare(b.At) })
	var err error
	l.Names, err = b.People(ctx, site.ID)
	return l, err
}

func (b *Books) leakageMarks(ctx context.Context, l *Leakage, _ time.Time) error {
	rows, err := b.q.LeakageMarks(ctx, cloudsql.LeakageMarksParams{
		Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt, Most: maxMarks + 1,
	})
	if err != nil {
		return fmt.Errorf("read what people did: %w", err)
	}
	if len(rows) > maxMarks {
		return parking.Errorf(parking.Invalid, "There is more in this period than one page can hold: choose a shorter one.")
	}
	for i := range rows {
		r := &rows[i]
		f, err := readFact(r.Encoded, r.At)
		if err != nil {
			return fmt.Errorf("fact %s: %w", r.ID, err)
		}
		m := Mark{At: r.At, Gate: r.Gate, Lane: r.Lane, Actor: r.Actor, Shift: orNil(r.Shift), Fact: r.ID, Stay: orNil(r.StayID), Display: r.Display}
		l.Marks = append(l.Marks, m.told(f.Told)...)
	}
	return nil
}

// told completes a mark by what its fact says. One fact may make two: an exit
// that was picked and had a discount.
func (m Mark) told(body any) []Mark {
	switch b := body.(type) {
	case *parking.BarrierOpened:
		m.What, m.Reason = MarkByHand, b.Reason
	case *parking.StayVoided:
		m.What, m.Reason = MarkVoid, b.Reason
	case *parking.PlateCorrected:
		m.What, m.Reason, m.Was, m.Is = MarkCorrection, b.Reason, b.Was.Display(), cmp.Or(b.Display, b.Plate.Display())
	case *parking.ClassCorrected:
		m.What, m.Reason, m.Was, m.Is = MarkCorrection, b.Reason, string(b.Was), string(b.Class)
	case *parking.VehicleBackedOut:
		m.What, m.Reason = MarkBackedOut, b.Reason
	case *parking.ReadRejected:
		m.What, m.Reason, m.Was = MarkRejected, b.Reason, parking.Plate(b.Read.Raw).Display()
	case *parking.VehicleOut:
		return m.exit(b)
	default:
		return nil
	}
	return []Mark{m}
}

func (m Mark) exit(b *parking.VehicleOut) []Mark {
	var out []Mark
	if m.Display == "" {
		m.Display = cmp.Or(b.Display, b.Plate.Display())
	}
	var off parking.Money
	var codes []string
	for _, line := range b.Charge.Lines {
		if line.Code == parking.LineDiscount {
			off -= line.Amount
			codes = append(codes, line.Text.En)
		}
	}
	if b.Picked() {
		p := m
		p.What, p.Reason, p.Other, p.Offered, p.Taken = MarkPick, b.Reason, b.Candidates[0].Stay, b.Candidates[0].Fee, b.Charge.Fee
		p.Was, p.Is = b.Candidates[0].Plate.Display(), b.Plate.Display()
		// What a discount took off is a mark of its own. A dearer one cost nothing,
		// and does not make up for another.
		p.Money = max(0, p.Offered-p.Taken-off)
		out = append(out, p)
	}
	if codes != nil {
		d := m
		d.What, d.Reason, d.Money, d.Taken = MarkDiscount, strings.Join(codes, ", "), off, b.Charge.Fee
		d.Offered = d.Taken + off
		out = append(out, d)
	}
	return out
}

func (b *Books) leakageUnproven(ctx context.Context, l *Leakage, now time.Time) error {
	rows, err := b.q.LeakageUnproven(ctx, cloudsql.LeakageUnprovenParams{
		Site: l.Site.ID, FromAt: &l.Period.FromAt, UntilAt: &l.Period.UntilAt, Ripe: now.Add(-UnprovenAfter), Most: maxMarks,
	})
	if err != nil {
		return fmt.Errorf("read what was confirmed by hand: %w", err)
	}
	for i := range rows {
		r := &rows[i]
		m := Mark{
			What: MarkUnproven, At: r.PaidAt, Gate: r.Gate, Actor: r.Actor, Shift: orNil(r.Shift), Stay: r.StayID, Display: r.Display,
			Money: parking.Money(r.Amount),
		}
		if f, err := readFact(r.Encoded, r.PaidAt); err == nil {
			if b, ok := f.Told.(*parking.PaymentTaken); ok && b.ByHand != nil {
				m.Reason, m.Is = b.ByHand.PayerBank, b.ByHand.At.In(l.Site.Zone).Format("15:04")
			}
		}
		l.Marks = append(l.Marks, m)
	}
	return nil
}

func (b *Books) leakageGrace(ctx context.Context, l *Leakage, _ time.Time) error {
	rows, err := b.q.LeakageGrace(ctx, cloudsql.LeakageGraceParams{
		Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt, Most: maxMarks,
	})
	if err != nil {
		return fmt.Errorf("read who left free twice: %w", err)
	}
	for i := range rows {
		r := &rows[i]
		l.Marks = append(l.Marks, Mark{
			What: MarkGrace, At: r.OutAt, Gate: r.OutGate, Lane: r.Lane, Actor: person(r.Actor), Stay: r.ID, Display: r.Display, Other: r.BeforeID,
			Was: r.BeforeOut.In(l.Site.Zone).Format("15:04"),
		})
	}
	return nil
}

func (b *Books) leakageWrong(ctx context.Context, l *Leakage, _ time.Time) error {
	rows, err := b.q.SpotWrong(ctx, cloudsql.SpotWrongParams{
		Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt, Most: maxMarks,
	})
	if err != nil {
		return fmt.Errorf("read what spot checks said: %w", err)
	}
	for i := range rows {
		r := &rows[i]
		l.Marks = append(l.Marks, Mark{
			What: MarkWrong, At: r.At, Gate: r.Gate, Lane: r.Lane, Actor: person(r.Actor), Stay: r.ID, Display: r.Display, Is: r.CheckedBy,
		})
	}
	return nil
}

// person is the person of an actor, "" for a gate that acted by itself.
func person(actor string) string {
	if strings.HasPrefix(actor, "lane:") {
		return ""
	}
	return actor
}

func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// leakageGuards tallies the marks by person, gate and shift. A mark whose fact
// names no shift belongs to the one that its person had open at that gate.
func (b *Books) leakageGuards(ctx context.Context, l *Leakage, _ time.Time) error {
	from := l.Period.FromAt.Add(-72 * time.Hour)
	shifts, err := b.q.LeakageShifts(ctx, cloudsql.LeakageShiftsParams{Site: l.Site.ID, ShiftsFrom: from, UntilAt: l.Period.UntilAt})
	if err != nil {
		return fmt.Errorf("read shifts: %w", err)
	}
	acts, err := b.q.LeakageActs(ctx, cloudsql.LeakageActsParams{
		Site: l.Site.ID, ShiftsFrom: from, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt,
	})
	if err != nil {
		return fmt.Errorf("count what people did: %w", err)
	}
	for i := range l.Marks {
		m := &l.Marks[i]
		for _, s := range shifts { // the latest that fits
			if m.Shift == uuid.Nil && s.Actor == m.Actor && s.Gate == m.Gate && !m.At.Before(s.OpenedAt) && m.At.Before(s.ClosedAt) {
				m.Shift = s.Shift
			}
		}
	}
	row := func(actor, gate string, shift uuid.UUID) *GuardLeakage {
		i := slices.IndexFunc(l.Guards, func(g GuardLeakage) bool { return g.Actor == actor && g.Gate == gate && g.Shift == shift })
		if i < 0 {
			g := GuardLeakage{Actor: actor, Gate: gate, Shift: shift, By: map[string]Tally{}}
			if j := slices.IndexFunc(shifts, func(s cloudsql.LeakageShiftsRow) bool { return s.Shift == shift }); j >= 0 {
				g.Opened = shifts[j].OpenedAt
			}
			l.Guards = append(l.Guards, g)
			i = len(l.Guards) - 1
		}
		return &l.Guards[i]
	}
	for _, a := range acts {
		row(a.Actor, a.Gate, orNil(a.Shift)).Vehicles += int(a.Vehicles)
	}
	for i := range l.Marks {
		m := &l.Marks[i]
		g := row(m.Actor, m.Gate, m.Shift)
		t := g.By[m.What]
		t.Count++
		t.Money += m.Money
		g.By[m.What] = t
	}
	slices.SortFunc(l.Guards, func(a, b GuardLeakage) int {
		return cmp.Or(cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Gate, b.Gate), a.Opened.Compare(b.Opened), slices.Compare(a.Shift[:], b.Shift[:]))
	})
	return nil
}
