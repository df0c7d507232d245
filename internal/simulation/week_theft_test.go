package simulation

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// theft is what the dishonest guard has done, as he remembers it.
type theft struct {
	noEntry  int                         // vehicles that came and went with nothing written
	cheaper  int                         // exits for another stay, which cost less
	picks    map[uuid.UUID]parking.Money // by the stay that was taken, how much less
	saved    parking.Money               // by which they cost less
	promised int                         // transfers that he confirmed and that never came
	claimed  parking.Money               // of them
	byHand   int                         // barriers that he opened by hand
	restored int                         // old databases that he copied back
	short    parking.Money               // that he took out of his drawer
}

// How long ago the last one was at a lane at which nobody is.
const (
	quietFor = 10 * time.Minute // for what nothing may be written of
	calmFor  = 2 * time.Minute  // for a barrier opened by hand: there is such a moment several times an hour
)

// onDuty says whether the dishonest guard stands at a gate.
func (k *week) onDuty(p *post) bool { return p.node != nil && k.tills[p.code].guard == thief }

// quiet says whether nobody is at a lane, or was so long before.
func (k *week) quiet(p *post, code string, before time.Duration) bool {
	for _, l := range p.node.Desk().View().Lanes {
		if l.Lane.Code == code {
			return (l.Subject == nil || l.Subject.Stage == lane.HasPassed) && time.Since(k.acted[p.code+code]) > before
		}
	}
	return false
}

// planTheft: in each night of his, vehicles that he lets through by the
// barrier's key, and once an old database.
func (k *week) planTheft() {
	w := k.w
	p := w.posts[slices.Index(w.codes, "E")]
	for night := shift; night+shift <= w.day; night += 2 * shift {
		for range 3 {
			w.after(night+time.Hour+moment(k.rng, 9*time.Hour), func() { k.letsThrough(p, "1", func() { k.letsThrough(p, "2", func() { k.theft.noEntry++ }) }) })
		}
	}
	night := shift + time.Hour + moment(k.rng, 6*time.Hour)
	image := ""
	w.after(night, func() {
		if k.onDuty(p) {
			var err error
			image, err = p.image()
			w.must("image of gate "+p.code, err)
		}
	})
	w.after(night+90*time.Minute, func() { k.copiesBack(p, &image) })
}

// letsThrough opens a barrier by its key: the loop sees a vehicle, and nothing
// else is written. The driver's money is the guard's.
func (k *week) letsThrough(p *post, code string, then func()) {
	if !k.onDuty(p) {
		return
	}
	if !k.quiet(p, code, quietFor) {
		k.w.after(3*time.Minute, func() { k.letsThrough(p, code, then) })
		return
	}
	k.w.turnedAway(p.node.Desk().Passage(k.w.ctx, code, lane.PassageReport{Source: lane.SourceLoop}))
	k.acted[p.code+code] = time.Now()
	then()
}

// copiesBack puts the gate's disk back to what it was, to make what he took
// since then be unwritten. The cloud has it: his drawer is short.
func (k *week) copiesBack(p *post, image *string) {
	if *image == "" || !k.onDuty(p) {
		return
	}
	if p.node.Link().Queue > 0 { // what the cloud does not have would be gone for good
		k.w.after(time.Minute, func() { k.copiesBack(p, image) })
		return
	}
	k.w.must("end gate "+p.code, p.stop())
	k.w.must("copy an old database back", p.putAside(*image, true))
	k.w.after(time.Minute, func() { k.w.must("start", p.start()) })
	t := k.tills[p.code]
	t.cash -= 5000
	t.pocketed += 5000
	t.rolledBack = true
	k.theft.short += 5000
	k.theft.restored++
}

