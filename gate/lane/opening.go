package lane

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// open commands the barrier for a vehicle whose facts are on disk, and shows
// and writes down what came of it. mu is not held.
func (d *Desk) open(ctx context.Context, p *post, v *vehicle, cause device.Cause) {
	d.step(StepWritten)
	err := d.command(ctx, p, cause)
	d.step(StepCommanded)
	d.mu.Lock()
	defer d.step(StepConfirmed)
	defer d.mu.Unlock()
	over := v.Stage == HasPassed || v.backed // it did not wait for the barrier's answer
	if err != nil {
		why := parking.ErrorMessage(err)
		if !over {
			v.Stage, v.Why, v.Again = Refused, why, true
		}
		d.failed(ctx, p, v.Stay, why)
		return
	}
	if !over {
		d.opened(ctx, p, v)
	}
}

// opened shows that the barrier is open for a vehicle, and notes it. mu is
// held.
func (d *Desk) opened(ctx context.Context, p *post, v *vehicle) {
	v.Stage, v.Why, v.Again = Opened, "", false
	if err := d.cfg.State.ConfirmOpening(context.WithoutCancel(ctx), v.opening); err != nil {
		// The vehicle is through; after a start the lane would ask once too often.
		d.log.Warn("an opening was not confirmed on disk", "lane", p.code, "error", err)
	}
	d.touch()
	if !d.seesPassages(p.code) {
		d.dismiss(p, v)
	}
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
		if p.vehicle == v && (v.Stage == HasPassed || v.Stage == Opened && !d.seesPassages(p.code)) {
			d.over(d.ctx, p, v)
			d.leave(p)
		}
	})
}

// over notes that nobody waits for the vehicle's opening any more. mu is held.
func (d *Desk) over(ctx context.Context, p *post, v *vehicle) {
	if !v.done || v.Stage == HasPassed || v.backed {
		return // nothing was opened, or a fact says so
	}
	if err := d.cfg.State.EndOpening(context.WithoutCancel(ctx), v.opening); err != nil {
		d.log.Warn("an opening was not ended on disk", "lane", p.code, "error", err)
	}
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
	case !v.Again || v.backed:
		d.mu.Unlock()
		return nil // it has opened
	case v != p.vehicle:
		err = parking.Errorf(parking.Conflict, "The vehicle at lane %s has gone.", code)
	default:
		stay := v.Stay
		var facts []parking.Fact
		facts, err = d.write(ctx, state.Draft{
			Kind: parking.KindBarrierOpened, Actor: actor, Opens: p.code,
			Body: &parking.BarrierOpened{Lane: p.code, Cause: string(device.CauseAgain), Stay: &stay},
		})
		if err == nil {
			v.opening = facts[0].ID
			p.opened(d.cfg.Now(), v)
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
		var facts []parking.Fact
		facts, err = d.write(ctx, state.Draft{
			Kind: parking.KindBarrierOpened, Actor: actor,
			Body: &parking.BarrierOpened{Lane: code, Cause: string(device.CauseByHand), Reason: reason, Shift: d.shiftAtHand(ctx, actor)},
		})
		if len(facts) > 0 && (p.vehicle == nil || !p.vehicle.done || p.vehicle.Stage == HasPassed) {
			p.opening = &opening{fact: facts[0].ID, at: d.cfg.Now()}
		}
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

// opened notes that the barrier opens for a vehicle. mu is held.
func (p *post) opened(at time.Time, v *vehicle) {
	p.opening = &opening{fact: v.opening, stay: v.Stay, vehicle: v, at: at}
}
