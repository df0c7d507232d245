package lane

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// PayCash takes what is due in cash and lets the vehicle out: payment, exit
// and opening go to disk together, then the barrier opens. tendered is what
// the driver handed over, 0 for the exact sum; less than due is refused.
// Subject.Change says what to give back. A vehicle that owes nothing is let
// out without a payment.
func (d *Desk) PayCash(ctx context.Context, code string, subject uuid.UUID, tendered parking.Money) (parking.Stay, error) {
	return d.checkout(ctx, code, subject, func(v *vehicle) (*parking.PaymentTaken, error) {
		if v.Due == 0 {
			return nil, nil
		}
		given := tendered
		if given == 0 {
			given = v.Due
		}
		if given < v.Due {
			return nil, parking.Errorf(parking.Invalid, "%s is less than the %s that is due.", d.sum(given), d.sum(v.Due))
		}
		if given > parking.MaxMoney {
			return nil, parking.Errorf(parking.Invalid, "Nobody hands over that much cash.")
		}
		v.Tendered, v.Change = given, given-v.Due
		return &parking.PaymentTaken{Payment: newID(), Method: parking.Cash, Tendered: given, Change: v.Change}, nil
	})
}

func (d *Desk) sum(m parking.Money) string {
	return m.Format(d.cfg.State.Site().Config.Currency, "en")
}

// Limits of a transfer that is confirmed by hand.
const (
	maxBank    = 64
	clockSlack = 5 * time.Minute // clocks of banks and gates differ
)

// ConfirmByHand takes a guard's word that what is due was transferred: with
// the payer's bank and the time that the bank shows. The vehicle is let out
// as with PayCash; a VietQR that was shown is settled by it.
func (d *Desk) ConfirmByHand(ctx context.Context, code string, subject uuid.UUID, payerBank string, at time.Time) (parking.Stay, error) {
	payerBank = strings.TrimSpace(payerBank)
	return d.checkout(ctx, code, subject, func(v *vehicle) (*parking.PaymentTaken, error) {
		if v.Due == 0 {
			return nil, parking.Errorf(parking.Conflict, "Nothing is due; let the vehicle go.")
		}
		if err := d.checkTransfer(payerBank, at, inAt(v.Matches[v.Chosen].Stay)); err != nil {
			return nil, err
		}
		p := &parking.PaymentTaken{
			Payment: v.payment, Method: parking.Manual, Reference: v.Reference,
			ByHand: &parking.ByHand{PayerBank: payerBank, At: parking.BusinessTime(at)},
		}
		if p.Payment == uuid.Nil || v.Stage != Paying {
			// A code that was shown before, here or elsewhere: the bank will name its
			// reference, and the money is the same.
			if p.Payment, p.Reference = pending(v.Matches[v.Chosen].Stay, v.Due); p.Payment == uuid.Nil {
				p.Payment = newID()
			}
		}
		return p, nil
	})
}

// checkTransfer says in a sentence what is missing of a transfer that a person
// has seen.
func (d *Desk) checkTransfer(payerBank string, at, in time.Time) error {
	switch {
	case payerBank == "":
		return parking.Errorf(parking.Invalid, "Name the payer's bank.")
	case len(payerBank) > maxBank:
		return parking.Errorf(parking.Invalid, "The name of the bank is too long.")
	case at.IsZero():
		return parking.Errorf(parking.Invalid, "Give the time that the bank shows for the transfer.")
	case at.After(d.cfg.Now().Add(clockSlack)):
		return parking.Errorf(parking.Invalid, "The time of the transfer lies in the future.")
	case at.Before(in.Add(-clockSlack)):
		return parking.Errorf(parking.Invalid, "The time of the transfer is before this vehicle came in.")
	}
	return nil
}

// LeaveFree lets a vehicle out that owes nothing.
func (d *Desk) LeaveFree(ctx context.Context, code string, subject uuid.UUID) (parking.Stay, error) {
	return d.checkout(ctx, code, subject, func(v *vehicle) (*parking.PaymentTaken, error) {
		if v.Due > 0 {
			return nil, parking.Errorf(parking.Conflict, "%s is due.", d.sum(v.Due))
		}
		return nil, nil
	})
}

// checkout lets a vehicle out after pay has said which money was taken, nil
// for none.
func (d *Desk) checkout(ctx context.Context, code string, subject uuid.UUID, pay func(*vehicle) (*parking.PaymentTaken, error)) (parking.Stay, error) {
	d.mu.Lock()
	l, p, v, actor, err := d.at(ctx, code, subject)
	if err == nil && v.done {
		d.mu.Unlock()
		return v.result, nil
	}
	if err == nil {
		err = d.mayLeave(ctx, l, v)
	}
	var payment *parking.PaymentTaken
	if err == nil {
		payment, err = pay(v)
	}
	if err == nil {
		err = d.exit(ctx, p, v, actor, payment)
	}
	if err != nil {
		v.undoCash()
		d.mu.Unlock()
		return parking.Stay{}, err
	}
	stay := v.result
	d.mu.Unlock()
	d.open(ctx, p, v, device.CauseStay)
	return stay, nil
}

