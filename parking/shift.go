package parking

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// UnprovenAfter is how long a transfer that a person confirmed by hand may wait
// for the bank's notice before it is unproven.
const UnprovenAfter = 24 * time.Hour

// A shift is a person and a drawer at a gate (docs/SHIFTS.md): opened with a
// float, closed with a blind count. Money that no person took belongs to the
// gate's machine shift, one for each local day.

// Shift is what the facts that are held say of a shift.
type Shift struct {
	ID       uuid.UUID
	Gate     string
	Guard    string     // "" for a machine shift
	OpenedAt *time.Time // nil: the fact is not here (yet), or a machine shift
	Float    *Money     // nil: not counted
	ByItself bool       // opened by money that was taken without a shift
	ClosedAt *time.Time
	Count    *ShiftCount  // the blind one; the first that a gate has told
	Second   *ShiftCount  // an administrator's; the newest
	Entries  []ShiftEntry // money and openings by hand, in the order of facts
}

// ShiftCount is what was found in a drawer.
type ShiftCount struct {
	Fact   uuid.UUID
	At     time.Time
	By     string
	Cash   Money
	Notes  []NoteCount
	Cards  *int
	Reason string // of a second count
}

// ShiftEntry is one payment, refund or opening by hand of a shift.
type ShiftEntry struct {
	Fact    uuid.UUID
	Kind    Kind // payment_taken, payment_confirmed, refund_paid, barrier_opened
	At      time.Time
	Gate    string
	Actor   string
	Stay    uuid.UUID // zero for none
	Payment uuid.UUID // likewise
	Method  Method    // of a payment
	Amount  Money
	BankAt  *time.Time // when a bank has proven the payment
	Lane    string     // of an opening
	Reason  string     // of an opening or refund
}

// Money says whether the entry is a payment.
func (e *ShiftEntry) Money() bool {
	return e.Kind == KindPaymentTaken || e.Kind == KindPaymentConfirmed
}

// Unproven says whether the entry is a transfer that a person took as come and no bank
// has told of within a day.
func (e *ShiftEntry) Unproven(now time.Time) bool {
	return e.Money() && e.Method != Cash && e.BankAt == nil && now.Sub(e.At) >= UnprovenAfter
}

// Taken is the money of a method that came in the shift.
func (s *Shift) Taken(m Method) Money {
	var sum Money
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Money() && e.Method == m {
			sum += e.Amount
		}
	}
	return sum
}

// Proven is the money of a method that a bank has told of.
func (s *Shift) Proven(m Method) Money {
	var sum Money
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Money() && e.Method == m && e.BankAt != nil {
			sum += e.Amount
		}
	}
	return sum
}

// Refunds is the cash that was given back in the shift.
func (s *Shift) Refunds() Money {
	var sum Money
	for i := range s.Entries {
		if s.Entries[i].Kind == KindRefundPaid {
			sum += s.Entries[i].Amount
		}
	}
	return sum
}

// Unproven are the transfers confirmed by hand that no bank has told of within
// a day, and their sum.
func (s *Shift) Unproven(now time.Time) (n int, sum Money) {
	for i := range s.Entries {
		if s.Entries[i].Unproven(now) {
			n++
			sum += s.Entries[i].Amount
		}
	}
	return n, sum
}

// CountOf counts the entries of some kinds.
func (s *Shift) CountOf(kinds ...Kind) int {
	n := 0
	for i := range s.Entries {
		if slices.Contains(kinds, s.Entries[i].Kind) {
			n++
		}
	}
	return n
}

// Expected is the cash that must be in the drawer: float, and what was taken,
// without what was given back. With an unknown float, without it.
func (s *Shift) Expected() Money {
	sum := s.Taken(Cash) - s.Refunds()
	if s.Float != nil {
		sum += *s.Float
	}
	return sum
}

// Counted is the count that holds: the second, else the first; nil for none.
func (s *Shift) Counted() *ShiftCount { return cmp.Or(s.Second, s.Count) }

// Over is what is in the drawer over what is expected, less than zero when it
// is short; nil without a count or with an unknown float.
func (s *Shift) Over() *Money {
	c := s.Counted()
	if c == nil || s.Float == nil {
		return nil
	}
	over := c.Cash - s.Expected()
	return &over
}

// ShiftKinds lists the kinds of facts that shifts are folded of.
func ShiftKinds() []Kind {
	return []Kind{
		KindShiftOpened, KindShiftClosed, KindPaymentRequested, KindPaymentTaken, KindPaymentConfirmed, KindRefundPaid,
		KindBarrierOpened,
	}
}

