package private

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Administer turns everybody out of a database and runs statements about it
// beside it, as an operator does who backs it up or puts a backup in its place.
// DB in a statement is the database's name.
func Administer(ctx context.Context, databaseURL string, statements ...string) (err error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return fmt.Errorf("read the database's address: %w", err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/template1"
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return fmt.Errorf("reach the database server: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	turnOut := `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'DB' AND pid <> pg_backend_pid()`
	for _, sql := range append([]string{turnOut}, statements...) {
		if _, err := conn.Exec(ctx, strings.ReplaceAll(sql, "DB", name)); err != nil {
			return fmt.Errorf("administer the database %s: %w", name, err)
		}
	}
	return nil
}
