package books

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// MaxConflicts is how many waiting conflicts a page lists; Now.ConflictCount
// counts all.
const MaxConflicts = 20

// Now is the state of a site at a moment.
type Now struct {
	Site          Site
	At            time.Time
	Zones         []Zone
	Gates         []Gate
	Flow          Flow
	Money         []Sum // of today, one for each method, in the order of screens
	Total         Sum
	Conflicts     []Conflict // the newest
	ConflictCount int
	// ConflictsWaiting are open, too, but a gate that is offline may explain them.
	ConflictsWaiting int
	Unplaced         int // inside, but their slot is not known
	Inside           int
}

// Zone is the occupancy of a zone.
type Zone struct {
	Code, Name   string
	Numbered     bool
	Slots        int // of a numbered zone
	Occupied     int
	Reserved     int
	OutOfService int
	Classes      []ClassCount // who is inside, by class; a counted zone lists every class it has room for
}

// Free is the number of slots that can be handed out now.
func (z Zone) Free() int { return z.Slots - z.Occupied - z.OutOfService - z.Reserved }

// ClassCount is how many of a class are inside a zone.
type ClassCount struct {
	Class    parking.Class
	Inside   int
	Unplaced int
	Capacity int // of a counted zone; 0: none is set
}

// Flow counts vehicles.
type Flow struct{ InDay, InHour, OutDay, OutHour int }

// Now reads the state of a site at the moment now.
func (b *Books) Now(ctx context.Context, site Site, now time.Time) (Now, error) {
	n := Now{Site: site, At: now}
	var err error
	if n.Zones, err = b.zones(ctx, site.ID); err != nil {
		return Now{}, err
	}
	for _, z := range n.Zones {
		for _, c := range z.Classes {
			n.Inside += c.Inside
			n.Unplaced += c.Unplaced
		}
	}
	if n.Gates, err = b.Gates(ctx, site.ID); err != nil {
		return Now{}, err
	}
	day, hour := site.DayStart(site.Today(now)), now.Add(-time.Hour)
	flow, err := b.q.BookFlow(ctx, cloudsql.BookFlowParams{Site: site.ID, Day: &day, Hour: &hour, Now: &now})
	if err != nil {
		return Now{}, fmt.Errorf("count vehicles: %w", err)
	}
	n.Flow = Flow{InDay: int(flow.InDay), InHour: int(flow.InHour), OutDay: int(flow.OutDay), OutHour: int(flow.OutHour)}
	today, err := site.Period(site.Today(now), site.Today(now))
	if err != nil {
		return Now{}, err
	}
	revenue, err := b.Revenue(ctx, site, today)
	if err != nil {
		return Now{}, err
	}
	n.Money, n.Total = revenue.Methods, revenue.Total
	return n, b.openConflicts(ctx, site.ID, &n)
}

// openConflicts lists what waits for a person. What a silent gate may still
// explain is counted beside it and alarms nobody.
func (b *Books) openConflicts(ctx context.Context, site uuid.UUID, n *Now) error {
	count, err := b.ConflictCount(ctx, site, n.At)
	if err != nil {
		return err
	}
	n.ConflictCount, n.ConflictsWaiting = count.Open, count.Waiting
	page, err := b.Conflicts(ctx, site, n.At, ConflictFilter{States: []string{ConflictOpen}}, nil, nil, MaxConflicts)
	n.Conflicts = page.Rows
	return err
}

func (b *Books) zones(ctx context.Context, site uuid.UUID) ([]Zone, error) {
	rows, err := b.q.BookZones(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read zones: %w", err)
	}
	inside, err := b.q.BookInside(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("count who is inside: %w", err)
	}
	zones := make([]Zone, 0, len(rows))
	known := map[string]bool{}
	for _, r := range rows {
		known[r.Code] = true
		z := Zone{
			Code: r.Code, Name: r.Name, Numbered: r.Kind == string(parking.Numbered), Slots: int(r.Slots),
			Occupied: int(r.Occupied), Reserved: int(r.Reserved), OutOfService: int(r.OutOfService),
		}
		capacity := map[parking.Class]int{}
		if err := json.Unmarshal(r.Capacity, &capacity); err != nil {
			return nil, fmt.Errorf("capacity of zone %s: %w", r.Code, err)
		}
		z.Classes = classCounts(capacity, inside, r.Code)
		zones = append(zones, z)
	}
	return append(zones, strangeZones(inside, known)...), nil
}

// strangeZones are zones that stays name and the site does not have: shown,
// so that the sum of the zones is everybody who is inside.
func strangeZones(inside []cloudsql.BookInsideRow, known map[string]bool) []Zone {
	var out []Zone
	for _, r := range inside {
		if !known[r.ZoneCode] {
			known[r.ZoneCode] = true
			out = append(out, Zone{Code: r.ZoneCode, Name: r.ZoneCode, Classes: classCounts(nil, inside, r.ZoneCode)})
		}
	}
	return out
}

func classCounts(capacity map[parking.Class]int, inside []cloudsql.BookInsideRow, zone string) []ClassCount {
	var out []ClassCount
	for class, n := range capacity {
		out = append(out, ClassCount{Class: class, Capacity: n})
	}
	for _, r := range inside {
		if r.ZoneCode != zone {
			continue
		}
		class := parking.Class(r.Class)
		i := slices.IndexFunc(out, func(c ClassCount) bool { return c.Class == class })
		if i < 0 {
			out = append(out, ClassCount{Class: class})
			i = len(out) - 1
		}
		out[i].Inside, out[i].Unplaced = int(r.Inside), int(r.Unplaced)
	}
	slices.SortFunc(out, func(a, b ClassCount) int { return compareClass(a.Class, b.Class) })
	return out
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
