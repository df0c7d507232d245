package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// presence is when a stay was inside, with what plate and what token: all of it
// that others can meet. Empty for one that was voided, or has no IN.
type presence struct {
	in         time.Time
	inFact     uuid.UUID
	plate      string
	token      string
	out        *time.Time // nil while inside
	tokenUntil *time.Time // the end of its hold on the token
}

func presenceOf(s *parking.Stay) presence {
	if s == nil || s.InAt == nil || s.State == parking.Voided || s.State == "" {
		return presence{}
	}
	return presence{*s.InAt, s.InFact, string(s.Plate), s.Token, s.OutAt, s.TokenUntil()}
}

func (p presence) same(o presence) bool {
	at := func(a, b *time.Time) bool { return a == b || (a != nil && b != nil && a.Equal(*b)) }
	return p.in.Equal(o.in) && p.inFact == o.inFact && p.plate == o.plate && p.token == o.token &&
		at(p.out, o.out) && at(p.tokenUntil, o.tokenUntil)
}

// judgeHolders finds stays that meet others by their plate or token: those that
// came while another was inside, and exits whose token and plate lead to
// different stays.
func (p *projection) judgeHolders(ctx context.Context) error {
	turned := map[uuid.UUID]bool{} // the stays that others meet otherwise than before
	for _, id := range p.ids {
		v := p.touched[id]
		if !presenceOf(v.was).same(presenceOf(&v.stay)) {
			turned[id] = true
		}
	}
	if err := p.judgeInside(ctx, turned); err != nil {
		return err
	}
	return p.judgeMismatches(ctx, turned)
}

// judgeInside judges stays against who was inside when they came: each against
// one, the last that came before it. However many are inside, only neighbours
// are looked at: the touched stays, those that stood against one of them so
// far, and those that may stand against one now.
func (p *projection) judgeInside(ctx context.Context, turned map[uuid.UUID]bool) error {
	later := map[uuid.UUID]bool{}
	for _, id := range p.ids {
		later[id] = true
	}
	for _, c := range p.verdict.standing {
		if byLater := c.Kind == PlateInside || c.Kind == TokenTwice; byLater && turned[c.Stays[0]] {
			later[c.Stays[1]] = true
		}
	}
	if err := p.after(ctx, turned, later); err != nil {
		return err
	}
	ids := listed(later)
	if err := p.standLater(ctx, ids); err != nil {
		return err
	}
	plates, err := p.q.PlateBefore(ctx, cloudsql.PlateBeforeParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read who was inside with the same plates: %w", err)
	}
	for _, h := range plates {
		p.verdict.find(metAt(PlateInside, h))
	}
	tokens, err := p.q.TokenBefore(ctx, cloudsql.TokenBeforeParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read who was inside with the same tokens: %w", err)
	}
	for _, h := range tokens {
		p.verdict.find(metAt(TokenTwice, cloudsql.PlateBeforeRow(h)))
	}
	return nil
}

// after adds the stays that came when one of some may have been the last before.
func (p *projection) after(ctx context.Context, some, later map[uuid.UUID]bool) error {
	if len(some) == 0 {
		return nil
	}
	ids := listed(some)
	plates, err := p.q.PlateAfter(ctx, cloudsql.PlateAfterParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read who came after stays with the same plates: %w", err)
	}
	tokens, err := p.q.TokenAfter(ctx, cloudsql.TokenAfterParams{SiteID: p.t.Site, Ids: ids})
	if err != nil {
		return fmt.Errorf("read who came after stays with the same tokens: %w", err)
	}
	for _, id := range slices.Concat(plates, tokens) {
		later[id] = true
	}
	return nil
}

// listed is a set of ids in order.
func listed(ids map[uuid.UUID]bool) []uuid.UUID { return slices.SortedFunc(maps.Keys(ids), compareIDs) }

// standLater takes in how some stays stood so far against who was inside when
// they came. An older program found a conflict with everybody who was: all of
// them are judged with their later stay, and all but one are withdrawn.
func (p *projection) standLater(ctx context.Context, ids []uuid.UUID) error {
	rows, err := p.q.ConflictsOfLater(ctx, cloudsql.ConflictsOfLaterParams{SiteID: p.t.Site, Stays: ids})
	if err != nil {
		return fmt.Errorf("read how stays stood against those before them: %w", err)
	}
	p.verdict.stand(rows, always)
	return nil
}

func metAt(kind string, h cloudsql.PlateBeforeRow) finding {
	return finding{
		kind: kind, facts: []uuid.UUID{h.BeforeFact, h.InFact}, stays: []uuid.UUID{h.BeforeID, h.ID}, at: h.InAt.UTC(),
	}
}
