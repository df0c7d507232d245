package lane

import (
	"context"
	"crypto/ed25519"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// TicketView is a ticket as screens show it: one that was printed here, or one
// that was scanned at an exit.
type TicketView struct {
	Number   string        `json:"number"`             // in groups, as printed
	Print    TicketPrint   `json:"print,omitempty"`    // of one printed here
	Why      string        `json:"why,omitempty"`      // when it was not printed
	Gate     string        `json:"gate,omitempty"`     // of one scanned: who signed it
	In       time.Time     `json:"in,omitzero"`        //
	Unheard  bool          `json:"unheard,omitempty"`  // its entry was not told of here yet
	Unproven bool          `json:"unproven,omitempty"` // its key is not known here
	Plate    parking.Plate `json:"plate,omitempty"`
}

// TicketPrint is how far a ticket's printing is.
type TicketPrint string

// How far a ticket is.
const (
	TicketPrinting TicketPrint = "printing"
	TicketPrinted  TicketPrint = "printed"
	TicketFailed   TicketPrint = "failed"
)

// presentedTicket is a ticket that was scanned and is not refused.
type presentedTicket struct {
	parking.Ticket
	unproven bool // no key of its gate that is known here is the one it names
	unheard  bool
}

func (t *presentedTicket) view() *TicketView {
	return &TicketView{
		Number: parking.GroupTicketNumber(t.Number()), Gate: t.Gate, In: t.In, Plate: t.Plate, Unheard: t.unheard, Unproven: t.unproven,
	}
}

// readTicket reads and verifies a ticket. What counts against it is a
// sentence: the guard goes on by the plate. mu is held.
func (d *Desk) readTicket(text string) (*presentedTicket, error) {
	signed, err := parking.ReadTicket(text)
	if err != nil {
		return nil, err
	}
	if signed.Site != d.cfg.State.Site().Config.Site {
		return nil, parking.Errorf(parking.Forbidden, "This ticket is of another site. Go on by the plate.")
	}
	known, err := signed.Verify(d.keysOf(signed.Gate))
	if err != nil {
		return nil, err
	}
	t := &presentedTicket{Ticket: signed.Ticket, unproven: !known}
	s, err := d.cfg.State.Stay(d.ctx, t.Stay)
	switch {
	case err != nil:
		t.unheard = true
	case s.State == parking.Left:
		at := ""
		if s.OutAt != nil {
			at = d.local(*s.OutAt).Format("15:04 02/01")
		}
		return nil, parking.Errorf(parking.Conflict, "This ticket was used: its vehicle left at %s. Go on by the plate.", at)
	case s.State == parking.Voided:
		return nil, parking.Errorf(parking.Conflict, "The stay of this ticket was voided. Go on by the plate.")
	case s.TokenLostAt != nil:
		return nil, parking.Errorf(parking.Conflict, "This ticket was said to be lost. Go on by the plate, and compare the pictures.")
	}
	return t, nil
}

// keysOf lists the keys that a gate's tickets may be signed with: this gate's
// own, and what the site's configuration says.
func (d *Desk) keysOf(gate string) []parking.TicketKey {
	var out []parking.TicketKey
	if d.cfg.Keys != nil {
		out = d.cfg.Keys(gate)
	} else {
		for _, k := range d.cfg.State.Site().Config.Keys {
			if k.Gate != gate {
				continue
			}
			key := parking.TicketKey{Key: k.PublicKey}
			if k.Until != nil {
				key.Until = *k.Until
			}
			out = append(out, key)
		}
	}
	if public, ok := d.publicKey(); ok && gate == d.cfg.Gate {
		out = append(out, parking.TicketKey{Key: public}) // after the others: a revoked own key is revoked
	}
	return out
}

func (d *Desk) publicKey() (ed25519.PublicKey, bool) {
	if len(d.cfg.Key) != ed25519.PrivateKeySize {
		return nil, false
	}
	public, ok := d.cfg.Key.Public().(ed25519.PublicKey)
	return public, ok
}

// local is t in the site's zone.
func (d *Desk) local(t time.Time) time.Time {
	if loc, err := time.LoadLocation(d.cfg.State.Site().Config.Timezone); err == nil {
		return t.In(loc)
	}
	return t
}

// ticketStay is the stay of a ticket that was scanned: what is known of it, or
// else what the ticket says.
func (d *Desk) ticketStay(t *presentedTicket) []parking.Stay {
	if s, err := d.cfg.State.Stay(d.ctx, t.Stay); err == nil {
		t.unheard = false
		if s.State != parking.Inside {
			return nil // it has left meanwhile
		}
		return []parking.Stay{s}
	}
	in := t.In
	return []parking.Stay{{
		ID: t.Stay, State: parking.Inside, Class: t.Class, Plate: t.Plate, Display: t.Plate.DisplayAs(0, t.Class), Token: t.Number(),
		Zone: t.Zone, Slot: t.Slot, InAt: &in, InGate: t.Gate, Tariff: t.Tariff, TariffV: t.TariffV,
	}}
}

// outByTicket lets the vehicle out whose ticket a request carries, heard of or
// not. A ticket that is refused lets nobody out.
func (d *Desk) outByTicket(ctx context.Context, r OutRequest) (OutAnswer, error) {
	d.mu.Lock()
	var ticket *presentedTicket
	l, _, err := d.lane(r.Lane)
	if err == nil && l.Direction != parking.Out {
		err = parking.Errorf(parking.Conflict, "Lane %s leads in.", l.Code)
	}
	if err == nil {
		ticket, err = d.readTicket(strings.TrimSpace(r.Token))
	}
	d.mu.Unlock()
	if err != nil {
		return OutAnswer{}, err
	}
	if r.Stay != uuid.Nil && r.Stay != ticket.Stay {
		return OutAnswer{}, parking.Errorf(parking.Conflict, "This ticket is of another stay.")
	}
	stays := d.ticketStay(ticket)
	if len(stays) == 0 {
		return OutAnswer{}, parking.Errorf(parking.Conflict, "The vehicle of this ticket has just left.")
	}
	stay, shown := stays[0], presented{token: ticket.Number(), ticket: ticket}
	subject, fresh, err := d.standing(ctx, r.Lane, r.Subject, parking.Out, Arrival{Plate: r.Plate, Class: stay.Class, Device: true})
	if err != nil {
		return OutAnswer{}, err
	}
	d.mu.Lock()
	l, _, v, _, err := d.at(ctx, r.Lane, subject)
	if err == nil && !v.done {
		v.present(&shown)
		v.tapped = false // the request lets it out, or nobody
		d.assess(l, v)
	}
	d.mu.Unlock()
	r.Token = ticket.Number()
	var answer OutAnswer
	if err == nil {
		answer, err = d.letOut(ctx, subject, stay, r)
	}
	if err != nil && fresh {
		_ = d.Clear(ctx, r.Lane, subject) // it came by this call only
	}
	return answer, err
}

// broughtTicketOf says whether the vehicle's driver has shown a ticket, or a
// receipt, of this stay: it may leave then even if nothing else is known of the stay.
func (v *vehicle) broughtTicketOf(stay uuid.UUID) bool {
	return v.shown != nil && v.shown.Stay == stay || len(v.receiptsOf(stay)) > 0
}

// unprovenMark is what the charge says when the stay rests on a ticket that
// nobody here could verify.
func (v *vehicle) unprovenMark() string {
	if v.shown != nil && v.shown.unproven && v.Chosen >= 0 && v.shown.Stay == v.Matches[v.Chosen].Stay.ID {
		return "the key that signed the ticket is not known at this gate"
	}
	return ""
}

// ticketNumber is the number of the ticket that a vehicle which goes in will
// get, "" when it gets none: it has a card, or the lane prints none for its
// class. mu is held.
func (d *Desk) ticketNumber(p *post, v *vehicle, stay uuid.UUID) string {
	_, signs := d.publicKey()
	if p.tokens.printer == nil || !signs || v.Token != "" || p.tokens.classes != nil && !p.tokens.classes[v.Class] {
		return ""
	}
	return parking.TicketNumber(stay)
}

// giveTicket prints the ticket of a vehicle whose entry is on disk, beside the
// lane: the barrier does not wait for paper. mu is held.
func (d *Desk) giveTicket(p *post, v *vehicle) {
	v.Ticket = &TicketView{Number: parking.GroupTicketNumber(v.Token), Print: TicketPrinting}
	d.spawn(func() { _ = d.print(p, v) }) // shown at the lane
}

// PrintTicket prints the ticket of the vehicle that was let in at a lane once
// more: the first did not come out, or was torn. It is the same ticket.
func (d *Desk) PrintTicket(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	_, p, v, _, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
	case p.tokens.printer == nil:
		err = parking.Errorf(parking.Unavailable, "Lane %s has no printer.", code)
	case !v.done || v.dir != parking.In:
		err = parking.Errorf(parking.Conflict, "This vehicle was not let in here yet.")
	case v.Token != parking.TicketNumber(v.Stay):
		err = parking.Errorf(parking.Conflict, "This vehicle has a card and no ticket.")
	default:
		v.Ticket = &TicketView{Number: parking.GroupTicketNumber(v.Token), Print: TicketPrinting}
		d.touch()
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.print(p, v)
}

// print signs and prints the vehicle's ticket, and shows what came of it.
func (d *Desk) print(p *post, v *vehicle) error {
	d.mu.Lock()
	paper, err := d.paper(v.result)
	d.mu.Unlock()
	if err == nil {
		err = p.tokens.printer.Print(context.WithoutCancel(d.ctx), paper)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	*p.tokens.press = Worker{OK: err == nil, Why: sentenceOf(err)}
	shown := *v.Ticket
	if shown.Print = TicketPrinted; err != nil {
		shown.Print, shown.Why = TicketFailed, sentenceOf(err)
		d.log.Warn("a ticket was not printed", "lane", p.code, "error", err)
	}
	v.Ticket = &shown
	d.touch()
	return err
}

// paper is what the ticket of a stay has on it. mu is held.
func (d *Desk) paper(s parking.Stay) (device.Paper, error) {
	site := d.cfg.State.Site()
	if s.InAt == nil {
		return device.Paper{}, parking.Errorf(parking.Conflict, "It is not known when this vehicle came in.")
	}
	issued := parking.BusinessTime(d.cfg.Now())
	if issued.Before(*s.InAt) {
		issued = *s.InAt
	}
	ticket := parking.Ticket{
		Stay: s.ID, Site: site.Config.Site, Gate: d.cfg.Gate, Class: s.Class, Plate: s.Plate, Zone: s.Zone, Slot: s.Slot,
		In: *s.InAt, Issued: issued, Tariff: s.Tariff, TariffV: s.TariffV,
	}
	code, err := ticket.Sign(d.cfg.Key)
	if err != nil {
		return device.Paper{}, err
	}
	lang := site.Config.Language
	say := func(key string, args ...any) string { return words.T(lang, "ticket."+key, args...) }
	gate, _ := site.ThisGate()
	p := device.Paper{
		Title: site.Config.Name, QR: code, Large: parking.GroupTicketNumber(ticket.Number()), Foot: []string{say("keep")},
		Lines: []string{say("title"), say("in", d.local(*s.InAt).Format("15:04 02/01/2006")), say("gate", gate.Name, s.InLane), words.Class(lang, s.Class)},
	}
	if s.Display != "" {
		p.Lines = append(p.Lines, say("plate", s.Display))
	}
	if s.Slot != "" {
		p.Lines = append(p.Lines, say("place", s.Slot))
	} else {
		p.Lines = append(p.Lines, say("place", s.Zone))
	}
	return p, nil
}

// tokenTroubles says which readers and printers are away. mu is held.
func (d *Desk) tokenTroubles() []Trouble {
	var out []Trouble
	for _, l := range d.cfg.State.Site().Lanes() {
		p := d.lanes[l.Code]
		if p == nil {
			continue
		}
		if r := p.tokens.reader; r != nil && !r.OK {
			out = append(out, Trouble{Code: "reader_away", Text: parking.ErrorMessage(parking.Errorf(parking.Unavailable,
				"The card reader of lane %s does not answer. Its cards and tickets are typed or scanned by hand (k) until it is back.", l.Code))})
		}
		if w := p.tokens.press; w != nil && !w.OK {
			out = append(out, Trouble{Code: "printer_away", Text: parking.ErrorMessage(parking.Errorf(parking.Unavailable,
				"The ticket printer of lane %s did not print. Look at its paper and its cable, and print again (r).", l.Code))})
		}
	}
	return out
}
