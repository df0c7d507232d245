package parking

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// LineCode says what a line of a fee is for.
type LineCode string

// The codes of lines.
const (
	LineFree       LineCode = "free"
	LineBlockFirst LineCode = "block_first"
	LineBlockThen  LineCode = "block_then"
	LineTurn       LineCode = "turn"
	LineTogether   LineCode = "together"
	LineHoliday    LineCode = "holiday"
	LineCap        LineCode = "cap"
	LineLostTicket LineCode = "lost_ticket"
	LineDiscount   LineCode = "discount"
	LinePass       LineCode = "pass"
	LineRounding   LineCode = "rounding"
	LineWarning    LineCode = "warning"
)

// Text is one sentence in the languages of the product.
type Text struct {
	En string `json:"en"`
	Vi string `json:"vi"`
}

// Line is one part of a fee and why it is there.
type Line struct {
	Code   LineCode `json:"code"`
	Amount Money    `json:"amount"`
	Text   Text     `json:"text"`
}

// Quote is the price of a stay.
type Quote struct {
	Fee      Money  `json:"fee"` // the sum of the lines
	Due      Money  `json:"due"` // left after payments
	Currency string `json:"currency"`
	Minutes  int    `json:"minutes"` // elapsed, whole
	Lines    []Line `json:"lines"`
	// SettledAt is when the payment came that completed the fee, if the
	// vehicle is still within the exit window; else zero.
	SettledAt time.Time `json:"-"`
}

// QuoteRequest is what the price of a stay depends on, beside the tariff.
// Times count in whole seconds.
type QuoteRequest struct {
	Class     Class
	In        time.Time
	Out       time.Time // when the vehicle was first seen, or its token presented, at the exit
	Lost      bool      // the ticket or card is lost
	Discounts []string  // codes, in the order given; each counts once
	Paid      []PaidAt
	Passes    []Period // the vehicle's passes, as decided at IN; in any order
}

// PaidAt is money that came for the stay: the bank's own time if it gives
// one, never before the request.
type PaidAt struct {
	Amount Money
	At     time.Time
	// ShownAt is when the fee was shown that this money answers, zero if not
	// known: within the tariff's quote_hold that fee stays what it is.
	ShownAt time.Time
}

// Period is the time that a pass holds: from From up to, not including,
// Until (the midnight after its last day).
type Period struct {
	Name  string // of the pass, for the line
	From  time.Time
	Until time.Time
}

// Times that can be priced. Within them no sum overflows, see MaxPrice.
var (
	earliestTime = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC).Unix()
	latestTime   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// Quote prices a stay. A stay that cannot be priced is an Invalid error that
// names what is missing, never a guess.
//
// The time costs what the blocks or turns of the class say, nothing within
// the grace, and nothing as far as a pass covers it; what comes after the
// pass is priced as a stay that came in at its end. Then come the lost
// ticket, the discounts and the rounding. A stay that a pass covers to its
// end costs nothing, whatever else there is.
//
// What is due is the fee less the payments, or nothing when no more than
// exit_window whole minutes lie between the payment that completed the fee
// and Out.
func (t *Tariff) Quote(req QuoteRequest) (Quote, error) {
	p := pricings.Get().(*pricing)
	defer p.release()
	if err := p.begin(t, req); err != nil {
		return Quote{}, err
	}
	q := p.price(req.Out.Unix())
	q.Due = q.Fee
	if len(req.Paid) > 0 {
		if err := p.settle(&q); err != nil {
			return Quote{}, err
		}
	}
	return q, nil
}

// QuoteUnknown prices an exit whose stay was not found: the lost ticket alone.
func (t *Tariff) QuoteUnknown(class Class) (Quote, error) {
	c, ok := t.Classes[class]
	if !ok {
		return Quote{}, t.noClass(class)
	}
	if c.LostTicket == nil {
		return Quote{}, t.noLostTicket(class)
	}
	var b lineBuilder
	b.start(t.Currency)
	b.lostTicket(*c.LostTicket)
	b.round(t.Rounding)
	q := Quote{Fee: b.sum, Due: b.sum, Currency: t.Currency}
	q.Lines = b.lines()
	return q, nil
}

func (t *Tariff) noClass(class Class) error {
	return Errorf(Invalid, "The tariff %s has no price for the class %q; it prices %s.", t.ID, cut(string(class), 40), sortedNames(t.Classes))
}

func (t *Tariff) noLostTicket(class Class) error {
	return Errorf(Invalid, "The tariff %s has no lost_ticket price for the class %s.", t.ID, class)
}

func sortedNames[K cmp.Ordered, V any](m map[K]V) string {
	if len(m) == 0 {
		return "none"
	}
	var names []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		names = append(names, fmt.Sprint(k))
	}
	return strings.Join(names, ", ")
}

// pricing is one stay being priced, and the room that it takes.
type pricing struct {
	tariff *Tariff
	class  ClassTariff
	req    QuoteRequest
	clock  localClock
	lines  lineBuilder
	turn   turnWalk
	block  blockWalk
}