// cheats lets the dishonest guard make money of an exit that is paid in cash. It
// says whether he did.
func (k *week) cheats(p *post, v *visit) bool {
	if !k.onDuty(p) || v.early || v.loses || v.method != parking.Cash || v.refund {
		return false
	}
	switch v.rng.IntN(4) {
	case 0:
		return k.promises(p, v)
	case 1, 2:
		return k.picksCheaper(p, v)
	}
	return false
}

// promises takes the cash and says that it was transferred.
func (k *week) promises(p *post, v *visit) bool {
	at := p.node.State().Clock().Now()
	done, err := p.node.Desk().Out(k.as(p), lane.OutRequest{
		Lane: "2", Stay: v.stay, Token: v.token, Method: parking.Manual, PayerBank: "MB", PaidAt: at.Add(-time.Minute),
	})
	if err != nil || done.Due == 0 {
		k.w.turnedAway(err)
		return err == nil && k.out(p, v)
	}
	k.theft.promised++
	k.theft.claimed += done.Due
	v.transfers += done.Due // as the books must have it
	k.book.transfers += done.Due
	return k.out(p, v)
}

// picksCheaper takes an exit for the stay of a vehicle whose plate is alike and
// which came later, and pockets the difference. Its driver is let out by hand
// when he comes; the one who left is inside for ever.
func (k *week) picksCheaper(p *post, v *visit) bool {
	desk, as := p.node.Desk(), k.as(p)
	digit := byte('0')
	if v.plate[len(v.plate)-1] == digit {
		digit = '1'
	}
	subject, err := desk.Arrive(as, "2", lane.Arrival{Plate: v.plate[:len(v.plate)-1] + string(digit), Class: v.class, Device: true})
	if err != nil {
		k.w.turnedAway(err)
		return false
	}
	var shown *lane.Subject
	for _, l := range desk.View().Lanes {
		if l.Lane.Code == "2" && l.Subject != nil && l.Subject.ID == subject {
			shown = l.Subject
		}
	}
	if shown == nil {
		return false // others are before him
	}
	own := slices.IndexFunc(shown.Matches, func(m lane.Match) bool { return m.Stay.ID == v.stay })
	pick := slices.IndexFunc(shown.Matches, func(m lane.Match) bool {
		other := k.visits[m.Stay.ID]
		return own == 0 && other != nil && other != v && !other.gone && !other.early && other.method == parking.Cash && !other.refund &&
			m.QuoteErr == "" && m.Quote.Due > 0 && m.Quote.Due < shown.Matches[0].Quote.Due
	})
	if pick < 0 {
		k.w.turnedAway(desk.Clear(as, "2", subject))
		return false
	}
	other, saved := k.visits[shown.Matches[pick].Stay.ID], max(0, shown.Matches[0].Quote.Fee-shown.Matches[pick].Quote.Fee)
	due := shown.Matches[pick].Quote.Due
	if err = desk.Pick(as, "2", subject, pick); err == nil {
		_, err = desk.PayCash(as, "2", subject, due)
	}
	k.w.must("take an exit for another", err)
	k.theft.cheaper++
	k.theft.saved += saved
	k.theft.picks[shown.Matches[pick].Stay.ID] = saved
	other.cash += due // as the books must have it
	k.book.cash += due
	k.tills[p.code].cash += due
	other.swapped = p
	v.gone, v.forgotten = true, true
	k.rolls(p, "2")
	return true
}

// letsOutSwapped is the exit of a driver whose stay another has left by.
func (k *week) letsOutSwapped(v *visit) {
	p := v.swapped
	if !k.onDuty(p) || !k.quiet(p, "2", calmFor) {
		k.again(nil, func() { k.letsOutSwapped(v) })
		return
	}
	err := p.node.Desk().OpenByHand(lane.WithActor(k.w.ctx, thief), "2", "the reader is broken")
	if err != nil {
		k.w.turnedAway(err)
		k.again(nil, func() { k.letsOutSwapped(v) })
		return
	}
	k.theft.byHand++
	k.book.left++
	v.gone = true
	k.rolls(p, "2")
}
