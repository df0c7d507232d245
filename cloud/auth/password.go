package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"gatehouse/parking"
)

// Costs of argon2id (OWASP's first choice): 19 MiB, two passes, one lane.
const (
	argonMemoryKiB = 19 * 1024
	argonTime      = 2
	argonThreads   = 1
	argonKey       = 32
	argonSalt      = 16
)

// Bounds of a password, in bytes.
const (
	MinPassword = 8
	MaxPassword = 256
)

// CheckNewPassword refuses passwords that cannot be taken, with a sentence.
func CheckNewPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return parking.Errorf(parking.Invalid, "The password holds characters that cannot be read.")
	case utf8.RuneCountInString(password) < MinPassword:
		return parking.Errorf(parking.Invalid, "A password needs at least %d characters.", MinPassword)
	case len(password) > MaxPassword:
		return parking.Errorf(parking.Invalid, "A password has at most %d bytes.", MaxPassword)
	}
	return nil
}

// HashPassword makes the PHC string that is kept of a password.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	if err := CheckNewPassword(password); err != nil {
		return "", err
	}
	var salt [argonSalt]byte
	_, _ = rand.Read(salt[:])
	done, err := s.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	key := argon2.IDKey([]byte(password), salt[:], argonTime, argonMemoryKiB, argonThreads, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonTime, argonThreads,
		enc.EncodeToString(salt[:]), enc.EncodeToString(key)), nil
}

// turn waits until a password may be hashed: that is bounded in memory and
// processors. done gives the turn back.
func (s *Service) turn(ctx context.Context) (done func(), err error) {
	select {
	case s.hashing <- struct{}{}:
		return func() { <-s.hashing }, nil
	case <-ctx.Done():
		return nil, parking.Errorf(parking.Unavailable, "Too many people are signing in at this moment. Try again.")
	}
}

// matches says whether password belongs to the PHC string. It takes the same
// time for a string that belongs to nobody (""). The caller holds a turn.
func matches(phc, password string) (bool, error) {
	if len(password) > MaxPassword {
		return false, nil
	}
	nobody := phc == ""
	if nobody {
		phc = nobodysHash
	}
	salt, want, memory, passes, lanes, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, argonKey)
	return subtle.ConstantTimeCompare(got, want) == 1 && !nobody, nil
}

// nobodysHash has the costs of a real one, so that an unknown name answers as
// slowly as a wrong password.
var nobodysHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonTime, argonThreads,
	strings.Repeat("A", 22), strings.Repeat("A", 43))

func parsePHC(phc string) (salt, key []byte, memory, passes uint32, lanes uint8, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, nil, 0, 0, 0, errors.New("a kept password hash is not argon2id")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return nil, nil, 0, 0, 0, fmt.Errorf("a kept password hash names no costs: %w", err)
	}
	enc := base64.RawStdEncoding
	if salt, err = enc.DecodeString(parts[4]); err != nil {
		return nil, nil, 0, 0, 0, fmt.Errorf("a kept password hash has a broken salt: %w", err)
	}
	if key, err = enc.DecodeString(parts[5]); err != nil || len(key) != argonKey {
		return nil, nil, 0, 0, 0, errors.New("a kept password hash has a broken key")
	}
	return salt, key, memory, passes, lanes, nil
}
