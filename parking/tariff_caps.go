package parking

import "fmt"

// CityCaps is the most that a city lets a park charge, with its source. It
// warns and never blocks: whether it is in force, and for this park, is for
// the operator to check.
type CityCaps struct {
	City     string     `json:"city" yaml:"city"`
	Source   string     `json:"source" yaml:"source"`
	Currency string     `json:"currency" yaml:"currency"`
	Caps     []PriceCap `json:"caps" yaml:"caps"`
}

// PriceCap is the most for one turn of the day (Of has its name, From and To
// its window), for two turns next to each other (Of names both), or for a
// month's pass (Of is "month").
type PriceCap struct {
	Class Class     `json:"class" yaml:"class"`
	Of    []string  `json:"of" yaml:"of"`
	From  ClockTime `json:"from" yaml:"from"`
	To    ClockTime `json:"to" yaml:"to"`
	Price Money     `json:"price" yaml:"price"`
}

// CapMonth is what a cap on a month's pass is of.
const CapMonth = "month"

// Over lists the prices of t that are above what the city allows, a sentence
// each; none when all are within it. A turn counts against the window of a cap
// when they share a minute, two turns next to each other against a cap on both
// windows. A tariff has no monthly price, so caps on months are passed over.
func (c *CityCaps) Over(t *Tariff) []Text {
	if t.Currency != c.Currency {
		return nil
	}
	var over []Text
	for _, limit := range c.Caps {
		class := t.Classes[limit.Class]
		switch {
		case len(limit.Of) == 1 && limit.Of[0] != CapMonth:
			for _, w := range class.Turns {
				if w.Price > limit.Price && w.overlaps(limit.window()) {
					over = append(over, c.warn(limit, w.Name, w.Price))
				}
			}
		case len(limit.Of) == 2:
			over = append(over, c.overPairs(&class, limit)...)
		}
	}
	return over
}

func (p PriceCap) window() Turn { return Turn{From: p.From, To: p.To} }

// named is the window that a cap of the same class gives this name.
func (c *CityCaps) named(class Class, name string) (Turn, bool) {
	for _, p := range c.Caps {
		if p.Class == class && len(p.Of) == 1 && p.Of[0] == name {
			return p.window(), true
		}
	}
	return Turn{}, false
}

func (c *CityCaps) overPairs(class *ClassTariff, limit PriceCap) []Text {
	a, knownA := c.named(limit.Class, limit.Of[0])
	b, knownB := c.named(limit.Class, limit.Of[1])
	if !knownA || !knownB {
		return nil
	}
	var over []Text
	for i, w := range class.Turns {
		next := class.Turns[nextTurn(class.Turns, i)]
		both := w.overlaps(a) && next.overlaps(b) || w.overlaps(b) && next.overlaps(a)
		if price := class.pairPrice(w, next); both && price > limit.Price && w.Name != next.Name {
			over = append(over, c.warn(limit, w.Name+" + "+next.Name, price))
		}
	}
	return over
}

// pairPrice is what two turns that follow each other cost.
func (c *ClassTariff) pairPrice(a, b Turn) Money {
	for i := range c.Together {
		if c.Together[i].is(a.Name, b.Name) {
			return c.Together[i].Price
		}
	}
	return a.Price + b.Price
}

func (c *CityCaps) warn(limit PriceCap, turn string, price Money) Text {
	return Text{
		En: fmt.Sprintf("%s, turn %s: %s is above the %s that %s allows (%s). Check what is in force.",
			limit.Class, turn, price.Format(c.Currency, "en"), limit.Price.Format(c.Currency, "en"), c.City, c.Source),
		Vi: fmt.Sprintf("%s, lượt %s: %s cao hơn mức %s của %s (%s). Hãy kiểm tra quy định hiện hành.",
			limit.Class, turn, price.Format(c.Currency, "vi"), limit.Price.Format(c.Currency, "vi"), c.City, c.Source),
	}
}
