package lane

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// oldestPaper is how long ago a paper ticket may be from: longer than any
// machine is dead, and shorter than a mistyped month.
const oldestPaper = 31 * 24 * time.Hour

// Paper is a numbered paper ticket of a time without the machine, entered
// later. In alone: the vehicle is still inside. In and Out: it has left. Out
// alone: it had come in while the machine worked, and is found by its plate or
// by the number of its card or ticket.
type Paper struct {
	ID     uuid.UUID     // of the request, and of the stay that it opens; the zero id has one made
	Lane   string        // where it came in or left
	Number string        // of the ticket
	Plate  string        //
	Class  parking.Class // "" is the lane's default
	To     string        // slot or counted zone; "" is the lane's default zone, or the first for the class
	In     *time.Time    //
	Out    *time.Time    //
	Paid   parking.Money // what was taken in cash when it left
}

// PaperEntered is what a paper ticket was written down as.
type PaperEntered struct {
	Stay parking.Stay
	Fee  parking.Money // by the tariff and the typed times; what was taken is in the stay
}

// PaperReading is what a paper ticket would be written down as. Nothing is
// written yet.
type PaperReading struct {
	Stay    parking.Stay  // that it opens or closes, as it would be
	Opens   bool          // the entry is written
	Closes  bool          // the exit is written
	Unknown bool          // the exit of a vehicle whose entry nobody knows
	Paid    parking.Money // what was taken by now, with what is on the ticket
	Fee     parking.Money // by the tariff and the typed times
	Twice   bool          // a vehicle with this plate is inside already
	Written bool          // this ticket was written before, as Stay; nothing more would be
}

// ReadPaper says what EnterPaper would write, or why it would refuse.
func (d *Desk) ReadPaper(ctx context.Context, t Paper) (PaperReading, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return PaperReading{}, err
	}
	done, written, err := d.paperWritten(ctx, t.ID)
	if written || err != nil {
		return PaperReading{Stay: done.Stay, Fee: done.Fee, Paid: done.Stay.PaidSum(), Written: written}, err
	}
	e, err := d.readPaper(t)
	if err != nil {
		return PaperReading{}, err
	}
	if _, err := e.drafts(d, actor); err != nil {
		return PaperReading{}, err
	}
	r := PaperReading{
		Stay: e.stay, Opens: e.opens, Closes: t.Out != nil, Unknown: e.unknown, Paid: e.stay.PaidSum() + e.Paid, Fee: e.fee,
		Twice: e.opens && t.Out == nil && e.plate != "" && len(d.cfg.State.Site().ByPlate(e.plate)) > 0,
	}
	if e.opens || e.unknown {
		r.Stay.Plate, r.Stay.Display, r.Stay.Token = e.plate, e.plate.DisplayAs(0, e.stay.Class), e.Number
	}
	if t.Out != nil {
		left := parking.BusinessTime(*t.Out)
		r.Stay.OutAt = &left
	}
	return r, nil
}

// paperFact is the id of the last fact of a paper ticket: the same request
// makes the same fact, so that the disk knows what was entered already.
func paperFact(request uuid.UUID) uuid.UUID { return uuid.NewSHA1(request, []byte("paper")) }

// paperWritten finds what a request was written down as before.
func (d *Desk) paperWritten(ctx context.Context, request uuid.UUID) (PaperEntered, bool, error) {
	if request == uuid.Nil {
		return PaperEntered{}, false, nil
	}
	stay, found, err := d.cfg.State.StayOfFact(ctx, paperFact(request))
	if err != nil || !found {
		return PaperEntered{}, false, err
	}
	s, err := d.cfg.State.Stay(ctx, stay)
	switch {
	case parking.ErrorCode(err) == parking.NotFound: // it has left long ago; that it was written is what counts
		return PaperEntered{Stay: parking.Stay{ID: stay, State: parking.Left}}, true, nil
	case err != nil:
		return PaperEntered{}, false, err
	}
	done := PaperEntered{Stay: s, Fee: feeOf(s)}
	if s.InAt != nil && s.OutAt != nil {
		tariff, _ := d.tariffOf(s)
		if quote, err := quoteStay(tariff, s, *s.OutAt, d.passesOf(s, *s.OutAt).periods); err == nil {
			done.Fee = quote.Fee
		}
	}
	return done, true, nil
}

