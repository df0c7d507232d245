package simulation

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/internal/demo/banks"
	"gatehouse/parking"
)

// bankSecret is what the simulated bank signs with.
const bankSecret = "what the bank signs with"

// Times of a visit.
const (
	rollsOut  = 8 * time.Second  // from the barrier until the loop behind it
	looksAt   = 90 * time.Second // until the guard looks at the telephone
	walksBack = 8 * time.Minute  // from the kiosk to the exit
	tooLate   = 40 * time.Minute // of who does not
)

// visit is one driver's memory, and what he will do, drawn beforehand.
type visit struct {
	plate  string
	class  parking.Class
	in     time.Duration
	stays  time.Duration
	method parking.Method
	early  bool // pays before he goes to his vehicle
	slow   bool // and is not back in time: the rest is due at the exit
	loses  bool // his card
	refund bool // comes back and gets money
	told   time.Duration
	rng    *rand.Rand

	token     string
	stay      uuid.UUID
	request   uuid.UUID
	gone      bool
	swapped   *post // where another left by his stay
	forgotten bool  // that one: his own stay stays inside

	cash, transfers, back parking.Money
	unheard               parking.Money // of the transfers, what he paid early
	by                    string        // who took the cash last
	tries                 int           // to leave
	why                   string        // the last of them was in vain, as far as he was told
	at                    *post         // where
}

// newVisit draws one: motorbikes with a card, cars by their plate.
func (k *week) newVisit(i int) *visit {
	rng := rand.New(rand.NewPCG(k.w.seed, 10_000+uint64(i))) //nolint:gosec // counts from 0
	v := &visit{
		rng: rng, plate: fmt.Sprintf("59X1%05d", i), class: parking.Motorbike, method: parking.Cash,
		in:    k.w.day / time.Duration(k.stays) * time.Duration(i),
		stays: time.Duration(2+rng.IntN(38)) * time.Minute,
		early: rng.IntN(10) == 0, slow: rng.IntN(4) == 0, loses: rng.IntN(33) == 0, refund: rng.IntN(40) == 0,
	}
	if rng.IntN(5) < 2 {
		v.plate, v.class = fmt.Sprintf("51A%05d", i), parking.Car
	}
	if long := time.Duration(1+rng.IntN(11)) * time.Hour; rng.IntN(8) == 0 && v.in+long < k.w.day {
		v.stays = long
	}
	if rng.IntN(10) < 3 {
		v.method = parking.QR
	}
	switch n := rng.IntN(20); { // when the bank tells
	case n < 14:
		v.told = time.Duration(1+rng.IntN(30)) * time.Second
	case n < 19:
		v.told = looksAt + time.Duration(1+rng.IntN(60))*time.Minute
	default:
		v.told = time.Duration(2+rng.IntN(20)) * time.Hour
	}
	return v
}

// gate is one whose program runs, by the dice of a driver; nil for none.
func (k *week) gate(v *visit) *post { return k.w.open(&driver{rng: v.rng}) }

// again lets a driver try once more a little later.
func (k *week) again(err error, do func()) {
	if err != nil {
		k.w.turnedAway(err)
	}
	k.w.after(30*time.Second+moment(k.rng, 2*time.Minute), do)
}

// comes lets a driver in.
func (k *week) comes(v *visit) {
	p := k.gate(v)
	if p == nil || k.rolling(p, "1") {
		k.again(nil, func() { k.comes(v) })
		return
	}
	if v.stay == uuid.Nil {
		v.stay = uuid.Must(uuid.NewV7())
		if v.class == parking.Motorbike {
			v.token, k.cards = k.cards[0], k.cards[1:]
		}
	}
	_, err := p.node.Desk().In(k.as(p), lane.InRequest{ID: v.stay, Lane: "1", Plate: v.plate, Class: v.class, Token: v.token})
	if err != nil {
		k.again(err, func() { k.comes(v) })
		return
	}
	k.book.came++
	k.visits[v.stay] = v
	k.rolls(p, "1")
	switch {
	case v.early:
		k.w.after(v.stays, func() { k.paysEarly(v) })
	default:
		k.w.after(v.stays, func() { k.leaves(v) })
	}
}

