package lane

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Warnings about receipts that were shown.
const (
	warnReceipt         = "The receipt %s counts: %s was paid at gate %s."
	warnUnprovenReceipt = "The key that signed this receipt is not known here; compare it with the pictures before you take it."
	warnReceiptOther    = "The receipt %s is for another vehicle; it counts nothing here."
)

// presentedReceipt is a receipt that was scanned and is not refused.
type presentedReceipt struct {
	parking.Receipt
	unproven bool // no key of its gate that is known here is the one it names
}

func (r *presentedReceipt) name() string { return receiptName(r.Series, r.Count) }

// readReceipt reads and verifies a receipt. What counts against it is a
// sentence. mu is held.
func (d *Desk) readReceipt(text string) (*presentedReceipt, error) {
	signed, err := parking.ReadReceipt(text)
	if err != nil {
		return nil, err
	}
	if signed.Site != d.cfg.State.Site().Config.Site {
		return nil, parking.Errorf(parking.Forbidden, "This receipt is of another site. Take no money off for it.")
	}
	known, err := signed.Verify(d.keysOf(signed.Gate))
	if err != nil {
		return nil, err
	}
	if err := d.mayShow(signed.Stay); err != nil {
		return nil, err
	}
	return &presentedReceipt{Receipt: signed.Receipt, unproven: !known}, nil
}

// mayShow says in a sentence why a receipt of a stay counts no more. Of one that
// was not heard of nothing speaks against it. mu is held.
func (d *Desk) mayShow(stay uuid.UUID) error {
	s, err := d.cfg.State.Stay(d.ctx, stay)
	if err == nil && s.State == parking.Left {
		at := ""
		if s.OutAt != nil {
			at = d.local(*s.OutAt).Format("15:04 02/01")
		}
		return parking.Errorf(parking.Conflict, "This receipt was used: its vehicle left at %s. Go on by the plate.", at)
	}
	if err == nil && s.State == parking.Voided {
		return parking.Errorf(parking.Conflict, "The stay of this receipt was voided. Go on by the plate.")
	}
	return nil
}

// presentedAsReceipt says what a receipt that was read is worth at a lane. mu
// is held.
func (d *Desk) presentedAsReceipt(l parking.Lane, text string) (presented, error) {
	if l.Direction == parking.In {
		return presented{}, parking.Errorf(parking.Conflict, "A receipt is for leaving; lane %s leads in.", l.Code)
	}
	r, err := d.readReceipt(text)
	if err != nil {
		return presented{refused: parking.ErrorMessage(err)}, nil
	}
	return presented{receipt: r}, nil
}

// maxShown bounds the receipts that one vehicle's driver can show.
const maxShown = 8

// showReceipt notes a receipt at the vehicle whose driver showed it; the same
// one again changes nothing.
func (v *vehicle) showReceipt(r *presentedReceipt) {
	if len(v.receipts) < maxShown && !slices.ContainsFunc(v.receipts, func(o *presentedReceipt) bool { return o.Payment == r.Payment }) {
		v.receipts = append(slices.Clone(v.receipts), r)
	}
}

// receiptsOf are the receipts that were shown for a stay.
func (v *vehicle) receiptsOf(stay uuid.UUID) []*presentedReceipt {
	var out []*presentedReceipt
	for _, r := range v.receipts {
		if r.Stay == stay {
			out = append(out, r)
		}
	}
	return out
}

// withReceipts is a stay with the payments of the receipts that were shown for
// it. One that is known here counts as it is known: paid once, or given back.
func (v *vehicle) withReceipts(s parking.Stay) parking.Stay {
	for _, r := range v.receiptsOf(s.ID) {
		at := slices.IndexFunc(s.Payments, func(p parking.Payment) bool { return p.ID == r.Payment })
		switch {
		case at < 0:
			s.Payments = append(slices.Clone(s.Payments), r.Paid(""))
		case s.Payments[at].PaidAt == nil:
			s.Payments = slices.Clone(s.Payments)
			s.Payments[at] = r.Paid(s.Payments[at].Method)
		}
	}
	return s
}

