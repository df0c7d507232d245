package lane_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
	"gatehouse/vision"
)

// driver is somebody who wants to leave, and what he knows of it for himself.
type driver struct {
	n      int
	stay   uuid.UUID
	class  parking.Class
	plate  parking.Plate
	card   string
	inside time.Duration
	comes  time.Duration
	dice   *rand.Rand
	reads  vision.Reading // what the worker makes of his picture

	lost      bool // his card
	finds     bool // it after all, while the guard is at it
	unread    bool // his plate
	strange   string
	tailgates bool
	backs     bool // out, once he was let through

	road             *road
	joined           time.Time // the street, for the first time
	first            time.Time // stood at the barrier, for the first time
	through          time.Time
	shown            bool // whatever he has to show was shown
	turning          bool // wants to go back
	mayTurn          chan struct{}
	keys             int
	paid             []parking.Money
	tailgated        bool
	letOut, backOuts int
}

// makeDrivers draws who comes and when: half of them evenly, half in waves, as
// shifts and films end.
func (r *rush) makeDrivers() {
	whole := time.Duration(r.plan.minutes) * time.Minute
	waves := max(1, r.plan.minutes/15)
	losers := 0
	for n := range r.plan.vehicles {
		d := &driver{n: n, stay: uuid.Must(uuid.NewV7()), mayTurn: make(chan struct{}, 1), dice: rand.New(rand.NewPCG(r.plan.seed, uint64(1000+n)))}
		d.comes = time.Duration(r.rng.Int64N(int64(whole)))
		if r.rng.IntN(2) == 0 {
			wave := whole / time.Duration(waves)
			d.comes = wave*time.Duration(r.rng.IntN(waves)) + time.Duration(r.rng.Int64N(int64(wave/3)))
		}
		d.inside = time.Duration(30+r.rng.IntN(540)) * time.Minute
		d.class, d.plate = parking.Car, parking.Plate(fmt.Sprintf("30A%05d", 10000+n*7))
		if r.rng.IntN(4) > 0 {
			d.class, d.plate = parking.Motorbike, parking.Plate(fmt.Sprintf("29B1%05d", 10000+n*7))
			d.card = fmt.Sprintf("%08d", 4000+n)
		}
		d.reads = lanetest.Sure(d.plate)
		odd := r.rng.IntN(100) < r.plan.lost
		switch {
		case odd && d.card != "" && losers <= n/30:
			losers++
			d.lost, d.finds = true, losers%4 == 2
		case odd:
			d.unread = true
			d.reads = []vision.Reading{vision.None(), lanetest.Unsure(d.plate, d.plate[:len(d.plate)-1]+"9"), lanetest.Unsure(d.plate[:len(d.plate)-1]+"8", d.plate)}[r.rng.IntN(3)]
		}
		switch n % 60 {
		case 15, 35, 55:
			d.tailgates = true // when somebody is let out right before him
		case 25:
			d.backs = true
		case 45:
			d.strange = "77777777" // a card of another house, held to the reader first
		}
		r.drivers = append(r.drivers, d)
	}
	slices.SortStableFunc(r.drivers, func(a, b *driver) int { return int(a.comes - b.comes) })
	for i, d := range r.drivers {
		d.n = i
	}
}

// road is one lane as it lies there: the street before it, the loop before the
// barrier with camera and reader, the barrier, and the loop behind it.
type road struct {
	r                *rush
	code             string
	arrival, passage *device.SensorSimulator
	reader           *device.ReaderSimulator
	street           chan *driver
	longest          int
	dice             *rand.Rand // of who drives through

	stands   *driver       // on the loop before the barrier
	opened   chan struct{} // the barrier went up
	openings []*driver     // who stood there when it did
	went     []*driver     // through, nil for one who went unasked
	last     time.Time     // when one who was let out last drove off
	behind   chan struct{} // has a place for the one who drives through
}

func newRoad(r *rush, code string) *road {
	return &road{
		r: r, code: code, dice: rand.New(rand.NewPCG(r.plan.seed, uint64(code[0]))), arrival: device.NewSensorSimulator(), passage: device.NewSensorSimulator(),
		reader: device.NewReaderSimulator(), street: make(chan *driver, 2*r.plan.vehicles), opened: make(chan struct{}, 1), behind: make(chan struct{}, 1),
	}
}

// join puts a driver at the end of the shorter street, mostly.
func (r *rush) join(d *driver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to, other := r.roads[0], r.roads[1]
	if len(other.street) < len(to.street) {
		to, other = other, to
	}
	if r.rng.IntN(5) == 0 {
		to = other
	}
	if d.joined.IsZero() {
		d.joined = time.Now()
	}
	d.road = to
	to.street <- d
	to.longest = max(to.longest, len(to.street))
}

// between draws a time. Everybody has dice of his own, so that a seed is the
// same rush however goroutines run.
func between(dice *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(dice.Int64N(int64(most-least)))
}

// drive brings one after the other from the street to the barrier and through.
func (w *road) drive() {
	for {
		select {
		case <-w.r.ended:
			return
		case d := <-w.street:
			w.serve(d)
		}
	}
}

