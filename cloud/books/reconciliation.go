package books

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Reconciliation is a local day's money, told three times: by the facts, by
// the payments that the cloud made of them, and by what banks said. Each was
// read for itself; where they do not agree, or something is still open, a
// Difference says which and why.
type Reconciliation struct {
	Site        Site
	Day         parking.LocalDate
	Period      Period
	Methods     []MethodCheck // every method
	Total       MethodCheck
	Drawers     []Drawer
	QR          QRCheck
	ByHand      ByHandCheck
	Notices     []NoticeSum
	Refunds     Sum // what was given back that day, for payments of any day
	Differences []Difference
	Names       People
}

// MethodCheck is the money of one method: what facts say was received is what
// the payments come to, and that is what Revenue shows.
type MethodCheck struct {
	Method   parking.Method // "" for all
	Facts    Sum
	Payments Sum
}

// Off is by how much facts and payments differ.
func (m MethodCheck) Off() parking.Money {
	return m.Facts.Amount - m.Payments.Amount
}

// Drawer is the cash that one person took and gave back at one gate, by the facts.
type Drawer struct {
	Actor, Gate string
	Taken       Sum
	GivenBack   Sum
}

// Left is what should lie in the drawer of that day's money.
func (d Drawer) Left() parking.Money { return d.Taken.Amount - d.GivenBack.Amount }

// QRCheck is what became of the requests for a transfer that were shown that day.
type QRCheck struct {
	Requested Sum // by the facts
	Confirmed Sum // of those: paid, and a bank has said so
	ByPerson  Sum // of those: paid by a person's word
	Open      Sum // of those: not paid
	Unnoticed Sum // VietQR money of that day of which no bank has told
	Late      Sum // VietQR money of that day that came after its vehicle had left
}

// ByHandCheck is the money of that day that persons confirmed.
type ByHandCheck struct {
	Proven   Sum // a bank has told of it since
	Waiting  Sum // no bank has, within a day
	Unproven Sum // no bank has, for longer
}

// NoticeSum is what banks told of transfers of that day, by what became of it.
type NoticeSum struct {
	State string // as the package bank names it
	Sum   Sum
}

// Kinds of differences.
const (
	DiffFactOnly     = "fact_only"     // a fact tells of money and there is no payment
	DiffPaymentOnly  = "payment_only"  // a payment that no fact tells of
	DiffAmount       = "amount"        // fact and payment name different sums or methods
	DiffChange       = "change"        // what was handed over less the change is not the sum
	DiffQRUnnoticed  = "qr_unnoticed"  // VietQR paid, and no bank has told
	DiffByHandWaits  = "by_hand_waits" // confirmed by hand less than a day ago
	DiffUnproven     = "unproven"      // confirmed by hand more than a day ago
	DiffNotice       = "notice"        // a bank's notice that waits for a person
	DiffNoticeNew    = "notice_new"    // one that is not settled yet
	DiffNoticeAmount = "notice_amount" // a settled notice and its payment differ
	DiffNoticeLost   = "notice_lost"   // a settled notice without its payment
	DiffNoticeOnly   = "notice_only"   // one that only a gate knows, of a cloud that was restored
	DiffRefund       = "refund"        // money given back for a payment that is not there or not paid
	DiffOwing        = "owing"         // left without having paid the fee
	DiffLate         = "late"          // money that came after the vehicle had left
	DiffConflict     = "conflict"      // an open conflict about money
)

// Difference is one thing of a day that does not add up, or is still open.
type Difference struct {
	Kind     string
	At       time.Time
	Stay     uuid.UUID // the zero id for none
	Display  string
	Gate     string
	Actor    string
	Notice   int64  // 0 for none
	Conflict string // hex, "" for none
	Why      string // of a notice in review, or the kind of a conflict
	Amount   parking.Money
	Other    parking.Money // what it should be
}

