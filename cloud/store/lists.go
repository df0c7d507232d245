package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// settledPass is how long ago a version of a pass must have been replaced for
// gates to do without it: no stay is that long.
const settledPass = 90 * 24 * time.Hour

// ListHead is how far passes, cards and the block list of a site have been
// written.
func ListHead(ctx context.Context, q *cloudsql.Queries, site uuid.UUID) (*wire.ListMark, error) {
	row, err := q.ListHead(ctx, site)
	if errors.Is(err, pgx.ErrNoRows) {
		return new(wire.ListMark), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read how far the lists were written: %w", err)
	}
	return &wire.ListMark{Epoch: parking.Epoch(row.Epoch), Seq: row.Seq}, nil
}

// Lists reads a page of what gates have to know of passes, cards and the block
// list: what was written after a mark, in order.
func (s *Store) Lists(ctx context.Context, site uuid.UUID, after wire.ListMark, now time.Time) (*wire.Lists, error) {
	out := &wire.Lists{Next: after, Versions: []wire.ListVersion{}}
	err := s.ReadTx(ctx, func(q *cloudsql.Queries) error {
		feed, err := q.FeedHead(ctx, site)
		if err != nil {
			return fmt.Errorf("read the feed's head: %w", err)
		}
		out.Incarnation = feed.Incarnation
		head, err := ListHead(ctx, q, site)
		if err != nil {
			return err
		}
		rows, err := q.ListVersions(ctx, cloudsql.ListVersionsParams{
			SiteID: site, Epoch: string(after.Epoch), Seq: after.Seq, Now: now, SettledAt: now.Add(-settledPass), MaxRows: wire.ListPage + 1,
		})
		if err != nil {
			return fmt.Errorf("read the lists: %w", err)
		}
		if out.More = len(rows) > wire.ListPage; out.More {
			rows = rows[:wire.ListPage]
		}
		for _, r := range rows {
			out.Versions = append(out.Versions, wire.ListVersion{
				ListMark: wire.ListMark{Epoch: parking.Epoch(r.Epoch), Seq: r.Seq}, Kind: parking.Kind(r.Kind), At: r.At.UTC(), Body: r.Document,
			})
		}
		switch {
		case out.More:
			out.Next = out.Versions[len(out.Versions)-1].ListMark
		case head.Compare(after) > 0: // what was replaced is passed over
			out.Next = *head
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