// ShiftOf is the shift that a fact with this body belongs to, the zero id for none.
func ShiftOf(body any) uuid.UUID {
	var named *uuid.UUID
	switch b := body.(type) {
	case *ShiftOpened:
		return b.Shift
	case *ShiftClosed:
		return b.Shift
	case *PaymentTaken:
		named = b.Shift
	case *RefundPaid:
		named = b.Shift
	case *BarrierOpened:
		named = b.Shift
	}
	if named == nil {
		return uuid.Nil
	}
	return *named
}

// FoldShifts computes shifts from the facts that are held, in any order. A
// payment belongs to one shift: the one that the last payment_taken of it names,
// or, when only a bank told of it, the machine shift of the gate that had asked
// for it (of the cloud when none had). machine names that shift. Money that
// names no shift is under the zero id.
func FoldShifts(told []Told, machine func(gate string, at time.Time) uuid.UUID) map[uuid.UUID]*Shift {
	told = slices.Clone(told)
	slices.SortFunc(told, func(a, b Told) int { return a.Compare(b.Fact) })
	told = slices.CompactFunc(told, func(a, b Told) bool { return a.ID == b.ID })
	f := shiftFold{shifts: map[uuid.UUID]*Shift{}, payments: map[uuid.UUID]*payingFold{}}
	for _, t := range told {
		f.tell(t)
	}
	for _, p := range f.paid {
		f.settle(p, machine)
	}
	for _, s := range f.shifts {
		slices.SortStableFunc(s.Entries, func(a, b ShiftEntry) int {
			return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Fact.String(), b.Fact.String()))
		})
	}
	return f.shifts
}

type shiftFold struct {
	shifts   map[uuid.UUID]*Shift
	payments map[uuid.UUID]*payingFold
	paid     []*payingFold // in the order in which they were first told of
}

// payingFold is what is known of one payment.
type payingFold struct {
	asked  string // gate that has asked for it
	taken  *Told
	first  *Told // the first confirmation
	bankAt *time.Time
}

func (f *shiftFold) shift(id uuid.UUID) *Shift {
	s := f.shifts[id]
	if s == nil {
		s = &Shift{ID: id}
		f.shifts[id] = s
	}
	return s
}

func (f *shiftFold) payment(id uuid.UUID) *payingFold {
	p := f.payments[id]
	if p == nil {
		p = &payingFold{}
		f.payments[id] = p
		f.paid = append(f.paid, p)
	}
	return p
}

func (f *shiftFold) tell(t Told) {
	switch b := t.Says.(type) {
	case *ShiftOpened:
		f.opened(t, b)
	case *ShiftClosed:
		f.closed(t, b)
	case *PaymentRequested:
		if p := f.payment(b.Payment); p.asked == "" {
			p.asked = t.Gate
		}
	case *PaymentTaken:
		f.payment(b.Payment).taken = &t
	case *PaymentConfirmed:
		p := f.payment(b.Payment)
		if p.first == nil {
			if b.HeardAt != nil {
				t.At = BusinessTime(*b.HeardAt)
			}
			at := t.At
			if !b.BankAt.IsZero() {
				at = BusinessTime(b.BankAt)
			}
			p.first, p.bankAt = &t, &at
		}
	case *RefundPaid:
		f.add(b.Shift, t, ShiftEntry{Stay: b.Stay, Payment: b.Payment, Amount: b.Amount, Reason: b.Reason})
	case *BarrierOpened:
		if b.Cause == "by_hand" {
			f.add(b.Shift, t, ShiftEntry{Lane: b.Lane, Reason: b.Reason})
		}
	}
}

func (f *shiftFold) opened(t Told, b *ShiftOpened) {
	s := f.shift(b.Shift)
	if s.OpenedAt != nil {
		return // the first stands
	}
	s.OpenedAt, s.Gate, s.Guard, s.Float, s.ByItself = &t.At, t.Gate, b.Guard, b.Float, b.ByItself
}

// closed takes a count: a gate's is the blind one and counts once, the cloud's
// is an administrator's second.
func (f *shiftFold) closed(t Told, b *ShiftClosed) {
	s := f.shift(b.Shift)
	count := &ShiftCount{Fact: t.ID, At: t.At, By: t.Actor, Cash: b.Counted, Notes: b.Notes, Cards: b.Cards, Reason: b.Reason}
	switch {
	case t.Gate == CloudGate:
		s.Second = count
		if s.ClosedAt == nil {
			s.ClosedAt = &t.At
		}
	case s.Count == nil:
		s.Count, s.ClosedAt = count, &t.At
		s.Gate, s.Guard = cmp.Or(s.Gate, t.Gate), cmp.Or(s.Guard, b.Guard)
	}
}

