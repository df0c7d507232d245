package lane

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// FeeRequest asks what a vehicle that is inside owes, by stay or by plate.
type FeeRequest struct {
	Stay  uuid.UUID
	Plate string
}

// FeeAnswer is what it owes now.
type FeeAnswer struct {
	Stay   parking.Stay
	Quote  parking.Quote
	At     time.Time
	Marked string // why it is not priced by its own tariff version
	Pass   *PassView
}

// Fee prices a stay as if it left now. Nothing is written.
func (d *Desk) Fee(ctx context.Context, r FeeRequest) (FeeAnswer, error) {
	s, err := d.find(ctx, r.Stay, r.Plate)
	if err != nil {
		return FeeAnswer{}, err
	}
	tariff, marked := d.tariffOf(s)
	now := parking.BusinessTime(d.cfg.Now())
	c := d.passesOf(s, now)
	quote, err := quoteStay(tariff, s, now, c.periods)
	return FeeAnswer{Stay: s, Quote: quote, At: now, Marked: cmp.Or(marked, c.marked), Pass: c.view}, err
}

// find returns the one stay inside that is named by id or by plate.
func (d *Desk) find(ctx context.Context, id uuid.UUID, plate string) (parking.Stay, error) {
	if id != uuid.Nil {
		return d.inside(ctx, id)
	}
	p, err := parking.ParsePlate(plate)
	if err != nil {
		return parking.Stay{}, err
	}
	switch found := d.cfg.State.Site().ByPlate(p); len(found) {
	case 0:
		return parking.Stay{}, parking.Errorf(parking.NotFound, "No vehicle with the plate %s is inside.", p.Display())
	case 1:
		return found[0], nil
	default:
		return parking.Stay{}, parking.Errorf(parking.Conflict, "%d vehicles with the plate %s are inside; name the stay.", len(found), p.Display())
	}
}

// OutRequest lets a vehicle out with one call.
type OutRequest struct {
	ID        uuid.UUID // of the request; the zero id: it is not remembered
	Subject   uuid.UUID // whom it is about; the zero id: whoever is in front
	Lane      string
	Stay      uuid.UUID // or
	Plate     string
	Token     string
	Method    parking.Method // "" when nothing is due
	Tendered  parking.Money  // cash; 0 for the exact sum
	PayerBank string         // by_hand
	PaidAt    time.Time      // by_hand
	Word      string         // why it leaves although a list is against it
}

// OutAnswer is what became of it. While Paying, the vehicle waits for its
// transfer, and another call by_hand completes it.
type OutAnswer struct {
	Passed
	Subject   uuid.UUID
	Change    parking.Money
	Due       parking.Money
	Paying    bool
	QR        string
	Reference string
}

// Out lets a vehicle out: the one that stands at the lane, or one that
// arrives by this call. The same ID sent again answers as the first time and
// takes no money twice.
func (d *Desk) Out(ctx context.Context, r OutRequest) (OutAnswer, error) {
	if err := checkWord(r.Word); err != nil {
		return OutAnswer{}, err
	}
	if r.ID != uuid.Nil {
		lock := &d.ids[r.ID[15]%64]
		lock.Lock()
		defer lock.Unlock()
		if s, ok, err := d.left(ctx, r.ID); err != nil || ok {
			return outAnswer(Passed{Stay: s, Opened: true}), err
		}
	}
	if parking.IsTicket(r.Token) {
		return d.outByTicket(ctx, r)
	}
	stay, err := d.find(ctx, r.Stay, r.Plate)
	if err != nil {
		return OutAnswer{}, err
	}
	plate := r.Plate
	if plate == "" {
		plate = string(stay.Plate)
	}
	subject, fresh, err := d.standing(ctx, r.Lane, r.Subject, parking.Out, Arrival{Plate: plate, Class: stay.Class, Token: r.Token, Device: true})
	if err != nil {
		return OutAnswer{}, err
	}
	answer, err := d.letOut(ctx, subject, stay, r)
	if err != nil && fresh {
		_ = d.Clear(ctx, r.Lane, subject) // it came by this call only
	}
	return answer, err
}

func outAnswer(p Passed) OutAnswer {
	a := OutAnswer{Passed: p}
	for _, pay := range p.Stay.Payments {
		if pay.Status == parking.Paid {
			a.Change = pay.Change
		}
	}
	return a
}

func (d *Desk) letOut(ctx context.Context, subject uuid.UUID, stay parking.Stay, r OutRequest) (OutAnswer, error) {
	d.wait(ctx, r.Lane, subject, false)
	due, err := d.settleOn(ctx, r, subject, stay)
	if err != nil {
		return OutAnswer{}, err
	}
	if r.Method == parking.QR && due > 0 {
		return d.askByQR(ctx, r, subject, stay.ID, due)
	}
	if r.ID != uuid.Nil {
		if err := d.noteOut(ctx, r.ID, stay.ID); err != nil {
			return OutAnswer{}, err
		}
	}
	switch {
	case due == 0:
		_, err = d.LeaveFree(ctx, r.Lane, subject)
	case r.Method == parking.Cash:
		_, err = d.PayCash(ctx, r.Lane, subject, r.Tendered)
	case r.Method == parking.Manual:
		_, err = d.ConfirmByHand(ctx, r.Lane, subject, r.PayerBank, r.PaidAt)
	default:
		err = parking.Errorf(parking.Invalid, "%s is due; the method is cash, vietqr or by_hand.", d.sum(due))
	}
	if err != nil {
		return OutAnswer{}, err
	}
	d.mu.Lock()
	_, _, v, _, err := d.at(ctx, r.Lane, subject)
	d.mu.Unlock()
	if err != nil {
		return OutAnswer{}, err
	}
	answer := outAnswer(d.passed(v))
	answer.Subject, answer.Due = subject, due
	return answer, nil
}

