package lane_test

import (
	"slices"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// check compares what is on the disk with what the drivers know.
func (r *rush) check() {
	time.Sleep(time.Minute) // of simulated time: what follows the last one is written
	synctest.Wait()
	outs, passed := map[string][]parking.VehicleOut{}, map[string][]uuid.UUID{}
	paid, backed, alarms, lost := map[uuid.UUID][]parking.Money{}, map[uuid.UUID]int{}, 0, map[uuid.UUID]int{}
	for _, body := range r.facts() {
		switch b := body.(type) {
		case *parking.VehicleOut:
			outs[b.Lane] = append(outs[b.Lane], *b)
		case *parking.LanePassage:
			stay := uuid.Nil
			if b.Stay != nil {
				stay = *b.Stay
			}
			passed[b.Lane] = append(passed[b.Lane], stay)
		case *parking.PaymentTaken:
			paid[b.Stay] = append(paid[b.Stay], b.Amount)
		case *parking.VehicleBackedOut:
			backed[b.Stay]++
		case *parking.TokenLost:
			lost[b.Stay]++
			if b.Reason == "" || len(b.Photos) == 0 {
				r.t.Errorf("a card was said to be lost without reason or photo: %+v", b)
			}
		case *parking.Alarm:
			alarms++
		}
	}
	tails := 0
	for _, w := range r.roads {
		r.checkRoad(w, outs[w.code], passed[w.code])
		for _, d := range w.went {
			if d == nil {
				tails++
			}
		}
	}
	if alarms != tails {
		r.t.Errorf("%d alarms, %d rode through behind another", alarms, tails)
	}
	for _, d := range r.drivers {
		r.checkDriver(d, paid[d.stay], backed[d.stay], lost[d.stay])
	}
	if refused := len(r.guard.refused); tails == 0 || len(backed) == 0 || len(lost) == 0 || r.guard.picked == 0 || refused == 0 && r.plan.vehicles >= 120 {
		r.t.Errorf("too little happened: %d rode through, %d backed out, %d cards lost, %d choices, refused %v", tails, len(backed), len(lost), r.guard.picked, r.guard.refused)
	}
	if n := len(r.b.State.Site().Inside); n != tails {
		r.t.Errorf("%d are inside by the books; %d left without being let out", n, tails)
	}
}

// facts are the bodies of all facts, oldest first.
func (r *rush) facts() []any {
	rows, err := r.b.Store.Read().RecentFacts(r.t.Context(), 1_000_000)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []any
	for _, encoded := range slices.Backward(rows) {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			r.t.Fatal(err)
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, body)
	}
	return out
}

// checkRoad: each exit of a lane is that of who stood there when its barrier
// went up for it, and each passage that of who went.
func (r *rush) checkRoad(w *road, outs []parking.VehicleOut, passed []uuid.UUID) {
	if len(outs) != len(w.openings) {
		r.t.Errorf("lane %s: %d exits, the barrier went up %d times", w.code, len(outs), len(w.openings))
		return
	}
	for i, out := range outs {
		if d := w.openings[i]; d == nil {
			r.t.Errorf("lane %s, exit %d: the barrier went up for %s and nobody stood there", w.code, i, out.Plate)
		} else if d.stay != out.Stay || out.Unknown {
			r.t.Errorf("lane %s, exit %d: driver %d with %s stood there, and the stay of %s was closed", w.code, i, d.n, d.plate, out.Plate)
		}
	}
	var went []uuid.UUID
	for _, d := range w.went {
		if d == nil {
			went = append(went, uuid.Nil)
		} else {
			went = append(went, d.stay)
		}
	}
	if !slices.Equal(passed, went) {
		r.t.Errorf("lane %s: passages of %v, and these went: %v", w.code, passed, went)
	}
}

func (r *rush) checkDriver(d *driver, paid []parking.Money, backed, lost int) {
	if !slices.Equal(paid, d.paid) || len(paid) > 1 {
		r.t.Errorf("driver %d handed over %v, and %v was written", d.n, d.paid, paid)
	}
	if backed != d.backOuts || lost > 1 || lost == 1 && !d.lost {
		r.t.Errorf("driver %d backed out %d times, written %d; cards lost %d", d.n, d.backOuts, backed, lost)
	}
	if d.through.IsZero() {
		r.t.Errorf("driver %d is still in the street", d.n)
		return
	}
	stay, err := r.b.State.Stay(r.t.Context(), d.stay)
	if err != nil {
		r.t.Errorf("driver %d: %v", d.n, err)
		return
	}
	switch {
	case d.tailgated:
		if stay.OutAt != nil || d.letOut != 0 {
			r.t.Errorf("driver %d rode through behind another; his stay: %+v", d.n, stay)
		}
	case stay.State != parking.Left || d.letOut != 1+d.backOuts || stay.OutLane != d.road.code:
		r.t.Errorf("driver %d was let out %d times and backed out %d times; his stay is %s", d.n, d.letOut, d.backOuts, stay.State)
	case stay.PaidSum() != stay.Charge.Fee:
		r.t.Errorf("driver %d paid %d of %d", d.n, stay.PaidSum(), stay.Charge.Fee)
	case d.class == parking.Car && stay.Charge.Fee == 0 || d.class == parking.Motorbike && (stay.Charge.Fee > 0) != (lost == 1):
		r.t.Errorf("driver %d, a %s, was charged %d; cards lost %d", d.n, d.class, stay.Charge.Fee, lost)
	}
}

// tell prints the figures.
func (r *rush) tell() {
	var stood, all []time.Duration
	keys, none, most, lost, unread, tails, backs := 0, 0, 0, 0, 0, 0, 0
	count := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	var last time.Time
	for _, d := range r.drivers {
		stood, all = append(stood, d.through.Sub(d.first)), append(all, d.through.Sub(d.joined))
		keys += d.keys
		most = max(most, d.keys)
		count(&none, d.keys == 0)
		count(&lost, d.lost)
		count(&unread, d.unread)
		count(&tails, d.tailgated)
		backs += d.backOuts
		if d.through.After(last) {
			last = d.through
		}
	}
	slices.Sort(stood)
	slices.Sort(all)
	at := func(of []time.Duration, percent int) time.Duration {
		return of[min(len(of)-1, len(of)*percent/100)].Round(100 * time.Millisecond)
	}
	r.t.Logf("%d exits planned in %d minutes, the last one through after %s; %d cards lost, %d plates unread, %d rode through behind another, %d backed out",
		len(r.drivers), r.plan.minutes, last.Sub(r.drivers[0].joined).Round(time.Second), lost, unread, tails, backs)
	r.t.Logf("at the barrier: median %s, p95 %s, longest %s; with the wait in the street: median %s, p95 %s, longest %s",
		at(stood, 50), at(stood, 95), at(stood, 100), at(all, 50), at(all, 95), at(all, 100))
	for _, w := range r.roads {
		r.t.Logf("lane %s: %d went through, longest queue %d", w.code, len(w.went), w.longest)
	}
	if seat := r.guard.seat; seat != nil {
		r.t.Logf("the console: %.1f bytes a second, %d bells", float64(seat.Bytes())/last.Sub(r.drivers[0].joined).Seconds(), seat.Bells())
	}
	r.t.Logf("keys: %.2f for each vehicle, %d vehicles needed none, at most %d; the guard's acts: %d (%d cards lost, %d choices, %d plates typed), refused %v",
		float64(keys)/float64(len(r.drivers)), none, most, r.guard.acts, r.guard.lost, r.guard.picked, r.guard.typed, r.guard.refused)
}
