package lane

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// EarlyPayment pays a stay before its vehicle is at an exit: right after it
// came in, at any gate, or at a kiosk.
type EarlyPayment struct {
	// ID becomes the payment's, so that what is sent twice is paid once; the zero
	// id has one made.
	ID        uuid.UUID
	Stay      uuid.UUID // or
	Plate     string    // or
	Token     string    // a card's number, or a ticket's text or number
	Method    parking.Method
	Tendered  parking.Money // cash; 0 for the exact sum
	PayerBank string        // by_hand
	PaidAt    time.Time     // by_hand
	// Turn pays to the end of the turn that it stands in, where its class is
	// priced by turns: also when nothing is owed yet.
	Turn bool
	// Receipt takes a receipt's number with the payment; Print prints it.
	Receipt bool
	Print   bool
	Lane    string // whose printer
	Buyer   *parking.Buyer
}

// EarlyPaid is what became of it. While Paying, the money is waited for: the
// same request again says whether it has come.
type EarlyPaid struct {
	Stay      parking.Stay
	Payment   uuid.UUID
	Due       parking.Money // what was owed, and is asked for
	Change    parking.Money
	Quote     parking.Quote
	Paying    bool
	QR        string
	Reference string
	LeaveBy   time.Time // until when it may leave without owing more; zero while it is not paid
	Receipt   *ReceiptView

	fresh bool // taken by this request, not by one before it
}

// EarlyFee is what a stay would be asked for now, before its exit.
type EarlyFee struct {
	Stay   parking.Stay
	Quote  parking.Quote
	Due    parking.Money
	At     time.Time // the moment that the quote is for
	Marked string
}

// EarlyFee prices a stay for an early payment. Nothing is written.
func (d *Desk) EarlyFee(ctx context.Context, e EarlyPayment) (EarlyFee, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.earlyFee(ctx, e)
}

func (d *Desk) earlyFee(ctx context.Context, e EarlyPayment) (EarlyFee, error) {
	s, err := d.earlyStay(ctx, e)
	if err != nil {
		return EarlyFee{}, err
	}
	tariff, marked := d.tariffOf(s)
	now := parking.BusinessTime(d.cfg.Now())
	quote, err := quoteStay(tariff, s, now, d.passesOf(s, now).periods)
	if end, byTurns := tariff.TurnEnd(s.Class, now); err == nil && e.Turn && byTurns {
		now = end.Add(-time.Second)
		quote, err = quoteStay(tariff, s, now, d.passesOf(s, now).periods)
	}
	return EarlyFee{Stay: s, Quote: quote, Due: quote.Due, At: now, Marked: cmp.Or(marked, d.passesOf(s, now).marked)}, err
}

// earlyStay finds the one stay inside that a request names. mu is held.
func (d *Desk) earlyStay(ctx context.Context, e EarlyPayment) (parking.Stay, error) {
	token := strings.TrimSpace(e.Token)
	switch {
	case e.Stay != uuid.Nil || token == "":
		return d.find(ctx, e.Stay, e.Plate)
	case parking.IsTicket(token):
		ticket, err := d.readTicket(token)
		if err != nil {
			return parking.Stay{}, err
		}
		if ticket.unproven {
			return parking.Stay{}, parking.Errorf(parking.Conflict, "The key that signed this ticket is not known here. Name the vehicle by its plate.")
		}
		if stays := d.ticketStay(ticket); len(stays) == 1 {
			return stays[0], nil
		}
		return parking.Stay{}, parking.Errorf(parking.Conflict, "The vehicle of this ticket has just left.")
	}
	if err := checkToken(token); err != nil {
		return parking.Stay{}, err
	}
	if number, ok := parking.ParseTicketNumber(token); ok && len(d.cfg.State.Site().ByToken(token)) == 0 {
		token = number
	}
	switch found := d.cfg.State.Site().ByToken(token); len(found) {
	case 0:
		return parking.Stay{}, parking.Errorf(parking.NotFound, "No vehicle inside has the card or ticket %s.", shortToken(token))
	case 1:
		return found[0], nil
	default:
		return parking.Stay{}, parking.Errorf(parking.Conflict, "%d vehicles inside have the card %s; name the stay.", len(found), shortToken(token))
	}
}