// undoCash forgets money that was not written down. v may be nil.
func (v *vehicle) undoCash() {
	if v != nil {
		v.Tendered, v.Change = 0, 0
	}
}

// mayLeave says in a sentence why the vehicle cannot be let out yet. mu is held.
func (d *Desk) mayLeave(ctx context.Context, l parking.Lane, v *vehicle) error {
	if l.Direction != parking.Out {
		return parking.Errorf(parking.Conflict, "Lane %s leads in.", l.Code)
	}
	if v.Chosen < 0 {
		if len(v.Matches) == 0 {
			return parking.Errorf(parking.Conflict, "No stay was found for this vehicle. Type its plate, or let it out as unknown.")
		}
		return parking.Errorf(parking.Conflict, "It is not certain which vehicle this is. Compare the pictures and pick one.")
	}
	id := v.Matches[v.Chosen].Stay.ID
	if _, err := d.inside(ctx, id); err != nil && (!v.broughtTicketOf(id) || parking.ErrorCode(err) != parking.NotFound) {
		return err
	}
	if err := d.cleared(v); err != nil {
		return err
	}
	return d.reprice(v)
}

// exit writes payment, exit and opening. mu is held.
func (d *Desk) exit(ctx context.Context, p *post, v *vehicle, actor string, payment *parking.PaymentTaken) error {
	m := v.Matches[v.Chosen]
	var drafts []state.Draft
	if payment != nil {
		payment.Stay, payment.Amount, payment.Currency = m.Stay.ID, v.Due, m.Quote.Currency
		payment.Shift, drafts = d.drawer(actor)
		drafts = append(drafts, state.Draft{Kind: parking.KindPaymentTaken, Body: payment, Actor: actor})
	}
	tariff, marked := d.tariffOf(m.Stay)
	marked = cmp.Or(marked, v.unprovenMark(), v.marked[m.Stay.ID])
	if v.restsOnUnproven(m.Stay.ID) {
		marked = cmp.Or(marked, "the key that signed the receipt is not known at this gate")
	}
	out := &parking.VehicleOut{
		Stay: m.Stay.ID, Lane: p.code, Class: m.Stay.Class, Plate: v.Plate, Display: v.Display,
		Read: v.plateRead(), Token: v.Token, Photos: v.photos,
		Offline: d.link().State == Offline, Candidates: v.candidates(), Receipts: v.shownReceipts(m.Stay),
		Confirmed: m.Stay.Words(),
		Charge: parking.Charge{
			Fee: m.Quote.Fee, Due: m.Quote.Due, Currency: m.Quote.Currency, In: inAt(m.Stay), Out: v.PricedAt,
			Tariff: tariff.ID, TariffV: tariff.Version, Lines: m.Quote.Lines, Marked: marked, Follows: m.follows,
			Discounts: v.discountsOf(m.Stay.ID),
		},
	}
	drafts = append(drafts, state.Draft{Kind: parking.KindVehicleOut, Body: out, Actor: actor})
	if err := d.countDiscount(ctx, v, actor, m.Stay.ID); err != nil {
		return err
	}
	return d.finish(ctx, p, v, actor, m.Stay.ID, drafts...)
}

// candidates is what the fact of an exit says about the choice: empty when
// there was one stay and no choice.
func (v *vehicle) candidates() []parking.Candidate {
	if len(v.Matches) < 2 && !v.picked {
		return nil
	}
	out := make([]parking.Candidate, len(v.Matches))
	for i, m := range v.Matches {
		out[i] = parking.Candidate{Stay: m.Stay.ID, Plate: m.Stay.Plate, Distance: m.Distance, Fee: m.Quote.Fee}
	}
	return out
}

// ShowQR asks for what is due by a VietQR: the request goes to disk
// (payment_requested), the subject carries the text of the code. A request
// for the same sum that the stay has open already is shown again.
func (d *Desk) ShowQR(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, _, v, actor, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	if v.done {
		return parking.Errorf(parking.Conflict, "This vehicle has left already.")
	}
	if err := d.mayLeave(ctx, l, v); err != nil {
		return err
	}
	if v.Stage == Paying {
		return nil
	}
	if v.Due == 0 {
		return parking.Errorf(parking.Conflict, "Nothing is due; let the vehicle go.")
	}
	return d.request(ctx, v, actor)
}

