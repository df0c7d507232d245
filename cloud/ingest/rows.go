package ingest

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// batch runs a batch of statements to its end and returns its first error.
func batch(exec func(func(int, error))) error {
	var first error
	exec(func(_ int, err error) { first = cmp.Or(first, err) })
	return first
}

// write replaces the rows of the touched stays and of the others whose place
// changed. Losers are released before winners are placed.
func (p *projection) write(ctx context.Context, ids []uuid.UUID, others map[uuid.UUID]*parking.Stay) error {
	var stays []*parking.Stay
	for _, id := range ids {
		if s := &p.touched[id].stay; s.State != "" { // money for a stay whose IN is still to come has no row
			stays = append(stays, s)
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(others), compareIDs) {
		stays = append(stays, others[id])
	}
	var all, winners []uuid.UUID
	rows := make([]cloudsql.PutStayParams, 0, len(stays))
	for _, s := range stays {
		row, err := p.stayRow(s)
		if err != nil {
			return err
		}
		rows, all = append(rows, row), append(all, s.ID)
		if s.State == parking.Inside && s.Placed && s.Slot != "" {
			winners = append(winners, s.ID)
		}
		p.changed.stays[s.ID] = *s
	}
	if len(all) > 0 {
		if err := p.q.ReleaseSlots(ctx, cloudsql.ReleaseSlotsParams{SiteID: p.t.Site, Ids: all}); err != nil {
			return fmt.Errorf("release slots: %w", err)
		}
		if err := batch(p.q.PutStay(ctx, rows).Exec); err != nil {
			return fmt.Errorf("write stays: %w", err)
		}
	}
	if len(winners) > 0 {
		if err := p.q.HoldSlots(ctx, cloudsql.HoldSlotsParams{SiteID: p.t.Site, Ids: winners}); err != nil {
			return fmt.Errorf("hold slots: %w", err)
		}
	}
	if err := p.payments(ctx, ids); err != nil {
		return err
	}
	return p.vehicles(ctx, ids)
}

func (p *projection) stayRow(s *parking.Stay) (cloudsql.PutStayParams, error) {
	doc, err := store.Encode(s)
	if err != nil {
		return cloudsql.PutStayParams{}, err
	}
	row := cloudsql.PutStayParams{
		TenantID: p.t.Tenant, SiteID: p.t.Site, ID: s.ID, State: string(s.State), Class: string(s.Class),
		Plate: string(s.Plate), Display: s.Display, Token: orNull(s.Token), ZoneCode: s.Zone, SlotClaimed: orNull(s.Slot),
		InAt: s.InAt, OutAt: s.OutAt, TariffID: orNull(s.Tariff), Currency: p.t.Currency,
		Paid: int64(s.PaidSum()), Document: doc,
	}
	if s.InAt != nil {
		row.InGate = &s.InGate
	}
	if s.OutAt != nil {
		row.OutGate = &s.OutGate
	}
	if s.Tariff != "" {
		version := int64(s.TariffV)
		row.TariffVersion = &version
	}
	if s.Charge != nil {
		fee := int64(s.Charge.Fee)
		row.Fee, row.Currency = &fee, cmp.Or(s.Charge.Currency, p.t.Currency)
	}
	return row, nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (p *projection) payments(ctx context.Context, ids []uuid.UUID) error {
	var rows []cloudsql.PutPaymentParams
	for _, id := range ids {
		for _, m := range p.touched[id].stay.Payments {
			rows = append(rows, cloudsql.PutPaymentParams{
				TenantID: p.t.Tenant, SiteID: p.t.Site, ID: m.ID, StayID: id, Method: string(m.Method),
				Status: string(m.Status), Amount: int64(m.Amount), Currency: cmp.Or(m.Currency, p.t.Currency),
				Reference: orNull(m.Reference), Gate: m.Gate, Actor: m.Actor, RequestedAt: m.RequestedAt, PaidAt: m.PaidAt,
			})
		}
	}
	if err := batch(p.q.PutPayment(ctx, rows).Exec); err != nil {
		return fmt.Errorf("write payments: %w", err)
	}
	return nil
}

func (p *projection) vehicles(ctx context.Context, ids []uuid.UUID) error {
	now, before := map[string]bool{}, map[string]bool{}
	for _, id := range ids {
		v := p.touched[id]
		now[string(v.stay.Plate)] = true
		if v.known && v.plate != string(v.stay.Plate) {
			before[v.plate] = true
		}
	}
	delete(now, "")
	delete(before, "")
	if len(before) > 0 {
		plates := slices.Sorted(maps.Keys(before))
		if err := p.q.ForgetVehicles(ctx, cloudsql.ForgetVehiclesParams{SiteID: p.t.Site, Plates: plates}); err != nil {
			return fmt.Errorf("forget misread vehicles: %w", err)
		}
		maps.Copy(now, before)
	}
	if len(now) == 0 {
		return nil
	}
	plates := slices.Sorted(maps.Keys(now))
	if err := p.q.RefreshVehicles(ctx, cloudsql.RefreshVehiclesParams{SiteID: p.t.Site, Plates: plates}); err != nil {
		return fmt.Errorf("write vehicles: %w", err)
	}
	return nil
}

// changes is what a batch changed, for the feed.
type changes struct {
	stays     map[uuid.UUID]parking.Stay
	slots     map[string]bool
	conflicts map[string]wire.Conflict
	config    *wire.SiteConfig
}

func newChanges() *changes {
	return &changes{stays: map[uuid.UUID]parking.Stay{}, slots: map[string]bool{}, conflicts: map[string]wire.Conflict{}}
}

func (c *changes) add(more *changes) {
	if c.stays == nil {
		*c = *newChanges()
	}
	maps.Copy(c.stays, more.stays)
	maps.Copy(c.slots, more.slots)
	maps.Copy(c.conflicts, more.conflicts)
	c.config = cmp.Or(more.config, c.config)
}

// delta makes the feed's entry, in a fixed order.
func (c *changes) delta(ctx context.Context, t *store.SiteTx) (wire.Delta, error) {
	var d wire.Delta
	for _, id := range slices.SortedFunc(maps.Keys(c.stays), compareIDs) {
		d.Stays = append(d.Stays, c.stays[id])
	}
	if len(c.slots) > 0 {
		slots, err := store.Slots(ctx, t.Q, t.Site, slices.Sorted(maps.Keys(c.slots))...)
		if err != nil {
			return d, err
		}
		d.Slots = slots
	}
	for _, id := range slices.Sorted(maps.Keys(c.conflicts)) {
		d.Conflicts = append(d.Conflicts, c.conflicts[id])
	}
	d.Config = c.config
	return d, nil
}

func hexID(id []byte) string { return hex.EncodeToString(id) }