// Hard says that sums do not agree, beside what is merely open or late.
func (d Difference) Hard() bool {
	switch d.Kind {
	case DiffFactOnly, DiffPaymentOnly, DiffAmount, DiffChange, DiffNoticeAmount, DiffNoticeLost, DiffRefund:
		return true
	}
	return false
}

// Balanced says whether every sum agrees with its other side.
func (r *Reconciliation) Balanced() bool {
	return r.Total.Off() == 0 && !slices.ContainsFunc(r.Differences, Difference.Hard)
}

// maxDifferences bounds each list of a reconciliation that is read.
const maxDifferences = 5000

// Reconcile holds facts, payments and bank notices of a local day against each
// other, as of now.
func (b *Books) Reconcile(ctx context.Context, site Site, day parking.LocalDate, now time.Time) (Reconciliation, error) {
	p, err := site.Period(day, day)
	if err != nil {
		return Reconciliation{}, err
	}
	r := &reckoning{Reconciliation: Reconciliation{Site: site, Day: day, Period: p}, now: now}
	if err := r.read(ctx, b.q); err != nil {
		return Reconciliation{}, err
	}
	r.money()
	r.transfers()
	r.notices()
	r.cash()
	if err := r.rest(ctx, b.q); err != nil {
		return Reconciliation{}, err
	}
	slices.SortStableFunc(r.Differences, func(a, b Difference) int { return a.At.Compare(b.At) })
	if r.Names, err = b.People(ctx, site.ID); err != nil {
		return Reconciliation{}, err
	}
	return r.Reconciliation, nil
}

// reckoning is a reconciliation being made, with what was read for it.
type reckoning struct {
	Reconciliation
	now      time.Time
	facts    []Fact
	payments []cloudsql.ReconcilePaymentsRow
	told     []cloudsql.ReconcileNoticesRow
	byID     map[uuid.UUID]*cloudsql.ReconcilePaymentsRow
}