// settleOn makes the subject be the stay that the request names, and says
// what is due.
func (d *Desk) settleOn(ctx context.Context, r OutRequest, subject uuid.UUID, stay parking.Stay) (parking.Money, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, _, v, _, err := d.at(ctx, r.Lane, subject)
	if err != nil {
		return 0, err
	}
	if v.done {
		return 0, parking.Errorf(parking.Conflict, "The vehicle at lane %s was let out already.", r.Lane)
	}
	if v.Stage == Paying && v.Matches[v.Chosen].Stay.ID != stay.ID {
		// Its code is on the screen, and its driver is paying that.
		return 0, parking.Errorf(parking.Conflict, "Another vehicle is paying at lane %s. Wait until it has left.", r.Lane)
	}
	if r.Token != "" {
		v.Token = r.Token
	}
	defer func() { d.say(v, r.Word) }() // once it is known who it is
	if v.Chosen >= 0 && v.Matches[v.Chosen].Stay.ID == stay.ID {
		return v.Due, nil
	}
	if r.Plate != "" {
		plate, err := parking.ParsePlate(r.Plate)
		if err != nil {
			return 0, err
		}
		v.unpick()
		d.setPlate(v, plate, true)
		d.assess(l, v)
		d.ready(v)
	}
	at := slices.IndexFunc(v.Matches, func(m Match) bool { return m.Stay.ID == stay.ID })
	if at < 0 {
		m := Match{Stay: stay, Distance: float64(parking.PlateDistance(v.Plate, stay.Plate)) / parking.PlateEditCost}
		d.price(v, &m)
		v.Matches = append(slices.Clone(v.Matches), m)
		at = len(v.Matches) - 1
	}
	if why := v.Matches[at].QuoteErr; why != "" {
		return 0, parking.Errorf(parking.Invalid, "%s", why)
	}
	if v.Chosen != at { // the caller names the stay, as a guard picks one
		v.Chosen, v.picked = at, true
		v.Due = v.Matches[at].Quote.Due
		v.forget(warnPick)
	}
	d.touch()
	return v.Due, nil
}

func (d *Desk) askByQR(ctx context.Context, r OutRequest, subject uuid.UUID, stay uuid.UUID, due parking.Money) (OutAnswer, error) {
	if r.ID != uuid.Nil { // the money may come, and the vehicle leave, before it is asked again
		if err := d.noteOut(ctx, r.ID, stay); err != nil {
			return OutAnswer{}, err
		}
	}
	if err := d.ShowQR(ctx, r.Lane, subject); err != nil {
		return OutAnswer{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, v, _, err := d.at(ctx, r.Lane, subject)
	if err == nil && v.Chosen < 0 { // a guard has typed another plate in between
		err = parking.Errorf(parking.Conflict, "The vehicle at lane %s has changed. Look before you press again.", r.Lane)
	}
	if err != nil {
		return OutAnswer{}, err
	}
	return OutAnswer{
		Subject: subject, Due: due, Paying: true, QR: v.QR, Reference: v.Reference,
		Passed: Passed{Stay: v.Matches[v.Chosen].Stay},
	}, nil
}

// Requests to let vehicles out that are remembered, in one note.
const (
	noteOuts = "requests_out"
	maxOuts  = 200
)

type outNote struct {
	ID   uuid.UUID `json:"id"`
	Stay uuid.UUID `json:"stay"`
}

// noteOut remembers, before anything is written, which stay a request lets
// out: sent again after a crash it either finds the stay gone and answers, or
// does what was not done.
func (d *Desk) noteOut(ctx context.Context, id, stay uuid.UUID) error {
	d.noteMu.Lock()
	defer d.noteMu.Unlock()
	notes, err := d.outNotes(ctx)
	if err != nil {
		return err
	}
	notes = append(slices.DeleteFunc(notes, func(n outNote) bool { return n.ID == id }), outNote{ID: id, Stay: stay})
	if len(notes) > maxOuts {
		notes = notes[len(notes)-maxOuts:]
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return fmt.Errorf("note a request: %w", err)
	}
	return d.cfg.Notes.SetSetting(ctx, noteOuts, string(text))
}

func (d *Desk) outNotes(ctx context.Context) ([]outNote, error) {
	text, err := d.cfg.Notes.Setting(ctx, noteOuts)
	if err != nil || text == "" {
		return nil, err
	}
	var notes []outNote
	if err := json.Unmarshal([]byte(text), &notes); err != nil {
		return nil, fmt.Errorf("read noted requests: %w", err)
	}
	return notes, nil
}

// left returns the stay that an earlier request of this id has let out.
func (d *Desk) left(ctx context.Context, id uuid.UUID) (parking.Stay, bool, error) {
	d.noteMu.Lock()
	notes, err := d.outNotes(ctx)
	d.noteMu.Unlock()
	at := slices.IndexFunc(notes, func(n outNote) bool { return n.ID == id })
	if err != nil || at < 0 {
		return parking.Stay{}, false, err
	}
	s, err := d.cfg.State.Stay(ctx, notes[at].Stay)
	if err != nil {
		return parking.Stay{}, false, err
	}
	return s, s.State == parking.Left, nil
}
