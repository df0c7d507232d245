package lane

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Bounds of what an exit offers.
const (
	maxMatches  = 5
	maxDistance = 2 * parking.PlateLikelyDistance // tenths of an edit
)

// Warnings at an exit.
const (
	warnNoStay   = "No vehicle inside has this plate or one like it."
	warnPick     = "Compare the pictures and pick the vehicle."
	warnNoCard   = "It came in with a card; the card was not shown."
	warnCardless = "It came in without a card; the plate alone was checked."
	warnMismatch = "Card and plate belong to different vehicles."
	warnTwice    = "This plate is inside more than once."
	warnTwoHold  = "This card is on more than one vehicle inside."
	warnNobody   = "No vehicle inside has this card or ticket. Go on by the plate."
	warnWasLost  = "Its card or ticket was said to be lost."
	warnUnproven = "The key that signed this ticket is not known here; compare the pictures."
)

func inAt(s parking.Stay) time.Time {
	if s.InAt == nil {
		return time.Time{}
	}
	return *s.InAt
}

// searchable is text as Search compares it.
func searchable(s string) string {
	if p, err := parking.ParsePlate(s); err == nil {
		return string(p)
	}
	return ""
}

func holds(s parking.Stay, needle, query string) bool {
	query = strings.TrimSpace(query)
	return strings.Contains(string(s.Plate), needle) || strings.EqualFold(s.Slot, query) || s.Token != "" && s.Token == query
}

// likely returns the stays whose plates are like plate, the likeliest first.
func likely(plate parking.Plate, inside []parking.Stay) []parking.Stay {
	plates := make([]parking.Plate, len(inside))
	for i, s := range inside {
		plates[i] = s.Plate
	}
	var out []parking.Stay
	for _, r := range parking.RankPlates(plate, plates, maxMatches) {
		if r.Distance <= maxDistance && r.Plate != "" {
			out = append(out, inside[r.Index])
		}
	}
	return out
}

// match finds the stays that the vehicle at an exit may be, by token, by
// plate and by likeness, prices each, and chooses one only when it is certain
// and the exit proof of its class is in order. mu is held.
func (d *Desk) match(v *vehicle) {
	if v.done || v.picked || v.Stage == Paying {
		return // what the guard picked, or a driver is paying for, stays
	}
	for _, w := range []string{warnNoStay, warnPick, warnNoCard, warnCardless, warnMismatch, warnTwice, warnTwoHold, warnNobody, warnWasLost, warnUnproven, warnUnprovenReceipt} {
		v.forget(w)
	}
	v.Matches, v.Chosen, v.Due, v.marked = nil, -1, 0, map[uuid.UUID]string{}
	if v.Plate == "" && v.Token == "" && len(v.receipts) == 0 {
		if v.Stage != Arrived { // nothing more is awaited from the camera
			d.priceUnknown(v)
		}
		return
	}
	for _, s := range d.candidates(v) {
		m := Match{
			Stay: s, Distance: float64(parking.PlateDistance(v.Plate, s.Plate)) / parking.PlateEditCost,
			ByToken: v.holdsToken(s),
		}
		d.price(v, &m)
		v.Matches = append(v.Matches, m)
	}
	if v.Token != "" && !slices.ContainsFunc(v.Matches, func(m Match) bool { return m.ByToken }) {
		v.warn(warnNobody)
	}
	if len(v.Matches) == 0 {
		v.warn(warnNoStay)
		d.priceUnknown(v)
		return
	}
	if d.certain(v) {
		v.Chosen = 0
		v.Due = v.Matches[0].Quote.Due
	} else {
		v.warn(warnPick)
	}
}

