package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// The rhythm of simulated drivers.
const (
	// Between two drivers when nobody watches: a few seconds, so that a line
	// appears now and then.
	shortestPause = 800 * time.Millisecond
	longestPause  = 3 * time.Second
	// Between two drivers when a guard serves them at the console.
	guardPause = 6 * time.Second
	// readPatience is how long a driver waits for the camera's reading before
	// the simulated guard types the plate.
	readPatience = 5 * time.Second
	// transferPatience is how long a driver waits for the bank before they pay
	// cash, and transferLooks between two looks.
	transferPatience = 30 * time.Second
	transferLooks    = 200 * time.Millisecond
	// Below fewInside drivers only come, above manyInside they only go.
	fewInside  = 4
	manyInside = 24
)

// provinces on the drivers' plates.
var provinces = []string{"29", "30", "43", "50", "51", "59", "60", "61", "65", "75"}

// drivers come to one gate and go. With act they also do what the guard would
// do; without, they only arrive at the lanes and wait for the guard.
type drivers struct {
	gate *gateAPI
	name string // the gate's code, for the printed lines
	out  io.Writer
	rng  *rand.Rand
	now  func() time.Time
	act  bool

	lastTrouble string
}

// run lets drivers come and go until the context ends. A gate that refuses is
// reported, once for each reason, and tried again with the next driver.
func (d *drivers) run(ctx context.Context) {
	for {
		err := d.next(ctx)
		if ctx.Err() != nil {
			return
		}
		d.report(err)
		pause := guardPause
		if d.act {
			pause = shortestPause + rand.N(longestPause-shortestPause)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (d *drivers) report(err error) {
	if err == nil {
		d.lastTrouble = ""
		return
	}
	if text := err.Error(); text != d.lastTrouble && d.act {
		d.lastTrouble = text
		_, _ = fmt.Fprintf(d.out, "--   %s  %s\n", d.now().Format("15:04:05"), text)
	}
}

// next is one driver: into a free IN lane, or out of the site.
func (d *drivers) next(ctx context.Context) error {
	lanes, err := d.gate.lanes(ctx)
	if err != nil {
		return err
	}
	stays, err := d.gate.inside(ctx)
	if err != nil {
		return err
	}
	leave := len(stays) >= manyInside || len(stays) >= fewInside && d.rng.IntN(2) == 0
	if leave {
		stay := stays[d.rng.IntN(len(stays))]
		if lane, ok := d.freeLane(lanes, parking.Out, stay.Class); ok {
			return d.leave(ctx, lane, stay)
		}
	}
	v := d.vehicle(stays)
	if lane, ok := d.freeLane(lanes, parking.In, v.Class); ok {
		return d.enter(ctx, lane, v)
	}
	return nil
}

// freeLane picks a lane of the direction with nobody in it, one for the class
// first.
func (d *drivers) freeLane(lanes []laneState, direction parking.Direction, class parking.Class) (string, bool) {
	found := ""
	for _, l := range lanes {
		busy := l.Subject != nil && l.Subject.Stage != "opened" && l.Subject.Stage != "accepted" && l.Subject.Stage != "passed"
		if busy || l.Lane.Direction != direction {
			continue
		}
		if l.Lane.Class == class {
			return l.Lane.Code, true
		}
		if found == "" {
			found = l.Lane.Code
		}
	}
	return found, found != ""
}

func (d *drivers) enter(ctx context.Context, lane string, v arrival) error {
	if err := d.gate.arrive(ctx, lane, v); err != nil || !d.act {
		return err
	}
	read := d.reading(ctx, lane)
	done, err := d.gate.in(ctx, lane, v)
	if err != nil {
		return err
	}
	stay := done.Stay
	place := "zone " + stay.Zone
	if stay.Slot != "" {
		place = "slot " + stay.Slot
	}
	note := ""
	if read != v.Plate {
		note = "  (plate typed by the guard)"
	}
	d.line("IN ", stay, lane, place+note+done.trouble())
	return nil
}

func (d *drivers) leave(ctx context.Context, lane string, stay parking.Stay) error {
	v := arrival{Plate: stay.Plate, Class: stay.Class, Token: stay.Token}
	if err := d.gate.arrive(ctx, lane, v); err != nil || !d.act {
		return err
	}
	d.reading(ctx, lane)
	if d.rng.IntN(10) < 3 {
		return d.transfer(ctx, lane, stay)
	}
	return d.cash(ctx, lane, stay)
}

func (d *drivers) cash(ctx context.Context, lane string, stay parking.Stay) error {
	done, err := d.gate.out(ctx, lane, stay)
	if err != nil {
		return err
	}
	paid := "nothing to pay"
	if sum := done.Stay.PaidSum(); sum > 0 {
		paid = "paid " + sum.Format("VND", "en") + " in cash"
	}
	d.line("OUT", done.Stay, lane, paid+done.trouble())
	return nil
}

// transfer lets a driver pay by telephone: the lane shows a code, and opens by
// itself when the bank has told of the money. Whoever waits too long pays cash.
func (d *drivers) transfer(ctx context.Context, lane string, stay parking.Stay) error {
	request := outRequest{ID: uuid.Must(uuid.NewV7()), Lane: lane, Stay: stay.ID, Token: stay.Token, Method: parking.QR}
	began := d.now()
	for {
		done, err := d.gate.exit(ctx, request)
		if err != nil {
			return err
		}
		if !done.Paying {
			paid := "nothing to pay"
			if sum := done.Stay.PaidSum(); sum > 0 {
				paid = "paid " + sum.Format("VND", "en") + " by transfer"
			}
			d.line("OUT", done.Stay, lane, paid+done.trouble())
			return nil
		}
		if d.now().Sub(began) > transferPatience {
			return d.cash(ctx, lane, stay)
		}
		if !sleep(ctx, transferLooks) {
			return ctx.Err()
		}
	}
}

// trouble is what to add to a line when the barrier stayed shut.
func (p passage) trouble() string {
	if p.Opened {
		return ""
	}
	return "  (not opened: " + p.Why + ")"
}

func (d *drivers) line(what string, stay parking.Stay, lane, rest string) {
	shown := stay.Display
	if shown == "" {
		shown = string(stay.Plate)
	}
	_, _ = fmt.Fprintf(d.out, "%s  %s  gate %s lane %s  %-12s %-10s %s\n",
		what, d.now().Format("15:04:05"), d.name, lane, shown, stay.Class, rest)
}

// reading waits until the lane's picture has been read and returns the plate
// that the gate took from it, "" for none or if it takes too long.
func (d *drivers) reading(ctx context.Context, lane string) parking.Plate {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		state, err := d.gate.lane(ctx, lane)
		if err == nil && state.Subject != nil && state.Subject.Stage != "arrived" {
			return state.Subject.Plate
		}
		var no *refusal
		if errors.As(err, &no) {
			return ""
		}
		select {
		case <-ctx.Done():
			return ""
		case <-tick.C:
		}
	}
}

// vehicle makes up a driver whose plate is not inside already.
func (d *drivers) vehicle(inside []parking.Stay) arrival {
	taken := map[parking.Plate]bool{}
	for _, s := range inside {
		taken[s.Plate] = true
	}
	for {
		v := d.anyVehicle()
		if !taken[v.Plate] {
			return v
		}
	}
}

// anyVehicle is a car or, twice in five, a motorbike, which comes with a card.
func (d *drivers) anyVehicle() arrival {
	const letters = "ABCDEFGHKLMNPSTUVXYZ"
	province := provinces[d.rng.IntN(len(provinces))]
	letter := string(letters[d.rng.IntN(len(letters))])
	number := d.rng.IntN(100000)
	if d.rng.IntN(5) < 2 {
		plate := fmt.Sprintf("%s%s%d%05d", province, letter, 1+d.rng.IntN(9), number)
		return arrival{
			Plate: parking.Plate(plate), Class: parking.Motorbike,
			Token: fmt.Sprintf("CARD-%04d", d.rng.IntN(10000)),
		}
	}
	return arrival{Plate: parking.Plate(fmt.Sprintf("%s%s%05d", province, letter, number)), Class: parking.Car}
}
