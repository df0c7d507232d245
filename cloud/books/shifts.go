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

// Shift is a drawer as the facts that are held tell it (docs/SHIFTS.md).
type Shift struct {
	parking.Shift
	Address string            // of its page: the shift's id, or GATE.DATE of a machine shift
	Day     parking.LocalDate // on which it began
	Machine bool              // a gate's own: nobody opens, counts or closes it
	Methods []ShiftMethod     // every method
	Plates  map[uuid.UUID]string
}

// ShiftMethod is a shift's money of one method. Of cash, Counted is what a person
// found; of a transfer, what banks have told of.
type ShiftMethod struct {
	Method   parking.Method
	Taken    parking.Money
	Payments int
	Expected parking.Money  // of cash: with the float and without refunds
	Counted  *parking.Money // nil: nobody has counted
	Over     *parking.Money // Counted over Expected; nil while that cannot be said
	Waiting  parking.Money  // of a transfer: what a bank may still tell of
}

// ShiftDay are the shifts that began on a local day.
type ShiftDay struct {
	Day    parking.LocalDate
	Shifts []Shift
	Guards []string // who had one, by name
	// Without counts payments of the day that name no shift.
	Without int
	Cards   Cards
}

// Cards are a site's cards at the moment of reading: stock + inside + lost = known.
type Cards struct {
	Known, Inside, Lost int
	Boxes               []CardBox // the newest count of each gate's box in a week
}

// CardBox is a count of the cards at a gate.
type CardBox struct {
	Gate  string
	At    time.Time
	Cards int
}

// Stock is what lies in the boxes by their newest counts.
func (c Cards) Stock() int {
	n := 0
	for _, b := range c.Boxes {
		n += b.Cards
	}
	return n
}

// Missing is what neither lies in a box, nor is on a vehicle inside, nor is known
// to be lost; less than zero when there are more than are known.
func (c Cards) Missing() int { return c.Known - c.Inside - c.Lost - c.Stock() }

// Shifts reads the shifts of a day, of one person or of all ("").
func (b *Books) Shifts(ctx context.Context, site Site, day parking.LocalDate, guard string, now time.Time) (ShiftDay, error) {
	period, err := site.Period(day, day)
	if err != nil {
		return ShiftDay{}, err
	}
	out := ShiftDay{Day: day}
	// What a shift of this day wrote first lies in it; a gate's clock that was
	// wrong by hours is looked for beside it.
	ids, err := b.q.ShiftsOfDays(ctx, cloudsql.ShiftsOfDaysParams{SiteID: site.ID, FromAt: period.FromAt, UntilAt: period.UntilAt})
	if err != nil {
		return ShiftDay{}, fmt.Errorf("list shifts: %w", err)
	}
	all, err := b.shiftsOf(ctx, site, period, ids, now)
	if err != nil {
		return ShiftDay{}, err
	}
	for _, s := range all {
		if s.Day != day || len(s.Entries) == 0 && s.OpenedAt == nil && s.Count == nil {
			continue
		}
		if s.Guard != "" && !slices.Contains(out.Guards, s.Guard) {
			out.Guards = append(out.Guards, s.Guard)
		}
		if guard == "" || s.Guard == guard {
			out.Shifts = append(out.Shifts, s)
		}
	}
	slices.Sort(out.Guards)
	slices.SortFunc(out.Shifts, func(a, b Shift) int {
		return cmp.Or(rank(a.Machine)-rank(b.Machine), a.began().Compare(b.began()), strings.Compare(a.Gate, b.Gate), strings.Compare(a.Address, b.Address))
	})
	without, err := b.q.PaymentsWithoutShift(ctx, cloudsql.PaymentsWithoutShiftParams{SiteID: site.ID, FromAt: period.FromAt, UntilAt: period.UntilAt})
	if err != nil {
		return ShiftDay{}, fmt.Errorf("count payments without a shift: %w", err)
	}
	out.Without = int(without)
	out.Cards, err = b.cards(ctx, site, now)
	return out, err
}

func rank(machine bool) int {
	if machine {
		return 1
	}
	return 0
}

