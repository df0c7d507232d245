package simulation

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Kinds of fault beside the weathers, as a day counts them.
const (
	gateStopped  = "gate stopped"
	gateKilled   = "gate killed"
	gateRebooted = "gate rebooted"
	clockStepped = "wall clock stepped"
	cloudStopped = "cloud stopped"
	cloudKilled  = "cloud killed"
)

// faultKinds are all that a day holds at least once.
func faultKinds() []string {
	kinds := []string{gateStopped, gateKilled, gateRebooted, clockStepped, cloudStopped, cloudKilled}
	for w := fair + 1; w < weathers; w++ {
		kinds = append(kinds, w.String())
	}
	return kinds
}

// planFaults fills the day with what goes wrong: what the seed draws, and then
// once each kind that it has not drawn. All of it is drawn before the day
// begins, so that a seed means the same day however goroutines run.
func (w *world) planFaults() {
	drawn := map[string]bool{}
	for _, p := range w.posts {
		for range w.rng.IntN(8) {
			drawn[w.planWeather(p, weather(1+w.rng.IntN(int(weathers)-1)), w.day)] = true
		}
		for range w.rng.IntN(4) {
			drawn[w.planRestart(p, restarts[w.rng.IntN(len(restarts))], w.day)] = true
		}
		for range w.rng.IntN(2) {
			drawn[w.planStep(p, w.day)] = true
		}
	}
	for range w.rng.IntN(4) {
		drawn[w.planCloud([]string{cloudKilled, cloudStopped}[w.rng.IntN(2)], w.day)] = true
	}
	w.planRest(drawn)
}

// restarts are the ways in which a gate's program ends; some are more common.
var restarts = []string{gateStopped, gateKilled, gateKilled, gateRebooted}

// planRest plans once each kind that was not drawn, early enough to happen also
// when the gate or the cloud is away at its moment and it has to wait.
func (w *world) planRest(drawn map[string]bool) {
	early := w.day * 3 / 4
	for _, kind := range faultKinds() {
		if drawn[kind] {
			continue
		}
		p := w.posts[w.rng.IntN(len(w.posts))]
		switch kind {
		case gateStopped, gateKilled, gateRebooted:
			w.planRestart(p, kind, early)
		case clockStepped:
			w.planStep(p, early)
		case cloudStopped, cloudKilled:
			w.planCloud(kind, early)
		}
		for now := fair + 1; now < weathers; now++ {
			if now.String() == kind {
				w.planWeather(p, now, early)
			}
		}
	}
}

// checkFaults says which kinds of fault did not happen: a day without them is
// less of a test than it seems.
func (w *world) checkFaults() {
	kinds := slices.Concat(faultKinds(), w.rare)
	if !w.alone {
		kinds = append(kinds, lanCut, lanSlow, internetCut, heardExit, heardBefore)
	}
	for _, kind := range kinds {
		if w.did[kind] == 0 {
			w.fail("the day held no fault of the kind %q", kind)
		}
	}
	w.tap.mu.Lock()
	defer w.tap.mu.Unlock()
	for _, kind := range mischief {
		if w.tap.count[kind] == 0 {
			w.fail("no batch met with %q", kind)
		}
	}
}

// moment is any time before until.
func moment(rng *rand.Rand, until time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(until)))
}

// a while is mostly short and sometimes hours.
func (w *world) while() time.Duration {
	longest := []time.Duration{10 * time.Second, 2 * time.Minute, 20 * time.Minute, w.day / 5}[w.rng.IntN(4)]
	return time.Second + time.Duration(w.rng.Int64N(int64(longest)))
}

// planWeather lets the weather of a gate's cable change for a while. A fact is
// written in the middle of it: what a weather does to nothing is no test.
func (w *world) planWeather(p *post, now weather, until time.Duration) string {
	while := w.while()
	w.after(moment(w.rng, until), func() {
		p.set(now)
		w.did[now.String()]++
		if now == refused || now == portal || now == proxied {
			p.line.dropAll() // it comes with the connections' end
		}
		w.after(while/2, func() {
			if p.node != nil {
				w.turnedAway(p.node.Desk().OpenByHand(w.acting, "1", "the sweeper"))
			}
		})
		w.after(while, func() { p.set(fair) })
	})
	return now.String()
}

// planStep lets a gate's wall clock jump by up to an hour.
func (w *world) planStep(p *post, until time.Duration) string {
	step := time.Duration(w.rng.IntN(7_200_001)-3_600_000) * time.Millisecond
	w.after(moment(w.rng, until), func() {
		p.wallOff += step
		w.did[clockStepped]++
	})
	return clockStepped
}

// planRestart ends a gate's program, or its machine, and starts it again. One
// that is off already is ended when it is back, or, late in the day, another.
func (w *world) planRestart(p *post, how string, until time.Duration) string {
	writing, while := w.rng.IntN(2) == 0, w.while()
	wallOff := time.Duration(0)
	if w.rng.IntN(2) == 0 {
		wallOff = time.Duration(w.rng.IntN(1_200_001)-600_000) * time.Millisecond
	}
	var restart func()
	restart = func() {
		if p.node == nil && w.did[how] == 0 && time.Since(w.began) > w.day*3/4 {
			for _, p = range w.posts { // the day must hold it once: another gate's turn
				if p.node != nil {
					break
				}
			}
		}
		if p.node == nil {
			w.after(comeBack, restart)
			return
		}
		if writing { // a fact that nobody has had time to send
			w.turnedAway(p.node.Desk().OpenByHand(w.acting, "2", "the ambulance"))
		}
		w.did[how]++
		off := time.Duration(0)
		switch how {
		case gateStopped:
			w.must("stop gate "+p.code, p.stop())
		case gateKilled:
			w.must("kill gate "+p.code, p.kill())
		case gateRebooted:
			w.must("kill gate "+p.code, p.kill())
			p.reboot(wallOff)
			off = while
		}
		w.after(off, func() { w.must("start", p.start()) })
	}
	w.after(moment(w.rng, until), restart)
	return how
}

// planCloud takes the cloud away for a while. One that is away already goes
// again when it is back.
func (w *world) planCloud(how string, until time.Duration) string {
	while := w.while()
	var away func()
	away = func() {
		if w.cloud.cloud == nil {
			w.after(comeBack, away)
			return
		}
		w.did[how]++
		w.must("stop the cloud", w.cloud.leave(how == cloudKilled, w.lines()))
		w.after(while, func() { w.must("start the cloud", w.cloud.serve(w.ctx)) })
	}
	w.after(moment(w.rng, until), away)
	return how
}
