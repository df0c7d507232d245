package lane_test

import (
	"strings"
	"time"

	"gatehouse/gate/tui/tuitest"
	"gatehouse/parking"
)

// The guard of the rush at a console: he sees who stands in the lane through
// the window, and what the gate thinks of him on the screen. Before each key
// that counts he glances at the screen once more, as people do, and presses
// within a fifth of a second; what changes in between the console has to
// notice.
type seat struct {
	*tuitest.Guard
}

const (
	keyEnter = "\r"
	keyDown  = "\x1b[B"
	keyTab   = "\t"
	keyEsc   = "\x1b"
)

// sit puts the guard before a console.
func (r *rush) sit() {
	console := r.b.Desk.Console()
	r.t.Cleanup(console.Close)
	r.guard.seat = &seat{tuitest.Sit(r.t, console, 100, 30)}
	r.guard.seat.Sees("F10")
}

// pane is a lane's half of the screen: its rows, and whether it has the focus.
func (s *seat) pane(code string) (rows []string, focus bool) {
	for row := range strings.Lines(s.Text()) {
		left, right, both := strings.Cut(strings.TrimSuffix(row, "\n"), "│")
		if !both {
			continue
		}
		if code == "2" {
			left = right
		}
		rows = append(rows, left)
		focus = focus || strings.HasPrefix(left, "▸OUT")
	}
	return rows, focus
}

// look is what the guard takes from a lane's half of the screen about whom he
// sees in the lane.
type look struct {
	known  bool   // the act key is about his stay
	pick   string // the digit that picks it
	due    string // the sum on the act key's label, "" for none
	free   bool
	shown  bool // a vehicle that was read, whoever it is taken for
	opened bool
}

func (s *seat) look(code string, d *driver) look {
	rows, _ := s.pane(code)
	var out look
	for _, row := range rows {
		f := strings.Fields(row)
		if len(f) < 2 {
			continue
		}
		his := strings.Contains(row, d.plate.Display())
		switch {
		case strings.Contains(row, "barrier opened"):
			out.opened = true
		case f[0] == "Plate":
			out.shown = true
		case f[0] == "Match":
			out.known = his
		case len(f[0]) == 1 && f[0] >= "1" && f[0] <= "8" && his:
			out.pick = f[0]
		case (f[0] == "␣" || f[0] == "⏎") && f[1] == "Cash":
			out.due = f[2]
		case (f[0] == "␣" || f[0] == "⏎") && f[1] == "Let":
			out.free = true
		}
	}
	return out
}

// attendScreen does the next thing for whom the guard sees in a lane.
func (r *rush) attendScreen(w *road, d *driver, ready, turning bool) bool {
	s, code := r.guard.seat, w.code
	now := func() look { return s.look(code, d) }
	act := map[string]string{"1": " ", "2": keyEnter}[code]
	l := now()
	switch {
	case turning && l.opened:
		return r.keys(w, d, 2*time.Second, func() bool { return now().opened && s.focus(code) }, func() {
			s.Press("b")
			if r.formOf(code, "back out") {
				s.Press(keyDown, keyEnter)
			}
		}, func() bool {
			gone := r.soon(func() bool { return !now().opened })
			if gone {
				d.mayTurn <- struct{}{}
			}
			return gone
		})
	case turning, l.opened, !ready, !l.shown:
		return false
	case l.known && (l.due != "" || l.free) && d.lost && !r.saidLost(code, d):
		r.guard.lost++
		return r.keys(w, d, between(r.guard.dice, 20*time.Second, 40*time.Second), func() bool { return now().known && s.focus(code) }, func() {
			s.Press("l")
			if r.formOf(code, "lost") {
				s.Press(keyDown, keyEnter)
			}
		}, func() bool { return r.soon(func() bool { return now().due != "" }) })
	case l.known && l.free:
		return r.keys(w, d, time.Second, func() bool { l := now(); return l.known && l.free }, func() { s.Press(act) }, func() bool { return r.letsOut(d) })
	case l.known && l.due != "":
		return r.keys(w, d, between(r.guard.dice, 5*time.Second, 10*time.Second), func() bool { n := now(); return n.known && n.due == l.due }, func() { s.Press(act) }, func() bool {
			if !r.letsOut(d) {
				return false
			}
			if r.soon(func() bool { return s.paid(code, d, l.due) }) {
				d.paid = append(d.paid, readSum(r, l.due))
			}
			return true
		})
	case l.pick != "":
		r.guard.picked++
		return r.keys(w, d, between(r.guard.dice, 1500*time.Millisecond, 3*time.Second), func() bool { return now().pick == l.pick }, func() { s.Press(l.pick) }, func() bool {
			return r.soon(func() bool { return now().known })
		})
	case !l.known:
		r.guard.typed++
		return r.keys(w, d, between(r.guard.dice, 3*time.Second, 6*time.Second), func() bool { l := now(); return l.shown && !l.known && s.focus(code) }, func() {
			s.Press("e")
			if r.formOf(code, "Correct the plate") {
				s.Press("\x15")
				s.Type(string(d.plate))
				s.Press(keyEnter)
			}
		}, func() bool { return r.soon(func() bool { l := now(); return l.known || l.pick != "" }) })
	}
	return false
}

