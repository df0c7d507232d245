package parking

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// MaxMoney bounds one sum in a fact, in minor units: far over any fee, far
// under what would overflow a day's total.
const MaxMoney Money = 1_000_000_000_000

func (b *VehicleIn) validate() error {
	if err := stayAndLane(b.Stay, b.Lane); err != nil {
		return err
	}
	if err := ValidCode("zone", b.Zone); err != nil {
		return err
	}
	if b.Slot != "" {
		if err := ValidCode("slot", b.Slot); err != nil {
			return err
		}
	}
	if b.TypedAt != nil && !possibleTime(*b.TypedAt) {
		return Errorf(Invalid, "The time typed for this entry is not one.")
	}
	return classAndPlate(b.Class, b.Plate, b.Display)
}

func (b *VehicleOut) validate() error {
	if err := stayAndLane(b.Stay, b.Lane); err != nil {
		return err
	}
	if err := sums(b.Charge.Fee); err != nil {
		return err
	}
	if !timeOrNone(b.Charge.In) || !timeOrNone(b.Charge.Out) {
		return Errorf(Invalid, "The times of this charge are not possible.")
	}
	return classAndPlate(b.Class, b.Plate, b.Display)
}

func (b *PlateCorrected) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	return plateText(b.Plate, b.Display)
}

func (b *ClassCorrected) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	return ValidCode("class", string(b.Class))
}

func (b *SlotChanged) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	if b.Slot != "" {
		if err := ValidCode("slot", b.Slot); err != nil {
			return err
		}
	}
	return ValidCode("zone", b.Zone)
}

func (b *StayVoided) validate() error { return aStay(b.Stay) }

func (b *PaymentRequested) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	return payment(b.Payment, b.Method, b.Amount)
}

func (b *PaymentTaken) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	if err := sums(b.Tendered, b.Change); err != nil {
		return err
	}
	if b.ByHand != nil && !timeOrNone(b.ByHand.At) {
		return Errorf(Invalid, "The time of this transfer is not one.")
	}
	return payment(b.Payment, b.Method, b.Amount)
}

func (b *LaneChanged) validate() error {
	if b.Direction != In && b.Direction != Out {
		return Errorf(Invalid, "A lane leads in or out, not %q.", cut(string(b.Direction), 20))
	}
	return ValidCode("lane", b.Lane)
}

func aStay(id uuid.UUID) error {
	if id == uuid.Nil {
		return Errorf(Invalid, "The fact names no stay.")
	}
	return nil
}

func stayAndLane(id uuid.UUID, lane string) error {
	if err := aStay(id); err != nil {
		return err
	}
	return ValidCode("lane", lane)
}

func classAndPlate(c Class, p Plate, display string) error {
	if err := ValidCode("class", string(c)); err != nil {
		return err
	}
	return plateText(p, display)
}

// plateText bounds what a plate in a fact may be; whether it fits a grammar
// is not asked here: a plate that fits none is allowed.
func plateText(p Plate, display string) error {
	for _, s := range []string{string(p), display} {
		if len(s) > 64 || !utf8.ValidString(s) {
			return Errorf(Invalid, "The plate in this fact is no plate.")
		}
	}
	return nil
}

func payment(id uuid.UUID, m Method, amount Money) error {
	if id == uuid.Nil {
		return Errorf(Invalid, "The payment has no id.")
	}
	if !m.valid() {
		return Errorf(Invalid, "%q is no method of payment.", cut(string(m), 20))
	}
	if amount == 0 {
		return Errorf(Invalid, "A payment of nothing is none.")
	}
	return sums(amount)
}

func sums(all ...Money) error {
	for _, m := range all {
		if m < 0 || m > MaxMoney {
			return Errorf(Invalid, "The sum %d is not possible.", m)
		}
	}
	return nil
}

// possibleTime says whether t lies where times of a car park lie. Outside of
// it there are times that can be read but neither be written again (the year
// 10000, or one before 0) nor be priced within reason, and a fact with one
// would fail each time that its stay is computed, not only when it comes in.
func possibleTime(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 2000 && year <= 9000
}

func timeOrNone(t time.Time) bool { return t.IsZero() || possibleTime(t) }

// holdsNUL says whether a string in JSON holds the character NUL, which JSON
// can write but Postgres cannot keep. It is looked for here and not left to
// the database to refuse: a fact that waits for its stay's entry reaches the
// database's columns only together with that entry, which would then be
// refused in its place.
func holdsNUL(raw json.RawMessage) bool {
	nul := []byte(`\u0000`)
	for rest := []byte(raw); ; {
		i := bytes.Index(rest, nul)
		if i < 0 {
			return false
		}
		slashes := len(rest[:i]) - len(bytes.TrimRight(rest[:i], `\`))
		if slashes%2 == 0 {
			return true
		}
		rest = rest[i+len(nul):] // the backslash is itself escaped: plain text
	}
}
