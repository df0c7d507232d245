// Package books holds the read models behind the admin site: occupancy, gates,
// stays, and money. It reads Postgres and returns plain structs; it changes
// nothing and reads no clock (the caller says what "now" is).
//
// Every total of money counts the payments with status paid on the local date
// of their paid_at in the site's time zone, so that a figure is always the sum
// of the payments, and so of the stays, behind it.
package books

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Books reads what the cloud knows of its sites.
type Books struct {
	q *cloudsql.Queries
}

// New makes Books that read through q.
func New(q *cloudsql.Queries) *Books { return &Books{q: q} }

// Site is the frame in which a site's figures are read.
type Site struct {
	ID       uuid.UUID
	Tenant   uuid.UUID
	Code     string
	Name     string
	Currency string
	Language string // "vi" or "en"
	Zone     *time.Location

	BankBIN, BankAccount string // "" while it has none
}

// Site reads a site. A site that does not exist is a NotFound error.
func (b *Books) Site(ctx context.Context, id uuid.UUID) (Site, error) {
	row, err := b.q.BookSite(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Site{}, parking.Errorf(parking.NotFound, "There is no such site.")
	}
	if err != nil {
		return Site{}, fmt.Errorf("read site %s: %w", id, err)
	}
	zone, err := time.LoadLocation(row.Timezone)
	if err != nil {
		return Site{}, fmt.Errorf("time zone of site %s: %w", row.Code, err)
	}
	return Site{
		ID: row.ID, Tenant: row.TenantID, Code: row.Code, Name: row.Name,
		Currency: row.Currency, Language: row.Language, Zone: zone,
		BankBIN: row.BankBin, BankAccount: row.BankAccount,
	}, nil
}

// People are the display names of a site's people by user name.
type People map[string]string

// Name is how a person is called, or the user name where that is not known.
func (p People) Name(user string) string {
	if display := p[user]; display != "" {
		return display
	}
	return user
}

// People reads how the people of a site are called.
func (b *Books) People(ctx context.Context, site uuid.UUID) (People, error) {
	rows, err := b.q.BookPeople(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	people := make(People, len(rows))
	for _, r := range rows {
		people[r.Name] = r.Display
	}
	return people, nil
}
