package lane

import (
	"context"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// ChangeDirection turns a lane around, for a reason that is written down. It
// is refused, with a sentence that names who is in the way, while somebody
// stands in the lane or waits aside of it.
func (d *Desk) ChangeDirection(ctx context.Context, code string, to parking.Direction, reason string) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	if to != parking.In && to != parking.Out {
		return parking.Errorf(parking.Invalid, "A lane leads in or out, not %q.", shorten(string(to)))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	l, p, err := d.lane(code)
	if err != nil {
		return err
	}
	if l.Direction == to {
		return nil
	}
	if owner, _ := parking.SplitLane(l.Code); owner != "" {
		return parking.Errorf(parking.Conflict, "Lane %s is gate %s's; this gate cannot turn it.", l.Code, owner)
	}
	if err := d.occupied(p); err != nil {
		return err
	}
	_, err = d.write(ctx, state.Draft{
		Kind: parking.KindLaneChanged, Actor: actor, Body: &parking.LaneChanged{Lane: code, Direction: to, Reason: reason},
	})
	if err != nil {
		return err
	}
	d.remove(p)
	p.emptied()
	p.opening = nil
	return nil
}

// occupied says who stands in a lane, nil when nobody does. mu is held.
func (d *Desk) occupied(p *post) error {
	order := p.order()
	if len(order) > 0 && d.through(p) && order[0].Stage != Refused && !order[0].Again {
		order = order[1:] // it has gone, and is only shown
	}
	for _, v := range append(order, p.aside...) {
		if v.Display != "" {
			return parking.Errorf(parking.Conflict, "%s is at lane %s. Let it go first.", v.Display, p.code)
		}
	}
	if len(order) > 0 || len(p.aside) > 0 || p.missed > 0 || d.standsOnLoop(p.code) {
		return parking.Errorf(parking.Conflict, "A vehicle is at lane %s. Let it go first.", p.code)
	}
	return nil
}
