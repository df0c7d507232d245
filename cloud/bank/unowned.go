package bank

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Unowned is a notice that belongs to no site: of an account that none has, or
// one that cannot be read. The operator of the server gives it to a site, whose
// administrator then decides, or sets it aside.
type Unowned struct {
	ID          int64         `json:"id"`
	Provider    string        `json:"provider"`
	Transaction string        `json:"transaction"`
	Received    time.Time     `json:"received_at"`
	BankAt      *time.Time    `json:"bank_at,omitempty"`
	Account     string        `json:"account"`
	Incoming    bool          `json:"incoming"`
	Amount      parking.Money `json:"amount"`
	Text        string        `json:"text"`
	Why         string        `json:"why"`
	Raw         []byte        `json:"raw"` // as it came
}

// Bounds of a list.
const pageOfUnowned = 100

// ListUnowned lists them, newest first, before an id (0: from the newest). next
// is where to go on, 0 at the end.
func ListUnowned(ctx context.Context, s *store.Store, before int64) (out []Unowned, next int64, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := s.Q.UnownedNotices(ctx, cloudsql.UnownedNoticesParams{Before: before, MaxRows: pageOfUnowned})
	if err != nil {
		return nil, 0, fmt.Errorf("read notices of no site: %w", err)
	}
	for _, r := range rows {
		out = append(out, Unowned{
			ID: r.ID, Provider: r.Provider, Transaction: r.Transaction, Received: r.ReceivedAt, BankAt: r.BankAt,
			Account: r.Account, Incoming: r.Incoming, Amount: parking.Money(r.Amount), Text: r.Purpose, Why: r.Why, Raw: r.Raw,
		})
	}
	if len(rows) == pageOfUnowned {
		next = rows[len(rows)-1].ID
	}
	return out, next, nil
}

// errNotUnowned says that there is nothing to decide.
func errNotUnowned(id int64) error {
	return parking.Errorf(parking.NotFound, "No notice %d waits for a site. Nothing was changed.", id)
}

// Assign gives a notice to the site of p, where it is judged as if it had come
// there. It is in the site's audit log.
func Assign(ctx context.Context, s *store.Store, a *auth.Service, p auth.Principal, id int64) error {
	return s.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		n, err := q.AssignNotice(ctx, cloudsql.AssignNoticeParams{ID: id, TenantID: p.Tenant, SiteID: p.Site})
		if err != nil {
			return fmt.Errorf("give a notice to a site: %w", err)
		}
		if n == 0 {
			return errNotUnowned(id)
		}
		return a.Audit(ctx, q, p, auth.Entry{Action: "bank.assigned", Subject: strconv.FormatInt(id, 10)})
	})
}

// SetUnownedAside closes a notice that is about no site of this server.
func SetUnownedAside(ctx context.Context, s *store.Store, id int64, by, reason string, now time.Time) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxReason {
		return parking.Errorf(parking.Invalid, "Give a reason, in a sentence.")
	}
	n, err := s.Q.SetUnownedAside(ctx, cloudsql.SetUnownedAsideParams{ID: id, DecidedBy: by, DecidedAt: now.UTC(), Reason: reason})
	if err != nil {
		return fmt.Errorf("set a notice aside: %w", err)
	}
	if n == 0 {
		return errNotUnowned(id)
	}
	return nil
}
