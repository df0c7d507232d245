package bank

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// States of a notice, and why one is in review: as in the database.
const (
	StateNew      = "new"
	StateReview   = "review"
	StateSettled  = "settled"
	StateSetAside = "set_aside"

	UnknownReference = "unknown_reference"
	TooLittle        = "too_little"
	TooMuch          = "too_much"
	AfterExit        = "after_exit"
	ReferenceTwice   = "reference_twice"
	WrongAccount     = "wrong_account"
	Outgoing         = "outgoing"
	Unreadable       = "unreadable"
)

// MaxBody bounds a notice in bytes.
const MaxBody = 64 << 10

// lookEvery is the time between two looks at what waits, for what another
// replica took and for requests that come after their money.
const lookEvery = 5 * time.Second

// maxPurpose bounds what is kept of a purpose beside the raw body, in bytes.
const maxPurpose = 1000

// Config is what a Bank needs.
type Config struct {
	Store   *store.Store
	Ingest  *ingest.Ingester
	Auth    *auth.Service
	Secrets Secrets
	Now     func() time.Time
	Log     *slog.Logger
	Pace    int // of the looks at what waits, for simulations of days; 0 for every five seconds
}

// Bank takes and settles notices. It is safe for concurrent use.
type Bank struct {
	cfg  Config
	wake chan struct{}
}

// New makes a Bank; Run settles.
func New(cfg Config) *Bank { return &Bank{cfg: cfg, wake: make(chan struct{}, 1)} }

// Take verifies a provider's notice over its raw body and keeps it. Errors:
// NotFound for a provider that is not used, Unauthorized for a proof that is
// not one. The same notice again is no error and changes nothing.
func (b *Bank) Take(ctx context.Context, name string, h http.Header, body []byte) error {
	p, ok := providers[name]
	if !ok {
		return parking.Errorf(parking.NotFound, "There is no provider %q; there are sepay, casso and payos.", name)
	}
	now := b.cfg.Now().UTC()
	if err := p.verify(b.cfg.Secrets, h, body, now); err != nil {
		return err
	}
	n, err := p.read(body)
	row := cloudsql.KeepNoticeParams{Provider: name, Raw: body, ReceivedAt: now, State: StateNew, Refs: []string{}}
	if err != nil || len(n.transaction) > 200 {
		b.cfg.Log.Warn("a verified notice of a bank cannot be read; it is kept for review", "provider", name, "err", err)
		n, row.State, row.Why = unread(body), StateReview, Unreadable
	}
	row.Transaction, row.Account, row.Incoming, row.Amount = n.transaction, clean(n.account, 100), n.incoming, int64(n.amount)
	row.Purpose = clean(n.purpose, maxPurpose)
	if !n.at.IsZero() {
		row.BankAt = &n.at
	}
	if refs := parking.FindReference(n.purpose); refs != nil {
		row.Refs = refs
	}
	if err := b.place(ctx, &row); err != nil {
		return err
	}
	kept, err := b.cfg.Store.Q.KeepNotice(ctx, row)
	if err != nil {
		return fmt.Errorf("keep a bank's notice: %w", err)
	}
	if kept > 0 {
		select {
		case b.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// clean is text that a column can hold.
func clean(text string, limit int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}

// place finds whose account it is. Where sites share one, the site that has
// asked for a reference of the notice is meant, else the first.
func (b *Bank) place(ctx context.Context, n *cloudsql.KeepNoticeParams) error {
	if n.State != StateNew {
		return nil
	}
	sites, err := b.cfg.Store.Q.SitesOfAccount(ctx, n.Account)
	if err != nil {
		return fmt.Errorf("look for an account: %w", err)
	}
	if len(sites) == 0 {
		n.State, n.Why = StateReview, WrongAccount
		return nil
	}
	site := sites[0]
	if len(sites) > 1 {
		ids := make([]uuid.UUID, len(sites))
		for i, s := range sites {
			ids[i] = s.ID
		}
		asked, err := b.cfg.Store.Q.SitesOfReferences(ctx, cloudsql.SitesOfReferencesParams{Sites: ids, Refs: n.Refs})
		if err != nil {
			return fmt.Errorf("look for a reference: %w", err)
		}
		if len(asked) > 0 {
			site = sites[slices.Index(ids, asked[0])]
		}
	}
	n.SiteID, n.TenantID = &site.ID, &site.TenantID
	if !n.Incoming {
		n.State, n.Why = StateReview, Outgoing
	}
	return nil
}

// Run settles what comes, until ctx ends.
func (b *Bank) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery * time.Duration(max(1, b.cfg.Pace)))
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := b.Settle(ctx); err != nil && ctx.Err() == nil {
			b.cfg.Log.Warn("notices of banks cannot be settled now; they wait", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-b.wake:
		case <-tick.C:
		}
	}
}

// Settle looks once at what waits. One that fails does not stop the others.
func (b *Bank) Settle(ctx context.Context) error {
	rows, err := b.cfg.Store.Q.NoticesToSettle(ctx)
	if err != nil {
		return fmt.Errorf("read what banks told: %w", err)
	}
	var errs []error
	for _, row := range rows {
		if err := b.settle(ctx, row.SiteID, row.ID); err != nil {
			errs = append(errs, fmt.Errorf("notice %d: %w", row.ID, err))
		}
	}
	return errors.Join(errs...)
}
