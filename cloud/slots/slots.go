// Package slots answers plans: a gate asks to hold a slot for a moment while a
// guard thinks. Redis coordinates (a key with a TTL turns away most of those
// who come second without touching the database), Postgres decides (a
// conditional update of the slot's row). With Redis away Postgres decides
// alone, a little slower and never wrong.
//
// Nothing here stands in the way of a fact: a vehicle that stands in a slot
// stands there, whoever had planned otherwise.
package slots

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// DefaultTTL is how long a grant holds when nobody renews it.
const DefaultTTL = 30 * time.Second

// homeAwayAfter is how long a gate was not heard of when it is no longer asked
// to lend. It is the hub's silence and the time between two of its notes, with
// a margin.
const homeAwayAfter = 12 * time.Second

// redisPatience bounds how long a plan waits for Redis. One that did not
// answer is left alone for redisPause, so that not every plan waits for it.
const (
	redisPatience = 300 * time.Millisecond
	redisPause    = 500 * time.Millisecond
)

// Config is what a Service needs. Redis may be nil.
type Config struct {
	Store *store.Store
	Redis redis.UniversalClient
	Now   func() time.Time
	TTL   time.Duration                        // 0 for DefaultTTL
	Hint  func(site uuid.UUID, hint wire.Hint) // tells the gates; may be nil
	// Tell asks one gate about loans, if it is connected here; may be nil.
	Tell        func(site uuid.UUID, gate string, r *parking.LendRequest)
	AskPatience time.Duration // for a gate's answer; 0 for ten seconds
	Log         *slog.Logger  // nil: discard
	// Pace stretches the time between two looks at what gates are to be asked,
	// for a simulation of days; 0 and 1 leave it.
	Pace int
}

// Service decides plans.
type Service struct {
	cfg   Config
	awake chan struct{}
	began time.Time
	away  atomic.Int64 // Redis did not answer: left alone until so long after began
}

// New makes a Service.
func New(cfg Config) *Service {
	if cfg.TTL == 0 {
		cfg.TTL = DefaultTTL
	}
	if cfg.Hint == nil {
		cfg.Hint = func(uuid.UUID, wire.Hint) {}
	}
	if cfg.Tell == nil {
		cfg.Tell = func(uuid.UUID, string, *parking.LendRequest) {}
	}
	if cfg.AskPatience == 0 {
		cfg.AskPatience = askPatience
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{cfg: cfg, awake: make(chan struct{}, 1), began: time.Now()}
}

// Asker is the gate that plans.
type Asker struct {
	Site uuid.UUID
	Gate string
}

// key has one hash tag per site, so that a site's keys lie together in a
// Redis Cluster.
func key(a Asker, slot string) string { return "{" + a.Site.String() + "}:slot:" + slot }

// value names the holder.
func value(a Asker, token string) string { return a.Gate + "|" + token }

func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Reserve holds a free slot for the gate. A slot that is held by a plan, by a
// vehicle, out of service, the home slot of a gate that has not lent it to the
// asker, or lent by the asker itself is a Conflict with a sentence; an unknown
// one is NotFound.
func (s *Service) Reserve(ctx context.Context, a Asker, slot string) (wire.Reservation, error) {
	if err := parking.ValidCode("slot", slot); err != nil {
		return wire.Reservation{}, err
	}
	now, err := s.look(ctx, a, slot)
	if err != nil {
		return wire.Reservation{}, err
	}
	if err := plannable(a, slot, now); err != nil {
		return wire.Reservation{}, err
	}
	token := newToken()
	claimed, err := s.claim(ctx, a, slot, token)
	if err != nil {
		return wire.Reservation{}, err
	}
	grant, err := s.cfg.Store.Q.GrantSlot(ctx, cloudsql.GrantSlotParams{
		SiteID: a.Site, Code: slot, Gate: a.Gate, Token: hash(token), TtlSeconds: s.cfg.TTL.Seconds(),
	})
	if err != nil {
		if claimed {
			s.unclaim(ctx, a, slot, token)
		}
		if errors.Is(err, pgx.ErrNoRows) {
			return wire.Reservation{}, s.refusal(ctx, a, slot)
		}
		return wire.Reservation{}, fmt.Errorf("grant a slot: %w", err)
	}
	return s.granted(a, slot, token, grant), nil
}

func newToken() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *Service) granted(a Asker, slot, token string, grant int64) wire.Reservation {
	left := s.cfg.TTL.Milliseconds()
	s.cfg.Hint(a.Site, wire.Hint{Slot: slot, Gate: a.Gate, LeftMS: left})
	return wire.Reservation{Slot: slot, Token: token, Grant: grant, LeftMS: left}
}

