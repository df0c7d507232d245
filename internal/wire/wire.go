// Package wire holds the messages between gates and the cloud, the only thing
// that the two sides have in common besides the domain.
package wire

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// Protocol is the version that hello and welcome name.
const Protocol = 1

// Limits of the protocol.
const (
	MaxBatchFacts   = 200      // facts in one batch
	MaxBatchBytes   = 1 << 20  // bytes of one batch, unpacked
	MaxPhotoBytes   = 2 << 20  // bytes of one photo
	PhotoPieceBytes = 64 << 10 // bytes of one piece of a longer photo
	MaxMessageBytes = 4 << 20  // bytes of one WebSocket message
	MaxJSONBytes    = 64 << 10
)

// Heartbeat is how often both sides send one; three missed mean offline.
const Heartbeat = 2 * time.Second

// Problem is an RFC 9457 problem document: what every refusal looks like.
type Problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"` // a sentence that helps
	Code   parking.Code `json:"code"`
	ID     string       `json:"request_id,omitempty"`
	// Held, with a 409 to a batch that leaves a gap, is the highest seq of the
	// batch's epoch that the cloud holds: the gate goes on after it.
	Held *int64 `json:"held,omitempty"`
}

// EnrolRequest uses up a one-time code. POST /api/v1/gates/enrol
type EnrolRequest struct {
	Code      string `json:"code"`
	PublicKey []byte `json:"public_key"` // Ed25519, 32 bytes
	Machine   string `json:"machine"`
	Version   string `json:"version"`
}

// EnrolAnswer tells the gate who it is.
type EnrolAnswer struct {
	Tenant uuid.UUID `json:"tenant"`
	Site   uuid.UUID `json:"site"`
	Gate   string    `json:"gate"`
}

// ChallengeRequest asks for something to sign. POST /api/v1/gates/challenge
type ChallengeRequest struct {
	Site uuid.UUID `json:"site"`
	Gate string    `json:"gate"`
}

// ChallengeAnswer is what the gate signs, once, within a minute.
type ChallengeAnswer struct {
	Challenge []byte `json:"challenge"`
}

// TokenRequest proves who the gate is. POST /api/v1/gates/token
type TokenRequest struct {
	Site      uuid.UUID `json:"site"`
	Gate      string    `json:"gate"`
	Challenge []byte    `json:"challenge"`
	Signature []byte    `json:"signature"` // Ed25519 over ChallengeText
}

// TokenAnswer is a bearer token bound to gate and site, or to a person.
type TokenAnswer struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
	Role    string    `json:"role,omitempty"` // of a person
	Display string    `json:"display,omitempty"`
}

// LoginRequest signs a person in at a site. POST /api/v1/login
type LoginRequest struct {
	Site     string `json:"site"` // the site's code
	Name     string `json:"name"`
	Password string `json:"password"`
}

// SignInRequest signs a guard in at a gate. POST /api/v1/gate/sign-in with
// the gate's token.
type SignInRequest struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// SignInAnswer is what the gate may keep of the guard: it makes its own
// verifier from the password that was just typed, good for ValidMS.
type SignInAnswer struct {
	Name     string `json:"name"`
	Display  string `json:"display"`
	Role     string `json:"role"`
	ValidMS  int64  `json:"valid_ms"`
	Language string `json:"language"`
}

// Batch is an ordered run of one gate's facts within one epoch, signed with
// the key of the gate that made them. POST /api/v1/facts (gzip allowed)
type Batch struct {
	ID        uuid.UUID     `json:"id"`
	Site      uuid.UUID     `json:"site"`
	Gate      string        `json:"gate"`
	Epoch     parking.Epoch `json:"epoch"`
	FirstSeq  int64         `json:"first_seq"`
	Items     []Item        `json:"items"`
	Signature []byte        `json:"signature"` // Ed25519 over Text
}

