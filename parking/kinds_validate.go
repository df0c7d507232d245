package parking

import (
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
	return classAndPlate(b.Class, b.Plate, b.Display)
}

func (b *VehicleOut) validate() error {
	if err := stayAndLane(b.Stay, b.Lane); err != nil {
		return err
	}
	if err := sums(b.Charge.Fee); err != nil {
		return err
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
