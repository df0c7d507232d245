package lane

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/parking"
	"gatehouse/vision"
)

// Times of taps.
const (
	// bounce: the same card again this soon is the same tap.
	bounce = 3 * time.Second
	// joinsFor: a card belongs to a vehicle that was announced no longer ago.
	joinsFor = 5 * time.Second
	// tapGap lies at least between two vehicles that a lane takes in by
	// themselves: nobody rides faster, and a reader gone wild opens no more.
	tapGap = time.Second
)

// waitingTaps is how many taps wait for the desk at a reader.
const waitingTaps = 4

// Tapped is what became of a card or ticket that was presented.
type Tapped struct {
	Subject  uuid.UUID `json:"subject"`
	Repeated bool      `json:"repeated,omitempty"` // it was presented just before: nothing was done
	// Refused says why the card or ticket counts for nothing; the vehicle is
	// there, and goes on by its plate.
	Refused string `json:"refused,omitempty"`
}

// TapView is the last card or ticket that was presented at a lane.
type TapView struct {
	Token   string    `json:"token"`
	At      time.Time `json:"at"`
	Refused string    `json:"refused,omitempty"`
}

// ReaderView is how a lane's reader is.
type ReaderView struct {
	Worker
	Taps    int64 `json:"taps"`
	Dropped int64 `json:"dropped,omitempty"` // taps that came faster than any vehicle
	Garbage int64 `json:"garbage,omitempty"` // what came and was no number
}

// tokens is what stands at a lane for cards and tickets. It is guarded by
// Desk.mu.
type tokens struct {
	reader  *ReaderView
	printer device.Printer
	press   *Worker // state of the printer
	classes map[parking.Class]bool
	shown   *TapView

	text   string // the last tap as it came, and
	at     time.Time
	answer Tapped
	taken  time.Time // when a vehicle last went in by itself
}

// tokensAt is what stands at a lane at first.
func (d *Desk) tokensAt(code string) tokens {
	t := tokens{printer: d.cfg.Printers[code]}
	if t.printer != nil {
		t.press = &Worker{OK: true}
	}
	if classes, told := d.cfg.Tickets[code]; told {
		t.classes = map[parking.Class]bool{}
		for _, c := range classes {
			t.classes[c] = true
		}
	}
	return t
}

// view puts copies into what screens draw.
func (t *tokens) view(lv *LaneView) {
	if t.reader != nil {
		r := *t.reader
		lv.Reader = &r
	}
	if t.press != nil {
		p := *t.press
		lv.Printer = &p
	}
	if t.shown != nil {
		s := *t.shown
		lv.Tap = &s
	}
}

// presented is a card's number or a ticket, as far as it counts.
type presented struct {
	token   string // "" when it counts for nothing
	ticket  *presentedTicket
	receipt *presentedReceipt // of money that was paid before: no token
	refused string            // why it does
}

// present gives a new vehicle what its driver has presented.
func (v *vehicle) present(p *presented) {
	if p == nil {
		return
	}
	v.tapped = true
	if p.refused != "" {
		v.warn(p.refused)
		return
	}
	if p.receipt != nil {
		v.showReceipt(p.receipt)
		return
	}
	v.Token, v.shown = p.token, p.ticket
	if p.ticket != nil {
		v.Ticket = p.ticket.view()
	}
}

// holdsToken says whether what was presented is the token of s.
func (v *vehicle) holdsToken(s parking.Stay) bool {
	return v.Token != "" && s.Token == v.Token && s.TokenLostAt == nil
}

// Tap says that a card or ticket was presented at a lane: by its reader, by
// another program, or typed by a guard. At a lane that leads in it is an
// arrival, or belongs to the vehicle that was announced within five seconds;
// at one that leads out it belongs to the vehicle in front, or is an arrival.
// What is then in order goes through with no key. The same card within three
// seconds is one tap. An error says that nothing was done; a card or ticket
// that is refused is no error.
func (d *Desk) Tap(ctx context.Context, code, text string) (Tapped, error) {
	text = strings.TrimSpace(text)
	if answer, is := d.tapOfGuard(text); is {
		return answer, nil
	}
	d.tapMu.Lock()
	defer d.tapMu.Unlock()
	answer, err := d.tap(ctx, code, text)
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if _, p, lerr := d.lane(code); lerr == nil {
			p.tokens.shown = &TapView{Token: shortToken(text), At: d.cfg.Now(), Refused: parking.ErrorMessage(err)}
			d.touch()
		}
	}
	return answer, err
}

