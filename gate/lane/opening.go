package lane

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
	"gatehouse/vision"
)

// warnRestart is what a lane says after a start whose last opening was not
// confirmed.
const warnRestart = "The program ended before the barrier had answered. Open again if the vehicle still waits."

// open commands the barrier for a vehicle whose facts are on disk, and shows
// and writes down what came of it. mu is not held.
func (d *Desk) open(ctx context.Context, p *post, v *vehicle, cause device.Cause) {
	err := d.command(ctx, p, cause)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		v.Stage, v.Why, v.Again = Refused, parking.ErrorMessage(err), true
		d.failed(ctx, p, v.Stay, v.Why)
		return
	}
	v.Stage, v.Why, v.Again = Opened, "", false
	if err := d.cfg.State.ConfirmOpening(context.WithoutCancel(ctx), v.opening); err != nil {
		// The vehicle is through; after a start the lane would ask once too often.
		d.log.Warn("an opening was not confirmed on disk", "lane", p.code, "error", err)
	}
	d.touch()
	d.dismiss(p, v)
}

// command asks the barrier, whatever becomes of the caller: the facts are
// written, so the vehicle must be let through.
func (d *Desk) command(ctx context.Context, p *post, cause device.Cause) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), barrierTimeout)
	defer cancel()
	return p.barrier.Open(ctx, cause)
}

// failed writes that the barrier did not answer. mu is held.
func (d *Desk) failed(ctx context.Context, p *post, stay uuid.UUID, why string) {
	body := &parking.BarrierFailed{Lane: p.code, Reason: why}
	if stay != uuid.Nil {
		body.Stay = &stay
	}
	_, _ = d.write(ctx, state.Draft{Kind: parking.KindBarrierFailed, Body: body, Actor: "lane:" + p.code}) // write logs and shows it
}

// dismiss takes a vehicle that was let through off the screen after a while.
// mu is held.
func (d *Desk) dismiss(p *post, v *vehicle) {
	if d.cfg.ShowDone < 0 || v.expire {
		return
	}
	v.expire = true
	d.spawn(func() {
		select {
		case <-v.ctx.Done():
			return
		case <-time.After(d.cfg.ShowDone):
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if p.vehicle == v && v.Stage == Opened {
			d.leave(p)
		}
	})
}

// OpenAgain opens the barrier once more for a vehicle whose record is on disk
// and whose opening failed or was not confirmed. It is no second entry or
// exit; the opening is a fact of its own (cause again).
func (d *Desk) OpenAgain(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	_, p, v, actor, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
	case !v.done:
		err = parking.Errorf(parking.Conflict, "This vehicle was not let through yet.")
	case !v.Again:
		d.mu.Unlock()
		return nil // it has opened
	default:
		stay := v.Stay
		var facts []parking.Fact
		facts, err = d.write(ctx, state.Draft{
			Kind: parking.KindBarrierOpened, Actor: actor, Opens: p.code,
			Body: &parking.BarrierOpened{Lane: p.code, Cause: string(device.CauseAgain), Stay: &stay},
		})
		if err == nil {
			v.opening = facts[0].ID
		}
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	d.open(ctx, p, v, device.CauseAgain)
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.Again {
		return parking.Errorf(parking.Unavailable, "%s", v.Why)
	}
	return nil
}

// OpenByHand opens a lane's barrier without a vehicle on record, for a reason
// that is written down.
func (d *Desk) OpenByHand(ctx context.Context, code, reason string) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	d.mu.Lock()
	actor, err := d.actor(ctx)
	var p *post
	if err == nil {
		_, p, err = d.lane(code)
	}
	if err == nil {
		_, err = d.write(ctx, state.Draft{
			Kind: parking.KindBarrierOpened, Actor: actor,
			Body: &parking.BarrierOpened{Lane: code, Cause: string(device.CauseByHand), Reason: reason},
		})
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if err := d.command(ctx, p, device.CauseByHand); err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.failed(ctx, p, uuid.Nil, parking.ErrorMessage(err))
		return err
	}
	return nil
}

// restore puts the last vehicle of each lane whose opening was not confirmed
// back at its lane.
func (d *Desk) restore(ctx context.Context) error {
	openings, err := d.cfg.State.Openings(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range openings {
		if o.Confirmed || o.Stay == uuid.Nil {
			continue
		}
		l, p, err := d.lane(o.Lane)
		if err != nil {
			continue // the lane is no longer of this gate
		}
		s, err := d.cfg.State.Stay(ctx, o.Stay)
		if err != nil {
			d.log.Warn("an unconfirmed opening has no stay", "lane", o.Lane, "error", err)
			continue
		}
		v := d.newVehicle(l, Arrival{Class: s.Class, Token: s.Token})
		v.ArrivedAt, v.PricedAt = o.At, o.At
		v.Plate, v.Display, v.Zone, v.Slot = s.Plate, s.Display, s.Zone, s.Slot
		v.Reading = vision.None()
		v.Stage, v.Again, v.Why, v.Stay = Accepted, true, warnRestart, s.ID
		v.done, v.result, v.opening = true, s, o.Fact
		p.vehicle = v
	}
	return nil
}
