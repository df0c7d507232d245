package lane

import (
	"context"
	"time"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Times of a sign.
const (
	signTold   = 3 * time.Second // it must take what it is told within this
	signRetry  = 3 * time.Second // after it did not
	signRepeat = time.Minute     // one that was switched off and on again is told anew
)

// SignView is how a lane's sign is.
type SignView struct {
	Worker
	Shows *device.Shown `json:"shows,omitempty"` // what it took last
}

// sign is the sign of a lane as the desk knows it.
type sign struct {
	lane   string
	device device.Sign
	wake   chan struct{} // something has changed
	ctx    context.Context
	stop   context.CancelFunc
	begun  bool     // guarded by Desk.mu, as is
	view   SignView // what screens see
}

// makeSigns takes in which signs there are. mu is held, or nobody else has the
// desk yet.
func (d *Desk) makeSigns(signs map[string]device.Sign) {
	for code, dev := range signs {
		if dev == nil {
			continue
		}
		s := &sign{lane: code, device: dev, wake: make(chan struct{}, 1), view: SignView{Worker: Worker{OK: true}}}
		s.ctx, s.stop = context.WithCancel(d.ctx)
		d.signs[code] = s
	}
	d.listSigns()
}

// forgetSigns ends those of lanes that are given back. mu is held.
func (d *Desk) forgetSigns(mine func(lane string) bool) {
	for code, s := range d.signs {
		if mine(code) {
			s.stop()
			delete(d.signs, code)
		}
	}
	d.listSigns()
}

// listSigns makes the list of whom a change wakes, which is read without mu.
func (d *Desk) listSigns() {
	wakes := make([]chan struct{}, 0, len(d.signs))
	for _, s := range d.signs {
		wakes = append(wakes, s.wake)
	}
	d.signWakes.Store(&wakes)
}

// wakeSigns lets signs look whether they still show what they should.
func (d *Desk) wakeSigns() {
	wakes := d.signWakes.Load()
	if wakes == nil {
		return
	}
	for _, wake := range *wakes {
		select {
		case wake <- struct{}{}:
		default: // it is about to look
		}
	}
}

// runSigns runs the signs that nobody runs yet. mu is held, or nobody else has
// the desk yet.
func (d *Desk) runSigns() {
	for _, s := range d.signs {
		if !s.begun {
			s.begun = true
			d.spawn(func() { d.runSign(s) })
		}
	}
}

// runSign keeps a sign at what it should show until its lane is given back or the
// desk is closed. One that does not answer is asked again now and then, and holds
// up nothing.
func (d *Desk) runSign(s *sign) {
	again := time.NewTimer(0)
	defer again.Stop()
	var last *device.Shown // what it shows; nil: not known
	failing := false
	for {
		late := false
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
		case <-again.C:
			late = true
			again.Reset(signRepeat)
		}
		shown, here := d.toShow(s.lane)
		if !here || !late && (failing || last != nil && last.Equal(shown)) {
			continue
		}
		ctx, cancel := context.WithTimeout(s.ctx, signTold)
		err := s.device.Show(ctx, shown)
		cancel()
		if s.ctx.Err() != nil {
			return
		}
		last, failing = &shown, err != nil
		if failing {
			last = nil
			again.Reset(signRetry)
		} else {
			again.Reset(signRepeat)
		}
		d.toldSign(s, last, err)
	}
}

// toldSign takes in what became of a showing; last is nil when it failed.
func (d *Desk) toldSign(s *sign, last *device.Shown, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	health := Worker{OK: err == nil}
	if err != nil {
		health.Why = parking.ErrorMessage(err)
	}
	was := s.view
	if health == was.Worker && (last == nil) == (was.Shows == nil) && (last == nil || last.Equal(*was.Shows)) {
		return
	}
	s.view = SignView{Worker: health, Shows: last}
	d.touch()
}

// signView is the sign of a lane as screens see it, nil for none. mu is held.
func (d *Desk) signView(code string) *SignView {
	s := d.signs[code]
	if s == nil {
		return nil
	}
	view := s.view
	return &view
}

// signTroubles says which signs are away. mu is held.
func (d *Desk) signTroubles() []Trouble {
	var out []Trouble
	for _, l := range d.cfg.State.Site().Lanes() {
		if s := d.signs[l.Code]; s != nil && !s.view.OK {
			out = append(out, Trouble{Code: "sign_away", Text: parking.ErrorMessage(parking.Errorf(parking.Unavailable,
				"The sign of lane %s does not answer. Tell drivers what they owe until it is back.", l.Code))})
		}
	}
	return out
}

// toShow is what the sign of a lane should show; false: the lane is not of this
// gate (yet).
func (d *Desk) toShow(code string) (device.Shown, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, p, err := d.lane(code)
	if err != nil {
		return device.Shown{}, false
	}
	site := d.cfg.State.Site()
	lang := site.Config.Language
	say := func(key string, args ...any) string { return words.T(lang, "sign."+key, args...) }
	v := p.vehicle
	if v == nil || v.Stage == HasPassed {
		return idleSign(l, site, say), true
	}
	shown := device.Shown{Plate: v.Display}
	text := ""
	switch {
	case v.Stage == Opened:
		shown.Kind, text = device.ShowsGo, say("go")
		if v.dir == parking.In {
			if shown.Place = v.result.Slot; shown.Place == "" {
				shown.Place = v.result.Zone
			}
		}
	case v.done:
		shown.Kind, text = device.ShowsWait, say("wait")
	case v.dir == parking.Out && v.Chosen >= 0 && v.Matches[v.Chosen].QuoteErr == "":
		shown.Kind, shown.Amount, shown.Currency, shown.QR = device.ShowsFee, v.Due, site.Config.Currency, v.QR
		text = say("fee", v.Due.Format(site.Config.Currency, lang))
		if v.Due == 0 {
			text = say("nothing")
		}
	case v.dir == parking.Out:
		shown.Kind, text = device.ShowsWait, say("wait")
	default:
		shown.Kind, text = device.ShowsWelcome, say("welcome")
	}
	for _, line := range []string{shown.Plate, text} {
		if line != "" {
			shown.Lines = append(shown.Lines, line)
		}
	}
	if shown.Place != "" {
		shown.Lines = append(shown.Lines, say("place", shown.Place))
	}
	return shown, true
}

// idleSign is what a lane shows at which nobody stands: at the way in, how many
// places there are for its class.
func idleSign(l parking.Lane, site *state.Site, say func(string, ...any) string) device.Shown {
	if l.Direction == parking.Out {
		return device.Shown{Kind: device.ShowsWelcome, Lines: []string{say("welcome")}}
	}
	free := freeFor(site, l.Class)
	if free == 0 {
		return device.Shown{Kind: device.ShowsFull, Lines: []string{say("full")}}
	}
	return device.Shown{Kind: device.ShowsFree, Free: free, Lines: []string{say("welcome"), say("free", free)}}
}

// freeFor counts the places of a site that are free for a class.
func freeFor(site *state.Site, class parking.Class) int {
	free := 0
	for _, s := range site.Slots {
		if s.State == parking.SlotFree && s.Takes(class) {
			free++
		}
	}
	for _, z := range site.Config.Zones {
		if z.Kind != parking.Counted {
			continue
		}
		left := z.Capacity[class]
		for i := range site.Inside {
			if site.Inside[i].Zone == z.Code && site.Inside[i].Class == class {
				left--
			}
		}
		free += max(0, left)
	}
	return free
}
