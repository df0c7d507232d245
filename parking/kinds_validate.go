package parking

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
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
	if err := shortText("number of a card or ticket", b.Token); err != nil {
		return err
	}
	if err := shortText("pass", b.Pass); err != nil {
		return err
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
	if b.TypedAt != nil && !possibleTime(*b.TypedAt) {
		return Errorf(Invalid, "The time typed for this exit is not one.")
	}
	if len(b.Charge.Discounts) > 20 {
		return Errorf(Invalid, "Nobody is given more than 20 discounts at once.")
	}
	for _, code := range b.Charge.Discounts {
		if err := shortText("code of a discount", code); err != nil {
			return err
		}
	}
	if err := shortText("number of a card or ticket", b.Token); err != nil {
		return err
	}
	if !timeOrNone(b.Charge.In) || !timeOrNone(b.Charge.Out) {
		return Errorf(Invalid, "The times of this charge are not possible.")
	}
	if err := follows(b.Charge.Follows); err != nil {
		return err
	}
	if err := bankWords(b.Confirmed...); err != nil {
		return err
	}
	return classAndPlate(b.Class, b.Plate, b.Display)
}

// maxTransaction bounds a provider's name of a transfer in bytes; maxWords how
// many transfers one exit counts.
const (
	maxTransaction = 200
	maxWords       = 50
)

func bankWords(words ...BankWord) error {
	if len(words) > maxWords {
		return Errorf(Invalid, "Nobody pays one stay by more than %d transfers.", maxWords)
	}
	for i := range words {
		w := &words[i]
		if _, _, ok := NoticeID(w.Notice); !ok || !possibleTime(w.HeardAt) || !timeOrNone(w.BankAt) {
			return Errorf(Invalid, "A bank's word has its notice and its times.")
		}
		if err := payment(w.Payment, QR, w.Amount, w.Reference); err != nil {
			return err
		}
	}
	return nil
}

func (b *PlateCorrected) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	if err := passSaid(b.Pass); err != nil {
		return err
	}
	return plateText(b.Plate, b.Display)
}

// passSaid checks the pass that a correction says anew; nil says nothing.
func passSaid(code *string) error {
	if code == nil {
		return nil
	}
	return shortText("pass", *code)
}

func (b *ClassCorrected) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	if err := passSaid(b.Pass); err != nil {
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
	return payment(b.Payment, b.Method, b.Amount, b.Reference)
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
	return payment(b.Payment, b.Method, b.Amount, b.Reference)
}

func (b *LaneChanged) validate() error {
	if b.Direction != In && b.Direction != Out {
		return Errorf(Invalid, "A lane leads in or out, not %q.", cut(string(b.Direction), 20))
	}
	return ValidLane(b.Lane)
}

func (b *RefundPaid) validate() error { return refund(b.Stay, b.Payment, b.Amount) }

func (b *RefundMade) validate() error { return refund(b.Stay, b.Payment, b.Amount) }

func refund(stay, payment uuid.UUID, amount Money) error {
	if err := aStay(stay); err != nil {
		return err
	}
	if payment == uuid.Nil || amount <= 0 {
		return Errorf(Invalid, "A refund names its payment and a sum.")
	}
	return sums(amount)
}

func (b *ReceiptIssued) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	if err := ValidCode("series of receipts", b.Series); err != nil {
		return err
	}
	if b.Number < 1 {
		return Errorf(Invalid, "Receipts count from 1.")
	}
	for _, at := range []*time.Time{b.In, b.Until, b.Paid} {
		if at != nil && !possibleTime(*at) {
			return Errorf(Invalid, "The times of this receipt are not possible.")
		}
	}
	if b.Buyer != nil {
		if len(b.Buyer.Name)+len(b.Buyer.TaxCode)+len(b.Buyer.Address) > 2000 {
			return Errorf(Invalid, "The buyer on this receipt has more than 2,000 letters.")
		}
	}
	if len(b.Lines) > maxLines || len(b.Plate) > 64 {
		return Errorf(Invalid, "This receipt has more on it than a receipt has.")
	}
	if b.Confirmed != nil {
		if err := bankWords(*b.Confirmed); err != nil {
			return err
		}
	}
	return sums(b.Amount, b.Fee)
}

func (b *TokenLost) validate() error { return aStay(b.Stay) }

func (b *VehicleBackedOut) validate() error {
	if b.Of == uuid.Nil {
		return Errorf(Invalid, "The fact does not say what did not come true.")
	}
	return stayAndLane(b.Stay, b.Lane)
}

