package simulation

import (
	"time"
)

// planFaults fills the day with what goes wrong. All of it is drawn before
// the day begins, so that a seed means the same day however goroutines run.
func (w *world) planFaults() {
	for _, p := range w.posts {
		w.planWeather(p)
		for range w.rng.IntN(4) {
			w.planRestart(p)
		}
		for range w.rng.IntN(2) {
			step := time.Duration(w.rng.IntN(7_200_001)-3_600_000) * time.Millisecond
			w.after(w.moment(), func() {
				p.wallOff += step
				w.did["wall clock stepped"]++
			})
		}
	}
	for range w.rng.IntN(4) {
		killed, while := w.rng.IntN(2) == 0, w.while()
		w.after(w.moment(), func() { w.cloudAway(killed, while) })
	}
}

// moment is any time of the day.
func (w *world) moment() time.Duration { return time.Duration(w.rng.Int64N(int64(w.day))) }

// a while is mostly short and sometimes hours.
func (w *world) while() time.Duration {
	longest := []time.Duration{10 * time.Second, 2 * time.Minute, 20 * time.Minute, w.day / 5}[w.rng.IntN(4)]
	return time.Second + time.Duration(w.rng.Int64N(int64(longest)))
}

// planWeather lets the weather of a gate's cable change through the day.
func (w *world) planWeather(p *post) {
	for range w.rng.IntN(8) {
		now, while := weather(1+w.rng.IntN(int(weathers)-1)), w.while()
		w.after(w.moment(), func() {
			p.set(now)
			w.did[now.String()]++
			if now == refused || now == portal || now == proxied {
				p.line.dropAll() // it comes with the connections' end
			}
			w.after(while, func() { p.set(fair) })
		})
	}
}

// planRestart ends a gate's program, or its machine, and starts it again.
func (w *world) planRestart(p *post) {
	how, writing, while := w.rng.IntN(4), w.rng.IntN(2) == 0, w.while()
	wallOff := time.Duration(0)
	if w.rng.IntN(2) == 0 {
		wallOff = time.Duration(w.rng.IntN(1_200_001)-600_000) * time.Millisecond
	}
	w.after(w.moment(), func() {
		if p.node == nil {
			return
		}
		if writing { // a fact that nobody has had time to send
			w.turnedAway(p.node.Desk().OpenByHand(w.acting, "2", "the ambulance"))
		}
		off := time.Duration(0)
		switch how {
		case 0:
			w.did["gate stopped"]++
			w.must("stop gate "+p.code, p.stop())
		case 1, 2:
			w.did["gate killed"]++
			w.must("kill gate "+p.code, p.kill())
		case 3:
			w.did["gate rebooted"]++
			w.must("kill gate "+p.code, p.kill())
			p.reboot(wallOff)
			off = while
		}
		w.after(off, func() { w.must("start", p.start()) })
	})
}

// cloudAway takes the cloud away for a while.
func (w *world) cloudAway(killed bool, while time.Duration) {
	if w.cloud.cloud == nil {
		return
	}
	if killed {
		w.did["cloud killed"]++
	} else {
		w.did["cloud stopped"]++
	}
	w.must("stop the cloud", w.cloud.leave(killed, w.lines()))
	w.after(while, func() { w.must("start the cloud", w.cloud.serve(w.ctx)) })
}
