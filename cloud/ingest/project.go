package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// projection computes the rows that follow from facts, as docs/STATE.md says
// and in its order. What a set of new facts cannot have changed is not looked
// at.
type projection struct {
	q   *cloudsql.Queries
	t   *store.SiteTx
	now time.Time // for opened_at and closed_at, which nothing computes with

	clocks  parking.Clocks
	asked   map[parking.Boot]bool   // boots whose observations are in clocks
	written map[uuid.UUID]time.Time // what facts said themselves whose clock was not known to be right
	touched map[uuid.UUID]*visit    // the stays that are computed anew
	ids     []uuid.UUID             // of them, sorted
	slots   map[string]parking.Slot // those that are claimed
	owner   map[uuid.UUID]uuid.UUID // the stay of each payment
	refs    map[string]bool         // references that may be shared
	halves  map[string][]halfVisit  // by plate, where an exit may find its entry
	replay  replay
	verdict verdict
	changed *changes
}

func newProjection(q *cloudsql.Queries, t *store.SiteTx, now time.Time) *projection {
	return &projection{
		q: q, t: t, now: now, clocks: parking.Clocks{}, asked: map[parking.Boot]bool{}, touched: map[uuid.UUID]*visit{},
		halves:  map[string][]halfVisit{},
		written: map[uuid.UUID]time.Time{}, refs: map[string]bool{},
		verdict: newVerdict(), changed: newChanges(),
	}
}

// project writes what follows from new facts, which are in the table already.
func (p *projection) project(ctx context.Context, n *news) (*changes, error) {
	for _, step := range []func(context.Context, *news) error{
		p.correct, // times that were observed to be wrong (§1)
		p.reach,   // stays that new versions are about (§5)
		p.follow,  // slots and tokens that show their newest version
		p.fold,    // stays, and exits that find their entry (§2, §3)
		p.claim,   // who claims which slots (§4)
		p.place,   // and who holds them
		p.write,   // the rows of stays, payments, vehicles
		p.carry,   // banks' words that gates know
		p.judge,   // what contradicts (§6)
		p.turn,    // lanes
	} {
		if err := step(ctx, n); err != nil {
			return nil, err
		}
	}
	return p.changed, p.conclude(ctx) // what is settled (§7)
}

// visit is a stay that is computed anew.
type visit struct {
	told  []parking.Told // the facts that name it
	alone parking.Stay   // folded from these
	hand  []parking.Told // the exit_matched that name it as the exit

	stay  parking.Stay // as it is: with the exits that were matched with it, or as one of these
	all   []parking.Told
	exits []uuid.UUID

	claims  []judgedClaim
	was     *parking.Stay // as its row says so far, nil without one
	wasPool string        // the plate by which it looked for its other half
}

// read decodes facts that were taken before and gives each its time. Bodies
// that this program cannot read are passed over; they wait in quarantine.
func (p *projection) read(ctx context.Context, encoded [][]byte) ([]parking.Told, error) {
	told := make([]parking.Told, 0, len(encoded))
	for _, raw := range encoded {
		f, err := parking.DecodeFact(raw)
		if err != nil {
			return nil, fmt.Errorf("read a fact that was taken before: %w", err)
		}
		if body, err := parking.DecodeBody(f); err == nil {
			told = append(told, parking.Told{Fact: f, Says: body})
		}
	}
	return told, p.setTimes(ctx, told)
}

