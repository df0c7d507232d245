package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"gatehouse/cloud/store/cloudsql"
)

// limits bound what one session may wait for, in milliseconds, unless the
// database's address sets them itself. A transaction that is stuck, whoever's
// it is, must never stop a site's facts for ever: who waits for its lock is
// told to come again, and a session that sits idle within a transaction is
// ended by the server.
var limits = []struct{ name, value string }{
	{"lock_timeout", "5000"},
	{"statement_timeout", "60000"},
	{"idle_in_transaction_session_timeout", "30000"},
}

// greet is run on every new connection before anybody uses it: it sets the
// limits and looks whether the database is still the one it was. A restore or a
// promotion beneath a running replica ends its connections, so the first new
// one notices, before any transaction.
func greet(ctx context.Context, conn *pgx.Conn) error {
	pgxuuid.Register(conn.TypeMap()) // else each goes over the line, and comes, as text
	set := "SELECT 1"
	for _, l := range limits {
		if conn.Config().RuntimeParams[l.name] == "" {
			set += fmt.Sprintf(", set_config('%s', '%s', false)", l.name, l.value)
		}
	}
	if _, err := conn.Exec(ctx, set, pgx.QueryExecModeExec); err != nil {
		return fmt.Errorf("bound what a session may wait for: %w", err)
	}
	err := settleGround(ctx, conn)
	if missing(err) {
		return nil // not migrated: whatever is asked of it will say so
	}
	return err
}

// ground asks for the incarnation, the ground on which it was given, and that on
// which the database stands: its cluster, its timeline (a new one after a
// promotion or a recovery to a point in time) and its place in the cluster (a
// new one after a dump was loaded or a database was copied). "" on a standby,
// where nothing can be written.
const ground = `SELECT id, ground, CASE WHEN pg_is_in_recovery() THEN '' ELSE
	(SELECT system_identifier FROM pg_control_system())::text || '/' ||
	substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' ||
	(SELECT oid FROM pg_database WHERE datname = current_database())::text END FROM incarnation`

// settleGround gives the database a new incarnation if it stands on other
// ground than when it was given its own.
func settleGround(ctx context.Context, conn *pgx.Conn) error {
	var id uuid.UUID
	var was, now string
	err := conn.QueryRow(ctx, ground, pgx.QueryExecModeExec).Scan(&id, &was, &now)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // Migrate gives the first
		return nil
	case err != nil:
		return fmt.Errorf("see where the database stands: %w", err)
	case now == "" || now == was:
		return nil
	}
	q := cloudsql.New(conn)
	if was == "" {
		err = q.SetGround(ctx, cloudsql.SetGroundParams{ID: id, Ground: now})
	} else {
		_, err = q.RenewIncarnation(ctx, cloudsql.RenewIncarnationParams{ID: uuid.New(), Ground: now, CreatedAt: time.Now().UTC(), Was: id})
	}
	if err != nil {
		return fmt.Errorf("give the database an incarnation of its own: %w", err)
	}
	return nil
}

// missing says whether the schema is not there, or is older than this program.
func missing(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "42703")
}

// RenewIncarnation gives the database a new incarnation if it still has was,
// and returns the one that it has then: gates take a snapshot and send again
// what it does not hold. For an operator after a restore that cannot be seen
// from inside (a copied disk), and for a replica that saw the feed go back.
func (s *Store) RenewIncarnation(ctx context.Context, was uuid.UUID) (uuid.UUID, error) {
	row, err := s.Q.IncarnationGround(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("read the incarnation: %w", err)
	}
	_, err = s.Q.RenewIncarnation(ctx, cloudsql.RenewIncarnationParams{
		ID: uuid.New(), Ground: row.Ground, CreatedAt: time.Now().UTC(), Was: was,
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("give the database a new incarnation: %w", err)
	}
	id, err := s.Q.Incarnation(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("read the incarnation: %w", err)
	}
	return id, nil
}
