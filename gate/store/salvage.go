package store

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Salvaged is a fact that was found in a database file, whole: its hash says so.
type Salvaged struct {
	Fact    parking.Fact
	Encoded []byte
	Hash    string
	Acked   int64 // when the cloud took it, milliseconds since 1970; 0 when that is not known
	Covered bool
}

// Salvage finds every whole fact in the database of a data folder, however
// damaged the rest of it is, in the order of epoch and seq. It writes nothing.
// It also finds facts that were dropped because the cloud had them for long;
// sending those again does no harm.
func Salvage(dir string) ([]Salvaged, error) { return salvageFile(filepath.Join(dir, databaseFile)) }

func salvageFile(path string) (_ []Salvaged, err error) {
	p, err := openPages(path)
	if err != nil {
		return nil, parking.Errorf(parking.NotFound, "The database %s cannot be read: %s.", path, reason(err))
	}
	defer func() {
		if cerr := p.close(); err == nil && cerr != nil {
			err = fmt.Errorf("close the database: %w", cerr)
		}
	}()
	found := map[uuid.UUID]*Salvaged{}
	p.each(func(page []byte) {
		p.cells(page, func(payload []byte) bool { return outboxRow(found, payload) })
		carved(page, func(encoded []byte, hash string) { keepWhole(found, Salvaged{Encoded: encoded, Hash: hash}) })
	})
	out := make([]Salvaged, 0, len(found))
	for _, f := range found {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Salvaged) int {
		return cmp.Or(cmp.Compare(a.Fact.Epoch, b.Fact.Epoch), cmp.Compare(a.Fact.Seq, b.Fact.Seq), slices.Compare(a.Fact.ID[:], b.Fact.ID[:]))
	})
	return out, nil
}

// outboxRow keeps a row if it is one of the outbox.
func outboxRow(found map[uuid.UUID]*Salvaged, payload []byte) bool {
	row, ok := fields(payload)
	if !ok || len(row) != outboxColumn || row[columnFact].kind < 12 || row[columnHash].kind < 12 {
		return false
	}
	f := Salvaged{Encoded: slices.Clone(row[columnFact].data), Hash: string(row[columnHash].data), Covered: row[columnCover].number() == 1}
	if !row[columnAcked].null() {
		f.Acked = max(row[columnAcked].number(), 1)
	}
	return keepWhole(found, f)
}

// keepWhole keeps a fact whose bytes are those that its hash was made of.
// Pages of the past may show the same fact before the cloud had it.
func keepWhole(found map[uuid.UUID]*Salvaged, s Salvaged) bool {
	if parking.FactHash(s.Encoded) != s.Hash {
		return false
	}
	f, err := parking.DecodeFact(s.Encoded)
	if err != nil {
		return false
	}
	s.Fact = f
	had := found[f.ID]
	if had == nil {
		found[f.ID] = &s
		return true
	}
	had.Acked, had.Covered = max(had.Acked, s.Acked), had.Covered || s.Covered
	return true
}
