package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Notice is what a bank told of a transfer, and what became of it.
type Notice struct {
	ID          int64
	Provider    string
	Transaction string
	Received    time.Time
	Account     string
	Incoming    bool
	Amount      parking.Money
	Purpose     string
	BankAt      *time.Time
	State       string // as the package bank names it
	Why         string // it is in review
	Stay        uuid.UUID
	DecidedBy   string
	DecidedAt   *time.Time
	Reason      string
	OnlyGate    string // the gate that alone knows of it, "" where the bank told itself
}

// noticesPage is how many notices a page has.
const noticesPage = 50

// Notices reads the notices of a site in a state, the newest first, those
// before one (0: the newest of all). next is where the following page begins, 0
// when there is none.
func (b *Books) Notices(ctx context.Context, site Site, state string, before int64) (out []Notice, next int64, err error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	rows, err := b.q.NoticesOfSite(ctx, cloudsql.NoticesOfSiteParams{SiteID: site.ID, State: state, Before: before, MaxRows: noticesPage + 1})
	if err != nil {
		return nil, 0, fmt.Errorf("read what banks told: %w", err)
	}
	if len(rows) > noticesPage {
		rows = rows[:noticesPage]
		next = rows[noticesPage-1].ID
	}
	for _, r := range rows {
		n := Notice{
			ID: r.ID, Provider: r.Provider, Transaction: r.Transaction, Received: r.ReceivedAt, Account: r.Account, Incoming: r.Incoming,
			Amount: parking.Money(r.Amount), Purpose: r.Purpose, BankAt: r.BankAt, State: r.State, Why: r.Why, DecidedAt: r.DecidedAt,
		}
		if r.StayID != nil {
			n.Stay = *r.StayID
		}
		if r.DecidedBy != nil {
			n.DecidedBy = *r.DecidedBy
		}
		if !r.Told && r.CarriedBy != nil {
			n.OnlyGate = *r.CarriedBy
		}
		if r.Reason != nil {
			n.Reason = *r.Reason
		}
		out = append(out, n)
	}
	return out, next, nil
}