// PayEarly pays a stay before its exit: what it owes as of now. The exit
// window then counts from the payment. The payment, and the number of its
// receipt, are on disk before it answers.
func (d *Desk) PayEarly(ctx context.Context, e EarlyPayment) (EarlyPaid, error) {
	if e.ID == uuid.Nil {
		e.ID = newID()
	}
	e.Receipt = e.Receipt || e.Print
	d.mu.Lock()
	paid, err := d.payEarly(ctx, &e)
	d.mu.Unlock()
	if err != nil || paid.Paying || !e.Receipt {
		return paid, err
	}
	receipt, err := d.Receipt(ctx, ReceiptRequest{Stay: paid.Stay.ID, Payment: paid.Payment, Buyer: e.Buyer, Print: e.Print, Lane: e.Lane, stay: &paid.Stay, fresh: paid.fresh})
	if err != nil { // the money is taken; that must be said
		receipt = ReceiptView{Stay: paid.Stay.ID, Payment: paid.Payment, Why: parking.ErrorMessage(err)}
	}
	paid.Receipt = &receipt
	return paid, nil
}

// payEarly takes the money. mu is held.
func (d *Desk) payEarly(ctx context.Context, e *EarlyPayment) (EarlyPaid, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return EarlyPaid{}, err
	}
	if e.Buyer != nil {
		if err := e.Buyer.Check(); err != nil {
			return EarlyPaid{}, err
		}
	}
	if e.Print {
		if _, err := d.printerFor(e.Lane); err != nil {
			return EarlyPaid{}, err
		}
	}
	if paid, done, err := d.paidBefore(ctx, e); done || err != nil {
		return paid, err
	}
	fee, err := d.earlyFee(ctx, *e)
	if err != nil {
		return EarlyPaid{}, err
	}
	if fee.Due == 0 {
		return EarlyPaid{}, parking.Errorf(parking.Conflict, "Nothing is due now for %s.", plateOr(fee.Stay))
	}
	out := EarlyPaid{Stay: fee.Stay, Payment: e.ID, Due: fee.Due, Quote: fee.Quote}
	if e.Method == parking.QR {
		return d.askEarly(ctx, out, e.ID, actor)
	}
	taken, err := d.earlyMoney(e, &fee)
	if err != nil {
		return EarlyPaid{}, err
	}
	out.Payment = taken.Payment
	shift, drafts := d.drawer(actor)
	taken.Shift = shift
	drafts = append(drafts, state.Draft{Kind: parking.KindPaymentTaken, Body: taken, Actor: actor, ID: earlyFact(e.ID, "paid")})
	if e.Receipt {
		now := parking.BusinessTime(d.cfg.Now())
		p := paymentTaken(taken, d.cfg.Gate, actor, now)
		body := d.receiptOf(fee.Stay, p, e.Buyer)
		drafts = append(drafts, d.receiptDraft(&body, actor))
	}
	if _, err := d.write(ctx, drafts...); err != nil {
		return EarlyPaid{}, err
	}
	d.step(StepPaidEarly)
	out.Change, out.fresh = taken.Change, true
	if s, err := d.cfg.State.Stay(ctx, fee.Stay.ID); err == nil && s.State != "" {
		out.Stay = s
	} else { // its entry was not heard yet
		out.Stay.Payments = append(out.Stay.Payments, paymentTaken(taken, d.cfg.Gate, actor, d.cfg.Now()))
	}
	out.LeaveBy, _ = d.leaveBy(out.Stay)
	return out, nil
}

func plateOr(s parking.Stay) string {
	if s.Display != "" {
		return s.Display
	}
	return s.Token
}

// paymentTaken is a payment that was just written for a stay which is not
// known here.
func paymentTaken(b *parking.PaymentTaken, gate, actor string, now time.Time) parking.Payment {
	at := parking.BusinessTime(now)
	return parking.Payment{
		ID: b.Payment, Method: b.Method, Status: parking.Paid, Amount: b.Amount, Currency: b.Currency, Tendered: b.Tendered,
		Change: b.Change, Reference: b.Reference, ByHand: b.ByHand, Gate: gate, Actor: actor, PaidAt: &at,
	}
}

// earlyFact is the id of the fact of a request: the same request makes the same
// fact, so that the disk knows what was paid already.
func earlyFact(request uuid.UUID, what string) uuid.UUID {
	return uuid.NewSHA1(request, []byte("early "+what))
}