func (d *Desk) tap(ctx context.Context, code, text string) (Tapped, error) {
	d.mu.Lock()
	l, p, err := d.lane(code)
	if err != nil {
		d.mu.Unlock()
		return Tapped{}, err
	}
	now := d.cfg.Now()
	if t := &p.tokens; text != "" && t.text == text && now.Sub(t.at).Abs() < bounce {
		t.at = now // a card that lies on the reader stays one tap
		answer := t.answer
		answer.Repeated = true
		d.mu.Unlock()
		return answer, nil
	}
	shown, err := d.presented(l, text)
	if err == nil && p.vehicle.outlives(l, now, &p.tokens, shown.token) {
		err = parking.Errorf(parking.Conflict, "The vehicle before is only just going in. Present the card again.")
	}
	if err != nil {
		d.mu.Unlock()
		return Tapped{}, err
	}
	v, repeated := d.tapJoins(l, p, shown, now)
	d.mu.Unlock()
	answer := Tapped{Refused: shown.refused, Repeated: repeated}
	if v != nil {
		answer.Subject = v.ID
	} else if answer.Subject, err = d.Arrive(ctx, code, Arrival{Device: true, tap: &shown}); err != nil {
		return Tapped{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := &p.tokens
	t.text, t.at, t.answer = text, now, answer
	t.shown = &TapView{Token: shortToken(text), At: now, Refused: shown.refused}
	if shown.ticket != nil {
		t.shown.Token = parking.GroupTicketNumber(shown.token)
	}
	if shown.receipt != nil {
		t.shown.Token = shown.receipt.name()
	}
	d.touch()
	if v == nil && p.vehicle != nil && p.vehicle.ID == answer.Subject {
		v = p.vehicle
	}
	if v != nil && !v.done {
		d.spawn(func() { d.hasten(p, v) })
	}
	return answer, nil
}

// outlives says whether the vehicle that went in last by itself did so only
// just now: another card is then not that of another vehicle.
func (v *vehicle) outlives(l parking.Lane, now time.Time, t *tokens, token string) bool {
	return l.Direction == parking.In && v != nil && v.done && v.Token != token && !t.taken.IsZero() && now.Sub(t.taken).Abs() < tapGap
}

// shortToken is as much of what was presented as a screen has use for.
func shortToken(text string) string { return strings.Map(printableOnly, shorten(text)) }

func printableOnly(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}

// presented says what a text that was read is worth at a lane. mu is held.
func (d *Desk) presented(l parking.Lane, text string) (presented, error) {
	switch {
	case text == "":
		return presented{}, parking.Errorf(parking.Invalid, "Nothing was read. Present the card again.")
	case parking.IsReceipt(text):
		return d.presentedAsReceipt(l, text)
	case !parking.IsTicket(text):
		if err := checkToken(text); err != nil {
			return presented{}, err
		}
		if number, ok := parking.ParseTicketNumber(text); ok && len(d.cfg.State.Site().ByToken(text)) == 0 {
			text = number // as somebody has typed it
		}
		return presented{token: text}, nil
	case l.Direction == parking.In:
		return presented{}, parking.Errorf(parking.Conflict, "A ticket is for leaving; lane %s leads in.", l.Code)
	}
	ticket, err := d.readTicket(text)
	if err != nil {
		return presented{refused: parking.ErrorMessage(err)}, nil
	}
	return presented{token: ticket.Number(), ticket: ticket}, nil
}

// tapJoins gives what was presented to the vehicle in front, if it is that
// one's, or to the next when that one was let through and is about to go; nil:
// it is an arrival. mu is held.
func (d *Desk) tapJoins(l parking.Lane, p *post, shown presented, now time.Time) (v *vehicle, repeated bool) {
	v = p.vehicle
	switch {
	case v == nil:
		return nil, false
	case shown.token != "" && v.Token == shown.token:
		v.tapped = v.tapped || !v.done
		return v, true // once more for the same vehicle, through or not
	case v.done && len(p.waiting) == 0:
		return nil, false
	case v.done: // who stands at the reader has rolled up behind it
		v = p.waiting[0]
		if shown.token != "" && v.Token == shown.token {
			v.tapped = v.tapped || !v.done
			return v, true
		}
	}
	switch {
	case v.done:
		return nil, false
	case l.Direction == parking.In && d.badCard(v) == "" && (v.Token != "" || now.Sub(v.ArrivedAt).Abs() > joinsFor):
		return nil, false
	case l.Direction == parking.Out && shown.receipt == nil && v.Token != "" && v.matchedByToken():
		return nil, false // it has shown its own
	}
	v.present(&shown)
	d.assess(l, v)
	return v, false
}

func (v *vehicle) matchedByToken() bool {
	for _, m := range v.Matches {
		if m.ByToken {
			return true
		}
	}
	return false
}

// hasten lets a vehicle whose card was presented through with no key, as soon
// as what its class asks for is there: first with its pictures, then with its
// plate read.
func (d *Desk) hasten(p *post, v *vehicle) {
	for _, step := range []struct {
		done  <-chan struct{}
		limit time.Duration
	}{{v.pictured, pictureWait}, {v.settled, frameTimeout + readTimeout}} {
		timer := time.NewTimer(step.limit)
		select {
		case <-step.done:
		case <-timer.C:
		case <-v.ctx.Done():
		}
		timer.Stop()
		if d.byItself(p, v) {
			return
		}
	}
}

// byItself lets the vehicle in front through if its card was presented and
// nothing is left for a guard to decide. It says whether the vehicle is done.
func (d *Desk) byItself(p *post, v *vehicle) bool {
	ctx := d.ctx
	d.mu.Lock()
	l, _, err := d.lane(p.code)
	if err != nil || p.vehicle != v || v.done || !v.tapped || ctx.Err() != nil {
		over := err != nil || v.done
		d.mu.Unlock()
		return over
	}
	actor := laneActor(p.code)
	if l.Direction == parking.In {
		if err = d.mayTapIn(l, v); err == nil {
			err = d.enter(ctx, p, v, actor, newID())
		}
		if err == nil {
			p.tokens.taken = d.cfg.Now()
		}
	} else {
		if err = d.mayTapOut(ctx, l, v); err == nil {
			err = d.exit(ctx, p, v, actor, nil)
		}
	}
	d.mu.Unlock()
	if err != nil {
		d.log.Debug("a vehicle waits for the guard", "lane", p.code, "why", err)
		return false
	}
	d.open(ctx, p, v, device.CauseStay)
	return true
}

// laneActor is who acts when a lane acts by itself.
func laneActor(code string) string { return "lane:" + code }

// mayTapIn says why a vehicle with a card does not go in by itself. A class
// whose exit proof is the plate alone needs its plate at IN; the others are
// let in and read on. mu is held.
func (d *Desk) mayTapIn(l parking.Lane, v *vehicle) error {
	site := d.cfg.State.Site()
	if live := site.ByToken(v.Token); v.Token != "" && len(live) > 0 { // also one that went in at another lane just now
		v.warn(warnToken)
		v.Holder = &live[0]
		d.touch()
	}
	sure := v.Plate != "" && !v.Check && (v.Typed || v.checked || v.Reading.Outcome == vision.OutcomeRead)
	switch {
	case v.Token == "":
		return parking.Errorf(parking.Conflict, "No card was presented.")
	case v.Holder != nil:
		return parking.Errorf(parking.Conflict, "%s", warnToken)
	case v.Plate != "" && len(site.ByPlate(v.Plate)) > 0:
		return parking.Errorf(parking.Conflict, "%s", warnInside)
	case !sure && d.proof(v.Class) == parking.ProofPlate:
		return parking.Errorf(parking.Conflict, "%s", warnType)
	}
	plate, display, check := v.Plate, v.Display, v.Check
	if !sure { // an unsure reading is no plate; it stays in the fact as what was read
		v.Plate, v.Display, v.Check = "", "", false
	}
	err := d.mayEnter(l, v)
	if err != nil {
		v.Plate, v.Display, v.Check = plate, display, check
	}
	return err
}

// mayTapOut says why a vehicle with a card or ticket does not leave by itself:
// its proofs must be in order and nothing due. mu is held.
func (d *Desk) mayTapOut(ctx context.Context, l parking.Lane, v *vehicle) error {
	switch {
	case v.Chosen < 0 || v.picked || !v.Matches[v.Chosen].ByToken:
		return parking.Errorf(parking.Conflict, "%s", warnPick)
	case v.Stage == Paying || v.Due > 0:
		return parking.Errorf(parking.Conflict, "%s is due.", d.sum(v.Due))
	}
	return d.mayLeave(ctx, l, v)
}

// readsOn says whether the vehicle went in by its card and its plate is still
// being read.
func (v *vehicle) readsOn() bool {
	return v.done && v.tapped && v.reading && v.dir == parking.In && v.Plate == "" && v.reason == ""
}

// ReadCards brings the taps of a lane's reader to the desk until ctx ends. At
// most a few wait; those that come faster are dropped and counted.
func (d *Desk) ReadCards(ctx context.Context, code string, reader device.Reader) {
	count := func(change func(r *ReaderView)) {
		d.mu.Lock()
		defer d.mu.Unlock()
		_, p, err := d.lane(code)
		if err != nil {
			return // the lane is not this gate's (yet)
		}
		if p.tokens.reader == nil {
			p.tokens.reader = &ReaderView{Worker: Worker{OK: true}}
		}
		change(p.tokens.reader)
		d.touch()
	}
	taps := make(chan string, waitingTaps)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		for text := range taps {
			if _, err := d.Tap(ctx, code, text); err != nil {
				d.log.Info("a card was not taken", "lane", code, "why", err)
			}
		}
	}()
	reader.Read(ctx, device.Events{
		Tap: func(text string) {
			select {
			case taps <- text:
				count(func(r *ReaderView) { r.Taps++ })
			default:
				count(func(r *ReaderView) { r.Dropped++ })
			}
		},
		Health: func(err error) {
			count(func(r *ReaderView) { r.OK, r.Why = err == nil, sentenceOf(err) })
		},
		Garbage: func() { count(func(r *ReaderView) { r.Garbage++ }) },
	})
	close(taps)
	<-worked
}

func sentenceOf(err error) string {
	if err == nil {
		return ""
	}
	return parking.ErrorMessage(err)
}
