package ingest

import (
	"context"
	"time"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Take brings facts of one epoch, in order, whoever made them: also the
// cloud's own, as those of another incarnation would come.
func (in *Ingester) Take(ctx context.Context, facts []parking.Fact, at time.Time) (wire.BatchAnswer, error) {
	first := facts[0]
	batch := &wire.Batch{Site: first.Site, Gate: first.Gate, Epoch: first.Epoch, FirstSeq: first.Seq}
	for _, f := range facts {
		raw, err := f.Encode()
		if err != nil {
			return wire.BatchAnswer{}, err
		}
		batch.Items = append(batch.Items, wire.NewItem(f.ID, raw))
	}
	answer := wire.BatchAnswer{Epoch: first.Epoch}
	err := in.Store.SiteTx(ctx, first.Site, func(t *store.SiteTx) error {
		return newRun(t, batch, decode(batch), at, in.Log).take(ctx, &answer)
	})
	return answer, err
}