func (w *road) serve(d *driver) {
	roll := between(d.dice, 500*time.Millisecond, 1500*time.Millisecond)
	if d.class == parking.Car {
		roll += time.Second
	}
	time.Sleep(roll)
	w.stand(d)
	if w.follows(d) {
		time.Sleep(time.Second)
		w.behind <- struct{}{}
		w.stand(nil)
		w.pass(nil)
		d.tailgated, d.through = true, time.Now()
		w.r.gone()
		return
	}
	showing := make(chan struct{})
	go func() {
		defer close(showing)
		w.show(d)
	}()
	select {
	case <-w.opened:
	case <-w.r.ended:
	}
	<-showing
	if d.backs && d.backOuts == 0 {
		w.turnBack(d)
		return
	}
	time.Sleep(between(d.dice, 600*time.Millisecond, 1200*time.Millisecond))
	w.behind <- struct{}{} // nobody drives into the one before
	w.stand(nil)
	w.r.mu.Lock()
	w.last = time.Now()
	w.r.mu.Unlock()
	go func() {
		w.pass(d)
		d.through = time.Now()
		w.r.gone()
	}()
}

// follows says whether a driver rides through on another's opening, right
// behind him.
func (w *road) follows(d *driver) bool {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return d.tailgates && time.Since(w.last) < 3*time.Second
}

// stand puts a driver on the loop before the barrier; nil: he has left it.
func (w *road) stand(d *driver) {
	w.r.mu.Lock()
	w.stands = d
	if d != nil && d.first.IsZero() {
		d.first = time.Now()
	}
	w.r.mu.Unlock()
	w.arrival.Set(d != nil)
}

// show holds a driver's card before the reader, if he has it.
func (w *road) show(d *driver) {
	ctx := w.r.t.Context()
	time.Sleep(between(d.dice, 300*time.Millisecond, 2*time.Second))
	if d.strange != "" {
		_ = w.reader.Present(ctx, d.strange) // the rush goes on without it
		time.Sleep(between(d.dice, 2*time.Second, 4*time.Second))
	}
	if d.card != "" && !d.lost {
		_ = w.reader.Present(ctx, d.card)
	}
	w.r.mu.Lock()
	d.shown = true
	w.r.mu.Unlock()
	if d.finds && d.backOuts == 0 { // in the other pocket
		time.Sleep(between(d.dice, 3*time.Second, 25*time.Second))
		w.r.mu.Lock()
		there := w.stands == d
		w.r.mu.Unlock()
		if there {
			_ = w.reader.Present(ctx, d.card)
		}
	}
}

// turnBack: a driver who was let through goes back for his child. The guard is
// told, says so, and he stands in the street again some minutes later.
func (w *road) turnBack(d *driver) {
	w.r.mu.Lock()
	d.turning = true
	w.r.mu.Unlock()
	select {
	case <-d.mayTurn:
	case <-w.r.ended:
		return
	}
	time.Sleep(time.Second)
	w.stand(nil)
	w.r.mu.Lock()
	d.turning, d.shown = false, false
	d.backOuts++
	w.r.mu.Unlock()
	go func() {
		time.Sleep(2 * time.Minute)
		w.r.mu.Lock()
		d.joined, d.first = time.Time{}, time.Time{} // his time is that of the second try
		w.r.mu.Unlock()
		w.r.join(d)
	}()
}

// pass drives over the loop behind the barrier; nil: unasked.
func (w *road) pass(d *driver) {
	time.Sleep(between(w.dice, 400*time.Millisecond, 1500*time.Millisecond))
	w.passage.Set(true)
	time.Sleep(between(w.dice, 300*time.Millisecond, time.Second))
	w.r.mu.Lock()
	w.went = append(w.went, d)
	w.r.mu.Unlock()
	w.passage.Set(false)
	<-w.behind
}

// Open is the barrier's: it goes up for whoever stands there.
func (w *road) Open(ctx context.Context, _ device.Cause) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	time.Sleep(300 * time.Millisecond)
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.openings = append(w.openings, w.stands)
	if w.stands != nil {
		w.stands.letOut++
	}
	select {
	case w.opened <- struct{}{}:
	default:
		return errors.New("the barrier is open already and nobody has gone through")
	}
	return nil
}

// Frame is the camera's: a picture of whoever stands there, who is named in
// the picture's comment.
func (w *road) Frame(ctx context.Context) (camera.Frame, error) {
	time.Sleep(80 * time.Millisecond)
	if ctx.Err() != nil {
		return camera.Frame{}, ctx.Err()
	}
	w.r.mu.Lock()
	name := "nobody"
	if w.stands != nil {
		name = strconv.Itoa(w.stands.n)
	}
	w.r.mu.Unlock()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		return camera.Frame{}, err
	}
	comment := append([]byte{0xff, 0xfe, 0, byte(2 + len(name))}, name...)
	return camera.Frame{JPEG: slices.Concat(b.Bytes()[:2], comment, b.Bytes()[2:])}, nil
}

// rushReader is the vision worker: it reads the plate of whom a picture shows.
type rushReader rush

// Read takes what a worker on a small machine takes.
func (r *rushReader) Read(ctx context.Context, picture []byte, _ string) (vision.Reading, error) {
	time.Sleep(250 * time.Millisecond)
	if ctx.Err() != nil {
		return vision.Reading{}, ctx.Err()
	}
	name := string(picture[6 : 4+int(picture[5])])
	for _, d := range r.drivers {
		if strconv.Itoa(d.n) == name {
			return d.reads, nil
		}
	}
	return vision.None(), nil // nobody stands there
}
