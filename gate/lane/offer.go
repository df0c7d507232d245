package lane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gatehouse/parking"
)

// Warnings about an offer.
const (
	warnFull    = "There is no free slot for this class; it goes in without one."
	warnGone    = "The line is down: this slot may be taken by another gate."
	warnOthers  = "This gate has no free slot of its own for this class; choose another by hand, or let it in without one."
	warnNotLent = "%s may be handed out by another gate, which has not lent it."
	warnShare   = "This gate's share of the zone is used up while the line is down."
	warnInside  = "This plate is inside already."
	warnToken   = "This card is in use by a vehicle that is inside."
	warnNoZone  = "No zone of this site takes this class."
	warnZoneMax = "The zone is full by its count."
	warnHeld    = "Another gate holds %s just now."
)

// placeWarnings are those that belong to a place.
var placeWarnings = slices.Clip([]string{warnFull, warnGone, warnOthers, warnNoZone, warnZoneMax, warnShare})

// offer finds where an arriving vehicle shall go: the nearest free slot of
// its class, or a counted zone; and asks the cloud to hold the slot. A slot
// that the guard chose stays. mu is held.
func (d *Desk) offer(l parking.Lane, v *vehicle) {
	if v.done {
		return
	}
	site := d.cfg.State.Site()
	for _, w := range append(placeWarnings, warnInside, warnToken) {
		v.forget(w)
	}
	if v.Plate != "" && len(site.ByPlate(v.Plate)) > 0 {
		v.warn(warnInside)
	}
	v.Holder = nil
	if live := site.ByToken(v.Token); v.Token != "" && len(live) > 0 {
		v.warn(warnToken)
		v.Holder = &live[0]
	}
	if v.chosen {
		return
	}
	d.place(v, d.suggest(l, v.Class, v))
}

// suggestion is where a vehicle of a class should go.
type suggestion struct {
	zone, slot string
	metres     float64
	foreign    bool // another gate hands the slot out
	maybeGone  bool // and nothing is heard of that gate: somebody may stand there
	share      *int // what is left of this gate's share of a counted zone, while cut off
	warnings   []string
}

// place puts a suggestion on the vehicle and holds its slot. mu is held.
func (d *Desk) place(v *vehicle, s suggestion) {
	for _, w := range s.warnings {
		v.warn(w)
	}
	if s.slot != v.Slot || s.slot == "" {
		d.letGo(v)
	}
	if v.Slot != "" {
		v.forget(fmt.Sprintf(warnNotLent, v.Slot))
	}
	if s.foreign && !s.maybeGone {
		v.warn(fmt.Sprintf(warnNotLent, s.slot))
	}
	v.Zone, v.Slot, v.Metres, v.MayBeGone, v.ShareLeft = s.zone, s.slot, s.metres, s.maybeGone, s.share
	// What a neighbour has lent the cloud knows nothing of: it is not asked.
	near := d.cfg.State.Site().NearFrom(s.slot) != ""
	if s.slot != "" && !s.foreign && !near && v.holding == nil && d.cfg.Plans != nil {
		ctx, cancel := context.WithCancel(v.ctx)
		v.holding = cancel
		d.spawn(func() { d.keep(ctx, v, s.slot) })
	}
}

// letGo ends the hold of the slot that was offered so far. mu is held.
func (d *Desk) letGo(v *vehicle) {
	if v.holding != nil {
		v.holding()
		v.holding = nil
	}
	v.hold, v.HeldUntil = Hold{}, time.Time{}
}