// ShiftAt reads one shift by its address; NotFound when no fact tells of it.
func (b *Books) ShiftAt(ctx context.Context, site Site, address string, now time.Time) (Shift, error) {
	notFound := parking.Errorf(parking.NotFound, "There is no such shift at this site.")
	var ids []uuid.UUID
	var period Period
	if id, err := uuid.Parse(address); err == nil && id != uuid.Nil {
		ids = []uuid.UUID{id}
	} else {
		gate, date, _ := strings.Cut(address, ".")
		var day parking.LocalDate
		if day.UnmarshalText([]byte(date)) != nil || parking.ValidCode("gate", gate) != nil {
			return Shift{}, notFound
		}
		if period, err = site.Period(day, day); err != nil {
			return Shift{}, err
		}
		ids = []uuid.UUID{parking.MachineShift(site.ID, gate, period.FromAt, site.Zone)}
	}
	all, err := b.shiftsOf(ctx, site, period, ids, now)
	if err != nil {
		return Shift{}, err
	}
	at := slices.IndexFunc(all, func(s Shift) bool { return s.ID == ids[0] })
	if at < 0 {
		return Shift{}, notFound
	}
	s := all[at]
	return s, b.platesOf(ctx, site, &s)
}

// shiftsOf folds the shifts of these ids, and the machine shifts of a period: the
// zero period has none. A payment is folded from all of its facts, so that it is
// in one shift only, whichever are asked for.
func (b *Books) shiftsOf(ctx context.Context, site Site, period Period, ids []uuid.UUID, now time.Time) ([]Shift, error) {
	raw, err := b.q.ShiftFacts(ctx, cloudsql.ShiftFactsParams{SiteID: site.ID, Shifts: ids})
	if err != nil {
		return nil, fmt.Errorf("read the facts of shifts: %w", err)
	}
	if !period.FromAt.IsZero() {
		confirmed, err := b.q.ConfirmedBetween(ctx, cloudsql.ConfirmedBetweenParams{SiteID: site.ID, FromAt: period.FromAt, UntilAt: period.UntilAt})
		if err != nil {
			return nil, fmt.Errorf("read what banks settled: %w", err)
		}
		raw = append(raw, confirmed...)
	}
	told := toldOf(raw)
	var payments []string
	for _, t := range told {
		switch t.Says.(type) {
		case *parking.PaymentTaken, *parking.PaymentConfirmed:
			payments = append(payments, parking.SubjectOf(t.Says))
		}
	}
	more, err := b.q.FactsAbout(ctx, cloudsql.FactsAboutParams{SiteID: site.ID, Subjects: payments, Kinds: []string{
		string(parking.KindPaymentRequested), string(parking.KindPaymentTaken), string(parking.KindPaymentConfirmed),
	}})
	if err != nil {
		return nil, fmt.Errorf("read the facts of payments: %w", err)
	}
	told = append(told, toldOf(more)...)
	if err := b.correct(ctx, site, told); err != nil {
		return nil, err
	}
	wanted, address := map[uuid.UUID]bool{}, map[uuid.UUID]string{}
	for _, id := range ids {
		wanted[id] = true
	}
	machine := func(gate string, at time.Time) uuid.UUID {
		id := parking.MachineShift(site.ID, gate, at, site.Zone)
		address[id] = gate + "." + site.Today(at).String()
		if !period.FromAt.IsZero() && !at.Before(period.FromAt) && at.Before(period.UntilAt) {
			wanted[id] = true
		}
		return id
	}
	var out []Shift
	for id, s := range parking.FoldShifts(told, machine) {
		for i := range s.Entries { // what machines took names its shift itself
			machine(s.Entries[i].Gate, s.Entries[i].At)
		}
		if wanted[id] && id != uuid.Nil {
			out = append(out, readShift(site, s, address[id], now))
		}
	}
	return out, nil
}

// readShift makes the read model of a folded shift.
func readShift(site Site, s *parking.Shift, machine string, now time.Time) Shift {
	out := Shift{Shift: *s, Address: s.ID.String()}
	if s.OpenedAt == nil && s.Guard == "" {
		out.Machine, out.Address = true, cmp.Or(machine, out.Address)
	}
	out.Day = site.Today(out.began())
	for _, m := range parking.Methods() {
		out.Methods = append(out.Methods, shiftMethod(s, m, out.Machine, now))
	}
	return out
}