// rolls lets the loop of a lane see the vehicle that was let through.
func (k *week) rolls(p *post, code string) {
	k.rollsAfter(rollsOut, p, code)
}

// rolling says whether somebody stands before a barrier and pays by telephone, or
// is between it and its loop: the next one waits, as drivers do.
func (k *week) rolling(p *post, code string) bool {
	return k.paying[p.code+code] || time.Since(k.acted[p.code+code]) <= rollsOut
}

func (k *week) rollsAfter(wait time.Duration, p *post, code string) {
	k.acted[p.code+code] = time.Now()
	k.w.after(wait, func() {
		if p.node != nil {
			k.w.turnedAway(p.node.Desk().Passage(k.w.ctx, code, lane.PassageReport{Source: lane.SourceLoop}))
		}
	})
}

// leavesAgain lets a driver come to an exit once more a little later.
func (k *week) leavesAgain(v *visit, err error) {
	v.why = "no gate, or somebody before him"
	if err != nil {
		v.why = parking.ErrorMessage(err)
	}
	k.again(err, func() { k.leaves(v) })
}

// leaves lets a driver come to an exit.
func (k *week) leaves(v *visit) {
	v.tries++
	p := k.gate(v)
	if p == nil || k.rolling(p, "2") {
		k.leavesAgain(v, nil)
		return
	}
	if v.swapped != nil {
		k.letsOutSwapped(v)
		return
	}
	if k.cheats(p, v) {
		return
	}
	if v.loses {
		k.leavesWithoutCard(p, v)
		return
	}
	if v.method == parking.QR {
		k.transfers(p, v)
		return
	}
	k.paysCash(p, v)
}

// paysCash hands over notes of fifty thousand and takes the change.
func (k *week) paysCash(p *post, v *visit) {
	const note = 50_000
	request := lane.OutRequest{Lane: "2", Stay: v.stay, Token: v.token, Method: parking.Cash}
	fee, err := p.node.Desk().Fee(k.as(p), lane.FeeRequest{Stay: v.stay})
	if err == nil {
		request.Tendered = (fee.Quote.Due + note - 1) / note * note
		var done lane.OutAnswer
		if done, err = p.node.Desk().Out(k.as(p), request); err == nil {
			if done.Due == 0 {
				request.Tendered = 0 // he puts his note away again
			}
			k.hands(p, v, request.Tendered, done.Change)
			k.out(p, v)
			return
		}
	}
	k.leavesAgain(v, err)
}

// hands is cash that goes from a driver into the drawer of the guard on duty,
// and the change back.
func (k *week) hands(p *post, v *visit, note, change parking.Money) {
	if note == 0 {
		return
	}
	t := k.tills[p.code]
	v.cash += note - change
	v.by, v.at = t.guard, p
	k.book.cash += note - change
	t.cash += note - change
}

// out is a driver who has left.
func (k *week) out(p *post, v *visit) bool {
	k.rolls(p, "2")
	return k.outside(v, p)
}

// outside is what follows for one who was let out.
func (k *week) outside(v *visit, p *post) bool {
	delete(k.paying, p.code+"2")
	v.gone = true
	k.book.left++
	if v.token != "" {
		if !v.loses {
			k.cards = append(k.cards, v.token)
		}
		k.tills[p.code].cards++
	}
	if v.refund && v.cash > 0 {
		k.w.after(10*time.Minute+moment(k.rng, 3*time.Hour), func() { k.complains(v) })
	}
	return true
}