// suggest finds the place for a class at a lane: the nearest free slot of those
// that this gate may hand out, its home slots and those that are lent to it,
// with the cloud or without. So nobody waits for the cloud, and two gates whose
// vehicles go where they are offered never meet in one slot. Slots offered at
// this gate's other lanes or held by another gate are passed over. v is whom it
// is for, nil for nobody yet. mu is held.
func (d *Desk) suggest(l parking.Lane, class parking.Class, v *vehicle) suggestion {
	site := d.cfg.State.Site()
	zone, numbered := d.zoneFor(l, class)
	if !numbered {
		return d.countedSuggestion(zone, class)
	}
	taken := d.offered(v)
	from := d.position()
	others := false
	free := parking.Nearest(site.Slots, class, from, func(s parking.Slot) bool {
		if !site.MayOffer(s.Code) {
			others = true
			return true
		}
		return taken[s.Code] || v != nil && v.refused[s.Code] || d.heldElsewhere(s.Code)
	})
	// A zone that is the lane's own comes first, and in it what no neighbour has
	// lent: that goes back the sooner.
	near := func(s parking.Slot) int {
		if site.NearFrom(s.Code) != "" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(free, func(a, b parking.Slot) int {
		return cmp.Or(rank(a, zone)-rank(b, zone), near(a)-near(b))
	})
	if len(free) == 0 {
		why := warnFull
		if others {
			why = warnOthers
		}
		return suggestion{zone: d.anyZone(zone, class), warnings: []string{why}}
	}
	s := free[0]
	return suggestion{zone: s.Zone, slot: s.Code, metres: from.Distance(s.At)}
}

func rank(s parking.Slot, zone string) int {
	if zone != "" && s.Zone != zone {
		return 1
	}
	return 0
}

// zoneFor says which zone a class goes to ("" for any) and whether it has
// slots.
func (d *Desk) zoneFor(l parking.Lane, class parking.Class) (zone string, numbered bool) {
	site := d.cfg.State.Site()
	if l.Zone != "" && class == l.Class {
		if z, ok := site.Zone(l.Zone); ok {
			return z.Code, z.Kind == parking.Numbered
		}
	}
	if slices.ContainsFunc(site.Slots, func(s parking.Slot) bool { return s.Takes(class) }) {
		return "", true
	}
	best, room, cut := "", 0, d.link().State == Offline
	for _, z := range site.Config.Zones {
		if n, ok := z.Capacity[class]; ok && z.Kind == parking.Counted {
			left := n - d.insideZone(z.Code, class)
			if cut {
				left = site.ShareLeft(z.Code, class)
			}
			if best == "" || left > room {
				best, room = z.Code, left
			}
		}
	}
	return best, false
}

func (d *Desk) countedSuggestion(zone string, class parking.Class) suggestion {
	if zone == "" {
		return suggestion{zone: d.anyZone("", class), warnings: []string{warnNoZone}}
	}
	s := suggestion{zone: zone}
	site := d.cfg.State.Site()
	z, _ := site.Zone(zone)
	if d.link().State == Offline {
		left := site.ShareLeft(zone, class)
		s.share = &left
	}
	switch {
	case d.insideZone(zone, class) >= z.Capacity[class]:
		s.warnings = []string{warnZoneMax}
	case s.share != nil && *s.share <= 0:
		s.warnings = []string{warnShare}
	}
	return s
}

// anyZone names a zone for a vehicle that goes in without a place: every
// stay is in some zone.
func (d *Desk) anyZone(zone string, class parking.Class) string {
	site := d.cfg.State.Site()
	if zone != "" {
		return zone
	}
	for _, s := range site.Slots {
		if s.Takes(class) {
			return s.Zone
		}
	}
	if len(site.Config.Zones) > 0 {
		return site.Config.Zones[0].Code
	}
	return ""
}

func (d *Desk) insideZone(zone string, class parking.Class) int {
	n := 0
	for _, s := range d.cfg.State.Site().Inside {
		if s.Zone == zone && s.Class == class {
			n++
		}
	}
	return n
}

// offered lists the slots that this gate's lanes offer just now to others
// than except. mu is held.
func (d *Desk) offered(except *vehicle) map[string]bool {
	taken := map[string]bool{}
	for _, p := range d.lanes {
		for _, v := range p.order() {
			if v != except && !v.done && v.Slot != "" {
				taken[v.Slot] = true
			}
		}
	}
	return taken
}

// heldElsewhere says whether another gate holds the slot by a plan.
func (d *Desk) heldElsewhere(slot string) bool {
	h, ok := d.cfg.State.Site().Held(slot, d.cfg.Now())
	return ok && h.Gate != d.cfg.Gate
}

// position is where this gate stands.
func (d *Desk) position() parking.Point {
	g, _ := d.cfg.State.Site().ThisGate()
	return g.At
}

// Pauses of keep.
const (
	planRetry   = 5 * time.Second // after the cloud could not be asked
	shortestNap = time.Second
)

// keep holds a slot at the cloud while it is offered, renewed long before it
// runs out, and gives it back when the offer ends. A slot that somebody else
// holds is left for the next nearest.
func (d *Desk) keep(ctx context.Context, v *vehicle, slot string) {
	hold := d.unspend(slot)
	for {
		nap := planRetry
		next, err := d.ask(ctx, hold, slot)
		switch {
		case err == nil:
			hold = next
			nap = max(shortestNap, hold.Left/3)
			d.mu.Lock()
			if ctx.Err() == nil && v.Slot == slot {
				v.hold, v.HeldUntil = hold, d.cfg.Now().Add(hold.Left)
				d.touch()
			}
			d.mu.Unlock()
		case parking.ErrorCode(err) == parking.Conflict && hold.Token == "":
			d.lost(ctx, v, slot)
			return
		case parking.ErrorCode(err) == parking.Conflict: // it ran out: ask for it anew
			hold = Hold{}
			continue
		default:
			// The line is down. What was held may be held still: it is renewed, or
			// found to have run out, once the line is back.
		}
		select {
		case <-ctx.Done():
			d.giveBack(v, hold)
			return
		case <-time.After(nap):
		}
	}
}

func (d *Desk) ask(ctx context.Context, hold Hold, slot string) (Hold, error) {
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	if hold.Token == "" {
		return d.cfg.Plans.Reserve(ctx, slot)
	}
	return d.cfg.Plans.Renew(ctx, hold)
}

// lost offers the next nearest after somebody else turned out to hold slot.
func (d *Desk) lost(ctx context.Context, v *vehicle, slot string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil || v.done || v.Slot != slot {
		return
	}
	v.refused[slot] = true
	d.letGo(v)
	if v.chosen {
		v.warn(fmt.Sprintf(warnHeld, slot))
		d.touch()
		return
	}
	for _, p := range d.lanes {
		if slices.Contains(p.order(), v) {
			if l, _, err := d.lane(p.code); err == nil {
				d.offer(l, v)
			}
		}
	}
	d.touch()
}

// unspend returns the hold of a slot that a vehicle took and has left again
// before the hold ran out: it is renewed, since the cloud would refuse another.
func (d *Desk) unspend(slot string) Hold {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.spent[slot]
	delete(d.spent, slot)
	return h
}

// giveBack releases a hold that is not needed. The hold of a slot that the
// vehicle really took is left to run out: given back at once, the slot would
// look free to other gates until the fact has reached the cloud.
func (d *Desk) giveBack(v *vehicle, hold Hold) {
	d.mu.Lock()
	taken := v.done && v.Slot == hold.Slot
	if taken && hold.Token != "" {
		d.spent[hold.Slot] = hold // one for each slot at most; an old one is only asked for in vain
	}
	d.mu.Unlock()
	if hold.Token == "" || taken {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), planTimeout)
	defer cancel()
	if err := d.cfg.Plans.Release(ctx, hold); err != nil {
		d.log.Debug("a hold was left to run out", "slot", hold.Slot, "error", err)
	}
}
