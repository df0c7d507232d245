package lane

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Console is what one console of the gate may do: the desk's acts in the name of
// the guard at that console (docs/CONSOLES.md). Its methods may be called from
// several goroutines.
type Console struct {
	desk     *Desk
	own      bool // it has a guard of its own; else the desk's is its
	viewOnly bool

	mu     sync.Mutex
	guard  *Guard // of its own; nil once signed out
	closed bool
	locked bool
	base   *View // of the desk, and
	view   *View // what this console shows of it
	left   context.CancelFunc

	last     *lastAct // what the guard did last
	underway int      // acts
}

// Console returns the console whose guard is the gate's: the one in the terminal
// where the gate was started. Close ends it.
func (d *Desk) Console() *Console { return &Console{desk: d} }

// GuardConsole returns a console of guard's own, who was authenticated. With
// viewOnly it shows everything and does nothing. left is called when the guard
// signs out. Close ends it.
func (d *Desk) GuardConsole(guard Guard, viewOnly bool, left context.CancelFunc) *Console {
	return &Console{desk: d, own: true, viewOnly: viewOnly, guard: &guard, left: left}
}

// Close gives back what the console holds; afterwards it does nothing more.
func (c *Console) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.desk.cards.watch(c, false)
	c.desk.release(c)
}

// Working says that the guard types, or has a dialog open, at a lane, "" for
// none: nobody else can act there meanwhile. A lane at which another guard works
// is refused with code Conflict. It waits for nothing but other consoles, and is
// to be called again while the guard is at it.
func (c *Console) Working(lane string) error {
	guard, err := c.who()
	if err != nil || c.viewOnly {
		lane = ""
	}
	changed, err := c.desk.holds.typing(c, guard.shown(), lane)
	if changed {
		c.desk.touch()
	}
	return err
}

// who is the guard at the console.
func (c *Console) who() (Guard, error) {
	c.mu.Lock()
	guard, closed := c.guard, c.closed
	c.mu.Unlock()
	if !c.own {
		guard = c.desk.guard.Load()
	}
	if guard == nil || closed {
		return Guard{}, parking.Errorf(parking.Unauthorized, "Nobody is signed in at this console.")
	}
	return *guard, nil
}

// shown is what others call a guard.
func (g *Guard) shown() string { return cmp.Or(g.Display, g.Name) }

// acting returns the context of an act of the console's guard.
func (c *Console) acting(ctx context.Context) (context.Context, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	return c.actingLocked(ctx)
}

// actingLocked is acting for what a locked console may do too.
func (c *Console) actingLocked(ctx context.Context) (context.Context, error) {
	if c.viewOnly {
		return nil, parking.Errorf(parking.Forbidden, "From this address the gate can only be looked at.")
	}
	guard, err := c.who()
	if err != nil {
		return nil, err
	}
	return withGuard(ctx, guard), nil
}

// at does an act at a lane, which the console holds meanwhile, and on until the
// vehicle that stands there then is done.
func (c *Console) at(ctx context.Context, code string, was was, do func(ctx context.Context) error) error {
	if err := c.openAt(code); err != nil {
		return err
	}
	ctx, err := c.actingLocked(ctx)
	if err != nil {
		return err
	}
	d := c.desk
	guard := d.signedIn(ctx)
	if err := d.holds.take(c, guard.shown(), code, d.busyWith(code)); err != nil {
		return err
	}
	err = c.during(ctx, code, was, do)
	d.holds.acted(c, code, d.busyWith(code))
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed { // while the act was written
		d.release(c)
	}
	d.touch()
	return err
}

// release gives back every lane that a console holds.
func (d *Desk) release(c *Console) {
	if d.holds.release(c) {
		d.touch()
	}
}

// busyWith is the vehicle in front of a lane with which something is left to do,
// zero for none.
func (d *Desk) busyWith(code string) uuid.UUID {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.lanes[code]; p != nil {
		return p.busyWith()
	}
	return uuid.Nil
}

// busyWith is as the desk's; mu is held.
func (p *post) busyWith() uuid.UUID {
	if p.vehicle == nil || p.vehicle.done {
		return uuid.Nil
	}
	return p.vehicle.ID
}

// View is the desk's, with who is signed in at this console and who else works
// at a lane.
func (c *Console) View() *View {
	base := c.desk.View()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.base == base {
		return c.view
	}
	v := *base
	v.ViewOnly = c.viewOnly
	v.Lanes = slices.Clone(base.Lanes)
	for i := range v.Lanes {
		if v.Lanes[i].holder == c {
			v.Lanes[i].HeldBy = ""
		}
	}
	if c.own {
		v.Guard, v.Shift = c.guard, nil
		if c.guard != nil {
			g := *c.guard
			v.Guard = &g
			if open, ok := c.desk.cfg.State.ShiftOf(g.Name); ok {
				s := shiftView(open)
				v.Shift = &s
			}
		}
		v.Discounts = discountViews(c.desk.cfg.State.Site(), c.guard)
	}
	if v.Guard != nil {
		v.HasCard = c.desk.hasCard(v.Guard.Name)
	}
	v.LastAct = c.lastShown(v.Guard, v.Now)
	if c.locked && v.Guard != nil {
		v.hideMoney()
		v.hideMessages()
	}
	c.base, c.view = base, &v
	return c.view
}

// Changed is the desk's.
func (c *Console) Changed() (<-chan struct{}, func()) { return c.desk.Changed() }

// SignIn signs a guard in at the gate (Desk.SignIn). A console with a guard of
// its own was signed in when it was made.
func (c *Console) SignIn(ctx context.Context, name, password string) error {
	if c.own {
		return parking.Errorf(parking.Forbidden, "This console has ended. Connect again to sign in.")
	}
	if err := c.desk.SignIn(ctx, name, password); err != nil {
		return err
	}
	c.setLocked(false)
	return nil
}

// SignOut ends the guard's presence; a console of the guard's own ends with it.
func (c *Console) SignOut(ctx context.Context) {
	c.desk.release(c)
	if !c.own {
		c.desk.SignOut(ctx)
		return
	}
	c.mu.Lock()
	c.guard, c.base = nil, nil
	c.mu.Unlock()
	c.left()
}