// read reads the payments, then the facts and the notices, then once more the
// payments that those name: what comes in meanwhile makes no difference.
func (r *reckoning) read(ctx context.Context, q *cloudsql.Queries) error {
	first, err := q.ReconcilePayments(ctx, cloudsql.ReconcilePaymentsParams{
		Site: r.Site.ID, Ids: []uuid.UUID{}, FromAt: &r.Period.FromAt, UntilAt: &r.Period.UntilAt,
	})
	if err != nil {
		return fmt.Errorf("read payments: %w", err)
	}
	ids, subjects := []uuid.UUID{}, []string{}
	for i := range first {
		ids, subjects = append(ids, first[i].ID), append(subjects, first[i].ID.String())
	}
	rows, err := q.ReconcileFacts(ctx, cloudsql.ReconcileFactsParams{
		Site: r.Site.ID, FromAt: r.Period.FromAt, UntilAt: r.Period.UntilAt, Subjects: subjects,
	})
	if err != nil {
		return fmt.Errorf("read facts about money: %w", err)
	}
	for i := range rows {
		f, err := readFact(rows[i].Encoded, time.Time{})
		if err != nil {
			return fmt.Errorf("fact %s: %w", rows[i].ID, err)
		}
		r.facts = append(r.facts, f)
		if id := paymentOf(f.Told); id != uuid.Nil {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(r.facts, func(a, b Fact) int { return a.Compare(b.Fact) })
	r.told, err = q.ReconcileNotices(ctx, cloudsql.ReconcileNoticesParams{
		Site: r.Site.ID, Ids: ids, FromAt: r.Period.FromAt, UntilAt: r.Period.UntilAt,
	})
	if err != nil {
		return fmt.Errorf("read what banks told: %w", err)
	}
	for i := range r.told {
		if id := r.told[i].PaymentID; id != nil {
			ids = append(ids, *id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	all, err := q.ReconcilePayments(ctx, cloudsql.ReconcilePaymentsParams{
		Site: r.Site.ID, Ids: ids, FromAt: &r.Period.FromAt, UntilAt: &r.Period.UntilAt,
	})
	if err != nil {
		return fmt.Errorf("read payments: %w", err)
	}
	r.byID = map[uuid.UUID]*cloudsql.ReconcilePaymentsRow{}
	for i := range all {
		if _, known := slices.BinarySearchFunc(ids, all[i].ID, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }); known {
			r.payments = append(r.payments, all[i])
		}
	}
	for i := range r.payments {
		r.byID[r.payments[i].ID] = &r.payments[i]
	}
	return nil
}

// paymentOf is the payment that a fact about money names.
func paymentOf(body any) uuid.UUID {
	switch b := body.(type) {
	case *parking.PaymentRequested:
		return b.Payment
	case *parking.PaymentTaken:
		return b.Payment
	case *parking.PaymentConfirmed:
		return b.Payment
	case *parking.RefundPaid:
		return b.Payment
	case *parking.RefundMade:
		return b.Payment
	}
	return uuid.Nil
}

// today says whether a time lies on the day.
func (r *reckoning) today(t *time.Time) bool {
	return t != nil && !t.Before(r.Period.FromAt) && t.Before(r.Period.UntilAt)
}

// received is what the facts say of one payment.
type received struct {
	fact   Fact
	stay   uuid.UUID
	method parking.Method
	amount parking.Money
}

// money sums facts and payments by method, payment by payment.
func (r *reckoning) money() {
	for _, m := range parking.Methods() {
		r.Methods = append(r.Methods, MethodCheck{Method: m})
	}
	by := r.receivedByFacts()
	for _, id := range sortedIDs(by) {
		got, row := by[id], r.byID[id]
		switch {
		case row == nil:
			r.count(got.method, func(m *MethodCheck) { m.Facts.add(got.amount) })
			r.differ(Difference{Kind: DiffFactOnly, At: got.fact.At, Stay: got.stay, Gate: got.fact.Gate, Actor: got.fact.Actor, Amount: got.amount})
		case !r.today(row.PaidAt): // its time was corrected, or it was taken once more another day
		default:
			r.count(got.method, func(m *MethodCheck) { m.Facts.add(got.amount) })
			if parking.Money(row.Amount) != got.amount || parking.Method(row.Method) != got.method {
				d := r.of(DiffAmount, row)
				d.Amount, d.Other = got.amount, parking.Money(row.Amount)
				r.differ(d)
			}
		}
	}
	for i := range r.payments {
		row := &r.payments[i]
		amount, method := parking.Money(row.Amount), parking.Method(row.Method)
		if !r.today(row.PaidAt) || row.Status != string(parking.Paid) && row.Status != string(parking.Refunded) {
			continue
		}
		r.count(method, func(m *MethodCheck) { m.Payments.add(amount) })
		if _, told := by[row.ID]; !told {
			r.differ(r.of(DiffPaymentOnly, row))
		}
	}
}

// receivedByFacts is what the facts alone say of each payment: the last taking
// counts, or else the first word of a bank.
func (r *reckoning) receivedByFacts() map[uuid.UUID]received {
	out := map[uuid.UUID]received{}
	taken := map[uuid.UUID]bool{}
	for _, f := range r.facts {
		switch b := f.Told.(type) {
		case *parking.PaymentTaken:
			out[b.Payment], taken[b.Payment] = received{f, b.Stay, b.Method, b.Amount}, true
		case *parking.PaymentConfirmed:
			if _, known := out[b.Payment]; !known && !taken[b.Payment] {
				out[b.Payment] = received{f, b.Stay, b.Method, b.Amount}
			}
		}
	}
	return out
}

func sortedIDs[V any](m map[uuid.UUID]V) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(m))
	for id := range m {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return out
}

func (s *Sum) add(amount parking.Money) {
	s.Amount += amount
	s.Payments++
}

// count adds to the check of a method, and to that of all.
func (r *reckoning) count(method parking.Method, add func(*MethodCheck)) {
	for i := range r.Methods {
		if r.Methods[i].Method == method {
			add(&r.Methods[i])
		}
	}
	add(&r.Total)
}

func (r *reckoning) differ(d Difference) { r.Differences = append(r.Differences, d) }

// of is a difference about a payment.
func (r *reckoning) of(kind string, row *cloudsql.ReconcilePaymentsRow) Difference {
	d := Difference{
		Kind: kind, Stay: row.StayID, Display: row.Display, Gate: row.Gate, Actor: row.Actor, Amount: parking.Money(row.Amount), At: r.Period.FromAt,
	}
	if row.PaidAt != nil {
		d.At = *row.PaidAt
	}
	return d
}

// rest reads what is open beside the payments.
func (r *reckoning) rest(ctx context.Context, q *cloudsql.Queries) error {
	owing, err := q.ReconcileOwing(ctx, cloudsql.ReconcileOwingParams{
		Site: r.Site.ID, FromAt: &r.Period.FromAt, UntilAt: &r.Period.UntilAt, Most: maxDifferences,
	})
	if err != nil {
		return fmt.Errorf("read who left owing: %w", err)
	}
	for i := range owing {
		o := &owing[i]
		r.differ(Difference{
			Kind: DiffOwing, At: o.OutAt, Stay: o.ID, Display: o.Display, Gate: o.OutGate, Actor: person(o.Actor),
			Amount: parking.Money(o.Paid), Other: parking.Money(o.Fee),
		})
	}
	conflicts, err := q.ReconcileConflicts(ctx, cloudsql.ReconcileConflictsParams{
		Site: r.Site.ID, FromAt: r.Period.FromAt, UntilAt: r.Period.UntilAt, Most: maxDifferences,
	})
	if err != nil {
		return fmt.Errorf("read conflicts about money: %w", err)
	}
	for i := range conflicts {
		c := &conflicts[i]
		d := Difference{Kind: DiffConflict, At: c.At, Conflict: hex.EncodeToString(c.ID), Why: c.Kind}
		if len(c.Stays) > 0 {
			d.Stay = c.Stays[0]
		}
		r.differ(d)
	}
	return nil
}

// cash sums what each person took and gave back at each gate.
func (r *reckoning) cash() {
	drawer := func(f *Fact) *Drawer {
		i := slices.IndexFunc(r.Drawers, func(d Drawer) bool { return d.Actor == f.Actor && d.Gate == f.Gate })
		if i < 0 {
			r.Drawers = append(r.Drawers, Drawer{Actor: f.Actor, Gate: f.Gate})
			i = len(r.Drawers) - 1
		}
		return &r.Drawers[i]
	}
	by := r.receivedByFacts()
	for i := range r.facts {
		f := &r.facts[i]
		switch b := f.Told.(type) {
		case *parking.PaymentTaken:
			row := r.byID[b.Payment]
			if b.Method != parking.Cash || by[b.Payment].fact.ID != f.ID || row == nil || !r.today(row.PaidAt) {
				continue
			}
			drawer(f).Taken.add(b.Amount)
			if b.Tendered != 0 && b.Tendered-b.Change != b.Amount {
				d := r.of(DiffChange, row)
				d.Amount, d.Other = b.Tendered-b.Change, b.Amount
				r.differ(d)
			}
		case *parking.RefundPaid:
			if r.today(&f.At) {
				drawer(f).GivenBack.add(b.Amount)
				r.refund(f, b.Stay, b.Payment, b.Amount)
			}
		case *parking.RefundMade:
			if r.today(&f.At) {
				r.refund(f, b.Stay, b.Payment, b.Amount)
			}
		}
	}
	slices.SortFunc(r.Drawers, func(a, b Drawer) int { return cmp.Or(cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Gate, b.Gate)) })
}

func (r *reckoning) refund(f *Fact, stay, payment uuid.UUID, amount parking.Money) {
	r.Refunds.add(amount)
	if row := r.byID[payment]; row == nil || row.PaidAt == nil {
		r.differ(Difference{Kind: DiffRefund, At: f.At, Stay: stay, Gate: f.Gate, Actor: f.Actor, Amount: amount})
	}
}