// candidates lists the stays inside that the vehicle may be, best first:
// token and plate, plate, token, likeness; the longest inside first among
// equals.
func (d *Desk) candidates(v *vehicle) []parking.Stay {
	site := d.cfg.State.Site()
	var all []parking.Stay
	add := func(stays ...parking.Stay) {
		for _, s := range stays {
			if !slices.ContainsFunc(all, func(o parking.Stay) bool { return o.ID == s.ID }) {
				all = append(all, s)
			}
		}
	}
	if v.shown != nil {
		add(d.ticketStay(v.shown)...)
	}
	add(d.receiptStays(v)...)
	if v.Token != "" {
		add(site.ByToken(v.Token)...)
	}
	if v.Plate != "" {
		add(site.ByPlate(v.Plate)...)
		add(likely(v.Plate, site.Inside)...)
	}
	slices.SortStableFunc(all, func(a, b parking.Stay) int {
		return cmp.Or(cmp.Compare(v.rank(a), v.rank(b)),
			cmp.Compare(parking.PlateDistance(v.Plate, a.Plate), parking.PlateDistance(v.Plate, b.Plate)),
			inAt(a).Compare(inAt(b)), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all[:min(len(all), maxMatches)]
}

func (v *vehicle) rank(s parking.Stay) int {
	plate, token := v.Plate != "" && s.Plate == v.Plate, v.holdsToken(s)
	switch {
	case plate && token:
		return 0
	case plate:
		return 1
	case token:
		return 2
	}
	return 3
}

// certain says whether the first match is the vehicle beyond doubt: one exact
// match, a confident or typed plate, and the proofs that its class asks for.
func (d *Desk) certain(v *vehicle) bool {
	first := v.Matches[0]
	if first.QuoteErr != "" || v.contradicted() {
		return false
	}
	sure := v.Plate != "" && first.Stay.Plate == v.Plate && (v.Typed || v.checked || v.Reading.Outcome == vision.OutcomeRead)
	proof := d.proof(first.Stay.Class)
	if d.badCard(v) != "" {
		return false // a guard looks, and picks
	}
	switch {
	case v.shown != nil && v.shown.unproven:
		v.warn(warnUnproven)
		return false
	case v.restsOnUnproven(first.Stay.ID):
		v.warn(warnUnprovenReceipt)
		return false
	case proof == parking.ProofPlate:
		return sure
	case first.Stay.TokenLostAt != nil:
		v.warn(warnWasLost)
		return false
	case first.Stay.Token == "": // it has no card to show: the plate must do
		if sure {
			v.warn(warnCardless)
		}
		return sure
	case !first.ByToken:
		v.warn(warnNoCard)
		return false
	}
	return sure || proof == parking.ProofToken
}

// contradicted says whether plate and token lead to more than one stay, and
// warns of it.
func (v *vehicle) contradicted() bool {
	exact, byToken := 0, 0
	for _, m := range v.Matches {
		if v.Plate != "" && m.Stay.Plate == v.Plate {
			exact++
		}
		if m.ByToken {
			byToken++
		}
	}
	first := v.Matches[0]
	switch {
	case byToken > 1:
		v.warn(warnTwoHold)
		return true
	case exact > 1:
		v.warn(warnTwice)
		return true
	case exact == 1 && byToken == 1 && (!first.ByToken || first.Stay.Plate != v.Plate):
		v.warn(warnMismatch)
		return true
	case exact == 1 && byToken == 0 && v.Token != "" && first.Stay.Token != "":
		return true // its own card is another; warnNobody says so
	}
	return false
}

func (d *Desk) proof(class parking.Class) parking.Proof {
	if p, ok := d.cfg.State.Site().Config.ExitProof[class]; ok {
		return p
	}
	return parking.DefaultProof(class)
}

// price computes the fee of a match as of the vehicle's PricedAt.
func (d *Desk) price(v *vehicle, m *Match) {
	tariff, marked := d.tariffOf(m.Stay)
	if marked != "" {
		v.marked[m.Stay.ID] = marked
	}
	c := d.passesOf(m.Stay, v.PricedAt)
	if m.Pass, m.follows = c.view, c.follows; c.marked != "" {
		v.marked[m.Stay.ID] = c.marked
	}
	quote, err := quoteStay(tariff, v.withReceipts(m.Stay), v.PricedAt, c.periods, v.discountsOf(m.Stay.ID)...)
	if err != nil {
		m.QuoteErr = parking.ErrorMessage(err)
		return
	}
	m.Quote = quote
}

// quoteStay prices a stay as if it left at out, with what passes cover of it,
// and with discounts.
func quoteStay(tariff *parking.Tariff, s parking.Stay, out time.Time, passes []parking.Period, discounts ...string) (parking.Quote, error) {
	if s.InAt == nil {
		return parking.Quote{}, parking.Errorf(parking.Invalid, "It is not known when this vehicle came in.")
	}
	req := parking.QuoteRequest{
		Class: s.Class, In: *s.InAt, Out: out, Lost: paysLost(tariff, s), Passes: passes, Discounts: discounts,
	}
	for _, p := range s.Payments {
		if p.Status == parking.Paid && p.PaidAt != nil {
			req.Paid = append(req.Paid, paidAt(p))
		}
	}
	return tariff.Quote(req)
}

// paidAt is when a payment counts from: the bank's own time where the bank or a
// person named one, but never before the request.
func paidAt(p parking.Payment) parking.PaidAt {
	out := parking.PaidAt{Amount: p.Amount, At: *p.PaidAt}
	if p.ByHand != nil && p.ByHand.At.Before(out.At) {
		out.At = p.ByHand.At
	}
	if p.BankAt != nil && p.BankAt.Before(out.At) {
		out.At = *p.BankAt
	}
	if p.RequestedAt != nil {
		out.ShownAt = *p.RequestedAt
		if out.At.Before(*p.RequestedAt) {
			out.At = *p.RequestedAt
		}
	}
	return out
}

// tariffOf returns the tariff version that a stay came in with; when this
// gate does not hold it, the newest, and why.
func (d *Desk) tariffOf(s parking.Stay) (*parking.Tariff, string) {
	site := d.cfg.State.Site()
	if t, ok := site.Tariff(s.Tariff, s.TariffV); ok {
		return t, ""
	}
	return &site.Config.Tariff, "the tariff of this stay is not held at this gate; priced with the newest"
}

// priceUnknown puts what a lost ticket costs on a vehicle whose stay was not
// found.
func (d *Desk) priceUnknown(v *vehicle) {
	if quote, err := d.cfg.State.Site().Config.Tariff.QuoteUnknown(v.Class); err == nil {
		v.Due = quote.Due
	}
}

// reprice prices the matches anew when the fee has been shown longer than the
// tariff holds a quote, or when the stay is no longer what was priced (money
// came elsewhere, its class was corrected), and says so when the sum has
// changed. mu is held.
func (d *Desk) reprice(v *vehicle) error {
	if v.Chosen < 0 {
		return nil
	}
	now := parking.BusinessTime(d.cfg.Now())
	stay := v.Matches[v.Chosen].Stay
	tariff, _ := d.tariffOf(stay)
	changed := false
	if now.Sub(v.PricedAt) > time.Duration(tariff.QuoteHold)*time.Minute {
		v.PricedAt = now
	} else if d.otherwise(&v.Matches[v.Chosen]) {
		changed = true
	} else {
		return nil
	}
	if !d.priceAnew(v) {
		return nil
	}
	if changed {
		return parking.Errorf(parking.Conflict, "Something about this stay has changed meanwhile; %s is due now.", d.sum(v.Due))
	}
	return parking.Errorf(parking.Conflict, "The fee was shown too long ago; it is %s now.", d.sum(v.Due))
}

// otherwise says whether something that a fee hangs on has changed about a stay since it
// was priced.
func (d *Desk) otherwise(m *Match) bool {
	was := &m.Stay
	s, err := d.cfg.State.Stay(context.Background(), was.ID)
	return err == nil && (s.PaidSum() != was.PaidSum() || s.Class != was.Class || s.Pass != was.Pass ||
		(s.TokenLostAt == nil) != (was.TokenLostAt == nil) || passNews(d.cfg.State.Site(), m))
}

// priceAnew prices the matches as their stays are now and says whether another sum is
// due; then no code for the former one is shown any more. mu is held.
func (d *Desk) priceAnew(v *vehicle) bool {
	was := v.Due
	v.Matches = slices.Clone(v.Matches)
	for i := range v.Matches {
		m := &v.Matches[i]
		if s, err := d.cfg.State.Stay(context.Background(), m.Stay.ID); err == nil {
			m.Stay = s
		}
		d.price(v, m)
	}
	v.Due = v.Matches[v.Chosen].Quote.Due
	d.touch()
	if v.Due == was {
		return false
	}
	v.QR, v.Reference = "", ""
	if v.Stage == Paying {
		v.Stage = Offered
	}
	return true
}

// Pick says which of the matches the vehicle at an exit is (index into
// Subject.Matches).
func (d *Desk) Pick(ctx context.Context, code string, subject uuid.UUID, match int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, v, _, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	if v.done {
		return parking.Errorf(parking.Conflict, "This vehicle has left already.")
	}
	if match < 0 || match >= len(v.Matches) {
		return parking.Errorf(parking.NotFound, "There is no such vehicle in the list.")
	}
	if m := v.Matches[match]; m.QuoteErr != "" {
		return parking.Errorf(parking.Invalid, "%s", m.QuoteErr)
	}
	if v.Stage == Paying && v.Chosen != match { // the QR was for another stay
		v.Stage, v.QR, v.Reference = Offered, "", ""
	}
	v.Chosen, v.picked = match, true
	v.Check = false
	v.Due = v.Matches[match].Quote.Due
	v.forget(warnPick)
	d.touch()
	return nil
}
