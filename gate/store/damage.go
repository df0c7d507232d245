package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse/parking"
)

// checkFor bounds the look through the database at a start: a large one that
// is not finished by then is taken as it is, and says itself what is wrong
// with it when that is read.
const checkFor = 10 * time.Second

// quickCheck looks through the database for damage.
func quickCheck(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	var word string
	err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&word)
	switch {
	case ctx.Err() != nil:
		log.Warn("the database was not looked through to its end", "within", checkFor)
		return nil
	case IsDamaged(err), err == nil && word != "ok":
		log.Error("the database is damaged", "check", word, "err", err)
		return fmt.Errorf("%w (%s)", damaged(), word)
	case err != nil:
		return refusal(fmt.Errorf("look through the database: %w", err))
	}
	return nil
}

// errDamaged marks a database that cannot be used as it is.
var errDamaged = errors.New("the database is damaged")

func damaged() error {
	return fmt.Errorf("%w: %w", parking.Errorf(parking.Unavailable,
		"The database of this gate is damaged. Open by the barrier's own key until it is put right: run gate recover, which saves every record that can be read, and start the gate again."), errDamaged)
}

// Damaged is err with the sentence for a damaged database.
func Damaged(err error) error { return fmt.Errorf("%w (%w)", damaged(), err) }

// IsDamaged says whether err is a database that is damaged, not a disk that is
// full or busy.
func IsDamaged(err error) bool {
	if errors.Is(err, errDamaged) {
		return true
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// recoveringFile exists while a recovery is under way, and names the folder
// that holds the damaged files.
const recoveringFile = "recovering"

// leastDatabase is the smallest file that can be a database: SQLite takes a
// shorter one for an empty database, and would begin anew in it.
const leastDatabase = 512

// vanished refuses to begin anew, or with half of the log, in the folder of a
// gate that was enrolled: its database was there before its identity.
func (s *Store) vanished(path string) error {
	if _, err := os.Stat(filepath.Join(s.dir, identityFile)); err != nil {
		return nil //nolint:nilerr // not enrolled yet
	}
	info, err := os.Stat(path)
	if logDamaged(path) {
		return damaged()
	}
	if err == nil && info.Size() >= leastDatabase {
		return nil
	}
	// After a power cut in the very first moments all of it may be in the log.
	if log, lerr := os.Stat(path + "-wal"); err == nil && lerr == nil && log.Size() > walHeader {
		return nil
	}
	return damaged()
}

// unfinished refuses a folder whose recovery was not finished.
func (s *Store) unfinished() error {
	if _, err := os.Stat(filepath.Join(s.dir, recoveringFile)); err != nil {
		return nil //nolint:nilerr // no such file: nothing is under way
	}
	return fmt.Errorf("%w: %w", parking.Errorf(parking.Unavailable, "A recovery of this gate was not finished. Run gate recover again."), errDamaged)
}
