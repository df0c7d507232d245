package lane

import (
	"cmp"
	"context"
	"strings"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// AcceptIn lets the vehicle in as it is shown: the facts go to disk, then the
// barrier opens. Accepting a vehicle twice answers with the same stay. It
// refuses an unsure reading that nobody has checked (Conflict), a missing
// plate (Invalid) and a slot that was taken meanwhile (Conflict; the next one
// is offered then). When the disk refuses, the barrier stays shut and the
// error has code Unavailable. A barrier that does not answer is no error: the
// vehicle is in, and the subject says that it must be opened again.
func (d *Desk) AcceptIn(ctx context.Context, code string, subject uuid.UUID) (parking.Stay, error) {
	d.mu.Lock()
	l, p, v, actor, err := d.at(ctx, code, subject)
	if err == nil && v.done {
		d.mu.Unlock()
		return v.result, nil
	}
	if err == nil {
		err = d.mayEnter(l, v)
	}
	if err == nil {
		err = d.enter(ctx, p, v, actor, newID())
	}
	if err != nil {
		d.mu.Unlock()
		return parking.Stay{}, err
	}
	stay := v.result
	d.mu.Unlock()
	d.open(ctx, p, v, device.CauseStay)
	return stay, nil
}

// mayEnter says in a sentence why the vehicle cannot be let in yet. mu is held.
func (d *Desk) mayEnter(l parking.Lane, v *vehicle) error {
	switch {
	case l.Direction != parking.In:
		return parking.Errorf(parking.Conflict, "Lane %s leads out.", l.Code)
	case v.Check:
		return parking.Errorf(parking.Conflict, "The plate was not read for sure. Pick or type it first.")
	case v.Plate == "" && v.reading && (!v.tapped || d.proof(v.Class) == parking.ProofPlate):
		return parking.Errorf(parking.Conflict, "The plate is still being read. Wait a moment or type it.")
	case v.Plate == "" && v.reason == "" && v.Token == "" && v.Class != parking.Bicycle:
		return parking.Errorf(parking.Invalid, "There is no plate. Type it, or give a reason why there is none.")
	case v.Zone == "":
		return parking.Errorf(parking.Unavailable, "This site has no zones yet; nothing can be let in.")
	}
	if err := d.cleared(v); err != nil || v.Slot == "" {
		return err
	}
	site := d.cfg.State.Site()
	if slot, ok := site.Slot(v.Slot); !ok || slot.State != parking.SlotFree || !v.chosen && !site.MayOffer(v.Slot) {
		gone := v.Slot
		v.chosen = false
		v.refused[gone] = true
		d.offer(l, v)
		d.touch()
		if v.Slot == "" {
			return parking.Errorf(parking.Conflict, "%s was taken just now, and no other slot is free.", gone)
		}
		return parking.Errorf(parking.Conflict, "%s was taken just now; %s is offered instead.", gone, v.Slot)
	}
	return nil
}

// enter writes the facts of an entry. mu is held.
func (d *Desk) enter(ctx context.Context, p *post, v *vehicle, actor string, stay uuid.UUID) error {
	site := d.cfg.State.Site()
	tariff := site.Config.Tariff
	slot, _ := d.cfg.State.Site().Slot(v.Slot)
	token := cmp.Or(v.Token, d.ticketNumber(p, v, stay))
	in := &parking.VehicleIn{
		Stay: stay, Lane: p.code, Class: v.Class, Plate: v.Plate, Display: v.Display,
		Read: v.plateRead(), Reason: v.oddReason(), Token: token,
		Zone: v.Zone, Slot: v.Slot, Grant: v.hold.Grant,
		Tariff: tariff.ID, TariffV: tariff.Version, Photos: v.photos,
		Pass:    d.comesOn(v.Plate, v.Class, v.Zone, d.cfg.Now()),
		Offline: d.link().State == Offline, HomeOnly: v.Slot != "" && slot.Home == d.cfg.Gate,
	}
	if !v.chosen {
		in.Offered = v.Slot
	}
	err := d.finish(ctx, p, v, actor, stay,
		state.Draft{Kind: parking.KindVehicleIn, Body: in, Actor: actor})
	if err == nil && token != v.Token {
		v.Token = token
		d.giveTicket(p, v)
	}
	return err
}

// finish writes the facts that let a vehicle through, the opening among them,
// and marks the vehicle done; when the disk refuses, it says why and the
// barrier stays shut. mu is held.
func (d *Desk) finish(ctx context.Context, p *post, v *vehicle, actor string, stay uuid.UUID, drafts ...state.Draft) error {
	drafts = append(drafts, state.Draft{
		Kind:  parking.KindBarrierOpened,
		Opens: p.code,
		Body:  &parking.BarrierOpened{Lane: p.code, Cause: string(device.CauseStay), Stay: &stay, Reason: d.spoken(v)},
		Actor: actor,
	})
	drafts = append(drafts, d.careAlarm(p, v, actor)...)
	facts, err := d.write(ctx, drafts...)
	if err != nil {
		v.Stage, v.Why = Refused, parking.ErrorMessage(err)
		return err
	}
	v.done, v.Stage, v.Why, v.Stay = true, Accepted, "", stay
	for _, f := range facts {
		if f.Kind == parking.KindBarrierOpened {
			v.opening = f.ID
		}
		if f.Kind == parking.KindVehicleIn || f.Kind == parking.KindVehicleOut {
			v.fact = f.ID
		}
	}
	p.opened(d.cfg.Now(), v)
	if v.holding != nil {
		v.holding() // renewing ends; giveBack leaves a hold that was used
		v.holding = nil
	}
	result, err := d.cfg.State.Stay(ctx, stay)
	if err != nil {
		return err
	}
	v.result, v.Class = result, result.Class // at an exit the stay's, not the lane's
	return nil
}

// oddReason says why a plate was allowed that fits no pattern, or none.
func (v *vehicle) oddReason() string {
	switch {
	case v.reason != "":
		return v.reason
	case v.Plate == "":
		return "No plate."
	case v.Plate.Known():
		return ""
	case v.Typed:
		return "As typed by the guard."
	}
	return "As read by the camera."
}

// maxReason bounds a reason that somebody types, in bytes.
const maxReason = 400

func needReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return "", parking.Errorf(parking.Invalid, "Give a reason.")
	}
	if len(reason) > maxReason {
		return "", parking.Errorf(parking.TooLarge, "The reason is too long; a sentence is enough.")
	}
	return reason, nil
}

