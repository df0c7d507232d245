package lane

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
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

	// What a guard said of it where the lists are against it, and what that was
	// about (docs/PASSES.md).
	word, wordFor string
	card          cardState // of its token, as last looked up

	tapped bool             // its token came by a reader: it may go through with no key
	shown  *presentedTicket // at an exit: the ticket that was scanned

	receipts   []*presentedReceipt // at an exit: those that were scanned
	discountOf uuid.UUID           // the stay that Subject.Discount is given to

	payment uuid.UUID // request that the QR shows
	askedBy string    // who has shown it
	done    bool      // the fact is on disk
	result  parking.Stay
	fact    uuid.UUID // its vehicle_in or vehicle_out
	opening uuid.UUID // its barrier_opened
	expire  bool      // a timer is set to take it off the screen
	backed  bool      // it has backed out

	// The order at the lane.
	unseen    int  // vehicles that were sensed just ahead of it, while the order was full
	overtaken bool // another has arrived since: what a camera shows now is not this one

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
	s.Photos = slices.Clone(v.photos) // a camera's may come yet
	if stay := v.chosenStay(); stay != nil {
		s.Class = stay.Class // whose fee it is
	}
	return &s
}

// Arrival announces a vehicle at a lane.
type Arrival struct {
	// ID becomes the subject's, so that the same arrival announced twice is
	// one; the zero id has one made.
	ID    uuid.UUID
	Plate string        // typed; "" lets the camera read it. A simulated camera shows it instead
	Class parking.Class // "" is the lane's default
	Token string        // card or ticket that was presented, "" for none
	// Picture shows the vehicle instead of the lane's camera (JPEG or PNG).
	Picture []byte
	Device  bool // announced by a loop or a program: it waits behind those that are there

	tap *presented // what a reader has read
}

// Arrive starts a new subject at a lane: takes pictures, has the plate read in
// the background, and offers a slot (IN) or the stays it may be (OUT). It
// returns the subject's id at once. One that a device announced waits behind
// those that are there; with four waiting it is refused (Conflict) and counted.
// One that a guard announces is in front: an unfinished vehicle gives way.
func (d *Desk) Arrive(ctx context.Context, code string, a Arrival) (uuid.UUID, error) {
	plate, err := a.check()
	if err != nil {
		return uuid.Nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l, p, err := d.lane(code)
	if err != nil {
		return uuid.Nil, err
	}
	if p.knows(a.ID) {
		return a.ID, nil // announced before
	}
	if err := d.makeRoom(p, a.Device); err != nil {
		return uuid.Nil, err
	}
	return d.appear(l, p, a, plate).ID, nil
}

// check says in a sentence what is wrong with an arrival, and reads its plate.
func (a *Arrival) check() (parking.Plate, error) {
	if a.Class != "" {
		if err := parking.ValidCode("class", string(a.Class)); err != nil {
			return "", err
		}
	}
	if err := checkToken(a.Token); err != nil {
		return "", err
	}
	if len(a.Picture) > 0 {
		if err := vision.CheckPicture(a.Picture); err != nil {
			return "", err
		}
	}
	if a.Plate == "" {
		return "", nil
	}
	return parking.ParsePlate(a.Plate)
}

// appear puts a new vehicle at the end of the lane's order and starts to look
// at it. mu is held.
func (d *Desk) appear(l parking.Lane, p *post, a Arrival, plate parking.Plate) *vehicle {
	v := d.newVehicle(l, a)
	p.join(v)
	d.touch()
	folder := false
	for _, c := range p.cameras {
		switch c := camera.Behind(c).(type) {
		case *camera.Simulator:
			c.Arrive(plate, v.Class)
		case *camera.Folder:
			folder = true
		}
	}
	switch {
	case d.cfg.Vision == nil: // the plate is all that will be known of it
	case p.simulated():
		plate = "" // it is what the camera shall see; reading it is left to the reader
	case folder && len(a.Picture) == 0 && a.Device:
		plate = "" // a photograph shows what it shows
	}
	if plate != "" {
		d.setPlate(v, plate, true)
	}
	d.assess(l, v)
	if len(p.cameras) > 0 || len(a.Picture) > 0 {
		v.reading = d.cfg.Vision != nil && (p.cameras[parking.RolePlate] != nil || len(a.Picture) > 0)
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
	return v
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
	id := a.ID
	if id == uuid.Nil {
		id = newID()
	}
	v := &vehicle{
		Subject: Subject{
			ID: id, Stage: Arrived, ArrivedAt: now, PricedAt: now,
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

// ready says that the next thing to do is the guard's. mu is held.
func (d *Desk) ready(v *vehicle) {
	if v.Stage == Arrived {
		v.Stage = Offered
	}
	if v.Plate == "" && !v.done {
		v.warn(warnType)
		if v.dir == parking.Out && len(v.Matches) == 0 {
			d.priceUnknown(v)
		}
	}
	d.touch()
}
