package auth

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// AuditHead is how many entries the audit log of a site has and the hash of
// the last: what is published, so that a log cut short is noticed.
func (s *Service) AuditHead(ctx context.Context, site uuid.UUID) (wire.AuditHead, error) {
	head, err := s.Store.Q.AuditHead(ctx, site)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return wire.AuditHead{}, fmt.Errorf("read the audit log's head: %w", err)
	}
	return wire.AuditHead{Count: head.N, Hash: hex.EncodeToString(head.Hash)}, nil
}

// VerifyAuditHead walks the log as VerifyAudit does, and looks for the entry
// that a head which was published before names. A log that is cut short or was
// written anew is a Broken error. It returns the head as it is now.
func (s *Service) VerifyAuditHead(ctx context.Context, site uuid.UUID, published *wire.AuditHead) (wire.AuditHead, error) {
	n, hash, err := s.VerifyAudit(ctx, site)
	if err != nil {
		return wire.AuditHead{}, err
	}
	now := wire.AuditHead{Count: n, Hash: hex.EncodeToString(hash)}
	if published == nil || published.Count == 0 {
		return now, nil
	}
	if published.Count > n {
		return now, broken("The audit log is cut short: it has %d entries, the published head names %d.", n, published.Count)
	}
	rows, err := s.Store.Q.AuditAfter(ctx, cloudsql.AuditAfterParams{SiteID: site, After: published.Count - 1, MaxRows: 1})
	if err != nil {
		return now, fmt.Errorf("read the audit log: %w", err)
	}
	want, err := hex.DecodeString(published.Hash)
	if err != nil || len(rows) == 0 || !bytes.Equal(rows[0].Hash, want) {
		return now, broken("Entry %d of the audit log is not the one that the published head names: it was written anew.", published.Count)
	}
	return now, nil
}

// Broken is the code of a log that is not as it was written.
const Broken parking.Code = "broken"

func broken(format string, args ...any) error { return parking.Errorf(Broken, format, args...) }
