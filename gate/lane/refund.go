package lane

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// Refund gives cash back for a payment, from the drawer of who acts.
type Refund struct {
	ID      uuid.UUID // of the request; the zero id has one made
	Stay    uuid.UUID
	Payment uuid.UUID
	Amount  parking.Money // 0: all that is left
	Reason  string
}

// Refunded is money that was given back.
type Refunded struct {
	Stay   parking.Stay  `json:"stay"`
	Amount parking.Money `json:"amount"`
	Again  bool          `json:"again,omitempty"` // the same request had done it before
}

// GiveBack writes that cash is given back for a payment of a stay that this gate
// knows: inside, or ended in the last two days. The money is taken from the
// drawer of who acts; without a shift one is opened with it. The same ID sent
// again gives nothing more.
func (d *Desk) GiveBack(ctx context.Context, r Refund) (Refunded, error) {
	reason, err := needReason(r.Reason)
	if err != nil {
		return Refunded{}, err
	}
	if r.ID == uuid.Nil {
		r.ID = newID()
	}
	lock := &d.ids[r.ID[15]%64]
	lock.Lock()
	defer lock.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.person(ctx)
	if err != nil {
		return Refunded{}, err
	}
	stay, err := d.cfg.State.Stay(ctx, r.Stay)
	if err != nil {
		return Refunded{}, err
	}
	fact := uuid.NewSHA1(r.ID, []byte("refund"))
	if at := slices.IndexFunc(stay.Refunds, func(o parking.Refund) bool { return o.Fact == fact }); at >= 0 {
		return Refunded{Stay: stay, Amount: stay.Refunds[at].Amount, Again: true}, nil
	}
	if _, found, err := d.cfg.State.StayOfFact(ctx, fact); err != nil || found {
		if err == nil {
			err = parking.Errorf(parking.Conflict, "This id was used for another refund.")
		}
		return Refunded{}, err
	}
	amount, err := d.refundable(&stay, r)
	if err != nil {
		return Refunded{}, err
	}
	shift, drafts := d.drawer(actor)
	drafts = append(drafts, state.Draft{Kind: parking.KindRefundPaid, Actor: actor, ID: fact, Body: &parking.RefundPaid{
		Stay: stay.ID, Payment: r.Payment, Amount: amount, Currency: d.cfg.State.Site().Config.Currency, Reason: reason, Shift: shift,
	}})
	if _, err := d.write(ctx, drafts...); err != nil {
		return Refunded{}, err
	}
	stay, err = d.cfg.State.Stay(ctx, stay.ID)
	return Refunded{Stay: stay, Amount: amount}, err
}

// refundable is the sum that a request gives back, or why it may not. mu is held.
func (d *Desk) refundable(stay *parking.Stay, r Refund) (parking.Money, error) {
	at := slices.IndexFunc(stay.Payments, func(p parking.Payment) bool { return p.ID == r.Payment })
	if at < 0 {
		return 0, parking.Errorf(parking.NotFound, "This stay has no such payment.")
	}
	p := &stay.Payments[at]
	amount := r.Amount
	if amount == 0 {
		amount = p.Left()
	}
	switch {
	case p.PaidAt == nil:
		return 0, parking.Errorf(parking.Conflict, "This payment has not come yet; there is nothing to give back.")
	case p.Left() <= 0:
		return 0, parking.Errorf(parking.Conflict, "This payment was given back already.")
	case amount < 0:
		return 0, parking.Errorf(parking.Invalid, "The sum %d is not possible.", amount)
	case amount > p.Left():
		return 0, parking.Errorf(parking.Invalid, "%s is more than the %s that is left of this payment.", d.sum(amount), d.sum(p.Left()))
	}
	return amount, nil
}

// Refundable finds stays that paid something which was not given back: inside, or
// ended in the last two days; by a part of the plate, by slot or by token, the
// newest first. At most fifty are returned.
func (d *Desk) Refundable(query string) []parking.Stay {
	all := append(d.cfg.State.Ended(), d.cfg.State.Site().Inside...)
	needle := searchable(query)
	found := slices.DeleteFunc(all, func(s parking.Stay) bool {
		return s.PaidSum() <= 0 || needle != "" && !holds(s, needle, query)
	})
	slices.SortFunc(found, func(a, b parking.Stay) int { return lastPaid(&b).Compare(lastPaid(&a)) })
	return found[:min(len(found), maxFound)]
}

// lastPaid is when a stay paid last.
func lastPaid(s *parking.Stay) (at time.Time) {
	for i := range s.Payments {
		if paid := s.Payments[i].PaidAt; paid != nil && paid.After(at) {
			at = *paid
		}
	}
	return at
}
