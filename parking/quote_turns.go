package parking

// turnCharge is what one window, or one pair of windows, costs a stay.
type turnCharge struct {
	turn        int // index in Turns, or −1 for a pair
	pair        int // index in Together
	count       int64
	first, last LocalDate
}

// occurrence is a window on one date.
type occurrence struct {
	turn int
	date LocalDate // the local date on which it starts
}

// turnWalk goes through the occurrences that a stay touches, in time order.
type turnWalk struct {
	*pricing
	waiting     occurrence // may become the first of a pair
	isWaiting   bool
	charges     []turnCharge
	holidays    int64
	holidayMore Money
}

// turns adds the lines for elapsed minutes from start, by windows of the day.
func (p *pricing) turns(start, elapsed int64) {
	b, w := &p.lines, &p.turn
	*w = turnWalk{pricing: p, charges: w.charges[:0]}
	w.walk(start, elapsed)
	for i := range w.charges {
		if c := &w.charges[i]; c.turn >= 0 {
			b.turn(p.class.Turns[c.turn], c)
		} else {
			b.together(p.class.Together[c.pair], c)
		}
	}
	if w.holidayMore != 0 {
		b.holidayTurns(p.tariff.Holidays.Percent, w.holidays, w.holidayMore)
	}
}

// walk visits the occurrences that overlap the stay, or contain its start
// when elapsed is 0. The windows cover the day, so each occurrence ends where
// the next one begins, and the stay may begin in one of the day before.
func (w *turnWalk) walk(start, elapsed int64) {
	turns := w.class.Turns
	end := max(start+elapsed*60, start+1)
	i := firstOfDay(turns)
	date := w.clock.date(start) - 1
	from := w.clock.boundary(date, turns[i].From)
	for from < end {
		last := turns[i].To <= turns[i].From // the window that runs into the next date
		if last {
			date++
		}
		to := w.clock.boundary(date, turns[i].To)
		if to > start && to > from { // an occurrence whose boundaries coincide does not happen
			w.visit(occurrence{turn: i, date: w.clock.date(from)})
		}
		from, i = to, nextTurn(turns, i)
	}
	if w.isWaiting {
		w.charge(w.waiting)
	}
}

// firstOfDay is the window that begins first after midnight.
func firstOfDay(turns []Turn) int {
	first := 0
	for i := range turns {
		if turns[i].From < turns[first].From {
			first = i
		}
	}
	return first
}

// nextTurn is the window that begins where window i ends.
func nextTurn(turns []Turn, i int) int {
	for j := range turns {
		if turns[j].From == turns[i].To {
			return j
		}
	}
	return i // never: Validate made sure that the windows cover the day
}

func (w *turnWalk) visit(o occurrence) {
	if len(w.class.Together) == 0 {
		w.charge(o)
		return
	}
	if !w.isWaiting {
		w.waiting, w.isWaiting = o, true
		return
	}
	turns := w.class.Turns
	for i := range w.class.Together {
		if w.class.Together[i].is(turns[w.waiting.turn].Name, turns[o.turn].Name) {
			w.add(turnCharge{turn: -1, pair: i, first: w.waiting.date}, w.class.Together[i].Price)
			w.isWaiting = false
			return
		}
	}
	w.charge(w.waiting)
	w.waiting = o
}

func (w *turnWalk) charge(o occurrence) {
	w.add(turnCharge{turn: o.turn, first: o.date}, w.class.Turns[o.turn].Price)
}

// add counts c, whose date is c.first.
func (w *turnWalk) add(c turnCharge, price Money) {
	if w.tariff.Holidays.has(c.first) {
		w.holidays++
		w.holidayMore += price.percentOf(w.tariff.Holidays.Percent) - price
	}
	for i := range w.charges {
		if o := &w.charges[i]; o.turn == c.turn && o.pair == c.pair {
			o.count++
			o.last = c.first
			return
		}
	}
	c.count, c.last = 1, c.first
	w.charges = append(w.charges, c)
}