// pricings are used again and again, so that a quote allocates its lines and
// their texts, and nothing else.
var pricings = sync.Pool{New: func() any { return new(pricing) }}

// release gives p back without holding on to what it was asked about.
func (p *pricing) release() {
	text, drafts, charges := p.lines.text[:0], p.lines.drafts[:0], p.turn.charges[:0]
	*p = pricing{}
	if cap(text) > 4096 { // the room of an unusual stay is not kept
		text = nil
	}
	p.lines.text, p.lines.drafts, p.turn.charges = text, drafts, charges
	pricings.Put(p)
}

func (p *pricing) begin(t *Tariff, req QuoteRequest) error {
	class, ok := t.Classes[req.Class]
	if !ok {
		return t.noClass(req.Class)
	}
	if class.Blocks == nil && len(class.Turns) == 0 {
		return Errorf(Invalid, "The tariff %s has neither blocks nor turns for the class %s.", t.ID, req.Class)
	}
	if req.Lost && class.LostTicket == nil {
		return t.noLostTicket(req.Class)
	}
	for _, code := range req.Discounts {
		if d, ok := t.Discounts[code]; !ok || (d.Percent == nil) == (d.Amount == nil) {
			return Errorf(Invalid, "The tariff %s has no discount %q; it has %s.", t.ID, cut(code, 40), sortedNames(t.Discounts))
		}
	}
	if err := checkTime("in", req.In); err != nil {
		return err
	}
	if err := checkTime("out", req.Out); err != nil {
		return err
	}
	loc, err := loadZone(t.Timezone)
	if err != nil {
		return err
	}
	p.tariff, p.class, p.req, p.clock = t, class, req, localClock{loc: loc}
	return nil
}

func checkTime(which string, t time.Time) error {
	if u := t.Unix(); u < earliestTime || u >= latestTime {
		return Errorf(Invalid, "The time %s cannot be priced: it is not between 1970 and 2200.", which)
	}
	return nil
}

// wholeMinutes from a to b, in seconds; 0 when b is before a.
func wholeMinutes(a, b int64) int64 { return max(0, b-a) / 60 }

// price computes the fee of the stay as if it ended at out. Due is left open.
func (p *pricing) price(out int64) Quote {
	b := p.lines.start(p.tariff.Currency)
	in := p.req.In.Unix()
	if out < in {
		b.outBeforeIn()
	}
	if !p.passCovers(in, out) {
		if p.req.Lost {
			b.lostTicket(*p.class.LostTicket)
		}
		p.discount()
		b.round(p.tariff.Rounding)
	}
	return Quote{
		Fee: b.sum, Currency: p.tariff.Currency,
		Minutes: int(wholeMinutes(in, out)), Lines: b.lines(),
	}
}

// passCovers adds the lines for passes and for the time after them, and says
// whether a pass covers the whole stay.
func (p *pricing) passCovers(in, out int64) bool {
	if len(p.req.Passes) > 0 {
		if pass, until := coveredBy(p.req.Passes, in); pass != nil {
			if until >= out {
				p.lines.passWhole(pass.Name)
				return true
			}
			p.lines.passUntil(pass.Name, p.clock.date(until), p.clock.timeOfDay(until))
			in = until
		}
	}
	p.time(in, wholeMinutes(in, out))
	return false
}

// coveredBy returns the pass that holds at in, nil for none, and the end of
// the passes that follow one another from there. A pass that begins later
// counts only if it follows without a gap.
func coveredBy(passes []Period, in int64) (*Period, int64) {
	var holds *Period
	end := in
	for grown := true; grown; {
		grown = false
		for i := range passes {
			from, until := passes[i].From.Unix(), passes[i].Until.Unix()
			begun := from <= in || holds != nil && from <= end
			if begun && until > end {
				if holds == nil {
					holds = &passes[i]
				}
				end, grown = until, true
			}
		}
	}
	return holds, end
}

// time adds the lines for elapsed minutes from start.
func (p *pricing) time(start, elapsed int64) {
	if p.tariff.Grace > 0 && elapsed <= int64(p.tariff.Grace) {
		p.lines.free(elapsed, p.tariff.Grace)
		return
	}
	start = floorDiv(start, 60) * 60
	if p.class.Blocks != nil {
		p.blocks(start, elapsed)
		return
	}
	p.turns(start, elapsed)
}

// discount adds the reductions, each code once, in the order given.
func (p *pricing) discount() {
	b := &p.lines
	for i, code := range p.req.Discounts {
		if slices.Contains(p.req.Discounts[:i], code) {
			continue
		}
		d := p.tariff.Discounts[code]
		off := Money(0)
		if d.Percent != nil {
			off = b.sum.percentOf(*d.Percent)
		} else {
			off = *d.Amount
		}
		b.discount(code, d, min(off, b.sum))
	}
}