// Correct replaces the plate by what the guard typed; before accepting it
// changes the subject, afterwards it is a fact (plate_corrected). An empty
// plate with a reason says that the vehicle has none.
func (d *Desk) Correct(ctx context.Context, code string, subject uuid.UUID, plate, reason string) error {
	reason = strings.TrimSpace(reason)
	if len(reason) > maxReason {
		return parking.Errorf(parking.TooLarge, "The reason is too long; a sentence is enough.")
	}
	var parsed parking.Plate
	if strings.TrimSpace(plate) != "" || reason == "" {
		var err error
		if parsed, err = parking.ParsePlate(plate); err != nil {
			return err
		}
	}
	return d.replate(ctx, code, subject, parsed, reason, true)
}

// PickCandidate takes one of the plates that an unsure reading offers (index
// into Subject.Reading.Candidates).
func (d *Desk) PickCandidate(ctx context.Context, code string, subject uuid.UUID, candidate int) error {
	d.mu.Lock()
	_, _, v, _, err := d.at(ctx, code, subject)
	var plate parking.Plate
	if err == nil {
		if candidate < 0 || candidate >= len(v.Reading.Candidates) {
			err = parking.Errorf(parking.NotFound, "There is no such candidate.")
		} else {
			plate = v.Reading.Candidates[candidate].Plate
		}
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.replate(ctx, code, subject, plate, "", false)
}

func (d *Desk) replate(ctx context.Context, code string, subject uuid.UUID, plate parking.Plate, reason string, typed bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, p, v, actor, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	if v.done {
		display := plate.DisplayAs(0, v.Class)
		pass := d.passByPlate(ctx, v.Stay, plate)
		_, err := d.write(ctx, state.Draft{Kind: parking.KindPlateCorrected, Actor: actor, Body: &parking.PlateCorrected{
			Stay: v.Stay, Plate: plate, Display: display, Was: v.Plate, Reason: reason, Pass: pass,
		}})
		if err == nil {
			v.Plate, v.Display, v.Typed = plate, display, true
			v.result.Plate, v.result.Display = plate, display
		}
		return err
	}
	d.turnDown(ctx, code, v, plate, reason, actor)
	v.reason = reason
	v.unpick()
	// Typing what the camera has read confirms the reading.
	d.setPlate(v, plate, typed && (plate == "" || plate != v.Reading.Plate))
	v.Check = false
	v.checked = true
	d.assess(l, v)
	d.ready(v)
	if v.tapped { // the plate was what its card waited for
		d.spawn(func() { d.hasten(p, v) })
	}
	return nil
}

// unpick forgets the choice at an exit: it belonged to another plate.
func (v *vehicle) unpick() {
	v.picked = false
	if v.Stage == Paying {
		v.Stage, v.QR, v.Reference = Offered, "", ""
	}
}

// ChooseSlot sends the vehicle elsewhere than offered: to a free slot, or to
// a counted zone, both by code. After accepting it moves the stay
// (slot_changed).
func (d *Desk) ChooseSlot(ctx context.Context, code string, subject uuid.UUID, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, _, v, actor, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	if l.Direction != parking.In {
		return parking.Errorf(parking.Conflict, "A vehicle that leaves needs no slot.")
	}
	s, err := d.target(v.Class, to, v)
	if err != nil {
		return err
	}
	if v.done {
		_, err := d.write(ctx, state.Draft{Kind: parking.KindSlotChanged, Actor: actor, Body: &parking.SlotChanged{
			Stay: v.Stay, Zone: s.zone, Slot: s.slot,
		}})
		if err == nil {
			v.Zone, v.Slot = s.zone, s.slot
			v.result.Zone, v.result.Slot = s.zone, s.slot
		}
		return err
	}
	v.chosen = true
	for _, w := range placeWarnings {
		v.forget(w)
	}
	d.place(v, s)
	d.touch()
	return nil
}
