package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Imported is what became of a batch that was brought by hand.
type Imported struct {
	Gate  string
	Epoch parking.Epoch
	First int64
	// Outcomes has one for each item that was taken.
	Outcomes []wire.Outcome
	// After counts the items of a revoked gate that were made after its right
	// had ended: they are not taken.
	After int
}

// Import takes one batch (its JSON) that an administrator brings by hand. What
// counts is who signed it: the facts of an enrolled gate go in as if it had
// sent them. Those of a revoked gate, up to the revocation, go to quarantine,
// from where a person can have them tried again. The errors are those of
// Ingest.
func (in *Ingester) Import(ctx context.Context, raw []byte, receivedAt time.Time) (Imported, error) {
	if len(raw) > wire.MaxBatchBytes {
		return Imported{}, parking.Errorf(parking.TooLarge, "The batch has more than %d bytes.", wire.MaxBatchBytes)
	}
	b := new(wire.Batch)
	if err := json.Unmarshal(raw, b); err != nil {
		return Imported{}, parking.Errorf(parking.Invalid, "The batch is not JSON as agreed: %s.", err)
	}
	done := Imported{Gate: b.Gate, Epoch: b.Epoch, First: b.FirstSeq}
	gate, err := in.Store.Q.Gate(ctx, cloudsql.GateParams{SiteID: b.Site, Code: b.Gate})
	if refused(err) { // a name that cannot be one
		return done, parking.Errorf(parking.Forbidden, "Gate %q is not enrolled.", b.Gate)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return done, fmt.Errorf("read the gate's key: %w", err)
	}
	if err != nil || gate.PublicKey == nil || gate.RevokedAt == nil {
		answer, err := in.Ingest(ctx, Source{Site: b.Site, Gate: b.Gate}, raw, receivedAt)
		done.Outcomes = answer.Outcomes
		return done, err
	}
	if err := b.Verify(gate.PublicKey); err != nil {
		return done, err
	}
	err = in.Store.SiteTx(ctx, b.Site, func(t *store.SiteTx) error {
		items, after := ofRevoked(b, *gate.RevokedAt)
		if done.After = after; len(items) == 0 {
			return nil
		}
		var answer wire.BatchAnswer
		err := newRun(t, b, items, receivedAt, in.Log).take(ctx, &answer)
		done.Outcomes = answer.Outcomes
		return err
	})
	return done, err
}

// ofRevoked gives the items of a batch up to the revocation a reason for
// quarantine, and counts those after it.
func ofRevoked(b *wire.Batch, revoked time.Time) (items []*item, after int) {
	items = decode(b)
	end := slices.IndexFunc(items, func(n *item) bool { return n.reason == "" && n.fact.At.After(revoked) })
	if end < 0 {
		end = len(items)
	}
	for _, n := range items[:end] {
		if n.reason == "" {
			n.revoked, n.reason = true, "The gate was revoked before this fact came: an administrator imported it."
		}
	}
	return items[:end], len(items) - end
}
