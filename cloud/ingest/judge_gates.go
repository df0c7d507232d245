package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// judgeRights finds what was done at gates by people whose right had ended:
// new facts, facts of people whose rights have a new version, and facts whose
// time was corrected.
func (p *projection) judgeRights(ctx context.Context, n *news) error {
	facts := map[uuid.UUID]parking.Told{}
	actors := map[string]bool{}
	take := func(told []parking.Told) {
		for _, f := range told {
			if f.Gate != parking.CloudGate && f.Actor != "" {
				facts[f.ID], actors[f.Actor] = f, true
			}
		}
	}
	take(n.facts)
	take(n.moved)
	for _, actor := range keys(n.rights) {
		rows, err := p.q.FactsOfActor(ctx, cloudsql.FactsOfActorParams{SiteID: p.t.Site, Actor: actor, FromAt: n.rights[actor]})
		if err != nil {
			return fmt.Errorf("read what somebody did: %w", err)
		}
		told, err := p.read(ctx, rows)
		if err != nil {
			return err
		}
		take(told)
	}
	if len(actors) == 0 {
		return nil
	}
	versions, err := versionsOf[parking.RightVersion](ctx, p, parking.KindRight, keys(actors))
	if err != nil || len(versions) == 0 {
		return err
	}
	if len(n.rights) > 0 || len(n.moved) > 0 {
		err := p.standAbout(ctx, keys(versions), func(c *cloudsql.Conflict) bool {
			_, again := facts[c.Facts[1]]
			return again
		}, Rights)
		if err != nil {
			return err
		}
	}
	for _, f := range facts {
		v := holding(versions[f.Actor], f.At)
		if v == nil || v.body.Role != "" {
			continue
		}
		found := finding{kind: Rights, facts: []uuid.UUID{v.fact, f.ID}, subject: f.Actor, at: f.At}
		if stay := parking.StayOf(f.Fact); stay != uuid.Nil {
			found.stays = []uuid.UUID{stay}
		}
		p.verdict.find(found)
	}
	return nil
}

// clockTolerance is by how much a clock may be wrong without a word.
const clockTolerance = time.Minute

// judgeClocks finds gates whose clock was wrong by much: the observation that
// counts has moved a fact by a minute or more.
func (p *projection) judgeClocks(ctx context.Context, n *news) error {
	judge := func(told []parking.Told) error {
		for _, f := range told {
			o, there := p.clocks[parking.Boot{Gate: f.Gate, ID: f.Boot}]
			if moved := f.At.Sub(p.written[f.ID]); !there || !f.Movable() || moved.Abs() < clockTolerance {
				continue
			}
			observed := []parking.Told{{Fact: o.Fact, Says: &o.Body}}
			if err := p.setTimes(ctx, observed); err != nil {
				return err
			}
			p.verdict.find(finding{
				kind: Clock, facts: []uuid.UUID{o.Fact.ID}, subject: f.Gate + " " + f.Boot, at: observed[0].At,
			})
		}
		return nil
	}
	var boots []string
	for boot := range n.boots {
		boots = append(boots, boot.Gate+" "+boot.ID)
	}
	if err := p.standAbout(ctx, boots, always, Clock); err != nil {
		return err
	}
	if err := judge(n.facts); err != nil {
		return err
	}
	return judge(n.moved)
}

// life is the time of a gate's run, from its first readable fact to its last.
type life struct {
	first, last parking.Told
}

// life reads when an epoch lived, from after a seq on; false when nothing
// readable is held of that.
func (p *projection) life(ctx context.Context, gate, epoch string, after int64) (life, bool, error) {
	rows, err := p.q.EpochEnds(ctx, cloudsql.EpochEndsParams{SiteID: p.t.Site, Gate: gate, Epoch: epoch, After: after})
	if err != nil {
		return life{}, false, fmt.Errorf("read when an epoch lived: %w", err)
	}
	told, err := p.read(ctx, rows)
	if err != nil || len(told) < 2 {
		return life{}, false, err
	}
	return life{told[0], told[1]}, true, nil
}

// judgeBranches finds epochs of gates that branch: a disk that was put back,
// or a machine that was copied (§6). It comes after what is held of the epochs
// was written.
func (p *projection) judgeBranches(ctx context.Context, epochs map[string]map[string]bool) error {
	for _, gate := range keys(epochs) {
		pairs, err := p.q.Branches(ctx, cloudsql.BranchesParams{SiteID: p.t.Site, Gate: gate, Epochs: keys(epochs[gate])})
		if err != nil {
			return fmt.Errorf("look for epochs that branch: %w", err)
		}
		for i := range pairs {
			if err := p.judgeBranch(ctx, gate, &pairs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *projection) judgeBranch(ctx context.Context, gate string, b *cloudsql.BranchesRow) error {
	after := int64(0)
	if b.How == "after" {
		after = b.N
	}
	e, there, err := p.life(ctx, gate, b.E, after)
	if err != nil || !there {
		return err
	}
	f, there, err := p.life(ctx, gate, b.F, 0)
	if err != nil || !there {
		return err
	}
	subject := gate + " " + b.E + " " + b.F
	if err := p.standAbout(ctx, []string{subject}, always, GateCloned, GateRolledBack); err != nil {
		return err
	}
	at := later(e.first.At, f.first.At)
	kind := GateRolledBack
	if end := earlier(e.last.At, f.last.At); at.Before(end) {
		kind = GateCloned
	} else if b.How == "new" {
		return nil // a new disk
	}
	p.verdict.find(finding{kind: kind, facts: []uuid.UUID{e.first.ID, f.first.ID}, subject: subject, at: at})
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
