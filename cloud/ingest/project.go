package ingest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// projection computes the rows that follow from the facts of some stays.
type projection struct {
	q   *cloudsql.Queries
	t   *store.SiteTx
	now time.Time // for opened_at and closed_at, which nothing computes with

	touched map[uuid.UUID]*visit
	slots   map[string]parking.Slot // those that are claimed
	changed *changes
}

// visit is a stay that is computed anew.
type visit struct {
	stay   parking.Stay
	facts  []parking.Fact
	claims []judgedClaim
	plate  string // that it bore before
	known  bool   // has a row already
}

// project folds the touched stays and writes what follows.
func (p *projection) project(ctx context.Context, touched map[uuid.UUID]bool) (*changes, error) {
	p.changed = newChanges()
	if len(touched) == 0 {
		return p.changed, nil
	}
	ids := make([]uuid.UUID, 0, len(touched))
	for id := range touched {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compareIDs)
	if err := p.fold(ctx, ids); err != nil {
		return nil, err
	}
	replay, err := p.claims(ctx, ids)
	if err != nil {
		return nil, err
	}
	others, err := p.place(ctx, replay)
	if err != nil {
		return nil, err
	}
	if err := p.write(ctx, ids, others); err != nil {
		return nil, err
	}
	return p.changed, p.judge(ctx, ids, replay)
}

// fold reads all facts of the stays, and what their rows say so far.
func (p *projection) fold(ctx context.Context, ids []uuid.UUID) error {
	p.touched = make(map[uuid.UUID]*visit, len(ids))
	for _, id := range ids {
		p.touched[id] = new(visit)
	}
	rows, err := p.q.FactsOfStays(ctx, cloudsql.FactsOfStaysParams{SiteID: p.t.Site, Stays: ids})
	if err != nil {
		return fmt.Errorf("read the facts of stays: %w", err)
	}
	for _, row := range rows {
		f, err := parking.DecodeFact(row.Encoded)
		if err != nil {
			return fmt.Errorf("read a fact that was taken before: %w", err)
		}
		f.At = parking.BusinessTime(f.At)
		v := p.touched[*row.StayID]
		v.facts = append(v.facts, f)
	}
	for id, v := range p.touched {
		slices.SortFunc(v.facts, parking.Fact.Compare)
		v.stay = parking.FoldStay(id, v.facts)
		toMilliseconds(&v.stay)
	}
	old, err := p.q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read the stays: %w", err)
	}
	for _, row := range old {
		p.touched[row.ID].known, p.touched[row.ID].plate = true, row.Plate
	}
	return nil
}

// toMilliseconds rounds the times that are compared to what the database
// keeps, so that they compare the same when they are read back.
func toMilliseconds(s *parking.Stay) {
	for _, t := range []**time.Time{&s.InAt, &s.OutAt} {
		if *t != nil {
			rounded := parking.BusinessTime(**t)
			*t = &rounded
		}
	}
	for i := range s.Moves {
		s.Moves[i].At = parking.BusinessTime(s.Moves[i].At)
	}
}

// replay is which slots have to be replayed, and from when: what was decided
// earlier cannot change.
type replay struct {
	slots  []string
	from   time.Time
	placed map[string][]parking.Claim // by slot, from `from` on
}

// claims replaces the claims of the touched stays.
func (p *projection) claims(ctx context.Context, ids []uuid.UUID) (*replay, error) {
	r := &replay{}
	add := func(slot string, at time.Time) {
		if len(r.slots) == 0 || at.Before(r.from) {
			r.from = at
		}
		r.slots = append(r.slots, slot)
	}
	old, err := p.q.ClaimsOfStays(ctx, cloudsql.ClaimsOfStaysParams{SiteID: p.t.Site, Stays: ids})
	if err != nil {
		return nil, fmt.Errorf("read the claims of stays: %w", err)
	}
	for _, c := range old {
		add(c.SlotCode, c.FromAt)
	}
	var all []parking.Claim
	for _, id := range ids {
		s := &p.touched[id].stay
		if s.InAt == nil {
			continue // whoever has not come in yet holds no slot
		}
		for _, c := range s.Claims() {
			add(c.Slot, c.From)
			all = append(all, c)
		}
	}
	slices.Sort(r.slots)
	r.slots = slices.Compact(r.slots)
	if len(r.slots) == 0 {
		return r, nil
	}
	if err := p.readSlots(ctx, r.slots); err != nil {
		return nil, err
	}
	if err := p.q.DropClaims(ctx, cloudsql.DropClaimsParams{SiteID: p.t.Site, Stays: ids}); err != nil {
		return nil, fmt.Errorf("drop claims: %w", err)
	}
	rows := make([]cloudsql.AddClaimParams, 0, len(all))
	for _, c := range all {
		v := p.touched[c.Stay]
		slot, there := p.slots[c.Slot]
		valid := there && slot.Takes(v.stay.Class)
		v.claims = append(v.claims, judgedClaim{Claim: c, valid: valid})
		rows = append(rows, cloudsql.AddClaimParams{
			TenantID: p.t.Tenant, SiteID: p.t.Site, SlotCode: c.Slot, StayID: c.Stay, FactID: c.Fact,
			FromAt: c.From, UntilAt: c.Until, Valid: valid,
		})
	}
	return r, batch(p.q.AddClaim(ctx, rows).Exec)
}

