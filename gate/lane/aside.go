package lane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// maxAside bounds who waits aside of a lane.
const maxAside = 8

// MoveAside takes the vehicle in front of an exit out of the order while it is
// to pay, so that the next can go. It is listed at its lane; money that comes
// for it opens nothing.
func (d *Desk) MoveAside(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, p, err := d.lane(code); err == nil && slices.ContainsFunc(p.aside, func(v *vehicle) bool { return v.ID == subject }) {
		_, err := d.actor(ctx)
		return err // it is there already
	}
	l, p, v, _, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
		return err
	case l.Direction != parking.Out:
		return parking.Errorf(parking.Conflict, "Lane %s leads in.", code)
	case v.done:
		return parking.Errorf(parking.Conflict, "This vehicle has left already.")
	case v.Chosen < 0:
		return parking.Errorf(parking.Conflict, "It is not certain which vehicle this is. Compare the pictures and pick one.")
	case len(p.aside) >= maxAside:
		return parking.Errorf(parking.Conflict, "%d vehicles wait aside at lane %s already.", maxAside, code)
	}
	v.picked = true // which stay it is, is known from here on
	aside := append(slices.Clone(p.aside), v)
	if err := d.noteAside(ctx, p.code, aside); err != nil {
		return err
	}
	p.aside = aside
	d.leave(p)
	return nil
}

// Recall brings a vehicle that waits aside to the front of its lane again.
// Who is there waits behind it.
func (d *Desk) Recall(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.actor(ctx); err != nil {
		return err
	}
	_, p, err := d.lane(code)
	if err != nil {
		return err
	}
	if p.vehicle != nil && p.vehicle.ID == subject {
		return nil // it is in front already
	}
	i := slices.IndexFunc(p.aside, func(v *vehicle) bool { return v.ID == subject })
	if i < 0 {
		return parking.Errorf(parking.NotFound, "This vehicle does not wait aside at lane %s.", code)
	}
	if p.vehicle != nil && p.vehicle.done {
		if !d.through(p) {
			return parking.Errorf(parking.Conflict, "The vehicle before has not driven through lane %s yet.", code)
		}
		d.over(ctx, p, p.vehicle)
		d.remove(p)
	}
	if len(p.order()) >= maxOrder {
		return parking.Errorf(parking.Conflict, "%d vehicles wait at lane %s already.", maxOrder, code)
	}
	v := p.aside[i]
	aside := slices.Delete(slices.Clone(p.aside), i, i+1)
	if err := d.noteAside(ctx, p.code, aside); err != nil {
		return err
	}
	p.aside = aside
	v.ctx, v.stop = context.WithCancel(d.ctx)
	if p.vehicle != nil {
		p.waiting = append([]*vehicle{p.vehicle}, p.waiting...)
	}
	p.vehicle = v
	d.priceAside(v)
	d.touch()
	return nil
}

// priceAside looks again at what a vehicle that went aside owes: money may
// have come, here or elsewhere. mu is held.
func (d *Desk) priceAside(v *vehicle) {
	if v.Chosen < 0 || v.Chosen >= len(v.Matches) {
		return
	}
	s, err := d.cfg.State.Stay(context.Background(), v.Matches[v.Chosen].Stay.ID)
	if err != nil {
		return
	}
	v.Matches = slices.Clone(v.Matches)
	m := &v.Matches[v.Chosen]
	m.Stay = s
	d.price(v, m)
	v.Due = m.Quote.Due
	if v.Due == 0 && v.Stage == Paying {
		v.Stage, v.QR, v.Reference = Offered, "", ""
	}
}

// refreshAside drops from the list who has left elsewhere, and notes who has
// paid. mu is held.
func (d *Desk) refreshAside(p *post) {
	left := func(v *vehicle) bool {
		s, err := d.cfg.State.Stay(context.Background(), v.Matches[v.Chosen].Stay.ID)
		return err == nil && s.State != parking.Inside
	}
	if slices.ContainsFunc(p.aside, left) {
		p.aside = slices.DeleteFunc(slices.Clone(p.aside), left)
		if err := d.noteAside(context.Background(), p.code, p.aside); err != nil {
			d.log.Warn("who waits aside was not noted", "lane", p.code, "error", err)
		}
	}
	for _, v := range p.aside {
		d.priceAside(v)
	}
}

// noteAsides is the name under which the disk keeps who waits aside of a lane.
const noteAsides = "aside/"

// asideNote is what is kept of a vehicle that waits aside.
type asideNote struct {
	Subject   uuid.UUID     `json:"subject"`
	Stay      uuid.UUID     `json:"stay"`
	Plate     parking.Plate `json:"plate"`
	Display   string        `json:"display"`
	Class     parking.Class `json:"class"`
	Token     string        `json:"token,omitempty"`
	ArrivedAt time.Time     `json:"arrived_at"`
	PricedAt  time.Time     `json:"priced_at"`
}

// noteAside keeps who waits aside of a lane over a restart. mu is held.
func (d *Desk) noteAside(ctx context.Context, code string, aside []*vehicle) error {
	notes := make([]asideNote, 0, len(aside))
	for _, v := range aside {
		notes = append(notes, asideNote{
			Subject: v.ID, Stay: v.Matches[v.Chosen].Stay.ID, Plate: v.Plate, Display: v.Display, Class: v.Class,
			Token: v.Token, ArrivedAt: v.ArrivedAt, PricedAt: v.PricedAt,
		})
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return fmt.Errorf("note who waits aside: %w", err)
	}
	return d.cfg.Notes.SetSetting(context.WithoutCancel(ctx), noteAsides+code, string(text))
}

// restoreAside puts those who waited aside back beside their lanes. mu is held.
func (d *Desk) restoreAside(ctx context.Context) error {
	for _, l := range d.cfg.State.Site().Lanes() {
		text, err := d.cfg.Notes.Setting(ctx, noteAsides+l.Code)
		if err != nil {
			return err
		}
		var notes []asideNote
		if text != "" {
			if err := json.Unmarshal([]byte(text), &notes); err != nil {
				d.log.Warn("who waited aside could not be read", "lane", l.Code, "error", err)
			}
		}
		p := d.post(l)
		for _, n := range notes {
			s, err := d.cfg.State.Stay(ctx, n.Stay)
			if err != nil || s.State != parking.Inside || l.Direction != parking.Out {
				continue
			}
			v := d.newVehicle(l, Arrival{ID: n.Subject, Class: n.Class, Token: n.Token})
			close(v.pictured)
			close(v.settled)
			v.stop()
			v.Plate, v.Display, v.ArrivedAt, v.PricedAt, v.Stage = n.Plate, n.Display, n.ArrivedAt, n.PricedAt, Offered
			v.marked = map[uuid.UUID]string{}
			v.Matches, v.Chosen, v.picked = []Match{{Stay: s}}, 0, true
			d.priceAside(v)
			p.aside = append(p.aside, v)
			p.heard = append(p.heard, v.ID)
		}
	}
	return nil
}
