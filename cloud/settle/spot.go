package settle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Verdicts are what a spot check may say of a stay's pictures: that they fit,
// that they do not, that nobody can tell.
func Verdicts() []string { return []string{"right", "wrong", "unclear"} }

// CheckSpot keeps what p, an administrator, saw when he compared the pictures
// of a stay, with who and when, and writes it to the audit log. A stay may be
// judged again: the last word counts, the log keeps all. It is no fact: the
// books of stays and money do not change by it. Errors: Invalid for no verdict,
// NotFound for no such stay.
func (s *Settler) CheckSpot(ctx context.Context, p auth.Principal, stay uuid.UUID, verdict string) error {
	if !slices.Contains(Verdicts(), verdict) {
		return parking.Errorf(parking.Invalid, "Say whether the pictures fit: right, wrong or unclear.")
	}
	return s.Store.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		rows, err := q.StaysByID(ctx, cloudsql.StaysByIDParams{SiteID: p.Site, Ids: []uuid.UUID{stay}})
		if err != nil {
			return fmt.Errorf("read a stay: %w", err)
		}
		if len(rows) == 0 {
			return parking.Errorf(parking.NotFound, "This site has no such stay.")
		}
		was, err := q.SpotVerdict(ctx, cloudsql.SpotVerdictParams{SiteID: p.Site, StayID: stay})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read a spot check: %w", err)
		}
		entry := auth.Entry{Action: "spot.checked", Subject: stay.String(), After: map[string]any{"verdict": verdict}}
		if was != "" {
			entry.Before = map[string]any{"verdict": was}
		}
		if err := s.Auth.Audit(ctx, q, p, entry); err != nil {
			return err
		}
		err = q.PutSpotVerdict(ctx, cloudsql.PutSpotVerdictParams{
			TenantID: p.Tenant, SiteID: p.Site, StayID: stay, Verdict: verdict, CheckedBy: p.Name, CheckedAt: s.Now().UTC(),
		})
		if err != nil {
			return fmt.Errorf("keep a spot check: %w", err)
		}
		return nil
	})
}
