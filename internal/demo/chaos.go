package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"gatehouse/internal/demo/line"
)

// defaultDown is how long a killed program stays down.
const defaultDown = time.Second

// chaos lets faults happen to a site, planned ones and typed ones.
type chaos struct {
	site   *simSite
	began  time.Time
	tell   func(format string, args ...any)
	ending context.Context // faults that last end with it
	parts  sync.WaitGroup

	exchanging sync.Mutex // held while disks or databases are exchanged

	mu    sync.Mutex
	dice  *rand.Rand
	count int
	wrong error
}

func newChaos(ending context.Context, site *simSite, seed uint64, tell func(string, ...any)) *chaos {
	return &chaos{site: site, began: time.Now(), ending: ending, tell: tell, dice: rand.New(rand.NewPCG(seed, 5))}
}

// plan lets a fault happen when it is due.
func (c *chaos) plan(f fault) {
	c.parts.Go(func() {
		for next := max(f.at, 0); ; next += f.every {
			if f.every > 0 && next == 0 {
				next = f.every // "every 10 s" begins after the first ten
			}
			if !sleep(c.ending, time.Until(c.began.Add(next))) {
				return
			}
			c.now(f)
			if f.every == 0 {
				return
			}
		}
	})
}

// now lets it happen at once; one that lasts ends by itself.
func (c *chaos) now(f fault) {
	if err := c.begin(&f); err != nil {
		c.tell("%s: %v", f.text, err)
		c.note(err)
		return
	}
	c.mu.Lock()
	c.count++
	c.mu.Unlock()
	lasts := ""
	if f.lasts > 0 && f.what != "kill" {
		lasts = " for " + f.lasts.String()
		c.parts.Go(func() {
			if sleep(c.ending, f.lasts) {
				c.note(c.lines(f.where, f.mend))
				c.tell("healed: %s %s", f.what, f.where)
			}
		})
	}
	c.tell("%s%s", f.said(), lasts)
}

// begin makes "any" be one, which the fault names from then on.
func (c *chaos) begin(f *fault) error {
	if f.where == "any" {
		c.mu.Lock()
		f.where = c.site.gates[c.dice.IntN(len(c.site.gates))].code
		c.mu.Unlock()
	}
	switch f.what {
	case "heal":
		if f.where == "" || f.where == "all" {
			return c.site.heal(c.ending)
		}
		if err := c.lines(f.where, func(line.Trouble) line.Trouble { return line.Trouble{} }); err != nil {
			return err
		}
		var err error
		for _, g := range c.site.machines() {
			if g.code == f.where {
				err = errors.Join(err, g.up(c.ending))
			}
		}
		return err
	case "kill":
		return c.kill(f)
	case "image", "clone", "backup", "restore":
		return c.exchange(f)
	}
	return c.lines(f.where, f.worsen)
}

func (c *chaos) lines(where string, how func(line.Trouble) line.Trouble) error {
	for _, g := range c.site.machines() {
		if where == "all" || where == g.code {
			if err := g.change(how); err != nil {
				return err
			}
		}
	}
	return nil
}

// kill kills and sees to it that what was killed starts again.
func (c *chaos) kill(f *fault) error {
	down := f.lasts
	if down == 0 {
		down = defaultDown
	}
	var victims []*node
	for _, g := range c.site.machines() {
		if f.where == "all" || f.where == g.code {
			victims = append(victims, g.node)
		}
	}
	if f.where == "cloud" {
		c.mu.Lock()
		victims = append(victims, c.site.clouds[c.dice.IntN(len(c.site.clouds))])
		c.mu.Unlock()
	}
	for _, n := range victims {
		if err := n.kill(); err != nil {
			return fmt.Errorf("kill %s: %w", n.label, err)
		}
		c.parts.Go(func() {
			if err := n.upSoon(c.ending, down); err != nil && c.ending.Err() == nil {
				c.tell("%s did not start again: %v", n.label, err)
				c.note(err)
			}
		})
	}
	return nil
}

// exchange makes images and backups, and puts gates and the cloud back to them,
// one after the other. What was begun is done to its end: half of it is no site.
func (c *chaos) exchange(f *fault) error {
	c.exchanging.Lock()
	defer c.exchanging.Unlock()
	if err := c.ending.Err(); err != nil {
		return err
	}
	ctx := context.WithoutCancel(c.ending)
	switch {
	case f.what == "backup":
		return c.site.backup(ctx)
	case f.where == "cloud":
		return c.site.putBack(ctx)
	}
	for _, g := range c.site.gates {
		if f.where != "all" && f.where != g.code {
			continue
		}
		var err error
		switch f.what {
		case "image":
			err = g.image(ctx)
		case "clone":
			err = c.site.clone(ctx, g)
		default:
			err = c.site.restore(ctx, g)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// said is the fault in words.
func (f *fault) said() string {
	text := f.what
	if f.where != "" {
		text += " " + f.where
	}
	if f.way != "" {
		text += " " + f.way
	}
	if f.amount > 0 {
		text += fmt.Sprintf(" %d", f.amount)
	}
	return text
}

// note keeps the first thing that went wrong with the faults themselves.
func (c *chaos) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.wrong == nil && c.ending.Err() == nil {
		c.wrong = err
	}
}

// wait returns when no fault is under way any more; ending must have ended.
func (c *chaos) wait() (count int, err error) {
	c.parts.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count, c.wrong
}
