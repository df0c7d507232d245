package parking

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// CloudGate is the name under which the cloud writes facts of its own.
const CloudGate = "cloud"

// FactVersion is the version of the envelope and bodies that this program writes.
const FactVersion = 1

// MaxFactBytes bounds one encoded fact. Photos travel separately.
const MaxFactBytes = 32 << 10

// ClockSource says where a fact's At came from.
type ClockSource string

// Clock sources, from best to worst.
const (
	ClockSynced ClockSource = "synced" // cloud time, heard in this boot, carried forward by the monotonic clock
	ClockHeld   ClockSource = "held"   // the same, but the last heartbeat is long ago
	ClockWall   ClockSource = "wall"   // the machine's wall clock
	ClockTyped  ClockSource = "typed"  // what the guard typed at a start with a dead clock
)

// Fact is something that happened, written down once, never changed and
// never refused. The gate encodes it once (Encode); those bytes are what is
// stored, hashed, signed and sent.
type Fact struct {
	ID     uuid.UUID       `json:"id"`    // UUIDv7, made at the gate; applying it twice is the same as once
	Site   uuid.UUID       `json:"site"`  // the site's id
	Gate   string          `json:"gate"`  // the gate's code within the site, or CloudGate
	Epoch  Epoch           `json:"epoch"` // minted at every start of the gate
	Seq    int64           `json:"seq"`   // 1, 2, 3… within the epoch
	Prev   string          `json:"prev"`  // FactHash of this gate's fact before; "" for its very first
	Kind   Kind            `json:"kind"`  //
	At     time.Time       `json:"at"`    // business time: UTC, whole milliseconds
	Clock  ClockSource     `json:"clock"` //
	Boot   string          `json:"boot"`  // the machine's boot, within which MonoMS counts
	MonoMS int64           `json:"mono_ms"`
	Actor  string          `json:"actor"` // user name, "lane:1" for a device, "" for the machine
	V      int             `json:"v"`     // FactVersion
	Body   json.RawMessage `json:"body"`
}

// Encode returns the bytes of f that are stored, hashed and sent.
func (f Fact) Encode() ([]byte, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode fact %s: %w", f.ID, err)
	}
	if len(b) > MaxFactBytes {
		return nil, Errorf(TooLarge, "A record of %d bytes is over the limit of %d.", len(b), MaxFactBytes)
	}
	return b, nil
}

// DecodeFact reads what Encode wrote. The body is not looked at: a kind that
// this program does not know is not an error here.
func DecodeFact(b []byte) (Fact, error) {
	if len(b) > MaxFactBytes {
		return Fact{}, Errorf(TooLarge, "A record of %d bytes is over the limit of %d.", len(b), MaxFactBytes)
	}
	var f Fact
	if err := json.Unmarshal(b, &f); err != nil {
		return Fact{}, Errorf(Invalid, "The record is not a fact: %s.", jsonReason(err))
	}
	return f, f.Validate()
}

// Validate checks the envelope, not the body.
func (f Fact) Validate() error {
	switch {
	case f.ID == uuid.Nil:
		return Errorf(Invalid, "The fact has no id.")
	case f.Site == uuid.Nil:
		return Errorf(Invalid, "The fact names no site.")
	case !validCode(f.Gate):
		return Errorf(Invalid, "The fact names no gate.")
	case !f.Epoch.Valid():
		return Errorf(Invalid, "The fact's epoch is not one.")
	case f.Seq < 1:
		return Errorf(Invalid, "The fact's seq must count from 1.")
	case f.Kind == "" || len(f.Kind) > 64:
		return Errorf(Invalid, "The fact has no kind.")
	case f.At.IsZero() || f.At.Year() < 2000 || f.At.Year() > 9000:
		return Errorf(Invalid, "The fact's time is not one.")
	case f.V < 1:
		return Errorf(Invalid, "The fact names no version.")
	}
	return nil
}

// FactHash is the hash by which the next fact of the gate names this one.
func FactHash(encoded []byte) string {
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// Compare is the order of facts: business time, gate, epoch in the order
// minted, seq, id. It is total, so that the same set of facts always folds the
// same. A gate never writes a fact with an At before its predecessor's in the
// same epoch (ClampAt), so that the order keeps each epoch's own order.
func (f Fact) Compare(g Fact) int {
	if c := f.At.Compare(g.At); c != 0 {
		return c
	}
	if c := strings.Compare(f.Gate, g.Gate); c != 0 {
		return c
	}
	if c := strings.Compare(string(f.Epoch), string(g.Epoch)); c != 0 {
		return c
	}
	if c := cmp.Compare(f.Seq, g.Seq); c != 0 {
		return c
	}
	return strings.Compare(f.ID.String(), g.ID.String())
}

// ClampAt is the At of a fact whose predecessor in the epoch has prev: now, or
// prev when a corrected clock has gone back behind it.
func ClampAt(now, prev time.Time) time.Time {
	now = BusinessTime(now)
	if now.Before(prev) {
		return prev
	}
	return now
}

// BusinessTime rounds t to what a fact can carry: UTC, whole milliseconds.
func BusinessTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Epoch names one run of a gate process: its ordinal at that gate and a
// random part, "000017-9f86d081884c7d65". The ordinal gives the order in
// which epochs were minted; the random part keeps two machines made from one
// disk image apart.
type Epoch string

// NewEpoch makes the n-th epoch of a gate from eight random bytes.
func NewEpoch(n int, random [8]byte) Epoch {
	return Epoch(fmt.Sprintf("%06d-%x", n, random))
}

// Valid says whether e has the form of an epoch.
func (e Epoch) Valid() bool {
	if len(e) != 23 || e[6] != '-' {
		return false
	}
	for i := range len(e) {
		c := e[i]
		switch {
		case i == 6:
		case c >= '0' && c <= '9':
		case i > 6 && c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return true
}

// Ordinal is the count of the gate's starts in e, 0 for an invalid epoch.
func (e Epoch) Ordinal() int {
	n := 0
	if !e.Valid() {
		return 0
	}
	for i := range 6 {
		n = n*10 + int(e[i]-'0')
	}
	return n
}

// validCode says whether s can name a gate, zone, slot or lane: 1 to 32
// letters, digits, dashes and underscores.
func validCode(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return true
}

// ValidCode returns a sentence when s cannot be the code of what (a gate, a
// slot…).
func ValidCode(what, s string) error {
	if validCode(s) {
		return nil
	}
	return Errorf(Invalid, "%q cannot be the code of a %s: use 1 to 32 letters, digits, - and _.", cut(s, 40), what)
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

// jsonReason makes a sentence part of what encoding/json says.
func jsonReason(err error) string {
	return strings.TrimPrefix(err.Error(), "json: ")
}
