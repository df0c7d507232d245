package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// references lists the references that the payments of the touched stays have
// or ever had: those that their facts name, and those of the rows.
func (p *projection) references(ctx context.Context) error {
	ids := map[uuid.UUID]bool{}
	for _, id := range p.ids {
		for _, f := range p.touched[id].told {
			switch b := f.Says.(type) {
			case *parking.PaymentRequested:
				ids[b.Payment], p.refs[b.Reference] = true, true
			case *parking.PaymentTaken:
				ids[b.Payment], p.refs[b.Reference] = true, true
			case *parking.PaymentConfirmed:
				ids[b.Payment], p.refs[b.Reference] = true, true
			}
		}
	}
	delete(p.refs, "")
	if len(ids) == 0 {
		return nil
	}
	list := make([]uuid.UUID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	rows, err := p.q.ReferencesOf(ctx, cloudsql.ReferencesOfParams{SiteID: p.t.Site, Ids: list})
	if err != nil {
		return fmt.Errorf("read the references of payments: %w", err)
	}
	for _, ref := range rows {
		p.refs[ref] = true
	}
	return nil
}

// judgeReferences finds payments that share a reference.
func (p *projection) judgeReferences(ctx context.Context) error {
	if len(p.refs) == 0 {
		return nil
	}
	if err := p.standAbout(ctx, keys(p.refs), always, ReferenceTwice); err != nil {
		return err
	}
	rows, err := p.q.PaymentsByReference(ctx, cloudsql.PaymentsByReferenceParams{SiteID: p.t.Site, Refs: keys(p.refs)})
	if err != nil {
		return fmt.Errorf("read payments by reference: %w", err)
	}
	groups := map[string][]cloudsql.PaymentsByReferenceRow{}
	for _, row := range rows {
		groups[row.Reference] = append(groups[row.Reference], row)
	}
	var shared []cloudsql.PaymentsByReferenceRow
	for _, ref := range keys(groups) {
		if len(groups[ref]) > 1 {
			shared = append(shared, groups[ref]...)
		}
	}
	if len(shared) == 0 {
		return nil
	}
	first, err := p.firstFacts(ctx, shared)
	if err != nil {
		return err
	}
	for _, ref := range keys(groups) {
		group := groups[ref]
		slices.SortFunc(group, func(a, b cloudsql.PaymentsByReferenceRow) int { return first[a.ID].Compare(first[b.ID]) })
		for _, later := range group[1:] {
			f, g := first[group[0].ID], first[later.ID]
			p.verdict.find(finding{
				kind: ReferenceTwice, facts: []uuid.UUID{f.ID, g.ID}, stays: once(group[0].StayID, later.StayID), subject: ref, at: g.At,
			})
		}
	}
	return nil
}

// firstFacts finds for payments the first fact that names each, among the
// facts of the stay that the money is of.
func (p *projection) firstFacts(ctx context.Context, payments []cloudsql.PaymentsByReferenceRow) (map[uuid.UUID]parking.Fact, error) {
	owner := map[string]uuid.UUID{}
	var stays []uuid.UUID
	for _, m := range payments {
		owner[m.ID.String()] = m.StayID
		stays = append(stays, m.StayID)
	}
	into, err := p.exitsInto(ctx, once(stays...))
	if err != nil {
		return nil, err
	}
	told, err := p.about(ctx, keys(owner), paymentKinds...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(told, func(a, b parking.Told) int { return a.Compare(b.Fact) })
	out := map[uuid.UUID]parking.Fact{}
	for _, f := range told {
		payment, stay := parking.SubjectOf(f.Says), parking.StayOf(f.Fact)
		if target, matched := into[stay]; matched {
			stay = target
		}
		id := uuid.MustParse(payment)
		if _, known := out[id]; !known && stay == owner[payment] {
			out[id] = f.Fact
		}
	}
	return out, nil
}

// judgeReceipts finds receipts that have one number in one series.
func (p *projection) judgeReceipts(ctx context.Context, n *news) error {
	told, err := p.about(ctx, keys(n.receipts), string(parking.KindReceiptIssued))
	if err != nil {
		return err
	}
	slices.SortFunc(told, func(a, b parking.Told) int { return a.Compare(b.Fact) })
	first := map[string]parking.Fact{}
	var twice []string
	for _, f := range told {
		subject := parking.SubjectOf(f.Says)
		was, there := first[subject]
		if !there {
			first[subject] = f.Fact
			continue
		}
		twice = append(twice, subject)
		p.verdict.find(finding{
			kind: ReceiptTwice, facts: []uuid.UUID{was.ID, f.ID}, stays: once(parking.StayOf(was), parking.StayOf(f.Fact)),
			subject: subject, at: f.At,
		})
	}
	return p.standAbout(ctx, twice, always, ReceiptTwice)
}