// Renew holds the slot for another while. A plan that has ended is a Conflict:
// the gate must reserve anew.
func (s *Service) Renew(ctx context.Context, a Asker, slot, token string) (wire.Reservation, error) {
	grant, err := s.cfg.Store.Q.RenewSlot(ctx, cloudsql.RenewSlotParams{
		SiteID: a.Site, Code: slot, Gate: a.Gate, Token: hash(token), TtlSeconds: s.cfg.TTL.Seconds(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return wire.Reservation{}, parking.Errorf(parking.Conflict, "The reservation of %s has ended. Reserve it anew.", shown(slot))
	}
	if err != nil {
		return wire.Reservation{}, fmt.Errorf("renew a slot: %w", err)
	}
	s.prolong(ctx, a, slot, token)
	return s.granted(a, slot, token, grant), nil
}

// Release gives the slot back. Releasing what has ended is no error.
func (s *Service) Release(ctx context.Context, a Asker, slot, token string) error {
	n, err := s.cfg.Store.Q.ReleaseSlot(ctx, cloudsql.ReleaseSlotParams{SiteID: a.Site, Code: slot, Gate: a.Gate, Token: hash(token)})
	if err != nil {
		return fmt.Errorf("release a slot: %w", err)
	}
	s.unclaim(ctx, a, slot, token)
	if n > 0 {
		s.cfg.Hint(a.Site, wire.Hint{Slot: slot, Gate: a.Gate})
	}
	return nil
}

// look reads what stands in the way of a plan.
func (s *Service) look(ctx context.Context, a Asker, slot string) (cloudsql.SlotGrantRow, error) {
	row, err := s.cfg.Store.Q.SlotGrant(ctx, cloudsql.SlotGrantParams{SiteID: a.Site, Code: slot})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, parking.Errorf(parking.NotFound, "This site has no slot %s.", shown(slot))
	}
	if err != nil {
		return row, fmt.Errorf("read a slot: %w", err)
	}
	return row, nil
}

// plannable says why the slot cannot be planned with, nil when it can. What
// it says may be old by the time of the grant, which decides for itself.
func plannable(a Asker, slot string, row cloudsql.SlotGrantRow) error {
	switch {
	case row.OutOfService:
		return parking.Errorf(parking.Conflict, "%s is out of service.", slot)
	case row.HeldBy != nil && *row.HeldBy != "":
		return parking.Errorf(parking.Conflict, "%s is taken by %s.", slot, *row.HeldBy)
	case row.HeldBy != nil:
		return parking.Errorf(parking.Conflict, "%s is taken.", slot)
	case row.LeftMs > 0 && row.GrantGate != nil:
		return heldBy(slot, *row.GrantGate, row.LeftMs)
	case row.LoanTo != nil && *row.LoanTo != a.Gate:
		return parking.Errorf(parking.Conflict, "%s is lent to gate %s.", slot, *row.LoanTo)
	case row.LoanTo == nil && row.HomeGate != a.Gate:
		return parking.Errorf(parking.Conflict, "%s belongs to gate %s, which has not lent it.", slot, row.HomeGate)
	}
	return nil
}

func heldBy(slot, gate string, leftMS int64) error {
	return parking.Errorf(parking.Conflict, "%s is held by gate %s for another %d s.", slot, gate, max(1, (leftMS+999)/1000))
}

// refusal says why the database refused a grant.
func (s *Service) refusal(ctx context.Context, a Asker, slot string) error {
	row, err := s.look(ctx, a, slot)
	if err != nil {
		return err
	}
	if err := plannable(a, slot, row); err != nil {
		return err
	}
	return parking.Errorf(parking.Conflict, "%s was held until this moment. Try again.", slot)
}

func shown(slot string) string {
	if len(slot) > 32 {
		slot = slot[:32]
	}
	return strings.ToValidUTF8(slot, "?")
}
