package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
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
func (p *projection) write(ctx context.Context, n *news) error {
	if len(p.ids) == 0 {
		return p.vehicles(ctx, n)
	}
	var all, winners, gone []uuid.UUID
	var rows []cloudsql.PutStayParams
	take := func(s *parking.Stay) {
		all = append(all, s.ID)
		if s.State == parking.Inside && s.Placed && s.Slot != "" {
			winners = append(winners, s.ID)
		}
		p.changed.stays[s.ID] = *s
	}
	for _, id := range p.ids {
		v := p.touched[id]
		if v.stay.State == "" { // money for a stay whose IN is still to come has no row
			if v.was != nil {
				gone = append(gone, id)
				was := *v.was
				was.State = parking.Voided // gates are told so
				p.changed.stays[id] = was
			}
			continue
		}
		row, err := p.stayRow(v)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		take(&v.stay)
	}
	var documents []cloudsql.PutDocumentParams
	for _, id := range slices.SortedFunc(maps.Keys(p.replay.others), compareIDs) {
		doc, err := store.Encode(p.replay.others[id])
		if err != nil {
			return err
		}
		documents = append(documents, cloudsql.PutDocumentParams{SiteID: p.t.Site, ID: id, Document: doc})
		take(p.replay.others[id])
	}
	if err := p.references(ctx); err != nil {
		return err
	}
	if err := p.stays(ctx, all, winners, gone, rows, documents); err != nil {
		return err
	}
	if err := p.payments(ctx); err != nil {
		return err
	}
	return p.vehicles(ctx, n)
}

func (p *projection) stays(
	ctx context.Context, all, winners, gone []uuid.UUID, rows []cloudsql.PutStayParams, documents []cloudsql.PutDocumentParams,
) error {
	if len(all) > 0 {
		if err := p.q.ReleaseSlots(ctx, cloudsql.ReleaseSlotsParams{SiteID: p.t.Site, Ids: all}); err != nil {
			return fmt.Errorf("release slots: %w", err)
		}
		if err := batch(p.q.PutStay(ctx, rows).Exec); err != nil {
			return fmt.Errorf("write stays: %w", err)
		}
		if err := batch(p.q.PutDocument(ctx, documents).Exec); err != nil {
			return fmt.Errorf("write stays that lost or won a slot: %w", err)
		}
	}
	if len(winners) > 0 {
		if err := p.q.HoldSlots(ctx, cloudsql.HoldSlotsParams{SiteID: p.t.Site, Ids: winners}); err != nil {
			return fmt.Errorf("hold slots: %w", err)
		}
	}
	if len(gone) > 0 {
		if err := p.q.DropStays(ctx, cloudsql.DropStaysParams{SiteID: p.t.Site, Ids: gone}); err != nil {
			return fmt.Errorf("drop stays of which nothing came true: %w", err)
		}
	}
	return nil
}

func (p *projection) stayRow(v *visit) (cloudsql.PutStayParams, error) {
	s := &v.stay
	doc, err := store.Encode(s)
	if err != nil {
		return cloudsql.PutStayParams{}, err
	}
	row := cloudsql.PutStayParams{
		TenantID: p.t.Tenant, SiteID: p.t.Site, ID: s.ID, State: string(s.State), Class: string(s.Class),
		Plate: string(s.Plate), Display: s.Display, Token: orNull(s.Token), ZoneCode: s.Zone, SlotClaimed: orNull(s.Slot),
		InAt: s.InAt, OutAt: s.OutAt, TariffID: orNull(s.Tariff), Currency: p.t.Currency,
		Paid: int64(s.PaidSum()), Document: doc, OutToken: orNull(s.OutToken), OutPlate: orNull(string(s.OutPlate)),
		TokenUntil: s.TokenUntil(), IntoID: s.Into,
	}
	role, plate := half(&v.alone)
	row.MatchRole, row.MatchPlate = orNull(role), orNull(plate)
	if s.InAt != nil {
		row.InGate, row.InFact, row.Pass = &s.InGate, &s.InFact, orNull(s.Pass)
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

// owners finds the stay to which each payment belongs: of those that name it
// the one with the smallest id. All of them are among the touched.
func (p *projection) owners() map[uuid.UUID]uuid.UUID {
	owner := map[uuid.UUID]uuid.UUID{}
	for _, id := range p.ids { // sorted
		for _, m := range p.touched[id].stay.Payments {
			if _, owned := owner[m.ID]; !owned {
				owner[m.ID] = id
			}
		}
	}
	return owner
}

// payments writes the money of the touched stays.
func (p *projection) payments(ctx context.Context) error {
	p.owner = p.owners()
	var rows []cloudsql.PutPaymentParams
	for _, id := range p.ids {
		for _, m := range p.touched[id].stay.Payments {
			if p.owner[m.ID] != id {
				continue
			}
			rows = append(rows, cloudsql.PutPaymentParams{
				TenantID: p.t.Tenant, SiteID: p.t.Site, ID: m.ID, StayID: id, Method: string(m.Method),
				Status: string(m.Status), Amount: int64(m.Amount), Currency: cmp.Or(m.Currency, p.t.Currency),
				Reference: orNull(m.Reference), Gate: m.Gate, Actor: m.Actor, RequestedAt: m.RequestedAt, PaidAt: m.PaidAt,
				Refunded: int64(m.Refunded), BankAt: m.BankAt,
			})
		}
	}
	if err := batch(p.q.PutPayment(ctx, rows).Exec); err != nil {
		return fmt.Errorf("write payments: %w", err)
	}
	return nil
}

// vehicles brings the rows of plates up to what their stays and the block list say.
func (p *projection) vehicles(ctx context.Context, n *news) error {
	now, before := maps.Clone(n.plates), map[string]bool{}
	for _, id := range p.ids {
		v := p.touched[id]
		now[string(v.stay.Plate)] = true
		if v.was != nil && (v.was.Plate != v.stay.Plate || v.stay.State == "") {
			before[string(v.was.Plate)] = true
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