// EnterPaper writes a paper ticket down with its typed times. No barrier opens.
// What was taken is what was charged; when the tariff says another sum, or
// nobody knows the entry, the cloud shows it to a person, as it does every
// paper ticket. The same ID sent again answers as the first time.
func (d *Desk) EnterPaper(ctx context.Context, t Paper) (PaperEntered, error) {
	if t.ID == uuid.Nil {
		t.ID = newID()
	}
	lock := &d.ids[t.ID[15]%64]
	lock.Lock()
	defer lock.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return PaperEntered{}, err
	}
	if done, written, err := d.paperWritten(ctx, t.ID); written || err != nil {
		return done, err
	}
	e, err := d.readPaper(t)
	if err != nil {
		return PaperEntered{}, err
	}
	drafts, err := e.drafts(d, actor)
	if err != nil {
		return PaperEntered{}, err
	}
	drafts[len(drafts)-1].ID = paperFact(t.ID)
	if _, err := d.write(ctx, drafts...); err != nil {
		return PaperEntered{}, err
	}
	stay, err := d.cfg.State.Stay(ctx, e.stay.ID)
	return PaperEntered{Stay: stay, Fee: e.fee}, err
}

func feeOf(s parking.Stay) parking.Money {
	if s.Charge == nil {
		return 0
	}
	return s.Charge.Fee
}

// paperEntry is a paper ticket as understood.
type paperEntry struct {
	Paper
	plate   parking.Plate
	stay    parking.Stay // that it opens or closes
	opens   bool
	unknown bool // it closes one whose entry nobody knows
	fee     parking.Money
}

// readPaper checks what was typed and finds the stay. mu is held.
func (d *Desk) readPaper(t Paper) (*paperEntry, error) {
	l, _, err := d.lane(t.Lane)
	if err != nil {
		return nil, err
	}
	e := &paperEntry{Paper: t, opens: t.In != nil}
	if err := e.check(d.cfg.Now()); err != nil {
		return nil, err
	}
	if t.Plate != "" {
		if e.plate, err = parking.ParsePlate(t.Plate); err != nil {
			return nil, err
		}
	}
	if e.Class == "" {
		e.Class = l.Class
	}
	if err := d.knownClass(e.Class); err != nil {
		return nil, err
	}
	if !e.opens {
		return e, d.closes(e)
	}
	if len(d.cfg.State.Site().ByToken(e.Number)) > 0 {
		return nil, parking.Errorf(parking.Conflict, "The ticket %s is that of a vehicle inside already.", e.Number)
	}
	place, err := d.paperPlace(l, e)
	if err != nil {
		return nil, err
	}
	tariff := d.cfg.State.Site().Config.Tariff
	in := parking.BusinessTime(*t.In)
	e.stay = parking.Stay{
		ID: t.ID, Class: e.Class, InAt: &in, Tariff: tariff.ID, TariffV: tariff.Version, Zone: place.zone, Slot: place.slot,
		Plate: e.plate, Pass: d.comesOn(e.plate, e.Class, place.zone, in),
	}
	return e, nil
}

// check refuses what no paper ticket says.
func (e *paperEntry) check(now time.Time) error {
	e.Number = strings.TrimSpace(e.Number)
	if e.Number == "" {
		return parking.Errorf(parking.Invalid, "Give the number of the paper ticket.")
	}
	if err := checkToken(e.Number); err != nil {
		return err
	}
	switch {
	case e.In == nil && e.Out == nil:
		return parking.Errorf(parking.Invalid, "Type when the vehicle came in, when it left, or both.")
	case e.In != nil && e.Out != nil && e.Out.Before(*e.In):
		return parking.Errorf(parking.Invalid, "It cannot have left before it came in.")
	case e.Paid < 0 || e.Paid > parking.MaxMoney:
		return parking.Errorf(parking.Invalid, "The sum %d is not possible.", e.Paid)
	case e.Paid > 0 && e.Out == nil:
		return parking.Errorf(parking.Invalid, "Money belongs to an exit; type when the vehicle left.")
	}
	for _, at := range []*time.Time{e.In, e.Out} {
		if at == nil {
			continue
		}
		if at.After(now) {
			return parking.Errorf(parking.Invalid, "The time %s lies in the future.", at.Format("2006-01-02 15:04"))
		}
		if now.Sub(*at) > oldestPaper {
			return parking.Errorf(parking.Invalid, "The time %s is more than a month ago.", at.Format("2006-01-02 15:04"))
		}
	}
	return nil
}

