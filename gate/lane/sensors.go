package lane

import (
	"context"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// What a sensor of a lane tells.
const (
	SensesArrival = "arrival" // a vehicle stands on the loop before the barrier
	SensesPassage = "passage" // one is on the loop behind it, or in the picture
	SensesContact = "contact" // the barrier is open
)

// sense is a sensor as the desk knows it. It is guarded by Desk.mu.
type sense struct {
	lane, tells string
	sensor      device.Sensor
	health      Worker
	active      bool
	ever        bool // it has told its level since the start

	ctx     context.Context // of its watch
	stop    context.CancelFunc
	watched bool
}

// watchSensors listens to the sensors of the lanes that nobody listens to yet,
// until Close or until their lanes are given back. mu is held, or nobody else has
// the desk yet.
func (d *Desk) watchSensors() {
	for _, s := range d.senses {
		if s.watched {
			continue
		}
		s.watched = true
		d.spawn(func() {
			s.sensor.Watch(s.ctx, func(signal device.Signal) { d.signal(s, signal) })
		})
	}
}

// makeSenses takes in which sensors there are.
func (d *Desk) makeSenses(sensors map[string]device.Sensor) {
	for key, sensor := range sensors {
		code, tells := CutKey(key, SensesArrival, SensesPassage, SensesContact)
		if sensor != nil {
			s := &sense{lane: code, tells: tells, sensor: sensor, health: Worker{OK: true}}
			s.ctx, s.stop = context.WithCancel(d.ctx)
			d.senses[key] = s
		}
	}
}

// seesPassages says whether something sees who goes through a lane. A sensor
// that cannot be read sees nobody: the lane then goes on by time. mu is held.
func (d *Desk) seesPassages(code string) bool {
	for _, tells := range []string{SensesPassage, SensesContact} {
		if s := d.senses[code+"/"+tells]; s != nil && s.health.OK {
			return true
		}
	}
	return false
}

// standsOnLoop says whether the loop before a barrier is occupied. mu is held.
func (d *Desk) standsOnLoop(code string) bool {
	s := d.senses[code+"/"+SensesArrival]
	return s != nil && s.health.OK && s.active
}

// sensorHealth is how the sensors of a lane are, nil when it has none. mu is
// held.
func (d *Desk) sensorHealth(code string) *Worker {
	var worst *Worker
	for _, tells := range []string{SensesArrival, SensesPassage, SensesContact} {
		if s := d.senses[code+"/"+tells]; s != nil && (worst == nil || worst.OK) {
			health := s.health
			worst = &health
		}
	}
	return worst
}

// signal takes in what a sensor tells: its level at first, then each change.
func (d *Desk) signal(s *sense, signal device.Signal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.touch()
	_, p, err := d.lane(s.lane)
	here := err == nil && s.ctx.Err() == nil // else the lane is not of this gate (yet)
	if signal.Err != nil {
		s.health = Worker{Why: parking.ErrorMessage(signal.Err)}
		if here && p.vehicle != nil && p.vehicle.Stage == Opened && !d.seesPassages(s.lane) {
			d.dismiss(p, p.vehicle) // nothing will see it pass
		}
		return
	}
	first, changed := !s.ever, s.active != signal.Active
	s.health, s.ever, s.active = Worker{OK: true}, true, signal.Active
	if !here {
		return
	}
	switch {
	case s.tells == SensesArrival && s.active && (first && p.vehicle == nil || !first && changed):
		d.sensed(p)
	case s.tells == SensesContact && s.active:
		if v := p.vehicle; v != nil && v.Again {
			d.opened(d.ctx, p, v) // it is open, whatever became of the answer
		}
	case first || !changed:
	case s.tells == SensesPassage && !s.active:
		d.crossed(p, sourceOf(s.sensor))
	case s.tells == SensesContact && d.senses[s.lane+"/"+SensesPassage] == nil:
		d.crossed(p, SourceContact)
	}
}

// sourceOf is how a sensor sees passages.
func sourceOf(s device.Sensor) string {
	if _, ok := s.(*Motion); ok {
		return SourceMotion
	}
	return SourceLoop
}

// crossed takes in a passage that a sensor saw. mu is held.
func (d *Desk) crossed(p *post, source string) {
	c := d.cross(p, PassageReport{Source: source})
	d.spawn(func() {
		_ = d.record(d.ctx, p, c) // write logs and shows it
	})
}

// sensed takes in that a vehicle has come onto the loop of a lane. Nobody can
// be told that the order is full; the vehicle is looked at when it is in front.
// mu is held.
func (d *Desk) sensed(p *post) {
	l, _, err := d.lane(p.code)
	if err != nil {
		return
	}
	if d.makeRoom(p, true) == nil {
		d.appear(l, p, Arrival{Device: true}, "")
		return
	}
	missed := p.missed
	for _, v := range p.waiting {
		missed += v.unseen
	}
	if missed < maxMissed {
		p.missed++
	}
}
