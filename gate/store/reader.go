package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Reader reads a data folder that a gate may be using. It takes no lock and
// writes nothing.
type Reader struct {
	dir     string
	db      *sql.DB
	damaged bool // SQLite must not touch it
}

// OpenReader opens the data folder dir for reading; NotFound when there is
// no gate in it.
func OpenReader(dir string) (*Reader, error) {
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !logDamaged(path) {
		return nil, parking.Errorf(parking.NotFound, "There is no gate in the folder %s.", dir)
	}
	db, err := openPool(path, true, 1)
	if err != nil {
		return nil, err
	}
	return &Reader{dir: dir, db: db, damaged: !running(dir) && logDamaged(path)}, nil
}

// Identity returns who the gate is.
func (r *Reader) Identity() (Identity, error) { return readIdentity(r.dir) }

// FactsFrom reads facts in the order in which they were written, after the row n.
func (r *Reader) FactsFrom(ctx context.Context, n int64, limit int) ([]gatesql.FactsFromRow, error) {
	if r.damaged {
		return nil, damaged()
	}
	rows, err := gatesql.New(r.db).FactsFrom(ctx, gatesql.FactsFromParams{N: n, Limit: int64(limit)})
	if err != nil {
		return nil, refusal(fmt.Errorf("read the queue: %w", err))
	}
	return rows, nil
}

// Salvage finds the whole facts in a damaged database.
func (r *Reader) Salvage() ([]Salvaged, error) { return Salvage(r.dir) }

// Close ends the reading.
func (r *Reader) Close() error {
	if err := r.db.Close(); err != nil {
		return fmt.Errorf("close the data folder: %w", err)
	}
	return nil
}

// WriteFile replaces path by what write gives: whole or not at all.
func WriteFile(path string, write func(f *os.File) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The file %s cannot be written: %s.", path, reason(err))
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return refusal(fmt.Errorf("write %s: %w", filepath.Base(path), err))
	}
	return syncFolder(dir)
}
