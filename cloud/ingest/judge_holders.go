package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// holder is a visit of a plate with a token, as far as others can meet it.
type holder struct {
	id       uuid.UUID
	in       time.Time
	inFact   uuid.UUID
	plate    string
	token    string
	plateEnd *time.Time // the OUT, nil while inside
	tokenEnd *time.Time // the end of its hold on the token
}

// judgeHolders finds stays that meet by their plate or token: two inside at
// once, and exits whose token and plate lead to different stays.
func (p *projection) judgeHolders(ctx context.Context) error {
	reach := newHolderReach()
	for _, id := range p.ids {
		v := p.touched[id]
		reach.stay(&v.stay)
		if v.was != nil {
			reach.stay(v.was)
		}
	}
	exits, err := p.exitsToJudge(ctx, reach)
	if err != nil {
		return err
	}
	for i := range exits {
		x := &exits[i]
		reach.plates[x.Plate], reach.tokens[x.Token] = true, true
		reach.time(x.OutAt)
	}
	if !reach.any {
		return nil
	}
	rows, err := p.q.StaysHolding(ctx, cloudsql.StaysHoldingParams{
		SiteID: p.t.Site, Plates: keys(reach.plates), Tokens: keys(reach.tokens), FromAt: &reach.from,
	})
	if err != nil {
		return fmt.Errorf("read stays of the same plates and tokens: %w", err)
	}
	holders := make([]holder, 0, len(rows))
	for _, row := range rows {
		h := holder{id: row.ID, in: *row.InAt, inFact: *row.InFact, plate: row.Plate, plateEnd: row.OutAt, tokenEnd: row.TokenUntil}
		if row.Token != nil {
			h.token = *row.Token
		}
		holders = append(holders, h)
	}
	slices.SortFunc(holders, func(a, b holder) int {
		return cmp.Or(a.in.Compare(b.in), compareIDs(a.inFact, b.inFact))
	})
	p.judgePairs(holders)
	for i := range exits {
		if f, differs := mismatch(&exits[i], holders); differs {
			p.verdict.find(f)
		}
	}
	return nil
}

// holderReach is which plates and tokens may meet others, and from when on.
type holderReach struct {
	plates, tokens map[string]bool
	from           time.Time
	any            bool
}

func newHolderReach() *holderReach {
	return &holderReach{plates: map[string]bool{}, tokens: map[string]bool{}}
}

func (r *holderReach) time(at time.Time) {
	if !r.any || at.Before(r.from) {
		r.from, r.any = at, true
	}
}

func (r *holderReach) stay(s *parking.Stay) {
	if s.InAt == nil || s.State == parking.Voided || (s.Plate == "" && s.Token == "") {
		return
	}
	r.time(*s.InAt)
	if s.Plate != "" {
		r.plates[string(s.Plate)] = true
	}
	if s.Token != "" {
		r.tokens[s.Token] = true
	}
}

// exitsToJudge reads the exits with a token and a plate for which it may be
// another stay now that held one of them: those of the touched stays, those
// that a touched stay may have been inside for, and those that are in a
// conflict with one so far.
func (p *projection) exitsToJudge(ctx context.Context, reach *holderReach) ([]cloudsql.ExitsNamingRow, error) {
	byID := map[uuid.UUID]cloudsql.ExitsNamingRow{}
	if reach.any {
		rows, err := p.q.ExitsNaming(ctx, cloudsql.ExitsNamingParams{
			SiteID: p.t.Site, Plates: keys(reach.plates), Tokens: keys(reach.tokens), FromAt: &reach.from,
		})
		if err != nil {
			return nil, fmt.Errorf("read exits with the same plates and tokens: %w", err)
		}
		for _, row := range rows {
			byID[row.ID] = row
		}
	}
	for _, id := range p.ids {
		s := &p.touched[id].stay
		if s.OutAt != nil && s.State != parking.Voided && s.OutToken != "" && s.OutPlate != "" {
			byID[id] = cloudsql.ExitsNamingRow{
				ID: id, Token: s.OutToken, Plate: string(s.OutPlate), OutAt: *s.OutAt, OutFact: s.OutFact,
			}
		}
	}
	exits := make([]cloudsql.ExitsNamingRow, 0, len(byID))
	var others []uuid.UUID
	for id, row := range byID {
		exits = append(exits, row)
		if p.touched[id] == nil {
			others = append(others, id)
		}
	}
	slices.SortFunc(exits, func(a, b cloudsql.ExitsNamingRow) int { return compareIDs(a.ID, b.ID) })
	if len(others) == 0 {
		return exits, nil
	}
	rows, err := p.q.ConflictsOfStays(ctx, cloudsql.ConflictsOfStaysParams{SiteID: p.t.Site, Stays: others})
	if err != nil {
		return nil, fmt.Errorf("read the conflicts of exits: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(c cloudsql.Conflict) bool {
		return c.Kind != TokenMismatch || !slices.Contains(others, c.Stays[0])
	})
	p.verdict.stand(rows, always)
	return exits, nil
}

// judgePairs finds pairs of stays, one of them touched, that were inside at
// once with one plate or one token. Pairs of others were judged when they
// were. holders come in order of their IN.
func (p *projection) judgePairs(holders []holder) {
	plates, tokens := map[string][]*holder{}, map[string][]*holder{}
	for i := range holders {
		h := &holders[i]
		if h.plate != "" {
			p.pairs(PlateInside, plates[h.plate], h, func(h *holder) *time.Time { return h.plateEnd })
			plates[h.plate] = append(plates[h.plate], h)
		}
		if h.token != "" {
			p.pairs(TokenTwice, tokens[h.token], h, func(h *holder) *time.Time { return h.tokenEnd })
			tokens[h.token] = append(tokens[h.token], h)
		}
	}
}

// pairs finds those of earlier ones that overlap h, as half open intervals; an
// empty one overlaps nothing.
func (p *projection) pairs(kind string, earlier []*holder, h *holder, end func(*holder) *time.Time) {
	ends := func(o *holder, at time.Time) bool { return end(o) != nil && !end(o).After(at) }
	if ends(h, h.in) {
		return
	}
	for _, e := range earlier {
		if p.touched[e.id] == nil && p.touched[h.id] == nil || ends(e, h.in) {
			continue
		}
		p.verdict.find(finding{
			kind: kind, facts: []uuid.UUID{e.inFact, h.inFact}, stays: []uuid.UUID{e.id, h.id}, at: h.in,
		})
	}
}

// mismatch says whether the token and the plate of an exit lead to different
// stays. holders come in order of their IN, so that the first is kept.
func mismatch(x *cloudsql.ExitsNamingRow, holders []holder) (finding, bool) {
	var byToken, byPlate *holder
	for i := range holders {
		h := &holders[i]
		at := func(end *time.Time) bool { return !h.in.After(x.OutAt) && (end == nil || !end.Before(x.OutAt)) }
		token, plate := h.token == x.Token && at(h.tokenEnd), h.plate == x.Plate && at(h.plateEnd)
		if token && plate {
			return finding{}, false
		}
		if token && byToken == nil {
			byToken = h
		}
		if plate && byPlate == nil {
			byPlate = h
		}
	}
	if byToken == nil || byPlate == nil {
		return finding{}, false
	}
	return finding{
		kind: TokenMismatch, facts: []uuid.UUID{x.OutFact, byToken.inFact, byPlate.inFact},
		stays: once(x.ID, byToken.id, byPlate.id), at: x.OutAt,
	}, true
}
