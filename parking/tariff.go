package parking

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// Tariff is the price list of a site: one document in force at a time, with
// an id and a version. The version in force when a stay came in prices the
// whole stay. It is JSON over the wire and in the databases, and YAML in
// files (package tariffs).
type Tariff struct {
	ID       string `json:"id" yaml:"id"`
	Version  int    `json:"version,omitempty" yaml:"version,omitempty"`
	Currency string `json:"currency" yaml:"currency"` // ISO 4217
	Timezone string `json:"timezone" yaml:"timezone"` // IANA name
	// Grace is how long a stay is free, up to and including; 0 is no free time.
	Grace Minutes `json:"grace" yaml:"grace"`
	// ExitWindow is the time to leave after the payment that completed the fee.
	ExitWindow Minutes `json:"exit_window" yaml:"exit_window"`
	// QuoteHold is how long a fee shown at an exit stays what it is.
	QuoteHold Minutes `json:"quote_hold" yaml:"quote_hold"`
	// Rounding: the fee is rounded half up to a multiple of this; 1 changes nothing.
	Rounding  Money                 `json:"rounding" yaml:"rounding"`
	Classes   map[Class]ClassTariff `json:"classes" yaml:"classes"`
	Holidays  *Holidays             `json:"holidays,omitempty" yaml:"holidays,omitempty"`
	Discounts map[string]Discount   `json:"discounts,omitempty" yaml:"discounts,omitempty"`
}

// ClassTariff prices one class of vehicles, by blocks of elapsed time or by
// the turns of the day that a stay touches: one of the two.
type ClassTariff struct {
	Blocks   *Blocks    `json:"blocks,omitempty" yaml:"blocks,omitempty"`
	Cap      *Cap       `json:"cap,omitempty" yaml:"cap,omitempty"` // blocks only
	Turns    []Turn     `json:"turns,omitempty" yaml:"turns,omitempty"`
	Together []Together `json:"together,omitempty" yaml:"together,omitempty"` // turns only
	// LostTicket is what a lost ticket costs; nil says that the tariff does
	// not price one, and then such a stay cannot be priced.
	LostTicket *Money `json:"lost_ticket,omitempty" yaml:"lost_ticket,omitempty"`
}

// Blocks prices elapsed time: First up to and including its length, then each
// started block of Then.
type Blocks struct {
	First Block `json:"first" yaml:"first"`
	Then  Block `json:"then" yaml:"then"`
}

// Block is a length of time at a price.
type Block struct {
	Length Minutes `json:"length" yaml:"length"`
	Price  Money   `json:"price" yaml:"price"`
}

// CapPer is the span of time that a cap covers.
type CapPer string

// Spans of a cap.
const (
	PerCalendarDay CapPer = "calendar_day" // each local date
	PerRolling24h  CapPer = "rolling_24h"  // each 24 hours from IN
)

// Cap is the most that the blocks starting in one span cost.
type Cap struct {
	Per   CapPer `json:"per" yaml:"per"`
	Price Money  `json:"price" yaml:"price"`
}

// Turn is a window of the day, half open; From equal to To is the whole day.
// Each of its occurrences that a stay touches costs Price once.
type Turn struct {
	Name  string    `json:"name" yaml:"name"`
	From  ClockTime `json:"from" yaml:"from"`
	To    ClockTime `json:"to" yaml:"to"`
	Price Money     `json:"price" yaml:"price"`
}

// Together prices two adjacent occurrences of turns, in either order, at once.
type Together struct {
	Of    []string `json:"of" yaml:"of"` // two names of turns
	Price Money    `json:"price" yaml:"price"`
}

// Holidays changes prices on some local dates, before the cap.
type Holidays struct {
	Dates   []LocalDate `json:"dates" yaml:"dates"`
	Percent int         `json:"percent" yaml:"percent"`
}

func (h *Holidays) has(d LocalDate) bool { return h != nil && slices.Contains(h.Dates, d) }

// Discount takes a percentage (0 to 100) or an amount off: one of the two.
type Discount struct {
	Percent *int   `json:"percent,omitempty" yaml:"percent,omitempty"`
	Amount  *Money `json:"amount,omitempty" yaml:"amount,omitempty"`
}

// Hash is the SHA-256, in hex, of the tariff's JSON. A ticket carries it, so
// that a gate knows whether it holds the very document that prices the stay.
func (t *Tariff) Hash() string {
	b, err := json.Marshal(t)
	if err != nil { // plain values only: cannot fail for a tariff that Validate accepts
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// MaxTariffBytes bounds a tariff document, as JSON or YAML.
const MaxTariffBytes = 64 << 10

// ParseTariffJSON reads and validates a tariff. Unknown fields are refused,
// because a misspelt field would silently change prices.
func ParseTariffJSON(b []byte) (*Tariff, error) {
	if len(b) > MaxTariffBytes {
		return nil, Errorf(TooLarge, "The tariff is longer than %d bytes.", MaxTariffBytes)
	}
	t := Tariff{Rounding: 1, ExitWindow: DefaultExitWindow, QuoteHold: DefaultQuoteHold}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		if refusal := (*Error)(nil); errors.As(err, &refusal) {
			return nil, Errorf(Invalid, "The tariff cannot be read: %s", refusal.Message)
		}
		return nil, Errorf(Invalid, "The tariff cannot be read: %s.", jsonReason(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, Errorf(Invalid, "The tariff cannot be read: something follows its end.")
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return &t, nil
}

// What a document that does not name them means.
const (
	DefaultExitWindow Minutes = 15
	DefaultQuoteHold  Minutes = 10
)
