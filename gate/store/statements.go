package store

import (
	"context"
	"database/sql"
	"sync"

	"gatehouse/gate/store/gatesql"
)

// statements keeps what SQLite has made of each query, so that a connection
// parses it once and not each time that it runs: a gate asks the same few
// dozen questions all day.
type statements struct {
	db   *sql.DB
	mu   sync.RWMutex
	made map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, made: map[string]*sql.Stmt{}}
}

// known is a query's statement, nil when nobody has made it yet.
func (s *statements) known(query string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.made[query]
}

// learn makes the statement of a query and keeps it. It takes a connection of
// the pool, so who holds the only one calls it later. It is nil for what
// cannot be made a statement, which then runs, and fails, as it is.
func (s *statements) learn(ctx context.Context, query string) *sql.Stmt {
	if stmt := s.known(query); stmt != nil {
		return stmt
	}
	stmt, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if already := s.made[query]; already != nil {
		_ = stmt.Close() //nolint:sqlclosecheck // another was quicker, and nobody has used this one
		return already
	}
	s.made[query] = stmt
	return stmt
}

// readerStatements runs queries on any connection of the pool.
type readerStatements struct{ *statements }

var _ gatesql.DBTX = readerStatements{}

func (r readerStatements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := r.learn(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept for as long as the pool
		return stmt.ExecContext(ctx, args...)
	}
	return r.db.ExecContext(ctx, query, args...)
}

func (r readerStatements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return r.db.PrepareContext(ctx, query)
}

func (r readerStatements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := r.learn(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept for as long as the pool
		return stmt.QueryContext(ctx, args...)
	}
	return r.db.QueryContext(ctx, query, args...)
}

func (r readerStatements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := r.learn(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept for as long as the pool
		return stmt.QueryRowContext(ctx, args...)
	}
	return r.db.QueryRowContext(ctx, query, args...)
}

// txStatements runs queries in one transaction, which holds the pool's only
// connection: what has no statement yet runs without one, and is learned when
// the transaction is over.
type txStatements struct {
	*statements
	tx  *sql.Tx
	new []string
}

var _ gatesql.DBTX = (*txStatements)(nil)

// here is a query's statement in this transaction, nil when it has none yet.
func (t *txStatements) here(ctx context.Context, query string) *sql.Stmt {
	stmt := t.known(query)
	if stmt == nil {
		t.new = append(t.new, query)
		return nil
	}
	return t.tx.StmtContext(ctx, stmt)
}

func (t *txStatements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.here(ctx, query); stmt != nil { //nolint:sqlclosecheck // the transaction closes it
		return stmt.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, query, args...)
}

func (t *txStatements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return t.tx.PrepareContext(ctx, query)
}

func (t *txStatements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.here(ctx, query); stmt != nil { //nolint:sqlclosecheck // the transaction closes it
		return stmt.QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, query, args...)
}

func (t *txStatements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.here(ctx, query); stmt != nil { //nolint:sqlclosecheck // the transaction closes it
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, query, args...)
}

// learnNew makes the statements that the transaction, now over, had to do
// without.
func (t *txStatements) learnNew(ctx context.Context) {
	for _, query := range t.new {
		t.learn(ctx, query)
	}
}
