package state

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Guard is a person who may sign in at this gate.
type Guard struct {
	Name    string
	Display string
	Role    string // admin or guard
}

// argon2id by RFC 9106's choice for little memory, halved in time: a gate's
// machine is small, and the verifier ends by itself.
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// Wrong passwords that are allowed for one name before it must wait.
const (
	maxTries  = 5
	triesWait = time.Minute
)

type tries struct {
	n     int
	since time.Duration // monotonic, since the machine's boot
}

// RememberGuard keeps a verifier of the password that the cloud has just
// accepted, so that the guard can sign in here without the cloud for validFor.
func (s *State) RememberGuard(ctx context.Context, g Guard, password string, validFor time.Duration) error {
	verifier, err := newVerifier(password)
	if err != nil {
		return err
	}
	now := s.highestNow()
	return s.tx(ctx, func(q *gatesql.Queries) error {
		err := q.PutGuard(ctx, gatesql.PutGuardParams{
			Name: g.Name, Display: g.Display, Role: g.Role, Verifier: verifier, UntilMs: now.Add(validFor).UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("keep a guard: %w", err)
		}
		return s.saveHighest(ctx, q, now)
	})
}

// ForgetGuard drops the verifier of a guard whom the cloud has refused.
func (s *State) ForgetGuard(ctx context.Context, name string) error {
	return s.tx(ctx, func(q *gatesql.Queries) error { return q.DeleteGuard(ctx, name) })
}

// CheckGuard signs a guard in without the cloud. The verifier ends by the
// highest time ever seen here, so that setting a clock back does not prolong
// it. Errors are Unauthorized with a sentence, or Unavailable after too many
// wrong passwords.
func (s *State) CheckGuard(ctx context.Context, name, password string) (Guard, error) {
	if err := s.mayTry(name); err != nil {
		return Guard{}, err
	}
	wrong := parking.Errorf(parking.Unauthorized, "Name or password is wrong, or %s has not signed in at this gate before.", shorten(name))
	row, err := s.store.Read().Guard(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		s.tried(name, false)
		return Guard{}, wrong
	}
	if err != nil {
		return Guard{}, s.diskError("read a guard", err)
	}
	ok, err := checkVerifier(row.Verifier, password)
	if err != nil {
		return Guard{}, err
	}
	s.tried(name, ok)
	if !ok {
		return Guard{}, wrong
	}
	return s.notEnded(ctx, row)
}

// KnownGuard is a guard whom this gate remembers and whose verifier has not
// ended: whom something else than the password has shown to be that guard. Who
// is not known is Unauthorized.
func (s *State) KnownGuard(ctx context.Context, name string) (Guard, error) {
	row, err := s.store.Read().Guard(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return Guard{}, parking.Errorf(parking.Unauthorized, "%s has not signed in at this gate before.", shorten(name))
	}
	if err != nil {
		return Guard{}, s.diskError("read a guard", err)
	}
	return s.notEnded(ctx, row)
}

// notEnded is the guard of a row whose time without the cloud has not ended.
func (s *State) notEnded(ctx context.Context, row gatesql.Guard) (Guard, error) {
	now := s.highestNow()
	if now.UnixMilli() >= row.UntilMs {
		return Guard{}, parking.Errorf(parking.Unauthorized, "Signing in without the cloud has ended for %s. Sign in once while the cloud can be reached.", row.Display)
	}
	if err := s.tx(ctx, func(q *gatesql.Queries) error { return s.saveHighest(ctx, q, now) }); err != nil {
		s.log.Warn("the highest time could not be kept", "err", err)
	}
	return Guard{Name: row.Name, Display: row.Display, Role: row.Role}, nil
}

// highestNow is the highest time ever seen here, now included.
func (s *State) highestNow() time.Time {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteHighest(now)
	return s.highest
}

func (s *State) mono() time.Duration {
	return time.Duration(s.clock.Read().MonoMS) * time.Millisecond
}

func (s *State) mayTry(name string) error {
	now := s.mono()
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tries[name]; t.n >= maxTries && now-t.since < triesWait {
		return parking.Errorf(parking.Unavailable, "Too many wrong passwords. Wait a minute and try again.")
	}
	return nil
}

func (s *State) tried(name string, ok bool) {
	now := s.mono()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tries[name]
	switch {
	case ok:
		delete(s.tries, name)
		return
	case now-t.since >= triesWait:
		t = tries{since: now}
	}
	if len(s.tries) > 1000 { // somebody types names at random
		clear(s.tries)
	}
	t.n++
	s.tries[name] = t
}

func shorten(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}

// deriving keeps two sign-ins from taking their memory at once.
var deriving sync.Mutex

// derive is argon2id with the machine in mind: its 19 MiB are garbage at once,
// so the rest is swept before, and the room is given back after.
func derive(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte {
	deriving.Lock()
	defer deriving.Unlock()
	debug.FreeOSMemory()
	defer debug.FreeOSMemory()
	return argon2.IDKey(password, salt, passes, memory, threads, size)
}

// newVerifier makes an argon2id PHC string.
func newVerifier(password string) (string, error) {
	if password == "" {
		return "", parking.Errorf(parking.Invalid, "The password is empty.")
	}
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // crypto/rand never fails: it ends the program instead
	key := derive([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

var errVerifier = errors.New("the kept verifier cannot be read")

func checkVerifier(verifier, password string) (bool, error) {
	parts := strings.Split(verifier, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errVerifier
	}
	var version int
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errVerifier
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil || memory > 1<<20 || passes > 20 {
		return false, errVerifier
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err1, err2); err != nil || len(key) == 0 || passes < 1 || threads < 1 {
		return false, errVerifier
	}
	got := derive([]byte(password), salt, passes, memory, threads, uint32(len(key))) //nolint:gosec // a few bytes
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}
