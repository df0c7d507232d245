package ingest_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

type naivePayment struct {
	id                             uuid.UUID
	method                         parking.Method
	amount, tendered, change, back parking.Money
	currency, reference            string
	gate, actor                    string
	requestedAt, paidAt, bankAt    *time.Time
	heardAt                        *time.Time
	notice                         string
	first                          *naiveFact // that names it
	paidBy                         *naiveFact // the first that made it paid
}

type naiveRefund struct {
	fact, payment uuid.UUID
	amount        parking.Money
}

func (p *naivePayment) left() parking.Money { return p.amount - p.back }

func (p *naivePayment) status() parking.PaymentStatus {
	switch {
	case p.paidBy == nil:
		return parking.Pending
	case p.left() == 0:
		return parking.Refunded
	}
	return parking.Paid
}

func (s *naiveStay) payment(id uuid.UUID, f *naiveFact) *naivePayment {
	for _, p := range s.payments {
		if p.id == id {
			return p
		}
	}
	p := &naivePayment{id: id, first: f}
	s.payments = append(s.payments, p)
	return p
}

// foldMoney applies a fact about money.
func (s *naiveStay) foldMoney(f *naiveFact) {
	switch b := f.body.(type) {
	case *parking.PaymentRequested:
		p := s.payment(b.Payment, f)
		p.requestedAt, p.reference = &f.At, cmp.Or(p.reference, b.Reference)
		if p.paidBy == nil { // what was received stands
			p.method, p.amount, p.currency, p.gate, p.actor = b.Method, b.Amount, b.Currency, f.Gate, f.Actor
		}
	case *parking.PaymentTaken:
		p := s.payment(b.Payment, f)
		p.method, p.amount, p.currency, p.gate, p.actor = b.Method, b.Amount, b.Currency, f.Gate, f.Actor
		p.tendered, p.change, p.reference, p.paidAt = b.Tendered, b.Change, cmp.Or(b.Reference, p.reference), &f.At
		if p.paidBy == nil {
			p.paidBy = f
		}
	case *parking.PaymentConfirmed:
		s.confirm(f, b)
	case *parking.RefundPaid:
		s.refunds = append(s.refunds, naiveRefund{f.ID, b.Payment, b.Amount})
	case *parking.RefundMade:
		s.refunds = append(s.refunds, naiveRefund{f.ID, b.Payment, b.Amount})
	}
}

// confirm pays what nothing has paid, and notes when the bank said so.
func (s *naiveStay) confirm(f *naiveFact, b *parking.PaymentConfirmed) {
	p := s.payment(b.Payment, f)
	known := f.At
	if b.HeardAt != nil {
		known = *b.HeardAt
	}
	if p.paidBy == nil {
		p.method, p.amount, p.currency, p.gate, p.actor = b.Method, b.Amount, b.Currency, f.Gate, f.Actor
		p.reference, p.paidAt, p.paidBy = cmp.Or(b.Reference, p.reference), &known, f
	}
	if p.bankAt == nil {
		at := known
		if !b.BankAt.IsZero() {
			at = parking.BusinessTime(b.BankAt)
		}
		p.bankAt, p.heardAt, p.notice = &at, &known, b.Notice
	}
}

// settleRefunds takes what was given back from what was paid, never more.
func (s *naiveStay) settleRefunds() {
	for _, p := range s.payments {
		for _, r := range s.refunds {
			if p.paidBy != nil && r.payment == p.id {
				p.back = min(p.back+r.amount, p.amount)
			}
		}
	}
}

// moneyOf are the payments of a stay that are not a smaller stay's.
func moneyOf(all []*naiveStay, s *naiveStay) []*naivePayment {
	var out []*naivePayment
	for _, p := range s.payments {
		smaller := slices.ContainsFunc(all, func(o *naiveStay) bool {
			return compareUUID(o.id, s.id) < 0 && slices.ContainsFunc(o.payments, func(q *naivePayment) bool { return q.id == p.id })
		})
		if !smaller {
			out = append(out, p)
		}
	}
	return out
}

// walks finds money that came more than once, or too much.
func walks(all []*naiveStay) []naiveConflict {
	var out []naiveConflict
	for _, s := range all {
		if s.out == nil || s.voided() {
			continue
		}
		paid := slices.DeleteFunc(moneyOf(all, s), func(p *naivePayment) bool { return p.paidBy == nil || p.left() == 0 })
		slices.SortFunc(paid, func(a, b *naivePayment) int { return cmp.Or(a.paidAt.Compare(*b.paidAt), compareUUID(a.id, b.id)) })
		fee, sum := s.outBody.Charge.Fee, parking.Money(0)
		var completed *naivePayment
		for _, p := range paid {
			c := naiveConflict{at: *p.paidAt, stays: []uuid.UUID{s.id}}
			if sum >= fee && completed != nil {
				c.kind, c.facts = "paid_twice", []uuid.UUID{completed.paidBy.ID, p.paidBy.ID}
				out = append(out, c)
				continue
			}
			sum += p.left()
			if sum > fee {
				c.kind, c.facts = "overpaid", []uuid.UUID{p.paidBy.ID}
				out = append(out, c)
			}
			if sum >= fee {
				completed = p
			}
		}
	}
	return out
}

// references finds one reference on several payments.
func references(all []*naiveStay) []naiveConflict {
	type used struct {
		p *naivePayment
		s *naiveStay
	}
	byReference := map[string][]used{}
	for _, s := range all {
		for _, p := range moneyOf(all, s) {
			byReference[p.reference] = append(byReference[p.reference], used{p, s})
		}
	}
	delete(byReference, "")
	var out []naiveConflict
	for _, of := range byReference {
		slices.SortFunc(of, func(a, b used) int { return byOrder(a.p.first, b.p.first) })
		for _, u := range of[1:] {
			out = append(out, naiveConflict{
				kind: "reference_twice", at: u.p.first.At,
				facts: []uuid.UUID{of[0].p.first.ID, u.p.first.ID}, stays: once(of[0].s.id, u.s.id),
			})
		}
	}
	return out
}

// receipts finds one number on several receipts.
func receipts(facts []*naiveFact) []naiveConflict {
	type number struct {
		series string
		n      int64
	}
	first := map[number]*naiveFact{}
	var out []naiveConflict
	for _, f := range facts { // in order
		b, ok := f.body.(*parking.ReceiptIssued)
		if !ok {
			continue
		}
		k := number{b.Series, b.Number}
		if first[k] == nil {
			first[k] = f
			continue
		}
		out = append(out, naiveConflict{
			kind: "receipt_twice", at: f.At, facts: []uuid.UUID{first[k].ID, f.ID}, stays: once(first[k].stay, f.stay),
		})
	}
	return out
}
