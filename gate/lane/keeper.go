package lane

import (
	"context"
	"time"

	"gatehouse/gate/state"
	"gatehouse/parking"
	"gatehouse/vision"
)

// Trouble is something at this gate that a person should see to. The lanes do
// not wait for it.
type Trouble struct {
	Code string `json:"code"`
	Text string `json:"text"` // what it is and what to do
}

// SetTime takes the guard's word for the time at a gate whose clock is dead.
// It is refused when the time is known better.
func (d *Desk) SetTime(ctx context.Context, t time.Time) error {
	d.mu.Lock()
	_, err := d.actor(ctx)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if err := d.cfg.State.TypeTime(ctx, t); err != nil {
		return err
	}
	d.touch()
	return nil
}

// troubles lists what stands, for the view.
func (d *Desk) troubles() []Trouble {
	standing := d.cfg.State.Troubles()
	out := make([]Trouble, 0, len(standing))
	for _, t := range standing {
		out = append(out, Trouble(t))
	}
	return append(append(out, d.tokenTroubles()...), d.signTroubles()...)
}

// turnDown writes that a guard took another plate than was read, once a
// vehicle. It is for those who look after the reader: a disk that refuses it
// changes nothing for the vehicle. mu is held.
func (d *Desk) turnDown(ctx context.Context, lane string, v *vehicle, plate parking.Plate, reason, actor string) {
	if v.Reading.Outcome == vision.OutcomeNone || v.Reading.Plate == "" || plate == v.Reading.Plate || v.turnedDown {
		return
	}
	v.turnedDown = true
	_, _ = d.write(ctx, state.Draft{Kind: parking.KindReadRejected, Actor: actor, Body: &parking.ReadRejected{ // write logs and shows it
		Lane: lane, Reason: reason, Photos: v.photos,
		Read: parking.PlateRead{Raw: string(v.Reading.Plate), Confidence: v.Reading.Confidence, Outcome: string(v.Reading.Outcome)},
	}})
}