func (b *InventoryTaken) validate() error {
	if len(b.Found) > 100 {
		return Errorf(Invalid, "One fact lists at most 100 vehicles found.")
	}
	for _, f := range b.Found {
		if err := plateText(f.Plate, f.Slot); err != nil {
			return err
		}
	}
	return ValidCode("zone", b.Zone)
}

func (b *ClockObserved) validate() error {
	if b.Boot == "" || len(b.Boot) > MaxBoot || (b.BootAt != nil && !possibleTime(*b.BootAt)) {
		return Errorf(Invalid, "This observation of the clock names no boot.")
	}
	const century = 100 * 366 * 24 * 60 * 60 * 1000
	if b.CorrectionMS < -century || b.CorrectionMS > century {
		return Errorf(Invalid, "No clock is wrong by %d milliseconds.", b.CorrectionMS)
	}
	return nil
}

func (b *ConflictSettled) validate() error {
	if id, err := hex.DecodeString(b.Conflict); err != nil || len(id) != 32 {
		return Errorf(Invalid, "The settlement names no conflict.")
	}
	if b.How == "" || len(b.How) > 64 || len(b.Saw) > MaxSaw {
		return Errorf(Invalid, "The settlement does not say what was decided.")
	}
	return nil
}

func (b *StayPlaced) validate() error {
	return (&SlotChanged{Stay: b.Stay, Zone: b.Zone, Slot: b.Slot}).validate()
}

func (b *ExitMatched) validate() error {
	if b.Exit == uuid.Nil || b.Exit == b.Stay {
		return Errorf(Invalid, "An exit is matched with a stay other than its own.")
	}
	return aStay(b.Stay)
}

func (b *PaymentConfirmed) validate() error {
	if err := aStay(b.Stay); err != nil {
		return err
	}
	if !timeOrNone(b.BankAt) || b.HeardAt != nil && !possibleTime(*b.HeardAt) {
		return Errorf(Invalid, "The bank's time is not one.")
	}
	return payment(b.Payment, b.Method, b.Amount, b.Reference)
}

func (b *SlotVersion) validate() error {
	if !possibleTime(b.From) {
		return noFrom()
	}
	return ValidCode("slot", b.Slot)
}

func (b *PassVersion) validate() error {
	if !possibleTime(b.From) || !possibleTime(b.Begins) || !possibleTime(b.Ends) || b.Places < 1 || b.Places > 10_000 {
		return Errorf(Invalid, "The pass does not say how many places it has and from when to when.")
	}
	for _, p := range b.Plates {
		if err := plateText(p, ""); err != nil {
			return err
		}
	}
	return ValidCode("pass", b.Pass)
}

func (b *TokenVersion) validate() error {
	if !possibleTime(b.From) {
		return noFrom()
	}
	if b.Token == "" || len(b.Token) > 64 || (b.Type != "card" && b.Type != "ticket") ||
		!slices.Contains([]string{"stock", "issued", "blocked", "lost"}, b.State) {
		return Errorf(Invalid, "This is no state of a card or ticket.")
	}
	return nil
}

func (b *BlockVersion) validate() error {
	if !possibleTime(b.From) || b.Plate == "" {
		return noFrom()
	}
	return plateText(b.Plate, "")
}

func (b *RightVersion) validate() error {
	if !possibleTime(b.From) || b.Name == "" || len(b.Name) > 32 || (b.Role != "" && b.Role != "admin" && b.Role != "guard") {
		return Errorf(Invalid, "This right names no person, role or time.")
	}
	return nil
}

func noFrom() error {
	return Errorf(Invalid, "The version does not say what it is of and from when it holds.")
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
	return ValidLane(lane)
}

func classAndPlate(c Class, p Plate, display string) error {
	if err := ValidCode("class", string(c)); err != nil {
		return err
	}
	return plateText(p, display)
}

// maxLines bounds the lines of a receipt: a fee has a line for each kind of
// charge, and few of each.
const maxLines = 500

// shortText bounds what facts are found again by.
func shortText(what, s string) error {
	if len(s) > 64 {
		return Errorf(Invalid, "The %s in this fact is longer than 64 characters.", what)
	}
	return nil
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

// maxReference bounds the reference of a transfer: more than any bank carries.
const maxReference = 200

func payment(id uuid.UUID, m Method, amount Money, reference string) error {
	if id == uuid.Nil {
		return Errorf(Invalid, "The payment has no id.")
	}
	if !m.valid() {
		return Errorf(Invalid, "%q is no method of payment.", cut(string(m), 20))
	}
	if amount == 0 {
		return Errorf(Invalid, "A payment of nothing is none.")
	}
	if len(reference) > maxReference {
		return Errorf(Invalid, "The reference of a payment has at most %d characters.", maxReference)
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
