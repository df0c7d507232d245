package ingest

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// judgeStay finds what is wrong within one stay. tariff returns a version, nil
// when it is not known here (then the fee is not judged), owner is the stay of
// each payment. A voided stay contradicts nothing.
func judgeStay(
	v *visit, owner map[uuid.UUID]uuid.UUID, tariff func(id string, version int) *parking.Tariff, passes parking.PassBook,
) []finding {
	s := &v.stay
	if s.State == parking.Voided || s.State == "" {
		return nil
	}
	var out []finding
	one := func(kind string, at time.Time, slot string, facts ...uuid.UUID) {
		out = append(out, finding{kind: kind, facts: facts, stays: []uuid.UUID{s.ID}, slot: slot, at: at})
	}
	for _, c := range v.claims {
		if !c.valid {
			one(SlotInvalid, c.From, c.Slot, c.Fact)
		}
	}
	if s.InPaper {
		one(Paper, *s.InAt, "", s.InFact)
	}
	if s.OutAt == nil {
		return out
	}
	if s.OutPaper {
		one(Paper, *s.OutAt, "", s.OutFact)
	}
	if s.InAt == nil {
		one(ExitUnknown, *s.OutAt, "", s.OutFact)
	}
	for _, f := range v.all {
		if f.Kind == parking.KindVehicleOut && f.ID != s.OutFact && !slices.Contains(s.BackedOut, f.ID) {
			one(ExitTwice, f.At, "", s.OutFact, f.ID) // the fold closed the stay by the earlier
		}
	}
	if s.InAt != nil && s.Charge != nil && feeDiffers(s, tariff, passes) {
		one(FeeDiffers, *s.OutAt, "", s.OutFact)
	}
	return append(out, judgePayments(s, owner)...)
}

// judgePayments walks the money that was received and kept for a stay that has
// left: what came after the fee was complete came twice, what went over it was
// too much. Money that is another stay's does not count.
func judgePayments(s *parking.Stay, owner map[uuid.UUID]uuid.UUID) []finding {
	if s.Charge == nil {
		return nil
	}
	var paid []*parking.Payment
	for i := range s.Payments {
		if m := &s.Payments[i]; m.Status == parking.Paid && owner[m.ID] == s.ID {
			paid = append(paid, m)
		}
	}
	slices.SortFunc(paid, func(a, b *parking.Payment) int {
		return cmp.Or(a.PaidAt.Compare(*b.PaidAt), compareIDs(a.ID, b.ID))
	})
	var out []finding
	one := func(kind string, m *parking.Payment, facts ...uuid.UUID) {
		out = append(out, finding{kind: kind, facts: facts, stays: []uuid.UUID{s.ID}, at: *m.PaidAt})
	}
	var sum parking.Money
	var complete *parking.Payment // the payment that completed the fee
	for _, m := range paid {
		if complete != nil {
			one(PaidTwice, m, complete.PaidFact, m.PaidFact)
			continue
		}
		if sum += m.Left(); sum > s.Charge.Fee {
			one(Overpaid, m, m.PaidFact)
		}
		if sum >= s.Charge.Fee {
			complete = m
		}
	}
	return out
}

// feeDiffers prices the stay again: by the version in force when it came in,
// for its class, with the times and the codes of discounts that the gate wrote
// on the fact. Older facts have a discount without its code: then only what
// comes before it is compared, and that the fee is the sum of its lines. With a
// line of a pass, what passes cover as of the time on the charge costs nothing.
func feeDiffers(s *parking.Stay, tariff func(string, int) *parking.Tariff, passes parking.PassBook) bool {
	c := s.Charge
	t := tariff(s.Tariff, s.TariffV)
	if t == nil {
		return false
	}
	if c.Currency != t.Currency {
		return true
	}
	for _, code := range c.Discounts {
		if _, known := t.Discounts[code]; !known {
			return true // the tariff gives no such discount
		}
	}
	q, err := t.Quote(parking.QuoteRequest{
		Class: s.Class, In: c.In, Out: c.Out, Lost: has(c.Lines, parking.LineLostTicket),
		Passes: s.PassPeriods(s.ChargedPasses(), passes, c.Out), Discounts: c.Discounts,
	})
	if err != nil {
		return false // such a stay has no price here; the gate's stands
	}
	if has(c.Lines, parking.LineDiscount) && len(c.Discounts) == 0 {
		skip := []parking.LineCode{parking.LineDiscount, parking.LineRounding}
		return c.Fee != sum(c.Lines) || sum(c.Lines, skip...) != sum(q.Lines, skip...)
	}
	return c.Fee != q.Fee
}

func has(lines []parking.Line, code parking.LineCode) bool {
	return slices.ContainsFunc(lines, func(l parking.Line) bool { return l.Code == code })
}

func sum(lines []parking.Line, but ...parking.LineCode) parking.Money {
	var m parking.Money
	for _, l := range lines {
		if !slices.Contains(but, l.Code) {
			m += l.Amount
		}
	}
	return m
}

// judgeSlot finds the claims of one slot that lost, each against the claim
// that held the slot at that moment. placed is the result of PlaceClaims.
func judgeSlot(placed []parking.Claim) []finding {
	var out []finding
	var holder *parking.Claim
	for i := range placed {
		c := &placed[i]
		if c.Placed {
			// A claim that ends no later than it begins holds nothing.
			if c.Until == nil || c.Until.After(c.From) {
				holder = c
			}
			continue
		}
		if holder == nil || c.Stay == holder.Stay {
			continue // a stay does not contradict itself
		}
		out = append(out, finding{
			kind: SlotTwice, facts: []uuid.UUID{holder.Fact, c.Fact}, stays: []uuid.UUID{holder.Stay, c.Stay},
			slot: c.Slot, at: c.From,
		})
	}
	return out
}
