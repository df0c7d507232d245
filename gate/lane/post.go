package lane

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/parking"
)

// seen is the newest picture of a camera that screens show.
type seen struct {
	picture []byte // JPEG, nil for none
	number  int64  // rises with every new one
	taking  bool   // one is being taken for screens
}

// post is one lane with its devices and its vehicles.
type post struct {
	code    string
	barrier device.Barrier
	cameras map[parking.CameraRole]camera.Source
	eyes    map[parking.CameraRole]Worker // states of the cameras
	main    parking.CameraRole            // whose pictures screens show first, "" for no camera
	seen    map[parking.CameraRole]*seen  // the newest pictures that screens show
	tokens  tokens

	vehicle *vehicle    // in front; nil: nobody
	waiting []*vehicle  // behind it, in the order in which they came
	missed  int         // vehicles that were sensed behind the last of these, while the order was full
	refused int         // announcements that found the order full
	heard   []uuid.UUID // names of the last who arrived, so that one who is announced twice is one
	gone    []*vehicle  // let through, newest last, so that an act sent twice is answered
	aside   []*vehicle  // paid or to pay, out of the order

	opening   *opening    // the last one of the barrier
	crossings []*crossing // the last passages, so that one that is told twice is one
	alarm     string      // what a person must know of the lane, and
	alarmed   time.Time   // since when
}

// lane finds the lane in the site's configuration. mu is held.
func (d *Desk) lane(code string) (parking.Lane, *post, error) {
	for _, l := range d.cfg.State.Site().Lanes() {
		if l.Code == code {
			return l, d.post(l), nil
		}
	}
	return parking.Lane{}, nil, parking.Errorf(parking.NotFound, "Gate %s has no lane %q.", d.cfg.Gate, shorten(code))
}

// roles are those that a camera may have, the one that screens show first.
var roles = []parking.CameraRole{parking.RolePlate, parking.RoleOverview, parking.RoleOverview2, parking.RoleFace}

// post returns the lane's place at the desk, made at first use.
func (d *Desk) post(l parking.Lane) *post {
	p, ok := d.lanes[l.Code]
	if ok {
		return p
	}
	p = &post{
		code: l.Code, barrier: d.cfg.Barriers[l.Code],
		cameras: map[parking.CameraRole]camera.Source{}, eyes: map[parking.CameraRole]Worker{}, seen: map[parking.CameraRole]*seen{},
	}
	if p.barrier == nil {
		p.barrier = device.None{}
	}
	for key, source := range d.cfg.Cameras {
		code, role := CutKey(key, parking.CameraRoleNames()...)
		if role == "" {
			role = string(parking.RolePlate)
		}
		if code == l.Code && source != nil {
			p.cameras[parking.CameraRole(role)] = source
			p.eyes[parking.CameraRole(role)] = Worker{OK: true}
		}
	}
	for _, role := range roles {
		if p.main == "" && p.cameras[role] != nil {
			p.main = role
		}
	}
	for _, role := range []parking.CameraRole{p.main, parking.RoleFace} {
		if p.cameras[role] != nil {
			p.seen[role] = &seen{}
		}
	}
	p.tokens = d.tokensAt(l.Code)
	d.lanes[l.Code] = p
	return p
}

// eye is how the lane's cameras are: the worst of them. mu is held.
func (p *post) eye() Worker {
	if p.main == "" {
		return Worker{Why: "This lane has no camera; plates are typed."}
	}
	for _, role := range roles {
		if eye := p.eyes[role]; p.cameras[role] != nil && !eye.OK {
			return eye
		}
	}
	return Worker{OK: true}
}

// simulated says whether a camera of the lane draws what arrives.
func (p *post) simulated() bool {
	for _, c := range p.cameras {
		if _, ok := camera.Behind(c).(*camera.Simulator); ok {
			return true
		}
	}
	return false
}

// order is who waits at the lane, the one in front first. mu is held.
func (p *post) order() []*vehicle {
	if p.vehicle == nil {
		return p.waiting
	}
	return append([]*vehicle{p.vehicle}, p.waiting...)
}

// knows says whether a vehicle of this id has arrived before. mu is held.
func (p *post) knows(id uuid.UUID) bool { return id != uuid.Nil && slices.Contains(p.heard, id) }

// at finds lane and vehicle that an act is about and checks who acts: the
// vehicle in front, or one that was let through, whose acts are answered as
// the first time. mu is held.
func (d *Desk) at(ctx context.Context, code string, subject uuid.UUID) (parking.Lane, *post, *vehicle, string, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return parking.Lane{}, nil, nil, "", err
	}
	l, p, err := d.lane(code)
	if err != nil {
		return parking.Lane{}, nil, nil, "", err
	}
	if p.vehicle != nil && p.vehicle.ID == subject {
		return l, p, p.vehicle, actor, nil
	}
	is := func(v *vehicle) bool { return v.ID == subject }
	if i := slices.IndexFunc(p.gone, is); i >= 0 && p.gone[i].done {
		return l, p, p.gone[i], actor, nil
	}
	switch {
	case slices.ContainsFunc(p.waiting, is):
		err = parking.Errorf(parking.Conflict, "This vehicle is not in front at lane %s yet.", code)
	case slices.ContainsFunc(p.aside, is):
		err = parking.Errorf(parking.Conflict, "This vehicle waits aside at lane %s. Bring it to the front first.", code)
	case p.vehicle == nil:
		err = parking.Errorf(parking.Conflict, "The vehicle at lane %s has gone.", code)
	default:
		err = parking.Errorf(parking.Conflict, "The vehicle at lane %s has changed. Look before you press again.", code)
	}
	return l, p, nil, actor, err
}
