package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// How long tokens live.
const (
	PersonTokenLife = 12 * time.Hour // of a session or a program's token, whatever happens
	SessionIdle     = 2 * time.Hour  // a session ends when nothing was asked for so long
	GateTokenLife   = 12 * time.Hour // a gate signs a new challenge before
)

// seenEvery is how exactly the time of last use is kept.
const seenEvery = time.Minute

// issue makes a token for p and stores its hash.
func (s *Service) issue(ctx context.Context, q *cloudsql.Queries, p *Principal, kind string, life time.Duration) (string, error) {
	token, now := secret(), s.Now().UTC()
	p.token, p.Expires = hashOf(token), now.Add(life)
	row := cloudsql.AddTokenParams{
		TenantID: p.Tenant, Hash: p.token[:], Kind: kind, SiteID: p.Site, Now: now, ExpiresAt: p.Expires,
	}
	if p.Kind == KindGate {
		row.Gate = &p.Gate
	} else {
		row.UserID = &p.User
	}
	if err := q.AddToken(ctx, row); err != nil {
		return "", fmt.Errorf("keep a token: %w", err)
	}
	return token, nil
}

// Check returns whose token this is. An unknown, expired or revoked token is
// an Unauthorized error with a sentence.
func (s *Service) Check(ctx context.Context, token string) (Principal, error) {
	if token == "" {
		return Principal{}, parking.Errorf(parking.Unauthorized, "Sign in first: this request carries no token.")
	}
	hash := hashOf(token)
	row, err := s.Store.Q.TokenOwner(ctx, hash[:])
	if errors.Is(err, pgx.ErrNoRows) {
		return Principal{}, parking.Errorf(parking.Unauthorized, "This token is not known here. Sign in again.")
	}
	if err != nil {
		return Principal{}, fmt.Errorf("look up a token: %w", err)
	}
	now := s.Now().UTC()
	if err := stillGood(&row, now); err != nil {
		return Principal{}, err
	}
	if now.Sub(row.SeenAt) > seenEvery {
		if err := s.Store.Q.SawToken(ctx, cloudsql.SawTokenParams{Hash: hash[:], Now: now}); err != nil {
			return Principal{}, fmt.Errorf("keep a token's last use: %w", err)
		}
	}
	return principalOf(&row, hash), nil
}

func stillGood(row *cloudsql.TokenOwnerRow, now time.Time) error {
	switch {
	case row.RevokedAt != nil:
		return parking.Errorf(parking.Unauthorized, "This token was revoked. Sign in again.")
	case !now.Before(row.ExpiresAt):
		return parking.Errorf(parking.Unauthorized, "This token has expired. Sign in again.")
	case row.Kind == SessionToken && now.Sub(row.SeenAt) > SessionIdle:
		return parking.Errorf(parking.Unauthorized, "You were signed out because nothing happened for a while. Sign in again.")
	case row.GateRevokedAt != nil:
		return parking.Errorf(parking.Unauthorized, "Gate %s was revoked. An administrator must enrol it again.", *row.Gate)
	case row.Kind != gateToken && (row.DisabledAt != nil || row.Role == ""):
		return parking.Errorf(parking.Unauthorized, "This account has no right to this site any more.")
	}
	return nil
}

func principalOf(row *cloudsql.TokenOwnerRow, hash [32]byte) Principal {
	p := Principal{
		Kind: KindUser, Tenant: row.TenantID, Site: row.SiteID, SiteCode: row.SiteCode, Name: row.Name,
		Display: row.Display, Role: row.Role, Language: row.Language, Expires: row.ExpiresAt, token: hash,
	}
	if row.UserID != nil {
		p.User = *row.UserID
	}
	if row.Gate != nil {
		p.Kind, p.Role, p.Gate, p.Name = KindGate, RoleGate, *row.Gate, *row.Gate
	}
	return p
}

// Revoke ends a token. Revoking one that is unknown or ended is no error.
func (s *Service) Revoke(ctx context.Context, token string) error {
	hash := hashOf(token)
	return s.revokeHash(ctx, hash)
}

// SignOut ends the token that p called with.
func (s *Service) SignOut(ctx context.Context, p Principal) error { return s.revokeHash(ctx, p.token) }

func (s *Service) revokeHash(ctx context.Context, hash [32]byte) error {
	if _, err := s.Store.Q.RevokeToken(ctx, cloudsql.RevokeTokenParams{Hash: hash[:], Now: s.Now().UTC()}); err != nil {
		return fmt.Errorf("revoke a token: %w", err)
	}
	return nil
}