// leavesWithoutCard: the guard writes that the card is lost, and takes cash.
func (k *week) leavesWithoutCard(p *post, v *visit) {
	if v.token == "" {
		v.loses = false
		k.leaves(v)
		return
	}
	desk, as := p.node.Desk(), k.as(p)
	subject, err := desk.Arrive(as, "2", lane.Arrival{Plate: v.plate, Class: v.class, Device: true})
	if err == nil {
		if err = desk.LoseToken(as, "2", subject, v.stay, "he cannot find his card"); err == nil {
			var due parking.Money
			due, err = k.due(p, "2", subject)
			if err == nil {
				if _, err = desk.PayCash(as, "2", subject, due); err == nil {
					k.hands(p, v, due, 0)
					k.book.lost++
					k.out(p, v)
					return
				}
			}
		}
		_ = desk.Clear(as, "2", subject) // he lets the others go first
	}
	k.leavesAgain(v, err)
}

// due is what the subject in front of a lane is asked for.
func (k *week) due(p *post, code string, subject uuid.UUID) (parking.Money, error) {
	for _, l := range p.node.Desk().View().Lanes {
		if l.Lane.Code == code && l.Subject != nil && l.Subject.ID == subject {
			return l.Subject.Due, nil
		}
	}
	return 0, parking.Errorf(parking.Conflict, "Another vehicle is in front.")
}

// transfers pays the VietQR of a lane: the bank tells when it tells; after a
// while the guard looks at the telephone.
func (k *week) transfers(p *post, v *visit) {
	v.request = uuid.Must(uuid.NewV7())
	request := lane.OutRequest{ID: v.request, Lane: "2", Stay: v.stay, Token: v.token, Method: parking.QR}
	done, err := p.node.Desk().Out(k.as(p), request)
	switch {
	case err != nil:
		k.leavesAgain(v, err)
		return
	case !done.Paying:
		k.out(p, v)
		return
	}
	k.paysByPhone(v, done.QR)
	k.paying[p.code+"2"] = true
	k.waits(p, v, request, time.Now().Add(looksAt))
}

// waits is the driver at the barrier: it opens by itself, or the guard looks at
// his telephone after a while.
func (k *week) waits(p *post, v *visit, request lane.OutRequest, until time.Time) {
	k.w.after(rollsOut/2, func() {
		if time.Now().Before(until) && !k.throughByBank(p, v) {
			k.waits(p, v, request, until)
			return
		}
		if !v.gone {
			k.looks(p, v, request)
		}
	})
}

// throughByBank says whether the lane has opened by itself, and lets him go.
func (k *week) throughByBank(p *post, v *visit) bool {
	if p.node == nil {
		return false
	}
	s, err := p.node.State().Stay(k.w.ctx, v.stay)
	if err != nil || s.State != parking.Left {
		return false
	}
	k.book.byBank++
	k.rollsAfter(time.Second, p, "2") // it was opened when nobody looked
	return k.outside(v, p)
}

// looks is the guard after a while: the lane has opened by itself, or he
// confirms what the telephone shows.
func (k *week) looks(p *post, v *visit, request lane.OutRequest) {
	if p.node == nil {
		k.w.after(time.Minute, func() { k.looks(p, v, request) })
		return
	}
	if k.throughByBank(p, v) {
		return
	}
	at := p.node.State().Clock().Now()
	request.Method, request.PayerBank, request.PaidAt = parking.Manual, "VCB", at.Add(-time.Minute)
	done, err := p.node.Desk().Out(k.as(p), request)
	if err != nil {
		k.w.turnedAway(err)
		k.w.after(time.Minute, func() { k.looks(p, v, request) })
		return
	}
	if done.Due > 0 {
		k.book.byHand++
	}
	k.out(p, v)
}

