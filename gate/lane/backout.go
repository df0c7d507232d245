package lane

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// BackOut says that a vehicle that was let through did not go: its IN or OUT
// did not come true. Money that was taken stays taken; the stay of an exit is
// paid and leaves later without a second charge. Once a vehicle was seen to
// pass it cannot back out any more. One that was not let through yet is only
// taken off the lane (Clear).
func (d *Desk) BackOut(ctx context.Context, code string, subject uuid.UUID, reason string) error {
	reason = strings.TrimSpace(reason)
	if len(reason) > maxReason {
		return parking.Errorf(parking.TooLarge, "The reason is too long; a sentence is enough.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, p, v, actor, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
		return err
	case v.backed:
		return nil
	case !v.done:
		return parking.Errorf(parking.Conflict, "This vehicle was not let through yet.")
	case v.Stage == HasPassed:
		return parking.Errorf(parking.Conflict, "This vehicle was seen to drive through; it cannot have backed out.")
	case v != p.vehicle:
		return parking.Errorf(parking.Conflict, "The vehicle at lane %s has gone.", code)
	}
	_, err = d.write(ctx, state.Draft{
		Kind: parking.KindVehicleBackedOut, Actor: actor, Ends: v.opening,
		Body: &parking.VehicleBackedOut{Stay: v.Stay, Lane: code, Of: v.fact, Reason: reason},
	})
	if err != nil {
		return err
	}
	v.backed, v.Again, v.Why = true, false, ""
	if s, err := d.cfg.State.Stay(ctx, v.Stay); err == nil {
		v.result = s
	}
	p.opening = nil // who goes through now does so without one
	d.leave(p)
	return nil
}
