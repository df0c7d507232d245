package ingest

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// TakeOwn takes facts of the cloud's own that a test has prepared, as Write
// takes those that it has made.
func (in *Ingester) TakeOwn(ctx context.Context, site uuid.UUID, facts []parking.Fact, at time.Time) error {
	return in.Store.SiteTx(ctx, site, func(t *store.SiteTx) error { return in.takeOwn(ctx, t, facts, at) })
}
