package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// SetRole changes what somebody may do at the site of the actor; role "" ends
// it. The change is a fact (right) of the same transaction: what the person
// does afterwards at a gate that is cut off and knows nothing of it stands,
// and is flagged. All of the person's tokens end. Setting the role that
// somebody has changes nothing.
//
// Who is new needs no such fact: as long as no right is told of, none has
// ended, and nothing is judged.
func (s *Service) SetRole(ctx context.Context, actor Principal, name, role string) error {
	if role != RoleAdmin && role != RoleGuard && role != "" {
		return parking.Errorf(parking.Invalid, "The role is admin or guard, not %q.", role)
	}
	now := s.Now()
	in := ingest.Ingester{Store: s.Store, Log: s.Log}
	_, err := in.Write(ctx, actor.Site, actor.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		person, err := t.Q.PersonOfTenant(ctx, cloudsql.PersonOfTenantParams{TenantID: actor.Tenant, SiteID: actor.Site, Name: name})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, parking.Errorf(parking.NotFound, "There is no user %q.", name)
		}
		if err != nil {
			return nil, fmt.Errorf("look up a person: %w", err)
		}
		if person.Role == role {
			return nil, nil
		}
		if person.Role == RoleAdmin {
			if err := mustLeaveAnAdmin(ctx, t.Q, actor.Site, person.ID, name); err != nil {
				return nil, err
			}
		}
		if err := s.changeRole(ctx, t.Q, actor, person.ID, role); err != nil {
			return nil, err
		}
		err = s.Audit(ctx, t.Q, actor, Entry{
			Action: "user.role", Subject: name, Before: map[string]any{"role": person.Role}, After: map[string]any{"role": role},
		})
		if err != nil {
			return nil, err
		}
		return []ingest.Act{{Kind: parking.KindRight, Body: parking.RightVersion{
			Name: name, Role: role, From: parking.BusinessTime(now),
		}}}, nil
	})
	return err
}

// mustLeaveAnAdmin refuses to take the role from a site's last administrator:
// nobody could give it back on a page.
func mustLeaveAnAdmin(ctx context.Context, q *cloudsql.Queries, site, user uuid.UUID, name string) error {
	others, err := q.OtherAdmins(ctx, cloudsql.OtherAdminsParams{SiteID: site, UserID: user})
	if err != nil {
		return fmt.Errorf("count the administrators: %w", err)
	}
	if others == 0 {
		return parking.Errorf(parking.Conflict, "%s is the last administrator of this site. Make somebody else one first.", name)
	}
	return nil
}

func (s *Service) changeRole(ctx context.Context, q *cloudsql.Queries, actor Principal, user uuid.UUID, role string) error {
	var err error
	if role == "" {
		err = q.DropRole(ctx, cloudsql.DropRoleParams{SiteID: actor.Site, UserID: user})
	} else {
		err = q.SetRole(ctx, cloudsql.SetRoleParams{TenantID: actor.Tenant, SiteID: actor.Site, UserID: user, Role: role})
	}
	if err != nil {
		return fmt.Errorf("change a role: %w", err)
	}
	if err := q.RevokeUserTokens(ctx, cloudsql.RevokeUserTokensParams{UserID: user, Now: s.Now().UTC()}); err != nil {
		return fmt.Errorf("end somebody's tokens: %w", err)
	}
	return nil
}
