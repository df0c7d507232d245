package lane

import (
	"context"
	"slices"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// stock is how many free slots of each class a gate wants to have for its next
// vehicles without asking anybody: below it, it asks to be lent some, and lends
// none itself. Beyond twice the stock it gives back what it borrowed.
const stock = 2

// Notes about loans (docs/SLOTS.md) are made and answered here, since only the
// desk knows what stands offered at a lane: what is, is neither lent nor given
// back until the vehicle has taken it or gone.

// LoanNote is what this gate has to say to the cloud about loans of slots.
func (d *Desk) LoanNote(ctx context.Context) (parking.LoanNote, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.loanNote(ctx)
}

func (d *Desk) loanNote(ctx context.Context) (parking.LoanNote, error) {
	offered := d.offered(nil)
	site := d.cfg.State.Site()
	d.cfg.State.GiveUp(unneeded(site, offered)...)
	note, err := d.cfg.State.LoanNote(context.WithoutCancel(ctx), offered)
	if err != nil {
		return note, err
	}
	note.Want = wanted(d.cfg.State.Site(), d.classesIn(), d.position(), d.turn)
	d.turn++
	for _, p := range d.lanes {
		// What the guard chose by hand is asked for by name.
		for _, v := range p.order() {
			if v.chosen && !v.done && v.Slot != "" && !site.MayOffer(v.Slot) && !slices.Contains(note.Want, v.Slot) {
				note.Want = append(note.Want, v.Slot)
			}
		}
	}
	return note, nil
}

// Lend answers the cloud's question about loans. What was asked for and is
// neither lent nor kept could not be written down.
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

// wanted lists the slots that a gate would like to be lent, as many as its
// stock lacks: the nearest ones of one other gate, the nearest gate first and
// with each turn the next, since one that is away or short itself lends nothing.
func wanted(site *state.Site, classes []parking.Class, from parking.Point, turn int) []string {
	var out []string
	for _, class := range classes {
		lack := stock - len(freeHere(site, class))
		if lack <= 0 {
			continue
		}
		by := map[string][]string{}
		var gates []string
		for _, s := range parking.Nearest(site.Slots, class, from, func(s parking.Slot) bool { return site.MayOffer(s.Code) }) {
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
