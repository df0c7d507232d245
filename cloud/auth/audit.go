package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
)

// Entry is one act of the audit log. Before and After are what was changed;
// they never hold a secret. nil leaves them out.
type Entry struct {
	Action  string // "gate.revoked"
	Subject string // what it was done to
	Before  any
	After   any
}

// Audit appends an entry to the log of p's site, in the transaction of the act
// itself, so that neither stands without the other. Each entry carries the
// hash of the one before; the site's row is locked so that they come in a line.
func (s *Service) Audit(ctx context.Context, q *cloudsql.Queries, p Principal, e Entry) error {
	if _, err := q.LockSiteForAudit(ctx, p.Site); err != nil {
		return fmt.Errorf("lock the audit log: %w", err)
	}
	head, err := q.AuditHead(ctx, p.Site)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the audit log's head: %w", err)
	}
	row := cloudsql.AddAuditParams{
		TenantID: p.Tenant, SiteID: p.Site, N: head.N + 1, At: s.Now().UTC().Truncate(time.Millisecond),
		Actor: p.Name, Action: e.Action, Subject: e.Subject, PrevHash: head.Hash,
	}
	if row.PrevHash == nil {
		row.PrevHash = []byte{}
	}
	if row.Before, err = canonical(e.Before); err != nil {
		return err
	}
	if row.After, err = canonical(e.After); err != nil {
		return err
	}
	hash, err := auditHash(cloudsql.AuditLog(withHash(row, nil)))
	if err != nil {
		return err
	}
	if err := q.AddAudit(ctx, withHash(row, hash)); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

func withHash(row cloudsql.AddAuditParams, hash []byte) cloudsql.AddAuditParams {
	row.Hash = hash
	return row
}

// auditHash covers every column but the hash itself.
func auditHash(row cloudsql.AuditLog) ([]byte, error) {
	before, err := recanonical(row.Before)
	if err != nil {
		return nil, err
	}
	after, err := recanonical(row.After)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal([]any{
		"gatehouse audit 1", row.SiteID, row.N, row.At.UTC().Format(time.RFC3339Nano), row.Actor, row.Action, row.Subject,
		json.RawMessage(before), json.RawMessage(after), row.PrevHash,
	})
	if err != nil {
		return nil, fmt.Errorf("encode an audit entry: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// canonical is v as JSON with sorted keys, nil for nil.
func canonical(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode an audit entry: %w", err)
	}
	return recanonical(b)
}

// recanonical undoes what jsonb does to the layout of a document.
func recanonical(b []byte) ([]byte, error) {
	if b == nil {
		return []byte("null"), nil
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("read an audit entry: %w", err)
	}
	return json.Marshal(v)
}

// VerifyAudit walks the log of a site and returns how many entries it has and
// the hash of the last. A changed, missing or added entry is an error that
// names it.
func (s *Service) VerifyAudit(ctx context.Context, site uuid.UUID) (n int64, head []byte, err error) {
	head = []byte{}
	for {
		rows, err := s.Store.Q.AuditAfter(ctx, cloudsql.AuditAfterParams{SiteID: site, After: n, MaxRows: 500})
		if err != nil {
			return 0, nil, fmt.Errorf("read the audit log: %w", err)
		}
		for _, row := range rows {
			want, err := auditHash(row)
			if err != nil {
				return 0, nil, err
			}
			if row.N != n+1 || !bytes.Equal(row.PrevHash, head) || !bytes.Equal(row.Hash, want) {
				return 0, nil, broken("The audit log is broken at entry %d.", n+1)
			}
			n, head = row.N, row.Hash
		}
		if len(rows) == 0 {
			return n, head, nil
		}
	}
}
