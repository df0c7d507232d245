package lane

import (
	"context"
	"slices"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// Slots are lent over the local network while the internet is cut
// (docs/NEIGHBOURS.md). The notes are made and answered here, since only the desk
// knows what stands offered at a lane. All of it goes on beside the lanes: a gate
// asks ahead, and no vehicle waits for an answer.

// NearLoan is a slot that is lent over the local network, as it is shown.
type NearLoan = state.NearLine

// nearTurn is which neighbour is asked. mu guards it.
type nearTurn struct {
	n      int // counts up when the one whose turn it is has lent nothing
	passed int // notes to others since that one was asked
	asked  string
	had    int // loans before it was asked
}

// nearPatience is how many notes to others a neighbour is waited for whose turn
// it is: heard it is, but perhaps it cannot be asked.
const nearPatience = 6

// NearNote is what this gate has to say to a neighbour about the slots of that
// one: what it has of them, what it gives back, and, while it is cut off and
// short of slots, how many it would like to have.
func (d *Desk) NearNote(ctx context.Context, home string) (parking.NearNote, error) {
	var heard []Neighbour
	if d.cfg.Neighbours != nil {
		heard = d.cfg.Neighbours()
	}
	cut := d.link().State == Offline
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.cfg.State.Site()
	d.cfg.State.NearGiveUp(nearUnneeded(before, d.offered(nil), cut)...)
	note, err := d.cfg.State.NearNote(context.WithoutCancel(ctx), home)
	if err != nil || !cut {
		return note, err
	}
	site := d.cfg.State.Site()
	for _, class := range d.classesIn() {
		lack := stock - len(freeHere(site, class))
		if lack <= 0 || d.nearAsk(site, class, heard, home) != home {
			continue
		}
		if note.Need == nil {
			note.Need = map[parking.Class]int{}
		}
		note.Need[class] = min(stock, lack+countNear(site, class, home))
	}
	if len(note.Need) > 0 {
		note.Skip = append(note.Skip, notFree(site, home)...)
		d.near.asked, d.near.had = home, len(note.Have)
	}
	return note, nil
}

// nearAsk says which neighbour is asked for slots of a class: of those that are
// heard and seem to have some the one with the nearest first, and with each turn
// the next, so that never two are asked for the same lack. mu is held.
func (d *Desk) nearAsk(site *state.Site, class parking.Class, heard []Neighbour, now string) string {
	var gates []string
	for _, s := range parking.Nearest(site.Slots, class, d.position(), nil) {
		if s.Home != site.Gate && Heard(heard, s.Home) && !slices.Contains(gates, s.Home) {
			gates = append(gates, s.Home)
		}
	}
	if len(gates) == 0 {
		return ""
	}
	at := gates[d.near.n%len(gates)]
	if at == now {
		d.near.passed = 0
	} else if d.near.passed++; d.near.passed > nearPatience {
		d.near.n, d.near.passed = d.near.n+1, 0
	}
	return at
}

// countNear counts the free slots of a class that a gate has lent to this one
// over the local network.
func countNear(site *state.Site, class parking.Class, home string) int {
	n := 0
	for _, s := range freeHere(site, class) {
		if site.NearFrom(s.Code) == home {
			n++
		}
	}
	return n
}

// maxSkip bounds how many slots are named that are not seen free.
const maxSkip = 150

// notFree lists slots of a gate that are not free here: one of the two may not
// know yet, and they would be lent in vain.
func notFree(site *state.Site, home string) []string {
	var out []string
	for _, s := range site.Slots {
		if s.Home == home && s.State != parking.SlotFree && len(out) < maxSkip {
			out = append(out, s.Code)
		}
	}
	return out
}

// nearUnneeded lists what is given back of the slots that neighbours have lent: a
// loan is for one vehicle; with the line back the rest goes home, and beyond
// twice the stock one after the other.
func nearUnneeded(site *state.Site, offered map[string]bool, cut bool) []string {
	var out []string
	surplus := false
	for _, s := range site.Slots {
		if offered[s.Code] || site.NearFrom(s.Code) == "" {
			continue
		}
		taken := s.State != parking.SlotFree
		if taken || !cut || !site.MayOffer(s.Code) || !surplus && enough(site, s) {
			out = append(out, s.Code)
			surplus = surplus || !taken
		}
	}
	return out
}

// NearTold takes a neighbour's answer to a note.
func (d *Desk) NearTold(_ context.Context, home string, a parking.NearAnswer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cfg.State.NearTold(home, a)
	if d.near.asked == home {
		if len(a.Lent) <= d.near.had {
			d.near.n++ // it is short itself: the next one
		}
		d.near.asked = ""
	}
	d.touch()
}

// NearHeard answers a neighbour's note: it takes back what that one gives back,
// and lends it of this gate's own home slots what it needs and can be spared.
func (d *Desk) NearHeard(ctx context.Context, from string, n parking.NearNote) (parking.NearAnswer, error) {
	if err := n.Check(); err != nil {
		return parking.NearAnswer{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	if err := d.cfg.State.NearTake(ctx, from, n); err != nil {
		return parking.NearAnswer{}, err
	}
	for class, need := range n.Need {
		if err := d.nearLend(ctx, from, n, class, min(need, stock)); err != nil {
			d.log.Warn("a slot was not lent to a neighbour", "gate", from, "error", err)
		}
	}
	return parking.NearAnswer{Lent: d.cfg.State.NearLentTo(from)}, nil
}

// nearLend lends until the neighbour has as many free slots of a class as it
// needs: what it was lent and has not heard of counts, so that asking again gives
// the same. mu is held.
func (d *Desk) nearLend(ctx context.Context, to string, n parking.NearNote, class parking.Class, need int) error {
	site := d.cfg.State.Site()
	has := 0
	for _, l := range d.cfg.State.NearLentTo(to) {
		s, ok := site.Slot(l.Slot)
		back := slices.ContainsFunc(n.Back, func(b parking.NearBack) bool { return b.Slot == l.Slot && b.N == l.N })
		if ok && !back && l.Epoch == n.Epoch && s.State == parking.SlotFree && s.Takes(class) {
			has++
		}
	}
	at := slices.IndexFunc(site.Config.Gates, func(g parking.Gate) bool { return g.Code == to })
	if at < 0 {
		return nil
	}
	free := parking.Nearest(site.Slots, class, site.Config.Gates[at].At, func(s parking.Slot) bool {
		return s.Home != site.Gate || !site.MayOffer(s.Code) || slices.Contains(n.Skip, s.Code) || d.heldElsewhere(s.Code)
	})
	for _, s := range free {
		if has >= need {
			break
		}
		if !d.spare(d.cfg.State.Site(), parking.Asked{Slot: s.Code}) {
			continue
		}
		lent, err := d.cfg.State.NearLend(ctx, s.Code, to, n.Epoch)
		if err != nil {
			return err
		}
		if lent {
			d.log.Info("a slot is lent to a neighbour", "slot", s.Code, "gate", to)
			d.touch()
			has++
		}
	}
	return nil
}