// paysByPhone transfers what a VietQR asks for. The bank tells the cloud, once
// the cloud can be reached.
func (k *week) paysByPhone(v *visit, qr string) {
	code, err := parking.DecodeVietQR(qr)
	k.w.must("read a VietQR", err)
	v.transfers += code.Amount
	k.book.transfers += code.Amount
	k.bank++
	booked := k.w.now()
	transfer := banks.Transfer{
		ID: k.bank, Account: code.Account, Amount: code.Amount, Text: banks.Passed(v.rng, code.Memo), At: booked,
	}
	if v.told > looksAt {
		k.book.late++
	}
	// Whoever is slow has told by the end of the week.
	v.told = max(time.Second, min(v.told, k.w.day+2*time.Hour-time.Since(k.w.began)))
	k.w.after(v.told, func() { k.tell(transfer, v.rng.IntN(10) == 0) })
}

// tell is the bank's word to the cloud.
func (k *week) tell(t banks.Transfer, twice bool) {
	n, err := t.Notice(banks.SePay, banks.Proof{Key: bankSecret}, k.w.now())
	k.w.must("write a notice", err)
	if k.w.cloud.cloud == nil {
		k.w.after(time.Minute, func() { k.tell(t, twice) })
		return
	}
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(k.w.ctx, http.MethodPost, "/webhooks/sepay", strings.NewReader(string(n.Body)))
	request.Header = n.Header
	k.w.cloud.cloud.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		k.w.fail("a bank's notice was answered with %d %s", answer.Code, answer.Body)
	}
	if twice {
		k.tell(t, false)
	}
}

// complains is a driver who comes back to where he paid, and gets a part.
func (k *week) complains(v *visit) {
	p := v.at
	if p.node == nil {
		k.w.after(time.Minute, func() { k.complains(v) })
		return
	}
	s, err := p.node.State().Stay(k.w.ctx, v.stay)
	if err != nil {
		return // another gate's news of two days ago
	}
	at := slices.IndexFunc(s.Payments, func(q parking.Payment) bool { return q.Method == parking.Cash && q.Left() > 0 })
	if at < 0 {
		return
	}
	amount := parking.Money(1000)
	if v.rng.IntN(2) == 0 {
		amount = s.Payments[at].Left()
	}
	done, err := p.node.Desk().GiveBack(k.as(p), lane.Refund{Stay: v.stay, Payment: s.Payments[at].ID, Amount: amount, Reason: "charged too much"})
	if err != nil {
		k.w.turnedAway(err)
		return
	}
	v.back += done.Amount
	k.book.refunds++
	k.book.back += done.Amount
	k.tills[p.code].cash -= done.Amount
}

// paysEarly pays at a gate's window before he goes to his vehicle: cash to the
// guard, or by his telephone.
func (k *week) paysEarly(v *visit) {
	p := k.gate(v)
	if p == nil {
		k.again(nil, func() { k.paysEarly(v) })
		return
	}
	v.early = false
	walk := walksBack
	if v.slow {
		walk = tooLate
	}
	request := lane.EarlyPayment{ID: uuid.Must(uuid.NewV7()), Stay: v.stay, Method: v.method}
	paid, err := p.node.Desk().PayEarly(k.as(p), request)
	switch {
	case err != nil:
		k.w.turnedAway(err)
		k.w.after(time.Minute, func() { k.leaves(v) })
		return
	case paid.Paying:
		v.told = time.Second // he waits for the bank at the window
		before := v.transfers
		k.paysByPhone(v, paid.QR)
		v.unheard = v.transfers - before // by the gate, if it is cut off
	default:
		k.hands(p, v, paid.Due, 0)
	}
	k.book.early++
	k.w.after(walk, func() { k.leaves(v) })
}

// tale is a visit for a message.
func (v *visit) tale() string {
	text, err := json.Marshal(map[string]any{"plate": v.plate, "stay": v.stay, "cash": v.cash, "transfers": v.transfers, "back": v.back, "gone": v.gone, "in": v.in, "method": v.method, "swapped": v.swapped != nil, "tries": v.tries, "why": v.why})
	if err != nil {
		return err.Error()
	}
	return string(text)
}
