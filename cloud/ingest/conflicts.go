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
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// States of a conflict.
const (
	open      = "open"
	withdrawn = "withdrawn" // later facts explained it away
)

// judge finds the contradictions around the touched stays and slots, opens
// those that are new and withdraws those that are gone. What a person settled
// stays settled.
func (p *projection) judge(ctx context.Context, ids []uuid.UUID, r *replay) error {
	found, err := p.findings(ctx, ids, r)
	if err != nil {
		return err
	}
	standing, err := p.standing(ctx, ids, r)
	if err != nil {
		return err
	}
	var opening []cloudsql.OpenConflictParams
	for id, f := range found {
		if was, there := standing[id]; there && was != withdrawn {
			continue // open already, or settled
		}
		opening = append(opening, cloudsql.OpenConflictParams{
			TenantID: p.t.Tenant, SiteID: p.t.Site, ID: []byte(id), Kind: f.kind, Facts: f.facts, Stays: f.stays,
			SlotCode: orNull(f.slot), At: f.at, OpenedAt: p.now,
		})
		p.changed.conflicts[hexID([]byte(id))] = wire.Conflict{
			ID: hexID([]byte(id)), Kind: f.kind, State: open, Stays: f.stays, Facts: f.facts, Slot: f.slot, At: f.at,
		}
	}
	if err := batch(p.q.OpenConflict(ctx, opening).Exec); err != nil {
		return fmt.Errorf("open conflicts: %w", err)
	}
	var gone [][]byte
	for id, state := range standing {
		if _, still := found[id]; !still && state == open {
			gone = append(gone, []byte(id))
		}
	}
	return p.withdraw(ctx, gone)
}

func (p *projection) withdraw(ctx context.Context, ids [][]byte) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := p.q.WithdrawConflicts(ctx, cloudsql.WithdrawConflictsParams{SiteID: p.t.Site, Ids: ids, ClosedAt: p.now})
	if err != nil {
		return fmt.Errorf("withdraw conflicts: %w", err)
	}
	for _, c := range rows {
		w := wire.Conflict{ID: hexID(c.ID), Kind: c.Kind, State: withdrawn, Stays: c.Stays, Facts: c.Facts, At: c.At}
		if c.SlotCode != nil {
			w.Slot = *c.SlotCode
		}
		p.changed.conflicts[w.ID] = w
	}
	return nil
}

// findings judges, by the id of the conflict.
func (p *projection) findings(ctx context.Context, ids []uuid.UUID, r *replay) (map[string]finding, error) {
	tariffs, err := store.Tariffs(ctx, p.q, p.t.Site)
	if err != nil {
		return nil, err
	}
	version := func(id string, v int) *parking.Tariff {
		i := slices.IndexFunc(tariffs, func(t parking.Tariff) bool { return t.ID == id && t.Version == v })
		if i < 0 {
			return nil
		}
		return &tariffs[i]
	}
	var all []finding
	touched := make([]*parking.Stay, 0, len(ids))
	for _, id := range ids {
		v := p.touched[id]
		touched = append(touched, &v.stay)
		all = append(all, judgeStay(&v.stay, v.facts, v.claims, version)...)
	}
	others, err := p.samePlates(ctx, touched)
	if err != nil {
		return nil, err
	}
	all = append(all, judgePlates(touched, others)...)
	for _, claims := range r.placed {
		// The claim that held the slot before r.from is only there to be
		// compared with; it is placed and therefore found in nothing.
		all = append(all, judgeSlot(claims)...)
	}
	found := make(map[string]finding, len(all))
	for _, f := range all {
		id := f.id()
		found[string(id[:])] = f
	}
	return found, nil
}

// samePlates reads the stays that may overlap the touched ones and bear one
// of their plates.
func (p *projection) samePlates(ctx context.Context, touched []*parking.Stay) ([]*parking.Stay, error) {
	plates := map[string]bool{}
	var from time.Time
	for _, s := range touched {
		if !visible(s) {
			continue
		}
		if len(plates) == 0 || s.InAt.Before(from) {
			from = *s.InAt
		}
		plates[string(s.Plate)] = true
	}
	if len(plates) == 0 {
		return nil, nil
	}
	rows, err := p.q.StaysOfPlates(ctx, cloudsql.StaysOfPlatesParams{
		SiteID: p.t.Site, Plates: slices.Sorted(maps.Keys(plates)), FromAt: &from,
	})
	if err != nil {
		return nil, fmt.Errorf("read stays of the same plates: %w", err)
	}
	var out []*parking.Stay
	for _, row := range rows {
		if p.touched[row.ID] != nil {
			continue
		}
		s, err := store.Decode[parking.Stay](row.Document)
		if err != nil {
			return nil, err
		}
		out = append(out, &s)
	}
	return out, nil
}

// standing reads the kept conflicts that were judged anew, by id, with their
// state.
func (p *projection) standing(ctx context.Context, ids []uuid.UUID, r *replay) (map[string]string, error) {
	out := map[string]string{}
	rows, err := p.q.ConflictsOfStays(ctx, cloudsql.ConflictsOfStaysParams{SiteID: p.t.Site, Kinds: ofStay, Stays: ids})
	if err != nil {
		return nil, fmt.Errorf("read the conflicts of stays: %w", err)
	}
	for _, c := range rows {
		out[string(c.ID)] = c.State
	}
	if len(r.slots) == 0 {
		return out, nil
	}
	more, err := p.q.ConflictsOfSlots(ctx, cloudsql.ConflictsOfSlotsParams{SiteID: p.t.Site, Slots: r.slots, FromAt: r.from})
	if err != nil {
		return nil, fmt.Errorf("read the conflicts of slots: %w", err)
	}
	for _, c := range more {
		out[string(c.ID)] = c.State
	}
	return out, nil
}
