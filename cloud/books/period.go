package books

import (
	"time"

	"gatehouse/parking"
)

// MaxPeriodDays bounds a period: a leap year.
const MaxPeriodDays = 366

// Period is whole local days of a site, From to To with both included, and
// the instants [FromAt, UntilAt) that they are.
type Period struct {
	From, To        parking.LocalDate
	FromAt, UntilAt time.Time
}

// Today is the local date of now at the site.
func (s Site) Today(now time.Time) parking.LocalDate {
	return parking.MakeLocalDate(now.In(s.Zone).Date())
}

// Period makes the period from one local date to another. Dates in the wrong
// order or more than MaxPeriodDays are Invalid errors.
func (s Site) Period(from, to parking.LocalDate) (Period, error) {
	if to < from {
		return Period{}, parking.Errorf(parking.Invalid, "The period ends on %s, before it begins on %s.", to, from)
	}
	if to-from >= MaxPeriodDays {
		return Period{}, parking.Errorf(parking.Invalid, "The period is longer than %d days: choose a shorter one.", MaxPeriodDays)
	}
	return Period{From: from, To: to, FromAt: s.DayStart(from), UntilAt: s.DayStart(to + 1)}, nil
}

// Days is how many days the period has.
func (p Period) Days() int { return int(p.To-p.From) + 1 }

// DayStart is the first instant whose local date is d or later. It is looked
// for instead of asked of time.Date, which moves a midnight that a change of
// the clock has swallowed to either side.
func (s Site) DayStart(d parking.LocalDate) time.Time {
	y, m, day := d.Date()
	noon := time.Date(y, m, day, 12, 0, 0, 0, time.UTC).Unix()
	low, high := noon-2*24*3600, noon+24*3600 // the date begins between them in every time zone
	for low+1 < high {
		mid := low + (high-low)/2
		if s.Today(time.Unix(mid, 0)) >= d {
			high = mid
		} else {
			low = mid
		}
	}
	return time.Unix(high, 0).UTC()
}
