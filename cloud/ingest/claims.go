package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// judgedClaim is a claim of a stay, and whether the slot exists, takes the
// stay's class and is in service when the claim begins. Only valid claims
// compete for a slot.
type judgedClaim struct {
	parking.Claim
	valid bool
}

// replay is which slots have to be replayed, and from when: what was decided
// earlier cannot change.
type replay struct {
	slots  []string
	from   time.Time
	placed map[string][]parking.Claim // by slot, from `from` on

	others map[uuid.UUID]*parking.Stay // not touched themselves, but placed otherwise now
}

// claim replaces the claims of the touched stays.
func (p *projection) claim(ctx context.Context, _ *news) error {
	if len(p.ids) == 0 {
		return nil
	}
	r := &p.replay
	add := func(slot string, at time.Time) {
		if len(r.slots) == 0 || at.Before(r.from) {
			r.from = at
		}
		r.slots = append(r.slots, slot)
	}
	old, err := p.q.ClaimsOfStays(ctx, cloudsql.ClaimsOfStaysParams{SiteID: p.t.Site, Stays: p.ids})
	if err != nil {
		return fmt.Errorf("read the claims of stays: %w", err)
	}
	for _, c := range old {
		add(c.SlotCode, c.FromAt)
	}
	var all []parking.Claim
	for _, id := range p.ids {
		for _, c := range p.touched[id].stay.Claims() {
			add(c.Slot, c.From)
			all = append(all, c)
		}
	}
	slices.Sort(r.slots)
	r.slots = slices.Compact(r.slots)
	if len(r.slots) == 0 {
		return nil
	}
	inService, err := p.readSlots(ctx, r.slots)
	if err != nil {
		return err
	}
	if len(old) > 0 {
		if err := p.q.DropClaims(ctx, cloudsql.DropClaimsParams{SiteID: p.t.Site, Stays: p.ids}); err != nil {
			return fmt.Errorf("drop claims: %w", err)
		}
	}
	rows := make([]cloudsql.AddClaimParams, 0, len(all))
	for _, c := range all {
		v := p.touched[c.Stay]
		slot, there := p.slots[c.Slot]
		valid := there && slot.Takes(v.stay.Class) && inService(c.Slot, c.From)
		v.claims = append(v.claims, judgedClaim{Claim: c, valid: valid})
		rows = append(rows, cloudsql.AddClaimParams{
			TenantID: p.t.Tenant, SiteID: p.t.Site, SlotCode: c.Slot, StayID: c.Stay, FactID: c.Fact,
			FromAt: c.From, UntilAt: c.Until, Valid: valid,
		})
	}
	return batch(p.q.AddClaim(ctx, rows).Exec)
}

