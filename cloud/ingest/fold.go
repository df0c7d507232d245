package ingest

import (
	"bytes"
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

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// keys lists the keys of a set in order.
func keys[K cmp.Ordered, V any](set map[K]V) []K { return slices.Sorted(maps.Keys(set)) }

// fold computes the touched stays from all their facts, with all stays that
// have to be looked at together with them: exits and entries that find each
// other, or have, and stays that name the same money.
func (p *projection) fold(ctx context.Context, n *news) error {
	more := n.stays
	pooled := map[string]bool{}
	for len(more) > 0 {
		next := slices.SortedFunc(maps.Keys(more), compareIDs)
		if err := p.readStays(ctx, next); err != nil {
			return err
		}
		found, err := p.linked(ctx, next, pooled)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found, func(id uuid.UUID) bool { return p.touched[id] == nil }) {
			found = p.torn()
		}
		more = map[uuid.UUID]bool{}
		for _, id := range found {
			if p.touched[id] == nil {
				more[id] = true
			}
		}
	}
	p.ids = slices.SortedFunc(maps.Keys(p.touched), compareIDs)
	p.match()
	for _, id := range p.ids {
		v := p.touched[id]
		v.all = v.told
		if len(v.exits) == 0 {
			continue
		}
		v.all = slices.Clone(v.told)
		for _, exit := range v.exits {
			v.all = append(v.all, p.touched[exit].told...)
		}
		slices.SortFunc(v.all, func(a, b parking.Told) int { return a.Compare(b.Fact) })
		v.stay = parking.FoldTold(id, v.all)
	}
	return nil
}

// readStays reads the facts of stays, folds each by itself, and reads what
// their rows say so far.
func (p *projection) readStays(ctx context.Context, ids []uuid.UUID) error {
	for _, id := range ids {
		p.touched[id] = new(visit)
	}
	rows, err := p.q.FactsOfStays(ctx, cloudsql.FactsOfStaysParams{SiteID: p.t.Site, Stays: ids})
	if err != nil {
		return fmt.Errorf("read the facts of stays: %w", err)
	}
	told, err := p.read(ctx, rows)
	if err != nil {
		return err
	}
	slices.SortFunc(told, func(a, b parking.Told) int { return a.Compare(b.Fact) })
	for _, f := range told {
		v := p.touched[parking.StayOf(f.Fact)]
		v.told = append(v.told, f)
	}
	for _, id := range ids {
		v := p.touched[id]
		v.alone = parking.FoldTold(id, v.told)
		v.stay = v.alone
	}
	old, err := p.q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read the stays: %w", err)
	}
	for _, row := range old {
		was, err := store.Decode[parking.Stay](row.Document)
		if err != nil {
			return err
		}
		v := p.touched[row.ID]
		v.was = &was
		if row.MatchPlate != nil {
			v.wasPool = *row.MatchPlate
		}
	}
	return nil
}

// linked lists stays that have to be looked at together with those just read.
// pooled are the plates whose halves were all asked for.
func (p *projection) linked(ctx context.Context, next []uuid.UUID, pooled map[string]bool) ([]uuid.UUID, error) {
	var out []uuid.UUID
	var exits, money []string
	for _, id := range next {
		v := p.touched[id]
		for _, f := range v.told {
			if b, ok := f.Says.(*parking.ExitMatched); ok {
				out = append(out, b.Exit)
			}
		}
		if v.was != nil && v.was.Into != nil {
			out = append(out, *v.was.Into)
		}
		for _, m := range v.alone.Payments {
			money = append(money, m.ID.String())
		}
		if v.alone.Unknown() {
			exits = append(exits, id.String())
		}
	}
	hands, err := p.about(ctx, exits, string(parking.KindExitMatched))
	if err != nil {
		return nil, err
	}
	for _, f := range hands {
		b, ok := f.Says.(*parking.ExitMatched)
		if !ok {
			continue
		}
		p.touched[b.Exit].hand = append(p.touched[b.Exit].hand, f)
		out = append(out, b.Stay)
	}
	if len(money) > 0 {
		named, err := p.q.StaysNamedWith(ctx, cloudsql.StaysNamedWithParams{SiteID: p.t.Site, Kinds: paymentKinds, Subjects: money})
		if err != nil {
			return nil, fmt.Errorf("read who names the same payments: %w", err)
		}
		out = append(out, named...)
	}
	pool, err := p.pool(ctx, next, pooled)
	return append(out, pool...), err
}
