package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
)

// FeedKept is how long entries of the feed are kept. A gate that was away for
// longer begins with a snapshot.
const FeedKept = 7 * 24 * time.Hour

const (
	upkeepKey    = 0x6761746568757365 // of the advisory lock, one for the database
	monthsAhead  = 3                  // partitions that are made before they are needed; a connection learns about each
	monthsLooked = 12                 // ahead, for rows that came too early
	trimRows     = 5000               // entries dropped in one transaction
)

// firstMonth is where partitions by month begin. A fact of a time before it, or
// after the months that are made, lies in the default partition.
var firstMonth = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// byMonth is a table in partitions by month.
type byMonth struct {
	table, column string
	astray        func(*cloudsql.Queries, context.Context, time.Time, time.Time) ([]time.Time, error)
}

var tablesByMonth = []byMonth{
	{"facts", "at", func(q *cloudsql.Queries, ctx context.Context, first, until time.Time) ([]time.Time, error) {
		return q.FactMonthsAstray(ctx, cloudsql.FactMonthsAstrayParams{First: first, Until: until})
	}},
	{"feed", "committed_at", func(q *cloudsql.Queries, ctx context.Context, first, until time.Time) ([]time.Time, error) {
		return q.FeedMonthsAstray(ctx, cloudsql.FeedMonthsAstrayParams{First: first, Until: until})
	}},
}

// Upkeep is what has to be done now and then, by any replica at any time: it
// makes the partitions of the coming months, moves rows of theirs out of the
// default partition, and trims the feed. Two at once do it once.
func (s *Store) Upkeep(ctx context.Context, now time.Time) error {
	now = now.UTC()
	var errs []error
	for _, t := range tablesByMonth {
		errs = append(errs, s.makeMonths(ctx, t, now))
	}
	errs = append(errs, s.trimFeed(ctx, now.Add(-FeedKept)))
	return errors.Join(errs...)
}

// turn runs fn in a transaction if no other replica is at work. It gives up
// soon when somebody else's transaction stands in the way: it comes again.
func (s *Store) turn(ctx context.Context, fn func(q *cloudsql.Queries, tx pgx.Tx) error) error {
	return s.Tx(ctx, func(q *cloudsql.Queries, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'"); err != nil {
			return fmt.Errorf("set the patience: %w", err)
		}
		mine, err := q.UpkeepTurn(ctx, upkeepKey)
		if err != nil {
			return fmt.Errorf("take turns: %w", err)
		}
		if !mine {
			return nil
		}
		return fn(q, tx)
	})
}

func monthOf(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }

// makeMonths makes the partitions of a table that are missing: from now to
// monthsAhead, and wherever rows of a month have gone to the default partition.
func (s *Store) makeMonths(ctx context.Context, t byMonth, now time.Time) error {
	first := monthOf(now)
	if first.Before(firstMonth) {
		return nil // a clock that is as wrong as that makes nothing
	}
	until := first.AddDate(0, monthsAhead+1, 0)
	months, err := t.astray(s.Q, ctx, firstMonth, first.AddDate(0, monthsLooked+1, 0))
	if err != nil {
		return fmt.Errorf("look for rows of %s astray: %w", t.table, err)
	}
	for m := first; m.Before(until); m = m.AddDate(0, 1, 0) {
		months = append(months, m)
	}
	for _, m := range months {
		if err := s.makeMonth(ctx, t, monthOf(m.UTC())); err != nil {
			return fmt.Errorf("partition %s of %s: %w", t.month(m), t.table, err)
		}
	}
	return nil
}

func (t byMonth) month(m time.Time) string { return t.table + "_" + m.UTC().Format("2006_01") }

// isThere looks into the catalogue's rows: to_regclass may still remember that
// there was none, from before another replica made it.
const isThere = "SELECT EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::text::regclass AND c.relname = $2)"

