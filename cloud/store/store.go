// Package store is the cloud's Postgres: the pool, transactions, the lock of a
// site, migrations and the generated queries.
//
// Whatever changes a site's state does so within SiteTx, which holds the
// site's lock, and says what changed with SiteTx.Append: the entry of the feed
// takes the next number in the same transaction, so that numbers are gapless
// and in the order of the commits. After the commit the function given to
// OnCommit is told; it may be lost with the process, and readers of the feed
// fill what they missed from the table.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Store is the cloud's database.
type Store struct {
	Pool *pgxpool.Pool
	Q    *cloudsql.Queries // outside of any transaction

	onCommit func(Commit)
}

// Commit is one entry that was appended to a site's feed, and the incarnation
// of the database in which it was.
type Commit struct {
	Site        uuid.UUID
	Incarnation uuid.UUID
	Delta       wire.Delta
}

// Open connects to the database at url (postgres://…). The schema must be
// there already, see Migrate.
func Open(ctx context.Context, url string) (*Store, error) { return OpenPaced(ctx, url, 1) }

// OpenPaced is Open for a simulation of days: a connection that was not used for
// a second is asked whether it still lives before it is used again, and here
// after pace times as long.
func OpenPaced(ctx context.Context, url string, pace int) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The error of pgx repeats the URL without its password.
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	if cfg.MaxConns < 16 {
		cfg.MaxConns = 16
	}
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.ConnConfig.RuntimeParams["application_name"] = "gatehouse-cloud"
	cfg.AfterConnect = greet
	pingAfter := time.Second * time.Duration(max(1, pace))
	cfg.ShouldPing = func(_ context.Context, c pgxpool.ShouldPingParams) bool { return c.IdleDuration > pingAfter }
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return &Store{Pool: pool, Q: cloudsql.New(pool)}, nil
}

// Close waits for connections in use and closes all.
func (s *Store) Close() { s.Pool.Close() }

// OnCommit names the function that is told of every entry appended to a feed,
// after its commit and on the goroutine that committed: it must not block. Set
// it before the store is used by more than one goroutine.
func (s *Store) OnCommit(fn func(Commit)) { s.onCommit = fn }

// Tx runs fn in one transaction: committed when fn returns nil, else rolled
// back. The error is fn's own, or that of the commit.
func (s *Store) Tx(ctx context.Context, fn func(q *cloudsql.Queries, tx pgx.Tx) error) error {
	return s.tx(ctx, pgx.TxOptions{}, fn)
}

// ReadTx runs fn in one read-only transaction that sees the database as it is
// at one moment. It stands in nobody's way, so only ctx bounds how long a
// statement of it takes.
func (s *Store) ReadTx(ctx context.Context, fn func(q *cloudsql.Queries) error) error {
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return s.tx(ctx, opts, func(q *cloudsql.Queries, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return fmt.Errorf("lift the limit: %w", err)
		}
		return fn(q)
	})
}

func (s *Store) tx(ctx context.Context, opts pgx.TxOptions, fn func(*cloudsql.Queries, pgx.Tx) error) (err error) {
	tx, err := s.Pool.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err == nil {
			return
		}
		err = told(err)
		// After a commit, or on a broken connection, there is nothing to roll back.
		if back := tx.Rollback(context.WithoutCancel(ctx)); back != nil && !errors.Is(back, pgx.ErrTxClosed) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", back))
		}
	}()
	if err := fn(cloudsql.New(tx), tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// errBusy is what a caller is told who waited too long for what another does.
var errBusy = parking.Errorf(parking.Unavailable, "The database is busy with another change. Try again in a moment.")

// told makes of a wait that was given up (a lock, a statement, a deadlock, an
// idle transaction that the server ended) an Unavailable error with a sentence:
// nothing was written, and the same may be tried again.
func told(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || errors.Is(err, errBusy) {
		return err
	}
	switch pg.Code {
	case "55P03", "57014", "40P01", "40001", "25P03":
		return fmt.Errorf("%w (%w)", errBusy, err)
	}
	return err
}

// SiteTx is a transaction that holds the lock of one site.
type SiteTx struct {
	Tx       pgx.Tx
	Q        *cloudsql.Queries
	Tenant   uuid.UUID
	Site     uuid.UUID
	Currency string // of the site
	FeedSeq  int64  // the newest number of the feed, with Append's own
	// Incarnation is that of the database.
	Incarnation uuid.UUID

	appended *wire.Delta
}

// SiteTx runs fn in a transaction that holds the lock of the site (the row of
// site_feeds). A site that does not exist is a NotFound error.
func (s *Store) SiteTx(ctx context.Context, site uuid.UUID, fn func(*SiteTx) error) error {
	t := &SiteTx{Site: site}
	err := s.Tx(ctx, func(q *cloudsql.Queries, tx pgx.Tx) error {
		row, err := q.LockSite(ctx, site)
		if errors.Is(err, pgx.ErrNoRows) {
			return parking.Errorf(parking.NotFound, "There is no such site.")
		}
		if err != nil {
			return fmt.Errorf("lock the site: %w", err)
		}
		t.Tx, t.Q, t.Tenant, t.Currency, t.FeedSeq = tx, q, row.TenantID, row.Currency, row.FeedSeq
		t.Incarnation = row.Incarnation
		return fn(t)
	})
	if err != nil {
		return err
	}
	if t.appended != nil && s.onCommit != nil {
		s.onCommit(Commit{Site: site, Incarnation: t.Incarnation, Delta: *t.appended})
	}
	return nil
}

// largestEntry is how large an entry of the feed may be to be sent to gates. A
// clock that was observed after weeks moves every stay of them at once, which
// no message can hold: gates then fetch a snapshot.
const largestEntry = wire.MaxMessageBytes / 2

// Append writes the transaction's one entry of the feed under the next number
// and returns it. at is the cloud's time, which nothing computes with.
func (t *SiteTx) Append(ctx context.Context, delta wire.Delta, at time.Time) (int64, error) {
	if t.appended != nil {
		return 0, errors.New("a transaction appends one entry to the feed, not two")
	}
	delta.FeedSeq = t.FeedSeq + 1
	body, err := Encode(delta)
	if err != nil {
		return 0, err
	}
	err = t.Q.AddFeed(ctx, cloudsql.AddFeedParams{
		TenantID: t.Tenant, SiteID: t.Site, FeedSeq: delta.FeedSeq, CommittedAt: at, Body: body,
	})
	if err != nil {
		return 0, fmt.Errorf("append to the feed: %w", err)
	}
	if err := t.Q.SetFeedSeq(ctx, cloudsql.SetFeedSeqParams{SiteID: t.Site, FeedSeq: delta.FeedSeq}); err != nil {
		return 0, fmt.Errorf("number the feed: %w", err)
	}
	if len(body) > largestEntry {
		if err := t.Q.TrimFeedTo(ctx, cloudsql.TrimFeedToParams{SiteID: t.Site, FeedSeq: delta.FeedSeq}); err != nil {
			return 0, fmt.Errorf("trim the feed: %w", err)
		}
	}
	t.FeedSeq, t.appended = delta.FeedSeq, &delta
	return delta.FeedSeq, nil
}
