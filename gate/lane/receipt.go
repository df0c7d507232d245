package lane

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// ReceiptRequest asks for the receipt of a payment.
type ReceiptRequest struct {
	Stay    uuid.UUID
	Payment uuid.UUID      // the zero id: the newest that is paid
	Buyer   *parking.Buyer // who it is made out to, where somebody asks for that
	Preview bool           // nothing is numbered, written or printed
	Print   bool
	Lane    string // whose printer; "" is the first that has one

	stay  *parking.Stay // as it is known, where the state does not know it
	fresh bool          // it was numbered together with its payment just now
}

// ReceiptView is a receipt as screens show it.
type ReceiptView struct {
	Stay    uuid.UUID      `json:"stay"`
	Payment uuid.UUID      `json:"payment"`
	Series  string         `json:"series,omitempty"`
	Number  int64          `json:"number,omitempty"` // 0 in a preview: it has none yet
	Amount  parking.Money  `json:"amount"`
	At      time.Time      `json:"at"` // of the receipt
	Copy    bool           `json:"copy"`
	Buyer   *parking.Buyer `json:"buyer,omitempty"`
	Lines   []string       `json:"lines"` // as printed
	Code    string         `json:"code,omitempty"`
	Printed bool           `json:"printed"`
	Why     string         `json:"why,omitempty"` // when it was not printed
}

// Name is a receipt's number as people write it.
func (r *ReceiptView) Name() string { return receiptName(r.Series, r.Number) }

func receiptName(series string, number int64) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf("%s/%d", series, number)
}

// Receipt shows the receipt of a payment, and prints it if it is asked to. The
// first time it takes the next number of the gate's series, on disk before
// anything is printed; later it is a copy with the same number. A receipt is
// issued at the gate that took the payment or asked for it, so that a payment
// has one at most.
func (d *Desk) Receipt(ctx context.Context, r ReceiptRequest) (ReceiptView, error) {
	d.mu.Lock()
	view, paper, press, err := d.receipt(ctx, r)
	d.mu.Unlock()
	if err != nil || !r.Print || r.Preview {
		return view, err
	}
	if err := press.printer.Print(context.WithoutCancel(ctx), paper); err != nil {
		d.log.Warn("a receipt was not printed", "receipt", view.Name(), "error", err)
		view.Why = parking.ErrorMessage(err)
	}
	view.Printed = view.Why == ""
	d.mu.Lock()
	*press.press = Worker{OK: view.Printed, Why: view.Why}
	d.touch()
	d.mu.Unlock()
	return view, nil
}

// receipt finds the receipt or issues it. mu is held.
func (d *Desk) receipt(ctx context.Context, r ReceiptRequest) (ReceiptView, device.Paper, *tokens, error) {
	fail := func(err error) (ReceiptView, device.Paper, *tokens, error) {
		return ReceiptView{}, device.Paper{}, nil, err
	}
	actor, err := d.actor(ctx)
	if err != nil {
		return fail(err)
	}
	var press *tokens
	if r.Print && !r.Preview {
		if press, err = d.printerFor(r.Lane); err != nil {
			return fail(err)
		}
	}
	s, err := d.cfg.State.Stay(ctx, r.Stay)
	if r.stay != nil {
		s, err = *r.stay, nil
	}
	if err != nil {
		return fail(err)
	}
	p, err := paymentOf(s, r.Payment)
	if err != nil {
		return fail(err)
	}
	issued, found, err := d.cfg.State.Receipt(ctx, p.ID)
	switch {
	case err != nil:
		return fail(err)
	case found && r.Buyer != nil && (issued.Buyer == nil || *issued.Buyer != *r.Buyer):
		return fail(parking.Errorf(parking.Conflict, "The receipt %s is issued already; its buyer cannot be changed.", receiptName(issued.Series, issued.Number)))
	case !found:
		if issued, err = d.newReceipt(ctx, s, p, r.Buyer); err == nil && !r.Preview {
			issued, err = d.issue(ctx, issued, actor)
		}
		if err != nil {
			return fail(err)
		}
	}
	found = found && !r.fresh
	paper := d.receiptPaper(s, p, &issued, found)
	return ReceiptView{
		Stay: s.ID, Payment: p.ID, Series: issued.Series, Number: issued.Number, Amount: issued.Amount, At: issued.At,
		Copy: found, Buyer: issued.Buyer, Lines: paper.Lines, Code: paper.QR,
	}, paper, press, nil
}

