package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// replayPage bounds the items that are tried in one transaction, so that gates
// do not wait long for the site's lock.
const replayPage = 50

// Replay tries again to read what waits in the site's quarantine, after an
// upgrade or on demand. What can be read now is applied as if it had come at
// now: the state is the same as if it had been read at once (docs/STATE.md
// §9). It returns how many were applied and how many are left. What was
// applied before an error stays applied.
// Facts of a revoked gate are tried only if a person says so (revoked).
func (in *Ingester) Replay(ctx context.Context, site uuid.UUID, now time.Time, revoked bool) (applied, left int, err error) {
	after := cloudsql.QuarantinePageParams{SiteID: site, Sha256: []byte{}, MaxRows: replayPage, WithRevoked: revoked}
	for {
		var rows []cloudsql.QuarantinePageRow
		done := 0
		err := in.Store.SiteTx(ctx, site, func(t *store.SiteTx) error {
			var err error
			if rows, err = t.Q.QuarantinePage(ctx, after); err != nil {
				return fmt.Errorf("read what is in quarantine: %w", err)
			}
			r := replayed{t: t, now: now.UTC(), log: in.Log, changed: newChanges(), verdict: newVerdict()}
			for i := range rows {
				if err := r.try(ctx, &rows[i]); err != nil {
					return err
				}
			}
			done = r.applied
			return r.finish(ctx)
		})
		if err != nil {
			return applied, left, err
		}
		applied, left = applied+done, left+len(rows)-done
		if len(rows) < replayPage {
			return applied, left, nil
		}
		last := rows[len(rows)-1]
		after.Gate, after.Epoch, after.Seq, after.Sha256 = last.Gate, last.Epoch, last.Seq, last.Sha256
	}
}

// ReplayAll replays the quarantine of every site and logs what came of it.
func (in *Ingester) ReplayAll(ctx context.Context, now func() time.Time) {
	sites, err := in.Store.Q.SitesInQuarantine(ctx)
	if err != nil {
		if ctx.Err() == nil {
			in.Log.WarnContext(ctx, "the quarantine cannot be read", "error", err)
		}
		return
	}
	for _, site := range sites {
		applied, left, err := in.Replay(ctx, site, now(), false)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			in.Log.WarnContext(ctx, "the quarantine cannot be replayed", "site", site, "error", err)
		default:
			in.Log.InfoContext(ctx, "quarantine replayed", "site", site, "applied", applied, "left", left)
		}
	}
}

// replayed is one page of the quarantine being tried again.
type replayed struct {
	t       *store.SiteTx
	now     time.Time
	log     *slog.Logger
	applied int
	changed *changes
	verdict verdict
}

// try applies one item, or leaves it as it is.
func (r *replayed) try(ctx context.Context, row *cloudsql.QuarantinePageRow) error {
	if row.Reason == misnamed {
		return nil
	}
	b := &wire.Batch{Site: r.t.Site, Gate: row.Gate, Epoch: parking.Epoch(row.Epoch), FirstSeq: row.Seq}
	n := &item{seq: row.Seq, raw: row.Raw, sum: row.Sha256}
	if n.decode(b); n.reason != "" {
		return nil
	}
	known, err := r.t.Q.KnownEvents(ctx, cloudsql.KnownEventsParams{
		SiteID: r.t.Site, Ids: []uuid.UUID{n.id}, Gate: b.Gate, Epoch: row.Epoch, First: n.seq, Last: n.seq,
	})
	if err != nil {
		return fmt.Errorf("look up how an item was counted: %w", err)
	}
	if len(known) != 1 || known[0].ID != n.quarantineID(b) {
		return nil // its seq or its id is another fact's
	}
	one := newRun(r.t, b, []*item{n}, r.now, r.log)
	if err := one.recount(ctx); err != nil || n.outcome != wire.Applied {
		return err
	}
	r.applied++
	r.changed.add(one.changed)
	r.changed.epoch(b.Gate, b.Epoch)
	err = r.t.Q.SettleQuarantined(ctx, cloudsql.SettleQuarantinedParams{
		SiteID: r.t.Site, Gate: row.Gate, Epoch: row.Epoch, Seq: row.Seq, Sha256: row.Sha256, SettledAt: r.now, SettledHow: "applied",
	})
	if err != nil {
		return fmt.Errorf("settle an item of the quarantine: %w", err)
	}
	f := n.unreadable(b)
	rows, err := r.t.Q.ConflictsByID(ctx, cloudsql.ConflictsByIDParams{SiteID: r.t.Site, Ids: [][]byte{[]byte(f.id())}})
	if err != nil {
		return fmt.Errorf("read the conflict of an item: %w", err)
	}
	r.verdict.stand(rows, always)
	return nil
}

// finish tells gates what the page changed.
func (r *replayed) finish(ctx context.Context) error {
	all := newRun(r.t, nil, nil, r.now, r.log)
	all.changed, all.verdict = r.changed, r.verdict
	return all.append(ctx, nil)
}

// recount applies the run's one item, which was counted in quarantine so far.
// What the database refuses stays as it was.
func (r *run) recount(ctx context.Context) error {
	sub, err := r.t.Tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	n := r.items[0]
	_, err = cloudsql.New(sub).Uncount(ctx, cloudsql.UncountParams{SiteID: r.t.Site, ID: n.quarantineID(r.batch)})
	if err == nil {
		err = r.apply(ctx, r.items)
	}
	if err == nil {
		err = r.started(ctx)
	}
	if err == nil {
		return sub.Commit(ctx)
	}
	n.outcome = ""
	if back := sub.Rollback(ctx); back != nil {
		return errors.Join(err, back)
	}
	if refused(err) {
		return nil
	}
	return err
}
