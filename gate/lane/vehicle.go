package lane

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/parking"
	"gatehouse/vision"
)

// vehicle is a subject with what screens need not know. It is guarded by
// Desk.mu; views get copies.
type vehicle struct {
	Subject
	dir     parking.Direction
	photos  []parking.PhotoRef
	reason  string // the guard's word about an odd plate
	checked bool   // the guard has confirmed an unsure reading
	// turnedDown says that the guard took another plate than was read, and that
	// this is written down.
	turnedDown bool
	reading    bool // the picture is being read

	pictured chan struct{} // closed when the picture is kept, or will never be
	settled  chan struct{} // closed when it is read, or will never be

	// IN
	chosen  bool            // the guard chose the slot
	hold    Hold            // of the offered slot, zero for none
	refused map[string]bool // slots that somebody else turned out to hold
	holding context.CancelFunc

	// OUT
	picked bool
	marked map[uuid.UUID]string // why a match is not priced by its own tariff

	tapped bool             // its token came by a reader: it may go through with no key
	shown  *presentedTicket // at an exit: the ticket that was scanned

	payment uuid.UUID // request that the QR shows
	done    bool      // the fact is on disk
	result  parking.Stay
	opening uuid.UUID // its barrier_opened
	expire  bool      // a timer is set to take it off the screen

	ctx  context.Context // ends with the vehicle's time at the lane
	stop context.CancelFunc
}

// warn adds a warning once.
func (v *vehicle) warn(text string) {
	if !slices.Contains(v.Warnings, text) {
		v.Warnings = append(slices.Clone(v.Warnings), text)
	}
}

// forget takes a warning back.
func (v *vehicle) forget(text string) {
	v.Warnings = slices.DeleteFunc(slices.Clone(v.Warnings), func(w string) bool { return w == text })
}

// copySubject is the subject as a value that nobody changes.
func (v *vehicle) copySubject() *Subject {
	s := v.Subject
	s.Warnings = slices.Clone(s.Warnings)
	s.Matches = slices.Clone(s.Matches)
	return &s
}

// lane finds the lane in the site's configuration. mu is held.
func (d *Desk) lane(code string) (parking.Lane, *post, error) {
	for _, l := range d.cfg.State.Site().Lanes() {
		if l.Code == code {
			return l, d.post(l), nil
		}
	}
	return parking.Lane{}, nil, parking.Errorf(parking.NotFound, "Gate %s has no lane %q.", d.cfg.Gate, code)
}

// post returns the lane's place at the desk, made at first use.
func (d *Desk) post(l parking.Lane) *post {
	p, ok := d.lanes[l.Code]
	if ok {
		return p
	}
	p = &post{code: l.Code, camera: d.cfg.Cameras[l.Code], barrier: d.cfg.Barriers[l.Code]}
	if p.barrier == nil {
		p.barrier = device.None{}
	}
	p.eye = Worker{OK: p.camera != nil}
	if p.camera == nil {
		p.eye.Why = "This lane has no camera; plates are typed."
	}
	p.tokens = d.tokensAt(l.Code)
	d.lanes[l.Code] = p
	return p
}

// at finds lane and vehicle that an act is about and checks who acts. mu is
// held.
func (d *Desk) at(ctx context.Context, code string, subject uuid.UUID) (parking.Lane, *post, *vehicle, string, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return parking.Lane{}, nil, nil, "", err
	}
	l, p, err := d.lane(code)
	if err != nil {
		return parking.Lane{}, nil, nil, "", err
	}
	for _, v := range []*vehicle{p.vehicle, p.last} {
		if v != nil && v.ID == subject && (v == p.vehicle || v.done) {
			return l, p, v, actor, nil
		}
	}
	if p.vehicle == nil {
		return l, p, nil, actor, parking.Errorf(parking.Conflict, "The vehicle at lane %s has gone.", code)
	}
	return l, p, nil, actor, parking.Errorf(parking.Conflict, "The vehicle at lane %s has changed. Look before you press again.", code)
}

// Arrival announces a vehicle at a lane.
type Arrival struct {
	Plate string        // typed; "" lets the camera read it. A simulated camera shows it instead
	Class parking.Class // "" is the lane's default
	Token string        // card or ticket that was presented, "" for none
	// Picture shows the vehicle instead of the lane's camera (JPEG or PNG).
	Picture []byte
	Device  bool // announced by a loop or a program: never pushes away a vehicle that is being worked on

	tap *presented // what a reader has read
}

