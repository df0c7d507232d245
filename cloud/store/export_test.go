package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
)

// DropMonth drops a partition of the feed in a turn of its own, as upkeep does
// with each of those that it has listed before.
func (s *Store) DropMonth(ctx context.Context, name string) error {
	return s.turn(ctx, func(_ *cloudsql.Queries, tx pgx.Tx) error { return dropEmpty(ctx, tx, name) })
}
