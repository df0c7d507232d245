package parking

import (
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
}

// Methods lists the ways to pay, in the order in which screens show them.
func Methods() []Method { return []Method{Cash, QR, Manual} }

func (m Method) valid() bool { return slices.Contains(Methods(), m) }