// setTimes gives facts their times, corrected by what their gates observed of
// their clocks. Facts whose clock was right cost nothing.
func (p *projection) setTimes(ctx context.Context, told []parking.Told) error {
	var boots []string
	for _, f := range told {
		if b := (parking.Boot{Gate: f.Gate, ID: f.Boot}); f.Movable() && !p.asked[b] {
			p.asked[b] = true
			boots = append(boots, b.ID)
		}
	}
	if len(boots) > 0 {
		rows, err := p.q.FactsAbout(ctx, cloudsql.FactsAboutParams{
			SiteID: p.t.Site, Kinds: []string{string(parking.KindClockObserved)}, Subjects: boots,
		})
		if err != nil {
			return fmt.Errorf("read what was observed of clocks: %w", err)
		}
		for _, raw := range rows {
			f, err := parking.DecodeFact(raw)
			if err != nil {
				return fmt.Errorf("read a fact that was taken before: %w", err)
			}
			body, err := parking.DecodeBody(f)
			if b, ok := body.(*parking.ClockObserved); ok && err == nil {
				p.clocks.Observe(f, b)
			}
		}
	}
	for i := range told {
		if told[i].Movable() {
			p.written[told[i].ID] = parking.BusinessTime(told[i].At)
		}
		told[i].At = p.clocks.TimeOf(told[i].Fact)
	}
	return nil
}

// about reads the facts of some kinds about some subjects.
func (p *projection) about(ctx context.Context, subjects []string, kinds ...string) ([]parking.Told, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	rows, err := p.q.FactsAbout(ctx, cloudsql.FactsAboutParams{SiteID: p.t.Site, Kinds: kinds, Subjects: subjects})
	if err != nil {
		return nil, fmt.Errorf("read the facts about something: %w", err)
	}
	return p.read(ctx, rows)
}

// correct gives the new facts their times, and finds what has to be looked at
// again because a clock was observed: what was written by that clock, and what
// was written by a clock that was observed by that one.
func (p *projection) correct(ctx context.Context, n *news) error {
	if err := p.setTimes(ctx, n.facts); err != nil {
		return err
	}
	done := map[parking.Boot]bool{}
	for len(done) < len(n.boots) {
		for boot := range n.boots {
			if done[boot] {
				continue
			}
			done[boot] = true
			rows, err := p.q.FactsOfBoot(ctx, cloudsql.FactsOfBootParams{SiteID: p.t.Site, Gate: boot.Gate, Boot: boot.ID})
			if err != nil {
				return fmt.Errorf("read what a gate wrote by a wrong clock: %w", err)
			}
			told, err := p.read(ctx, rows)
			if err != nil {
				return err
			}
			for _, f := range told {
				n.touch(f)
				p.changed.epoch(f.Gate, f.Epoch)
			}
			n.moved = append(n.moved, told...)
		}
	}
	return nil
}

// reach finds the stays that new versions of slots and passes are about.
func (p *projection) reach(ctx context.Context, n *news) error {
	for code, from := range n.slots {
		ids, err := p.q.StaysClaimingSince(ctx, cloudsql.StaysClaimingSinceParams{SiteID: p.t.Site, SlotCode: code, FromAt: from})
		if err != nil {
			return fmt.Errorf("read who claims a slot: %w", err)
		}
		for _, id := range ids {
			n.stays[id] = true
		}
	}
	for pass, from := range n.passes {
		ids, err := p.q.StaysOfPassSince(ctx, cloudsql.StaysOfPassSinceParams{SiteID: p.t.Site, Pass: &pass, FromAt: &from})
		if err != nil {
			return fmt.Errorf("read who came on a pass: %w", err)
		}
		for _, id := range ids {
			n.stays[id] = true
		}
	}
	return nil
}

// follow brings the rows of slots and tokens to their newest version.
func (p *projection) follow(ctx context.Context, n *news) error {
	if codes := keys(n.slots); len(codes) > 0 {
		if err := p.q.SetSlotsInService(ctx, cloudsql.SetSlotsInServiceParams{SiteID: p.t.Site, Codes: codes}); err != nil {
			return fmt.Errorf("take slots in or out of service: %w", err)
		}
		for _, code := range codes {
			p.changed.slots[code] = true
		}
	}
	if numbers := keys(n.tokens); len(numbers) > 0 {
		if err := p.q.SetTokens(ctx, cloudsql.SetTokensParams{SiteID: p.t.Site, Numbers: numbers}); err != nil {
			return fmt.Errorf("write tokens: %w", err)
		}
	}
	return nil
}
