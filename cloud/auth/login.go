package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Attempts before a name, or an address, has to wait. They slow down and never
// lock anybody out for good.
const (
	freeAttemptsName    = 5
	freeAttemptsAddress = 30
)

// GuardValidFor is how long a gate may let a guard in by its own verifier.
const GuardValidFor = 14 * 24 * time.Hour

// Login signs a person in at a site and gives a token of the kind
// SessionToken or APIToken. A wrong site, name or password is one and the same
// Unauthorized error; too many of them are TooMany.
func (s *Service) Login(ctx context.Context, siteCode, name, password, kind string) (token string, p Principal, expires time.Time, err error) {
	keys := []attempt{{"name:" + siteCode + ":" + plainName(name), freeAttemptsName}}
	if ip := clientIP(ctx); ip != "" {
		keys = append(keys, attempt{"address:" + ip, freeAttemptsAddress})
	}
	p, err = s.person(ctx, keys, siteCode, name, password)
	if err != nil {
		return "", Principal{}, time.Time{}, err
	}
	token, err = s.issue(ctx, s.Store.Q, &p, kind, PersonTokenLife)
	if err != nil {
		return "", Principal{}, time.Time{}, err
	}
	return token, p, p.Expires, nil
}

// SignIn checks a guard for a gate, which may then let them in by itself for
// a while. No token is made: at the gate, the gate answers for its people. It
// is counted for each gate apart from the public sign-in, so that nobody outside
// can make a guard wait.
func (s *Service) SignIn(ctx context.Context, gate Principal, name, password string) (wire.SignInAnswer, error) {
	at := "gate:" + gate.Site.String() + ":" + gate.Gate
	keys := []attempt{{at + ":name:" + plainName(name), freeAttemptsName}, {at, freeAttemptsAddress}}
	p, err := s.person(ctx, keys, gate.SiteCode, name, password)
	if err != nil {
		return wire.SignInAnswer{}, err
	}
	return wire.SignInAnswer{
		Name: p.Name, Display: p.Display, Role: p.Role, Language: p.Language,
		ValidMS: GuardValidFor.Milliseconds(),
	}, nil
}

// plainName is a sign-in name as it is kept.
func plainName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// person checks name and password within the limits of keys, of which the
// first, the name's, is forgotten when they are right.
func (s *Service) person(ctx context.Context, keys []attempt, siteCode, name, password string) (Principal, error) {
	name = plainName(name)
	if name == "" || password == "" || len(name) > 64 || len(siteCode) > 64 {
		return Principal{}, parking.Errorf(parking.Invalid, "Give the site, the name and the password.")
	}
	if err := s.mayTry(ctx, keys); err != nil {
		return Principal{}, err
	}
	user, err := s.known(ctx, siteCode, name)
	if err != nil {
		return Principal{}, err
	}
	if err := s.try(ctx, keys, &user, password); err != nil {
		return Principal{}, err
	}
	return Principal{
		Kind: KindUser, Tenant: user.TenantID, Site: user.SiteID, SiteCode: user.SiteCode, User: user.ID,
		Name: user.Name, Display: user.Display, Role: user.Role, Language: user.Language,
	}, nil
}

// mayTry is a TooMany error for whoever has to wait.
func (s *Service) mayTry(ctx context.Context, keys []attempt) error {
	if wait := s.limit.wait(ctx, keys); wait > 0 {
		return parking.Errorf(TooMany, "Too many attempts. Try again in %d seconds.", int(wait.Seconds())+1)
	}
	return nil
}

// try compares the password and counts the outcome. Its turn is held
// throughout, and the limit is asked again within it: of a hundred guesses sent
// at once only as many are compared as turns there are beyond the free ones.
func (s *Service) try(ctx context.Context, keys []attempt, user *cloudsql.UserAtSiteRow, password string) error {
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := s.mayTry(ctx, keys); err != nil {
		return err
	}
	ok, err := matches(user.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok || user.DisabledAt != nil {
		s.limit.failed(ctx, keys)
		return parking.Errorf(parking.Unauthorized, "The name or the password is not right.")
	}
	s.limit.succeeded(ctx, keys[:1])
	return nil
}

// known looks a person up; the zero row is nobody. What cannot be a name, or a
// site's code, is nobody's without asking: the database refuses some texts.
func (s *Service) known(ctx context.Context, siteCode, name string) (cloudsql.UserAtSiteRow, error) {
	aCode := parking.ValidCode("site", siteCode) == nil
	if !aCode || !nameForm.MatchString(name) {
		return cloudsql.UserAtSiteRow{}, nil
	}
	user, err := s.Store.Q.UserAtSite(ctx, cloudsql.UserAtSiteParams{Name: name, SiteCode: siteCode})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return cloudsql.UserAtSiteRow{}, fmt.Errorf("look up a person: %w", err)
	}
	return user, nil
}
