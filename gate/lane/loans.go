package lane

import (
	"context"
	"slices"
	"time"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// stock is how many free slots of each class a gate wants to have for its next
// vehicles without asking anybody: below it, it asks to be lent some, and lends
// none itself. Beyond twice the stock it gives back what it borrowed.
const stock = 2

// askAgain is how long a gate does not ask again for a slot that it was refused
// while that stands as it stood. On a full site all gates are short: without a
// pause each refusal is news that makes the next gate ask.
const askAgain = 30 * time.Second

// wishes is what became of the slots that a gate has asked for.
type wishes struct {
	asked   map[string]int64     // by slot: the number of its last loan, when it was asked for
	refused map[string]time.Time // by slot: since when
}

func newWishes() wishes {
	return wishes{asked: map[string]int64{}, refused: map[string]time.Time{}}
}

// look takes in what the feed tells of the slots that were asked for: a number
// that was used up without a loan is a refusal; a slot that was taken meanwhile
// may be asked for as soon as it is free.
func (w *wishes) look(site *state.Site, now time.Time) {
	for code, n := range w.asked {
		if s, ok := site.Slot(code); !ok || s.Loan.N > n {
			delete(w.asked, code)
			if ok && !s.Loan.Open() {
				w.refused[code] = now
			}
		}
	}
	for code, at := range w.refused {
		if s, ok := site.Slot(code); !ok || s.State != parking.SlotFree || now.Sub(at) >= askAgain || now.Before(at) {
			delete(w.refused, code)
		}
	}
}

// ask notes what is asked for.
func (w *wishes) ask(site *state.Site, codes []string) {
	for _, code := range codes {
		if s, ok := site.Slot(code); ok {
			if _, under := w.asked[code]; !under {
				w.asked[code] = s.Loan.N
			}
		}
	}
}

// Notes about loans (docs/SLOTS.md) are made and answered here, since only the
// desk knows what stands offered at a lane: what is, is neither lent nor given
// back until the vehicle has taken it or gone.

// LoanNote is what this gate has to say to the cloud about loans of slots.
func (d *Desk) LoanNote(ctx context.Context) (parking.LoanNote, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	note, err := d.loanNote(ctx)
	if err != nil {
		return note, err
	}
	site := d.cfg.State.Site()
	d.wishes.look(site, d.cfg.Now())
	note.Want = d.wanted(site)
	d.wishes.ask(site, note.Want)
	return note, nil
}

// loanNote is what there is to say but for what this gate would like to have. mu
// is held.
func (d *Desk) loanNote(ctx context.Context) (parking.LoanNote, error) {
	offered := d.offered(nil)
	site := d.cfg.State.Site()
	d.cfg.State.GiveUp(unneeded(site, offered)...)
	return d.cfg.State.LoanNote(context.WithoutCancel(ctx), offered)
}

// wanted lists the slots that this gate asks for. mu is held.
func (d *Desk) wanted(site *state.Site) []string {
	refused := func(code string) bool { return !d.wishes.refused[code].IsZero() }
	out := nearestElsewhere(site, d.classesIn(), d.position(), d.turn, refused)
	d.turn++
	for _, p := range d.lanes {
		// What the guard chose by hand is asked for by name.
		for _, v := range p.order() {
			if v.chosen && !v.done && v.Slot != "" && !site.MayOffer(v.Slot) && !refused(v.Slot) && !slices.Contains(out, v.Slot) {
				out = append(out, v.Slot)
			}
		}
	}
	return out
}

// Lend answers the cloud's question about loans. What was asked for and is
// neither lent nor kept could not be written down. An answer asks for nothing
// itself: gates that are all short would ask one another without end.
func (d *Desk) Lend(ctx context.Context, r parking.LendRequest) (parking.LoanNote, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var kept []parking.Returned
	for _, ask := range r.Lend {
		lent := false
		if site := d.cfg.State.Site(); d.spare(site, ask) {
			var err error
			if lent, err = d.cfg.State.Lend(context.WithoutCancel(ctx), ask); err != nil {
				d.log.Warn("a slot was not lent", "slot", ask.Slot, "error", err)
				continue
			}
		}
		if !lent {
			kept = append(kept, parking.Returned{Slot: ask.Slot, N: ask.N})
		}
	}
	offered := d.offered(nil)
	d.cfg.State.GiveUp(slices.DeleteFunc(slices.Clone(r.Recall), func(code string) bool { return offered[code] })...)
	note, err := d.loanNote(ctx)
	if err != nil {
		return note, err
	}
	// What is lent already, under this question or another, is told in Lent.
	note.Kept = slices.DeleteFunc(kept, func(k parking.Returned) bool {
		return slices.ContainsFunc(note.Lent, func(l parking.LentWord) bool { return l.Slot == k.Slot })
	})
	if len(r.Lend) > 0 || len(note.Lent) > 0 {
		d.touch()
	}
	return note, nil
}

// spare says whether the slot may go to another gate: it is offered at no lane
// and the stock of its classes stays. A question that was answered before is
// answered the same again. mu is held.
func (d *Desk) spare(site *state.Site, ask parking.Asked) bool {
	slot, ok := site.Slot(ask.Slot)
	if !ok || d.offered(nil)[ask.Slot] {
		return false
	}
	if ask.ForGood || !site.MayOffer(ask.Slot) {
		return true // the ledger decides
	}
	for _, class := range slot.Classes {
		if slices.Contains(d.classesIn(), class) && len(freeHere(site, class)) <= stock {
			return false
		}
	}
	return true
}

// classesIn are the classes that this gate's lanes let in. mu is held.
func (d *Desk) classesIn() []parking.Class {
	var out []parking.Class
	for _, l := range d.cfg.State.Site().Lanes() {
		if l.Direction == parking.In && !slices.Contains(out, l.Class) {
			out = append(out, l.Class)
		}
	}
	return out
}

// freeHere lists the free slots of a class that this gate may hand out.
func freeHere(site *state.Site, class parking.Class) []parking.Slot {
	var out []parking.Slot
	for _, s := range site.Slots {
		if s.State == parking.SlotFree && s.Takes(class) && site.MayOffer(s.Code) {
			out = append(out, s)
		}
	}
	return out
}

// nearestElsewhere lists the slots that a gate would like to be lent, as many as
// its stock lacks: the nearest ones of one other gate, the nearest gate first and
// with each turn the next, since one that is away or short itself lends nothing.
func nearestElsewhere(site *state.Site, classes []parking.Class, from parking.Point, turn int, refused func(code string) bool) []string {
	var out []string
	for _, class := range classes {
		lack := stock - len(freeHere(site, class))
		if lack <= 0 {
			continue
		}
		by := map[string][]string{}
		var gates []string
		for _, s := range parking.Nearest(site.Slots, class, from, func(s parking.Slot) bool { return site.MayOffer(s.Code) || refused(s.Code) }) {
			gate := s.Home
			if s.Loan.Open() {
				gate = s.Loan.To
			}
			if by[gate] == nil {
				gates = append(gates, gate)
			}
			by[gate] = append(by[gate], s.Code)
		}
		if len(gates) == 0 {
			continue
		}
		for _, code := range by[gates[turn%len(gates)]] {
			if lack > 0 && !slices.Contains(out, code) {
				out = append(out, code)
				lack--
			}
		}
	}
	return out
}

// unneeded lists borrowed slots that a gate gives back: those that a vehicle
// stands in, so that their home hands them out when it has left, and those
// beyond twice the stock.
func unneeded(site *state.Site, offered map[string]bool) []string {
	var out []string
	surplus := false
	for _, s := range site.Slots {
		if s.Home == site.Gate || !site.MayOffer(s.Code) || offered[s.Code] || site.NearFrom(s.Code) != "" {
			continue
		}
		taken := s.State != parking.SlotFree
		if taken || !surplus && enough(site, s) {
			out = append(out, s.Code)
		}
		surplus = surplus || !taken // one at a time, and look again
	}
	return out
}

// enough says whether a gate has plenty without a borrowed slot.
func enough(site *state.Site, borrowed parking.Slot) bool {
	for _, class := range borrowed.Classes {
		if len(freeHere(site, class))-1 < 2*stock {
			return false
		}
	}
	return true
}