// printerFor is what prints at a lane, or at the first that has a printer. mu
// is held.
func (d *Desk) printerFor(code string) (*tokens, error) {
	for _, l := range d.cfg.State.Site().Lanes() {
		if p := d.lanes[l.Code]; p != nil && p.tokens.printer != nil && (code == "" || l.Code == code) {
			return &p.tokens, nil
		}
	}
	if code == "" {
		return nil, parking.Errorf(parking.Unavailable, "This gate has no printer.")
	}
	return nil, parking.Errorf(parking.Unavailable, "Lane %s has no printer.", code)
}

// paymentOf is a payment of a stay that is paid; the zero id names the newest.
func paymentOf(s parking.Stay, id uuid.UUID) (parking.Payment, error) {
	for _, p := range slices.Backward(s.Payments) {
		if id != uuid.Nil && p.ID != id {
			continue
		}
		switch p.Status {
		case parking.Paid:
			return p, nil
		case parking.Refunded:
			if id != uuid.Nil {
				return p, parking.Errorf(parking.Conflict, "This payment was given back; there is no receipt for it.")
			}
		default:
			if id != uuid.Nil {
				return p, parking.Errorf(parking.Conflict, "This money has not come yet; there is no receipt for it.")
			}
		}
	}
	return parking.Payment{}, parking.Errorf(parking.NotFound, "Nothing was paid for this stay; there is no receipt for it.")
}

// newReceipt is the receipt of a payment before it has a number. mu is held.
func (d *Desk) newReceipt(ctx context.Context, s parking.Stay, p parking.Payment, buyer *parking.Buyer) (state.IssuedReceipt, error) {
	if p.Gate != d.cfg.Gate {
		here := false
		if p.Gate == parking.CloudGate {
			var err error
			if here, err = d.cfg.State.AskedHere(ctx, s.ID, p.ID); err != nil {
				return state.IssuedReceipt{}, err
			}
			if !here {
				return state.IssuedReceipt{}, parking.Errorf(parking.Conflict, "This payment was asked for at another gate, or on the site's page; its receipt is issued there.")
			}
		}
		if !here {
			return state.IssuedReceipt{}, parking.Errorf(parking.Conflict, "This payment was taken at gate %s; its receipt is issued there.", p.Gate)
		}
	}
	if buyer != nil {
		if *buyer == (parking.Buyer{}) {
			buyer = nil
		} else if err := buyer.Check(); err != nil {
			return state.IssuedReceipt{}, err
		}
	}
	return state.IssuedReceipt{At: parking.BusinessTime(d.cfg.Now()), ReceiptIssued: d.receiptOf(s, p, buyer)}, nil
}

// receiptOf is what a receipt of a payment says: the lines are those of the fee
// that this payment answered.
func (d *Desk) receiptOf(s parking.Stay, p parking.Payment, buyer *parking.Buyer) parking.ReceiptIssued {
	out := parking.ReceiptIssued{
		Stay: s.ID, Payment: p.ID, Amount: p.Left(), Currency: p.Currency, Method: p.Method,
		Plate: s.Display, In: s.InAt, Paid: p.PaidAt, Buyer: buyer,
	}
	if word, ok := p.Word(); ok {
		out.Confirmed = &word
	}
	if c := s.Charge; c != nil && (s.InAt == nil || p.PaidAt == nil || !p.PaidAt.Before(c.Out)) {
		until := c.Out
		out.Fee, out.Lines, out.Until = c.Fee, c.Lines, &until
		if !s.Unknown() {
			return out
		}
		out.In = nil
		return out
	}
	if s.InAt == nil || p.PaidAt == nil {
		return out
	}
	tariff, _ := d.tariffOf(s)
	until := *p.PaidAt
	if p.RequestedAt != nil && p.RequestedAt.Before(until) {
		until = *p.RequestedAt
	}
	quote, err := quoteStay(tariff, s, until, d.passesOf(s, until).periods)
	if end, byTurns := tariff.TurnEnd(s.Class, until); err == nil && quote.Fee < p.Amount && byTurns {
		until = end.Add(-time.Second)
		quote, err = quoteStay(tariff, s, until, d.passesOf(s, until).periods)
	}
	if err == nil {
		out.Fee, out.Lines, out.Until = quote.Fee, quote.Lines, &until
	}
	return out
}

// issue writes a receipt with its number. mu is held.
func (d *Desk) issue(ctx context.Context, r state.IssuedReceipt, actor string) (state.IssuedReceipt, error) {
	if _, err := d.write(ctx, d.receiptDraft(&r.ReceiptIssued, actor)); err != nil {
		return r, err
	}
	d.step(StepReceipt)
	issued, found, err := d.cfg.State.Receipt(ctx, r.Payment)
	if err == nil && !found {
		err = parking.Errorf(parking.Unavailable, "The disk of this gate did not keep the receipt. Check the disk.")
	}
	return issued, err
}