// paid says whether the screen shows that a driver has paid, at his lane or in
// what happened last.
func (s *seat) paid(code string, d *driver, due string) bool {
	rows, _ := s.pane(code)
	lane := strings.Join(rows, "\n")
	return strings.Contains(s.Text(), "OUT "+d.plate.Display()+" "+due) ||
		strings.Contains(lane, d.plate.Display()) && strings.Contains(lane, due) && !strings.Contains(lane, "Cash "+due)
}

// keys lets the guard think, glance and press. What he meant is off when the
// glance shows something else, or somebody else stands there.
func (r *rush) keys(w *road, d *driver, thinks time.Duration, glance func() bool, press func(), ends func() bool) bool {
	time.Sleep(thinks)
	r.mu.Lock()
	there := w.stands == d
	r.mu.Unlock()
	if !there || !glance() {
		r.guard.refused["he saw that it had changed"]++
		return true
	}
	time.Sleep(between(r.guard.dice, 80*time.Millisecond, 200*time.Millisecond))
	before := r.guard.seat.Pressed()
	press()
	r.guard.acts++
	d.keys += r.guard.seat.Pressed() - before
	if !ends() {
		r.guard.refused["the console"]++
		for range 2 { // a form that was refused is left
			r.guard.seat.Press(keyEsc)
			time.Sleep(300 * time.Millisecond)
		}
	}
	return true
}

// focus gives a lane the focus, for keys that have no side.
func (s *seat) focus(code string) bool {
	if _, has := s.pane(code); !has {
		s.Press(keyTab)
		time.Sleep(100 * time.Millisecond)
	}
	_, has := s.pane(code)
	return has
}

// formOf says whether the form that has just opened is about a lane.
func (r *rush) formOf(code, title string) bool {
	return r.soon(func() bool {
		rows, _ := r.guard.seat.pane(code)
		return len(rows) > 0 && strings.Contains(strings.ToLower(strings.Join(rows, "\n")), strings.ToLower(title))
	})
}

// soon waits for what follows a key.
func (r *rush) soon(done func() bool) bool {
	for range 60 {
		if done() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return done()
}

// letsOut says whether the barrier goes up for a driver.
func (r *rush) letsOut(d *driver) bool {
	return r.soon(func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return d.letOut > d.backOuts
	})
}

// saidLost says whether the screen shows that the card was said to be lost.
func (r *rush) saidLost(code string, d *driver) bool {
	rows, _ := r.guard.seat.pane(code)
	return d.class == parking.Motorbike && strings.Contains(strings.Join(rows, "\n"), "30,000")
}

// readSum is a sum as the screen writes it.
func readSum(r *rush, text string) parking.Money {
	var sum parking.Money
	for _, c := range text {
		if c >= '0' && c <= '9' {
			sum = sum*10 + parking.Money(c-'0')
		}
	}
	if sum == 0 {
		r.t.Errorf("%q is no sum", text)
	}
	return sum
}