func (p *projection) readSlots(ctx context.Context, codes []string) error {
	slots, err := store.Slots(ctx, p.q, p.t.Site, codes...)
	if err != nil {
		return err
	}
	p.slots = make(map[string]parking.Slot, len(slots))
	for _, s := range slots {
		p.slots[s.Code] = s
		p.changed.slots[s.Code] = true
	}
	return nil
}

// place replays the claims of the slots: the earlier keeps the slot. It
// returns the stays, other than the touched, for which something changed.
func (p *projection) place(ctx context.Context, r *replay) (map[uuid.UUID]*parking.Stay, error) {
	r.placed = map[string][]parking.Claim{}
	won := map[uuid.UUID]parking.Claim{} // by the fact that claims
	moved := map[uuid.UUID]bool{}
	if len(r.slots) > 0 {
		rows, err := p.q.ClaimsOfSlots(ctx, cloudsql.ClaimsOfSlotsParams{SiteID: p.t.Site, Slots: r.slots, FromAt: r.from})
		if err != nil {
			return nil, fmt.Errorf("read the claims of slots: %w", err)
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
			return nil, fmt.Errorf("write who holds the slots: %w", err)
		}
	}
	others, err := p.readStays(ctx, moved)
	if err != nil {
		return nil, err
	}
	zones, err := p.countedZones(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range p.touched {
		setPlaced(&v.stay, true, won, zones)
	}
	for _, s := range others {
		setPlaced(s, false, won, zones)
	}
	return others, nil
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
	// All claims of a touched stay were replayed; those that are not valid won nothing.
	if c, replayed := won[s.Moves[len(s.Moves)-1].Fact]; replayed || touched {
		s.Placed = c.Placed
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

// readStays reads the kept documents of stays.
func (p *projection) readStays(ctx context.Context, ids map[uuid.UUID]bool) (map[uuid.UUID]*parking.Stay, error) {
	out := map[uuid.UUID]*parking.Stay{}
	if len(ids) == 0 {
		return out, nil
	}
	list := make([]uuid.UUID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	rows, err := p.q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: p.t.Site, Ids: list})
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

// lanes sets the direction of the gate's lanes by their newest lane_changed
// fact, and returns the site's new configuration when one changed.
func (p *projection) lanes(ctx context.Context, gate string) (*wire.SiteConfig, error) {
	rows, err := p.q.LaneChanges(ctx, cloudsql.LaneChangesParams{SiteID: p.t.Site, Gate: gate})
	if err != nil {
		return nil, fmt.Errorf("read the changes of lanes: %w", err)
	}
	facts := make([]parking.Fact, 0, len(rows))
	for _, encoded := range rows {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			return nil, fmt.Errorf("read a fact that was taken before: %w", err)
		}
		facts = append(facts, f)
	}
	slices.SortFunc(facts, parking.Fact.Compare)
	newest := map[string]parking.Direction{}
	for _, f := range facts {
		if body, err := parking.DecodeBody(f); err == nil {
			if b, ok := body.(*parking.LaneChanged); ok {
				newest[b.Lane] = b.Direction
			}
		}
	}
	changed := int64(0)
	for lane, direction := range newest {
		n, err := p.q.SetLaneDirection(ctx, cloudsql.SetLaneDirectionParams{
			SiteID: p.t.Site, GateCode: gate, Code: lane, Direction: string(direction),
		})
		if err != nil {
			return nil, fmt.Errorf("turn a lane: %w", err)
		}
		changed += n
	}
	if changed == 0 {
		return nil, nil //nolint:nilnil // no change is no configuration
	}
	return store.SiteConfig(ctx, p.q, p.t.Site)
}