// Item is one fact as its gate encoded it.
type Item struct {
	ID      uuid.UUID `json:"id"`
	Length  int       `json:"length"`
	SHA256  []byte    `json:"sha256"` // of Encoded
	Encoded []byte    `json:"encoded"`
}

// Outcome is what became of one item.
type Outcome string

// Outcomes of an item.
const (
	Applied     Outcome = "applied"
	Duplicate   Outcome = "duplicate"
	Quarantined Outcome = "quarantined" // kept raw, counted as received, shown
)

// BatchAnswer echoes the batch id; anything without it is no answer.
type BatchAnswer struct {
	Batch    uuid.UUID     `json:"batch"`
	Epoch    parking.Epoch `json:"epoch"`
	Seq      int64         `json:"seq"`      // highest contiguous seq of the epoch that is durable
	FeedSeq  int64         `json:"feed_seq"` // the feed number that includes it
	Outcomes []Outcome     `json:"outcomes"` // one for each item
}

// Message is one WebSocket message: exactly one field is set.
type Message struct {
	Hello     *Hello   `json:"hello,omitempty"`
	Welcome   *Welcome `json:"welcome,omitempty"`
	Deltas    []Delta  `json:"deltas,omitempty"`
	Heartbeat *Beat    `json:"heartbeat,omitempty"`
	Echo      *Beat    `json:"echo,omitempty"` // a heartbeat sent back
	Hint      *Hint    `json:"hint,omitempty"`
	Bye       *Bye     `json:"bye,omitempty"`

	Loans *parking.LoanNote    `json:"loans,omitempty"` // a gate's word about loans of slots
	Lend  *parking.LendRequest `json:"lend,omitempty"`  // the cloud's question
}

// Hello is the gate's first message.
type Hello struct {
	Protocol    int           `json:"protocol"`
	Gate        string        `json:"gate"`
	Site        uuid.UUID     `json:"site"`
	Epoch       parking.Epoch `json:"epoch"`
	FeedSeq     int64         `json:"feed_seq"`    // last applied
	Incarnation uuid.UUID     `json:"incarnation"` // of the cloud that the gate knows, zero for none
	Version     string        `json:"version"`
	Queue       int64         `json:"queue"` // facts waiting
	// Ranges says that the gate takes deltas that stand for a range of entries.
	Ranges bool `json:"ranges,omitempty"`
}

// Welcome is the cloud's answer.
type Welcome struct {
	Protocol    int                     `json:"protocol"`
	ServerTime  time.Time               `json:"server_time"`
	Incarnation uuid.UUID               `json:"incarnation"`
	FeedSeq     int64                   `json:"feed_seq"`
	Held        map[parking.Epoch]int64 `json:"held"`     // highest durable seq for each epoch of this gate
	Snapshot    bool                    `json:"snapshot"` // the gate must fetch a snapshot before deltas mean anything
	Degraded    bool                    `json:"degraded"` // Redis is gone
	// Others are epochs of this gate that are connected beside this one: either
	// a socket that is about to end, or another machine that is the same gate.
	Others []parking.Epoch `json:"others,omitempty"`
	// Audit is the head of the site's audit log. Gates keep the newest: who cuts
	// the log short would have to visit them all.
	Audit AuditHead `json:"audit,omitzero"`
	// Lists is how far passes, cards and the block list have been written; nil
	// from a cloud that does not say it, which has none for gates.
	Lists *ListMark `json:"lists,omitempty"`
	// Receipts is the highest number that the cloud holds of the gate's main
	// series, for last year, this year and the next by the site's zone; 0 for none.
	Receipts map[string]int64 `json:"receipts,omitempty"`
}

// AuditHead is how many entries the audit log of a site has and the hash of
// the last, in hex. "COUNT:HASH" as text.
type AuditHead struct {
	Count int64  `json:"count"`
	Hash  string `json:"hash"`
}

// String is the form in which a head is printed and read again.
func (h AuditHead) String() string { return fmt.Sprintf("%d:%s", h.Count, h.Hash) }

