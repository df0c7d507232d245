package parking

import "slices"

// settle deducts the payments from what is due.
//
// A payment completes the fee when, with those before it, it reaches what the
// stay cost at that moment and they alone did not. Within exit_window of such
// a payment nothing more is owed.
func (p *pricing) settle(q *Quote) error {
	paid := slices.Clone(p.req.Paid)
	slices.SortStableFunc(paid, func(a, b PaidAt) int { return a.At.Compare(b.At) })
	out := p.req.Out.Unix()
	var sum Money
	for _, m := range paid {
		if m.Amount <= 0 || m.Amount > MaxMoney {
			return Errorf(Invalid, "A payment must be more than 0 and no more than %s.", MaxMoney.Format(p.tariff.Currency, "en"))
		}
		if err := checkTime("of a payment", m.At); err != nil {
			return err
		}
		before := sum
		sum += m.Amount
		fee := p.feeFor(m)
		inTime := wholeMinutes(m.At.Unix(), out) <= int64(p.tariff.ExitWindow)
		if before < fee && sum >= fee && inTime {
			q.SettledAt = m.At
		}
	}
	q.Due = max(0, q.Fee-sum)
	if !q.SettledAt.IsZero() {
		q.Due = 0
	}
	return nil
}

// feeFor is the fee that a payment answers: the one at its time, or the one
// that was shown no longer than quote_hold before. After the exit began the
// fee does not grow.
func (p *pricing) feeFor(m PaidAt) Money {
	at := m.At.Unix()
	if shown := m.ShownAt.Unix(); !m.ShownAt.IsZero() && shown <= at &&
		wholeMinutes(shown, at) <= int64(p.tariff.QuoteHold) {
		at = max(shown, p.req.In.Unix())
	}
	return p.price(min(at, p.req.Out.Unix())).Fee
}
