package auth

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// NewPerson is somebody to be added to a site.
type NewPerson struct {
	Name     string // sign-in name: small letters, digits, . _ -
	Display  string
	Role     string // RoleAdmin or RoleGuard
	Language string // "vi" or "en"
	Password string
}

var nameForm = regexp.MustCompile(`^[a-z0-9._-]{1,32}$`)

func (n *NewPerson) check() error {
	switch {
	case !nameForm.MatchString(n.Name):
		return parking.Errorf(parking.Invalid, "A sign-in name has 1 to 32 small letters, digits, dots, dashes and underscores.")
	case n.Role != RoleAdmin && n.Role != RoleGuard:
		return parking.Errorf(parking.Invalid, "The role is admin or guard, not %q.", n.Role)
	case n.Language != "vi" && n.Language != "en":
		return parking.Errorf(parking.Invalid, "The language is vi or en, not %q.", n.Language)
	case n.Display == "" || len(n.Display) > 100:
		return parking.Errorf(parking.Invalid, "Give a name to show, of at most 100 characters.")
	}
	return CheckNewPassword(n.Password)
}

// AddPerson adds somebody to the site of the actor.
func (s *Service) AddPerson(ctx context.Context, actor Principal, n NewPerson) error {
	if err := n.check(); err != nil {
		return err
	}
	hash, err := s.HashPassword(ctx, n.Password)
	if err != nil {
		return err
	}
	return s.Store.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		id := uuid.New()
		err := q.AddUser(ctx, cloudsql.AddUserParams{
			TenantID: actor.Tenant, ID: id, Name: n.Name, Display: n.Display, PasswordHash: hash,
			Language: n.Language, CreatedAt: s.Now().UTC(),
		})
		if taken(err) {
			return parking.Errorf(parking.Conflict, "The name %q is taken.", n.Name)
		}
		if err != nil {
			return fmt.Errorf("add a person: %w", err)
		}
		if err := q.SetRole(ctx, cloudsql.SetRoleParams{TenantID: actor.Tenant, SiteID: actor.Site, UserID: id, Role: n.Role}); err != nil {
			return fmt.Errorf("give a role: %w", err)
		}
		return s.Audit(ctx, q, actor, Entry{
			Action: "user.added", Subject: n.Name,
			After: map[string]any{"display": n.Display, "role": n.Role, "language": n.Language},
		})
	})
}

func taken(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" // unique_violation
}

// SetPassword gives somebody of the actor's site a new password and ends all
// of their tokens.
func (s *Service) SetPassword(ctx context.Context, actor Principal, name, password string) error {
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.Store.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		user, err := q.UserAtSite(ctx, cloudsql.UserAtSiteParams{Name: name, SiteCode: actor.SiteCode})
		if errors.Is(err, pgx.ErrNoRows) {
			return parking.Errorf(parking.NotFound, "This site has no user %q.", name)
		}
		if err != nil {
			return fmt.Errorf("look up a person: %w", err)
		}
		if _, err := q.SetPassword(ctx, cloudsql.SetPasswordParams{ID: user.ID, PasswordHash: hash}); err != nil {
			return fmt.Errorf("set a password: %w", err)
		}
		if err := q.RevokeUserTokens(ctx, cloudsql.RevokeUserTokensParams{UserID: user.ID, Now: s.Now().UTC()}); err != nil {
			return fmt.Errorf("end somebody's tokens: %w", err)
		}
		return s.Audit(ctx, q, actor, Entry{Action: "user.password", Subject: name})
	})
}

// People lists who may sign in at a site.
func (s *Service) People(ctx context.Context, site uuid.UUID) ([]cloudsql.UsersAtSiteRow, error) {
	rows, err := s.Store.Q.UsersAtSite(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("list the people: %w", err)
	}
	return rows, nil
}

// Operator is who acts on a site from the command line, where the right to
// the database is the right to act.
func (s *Service) Operator(ctx context.Context, siteCode string) (Principal, error) {
	row, err := s.Store.Q.SiteByCode(ctx, siteCode)
	if errors.Is(err, pgx.ErrNoRows) {
		return Principal{}, parking.Errorf(parking.NotFound, "There is no site %q.", siteCode)
	}
	if err != nil {
		return Principal{}, fmt.Errorf("read the site: %w", err)
	}
	return Principal{
		Kind: KindUser, Tenant: row.TenantID, Site: row.ID, SiteCode: row.Code, Name: "operator", Role: RoleAdmin, Language: row.Language,
	}, nil
}