// paidBefore answers a request that was paid, or asked for, before. mu is held.
func (d *Desk) paidBefore(ctx context.Context, e *EarlyPayment) (EarlyPaid, bool, error) {
	for _, what := range []string{"paid", "asked"} {
		id, found, err := d.cfg.State.StayOfFact(ctx, earlyFact(e.ID, what))
		if err != nil {
			return EarlyPaid{}, false, err
		}
		if !found {
			continue
		}
		s, err := d.cfg.State.Stay(ctx, id)
		if err != nil { // it left long ago, or its entry was never heard; that it was paid is what counts
			if what == "paid" {
				return EarlyPaid{}, false, parking.Errorf(parking.Conflict, "This payment was taken already.")
			}
			continue
		}
		for _, p := range s.Payments {
			if p.ID != e.ID && p.PaidFact != earlyFact(e.ID, what) {
				continue
			}
			out := EarlyPaid{Stay: s, Payment: p.ID, Due: p.Amount, Change: p.Change, Reference: p.Reference}
			if p.PaidAt != nil {
				out.LeaveBy, _ = d.leaveBy(s)
				return out, true, nil
			}
			if e.Method == parking.QR {
				config := d.cfg.State.Site().Config
				out.Paying = true
				out.QR, err = qrText(config.BankBIN, config.BankAccount, p.Amount, p.Reference)
				return out, true, err
			}
		}
	}
	return EarlyPaid{}, false, nil
}

// askEarly asks for the money by a VietQR. mu is held.
func (d *Desk) askEarly(ctx context.Context, out EarlyPaid, request uuid.UUID, actor string) (EarlyPaid, error) {
	config := d.cfg.State.Site().Config
	payment, reference := pending(out.Stay, out.Due)
	fresh := payment == uuid.Nil
	if fresh {
		var err error
		if reference, err = d.cfg.State.NextReference(); err != nil {
			return EarlyPaid{}, err
		}
		payment = out.Payment
	}
	code, err := qrText(config.BankBIN, config.BankAccount, out.Due, reference)
	if err != nil {
		return EarlyPaid{}, err
	}
	if fresh {
		_, err := d.write(ctx, state.Draft{Kind: parking.KindPaymentRequested, Actor: actor, ID: earlyFact(request, "asked"), Body: &parking.PaymentRequested{
			Payment: payment, Stay: out.Stay.ID, Method: parking.QR, Amount: out.Due, Currency: config.Currency, Reference: reference,
		}})
		if err != nil {
			return EarlyPaid{}, err
		}
	}
	out.Payment, out.Paying, out.QR, out.Reference = payment, true, code, reference
	return out, nil
}

// earlyMoney is the money that a request brings. mu is held.
func (d *Desk) earlyMoney(e *EarlyPayment, fee *EarlyFee) (*parking.PaymentTaken, error) {
	out := &parking.PaymentTaken{Payment: e.ID, Stay: fee.Stay.ID, Method: e.Method, Amount: fee.Due, Currency: fee.Quote.Currency}
	switch e.Method {
	case parking.Cash:
		given := e.Tendered
		if given == 0 {
			given = fee.Due
		}
		if given < fee.Due {
			return nil, parking.Errorf(parking.Invalid, "%s is less than the %s that is due.", d.sum(given), d.sum(fee.Due))
		}
		if given > parking.MaxMoney {
			return nil, parking.Errorf(parking.Invalid, "Nobody hands over that much cash.")
		}
		out.Tendered, out.Change = given, given-fee.Due
	case parking.Manual:
		bank := strings.TrimSpace(e.PayerBank)
		if err := d.checkTransfer(bank, e.PaidAt, inAt(fee.Stay)); err != nil {
			return nil, err
		}
		if payment, reference := pending(fee.Stay, fee.Due); payment != uuid.Nil {
			out.Payment, out.Reference = payment, reference // the code that was shown is settled by it
		}
		out.ByHand = &parking.ByHand{PayerBank: bank, At: parking.BusinessTime(e.PaidAt)}
	default:
		return nil, parking.Errorf(parking.Invalid, "%s is due; the method is cash, vietqr or by_hand.", d.sum(fee.Due))
	}
	return out, nil
}

// longestPaid is how far ahead leaveBy looks.
const longestPaid = 48 * time.Hour

// leaveBy is the last minute from now on at which a stay that is paid owes
// nothing: the end of the exit window, of the turn or of the block.
func (d *Desk) leaveBy(s parking.Stay) (time.Time, bool) {
	tariff, _ := d.tariffOf(s)
	now := parking.BusinessTime(d.cfg.Now())
	if quote, err := quoteStay(tariff, s, now, d.passesOf(s, now).periods); err != nil || quote.Due > 0 || quote.Fee == 0 && len(s.Payments) == 0 {
		return time.Time{}, false
	}
	last := now
	for at := now.Add(time.Minute); at.Sub(now) <= longestPaid; at = at.Add(time.Minute) {
		if quote, err := quoteStay(tariff, s, at, d.passesOf(s, at).periods); err != nil || quote.Due > 0 {
			break
		}
		last = at
	}
	return last, true
}