// readSlots reads the slots, and returns whether one is in service at a time.
func (p *projection) readSlots(ctx context.Context, codes []string) (func(string, time.Time) bool, error) {
	slots, err := store.Slots(ctx, p.q, p.t.Site, codes...)
	if err != nil {
		return nil, err
	}
	p.slots = make(map[string]parking.Slot, len(slots))
	for _, s := range slots {
		p.slots[s.Code] = s
		p.changed.slots[s.Code] = true
	}
	rows, err := p.q.SlotService(ctx, cloudsql.SlotServiceParams{SiteID: p.t.Site, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read when slots are in service: %w", err)
	}
	service := map[string][]cloudsql.SlotServiceRow{}
	for _, row := range rows { // each slot's versions in the order in which they hold
		service[row.Code] = append(service[row.Code], row)
	}
	return func(code string, at time.Time) bool {
		out := false
		for i, row := range service[code] {
			if i == 0 {
				out = row.GroundOutOfService
			}
			if row.FromAt != nil && !row.FromAt.After(at) {
				out = row.OutOfService
			}
		}
		return !out
	}, nil
}

// place replays the claims of the slots: the earlier keeps the slot.
func (p *projection) place(ctx context.Context, _ *news) error {
	if len(p.ids) == 0 {
		return nil
	}
	p.replay.placed = map[string][]parking.Claim{}
	won, moved, err := p.compete(ctx)
	if err != nil {
		return err
	}
	if p.replay.others, err = p.readOthers(ctx, moved); err != nil {
		return err
	}
	zones, err := p.countedZones(ctx)
	if err != nil {
		return err
	}
	for _, id := range p.ids {
		setPlaced(&p.touched[id].stay, true, won, zones)
	}
	for _, s := range p.replay.others {
		setPlaced(s, false, won, zones)
	}
	return nil
}

// compete writes who holds the slots. It returns the claims that were replayed,
// by their fact, and the stays, other than the touched, for which one changed.
func (p *projection) compete(ctx context.Context) (map[uuid.UUID]parking.Claim, map[uuid.UUID]bool, error) {
	r := &p.replay
	won, moved := map[uuid.UUID]parking.Claim{}, map[uuid.UUID]bool{}
	if len(r.slots) == 0 {
		return won, moved, nil
	}
	rows, err := p.q.ClaimsOfSlots(ctx, cloudsql.ClaimsOfSlotsParams{SiteID: p.t.Site, Slots: r.slots, FromAt: r.from})
	if err != nil {
		return nil, nil, fmt.Errorf("read the claims of slots: %w", err)
	}
	was := map[uuid.UUID]bool{}
	for _, c := range rows {
		was[c.FactID] = c.Placed
		r.placed[c.SlotCode] = append(r.placed[c.SlotCode], parking.Claim{
			Slot: c.SlotCode, Stay: c.StayID, From: c.FromAt.UTC(), Until: c.UntilAt, Fact: c.FactID,
		})
	}
	var changed []cloudsql.PlaceClaimParams
	for slot, claims := range r.placed {
		r.placed[slot] = parking.PlaceClaims(claims)
		for _, c := range r.placed[slot] {
			won[c.Fact] = c
			if c.Placed == was[c.Fact] {
				continue
			}
			changed = append(changed, cloudsql.PlaceClaimParams{
				SiteID: p.t.Site, SlotCode: slot, StayID: c.Stay, FactID: c.Fact, Placed: c.Placed,
			})
			if p.touched[c.Stay] == nil {
				moved[c.Stay] = true
			}
		}
	}
	if err := batch(p.q.PlaceClaim(ctx, changed).Exec); err != nil {
		return nil, nil, fmt.Errorf("write who holds the slots: %w", err)
	}
	return won, moved, nil
}

// setPlaced tells a stay whether it holds the slot that it claims last. In a
// counted zone it is placed as soon as its zone is known. A stay that was not
// touched keeps what it has when its last claim was not replayed: it may have
// lost a slot that it had left already, and stand in another.
func setPlaced(s *parking.Stay, touched bool, won map[uuid.UUID]parking.Claim, counted map[string]bool) {
	if s.Slot == "" || len(s.Moves) == 0 {
		s.Placed = counted[s.Zone]
		return
	}
	// All claims of a touched stay were replayed; those that are not valid won
	// nothing. A claim of a matched exit's move is that of its target.
	c, replayed := won[s.Moves[len(s.Moves)-1].Fact]
	if own := replayed && c.Stay == s.ID; own || touched {
		s.Placed = own && c.Placed
	}
}

func (p *projection) countedZones(ctx context.Context) (map[string]bool, error) {
	rows, err := p.q.Zones(ctx, p.t.Site)
	if err != nil {
		return nil, fmt.Errorf("read the zones: %w", err)
	}
	counted := map[string]bool{}
	for _, z := range rows {
		counted[z.Code] = z.Kind == string(parking.Counted)
	}
	return counted, nil
}

// readOthers reads the kept documents of stays.
func (p *projection) readOthers(ctx context.Context, ids map[uuid.UUID]bool) (map[uuid.UUID]*parking.Stay, error) {
	out := map[uuid.UUID]*parking.Stay{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := p.q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: p.t.Site, Ids: slices.SortedFunc(maps.Keys(ids), compareIDs)})
	if err != nil {
		return nil, fmt.Errorf("read the stays: %w", err)
	}
	for _, row := range rows {
		s, err := store.Decode[parking.Stay](row.Document)
		if err != nil {
			return nil, err
		}
		out[row.ID] = &s
	}
	return out, nil
}
