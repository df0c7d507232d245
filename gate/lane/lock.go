package lane

import (
	"context"

	"gatehouse/parking"
)

// sayLocked is why a locked console does nothing but let vehicles in.
const sayLocked = "This console is locked. Unlock it by password or card first."

// Lock hides from the console whatever is about money, and refuses every act
// but those that let vehicles in: whoever stands in front of it then need not
// be its guard. Nothing happens where nobody is signed in.
func (c *Console) Lock() {
	if _, err := c.who(); err != nil {
		return
	}
	c.setLocked(true)
}

func (c *Console) setLocked(locked bool) {
	c.mu.Lock()
	c.locked, c.base = locked, nil
	c.mu.Unlock()
	c.desk.cards.watch(c, locked)
	c.desk.touch()
}

// Unlock opens a locked console by its guard's name and password, without the
// cloud too, as SignIn; who only comes back is not signed in anew, and no fact is
// written of it. Another guard may open the gate's own console, and is
// then signed in at the gate instead; a console of a guard's own is refused to
// others with code Forbidden.
func (c *Console) Unlock(ctx context.Context, name, password string) error {
	guard, err := c.who()
	if err != nil {
		return err
	}
	got, offline, err := c.desk.checkGuard(ctx, name, password)
	switch {
	case err != nil:
		return err
	case got.Name == guard.Name:
	case c.own:
		return parking.Errorf(parking.Forbidden, "This is the console of %s. Connect with a name of your own.", guard.shown())
	default:
		if offline {
			err = c.desk.signedInOffline(ctx, got)
		}
		if err != nil {
			return err
		}
		c.desk.guard.Store(&got)
	}
	c.setLocked(false)
	return nil
}

// isLocked says whether the console is locked. One whose guard has left is not:
// who comes next signs in.
func (c *Console) isLocked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locked
}

// open refuses while the console is locked.
func (c *Console) open() error {
	if c.isLocked() {
		return parking.Errorf(parking.Forbidden, sayLocked)
	}
	return nil
}

// openAt refuses a lane that leads out while the console is locked.
func (c *Console) openAt(code string) error {
	if !c.isLocked() {
		return nil
	}
	d := c.desk
	d.mu.Lock()
	l, _, err := d.lane(code)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if l.Direction != parking.In {
		return parking.Errorf(parking.Forbidden, sayLocked)
	}
	return nil
}

// hideMoney takes out of a view what a locked console does not show. Its lanes
// are the view's own.
func (v *View) hideMoney() {
	v.Locked, v.Shift, v.Discounts, v.LastAct = true, nil, nil, nil
	var recent []Event
	for _, e := range v.Recent {
		if e.Kind == parking.KindPaymentTaken {
			continue
		}
		e.Amount, e.Method, e.Text = 0, "", ""
		recent = append(recent, e)
	}
	v.Recent = recent
	for i := range v.Lanes {
		lv := &v.Lanes[i]
		if lv.Lane.Direction == parking.In {
			continue
		}
		lv.Aside = nil
		if lv.Subject == nil {
			continue
		}
		s := *lv.Subject
		s.Matches, s.Chosen, s.Warnings = nil, -1, nil
		s.Due, s.Tendered, s.Change, s.Discount, s.QR, s.Reference = 0, 0, 0, "", "", ""
		if s.Stage != Refused {
			s.Why = ""
		}
		lv.Subject = &s
	}
}
