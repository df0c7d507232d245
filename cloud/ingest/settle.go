package ingest

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// settlements finds for conflicts, by id, the newest conflict_settled that has
// seen every fact about their stays (§7). A conflict without one is open.
func (p *projection) settlements(ctx context.Context, conflicts map[string]finding) (map[string]*wire.Settled, error) {
	names := make([]string, 0, len(conflicts))
	for id := range conflicts {
		names = append(names, hex.EncodeToString([]byte(id)))
	}
	told, err := p.about(ctx, names, string(parking.KindConflictSettled))
	if err != nil || len(told) == 0 {
		return nil, err
	}
	slices.SortFunc(told, func(a, b parking.Told) int { return a.Compare(b.Fact) })
	stays := map[uuid.UUID]bool{}
	for _, f := range told {
		for _, stay := range conflicts[conflictOf(f)].stays {
			stays[stay] = true
		}
	}
	facts, err := p.factsAbout(ctx, stays)
	if err != nil {
		return nil, err
	}
	out := map[string]*wire.Settled{}
	for _, f := range told { // in order, so that the newest is kept
		b, ok := f.Says.(*parking.ConflictSettled)
		if !ok || !sawAll(b, conflicts[conflictOf(f)].stays, facts) {
			continue
		}
		out[conflictOf(f)] = &wire.Settled{Fact: f.ID, How: b.How, Reason: b.Reason, By: f.Actor, At: f.At}
	}
	return out, nil
}

// conflictOf returns the id of the conflict that a fact settles.
func conflictOf(f parking.Told) string {
	id, err := hex.DecodeString(parking.SubjectOf(f.Says))
	if err != nil {
		return ""
	}
	return string(id)
}

func sawAll(b *parking.ConflictSettled, stays []uuid.UUID, facts map[uuid.UUID][]uuid.UUID) bool {
	saw := make(map[uuid.UUID]bool, len(b.Saw))
	for _, id := range b.Saw {
		saw[id] = true
	}
	for _, stay := range stays {
		for _, id := range facts[stay] {
			if !saw[id] {
				return false
			}
		}
	}
	return true
}

// factsAbout lists the ids of the facts about stays, with those about the
// exits that were matched with them.
func (p *projection) factsAbout(ctx context.Context, stays map[uuid.UUID]bool) (map[uuid.UUID][]uuid.UUID, error) {
	into, err := p.exitsInto(ctx, slices.SortedFunc(maps.Keys(stays), compareIDs))
	if err != nil {
		return nil, err
	}
	all := maps.Clone(stays)
	for exit := range into {
		all[exit] = true
	}
	rows, err := p.q.FactIDsOfStays(ctx, cloudsql.FactIDsOfStaysParams{
		SiteID: p.t.Site, Stays: slices.SortedFunc(maps.Keys(all), compareIDs), Kinds: stayKinds,
	})
	if err != nil {
		return nil, fmt.Errorf("read which facts are about stays: %w", err)
	}
	out := map[uuid.UUID][]uuid.UUID{}
	for _, row := range rows {
		out[*row.StayID] = append(out[*row.StayID], row.ID)
		if target, matched := into[*row.StayID]; matched {
			out[target] = append(out[target], row.ID)
		}
	}
	return out, nil
}

// exitsInto returns the exits that were matched with stays, and with which.
func (p *projection) exitsInto(ctx context.Context, stays []uuid.UUID) (map[uuid.UUID]uuid.UUID, error) {
	rows, err := p.q.ExitsInto(ctx, cloudsql.ExitsIntoParams{SiteID: p.t.Site, Stays: stays})
	if err != nil {
		return nil, fmt.Errorf("read which exits found their entry: %w", err)
	}
	out := map[uuid.UUID]uuid.UUID{}
	for _, row := range rows {
		out[row.ID] = row.IntoID
	}
	return out, nil
}

var stayKinds = kindNames(parking.StayKinds()...)

// paymentKinds are the kinds that name a payment so that it is one.
var paymentKinds = kindNames(parking.KindPaymentRequested, parking.KindPaymentTaken, parking.KindPaymentConfirmed)

func kindNames(kinds ...parking.Kind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}
