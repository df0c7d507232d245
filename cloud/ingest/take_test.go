package ingest

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
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

// Requarantine changes the bytes of an item in quarantine, as if this program
// had not been able to read them when they came.
func (in *Ingester) Requarantine(ctx context.Context, was parking.Fact, raw []byte) error {
	encoded, err := was.Encode()
	if err != nil {
		return err
	}
	b := &wire.Batch{Site: was.Site, Gate: was.Gate, Epoch: was.Epoch}
	old, now := sha256.Sum256(encoded), sha256.Sum256(raw)
	before := item{seq: was.Seq, sum: old[:]}
	after := item{seq: was.Seq, sum: now[:], at: was.At}
	return in.Store.Tx(ctx, func(_ *cloudsql.Queries, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE quarantine SET raw = $1, sha256 = $2 WHERE sha256 = $3", raw, now[:], old[:])
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE processed_events SET id = $1 WHERE id = $2", after.quarantineID(b), before.quarantineID(b))
		if err != nil {
			return err
		}
		f, g := before.unreadable(b), after.unreadable(b)
		_, err = tx.Exec(ctx, "UPDATE conflicts SET id = $1, facts = $2 WHERE id = $3", []byte(g.id()), g.facts, []byte(f.id()))
		return err
	})
}
