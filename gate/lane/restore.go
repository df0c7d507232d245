package lane

import (
	"context"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// warnRestart is what a lane says after a start whose last opening was not
// confirmed.
const warnRestart = "The program ended before the barrier had answered. Open again if the vehicle still waits."

// restore puts back at its lane who stood there when the program ended: the
// last vehicle whose opening was not confirmed; where passages are seen, also
// one that was let through just before and has not passed; those who wait
// aside; and whose plate is still to be read.
func (d *Desk) restore(ctx context.Context) error {
	openings, err := d.cfg.State.Openings(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range openings {
		if !o.Over && o.Stay != uuid.Nil {
			d.restoreOpening(ctx, o)
		}
	}
	d.restoreLate()
	return d.restoreAside(ctx)
}

// restoreOpening puts back one vehicle. mu is held.
func (d *Desk) restoreOpening(ctx context.Context, o state.Opening) {
	if o.Confirmed && (!d.seesPassages(o.Lane) || d.cfg.Now().Sub(o.At) > openingWaits) {
		return
	}
	l, p, err := d.lane(o.Lane)
	if err != nil {
		return // the lane is no longer of this gate
	}
	s, err := d.cfg.State.Stay(ctx, o.Stay)
	if err != nil {
		d.log.Warn("an unconfirmed opening has no stay", "lane", o.Lane, "error", err)
		return
	}
	v := d.newVehicle(l, Arrival{Class: s.Class, Token: s.Token})
	close(v.pictured)
	close(v.settled)
	v.ArrivedAt, v.PricedAt = o.At, o.At
	v.Plate, v.Display, v.Zone, v.Slot = s.Plate, s.Display, s.Zone, s.Slot
	v.Stage, v.Again, v.Why, v.Stay = Accepted, true, warnRestart, s.ID
	if o.Confirmed {
		v.Stage, v.Again, v.Why = Opened, false, ""
	}
	v.done, v.result, v.opening, v.fact = true, s, o.Fact, s.InFact
	if l.Direction == parking.Out {
		v.fact = s.OutFact
	}
	p.vehicle = v
	p.opened(o.At, v)
}
