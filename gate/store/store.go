// Package store is a gate's disk: one SQLite database (WAL,
// synchronous=FULL), photos by content beside it, and the gate's identity.
//
// What Tx has committed survives a cut of power. One process at a time may
// hold a data folder; a lock file sees to it. One connection writes, so that
// writers wait for each other in Go and not in SQLite.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

const (
	databaseFile = "gate.db"
	readers      = 4
	busyMS       = 5000
)

// Options tune a store. The zero value is right for a gate.
type Options struct {
	Log *slog.Logger // nil: discard
	// MaxBytes bounds the database file; 0 leaves it to the disk.
	MaxBytes int64
	// PhotoLimit bounds what photos take, in bytes; 0 means DefaultPhotoLimit.
	PhotoLimit int64
	// Disk says how many bytes of the disk of a folder are free for us, and how
	// large it is; nil asks the system.
	Disk func(dir string) (free, size int64, err error)
}

// Store is an open data folder. It is safe for concurrent use.
type Store struct {
	dir    string
	log    *slog.Logger
	disk   func(dir string) (free, size int64, err error)
	lock   *os.File
	writer *sql.DB
	reader *sql.DB
	read   *gatesql.Queries
	write  *statements // of the writer
	room   *photoRoom
}

// Open opens the data folder dir, making it and bringing its database up to
// date when needed. It fails with a Conflict error when another process holds
// the folder.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Disk == nil {
		o.Disk = diskOf
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, photosFolder), 0o700); err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The data folder %s cannot be made: %s.", dir, reason(err))
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder needs its x
		return nil, parking.Errorf(parking.Unavailable, "The data folder %s does not belong to this user.", dir)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, log: o.Log, disk: o.Disk, lock: lock}
	s.room = &photoRoom{store: s, limit: cmp.Or(o.PhotoLimit, DefaultPhotoLimit)}
	if free, known := s.freeBytes(); known && free < startBytes {
		s.GiveUpReserve() // a gate that cannot start records no opening by hand
	}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	var err error
	if err := s.unfinished(); err != nil {
		return err
	}
	path := filepath.Join(s.dir, databaseFile)
	if err := s.vanished(path); err != nil {
		return err
	}
	if s.writer, err = openPool(path, false, 1); err != nil {
		return err
	}
	if err := quickCheck(ctx, s.writer, s.log); err != nil {
		return err
	}
	if o.MaxBytes > 0 {
		if err := limitSize(ctx, s.writer, o.MaxBytes); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.writer); err != nil {
		return err
	}
	if err := protect(path); err != nil {
		return err
	}
	if s.reader, err = openPool(path, true, readers); err != nil {
		return err
	}
	s.read = gatesql.New(readerStatements{newStatements(s.reader)})
	s.write = newStatements(s.writer)
	s.makeReserve()
	return s.room.open(ctx)
}

// protect lets nobody else read the database, and what is not folded into it yet.
func protect(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(name, 0o600); err != nil && (name == path || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("protect the database: %w", err)
		}
	}
	return nil
}

// openPool opens a pool of n connections. The pragmas come in a fixed order:
// busy_timeout first, so that switching to WAL waits for others too.
func openPool(path string, readOnly bool, n int) (*sql.DB, error) {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout("+strconv.Itoa(busyMS)+")")
	q.Add("_pragma", "journal_mode(WAL)")
	q.Add("_pragma", "synchronous(FULL)")
	q.Add("_pragma", "foreign_keys(1)")
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Set("_txlock", "immediate")
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// limitSize bounds the database file. The pragma holds for a connection; the
// writer has only one, which is never closed while the store is open.
func limitSize(ctx context.Context, db *sql.DB, maxBytes int64) error {
	var page int64
	if err := db.QueryRowContext(ctx, "PRAGMA page_size").Scan(&page); err != nil {
		return refusal(fmt.Errorf("open the database: %w", err))
	}
	if _, err := db.ExecContext(ctx, "PRAGMA max_page_count = "+strconv.FormatInt(max(maxBytes/page, 1), 10)); err != nil {
		return refusal(fmt.Errorf("bound the database: %w", err))
	}
	return nil
}

// Dir is the absolute path of the data folder.
func (s *Store) Dir() string { return s.dir }

// Read are queries outside any transaction, for reading.
func (s *Store) Read() *gatesql.Queries { return s.read }

// Tx runs do in one transaction that writes. When it returns nil, the disk
// has everything; otherwise nothing was changed. A disk that refuses is an
// Unavailable error with a sentence.
func (s *Store) Tx(ctx context.Context, do func(q *gatesql.Queries) error) error {
	// A caller that gives up in the middle must still learn whether its facts
	// were written, so the transaction itself is not cancelled.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	tx, err := s.writer.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return refusal(fmt.Errorf("begin: %w", err))
	}
	in := &txStatements{statements: s.write, tx: tx}
	if err := do(gatesql.New(in)); err != nil {
		if rollErr := tx.Rollback(); rollErr != nil && !errors.Is(rollErr, sql.ErrTxDone) {
			s.log.Warn("a transaction could not be rolled back", "err", rollErr)
		}
		return refusal(err)
	}
	if err := tx.Commit(); err != nil {
		return refusal(fmt.Errorf("commit: %w", err))
	}
	in.learnNew(context.WithoutCancel(ctx))
	return nil
}

// Setting returns a setting, "" when it was never set.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	v, err := s.read.Setting(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", refusal(fmt.Errorf("read setting %s: %w", name, err))
	}
	return v, nil
}

// SetSetting keeps a setting.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	return s.Tx(ctx, func(q *gatesql.Queries) error {
		return q.SetSetting(ctx, gatesql.SetSettingParams{Name: name, Value: value})
	})
}

// Close ends all connections and gives the folder free.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} { // the writer last: it folds the WAL back
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close()) // the lock goes with the file
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the data folder: %w", err)
	}
	return nil
}
