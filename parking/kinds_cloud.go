package parking

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// ConflictSettled is a person's decision on a conflict. It holds while Saw
// has every fact about the conflict's stays (docs/STATE.md §7).
type ConflictSettled struct {
	Conflict string      `json:"conflict"` // hex of its id, 64 digits
	Kind     string      `json:"kind"`     // of the conflict
	How      string      `json:"how"`      // what was decided: accept, place, match, refund…
	Reason   string      `json:"reason,omitempty"`
	Saw      []uuid.UUID `json:"saw"` // at most MaxSaw
}

// MaxSaw bounds the facts that one settlement names.
const MaxSaw = 500

// StayPlaced puts a stay that lost its slot into another place.
type StayPlaced struct {
	Stay   uuid.UUID `json:"stay"`
	Zone   string    `json:"zone"`
	Slot   string    `json:"slot,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// ExitMatched says that an exit whose entry was not known is that of a stay.
type ExitMatched struct {
	Stay   uuid.UUID `json:"stay"` // that has the entry
	Exit   uuid.UUID `json:"exit"` // the stay that the exit made for itself
	Reason string    `json:"reason,omitempty"`
}

// PaymentConfirmed is a bank's word that money has come.
type PaymentConfirmed struct {
	Stay      uuid.UUID `json:"stay"`
	Payment   uuid.UUID `json:"payment"`
	Method    Method    `json:"method"`
	Amount    Money     `json:"amount"`
	Currency  string    `json:"currency"`
	Reference string    `json:"reference,omitempty"`
	BankAt    time.Time `json:"bank_at"` // the bank's own time
	Notice    string    `json:"notice"`  // provider and its transaction id
	// HeardAt is when the cloud knew of it first, in a fact that is written again
	// because a backup did not have it (docs/BANK.md); nil is the fact's own time.
	HeardAt *time.Time `json:"heard_at,omitempty"`
}

// BankWord is what a gate knows of a bank's word that it has relied on, so that a
// cloud that was restored from a backup hears of it again.
type BankWord struct {
	Payment   uuid.UUID `json:"payment"`
	Amount    Money     `json:"amount"`
	Reference string    `json:"reference,omitempty"`
	Notice    string    `json:"notice"`  // provider and its transaction id, "sepay:92704"
	BankAt    time.Time `json:"bank_at"` // the bank's own time
	HeardAt   time.Time `json:"heard_at"`
}

// WordsOf are the banks' words that a fact's body carries, and about which stay.
func WordsOf(body any) (stay uuid.UUID, words []BankWord) {
	switch b := body.(type) {
	case *VehicleOut:
		return b.Stay, b.Confirmed
	case *ReceiptIssued:
		if b.Confirmed != nil {
			return b.Stay, []BankWord{*b.Confirmed}
		}
	}
	return uuid.Nil, nil
}

// NoticeID splits the name of a bank's notice into provider and transaction.
func NoticeID(notice string) (provider, transaction string, ok bool) {
	provider, transaction, ok = strings.Cut(notice, ":")
	return provider, transaction, ok && provider != "" && transaction != "" && len(transaction) <= maxTransaction && len(provider) <= maxTransaction
}

// RefundMade is money that the operator gave back elsewhere than at a gate.
type RefundMade struct {
	Stay     uuid.UUID `json:"stay"`
	Payment  uuid.UUID `json:"payment"`
	Amount   Money     `json:"amount"`
	Currency string    `json:"currency"`
	Reason   string    `json:"reason"`
}

// SlotVersion says from when on a slot is in or out of service.
type SlotVersion struct {
	Slot         string    `json:"slot"`
	OutOfService bool      `json:"out_of_service"`
	Reason       string    `json:"reason,omitempty"`
	From         time.Time `json:"from"`
}

// PassVersion says what a pass covers from From on.
type PassVersion struct {
	Pass      string    `json:"pass"`
	Plates    []Plate   `json:"plates,omitempty"` // vehicles that share the places; none: any
	Class     Class     `json:"class,omitempty"`  // "": any
	Zone      string    `json:"zone,omitempty"`   // "": any
	Places    int       `json:"places"`           // vehicles inside at once
	Begins    time.Time `json:"begins"`           //
	Ends      time.Time `json:"ends"`             // the end of its last day, not covered any more
	Suspended bool      `json:"suspended,omitempty"`
	From      time.Time `json:"from"`
}

// TokenVersion says what a card or ticket is from From on.
type TokenVersion struct {
	Token string    `json:"token"`
	Type  string    `json:"type"`  // card, ticket
	State string    `json:"state"` // stock, issued, blocked, lost
	From  time.Time `json:"from"`
}

// BlockVersion says from when on a plate is on the block list or off it.
type BlockVersion struct {
	Plate   Plate     `json:"plate"`
	Blocked bool      `json:"blocked"`
	Note    string    `json:"note,omitempty"`
	From    time.Time `json:"from"`
}

// RightVersion says from when on a person has a role at the site; "" for none.
type RightVersion struct {
	Name string    `json:"name"`
	Role string    `json:"role"` // admin, guard, ""
	From time.Time `json:"from"`
}
