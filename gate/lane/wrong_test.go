package lane_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// car is a vehicle that stands in the lane, whatever the desk knows of it.
type car struct {
	id   uuid.UUID // the desk's name for it, the zero id before it has one
	stay uuid.UUID // once it was let through
}

// street is a lane as it really is: who stands in it, in which order.
type street struct {
	t      *testing.T
	b      *lanetest.Bench
	rng    *rand.Rand
	loop   *device.SensorSimulator
	cars   []*car
	known  []uuid.UUID // every vehicle that was ever named
	stays  int
	wanted []uuid.UUID // the stay that each passage must name
	plates int
	opened time.Time // when somebody last went through an opening
	closed bool      // nobody has gone through an opening yet
	tails  int
}

// Whatever arrives, passes, backs out and is pressed, in any order and twice:
// nobody is let through but who stands in front, and each passage names the
// stay of who went.
func TestNoActOnAWrongVehicle(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			loop := device.NewSensorSimulator()
			s := &street{t: t, rng: rand.New(rand.NewPCG(seed, 9)), loop: loop, closed: true}
			s.b = lanetest.New(t, lanetest.Options{NoCamera: true, NoVision: true, Setup: func(c *lane.Config) {
				seen, err := device.OpenSensor("api:")
				if err != nil {
					t.Fatal(err)
				}
				c.Sensors = map[string]device.Sensor{"1/passage": seen, "1/arrival": loop}
			}})
			s.b.Until("the desk listens", loop.Watched)
			for range 250 {
				s.step()
				s.check()
			}
			if s.stays < 10 || len(s.wanted) < 15 || s.tails == 0 {
				t.Errorf("too little happened: %d stays, %d passages, %d tailgates", s.stays, len(s.wanted), s.tails)
			}
		})
	}
}

func (s *street) step() {
	switch n := s.rng.IntN(100); {
	case n < 20:
		s.announced()
	case n < 30:
		s.overTheLoop()
	case n < 35: // the same announcement again
		if id := s.anyone(); id != uuid.Nil {
			_, _ = s.b.Desk.Arrive(s.t.Context(), "1", lane.Arrival{ID: id, Device: true})
		}
	case n < 65:
		s.accept()
	case n < 85:
		s.drive()
	case n < 90:
		s.backOut()
	case n < 93:
		s.turnAway()
	default:
		s.b.Clock.Pass(time.Duration(s.rng.IntN(20)) * time.Second)
	}
}

func (s *street) plate() string {
	s.plates++
	return fmt.Sprintf("30A%05d", s.plates)
}

// anyone is one of those who were ever named, the newest more often.
func (s *street) anyone() uuid.UUID {
	if len(s.known) == 0 {
		return uuid.Nil
	}
	return s.known[max(0, len(s.known)-1-s.rng.IntN(8))]
}

// announced: a program tells of a vehicle. Told that the order is full, the
// driver goes elsewhere. One in front that has passed gives way.
func (s *street) announced() {
	id := uuid.Must(uuid.NewV7())
	if _, err := s.b.Desk.Arrive(s.t.Context(), "1", lane.Arrival{ID: id, Device: true, Plate: s.plate()}); err == nil {
		s.cars = append(s.cars, &car{id: id})
		s.known = append(s.known, id)
	}
}

// overTheLoop: nobody can turn away who has driven onto a loop.
func (s *street) overTheLoop() {
	was, missed := s.count(), s.b.Lane("1").Missed
	s.loop.Set(true)
	s.loop.Set(false)
	s.b.Until("the loop was heard", func() bool { return s.count() == was+1 })
	c := &car{}
	if order := s.order(); s.b.Lane("1").Missed == missed {
		c.id = order[len(order)-1]
		s.known = append(s.known, c.id)
	}
	s.cars = append(s.cars, c)
}

// order is who stands in the lane as the desk knows it.
func (s *street) order() (ids []uuid.UUID) {
	l := s.b.Lane("1")
	if l.Subject != nil && l.Subject.Stage != lane.HasPassed {
		ids = append(ids, l.Subject.ID)
	}
	for _, w := range l.Waiting {
		ids = append(ids, w.ID)
	}
	return ids
}

func (s *street) count() int { return len(s.order()) + s.b.Lane("1").Missed }

