package ingest

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// noticeProviders are those that bank_notices takes.
var noticeProviders = []string{"sepay", "casso", "payos"}

// carry keeps the banks' words that new facts of gates carry, as notices that no
// bank has told yet: a cloud that was restored from a backup settles them
// (docs/BANK.md). Another has them all, and nothing changes.
func (p *projection) carry(ctx context.Context, n *news) error {
	var rows []cloudsql.CarryNoticesParams
	for _, f := range n.facts {
		stay, words := parking.WordsOf(f.Says)
		for i := range words {
			provider, transaction, ok := parking.NoticeID(words[i].Notice)
			if !ok || !slices.Contains(noticeProviders, provider) {
				continue // of a provider that only a later version knows
			}
			w := &words[i]
			raw, err := store.Encode(w)
			if err != nil {
				return err
			}
			row := cloudsql.CarryNoticesParams{
				Provider: provider, Transaction: transaction, Raw: raw, ReceivedAt: p.now.UTC(), Amount: int64(w.Amount),
				TenantID: p.t.Tenant, SiteID: p.t.Site, CarriedBy: f.Gate, CarriedStay: stay, CarriedPayment: w.Payment,
				CarriedReference: w.Reference, CarriedHeardAt: parking.BusinessTime(w.HeardAt),
			}
			if !w.BankAt.IsZero() {
				at := parking.BusinessTime(w.BankAt)
				row.BankAt = &at
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := batch(p.q.CarryNotices(ctx, rows).Exec); err != nil {
		return fmt.Errorf("keep what gates know of banks: %w", err)
	}
	return nil
}
