package ingest

import (
	"context"
	"slices"
	"time"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// TakeOlder takes a batch as an older program would that does not know some
// kinds of facts.
func (in *Ingester) TakeOlder(ctx context.Context, batch *wire.Batch, unknown []parking.Kind, at time.Time) error {
	return in.Store.SiteTx(ctx, batch.Site, func(t *store.SiteTx) error {
		items := decode(batch)
		for _, n := range items {
			if n.reason == "" && slices.Contains(unknown, n.fact.Kind) {
				n.reason, n.fact, n.body = "This older version does not know such facts.", parking.Fact{}, nil
			}
		}
		return newRun(t, batch, items, at, in.Log).take(ctx, new(wire.BatchAnswer))
	})
}
