package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// How long a gate has for what it was given.
const (
	GateCodeLife  = time.Hour
	ChallengeLife = time.Minute
)

// codeLetters leaves out what is mistaken for something else when read aloud.
const codeLetters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

// newCode makes twelve random letters, "K7QX-M2PD-9RTC": 59 bits, for an hour.
func newCode() string {
	var b strings.Builder
	for i := 0; i < 12; {
		var r [1]byte
		_, _ = rand.Read(r[:])
		if int(r[0]) >= 256/len(codeLetters)*len(codeLetters) {
			continue // keeps all letters equally likely
		}
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetters[int(r[0])%len(codeLetters)])
		i++
	}
	return b.String()
}

// foldCode takes a code as people type it.
func foldCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(code))
}

// NewGateCode makes a one-time code with which the gate can be enrolled (again)
// within an hour. A code made before is void. p is an admin of the site.
func (s *Service) NewGateCode(ctx context.Context, p Principal, gate string) (code string, until time.Time, err error) {
	code, until = newCode(), s.Now().UTC().Add(GateCodeLife)
	hash := hashOf(foldCode(code))
	err = s.Store.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		n, err := q.SetGateCode(ctx, cloudsql.SetGateCodeParams{SiteID: p.Site, Code: gate, CodeHash: hash[:], CodeUntil: &until})
		if err != nil {
			return fmt.Errorf("keep an enrolment code: %w", err)
		}
		if n == 0 {
			return noGate(gate)
		}
		return s.Audit(ctx, q, p, Entry{Action: "gate.code", Subject: gate, After: map[string]any{"until": until}})
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return code, until, nil
}

func noGate(gate string) error {
	return parking.Errorf(parking.NotFound, "This site has no gate %q.", gate)
}

// Enrol uses up a one-time code: the gate's key is known from now on.
func (s *Service) Enrol(ctx context.Context, req wire.EnrolRequest) (wire.EnrolAnswer, error) {
	if len(req.PublicKey) != ed25519.PublicKeySize {
		return wire.EnrolAnswer{}, parking.Errorf(parking.Invalid, "The gate's key must be an Ed25519 key of %d bytes.", ed25519.PublicKeySize)
	}
	if len(req.Machine) > 200 || len(req.Version) > 100 {
		return wire.EnrolAnswer{}, parking.Errorf(parking.Invalid, "The names of the machine and the version are too long.")
	}
	var keys []attempt
	if ip := clientIP(ctx); ip != "" {
		keys = append(keys, attempt{"enrol:" + ip, freeAttemptsAddress})
	}
	if wait := s.limit.wait(ctx, keys); wait > 0 {
		return wire.EnrolAnswer{}, parking.Errorf(TooMany, "Too many attempts. Try again in %d seconds.", int(wait.Seconds())+1)
	}
	answer, err := s.enrol(ctx, req)
	if parking.ErrorCode(err) == parking.Unauthorized {
		s.limit.failed(ctx, keys)
	}
	return answer, err
}

// errCode is what a code is answered with that enrols nobody.
var errCode = parking.Errorf(parking.Unauthorized, "This code is not valid (any more). Ask an administrator for a new one.")

