package ingest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
)

// quarantineSpace makes ids under which quarantined items are counted. They
// are never the ids that the items claim, so that nothing unreadable can stand
// in the way of a readable fact.
var quarantineSpace = uuid.MustParse("6f1d5b1e-4f7a-5d0c-9f53-0a6d3c7a9b11")

func (n *item) quarantineID(b *wire.Batch) uuid.UUID {
	return uuid.NewSHA1(quarantineSpace, fmt.Appendf(nil, "%s %s %s %d %x", b.Site, b.Gate, b.Epoch, n.seq, n.sum))
}

// unreadable is the conflict of an item in quarantine.
func (n *item) unreadable(b *wire.Batch) finding {
	f := finding{kind: Unreadable, facts: []uuid.UUID{n.quarantineID(b)}, at: n.at}
	if n.at.IsZero() {
		f.at = time.Unix(0, 0).UTC()
	}
	return f
}

// quarantine keeps what has a reason, raw, counts it, and shows it to a person.
func (r *run) quarantine(ctx context.Context) error {
	for _, n := range r.items {
		if n.outcome != "" {
			continue
		}
		n.outcome = wire.Quarantined
		kept, err := r.t.Q.Quarantine(ctx, cloudsql.QuarantineParams{
			TenantID: r.t.Tenant, SiteID: r.t.Site, Gate: r.batch.Gate, Epoch: string(r.batch.Epoch), Seq: n.seq,
			Sha256: n.sum, Raw: n.raw, Reason: strings.ToValidUTF8(strings.ReplaceAll(n.reason, "\x00", ""), "?"),
			ReceivedAt: r.receivedAt,
			Revoked:    n.revoked,
		})
		if err != nil {
			return fmt.Errorf("quarantine: %w", err)
		}
		if kept > 0 {
			r.verdict.find(n.unreadable(r.batch))
			r.log.WarnContext(ctx, "fact quarantined", "site", r.t.Site, "gate", r.batch.Gate, "epoch", r.batch.Epoch, "seq", n.seq)
		}
		err = r.t.Q.CountQuarantined(ctx, cloudsql.CountQuarantinedParams{
			TenantID: r.t.Tenant, SiteID: r.t.Site, ID: n.quarantineID(r.batch), Gate: r.batch.Gate,
			Epoch: string(r.batch.Epoch), Seq: n.seq, At: r.receivedAt,
		})
		if err != nil {
			return fmt.Errorf("count a quarantined fact: %w", err)
		}
	}
	return nil
}