// paperPlace is where a vehicle of a paper ticket stands: in a zone, and in a
// slot only if somebody says so. mu is held.
func (d *Desk) paperPlace(l parking.Lane, e *paperEntry) (suggestion, error) {
	if e.To != "" {
		return d.target(e.Class, e.To, nil)
	}
	zone, _ := d.zoneFor(l, e.Class)
	if zone == "" {
		zone = d.anyZone("", e.Class)
	}
	if zone == "" {
		return suggestion{}, parking.Errorf(parking.Invalid, "Say in which zone or slot it stands.")
	}
	return suggestion{zone: zone}, nil
}

// closes finds the stay that a ticket with an exit alone closes. mu is held.
func (d *Desk) closes(e *paperEntry) error {
	site := d.cfg.State.Site()
	found := site.ByToken(e.Number)
	if len(found) == 0 && e.plate != "" {
		found = site.ByPlate(e.plate)
	}
	switch len(found) {
	case 0:
		if e.plate == "" {
			return parking.Errorf(parking.NotFound, "No vehicle inside has the ticket %s. Type its plate.", e.Number)
		}
		e.unknown, e.stay = true, parking.Stay{ID: e.ID, Class: e.Class}
		return nil
	case 1:
	default:
		return parking.Errorf(parking.Conflict, "%d vehicles inside have that plate; give the number of the card or ticket.", len(found))
	}
	e.stay = found[0]
	if e.stay.InAt != nil && e.Out.Before(*e.stay.InAt) {
		return parking.Errorf(parking.Invalid, "It cannot have left before it came in.")
	}
	return nil
}

// drafts are the facts of a paper ticket. mu is held.
func (e *paperEntry) drafts(d *Desk, actor string) ([]state.Draft, error) {
	reason := "Paper ticket " + e.Number + "."
	var out []state.Draft
	if e.opens {
		in := parking.BusinessTime(*e.In)
		out = append(out, state.Draft{Kind: parking.KindVehicleIn, Actor: actor, Body: &parking.VehicleIn{
			Stay: e.stay.ID, Lane: e.Lane, Class: e.Class, Plate: e.plate, Display: e.plate.DisplayAs(0, e.Class),
			Read: parking.PlateRead{Outcome: "typed"}, Reason: reason, Token: e.Number, Zone: e.stay.Zone, Slot: e.stay.Slot,
			Tariff: e.stay.Tariff, TariffV: e.stay.TariffV, TypedAt: &in, Pass: e.stay.Pass,
		}})
	}
	if e.Out == nil {
		return out, nil
	}
	left := parking.BusinessTime(*e.Out)
	charge, err := e.charge(d, left)
	if err != nil {
		return nil, err
	}
	if e.Paid > 0 {
		shift, opened := d.drawer(actor)
		out = append(append(out, opened...), state.Draft{Kind: parking.KindPaymentTaken, Actor: actor, Body: &parking.PaymentTaken{
			Payment: newID(), Stay: e.stay.ID, Method: parking.Cash, Amount: e.Paid, Currency: charge.Currency, Tendered: e.Paid, Shift: shift,
		}})
	}
	return append(out, state.Draft{Kind: parking.KindVehicleOut, Actor: actor, Body: &parking.VehicleOut{
		Stay: e.stay.ID, Unknown: e.unknown, Lane: e.Lane, Class: e.stay.Class, Plate: e.plate,
		Display: e.plate.DisplayAs(0, e.stay.Class), Read: parking.PlateRead{Outcome: "typed"}, Token: e.Number,
		Charge: charge, Reason: reason, TypedAt: &left,
	}}), nil
}

// charge is what was charged at an exit on paper: what was taken then and
// before, whatever the tariff says. mu is held.
func (e *paperEntry) charge(d *Desk, left time.Time) (parking.Charge, error) {
	config := d.cfg.State.Site().Config
	tariff, marked := d.tariffOf(e.stay)
	c := parking.Charge{
		Fee: e.stay.PaidSum() + e.Paid, Due: e.Paid, Currency: config.Currency, In: left, Out: left,
		Tariff: tariff.ID, TariffV: tariff.Version, Marked: marked,
	}
	if e.unknown || e.stay.InAt == nil {
		c.Marked = "the entry of this vehicle is not known"
		return c, nil
	}
	c.In = *e.stay.InAt
	passes := d.passesOf(e.stay, left)
	quote, err := quoteStay(tariff, e.stay, left, passes.periods)
	if err != nil {
		return c, err
	}
	e.fee = quote.Fee
	if quote.Fee == c.Fee {
		c.Lines, c.Follows = quote.Lines, passes.follows
	}
	return c, nil
}