// add puts an entry under the shift that its fact names.
func (f *shiftFold) add(shift *uuid.UUID, t Told, e ShiftEntry) {
	id := uuid.Nil
	if shift != nil {
		id = *shift
	}
	s := f.shift(id)
	e.Fact, e.Kind, e.At, e.Gate, e.Actor = t.ID, t.Kind, t.At, t.Gate, t.Actor
	s.Entries = append(s.Entries, e)
	if id == uuid.Nil {
		return
	}
	if s.OpenedAt == nil && s.Gate == "" && t.Gate != CloudGate {
		s.Gate = t.Gate
		if !IsMachine(t.Actor) {
			s.Guard = t.Actor
		}
	}
}

// settle puts a payment under its shift.
func (f *shiftFold) settle(p *payingFold, machine func(string, time.Time) uuid.UUID) {
	switch {
	case p.taken != nil:
		b, _ := p.taken.Says.(*PaymentTaken)
		f.add(b.Shift, *p.taken, ShiftEntry{Stay: b.Stay, Payment: b.Payment, Method: b.Method, Amount: b.Amount, BankAt: p.bankAt})
	case p.first != nil:
		b, _ := p.first.Says.(*PaymentConfirmed)
		gate := cmp.Or(p.asked, CloudGate)
		id := machine(gate, p.first.At)
		f.shift(id).Gate = gate
		f.add(&id, *p.first, ShiftEntry{Stay: b.Stay, Payment: b.Payment, Method: b.Method, Amount: b.Amount, BankAt: p.bankAt})
	}
}

// MachineShift is the shift of a gate itself on one local day: what a bank
// settled by itself, and what machines took, belongs to it. It is opened and
// closed by nobody, and its id follows from site, gate and day, so that gate and
// cloud name it alike.
func MachineShift(site uuid.UUID, gate string, at time.Time, zone *time.Location) uuid.UUID {
	if zone == nil {
		zone = time.UTC
	}
	return uuid.NewSHA1(site, []byte("machine shift/"+gate+"/"+at.In(zone).Format(time.DateOnly)))
}

// LocalAPI is who acts at a gate's local API when a request names nobody.
const LocalAPI = "local-api"

// IsMachine says whether an actor is a machine, which has no drawer of its own: a
// device of a lane, a kiosk, a program that names nobody.
func IsMachine(actor string) bool {
	return actor == "" || actor == LocalAPI || actor == "kiosk" ||
		strings.HasPrefix(actor, "lane:") || strings.HasPrefix(actor, "kiosk:")
}

// NoteCount is how many notes or coins of one value lie in a drawer.
type NoteCount struct {
	Value Money `json:"value"`
	Count int64 `json:"count"`
}

// SumNotes is what notes are worth together.
func SumNotes(notes []NoteCount) Money {
	var sum Money
	for _, n := range notes {
		sum += n.Value * Money(n.Count)
	}
	return sum
}

// Notes lists the values of notes of a currency, greatest first; nil where they
// are not known.
func Notes(currency string) []Money {
	if currency != "VND" {
		return nil
	}
	return []Money{500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500}
}

// Bounds of a count.
const (
	maxNoteValues = 32
	maxNotes      = 1_000_000
	maxCards      = 1_000_000
	maxGuard      = 64
)

func shiftOf(id uuid.UUID, guard string) error {
	if id == uuid.Nil {
		return Errorf(Invalid, "The fact names no shift.")
	}
	if guard == "" || len(guard) > maxGuard {
		return Errorf(Invalid, "The shift names no guard.")
	}
	return nil
}

func (b *ShiftOpened) validate() error {
	if err := shiftOf(b.Shift, b.Guard); err != nil {
		return err
	}
	if b.Float != nil {
		return sums(*b.Float)
	}
	return nil
}

func (b *ShiftClosed) validate() error {
	if err := shiftOf(b.Shift, b.Guard); err != nil {
		return err
	}
	if b.Cards != nil && (*b.Cards < 0 || *b.Cards > maxCards) {
		return Errorf(Invalid, "Nobody hands over %d cards.", *b.Cards)
	}
	if len(b.Notes) > maxNoteValues {
		return Errorf(Invalid, "A count has at most %d kinds of notes.", maxNoteValues)
	}
	for _, n := range b.Notes {
		if n.Value <= 0 || n.Value > MaxMoney/maxNotes || n.Count < 0 || n.Count > maxNotes {
			return Errorf(Invalid, "Nobody counts %d notes of %d.", n.Count, n.Value)
		}
	}
	if len(b.Notes) > 0 && SumNotes(b.Notes) != b.Counted {
		return Errorf(Invalid, "The notes make %d, the sum counted is %d.", SumNotes(b.Notes), b.Counted)
	}
	return sums(b.Counted)
}