// Arrive starts a new subject at a lane: takes a picture, has it read in the
// background, and offers a slot (IN) or the stays it may be (OUT). It returns
// the subject's id at once. A vehicle that was still being worked on gives
// way, unless a device announced the new one (Conflict then).
func (d *Desk) Arrive(ctx context.Context, code string, a Arrival) (uuid.UUID, error) {
	if a.Class != "" {
		if err := parking.ValidCode("class", string(a.Class)); err != nil {
			return uuid.Nil, err
		}
	}
	if err := checkToken(a.Token); err != nil {
		return uuid.Nil, err
	}
	if len(a.Picture) > 0 {
		if err := vision.CheckPicture(a.Picture); err != nil {
			return uuid.Nil, err
		}
	}
	var plate parking.Plate
	if a.Plate != "" {
		var err error
		if plate, err = parking.ParsePlate(a.Plate); err != nil {
			return uuid.Nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l, p, err := d.lane(code)
	if err != nil {
		return uuid.Nil, err
	}
	if a.Device && p.vehicle != nil && !p.vehicle.done {
		return uuid.Nil, parking.Errorf(parking.Conflict, "A vehicle stands at lane %s already.", code)
	}
	d.leave(p)
	v := d.newVehicle(l, a)
	p.vehicle = v
	d.touch()
	if simulator, ok := p.camera.(*camera.Simulator); ok {
		// The plate is what the camera shall see; reading it is left to the reader.
		simulator.Arrive(plate, v.Class)
		if d.cfg.Vision != nil {
			plate = ""
		}
	}
	if _, ok := p.camera.(*camera.Folder); ok && len(a.Picture) == 0 && d.cfg.Vision != nil && a.Device {
		plate = "" // a photograph shows what it shows
	}
	if plate != "" {
		d.setPlate(v, plate, true)
	}
	d.assess(l, v)
	if p.camera != nil || len(a.Picture) > 0 {
		v.reading = d.cfg.Vision != nil
		d.spawn(func() {
			defer close(v.settled)
			d.look(l, p, v, a.Picture)
		})
	} else {
		close(v.pictured)
		close(v.settled)
	}
	if !v.reading {
		d.ready(v)
	}
	return v.ID, nil
}

// maxToken bounds the number of a card or ticket.
const maxToken = 64

func checkToken(token string) error {
	if len(token) > maxToken {
		return parking.Errorf(parking.Invalid, "The number of a card or ticket has at most %d characters.", maxToken)
	}
	for _, r := range token {
		if r < ' ' || r > '~' {
			return parking.Errorf(parking.Invalid, "The number of a card or ticket has letters and digits only.")
		}
	}
	return nil
}

func (d *Desk) newVehicle(l parking.Lane, a Arrival) *vehicle {
	now := parking.BusinessTime(d.cfg.Now())
	class := a.Class
	if class == "" {
		class = l.Class
	}
	v := &vehicle{
		Subject: Subject{
			ID: newID(), Stage: Arrived, ArrivedAt: now, PricedAt: now,
			Class: class, Token: a.Token, Chosen: -1, Reading: vision.None(),
		},
		dir:      l.Direction,
		refused:  map[string]bool{},
		pictured: make(chan struct{}), settled: make(chan struct{}),
	}
	v.present(a.tap)
	v.ctx, v.stop = context.WithCancel(d.ctx)
	return v
}

// leave takes the lane's vehicle away from the screen. mu is held.
func (d *Desk) leave(p *post) {
	v := p.vehicle
	if v == nil {
		return
	}
	if !v.readsOn() {
		v.stop() // ends reading and hold
	}
	p.vehicle = nil
	if v.done {
		p.last = v
	}
	switch c := p.camera.(type) {
	case *camera.Simulator:
		c.Leave()
	case *camera.Folder:
		c.Arrive() // the next picture is the next vehicle
	}
	d.touch()
}

// ready says that the next thing to do is the guard's. mu is held.
func (d *Desk) ready(v *vehicle) {
	if v.Stage == Arrived {
		v.Stage = Offered
	}
	if v.Plate == "" && !v.done {
		v.warn(warnType)
	}
	d.touch()
}

// Clear takes an unfinished vehicle off the lane: it went away. One that was
// let through is only taken off the screen.
func (d *Desk) Clear(ctx context.Context, code string, subject uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, p, v, _, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	if v == p.vehicle {
		d.leave(p)
	}
	return nil
}