// makeMonth makes one partition, unless it is there. Rows of its month move
// over from the default partition, which nobody else touches meanwhile: its
// lock is taken first, so that who holds less waits for nobody who waits for us.
func (s *Store) makeMonth(ctx context.Context, t byMonth, month time.Time) error {
	var there bool
	if err := s.Pool.QueryRow(ctx, isThere, t.table, t.month(month)).Scan(&there); err != nil || there {
		return err
	}
	return s.turn(ctx, func(_ *cloudsql.Queries, tx pgx.Tx) error {
		parent, rest, made := quoted(t.table), quoted(t.table+"_other"), quoted(t.month(month))
		if err := tx.QueryRow(ctx, isThere, t.table, t.month(month)).Scan(&there); err != nil || there {
			return err // another replica was quicker
		}
		from, until := stamp(month), stamp(month.AddDate(0, 1, 0))
		within := fmt.Sprintf("%s >= %s AND %s < %s", quoted(t.column), from, quoted(t.column), until)
		for _, sql := range []string{
			"LOCK TABLE " + rest + " IN ACCESS EXCLUSIVE MODE",
			"CREATE TABLE " + made + " (LIKE " + parent + " INCLUDING ALL)",
			"WITH moved AS (DELETE FROM " + rest + " WHERE " + within + " RETURNING *) INSERT INTO " + made + " SELECT * FROM moved",
			"ALTER TABLE " + parent + " ATTACH PARTITION " + made + " FOR VALUES FROM (" + from + ") TO (" + until + ")",
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func stamp(t time.Time) string { return "'" + t.UTC().Format("2006-01-02 15:04:05") + "+00'" }

// trimFeed lets go of entries from before a time. trimmed moves first, in a
// transaction of its own: whoever finds rows missing finds it moved.
func (s *Store) trimFeed(ctx context.Context, before time.Time) error {
	var mine bool
	err := s.turn(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		mine = true
		_, err := q.TrimFeeds(ctx, before)
		return err
	})
	if err != nil {
		return fmt.Errorf("trim the feed: %w", err)
	}
	for mine {
		var n int64
		err := s.turn(ctx, func(q *cloudsql.Queries, _ pgx.Tx) (err error) {
			n, err = q.DropFeed(ctx, cloudsql.DropFeedParams{Before: before, MaxRows: trimRows})
			return err
		})
		if err != nil {
			return fmt.Errorf("drop trimmed entries: %w", err)
		}
		if n < trimRows {
			break
		}
	}
	if !mine {
		return nil
	}
	return s.dropMonths(ctx, before)
}

// dropMonths drops the partitions of the feed that trimming has emptied: those
// of months that had ended before the time.
func (s *Store) dropMonths(ctx context.Context, before time.Time) error {
	rows, err := s.Pool.Query(ctx, "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'feed'::regclass")
	if err != nil {
		return fmt.Errorf("list the feed's partitions: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list the feed's partitions: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		month, err := time.Parse("feed_2006_01", name)
		if err != nil || month.AddDate(0, 1, 0).After(before) {
			continue // the default partition, or one that is in use
		}
		err = s.turn(ctx, func(_ *cloudsql.Queries, tx pgx.Tx) error { return dropEmpty(ctx, tx, name) })
		if err != nil {
			return fmt.Errorf("drop partition %s: %w", name, err)
		}
	}
	return nil
}

// dropEmpty drops a partition that holds nothing. The turn is held: one that is
// gone by now was dropped by another replica since the list was read.
func dropEmpty(ctx context.Context, tx pgx.Tx, name string) error {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", quoted(name)).Scan(&there); err != nil || !there {
		return err
	}
	// Looked at before its lock is asked for, which stops the site for a moment,
	// and again with it.
	for _, lock := range []bool{false, true} {
		if lock {
			// The feed's first: whoever reads the feed takes it before the partition's.
			if _, err := tx.Exec(ctx, "LOCK TABLE feed IN ACCESS EXCLUSIVE MODE"); err != nil {
				return err
			}
		}
		var full bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+quoted(name)+")").Scan(&full); err != nil || full {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DROP TABLE "+quoted(name))
	return err
}