func shiftMethod(s *parking.Shift, m parking.Method, machine bool, now time.Time) ShiftMethod {
	out := ShiftMethod{Method: m, Taken: s.Taken(m), Expected: s.Taken(m)}
	var unproven parking.Money
	for i := range s.Entries {
		e := &s.Entries[i]
		if !e.Money() || e.Method != m {
			continue
		}
		out.Payments++
		switch {
		case m == parking.Cash || e.BankAt != nil:
		case e.Unproven(now):
			unproven += e.Amount
		default:
			out.Waiting += e.Amount
		}
	}
	if m != parking.Cash {
		proven, over := s.Proven(m), -unproven
		out.Counted, out.Over = &proven, &over
		return out
	}
	out.Expected, out.Over = s.Expected(), s.Over()
	if c := s.Counted(); c != nil && !machine {
		out.Counted = &c.Cash
	}
	return out
}

// began is when a shift was opened, or else when something was first written in it.
func (s *Shift) began() time.Time {
	switch {
	case s.OpenedAt != nil:
		return *s.OpenedAt
	case len(s.Entries) > 0:
		return s.Entries[0].At
	case s.ClosedAt != nil:
		return *s.ClosedAt
	}
	return time.Time{}
}

// toldOf decodes facts; what cannot be read is passed over.
func toldOf(raw [][]byte) []parking.Told {
	told := make([]parking.Told, 0, len(raw))
	for _, encoded := range raw {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			continue
		}
		if body, err := parking.DecodeBody(f); err == nil {
			told = append(told, parking.Told{Fact: f, Says: body})
		}
	}
	return told
}

// correct moves the times of facts by what their gates observed of their clocks.
func (b *Books) correct(ctx context.Context, site Site, told []parking.Told) error {
	asked, boots := map[string]bool{}, []string{}
	for _, t := range told {
		if t.Movable() && !asked[t.Boot] {
			asked[t.Boot] = true
			boots = append(boots, t.Boot)
		}
	}
	if len(boots) == 0 {
		return nil
	}
	rows, err := b.q.FactsAbout(ctx, cloudsql.FactsAboutParams{SiteID: site.ID, Kinds: []string{string(parking.KindClockObserved)}, Subjects: boots})
	if err != nil {
		return fmt.Errorf("read what was observed of clocks: %w", err)
	}
	clocks := parking.Clocks{}
	for _, o := range toldOf(rows) {
		if body, ok := o.Says.(*parking.ClockObserved); ok {
			clocks.Observe(o.Fact, body)
		}
	}
	for i := range told {
		told[i].At = clocks.TimeOf(told[i].Fact)
	}
	return nil
}

// platesOf says how the vehicles of a shift's stays are called.
func (b *Books) platesOf(ctx context.Context, site Site, s *Shift) error {
	var stays []uuid.UUID
	for i := range s.Entries {
		stays = append(stays, s.Entries[i].Stay)
	}
	rows, err := b.q.ShiftStays(ctx, cloudsql.ShiftStaysParams{SiteID: site.ID, Ids: stays})
	if err != nil {
		return fmt.Errorf("read the stays of a shift: %w", err)
	}
	s.Plates = make(map[uuid.UUID]string, len(rows))
	for _, r := range rows {
		s.Plates[r.ID] = r.Display
	}
	return nil
}

// countedWithin is how old the count of a gate's card box may be.
const countedWithin = 7 * 24 * time.Hour

func (b *Books) cards(ctx context.Context, site Site, now time.Time) (Cards, error) {
	row, err := b.q.CardCount(ctx, cloudsql.CardCountParams{SiteID: site.ID, Now: now})
	if err != nil {
		return Cards{}, fmt.Errorf("count cards: %w", err)
	}
	out := Cards{Known: int(row.Known), Inside: int(row.Inside), Lost: int(row.Lost)}
	rows, err := b.q.CountsBetween(ctx, cloudsql.CountsBetweenParams{SiteID: site.ID, FromAt: now.Add(-countedWithin), UntilAt: now.Add(time.Hour)})
	if err != nil {
		return Cards{}, fmt.Errorf("read counts of cards: %w", err)
	}
	counts := toldOf(rows)
	slices.SortFunc(counts, func(a, b parking.Told) int { return b.Compare(a.Fact) }) // newest first
	for _, t := range counts {
		body, ok := t.Says.(*parking.ShiftClosed)
		known := slices.ContainsFunc(out.Boxes, func(box CardBox) bool { return box.Gate == t.Gate })
		if ok && body.Cards != nil && !known && t.Gate != parking.CloudGate {
			out.Boxes = append(out.Boxes, CardBox{Gate: t.Gate, At: t.At, Cards: *body.Cards})
		}
	}
	slices.SortFunc(out.Boxes, func(a, b CardBox) int { return strings.Compare(a.Gate, b.Gate) })
	return out, nil
}
