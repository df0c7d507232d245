package lane_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// guard is the one guard of both lanes. What he does takes seconds, and is
// about the vehicle that he saw when he began.
type guard struct {
	dice    *rand.Rand
	acts    int
	lost    int // cards said to be lost
	picked  int // guided choices
	typed   int // plates
	refused map[string]int
	seat    *seat // before a console; nil: he asks the desk
}

// watch is the guard's evening.
func (r *rush) watch() {
	for {
		busy := false
		for _, w := range r.roads {
			busy = r.attend(w) || busy
		}
		select {
		case <-r.ended:
			return
		default:
		}
		if !busy {
			time.Sleep(250 * time.Millisecond)
		}
	}
}

// attend looks at a lane and does the next thing there, if there is one.
func (r *rush) attend(w *road) bool {
	r.mu.Lock()
	d := w.stands
	ready := d != nil && d.shown
	turning := d != nil && d.turning
	r.mu.Unlock()
	if r.guard.seat != nil {
		return d != nil && r.attendScreen(w, d, ready, turning)
	}
	s := r.b.Lane(w.code).Subject
	switch {
	case s == nil || d == nil:
		return false
	case turning:
		return r.act(d, 2*time.Second, 2, func() error {
			err := r.b.Desk.BackOut(r.t.Context(), w.code, s.ID, "")
			if err == nil {
				d.mayTurn <- struct{}{}
			}
			return err
		})
	case s.Stage != lane.Offered || !ready:
		return false
	}
	return r.letOut(w, d, *s)
}

// letOut does what the screen asks for, for whom he sees in the lane.
func (r *rush) letOut(w *road, d *driver, s lane.Subject) bool {
	ctx, desk := r.t.Context(), r.b.Desk
	at := slices.IndexFunc(s.Matches, func(m lane.Match) bool { return m.Stay.Plate == d.plate })
	switch {
	case at < 0: // he types what he sees on the vehicle
		r.guard.typed++
		return r.act(d, between(r.guard.dice, 3*time.Second, 6*time.Second), 2+len(d.plate), func() error {
			return desk.Correct(ctx, w.code, s.ID, string(d.plate), "")
		})
	case d.lost && !s.Matches[at].ByToken && s.Matches[at].Stay.TokenLostAt == nil:
		const reason = "mất thẻ"
		r.guard.lost++
		return r.act(d, between(r.guard.dice, 20*time.Second, 40*time.Second), 3+len([]rune(reason)), func() error {
			return desk.LoseToken(ctx, w.code, s.ID, s.Matches[at].Stay.ID, reason)
		})
	case s.Chosen != at:
		r.guard.picked++
		return r.act(d, between(r.guard.dice, 1500*time.Millisecond, 3*time.Second), 1, func() error {
			return desk.Pick(ctx, w.code, s.ID, at)
		})
	case s.Due == 0:
		return r.act(d, time.Second, 1, func() error {
			_, err := desk.LeaveFree(ctx, w.code, s.ID)
			return err
		})
	}
	return r.act(d, between(r.guard.dice, 5*time.Second, 10*time.Second), 1, func() error {
		stay, err := desk.PayCash(ctx, w.code, s.ID, s.Due)
		if err == nil && stay.ID == d.stay {
			d.paid = append(d.paid, s.Due)
		}
		return err
	})
}

// act takes its time, and then does what was meant when it began.
func (r *rush) act(d *driver, takes time.Duration, keys int, do func() error) bool {
	time.Sleep(takes)
	r.guard.acts++
	d.keys += keys
	err := do()
	if err == nil {
		return true
	}
	if code := parking.ErrorCode(err); code != parking.Conflict {
		r.t.Errorf("driver %d: %v", d.n, err)
	}
	r.guard.refused[parking.ErrorMessage(err)]++
	return true
}
