package localapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// Money that comes before the exit, as a kiosk takes it, and receipts.

type paymentRequest struct {
	ID        uuid.UUID      `json:"id"` // becomes the payment's: sent again it is the same payment
	Stay      uuid.UUID      `json:"stay"`
	Plate     string         `json:"plate"`
	Token     string         `json:"token"` // a card's number, or a ticket's text or number
	Method    parking.Method `json:"method"`
	Tendered  parking.Money  `json:"tendered"`
	PayerBank string         `json:"payer_bank"`
	PaidAt    time.Time      `json:"paid_at"`
	Turn      bool           `json:"turn"`    // pay to the end of the turn
	Receipt   bool           `json:"receipt"` // take its number
	Print     bool           `json:"print"`
	Lane      string         `json:"lane"` // whose printer
	Buyer     *parking.Buyer `json:"buyer"`
	Actor     string         `json:"actor"`
}

type paymentAnswer struct {
	Stay      uuid.UUID         `json:"stay"`
	Plate     string            `json:"plate"`
	Payment   uuid.UUID         `json:"payment"`
	Due       parking.Money     `json:"due"`
	Change    parking.Money     `json:"change"`
	Lines     []parking.Line    `json:"lines,omitempty"`
	Paid      bool              `json:"paid"` // false while a transfer is waited for: ask again
	QR        string            `json:"qr,omitempty"`
	Reference string            `json:"reference,omitempty"`
	LeaveBy   *time.Time        `json:"leave_by,omitempty"`
	Receipt   *lane.ReceiptView `json:"receipt,omitempty"`
}

// payEarly pays a stay before its exit.
func (a *api) payEarly(w http.ResponseWriter, r *http.Request) {
	var req paymentRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	switch {
	case err != nil:
	case req.Tendered < 0:
		err = parking.Errorf(parking.Invalid, "The sum tendered must not be negative.")
	case req.Stay == uuid.Nil && req.Plate == "" && req.Token == "":
		err = parking.Errorf(parking.Invalid, "Name the stay, the plate, or the card or ticket.")
	default:
		err = printable("name of the payer's bank", req.PayerBank)
	}
	var paid lane.EarlyPaid
	if err == nil {
		paid, err = a.desk.PayEarly(ctx, lane.EarlyPayment{
			ID: req.ID, Stay: req.Stay, Plate: req.Plate, Token: req.Token, Method: req.Method, Tendered: req.Tendered,
			PayerBank: req.PayerBank, PaidAt: req.PaidAt, Turn: req.Turn, Receipt: req.Receipt, Print: req.Print, Lane: req.Lane, Buyer: req.Buyer,
		})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	answer := paymentAnswer{
		Stay: paid.Stay.ID, Plate: paid.Stay.Display, Payment: paid.Payment, Due: paid.Due, Change: paid.Change, Lines: paid.Quote.Lines,
		Paid: !paid.Paying, QR: paid.QR, Reference: paid.Reference, Receipt: paid.Receipt,
	}
	if !paid.LeaveBy.IsZero() {
		answer.LeaveBy = &paid.LeaveBy
	}
	a.answer(w, answer)
}

type receiptRequest struct {
	Stay    uuid.UUID      `json:"stay"`
	Payment uuid.UUID      `json:"payment"` // "" is the newest that is paid
	Preview bool           `json:"preview"` // take no number
	Print   bool           `json:"print"`
	Lane    string         `json:"lane"`
	Buyer   *parking.Buyer `json:"buyer"`
	Actor   string         `json:"actor"`
}

// receipt shows, issues or prints the receipt of a payment.
func (a *api) receipt(w http.ResponseWriter, r *http.Request) {
	var req receiptRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	if err == nil && req.Stay == uuid.Nil {
		err = parking.Errorf(parking.Invalid, "Name the stay.")
	}
	var view lane.ReceiptView
	if err == nil {
		view, err = a.desk.Receipt(ctx, lane.ReceiptRequest{
			Stay: req.Stay, Payment: req.Payment, Preview: req.Preview, Print: req.Print, Lane: req.Lane, Buyer: req.Buyer,
		})
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, view)
}
