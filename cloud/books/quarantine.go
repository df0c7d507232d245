package books

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
)

// QuarantinePage is how many items a page of the list has.
const QuarantinePage = 20

// Quarantined is an item that could not be read or applied. It was counted as
// received and is kept as it came.
type Quarantined struct {
	Gate     string
	Epoch    string
	Seq      int64
	SHA256   string // hex, of Raw
	Raw      []byte
	Reason   string
	Received time.Time
}

// QuarantineCursor is a place in the list.
type QuarantineCursor struct {
	At    time.Time
	Gate  string
	Epoch string
	Seq   int64
}

// Quarantine reads a page of what lies in quarantine, newest first, and where
// the next page begins, nil at the end.
func (b *Books) Quarantine(ctx context.Context, site uuid.UUID, older *QuarantineCursor) ([]Quarantined, *QuarantineCursor, error) {
	a := cloudsql.BookQuarantineParams{Site: site, Most: QuarantinePage + 1}
	if older != nil {
		a.CursorAt, a.CursorGate, a.CursorEpoch, a.CursorSeq = &older.At, older.Gate, older.Epoch, older.Seq
	}
	rows, err := b.q.BookQuarantine(ctx, a)
	if err != nil {
		return nil, nil, fmt.Errorf("read quarantine: %w", err)
	}
	var out []Quarantined
	for i, r := range rows {
		if i == QuarantinePage {
			last := out[i-1]
			return out, &QuarantineCursor{At: last.Received, Gate: last.Gate, Epoch: last.Epoch, Seq: last.Seq}, nil
		}
		out = append(out, Quarantined{
			Gate: r.Gate, Epoch: r.Epoch, Seq: r.Seq, SHA256: hex.EncodeToString(r.Sha256), Raw: r.Raw, Reason: r.Reason, Received: r.ReceivedAt,
		})
	}
	return out, nil, nil
}

// QuarantineCount is how many items lie in quarantine.
func (b *Books) QuarantineCount(ctx context.Context, site uuid.UUID) (int, error) {
	n, err := b.q.BookQuarantineCount(ctx, site)
	if err != nil {
		return 0, fmt.Errorf("count quarantine: %w", err)
	}
	return int(n), nil
}
