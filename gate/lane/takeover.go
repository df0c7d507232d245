package lane

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// Equipment is what stands at lanes, by keys as in Config.
type Equipment struct {
	Cameras  map[string]camera.Source
	Barriers map[string]device.Barrier
	Sensors  map[string]device.Sensor
	Signs    map[string]device.Sign
	Printers map[string]device.Printer
	Tickets  map[string][]parking.Class
}

// Add puts more to it.
func (e *Equipment) Add(more Equipment) {
	e.Cameras = joined(e.Cameras, more.Cameras)
	e.Barriers = joined(e.Barriers, more.Barriers)
	e.Sensors = joined(e.Sensors, more.Sensors)
	e.Signs = joined(e.Signs, more.Signs)
	e.Printers = joined(e.Printers, more.Printers)
	e.Tickets = joined(e.Tickets, more.Tickets)
}

// joined is a new map: the old one may be somebody's.
func joined[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]V{}
	}
	maps.Copy(out, b)
	return out
}

// CutKey cuts the key of a device into its lane and what it is there, "" when the
// key does not say: "N/1/face" is the face camera of lane N/1.
func CutKey(key string, known ...string) (lane, role string) {
	if i := strings.LastIndexByte(key, '/'); i >= 0 && slices.Contains(known, key[i+1:]) {
		return key[:i], key[i+1:]
	}
	return key, ""
}

// DeviceSpecs are the specs of what stands at a gate's lanes.
type DeviceSpecs = state.Devices

// TakeRequest asks to run lanes of another gate.
type TakeRequest struct {
	Gate    string
	Lanes   []string    // by that gate's codes, or as "N/1"; none: all of them
	Devices DeviceSpecs // as "N/1"; they count before what was heard of that gate
	Force   bool        // although it may be at work
}

// Taken are lanes of another gate that this one runs.
type Taken struct {
	Gate  string    `json:"gate"`
	Lanes []string  `json:"lanes"` // as this gate names them: "N/1"
	At    time.Time `json:"at"`
	By    string    `json:"by"`
}

// TakenOver is what became of it.
type TakenOver struct {
	Gate  string   `json:"gate"`
	Lanes []string `json:"lanes"`           // as this gate names them: "N/1"
	Notes []string `json:"notes,omitempty"` // what a person must see to
}

// TakeLanes makes the desk run lanes of another gate, with what stands there,
// from when commit has made them this gate's on disk. commit is told who acts.
func (d *Desk) TakeLanes(ctx context.Context, gate string, e Equipment, commit func(ctx context.Context, actor string) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	d.unequip(gate)
	d.equip(e)
	if err := commit(ctx, actor); err != nil {
		d.unequip(gate)
		return err
	}
	d.watchSensors()
	d.runSigns()
	d.touch()
	return nil
}

// GiveLanes ends that the desk runs lanes of another gate. While somebody stands
// there it is refused with a sentence, unless force is set.
func (d *Desk) GiveLanes(ctx context.Context, gate string, force bool, commit func(ctx context.Context, actor string) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(d.lanes)) {
		if owner, _ := parking.SplitLane(code); owner != gate || force {
			continue
		}
		if err := d.occupied(d.lanes[code]); err != nil {
			return err
		}
	}
	if err := commit(ctx, actor); err != nil {
		return err
	}
	d.unequip(gate)
	d.touch()
	return nil
}

// equip puts more devices to those of the desk. mu is held.
func (d *Desk) equip(e Equipment) {
	c := &d.cfg
	all := Equipment{Cameras: c.Cameras, Barriers: c.Barriers, Sensors: c.Sensors, Signs: c.Signs, Printers: c.Printers, Tickets: c.Tickets}
	all.Add(e)
	c.Cameras, c.Barriers, c.Sensors, c.Signs, c.Printers, c.Tickets = all.Cameras, all.Barriers, all.Sensors, all.Signs, all.Printers, all.Tickets
	d.makeSenses(e.Sensors)
	d.makeSigns(e.Signs)
}

// unequip forgets the lanes of another gate with all that stands there, and ends
// what is under way for who was there. mu is held.
func (d *Desk) unequip(gate string) {
	mine := func(key string) bool { return strings.HasPrefix(key, gate+"/") }
	for code, p := range d.lanes {
		if !mine(code) {
			continue
		}
		for _, v := range slices.Concat(p.order(), p.aside) {
			v.stop()
		}
		if len(p.aside) > 0 {
			if err := d.noteAside(d.ctx, code, nil); err != nil {
				d.log.Warn("who waits aside was not noted", "lane", code, "error", err)
			}
		}
		delete(d.lanes, code)
	}
	for key, s := range d.senses {
		if mine(key) {
			s.stop()
			delete(d.senses, key)
		}
	}
	d.forgetSigns(mine)
	c := &d.cfg
	forget(c.Cameras, mine)
	forget(c.Barriers, mine)
	forget(c.Sensors, mine)
	forget(c.Signs, mine)
	forget(c.Printers, mine)
	forget(c.Tickets, mine)
}

// forget takes entries out of a map. Maps with lanes of another gate are the
// desk's own: equip has made them.
func forget[V any](m map[string]V, mine func(string) bool) {
	maps.DeleteFunc(m, func(key string, _ V) bool { return mine(key) })
}