// receiptStays are the stays of the receipts that were shown: what is known of
// them, or else what the receipts say.
func (d *Desk) receiptStays(v *vehicle) []parking.Stay {
	var out []parking.Stay
	for _, r := range v.receipts {
		out = append(out, d.ticketStay(&presentedTicket{Ticket: r.Ticket})...)
	}
	return out
}

// countReceipts prices the vehicle anew after a receipt was shown, also while
// it pays or was picked, and says what each counts for. mu is held.
func (d *Desk) countReceipts(v *vehicle) {
	if v.done || len(v.receipts) == 0 {
		return
	}
	v.Matches = slices.Clone(v.Matches)
	for i := range v.Matches {
		d.price(v, &v.Matches[i])
	}
	currency := d.cfg.State.Site().Config.Currency
	for _, r := range v.receipts {
		counts, other := fmt.Sprintf(warnReceipt, r.name(), r.Amount.Format(currency, "en"), r.Gate), fmt.Sprintf(warnReceiptOther, r.name())
		v.forget(counts)
		v.forget(other)
		if v.Chosen >= 0 && v.Matches[v.Chosen].Stay.ID != r.Stay {
			v.warn(other)
		} else {
			v.warn(counts)
		}
	}
	if v.Chosen < 0 || v.Matches[v.Chosen].Quote.Due == v.Due {
		return
	}
	v.Due = v.Matches[v.Chosen].Quote.Due
	if v.Stage == Paying { // the code that is shown asks for too much
		v.Stage, v.QR, v.Reference = Offered, "", ""
	}
}

// restsOnUnproven says whether a stay's payment is known only by a receipt
// whose key nobody here knows.
func (v *vehicle) restsOnUnproven(stay uuid.UUID) bool {
	return slices.ContainsFunc(v.receiptsOf(stay), func(r *presentedReceipt) bool { return r.unproven })
}

// shownReceipts is what the fact of an exit says of the receipts it counts.
func (v *vehicle) shownReceipts(s parking.Stay) []parking.ShownReceipt {
	var out []parking.ShownReceipt
	for _, r := range v.receiptsOf(s.ID) {
		heard := slices.ContainsFunc(s.Payments, func(p parking.Payment) bool { return p.ID == r.Payment && p.PaidAt != nil })
		out = append(out, parking.ShownReceipt{
			Payment: r.Payment, Gate: r.Gate, Series: r.Series, Number: r.Count, Amount: r.Amount, Unheard: !heard, Unproven: r.unproven,
		})
	}
	return out
}

// outByReceipt lets the vehicle out whose receipt a request carries, heard of
// or not. A receipt that is refused lets nobody out.
func (d *Desk) outByReceipt(ctx context.Context, r OutRequest) (OutAnswer, error) {
	d.mu.Lock()
	var receipt *presentedReceipt
	l, _, err := d.lane(r.Lane)
	if err == nil && l.Direction != parking.Out {
		err = parking.Errorf(parking.Conflict, "Lane %s leads in.", l.Code)
	}
	if err == nil {
		receipt, err = d.readReceipt(strings.TrimSpace(r.Token))
	}
	d.mu.Unlock()
	if err != nil {
		return OutAnswer{}, err
	}
	if r.Stay != uuid.Nil && r.Stay != receipt.Stay {
		return OutAnswer{}, parking.Errorf(parking.Conflict, "This receipt is of another stay.")
	}
	stays := d.ticketStay(&presentedTicket{Ticket: receipt.Ticket})
	if len(stays) == 0 {
		return OutAnswer{}, parking.Errorf(parking.Conflict, "The vehicle of this receipt has just left.")
	}
	stay := stays[0]
	subject, fresh, err := d.standing(ctx, r.Lane, r.Subject, parking.Out, Arrival{Plate: r.Plate, Class: stay.Class, Device: true})
	if err != nil {
		return OutAnswer{}, err
	}
	d.mu.Lock()
	l, _, v, _, err := d.at(ctx, r.Lane, subject)
	if err == nil && !v.done {
		v.showReceipt(receipt)
		d.assess(l, v)
	}
	d.mu.Unlock()
	r.Token = ""
	var answer OutAnswer
	if err == nil {
		answer, err = d.letOut(ctx, subject, stay, r)
	}
	if err != nil && fresh {
		_ = d.Clear(ctx, r.Lane, subject) // it came by this call only
	}
	return answer, err
}