func (d *Desk) receiptDraft(r *parking.ReceiptIssued, actor string) state.Draft {
	return state.Draft{Kind: parking.KindReceiptIssued, Body: r, Actor: actor, Online: d.link().State != Offline}
}

// receiptCode is the signed code of a receipt, "" where nothing can be signed:
// the entry is not known, it has no number yet, or what it says is no ticket's.
// mu is held.
func (d *Desk) receiptCode(s parking.Stay, p parking.Payment, r *state.IssuedReceipt) string {
	if _, signs := d.publicKey(); !signs || s.InAt == nil || r.Number == 0 || p.PaidAt == nil {
		return ""
	}
	counts := paidAt(p)
	issued := r.At
	if issued.Before(*s.InAt) {
		issued = *s.InAt
	}
	out := parking.Receipt{
		Ticket: parking.Ticket{
			Stay: s.ID, Site: d.cfg.State.Site().Config.Site, Gate: d.cfg.Gate, Class: s.Class, Plate: s.Plate, Zone: s.Zone, Slot: s.Slot,
			In: *s.InAt, Issued: issued, Tariff: s.Tariff, TariffV: s.TariffV,
		},
		Payment: p.ID, Amount: r.Amount, PaidAt: parking.BusinessTime(counts.At), Series: r.Series, Count: r.Number,
	}
	if !counts.ShownAt.IsZero() {
		out.ShownAt = parking.BusinessTime(counts.ShownAt)
	}
	code, err := out.Sign(d.cfg.Key)
	if err != nil { // the money is taken: its paper comes out without a code
		d.log.Warn("a receipt has no code", "receipt", receiptName(r.Series, r.Number), "error", err)
		return ""
	}
	return code
}

// receiptPaper is what is printed. mu is held.
func (d *Desk) receiptPaper(s parking.Stay, p parking.Payment, r *state.IssuedReceipt, again bool) device.Paper {
	code := d.receiptCode(s, p, r)
	config := d.cfg.State.Site().Config
	lang, seller := config.Language, config.Seller
	say := func(key string, args ...any) string { return words.T(lang, "receipt."+key, args...) }
	money := func(m parking.Money) string { return m.Format(r.Currency, lang) }
	when := func(t time.Time) string { return d.local(t).Format("15:04 02/01/2006") }
	paper := device.Paper{Title: config.Name, QR: code}
	add := func(line string) { paper.Lines = append(paper.Lines, line) }
	for _, line := range []string{seller.Name, seller.Address} {
		if line != "" {
			add(line)
		}
	}
	if seller.TaxCode != "" {
		add(say("tax_code", seller.TaxCode))
	}
	if add(say("title")); again {
		add(say("copy"))
	}
	if r.Number > 0 {
		add(say("number", receiptName(r.Series, r.Number)))
	} else {
		add(say("no_number"))
	}
	if r.Plate != "" {
		add(say("plate", r.Plate))
	}
	if r.In != nil {
		add(say("in", when(*r.In)))
	}
	if r.Until != nil {
		add(say("until", when(*r.Until)))
	}
	for i := range r.Lines {
		add(strings.TrimSpace(lineText(lang, &r.Lines[i])) + ": " + money(r.Lines[i].Amount))
	}
	if r.Fee > 0 {
		add(say("fee", money(r.Fee)))
	}
	if seller.TaxPercent > 0 {
		add(say("tax", seller.TaxPercent, money(parking.TaxWithin(r.Amount, seller.TaxPercent))))
	}
	add(say("paid", money(r.Amount), words.Method(lang, r.Method)))
	if p.Tendered > 0 {
		add(say("cash", money(p.Tendered), money(p.Change)))
	}
	if b := r.Buyer; b != nil {
		add(say("buyer", b.Name))
		if b.TaxCode != "" {
			add(say("buyer_tax_code", b.TaxCode))
		}
		if b.Address != "" {
			add(b.Address)
		}
	}
	if r.Paid != nil {
		add(say("when", when(*r.Paid)))
	}
	gate, _ := d.cfg.State.Site().ThisGate()
	add(say("who", gate.Name, p.Actor))
	if seller.Note != "" {
		paper.Foot = append(paper.Foot, strings.Split(seller.Note, "\n")...)
	}
	if code != "" && s.State == parking.Inside {
		if by, ok := d.leaveBy(s); ok {
			paper.Foot = append(paper.Foot, say("leave_by", when(by)))
		}
		paper.Foot = append(paper.Foot, say("keep"))
	}
	return paper
}

func lineText(lang string, l *parking.Line) string {
	if lang == words.Vi {
		return l.Text.Vi
	}
	return l.Text.En
}
