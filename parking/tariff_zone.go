package parking

import (
	"maps"
	"math"
	"sync/atomic"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// zones keeps the time zones that were loaded, at most as many as the world
// has. The map is replaced, never changed, so that reading it takes no lock.
var zones atomic.Pointer[map[string]*time.Location]

// loadZone returns a time zone by its IANA name. Programs embed the zones
// (time/tzdata), because a gate's machine may have none.
func loadZone(name string) (*time.Location, error) {
	known := zones.Load()
	if known != nil {
		if loc, ok := (*known)[name]; ok {
			return loc, nil
		}
	}
	// "" and "Local" would make the fee depend on the machine.
	if name == "" || name == "Local" {
		return nil, Errorf(Invalid, "%q is not a known time zone.", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, Errorf(Invalid, "%q is not a known time zone.", cut(name, 40))
	}
	more := map[string]*time.Location{name: loc}
	if known != nil {
		maps.Copy(more, *known)
	}
	zones.CompareAndSwap(known, &more) // who loses the race loads the zone again
	return loc, nil
}

// localClock converts between instants (seconds after 1970 in UTC) and what
// the site's clocks show. It keeps the span of constant offset that was asked
// for last, so that one quote looks the zone up once or twice, and allocates
// nothing.
type localClock struct {
	loc        *time.Location
	start, end int64 // the span of constant offset, half open
	offset     int64 // seconds east of UTC within it
}

// maxShift is more than any two offsets of a zone have ever differed by, in
// seconds: a zone that crosses the date line shifts by a day.
const maxShift = 26 * 60 * 60

// at makes the span that holds t the current one.
func (c *localClock) at(t int64) {
	if t >= c.start && t < c.end {
		return
	}
	lt := time.Unix(t, 0).In(c.loc)
	_, offset := lt.Zone()
	start, end := lt.ZoneBounds()
	c.offset, c.start, c.end = int64(offset), math.MinInt64/2, math.MaxInt64/2
	if !start.IsZero() {
		c.start = start.Unix()
	}
	if !end.IsZero() {
		c.end = end.Unix()
	}
}

// date is the date shown at t.
func (c *localClock) date(t int64) LocalDate {
	c.at(t)
	return LocalDate(floorDiv(t+c.offset, secondsPerDay))
}

// timeOfDay is the time shown at t, cut to the minute.
func (c *localClock) timeOfDay(t int64) ClockTime {
	c.at(t)
	shown := t + c.offset
	return ClockTime((shown - floorDiv(shown, secondsPerDay)*secondsPerDay) / 60)
}

// dateUntil is the date shown at t, and an instant after t up to which it is
// certainly shown without a break.
func (c *localClock) dateUntil(t int64) (LocalDate, int64) {
	d := c.date(t)
	midnight := (int64(d)+1)*secondsPerDay - c.offset
	return d, min(midnight, c.end)
}

// boundary is the first instant at which the local clock shows that time of
// that date, or later. When clocks go forward over it, that is the moment of
// the change; when they show it twice, it is the first of the two. time.Date
// promises neither.
func (c *localClock) boundary(d LocalDate, at ClockTime) int64 {
	shown := int64(d)*secondsPerDay + int64(at)*60
	t := shown - c.offset
	// Nothing before the span can have shown it, and the span does.
	if t-c.start >= maxShift && t < c.end {
		return t
	}
	for from := t - 2*maxShift; ; from = c.end {
		c.at(from)
		if t = max(c.start, shown-c.offset); t < c.end {
			return t
		}
	}
}

// DayStart is the first instant of a local date: when a pass begins, or, for
// the date after its last day, when it ends.
func (t *Tariff) DayStart(d LocalDate) (time.Time, error) {
	loc, err := loadZone(t.Timezone)
	if err != nil {
		return time.Time{}, err
	}
	c := localClock{loc: loc}
	return time.Unix(c.boundary(d, 0), 0).In(loc), nil
}