func (s *Service) enrol(ctx context.Context, req wire.EnrolRequest) (wire.EnrolAnswer, error) {
	hash, now := hashOf(foldCode(req.Code)), s.Now().UTC()
	var answer wire.EnrolAnswer
	site, err := s.Store.Q.SiteOfGateCode(ctx, cloudsql.SiteOfGateCodeParams{CodeHash: hash[:], Now: now})
	if errors.Is(err, pgx.ErrNoRows) {
		return answer, errCode
	}
	if err != nil {
		return answer, fmt.Errorf("look up an enrolment code: %w", err)
	}
	err = s.Store.SiteTx(ctx, site, func(t *store.SiteTx) error {
		row, err := t.Q.EnrolGate(ctx, cloudsql.EnrolGateParams{
			CodeHash: hash[:], PublicKey: req.PublicKey, Machine: req.Machine, Version: req.Version, Now: now,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return errCode
		}
		if err != nil {
			return fmt.Errorf("enrol a gate: %w", err)
		}
		answer = wire.EnrolAnswer{Tenant: row.TenantID, Site: row.SiteID, Gate: row.Code}
		// Tokens of the machine that stood there before end with its key.
		if err := t.Q.RevokeGateTokens(ctx, cloudsql.RevokeGateTokensParams{SiteID: row.SiteID, Gate: row.Code, Now: now}); err != nil {
			return fmt.Errorf("revoke older tokens: %w", err)
		}
		if err := s.newKey(ctx, t, row.Code, req.PublicKey, now); err != nil {
			return err
		}
		actor := Principal{Tenant: row.TenantID, Site: row.SiteID, Name: "gate " + row.Code}
		key := sha256.Sum256(req.PublicKey)
		return s.Audit(ctx, t.Q, actor, Entry{
			Action: "gate.enrolled", Subject: row.Code,
			After: map[string]any{"machine": req.Machine, "key_sha256": fmt.Sprintf("%x", key)},
		})
	})
	return answer, err
}

// newKey keeps the key that a gate has from now on, and tells the site's gates.
func (s *Service) newKey(ctx context.Context, t *store.SiteTx, gate string, key []byte, now time.Time) error {
	if err := t.Q.EndGateKey(ctx, cloudsql.EndGateKeyParams{SiteID: t.Site, Gate: gate, Now: now}); err != nil {
		return fmt.Errorf("end the gate's key: %w", err)
	}
	err := t.Q.AddGateKey(ctx, cloudsql.AddGateKeyParams{TenantID: t.Tenant, SiteID: t.Site, Gate: gate, PublicKey: key, Since: now})
	if err != nil {
		return fmt.Errorf("keep the gate's key: %w", err)
	}
	return s.tellKeys(ctx, t, now)
}

// tellKeys appends the site's configuration, which names all keys, to the feed.
func (s *Service) tellKeys(ctx context.Context, t *store.SiteTx, now time.Time) error {
	config, err := store.SiteConfig(ctx, t.Q, t.Site)
	if err != nil {
		return err
	}
	_, err = t.Append(ctx, wire.Delta{Config: config}, now)
	return err
}

// Challenge gives an enrolled gate something to sign, once, within a minute.
func (s *Service) Challenge(ctx context.Context, req wire.ChallengeRequest) (wire.ChallengeAnswer, error) {
	if _, err := s.enrolled(ctx, s.Store.Q, req); err != nil {
		return wire.ChallengeAnswer{}, err
	}
	if k, ok := challengeKey(ctx, req.Site, req.Gate); ok {
		if wait := s.limit.take(ctx, k); wait > 0 {
			return wire.ChallengeAnswer{}, parking.Errorf(TooMany, "Too many challenges were asked for. Try again in %d seconds.", int(wait.Seconds())+1)
		}
	}
	challenge := []byte(secret())
	hash := sha256.Sum256(challenge)
	now := s.Now().UTC()
	err := s.Store.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		if err := q.DropOldChallenges(ctx, cloudsql.DropOldChallengesParams{SiteID: req.Site, Gate: req.Gate, Now: now}); err != nil {
			return fmt.Errorf("drop old challenges: %w", err)
		}
		return q.AddChallenge(ctx, cloudsql.AddChallengeParams{
			SiteID: req.Site, Gate: req.Gate, Hash: hash[:], ExpiresAt: now.Add(ChallengeLife),
		})
	})
	if err != nil {
		return wire.ChallengeAnswer{}, err
	}
	return wire.ChallengeAnswer{Challenge: challenge}, nil
}

// freeChallenges is how many challenges of one gate an address may ask for
// without using one. Sixteen are kept per gate: two replicas without Redis
// grant fewer at once, so that no stranger pushes out the gate's own.
const freeChallenges = 6

// challengeKey counts the challenges of a gate by who asks: the address, or
// its network of 64 bits in IPv6, which belongs to one customer. false where
// nobody knows the address.
func challengeKey(ctx context.Context, site uuid.UUID, gate string) (attempt, bool) {
	from := clientIP(ctx)
	if from == "" {
		return attempt{}, false
	}
	if ip, err := netip.ParseAddr(from); err == nil && ip.Is6() && !ip.Is4In6() {
		if net, err := ip.WithZone("").Prefix(64); err == nil {
			from = net.String()
		}
	}
	return attempt{fmt.Sprintf("challenge:%s:%s:%s", from, site, gate), freeChallenges}, true
}