// request writes a request for money unless one for this sum is open, and
// puts its code on the subject. mu is held.
func (d *Desk) request(ctx context.Context, v *vehicle, actor string) error {
	config := d.cfg.State.Site().Config
	stay := v.Matches[v.Chosen].Stay
	payment, reference := pending(stay, v.Due)
	fresh := payment == uuid.Nil
	if fresh {
		var err error
		if reference, err = d.cfg.State.NextReference(); err != nil {
			return err
		}
		payment = newID()
	}
	code, err := qrText(config.BankBIN, config.BankAccount, v.Due, reference)
	if err != nil {
		return err
	}
	if fresh {
		_, err := d.write(ctx, state.Draft{Kind: parking.KindPaymentRequested, Actor: actor, Body: &parking.PaymentRequested{
			Payment: payment, Stay: stay.ID, Method: parking.QR, Amount: v.Due, Currency: config.Currency, Reference: reference,
		}})
		if err != nil {
			v.Why = parking.ErrorMessage(err)
			return err
		}
	}
	d.step(StepRequested)
	v.Stage, v.Why, v.QR, v.Reference, v.payment, v.askedBy = Paying, "", code, reference, payment, actor
	d.touch()
	return nil
}

// pending finds an open VietQR request of exactly this sum.
func pending(s parking.Stay, due parking.Money) (uuid.UUID, string) {
	for _, p := range s.Payments {
		if p.Status == parking.Pending && p.Method == parking.QR && p.Amount == due && p.Reference != "" {
			return p.ID, p.Reference
		}
	}
	return uuid.Nil, ""
}

// qrText is the text of a VietQR. The reference is the whole purpose: short,
// so that the code fits a terminal of 80×24.
func qrText(bin, account string, amount parking.Money, reference string) (string, error) {
	if bin == "" || account == "" {
		return "", parking.Errorf(parking.Unavailable, "This site has no bank account yet; take cash, or ask the administrator to enter one.")
	}
	return parking.VietQR{BIN: bin, Account: account, Amount: amount, Memo: reference}.Encode()
}

// OutUnknown lets a vehicle out whose entry was not found: the exit is
// written as a stay of its own with the money that was taken, which is cash
// or nothing, and a conflict is left for a person to settle.
func (d *Desk) OutUnknown(ctx context.Context, code string, subject uuid.UUID, reason string, fee parking.Money, method parking.Method) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	if fee < 0 || fee > parking.MaxMoney {
		return parking.Errorf(parking.Invalid, "The fee %d is not possible.", fee)
	}
	if fee > 0 && method != parking.Cash {
		return parking.Errorf(parking.Invalid, "A vehicle whose entry is not known pays in cash: a transfer needs a stay to belong to.")
	}
	d.mu.Lock()
	l, p, v, actor, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
	case v.done:
		d.mu.Unlock()
		return nil
	case l.Direction != parking.Out:
		err = parking.Errorf(parking.Conflict, "Lane %s leads in.", l.Code)
	default:
		d.say(v, reason) // it is one for the block list, too
		err = d.exitUnknown(ctx, p, v, actor, reason, fee)
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	d.open(ctx, p, v, device.CauseStay)
	return nil
}

func (d *Desk) exitUnknown(ctx context.Context, p *post, v *vehicle, actor, reason string, fee parking.Money) error {
	config := d.cfg.State.Site().Config
	stay := newID()
	class := v.copySubject().Class // as it is shown
	charge := parking.Charge{
		Fee: fee, Due: fee, Currency: config.Currency, In: v.ArrivedAt, Out: v.ArrivedAt,
		Tariff: config.Tariff.ID, TariffV: config.Tariff.Version, Marked: "the entry of this vehicle is not known",
	}
	if quote, err := config.Tariff.QuoteUnknown(class); err == nil && quote.Fee == fee {
		charge.Lines = quote.Lines
	}
	drafts := []state.Draft{{Kind: parking.KindVehicleOut, Actor: actor, Body: &parking.VehicleOut{
		Stay: stay, Unknown: true, Lane: p.code, Class: class, Plate: v.Plate, Display: v.Display, Read: v.plateRead(),
		Token: v.Token, Charge: charge, Candidates: v.candidates(), Reason: reason, Photos: v.photos,
		Offline: d.link().State == Offline,
	}}}
	if fee > 0 {
		shift, opened := d.drawer(actor)
		drafts = append(append(drafts, opened...), state.Draft{Kind: parking.KindPaymentTaken, Actor: actor, Body: &parking.PaymentTaken{
			Payment: newID(), Stay: stay, Method: parking.Cash, Amount: fee, Currency: config.Currency, Tendered: fee, Shift: shift,
		}})
	}
	v.Due = fee
	return d.finish(ctx, p, v, actor, stay, drafts...)
}
