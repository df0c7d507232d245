package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Slot is one slot on the map.
type Slot struct {
	Code, Zone   string
	At           parking.Point
	OutOfService bool
	Home         string // gate
	Stay         *uuid.UUID
	Display      string // plate of who stands in it
	Class        parking.Class
	Since        *time.Time
	ReservedBy   string // the gate that holds it for a moment
}

// Map is a site's ground: slots and gates by position in metres.
type Map struct {
	Site  Site
	Slots []Slot
	Gates []Gate
}

// Map reads the site's ground as it stands.
func (b *Books) Map(ctx context.Context, site Site) (Map, error) {
	rows, err := b.q.BookSlots(ctx, site.ID)
	if err != nil {
		return Map{}, fmt.Errorf("read slots: %w", err)
	}
	m := Map{Site: site, Slots: make([]Slot, len(rows))}
	for i, r := range rows {
		m.Slots[i] = Slot{
			Code: r.Code, Zone: r.ZoneCode, At: parking.Point{X: r.X, Y: r.Y}, OutOfService: r.OutOfService,
			Home: r.HomeGate, Stay: r.Stay, Display: r.Display, Class: parking.Class(r.Class), Since: r.InAt,
			ReservedBy: r.ReservedBy,
		}
	}
	m.Gates, err = b.Gates(ctx, site.ID)
	return m, err
}