// enrolled reads a gate that has a key and its right.
func (s *Service) enrolled(ctx context.Context, q *cloudsql.Queries, req wire.ChallengeRequest) (cloudsql.Gate, error) {
	row, err := q.Gate(ctx, cloudsql.GateParams{SiteID: req.Site, Code: req.Gate})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return cloudsql.Gate{}, fmt.Errorf("read a gate: %w", err)
	}
	if err != nil || row.PublicKey == nil || row.RevokedAt != nil {
		return cloudsql.Gate{}, parking.Errorf(parking.Unauthorized, "This gate is not enrolled (any more). An administrator must enrol it.")
	}
	return row, nil
}

// GateToken gives a token to a gate that signed its challenge.
func (s *Service) GateToken(ctx context.Context, req wire.TokenRequest) (wire.TokenAnswer, error) {
	var answer wire.TokenAnswer
	err := s.Store.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		row, err := s.enrolled(ctx, q, wire.ChallengeRequest{Site: req.Site, Gate: req.Gate})
		if err != nil {
			return err
		}
		if !ed25519.Verify(row.PublicKey, wire.ChallengeText(req.Site, req.Gate, req.Challenge), req.Signature) {
			return parking.Errorf(parking.Unauthorized, "The challenge is not signed by gate %s.", req.Gate)
		}
		hash := sha256.Sum256(req.Challenge)
		n, err := q.TakeChallenge(ctx, cloudsql.TakeChallengeParams{SiteID: req.Site, Gate: req.Gate, Hash: hash[:], Now: s.Now().UTC()})
		if err != nil {
			return fmt.Errorf("use up a challenge: %w", err)
		}
		if n == 0 {
			return parking.Errorf(parking.Unauthorized, "This challenge was used before or has expired. Ask for a new one.")
		}
		p := Principal{Kind: KindGate, Tenant: row.TenantID, Site: row.SiteID, Gate: row.Code}
		answer.Token, err = s.issue(ctx, q, &p, gateToken, GateTokenLife)
		answer.Expires = p.Expires
		return err
	})
	if err != nil {
		return wire.TokenAnswer{}, err
	}
	if k, ok := challengeKey(ctx, req.Site, req.Gate); ok {
		s.limit.succeeded(ctx, []attempt{k})
	}
	return answer, nil
}

// RevokeGate takes a gate's right away: its tokens end at once and its sockets
// are cut. Revoking twice is once.
func (s *Service) RevokeGate(ctx context.Context, p Principal, gate string) error {
	now := s.Now().UTC()
	err := s.Store.SiteTx(ctx, p.Site, func(t *store.SiteTx) error {
		if _, err := t.Q.Gate(ctx, cloudsql.GateParams{SiteID: p.Site, Code: gate}); errors.Is(err, pgx.ErrNoRows) {
			return noGate(gate)
		} else if err != nil {
			return fmt.Errorf("read a gate: %w", err)
		}
		n, err := t.Q.RevokeGate(ctx, cloudsql.RevokeGateParams{SiteID: p.Site, Code: gate, Now: now})
		if err != nil {
			return fmt.Errorf("revoke a gate: %w", err)
		}
		if err := t.Q.RevokeGateTokens(ctx, cloudsql.RevokeGateTokensParams{SiteID: p.Site, Gate: gate, Now: now}); err != nil {
			return fmt.Errorf("revoke a gate's tokens: %w", err)
		}
		if n == 0 {
			return nil
		}
		if err := t.Q.EndGateKey(ctx, cloudsql.EndGateKeyParams{SiteID: p.Site, Gate: gate, Now: now, Revoked: true}); err != nil {
			return fmt.Errorf("end the gate's key: %w", err)
		}
		if err := s.tellKeys(ctx, t, now); err != nil {
			return err
		}
		return s.Audit(ctx, t.Q, p, Entry{Action: "gate.revoked", Subject: gate})
	})
	if err == nil && s.GateRevoked != nil {
		s.GateRevoked(p.Site, gate)
	}
	return err
}
