package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// driver is one visit as its driver knows it.
type driver struct {
	plate  string
	class  parking.Class
	in     time.Duration // since the day began
	stays  time.Duration
	method parking.Method
	rng    *rand.Rand // of this driver alone
	tries  int        // at the exit, in vain

	stay   uuid.UUID
	inside bool
	paying *paying
}

// paying is a transfer under way at a lane.
type paying struct {
	post *post
	node any // the program that shows the code
}

// ledger is what the drivers know together: the truth that gates and cloud
// are measured against.
type ledger struct {
	opened, closed, unknown, voided int
	inside                          int
	paid                            parking.Money
	refusals                        map[string]int       // acts that a lane turned down, by code
	shown                           map[string]uuid.UUID // stays by the references that were shown for them
}

// Limits of patience at a lane.
const (
	comeBack   = 7 * time.Minute // a driver who was turned away
	triesOut   = 3               // before the guard lets him out as unknown
	unknownFee = parking.Money(10_000)
)

// newDriver makes a visit: more come in the morning than at night.
func newDriver(seed uint64, i int, day time.Duration) *driver {
	rng := rand.New(rand.NewPCG(seed, 1000+uint64(i)))
	d := &driver{
		rng:   rng,
		plate: fmt.Sprintf("51A%05d", 10_000+i), class: parking.Car, method: parking.Cash,
		in:    time.Duration(rng.Int64N(int64(day))),
		stays: time.Duration(1+rng.IntN(240)) * time.Minute,
	}
	if rng.IntN(3) == 0 {
		d.in = time.Duration(rng.Int64N(int64(day / 4)))
	}
	if rng.IntN(3) == 0 {
		d.plate, d.class = fmt.Sprintf("59X1%05d", 20_000+i), parking.Motorbike
	}
	if rng.IntN(4) == 0 {
		d.method = parking.QR
	}
	return d
}

// arrive lets a driver come to a gate's entry.
func (w *world) arrive(d *driver) {
	p := w.open(d)
	if p == nil {
		w.after(comeBack, func() { w.arrive(d) })
		return
	}
	if !w.enter(p, d) {
		w.after(comeBack, func() { w.arrive(d) })
		return
	}
	w.afterwards(p, d)
	w.after(d.stays, func() { w.depart(d) })
}

// enter lets a driver in at a gate, if the lane takes him.
func (w *world) enter(p *post, d *driver) bool {
	passed, err := p.node.Desk().In(w.acting, lane.InRequest{Lane: "1", Plate: d.plate, Class: d.class})
	if err != nil {
		w.turnedAway(err)
		return false
	}
	d.stay, d.inside = passed.Stay.ID, true
	w.book.opened++
	w.book.inside++
	return true
}

// afterwards is what a guard does about a vehicle that has come in.
func (w *world) afterwards(p *post, d *driver) {
	switch d.rng.IntN(20) {
	case 0, 1: // the plate was misread, and is as it is
		_, err := p.node.State().Write(w.ctx, state.Draft{Kind: parking.KindPlateCorrected, Actor: "lan", Body: parking.PlateCorrected{
			Stay: d.stay, Plate: parking.Plate(d.plate), Display: d.plate, Was: "51A00000", Reason: "misread",
		}})
		w.turnedAway(err)
	case 2, 3: // it stands elsewhere
		w.after(time.Duration(d.rng.IntN(40))*time.Minute, func() {
			if p := w.open(d); p != nil && d.inside && d.class == parking.Car {
				slots := p.node.State().Site().Slots
				w.turnedAway(p.node.Desk().MoveStay(w.acting, d.stay, slots[d.rng.IntN(len(slots))].Code, "as seen on the round"))
			}
		})
	case 4: // it was a mistake, and comes in once more
		err := p.node.Desk().Void(w.acting, d.stay, "pressed twice")
		w.turnedAway(err)
		if err == nil {
			d.inside = false
			w.book.voided++
			w.book.inside--
			again := *d
			w.after(time.Minute, func() { w.arrive(&again) })
		}
	case 5:
		w.turnedAway(p.node.Desk().OpenByHand(w.acting, "1", "the sweeper"))
	}
}

// depart lets a driver come to a gate's exit.
func (w *world) depart(d *driver) {
	p := w.open(d)
	if p == nil {
		w.after(comeBack, func() { w.depart(d) })
		return
	}
	if !d.inside {
		return
	}
	answer, err := p.node.Desk().Out(w.acting, lane.OutRequest{Lane: "2", Plate: d.plate, Method: d.method})
	switch {
	case err == nil && answer.Paying:
		d.paying = &paying{post: p, node: p.node}
		if other, ok := w.book.shown[answer.Reference]; ok && other != d.stay {
			w.fail("reference %s was shown for two stays", answer.Reference)
		}
		w.book.shown[answer.Reference] = d.stay
		w.after(time.Minute, func() { w.transferred(d) })
	case err == nil:
		w.left(d, answer.Due)
	case parking.ErrorCode(err) == parking.NotFound && d.tries >= triesOut:
		w.unknown(p, d)
	default:
		d.tries++
		w.turnedAway(err)
		w.after(comeBack, func() { w.depart(d) })
	}
}

// transferred shows the guard the transfer; a gate that was started anew
// meanwhile is paid in cash.
func (w *world) transferred(d *driver) {
	p := d.paying.post
	if p.node == nil || any(p.node) != d.paying.node {
		d.method = parking.Cash
		w.depart(d)
		return
	}
	answer, err := p.node.Desk().Out(w.acting, lane.OutRequest{
		Lane: "2", Plate: d.plate, Method: parking.Manual, PayerBank: "VCB", PaidAt: p.node.State().Clock().Now(),
	})
	if err != nil {
		w.turnedAway(err)
		d.method = parking.Cash
		w.after(comeBack, func() { w.depart(d) })
		return
	}
	w.left(d, answer.Due)
}

func (w *world) left(d *driver, paid parking.Money) {
	d.inside = false
	w.book.closed++
	w.book.inside--
	w.book.paid += paid
}

// unknown lets a driver out whose entry this gate has not heard of.
func (w *world) unknown(p *post, d *driver) {
	subject, err := p.node.Desk().Arrive(w.acting, "2", lane.Arrival{Plate: d.plate, Class: d.class, Device: true})
	if err == nil {
		err = p.node.Desk().OutUnknown(w.acting, "2", subject, "no entry is known here", unknownFee, parking.Cash)
		if err != nil { // others are before him: he backs out of the queue
			w.turnedAway(p.node.Desk().Clear(w.acting, "2", subject))
		}
	}
	if err != nil {
		w.turnedAway(err)
		w.after(comeBack, func() { w.depart(d) })
		return
	}
	d.inside = false
	w.book.unknown++
	w.book.inside--
	w.book.paid += unknownFee
}

// open is a gate whose program runs, nil when none does.
func (w *world) open(d *driver) *post {
	running := slices.DeleteFunc(slices.Clone(w.posts), func(p *post) bool { return p.node == nil })
	if len(running) == 0 {
		return nil
	}
	return running[d.rng.IntN(len(running))]
}

// turnedAway counts an act that a lane turned down with a sentence, and
// reports anything else.
func (w *world) turnedAway(err error) {
	if err == nil {
		return
	}
	code := parking.ErrorCode(err)
	w.book.refusals[string(code)]++
	if code != parking.Conflict && code != parking.NotFound {
		w.fail("a lane failed: %v", err)
	}
}
