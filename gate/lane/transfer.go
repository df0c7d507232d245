package lane

import (
	"fmt"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// transferSeen looks whether money has come for a vehicle whose VietQR is
// shown. One that owes nothing any more leaves by itself, if it is still in
// front when the barrier is asked (semantics.md §8: a payment that is confirmed
// after its vehicle has moved opens nothing). One that still owes something is
// shown what: its code was for another sum, as it is when the stay has been
// corrected meanwhile. mu is held.
func (d *Desk) transferSeen(p *post, v *vehicle) {
	was, due := v.Matches[v.Chosen].Stay.PaidSum(), v.Due
	d.priceAside(v)
	paid := v.Matches[v.Chosen].Stay.PaidSum()
	if paid == was && v.Due == due {
		return
	}
	v.Stage, v.QR, v.Reference = Offered, "", ""
	d.touch()
	if v.Due == 0 && paid > was {
		v.Why = ""
		d.spawn(func() { d.leavesPaid(p, v) })
		return
	}
	if paid <= was { // something was given back, or its class is another
		v.Why = fmt.Sprintf("Something about this stay has changed meanwhile; %s is due now.", d.sum(v.Due))
		return
	}
	v.Why = fmt.Sprintf("%s has come meanwhile; %s is still due.", d.sum(paid-was), d.sum(v.Due))
}

// leavesPaid lets a vehicle out whose transfer has come. Nothing is left to
// decide: the exit is that of whoever has shown the code, with the stay that he
// picked and the discount that he gave.
func (d *Desk) leavesPaid(p *post, v *vehicle) {
	ctx := d.ctx
	d.mu.Lock()
	l, _, err := d.lane(p.code)
	if err != nil || p.vehicle != v || v.done || ctx.Err() != nil {
		d.mu.Unlock()
		return
	}
	err = d.mayLeave(ctx, l, v)
	if err == nil && v.Due > 0 {
		err = parking.Errorf(parking.Conflict, "%s is due.", d.sum(v.Due))
	}
	if err == nil {
		err = d.exit(ctx, p, v, v.askedBy, nil)
	}
	d.mu.Unlock()
	if err != nil {
		d.log.Info("a vehicle that has paid waits for the guard", "lane", p.code, "why", err)
		return
	}
	d.open(ctx, p, v, device.CauseStay)
}
