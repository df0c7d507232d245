package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
)

// judgeMismatches finds exits whose token and plate lead to different stays:
// among the touched stays, and among those for which it may be another stay
// now that held one of the two.
func (p *projection) judgeMismatches(ctx context.Context, turned map[uuid.UUID]bool) error {
	exits, err := p.exitsToJudge(ctx, turned)
	if err != nil {
		return err
	}
	for id, c := range p.verdict.standing {
		if c.Kind == TokenMismatch && exits[c.Stays[0]] {
			p.verdict.again[id] = true
		}
	}
	rows, err := p.q.Mismatches(ctx, cloudsql.MismatchesParams{SiteID: p.t.Site, Ids: listed(exits)})
	if err != nil {
		return fmt.Errorf("read who held the tokens and plates of exits: %w", err)
	}
	for _, x := range rows {
		p.verdict.find(finding{
			kind: TokenMismatch, facts: []uuid.UUID{x.OutFact, x.TokenFact, x.PlateFact},
			stays: once(x.ID, x.TokenID, x.PlateID), at: x.OutAt.UTC(),
		})
	}
	return nil
}

// exitsToJudge lists the touched stays and the exits that name a plate or token
// of one that others meet otherwise now, at a time when it was inside. It takes
// in how the latter stand so far.
func (p *projection) exitsToJudge(ctx context.Context, turned map[uuid.UUID]bool) (map[uuid.UUID]bool, error) {
	exits := map[uuid.UUID]bool{}
	for _, id := range p.ids {
		exits[id] = true
	}
	reach := newHolderReach()
	for id := range turned {
		v := p.touched[id]
		reach.add(presenceOf(&v.stay))
		reach.add(presenceOf(v.was))
	}
	if !reach.any {
		return exits, nil
	}
	named, err := p.q.ExitsNaming(ctx, cloudsql.ExitsNamingParams{
		SiteID: p.t.Site, Plates: keys(reach.plates), Tokens: keys(reach.tokens), FromAt: &reach.from, UntilAt: reach.until,
	})
	if err != nil {
		return nil, fmt.Errorf("read exits with the same plates and tokens: %w", err)
	}
	others := map[uuid.UUID]bool{}
	for _, id := range named {
		if !exits[id] {
			others[id] = true
		}
	}
	maps.Copy(exits, others)
	if len(others) == 0 {
		return exits, nil
	}
	rows, err := p.q.ConflictsOfStays(ctx, cloudsql.ConflictsOfStaysParams{SiteID: p.t.Site, Stays: listed(others)})
	if err != nil {
		return nil, fmt.Errorf("read the conflicts of exits: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(c cloudsql.Conflict) bool { return c.Kind != TokenMismatch || !others[c.Stays[0]] })
	p.verdict.stand(rows, always)
	return exits, nil
}

// holderReach is which plates and tokens exits may have met, and when.
type holderReach struct {
	plates, tokens map[string]bool
	from           time.Time
	until          *time.Time // nil: until today
	any            bool
}

func newHolderReach() *holderReach {
	return &holderReach{plates: map[string]bool{}, tokens: map[string]bool{}}
}

func (r *holderReach) add(h presence) {
	if h.plate == "" && h.token == "" {
		return
	}
	switch {
	case !r.any:
		r.from, r.until, r.any = h.in, h.out, true
	case h.out == nil:
		r.until = nil
	case r.until != nil && r.until.Before(*h.out):
		r.until = h.out
	}
	r.from = earlier(r.from, h.in)
	if h.plate != "" {
		r.plates[h.plate] = true
	}
	if h.token != "" {
		r.tokens[h.token] = true
	}
}
