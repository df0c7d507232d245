package store

import (
	"context"
	"database/sql"
	"testing"

	"gatehouse/gate/store/gatesql"
)

// CopiedTables are those that a recovery copies.
var CopiedTables = copiedTables

// WriterPragma reads a pragma of the connection that writes.
func (s *Store) WriterPragma(ctx context.Context, t *testing.T, name string) string {
	t.Helper()
	var v string
	if err := s.writer.QueryRowContext(ctx, "PRAGMA "+name).Scan(&v); err != nil {
		t.Fatalf("pragma %s: %v", name, err)
	}
	return v
}

// ReadUnprepared are the queries of Read without kept statements.
func (s *Store) ReadUnprepared() *gatesql.Queries { return gatesql.New(s.reader) }

// Writer is the connection that writes.
func (s *Store) Writer() *sql.DB { return s.writer }
