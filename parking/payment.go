package parking

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Method is how money came.
type Method string

// Methods of payment.
const (
	Cash   Method = "cash"
	QR     Method = "vietqr"
	Manual Method = "by_hand" // a person confirms a transfer seen elsewhere
)

// PaymentStatus is where a payment stands.
type PaymentStatus string

// Statuses: pending becomes paid, expired or cancelled; late money makes
// expired paid; paid becomes refunded in part or whole.
const (
	Pending   PaymentStatus = "pending"
	Paid      PaymentStatus = "paid"
	Expired   PaymentStatus = "expired"
	Cancelled PaymentStatus = "cancelled"
	Refunded  PaymentStatus = "refunded"
)

// Payment is one sum of money for a stay.
type Payment struct {
	ID          uuid.UUID     `json:"id"`
	Method      Method        `json:"method"`
	Status      PaymentStatus `json:"status"`
	Amount      Money         `json:"amount"`
	Currency    string        `json:"currency"`
	Tendered    Money         `json:"tendered,omitempty"`
	Change      Money         `json:"change,omitempty"`
	Reference   string        `json:"reference,omitempty"`
	ByHand      *ByHand       `json:"by_hand,omitempty"`
	Gate        string        `json:"gate"`
	Actor       string        `json:"actor"`
	RequestedAt *time.Time    `json:"requested_at,omitempty"`
	PaidAt      *time.Time    `json:"paid_at,omitempty"`
	PaidFact    uuid.UUID     `json:"paid_fact,omitzero"` // the first fact that made it paid
	BankAt      *time.Time    `json:"bank_at,omitempty"`  // when a bank confirmed it
	HeardAt     *time.Time    `json:"heard_at,omitempty"` // when the cloud knew that
	Notice      string        `json:"notice,omitempty"`   // the bank's: provider and transaction
	Refunded    Money         `json:"refunded,omitempty"` // what refunds took of Amount
}

// Left is what refunds left of the payment.
func (p *Payment) Left() Money { return p.Amount - p.Refunded }

// Word is the bank's word about the payment; false when there is none.
func (p *Payment) Word() (BankWord, bool) {
	if p.BankAt == nil || p.HeardAt == nil || p.Notice == "" {
		return BankWord{}, false
	}
	return BankWord{
		Payment: p.ID, Amount: p.Amount, Reference: p.Reference, Notice: p.Notice, BankAt: *p.BankAt, HeardAt: *p.HeardAt,
	}, true
}

// Words are the banks' words about the stay's payments.
func (s *Stay) Words() []BankWord {
	var out []BankWord
	for i := range s.Payments {
		if w, ok := s.Payments[i].Word(); ok {
			out = append(out, w)
		}
	}
	return out
}

// Refund is money given back for a payment, at a gate or elsewhere.
type Refund struct {
	Fact    uuid.UUID `json:"fact"`
	Payment uuid.UUID `json:"payment"`
	Amount  Money     `json:"amount"`
}

// applyMoney changes the stay's payments by one fact.
func (s *Stay) applyMoney(f Fact, body any) {
	switch b := body.(type) {
	case *PaymentRequested:
		p := s.payment(b.Payment)
		p.RequestedAt, p.Reference = &f.At, cmp.Or(p.Reference, b.Reference)
		if p.PaidAt == nil { // what was received stands, also where clocks put it before the request
			p.Method, p.Amount, p.Currency, p.Gate, p.Actor = b.Method, b.Amount, b.Currency, f.Gate, f.Actor
		}
	case *PaymentTaken:
		p := s.payment(b.Payment)
		p.pay(f, b.Method, b.Amount, b.Currency, b.Reference)
		p.Tendered, p.Change, p.ByHand = b.Tendered, b.Change, b.ByHand
	case *PaymentConfirmed:
		p := s.payment(b.Payment)
		heard := f.At
		if b.HeardAt != nil {
			heard = BusinessTime(*b.HeardAt)
		}
		if p.PaidAt == nil {
			p.pay(f, b.Method, b.Amount, b.Currency, b.Reference)
			p.PaidAt = &heard
		}
		if p.BankAt == nil {
			p.BankAt, p.HeardAt, p.Notice = &heard, &heard, b.Notice
			if !b.BankAt.IsZero() {
				at := BusinessTime(b.BankAt)
				p.BankAt = &at
			}
		}
	case *RefundPaid:
		s.refund(Refund{Fact: f.ID, Payment: b.Payment, Amount: b.Amount})
	case *RefundMade:
		s.refund(Refund{Fact: f.ID, Payment: b.Payment, Amount: b.Amount})
	default:
		return
	}
	s.takeRefunds()
}

func (p *Payment) pay(f Fact, m Method, amount Money, currency, reference string) {
	p.Status, p.PaidAt, p.Method, p.Amount, p.Currency = Paid, &f.At, m, amount, currency
	p.Reference, p.Gate, p.Actor = cmp.Or(reference, p.Reference), f.Gate, f.Actor
	if p.PaidFact == uuid.Nil {
		p.PaidFact = f.ID
	}
}

func (s *Stay) refund(r Refund) {
	if !slices.ContainsFunc(s.Refunds, func(o Refund) bool { return o.Fact == r.Fact }) {
		s.Refunds = append(s.Refunds, r)
	}
}

// takeRefunds takes the stay's refunds from its payments anew: never more than
// was paid. A refund waits for its payment, and for that to be paid.
func (s *Stay) takeRefunds() {
	for i := range s.Payments {
		p := &s.Payments[i]
		if p.PaidAt == nil {
			continue
		}
		p.Status, p.Refunded = Paid, 0
		for _, r := range s.Refunds {
			if r.Payment == p.ID {
				p.Refunded = min(p.Amount, p.Refunded+r.Amount)
			}
		}
		if p.Refunded == p.Amount {
			p.Status = Refunded
		}
	}
}

// payment returns the stay's payment with this id, made pending when new.
func (s *Stay) payment(id uuid.UUID) *Payment {
	for i := range s.Payments {
		if s.Payments[i].ID == id {
			return &s.Payments[i]
		}
	}
	s.Payments = append(s.Payments, Payment{ID: id, Status: Pending})
	return &s.Payments[len(s.Payments)-1]
}

// Methods lists the ways to pay, in the order in which screens show them.
func Methods() []Method { return []Method{Cash, QR, Manual} }

func (m Method) valid() bool { return slices.Contains(Methods(), m) }
