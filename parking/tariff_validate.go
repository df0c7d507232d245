package parking

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxPrice bounds one price in a tariff, in minor units. With it, no stay
// that Quote accepts can overflow a sum.
const MaxPrice Money = 1_000_000_000

// Limits of a tariff document.
const (
	maxTurns    = 24
	maxHolidays = 1000
	maxPercent  = 1000
)

// Validate says what is wrong with a tariff, naming field and reason, before
// it is saved or used; nil when nothing is.
func (t *Tariff) Validate() error {
	switch {
	case !validCode(t.ID):
		return badField("id", "must be 1 to 32 letters, digits, - and _")
	case t.Version < 0:
		return badField("version", "must not be negative")
	case len(t.Currency) != 3 || strings.Trim(t.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return badField("currency", "must be three capital letters such as VND")
	case t.Timezone == "":
		return badField("timezone", "is missing; write a name such as Asia/Ho_Chi_Minh")
	case t.Grace < 0:
		return badField("grace", "must not be negative")
	case t.ExitWindow < 0:
		return badField("exit_window", "must not be negative")
	case t.QuoteHold < 0:
		return badField("quote_hold", "must not be negative")
	case t.Rounding < 1 || t.Rounding > MaxPrice:
		return badField("rounding", "must be 1 or more")
	case len(t.Classes) == 0:
		return badField("classes", "is missing; a tariff prices at least one class")
	}
	if _, err := loadZone(t.Timezone); err != nil {
		return badField("timezone", fmt.Sprintf("%q is not a known time zone", cut(t.Timezone, 40)))
	}
	for _, class := range slices.Sorted(maps.Keys(t.Classes)) {
		c := t.Classes[class]
		if err := c.validate("classes." + cut(string(class), 40)); err != nil {
			return err
		}
		if !validCode(string(class)) {
			return badField("classes", fmt.Sprintf("%q cannot be the name of a class", cut(string(class), 40)))
		}
	}
	if err := t.Holidays.validate(); err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(t.Discounts)) {
		d := t.Discounts[code]
		if err := d.validate(code); err != nil {
			return err
		}
	}
	return nil
}

func badField(field, reason string) error {
	return Errorf(Invalid, "Tariff: %s %s.", field, reason)
}

func badPrice(field string, p Money) error {
	if p < 0 || p > MaxPrice {
		return badField(field, fmt.Sprintf("must be 0 to %d", MaxPrice))
	}
	return nil
}

func (c *ClassTariff) validate(at string) error {
	switch {
	case c.Blocks == nil && len(c.Turns) == 0:
		return badField(at, "has neither blocks nor turns")
	case c.Blocks != nil && len(c.Turns) > 0:
		return badField(at, "has both blocks and turns; one of them prices a class")
	case c.Cap != nil && c.Blocks == nil:
		return badField(at+".cap", "is for blocks only, and this class has turns")
	case len(c.Together) > 0 && c.Blocks != nil:
		return badField(at+".together", "is for turns only, and this class has blocks")
	}
	if c.LostTicket != nil {
		if err := badPrice(at+".lost_ticket", *c.LostTicket); err != nil {
			return err
		}
	}
	if c.Blocks != nil {
		return c.validateBlocks(at)
	}
	if err := validateTurns(at+".turns", c.Turns); err != nil {
		return err
	}
	return validateTogether(at+".together", c.Together, c.Turns)
}

func (c *ClassTariff) validateBlocks(at string) error {
	for _, b := range []struct {
		name  string
		block Block
	}{{"first", c.Blocks.First}, {"then", c.Blocks.Then}} {
		field := at + ".blocks." + b.name
		if b.block.Length < 1 {
			return badField(field+".length", "must be at least 1m")
		}
		if err := badPrice(field+".price", b.block.Price); err != nil {
			return err
		}
	}
	if c.Cap == nil {
		return nil
	}
	if c.Cap.Per != PerCalendarDay && c.Cap.Per != PerRolling24h {
		return badField(at+".cap.per", fmt.Sprintf("must be %s or %s", PerCalendarDay, PerRolling24h))
	}
	return badPrice(at+".cap.price", c.Cap.Price)
}