// ParseAuditHead reads what String wrote.
func ParseAuditHead(s string) (AuditHead, error) {
	count, hash, ok := strings.Cut(s, ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if sum, bad := hex.DecodeString(hash); !ok || err != nil || n < 0 || bad != nil || len(sum) != 32 && n > 0 {
		return AuditHead{}, parking.Errorf(parking.Invalid, "A head is written COUNT:HASH, as the command cloud audit head prints it, not %q.", s)
	}
	return AuditHead{Count: n, Hash: hash}, nil
}

// Delta is one transaction that changed the site's state, or, with From, what
// the entries From to FeedSeq come to together: of each stay, slot and conflict
// only the newest, and of the facts covered the highest.
type Delta struct {
	FeedSeq   int64          `json:"feed_seq"`
	From      int64          `json:"from,omitempty"` // 0: FeedSeq alone
	Stays     []parking.Stay `json:"stays,omitempty"`
	Slots     []parking.Slot `json:"slots,omitempty"`
	Config    *SiteConfig    `json:"config,omitempty"` // the site itself changed
	Conflicts []Conflict     `json:"conflicts,omitempty"`
	Covers    []Covered      `json:"covers,omitempty"`
	// Lists says that passes, cards or the block list were written up to here:
	// gates fetch what they miss of them.
	Lists *ListMark `json:"lists,omitempty"`
}

// First is the first entry that the delta stands for.
func (d *Delta) First() int64 {
	if d.From > 0 {
		return d.From
	}
	return d.FeedSeq
}

// Covered says that this delta includes a gate's facts up to Seq.
type Covered struct {
	Gate  string        `json:"gate"`
	Epoch parking.Epoch `json:"epoch"`
	Seq   int64         `json:"seq"`
}

// Conflict is one open (or just closed) conflict, for screens.
type Conflict struct {
	ID    string      `json:"id"` // hex
	Kind  string      `json:"kind"`
	State string      `json:"state"` // open, settled, withdrawn
	Stays []uuid.UUID `json:"stays"`
	Facts []uuid.UUID `json:"facts"`
	Slot  string      `json:"slot,omitempty"`
	At    time.Time   `json:"at"`
	// Settled is who decided what, while it is settled.
	Settled *Settled `json:"settled,omitempty"`
}

// Settled is the decision on a conflict.
type Settled struct {
	Fact   uuid.UUID `json:"fact"` // the conflict_settled
	How    string    `json:"how"`
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Beat is a heartbeat. The other side sends it back as echo; the sender's own
// monotonic clock gives the round trip.
type Beat struct {
	N    int64     `json:"n"`
	Time time.Time `json:"time"` // sender's clock
	// Answered is, in an echo of the cloud, its own clock; none while that is in
	// doubt. It was read within the round trip that the gate measures, however
	// long the line held either message: the one time on this socket, beside the
	// welcome's, whose error is known.
	Answered time.Time `json:"answered,omitzero"`
	FeedSeq  int64     `json:"feed_seq"`         // head (cloud) or last applied (gate)
	Queue    int64     `json:"queue,omitempty"`  // gate: facts waiting
	RTTMS    int       `json:"rtt_ms,omitempty"` // sender's last measured round trip
	Degraded bool      `json:"degraded,omitempty"`
}

// Hint is an unnumbered word about a reservation: it may be lost.
type Hint struct {
	Slot   string `json:"slot"`
	Gate   string `json:"gate"`
	LeftMS int64  `json:"left_ms"` // 0: released
}

// Bye tells the gate to go and when to come back.
type Bye struct {
	Reason  string `json:"reason"`
	AfterMS int64  `json:"after_ms"`
}

// Snapshot is the site's whole state at one feed number. GET /api/v1/snapshot
type Snapshot struct {
	Incarnation uuid.UUID               `json:"incarnation"`
	FeedSeq     int64                   `json:"feed_seq"`
	Config      SiteConfig              `json:"config"`
	Slots       []parking.Slot          `json:"slots"`
	Stays       []parking.Stay          `json:"stays"` // inside, and those that left in the last two days
	Conflicts   []Conflict              `json:"conflicts"`
	Held        map[parking.Epoch]int64 `json:"held"` // of the asking gate
	// Covers says how far the facts of all gates are in this state, for each run
	// that may still be heard of from a neighbour. nil from a cloud that does not
	// say it.
	Covers []Covered `json:"covers"`
}

// SiteConfig is what a gate needs to know of its site to work alone.
type SiteConfig struct {
	Site        uuid.UUID                       `json:"site"`
	Code        string                          `json:"code"`
	Name        string                          `json:"name"`
	Timezone    string                          `json:"timezone"`
	Currency    string                          `json:"currency"`
	Language    string                          `json:"language"`
	Gates       []parking.Gate                  `json:"gates"`
	Lanes       []parking.Lane                  `json:"lanes"`
	Zones       []parking.Zone                  `json:"zones"`
	Tariff      parking.Tariff                  `json:"tariff"`            // in force
	Tariffs     []parking.Tariff                `json:"tariffs,omitempty"` // others that open stays came in with
	ExitProof   map[parking.Class]parking.Proof `json:"exit_proof,omitempty"`
	BankBIN     string                          `json:"bank_bin,omitempty"`
	BankAccount string                          `json:"bank_account,omitempty"`
	// Seller is whom receipts are from.
	Seller Seller `json:"seller,omitzero"`
	// Discounts says who may give which of the tariff's discounts.
	Discounts DiscountRules `json:"discounts,omitzero"`
	// Keys are those that the site's gates have and had, by gate and in the order
	// in which they came: who signed a fact counts, not who brings it.
	Keys []GateKey `json:"keys,omitempty"`
}

// Seller is what stands on receipts about the operator, as an administrator
// has typed it.
type Seller struct {
	Name       string `json:"name,omitempty"`
	Address    string `json:"address,omitempty"`
	TaxCode    string `json:"tax_code,omitempty"`
	Note       string `json:"note,omitempty"`        // at the foot
	TaxPercent int    `json:"tax_percent,omitempty"` // value added tax, contained in the fee
}

// DiscountRules says which discounts of a tariff guards may give at an exit.
// Administrators may give any.
type DiscountRules struct {
	Guards []string `json:"guards,omitempty"` // codes
	ADay   int      `json:"a_day,omitempty"`  // stays for which one guard may give one, at one gate on a local day; 0: none
}

// GateKey is a key that a gate has, or had until it was replaced or revoked.
type GateKey struct {
	Gate      string     `json:"gate"`
	PublicKey []byte     `json:"public_key"` // Ed25519
	Since     time.Time  `json:"since"`
	Until     *time.Time `json:"until,omitempty"`
	Revoked   bool       `json:"revoked,omitempty"` // it was taken away
}

// KeyOf is the key that signed a batch, among those that the site's gates have
// and had; an error says that no key of its gate did, or what else is wrong
// with the batch.
func (c *SiteConfig) KeyOf(b *Batch) (GateKey, error) {
	var of []GateKey
	for _, k := range c.Keys {
		if k.Gate == b.Gate {
			of = append(of, k)
		}
	}
	return b.SignedBy(of)
}

// ReserveRequest is a plan: hold a slot. POST /api/v1/reservations, and
// POST /api/v1/reservations/renew, /release with the token.
type ReserveRequest struct {
	Slot  string `json:"slot"`
	Token string `json:"token,omitempty"` // of the reservation, to renew or release
}

// Reservation is a granted plan.
type Reservation struct {
	Slot   string `json:"slot"`
	Token  string `json:"token"`
	Grant  int64  `json:"grant"` // rising number of the slot's grants
	LeftMS int64  `json:"left_ms"`
}
