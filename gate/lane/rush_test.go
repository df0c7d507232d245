package lane_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// rushPlan is how hard a rush is.
type rushPlan struct {
	vehicles int
	minutes  int
	lost     int // percent of cards lost or plates unread
	seed     uint64
}

// An evening's rush through two lanes that lead out, in simulated time: a real
// desk on a real disk, with loops, readers, cameras and barriers that a street
// of drivers moves, and one guard who needs seconds for what he does. Everybody
// leaves by his own stay, nobody pays twice, and no act is on another vehicle
// than the one that stood there. PARK_VEHICLES, PARK_MINUTES, PARK_LOST and
// PARK_SEED make it another one; ./task rush is 900 in 90 minutes.
func TestRush(t *testing.T) { tryRush(t, false) }

// The same rush with the guard at a console: he reads the screen of a terminal,
// and everything he does is keys.
func TestRushAtAConsole(t *testing.T) { tryRush(t, true) }

func tryRush(t *testing.T, console bool) {
	t.Parallel()
	p := rushPlan{vehicles: 120, minutes: 12, lost: 8, seed: 1}
	p.vehicles = wanted(t, "PARK_VEHICLES", p.vehicles)
	p.minutes = wanted(t, "PARK_MINUTES", p.minutes)
	p.lost = wanted(t, "PARK_LOST", p.lost)
	p.seed = uint64(wanted(t, "PARK_SEED", int(p.seed)))
	synctest.Test(t, func(t *testing.T) {
		r := newRush(t, p)
		if console {
			r.sit()
		}
		r.run()
		r.check()
		r.tell()
	})
}

func wanted(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is no number: %q", variable, text)
	}
	return n
}

// rush is a street before two lanes, and who is in it.
type rush struct {
	t    *testing.T
	plan rushPlan
	b    *lanetest.Bench

	mu      sync.Mutex // over what drivers, guard and devices know of each other
	rng     *rand.Rand
	drivers []*driver
	roads   []*road
	left    int // drivers who are through
	ended   chan struct{}
	guard   guard
}

func newRush(t *testing.T, p rushPlan) *rush {
	t.Helper()
	r := &rush{t: t, plan: p, rng: rand.New(rand.NewPCG(p.seed, 21)), ended: make(chan struct{})}
	r.guard = guard{dice: rand.New(rand.NewPCG(p.seed, 22)), refused: map[string]int{}}
	r.makeDrivers()
	for _, code := range []string{"1", "2"} {
		r.roads = append(r.roads, newRoad(r, code))
	}
	r.b = lanetest.New(t, lanetest.Options{NoCamera: true, Runs: true, Change: r.site, Setup: func(c *lane.Config) {
		c.Sensors, c.Vision = map[string]device.Sensor{}, (*rushReader)(r)
		c.Cameras = map[string]camera.Source{}
		for _, road := range r.roads {
			c.Barriers[road.code], c.Cameras[road.code] = road, road
			c.Sensors[road.code+"/arrival"], c.Sensors[road.code+"/passage"] = road.arrival, road.passage
		}
	}})
	return r
}

// site has two lanes that lead out of gate N, and everybody inside: motorbikes
// of people who park free and show a card, cars that pay by the hour and are
// known by their plates.
func (r *rush) site(s *wire.Snapshot) {
	for i := range s.Config.Lanes {
		s.Config.Lanes[i].Direction = parking.Out
	}
	s.Config.Zones = append(s.Config.Zones, parking.Zone{Code: "T", Name: "Tầng hầm", Kind: parking.Counted, Capacity: map[parking.Class]int{
		parking.Motorbike: r.plan.vehicles, parking.Car: r.plan.vehicles,
	}})
	tariff, err := parking.ParseTariffJSON([]byte(`{"id":"default","version":1,"currency":"VND","timezone":"Asia/Ho_Chi_Minh",
		"grace":"0m","exit_window":"15m","quote_hold":"10m","rounding":1,"classes":{
		"car":{"blocks":{"first":{"length":"60m","price":5000},"then":{"length":"60m","price":3000}},"lost_ticket":50000},
		"motorbike":{"blocks":{"first":{"length":"60m","price":0},"then":{"length":"60m","price":0}},"lost_ticket":30000}}}`))
	if err != nil {
		r.t.Fatal(err)
	}
	s.Config.Tariff = *tariff
	for _, d := range r.drivers {
		in := lanetest.Start.Add(-d.inside)
		s.Stays = append(s.Stays, parking.Stay{
			ID: d.stay, State: parking.Inside, Class: d.class, Plate: d.plate, Display: d.plate.Display(), Token: d.card,
			Zone: "T", Placed: true, InAt: &in, InGate: "E", InLane: "1", InBy: "lan", Tariff: "default", TariffV: 1,
		})
	}
}

// run lets everybody come and waits until the last one is through.
func (r *rush) run() {
	stop := r.b.RunDesk()
	defer stop()
	for _, road := range r.roads {
		stop := r.b.ReadCards(road.code, road.reader)
		defer stop()
	}
	var streets sync.WaitGroup
	defer streets.Wait()
	for _, road := range r.roads {
		streets.Go(road.drive)
	}
	streets.Go(r.watch)
	began := time.Now()
	for _, d := range r.drivers {
		time.Sleep(d.comes - time.Since(began))
		r.join(d)
	}
	select {
	case <-r.ended:
	case <-time.After(4 * time.Hour):
		r.t.Error("four hours after the last one came, somebody is still in the street")
		r.mu.Lock()
		close(r.ended)
		r.mu.Unlock()
	}
}

// gone counts one who is through, and ends the rush with the last.
func (r *rush) gone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left++
	if r.left == len(r.drivers) {
		close(r.ended)
	}
}
