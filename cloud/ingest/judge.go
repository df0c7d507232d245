package ingest

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// ofStay are the kinds that are judged anew with every stay that they name.
var ofStay = []string{
	SlotInvalid, ExitUnknown, ExitTwice, FeeDiffers, PaidTwice, Overpaid, PassOver, Paper,
}

// judge finds the contradictions around what has changed. Rows are written
// already.
func (p *projection) judge(ctx context.Context, n *news) error {
	if err := p.standing(ctx, n); err != nil {
		return err
	}
	if len(p.ids) > 0 {
		if err := p.judgeStays(ctx, n); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context, *news) error{p.judgePasses, p.judgeReceipts, p.judgeRights, p.judgeClocks} {
		if err := step(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// standing reads the conflicts of the touched stays and slots, and those that
// somebody settled.
func (p *projection) standing(ctx context.Context, n *news) error {
	if len(p.ids) > 0 {
		rows, err := p.q.ConflictsOfStays(ctx, cloudsql.ConflictsOfStaysParams{SiteID: p.t.Site, Stays: p.ids})
		if err != nil {
			return fmt.Errorf("read the conflicts of stays: %w", err)
		}
		p.verdict.stand(rows, func(c *cloudsql.Conflict) bool { return slices.Contains(ofStay, c.Kind) })
	}
	if len(p.replay.slots) > 0 {
		rows, err := p.q.ConflictsOfSlots(ctx, cloudsql.ConflictsOfSlotsParams{
			SiteID: p.t.Site, Slots: p.replay.slots, FromAt: p.replay.from,
		})
		if err != nil {
			return fmt.Errorf("read the conflicts of slots: %w", err)
		}
		p.verdict.stand(rows, always)
	}
	var named [][]byte
	for name := range n.settled {
		id, err := hex.DecodeString(name)
		if err != nil {
			continue // what was taken in is checked
		}
		if _, known := p.verdict.standing[string(id)]; !known {
			named = append(named, id)
		}
	}
	if len(named) == 0 {
		return nil
	}
	rows, err := p.q.ConflictsByID(ctx, cloudsql.ConflictsByIDParams{SiteID: p.t.Site, Ids: named})
	if err != nil {
		return fmt.Errorf("read the conflicts that were settled: %w", err)
	}
	p.verdict.stand(rows, never)
	return nil
}

// judgeStays judges each touched stay by itself, with others of its plate and
// token, and with others in its slots.
func (p *projection) judgeStays(ctx context.Context, n *news) error {
	tariffs, err := store.Tariffs(ctx, p.q, p.t.Site)
	if err != nil {
		return err
	}
	version := func(id string, v int) *parking.Tariff {
		i := slices.IndexFunc(tariffs, func(t parking.Tariff) bool { return t.ID == id && t.Version == v })
		if i < 0 {
			return nil
		}
		return &tariffs[i]
	}
	passes, err := p.chargedPasses(ctx)
	if err != nil {
		return err
	}
	for _, id := range p.ids {
		p.verdict.find(judgeStay(p.touched[id], p.owner, version, passes)...)
	}
	for _, claims := range p.replay.placed {
		// The claim that held the slot before replay.from is only there to be
		// compared with; it is placed and therefore found in nothing.
		p.verdict.find(judgeSlot(claims)...)
	}
	if err := p.judgeHolders(ctx); err != nil {
		return err
	}
	return p.judgeReferences(ctx)
}