// accept presses the key for somebody; whoever it is, only the one in front
// may be let through by it.
func (s *street) accept() {
	id := s.anyone()
	if s.rng.IntN(3) > 0 && len(s.order()) > 0 {
		id = s.order()[0]
	}
	_, before := s.b.Barriers["1"].Openings()
	if subject := s.b.Lane("1").Subject; subject != nil && subject.ID == id && subject.Plate == "" {
		if err := s.b.Desk.Correct(s.t.Context(), "1", id, s.plate(), ""); err != nil {
			s.t.Fatal(err)
		}
	}
	stay, err := s.b.Desk.AcceptIn(s.t.Context(), "1", id)
	_, after := s.b.Barriers["1"].Openings()
	if after == before {
		return
	}
	front := s.cars[0]
	if err != nil || front.id != id || front.stay != uuid.Nil {
		s.t.Fatalf("the barrier opened for %s (%v); in front stands %+v", id, err, front)
	}
	front.stay = stay.ID
	s.stays++
}

// drive: whoever is in front goes through, let through or not.
func (s *street) drive() {
	if len(s.cars) == 0 || s.cars[0].stay == uuid.Nil && s.rng.IntN(3) > 0 {
		return
	}
	gone := s.cars[0]
	s.cars = s.cars[1:]
	s.wanted = append(s.wanted, gone.stay)
	now := s.b.State.Clock().Now()
	switch {
	case gone.stay != uuid.Nil:
		s.opened, s.closed = now, false
	case !s.closed && now.Sub(s.opened) <= 15*time.Second:
		s.tails++
		s.opened = now
	}
	report := lane.PassageReport{ID: uuid.Must(uuid.NewV7()), Source: lane.SourceLoop}
	for range 1 + s.rng.IntN(2) { // told once or twice
		if err := s.b.Desk.Passage(s.t.Context(), "1", report); err != nil {
			s.t.Fatal(err)
		}
	}
}

// backOut says so of somebody; it can be true of the one in front only.
func (s *street) backOut() {
	id := s.anyone()
	before := kinds(s.b)[parking.KindVehicleBackedOut]
	err := s.b.Desk.BackOut(s.t.Context(), "1", id, "")
	if kinds(s.b)[parking.KindVehicleBackedOut] == before {
		return
	}
	if err != nil || len(s.cars) == 0 || s.cars[0].id != id || s.cars[0].stay == uuid.Nil {
		s.t.Fatalf("%s backed out: %v", id, err)
	}
	s.cars = s.cars[1:]
	s.closed = true
}

// turnAway: one who was not let through drives off backwards, and the guard
// says so.
func (s *street) turnAway() {
	if len(s.cars) == 0 || s.cars[0].stay != uuid.Nil {
		return
	}
	if err := s.b.Desk.Clear(s.t.Context(), "1", s.cars[0].id); err != nil {
		s.t.Fatal(err)
	}
	s.cars = s.cars[1:]
}

// check compares the desk with the street.
func (s *street) check() {
	s.t.Helper()
	order := s.order()
	if s.count() != len(s.cars) {
		s.t.Fatalf("%d stand in the lane, the desk knows of %d", len(s.cars), s.count())
	}
	missed := 0
	for i, c := range s.cars {
		switch {
		case i == 0 && len(order) > 0 && c.id == uuid.Nil && !slices.Contains(s.known, order[0]):
			c.id = order[0] // the desk has just named it
			s.known = append(s.known, c.id)
			order = order[1:]
		case len(order) > 0 && c.id == order[0]:
			order = order[1:]
		case c.id == uuid.Nil:
			missed++
		default:
			s.t.Fatalf("%s stands where the desk has %v", c.id, order)
		}
	}
	if len(order) > 0 || missed != s.b.Lane("1").Missed {
		s.t.Fatalf("the desk has %v that are not there, and misses %d of %d", order, s.b.Lane("1").Missed, missed)
	}
	if len(s.cars) > 0 && s.cars[0].id == uuid.Nil {
		s.t.Fatal("the one in front has no name")
	}
	got := passages(s.b)
	if n := len(got); n > 0 && !slices.Equal(got, s.wanted[len(s.wanted)-n:]) {
		s.t.Fatalf("passages %v, want %v", got, s.wanted)
	}
	if n := len(alarms(s.b)); n != s.tails && len(s.b.State.Recent(200)) < 200 {
		s.t.Fatalf("%d alarms, %d tailgates", n, s.tails)
	}
}