// validateTurns checks that the windows cover the day once: going from one to
// the window that starts where it ends must visit them all and come back.
func validateTurns(at string, turns []Turn) error {
	if len(turns) > maxTurns {
		return badField(at, fmt.Sprintf("has more than %d windows", maxTurns))
	}
	names := map[string]bool{}
	covered := 0
	for i, w := range turns {
		field := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case w.Name == "" || utf8.RuneCountInString(w.Name) > 32:
			return badField(field+".name", "must have 1 to 32 letters")
		case names[w.Name]:
			return badField(field+".name", fmt.Sprintf("%q is used twice", w.Name))
		case w.From < 0 || w.From >= minutesPerDay:
			return badField(field+".from", "must be 00:00 to 23:59")
		case w.To < 0 || w.To >= minutesPerDay:
			return badField(field+".to", "must be 00:00 to 23:59")
		}
		if err := badPrice(field+".price", w.Price); err != nil {
			return err
		}
		names[w.Name] = true
		covered += w.length()
		for j, o := range turns[:i] {
			if o.overlaps(w) {
				return badField(field, fmt.Sprintf("overlaps %s[%d] (%s)", at, j, o.Name))
			}
		}
	}
	if covered != minutesPerDay {
		return badField(at, fmt.Sprintf("must cover the whole day; %d minutes of it are in no window", minutesPerDay-covered))
	}
	return nil
}

// length is in minutes.
func (w Turn) length() int {
	n := int(w.To - w.From)
	if n <= 0 {
		n += minutesPerDay
	}
	return n
}

func (w Turn) overlaps(o Turn) bool {
	holds := func(w Turn, c ClockTime) bool {
		return (int(c-w.From)+minutesPerDay)%minutesPerDay < w.length()
	}
	return holds(w, o.From) || holds(o, w.From)
}

func validateTogether(at string, pairs []Together, turns []Turn) error {
	known := func(name string) bool {
		return slices.ContainsFunc(turns, func(w Turn) bool { return w.Name == name })
	}
	for i, p := range pairs {
		field := fmt.Sprintf("%s[%d]", at, i)
		if len(p.Of) != 2 {
			return badField(field+".of", "must name two turns")
		}
		for _, name := range p.Of {
			if !known(name) {
				return badField(field+".of", fmt.Sprintf("names %q, which is no turn of this class", cut(name, 40)))
			}
		}
		for j, o := range pairs[:i] {
			if o.is(p.Of[0], p.Of[1]) {
				return badField(field+".of", fmt.Sprintf("is the same pair as %s[%d]", at, j))
			}
		}
		if err := badPrice(field+".price", p.Price); err != nil {
			return err
		}
	}
	return nil
}

func (p *Together) is(a, b string) bool {
	return p.Of[0] == a && p.Of[1] == b || p.Of[0] == b && p.Of[1] == a
}

func (h *Holidays) validate() error {
	switch {
	case h == nil:
		return nil
	case h.Percent < 1 || h.Percent > maxPercent:
		return badField("holidays.percent", fmt.Sprintf("must be 1 to %d", maxPercent))
	case len(h.Dates) > maxHolidays:
		return badField("holidays.dates", fmt.Sprintf("has more than %d dates", maxHolidays))
	}
	return nil
}

func (d *Discount) validate(code string) error {
	at := "discounts." + cut(code, 40)
	switch {
	case !validCode(code):
		return badField("discounts", fmt.Sprintf("%q cannot be a code", cut(code, 40)))
	case (d.Percent == nil) == (d.Amount == nil):
		return badField(at, "must have either percent or amount")
	case d.Percent != nil && (*d.Percent < 0 || *d.Percent > 100):
		return badField(at+".percent", "must be 0 to 100")
	case d.Amount != nil:
		return badPrice(at+".amount", *d.Amount)
	}
	return nil
}
