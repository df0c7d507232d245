// Package auth says who is calling and what they may do: people and gates,
// passwords, bearer tokens, the enrolment of gates, the audit log, and the one
// table of routes (Routes) from which the router is built.
//
// A token is 256 random bits; the database keeps only its SHA-256. It belongs
// to one site, and a gate's token to one gate of it. Everything that ends a
// right (a sign-out, an expiry, a disabled person, a revoked gate) holds from
// the next request on, because every request asks the database.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// Kinds of principals.
const (
	KindUser = "user"
	KindGate = "gate"
)

// Roles of principals.
const (
	RoleAdmin = "admin"
	RoleGuard = "guard"
	RoleGate  = "gate"
)

// Kinds of a person's token: a browser's session, or a program's.
const (
	SessionToken = "session"
	APIToken     = "api"
	gateToken    = "gate"
)

// TooMany is the code of a refusal because of too many attempts (HTTP 429).
const TooMany parking.Code = "too_many"

// Principal is who calls.
type Principal struct {
	Kind     string // KindUser or KindGate
	Tenant   uuid.UUID
	Site     uuid.UUID
	SiteCode string
	User     uuid.UUID // of a person
	Name     string    // sign-in name, or the gate's code
	Display  string
	Role     string // RoleAdmin, RoleGuard or RoleGate
	Gate     string // code, of a gate
	Language string // "vi" or "en"
	Expires  time.Time

	token [sha256.Size]byte // hash of the token that was shown
}

// Config is what a Service needs. Redis may be nil: limits are then counted
// by each replica for itself.
type Config struct {
	Store *store.Store
	Redis redis.UniversalClient
	Now   func() time.Time
	Log   *slog.Logger
	// GateRevoked is told after a gate lost its right, so that its sockets are
	// cut at once. May be nil.
	GateRevoked func(site uuid.UUID, gate string)
	// PageError answers on a page's route with a page that tells err. Set it
	// before the first request; nil answers with a problem document.
	PageError func(w http.ResponseWriter, r *http.Request, err error)
}

// Service answers who somebody is. It is safe for use by many goroutines.
type Service struct {
	Config
	hashing chan struct{} // bounds how many passwords are hashed at once (19 MiB each)
	limit   *limiter
}

// New makes a Service.
func New(cfg Config) *Service {
	return &Service{
		Config:  cfg,
		hashing: make(chan struct{}, max(2, runtime.NumCPU())),
		limit:   newLimiter(cfg.Redis, cfg.Now),
	}
}

type principalKey struct{}

// WithPrincipal puts p into ctx.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext returns who calls, false on public routes.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// secret makes a new token or challenge of 256 random bits as text.
func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails; the program ends when the system has no randomness
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashOf(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }
