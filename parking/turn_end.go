package parking

import "time"

// TurnEnd is when the turn that holds t ends, for a class that is priced by
// turns; false for one that is not.
func (t *Tariff) TurnEnd(class Class, at time.Time) (end time.Time, byTurns bool) {
	turns := t.Classes[class].Turns
	loc, err := loadZone(t.Timezone)
	if len(turns) == 0 || err != nil || checkTime("now", at) != nil {
		return time.Time{}, false
	}
	c, now := localClock{loc: loc}, at.Unix()
	i := firstOfDay(turns)
	date := c.date(now) - 1
	for range 3 * len(turns) { // yesterday's, today's and tomorrow's hold it
		if turns[i].To <= turns[i].From {
			date++
		}
		if to := c.boundary(date, turns[i].To); to > now {
			return time.Unix(to, 0).UTC(), true
		}
		i = nextTurn(turns, i)
	}
	return time.Time{}, false
}

// TaxWithin is the tax that a sum contains: percent of what is left without it,
// rounded half up.
func TaxWithin(sum Money, percent int) Money {
	if sum <= 0 || percent <= 0 {
		return 0
	}
	n, d := int64(sum)*int64(percent), int64(100+percent)
	return Money((2*n + d) / (2 * d))
}
