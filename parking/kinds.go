package parking

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Kind names what a fact tells.
type Kind string

// Kinds that gates write.
const (
	KindStarted          Kind = "started"
	KindVehicleIn        Kind = "vehicle_in"
	KindVehicleOut       Kind = "vehicle_out"
	KindPlateCorrected   Kind = "plate_corrected"
	KindClassCorrected   Kind = "class_corrected"
	KindSlotChanged      Kind = "slot_changed"
	KindStayVoided       Kind = "stay_voided"
	KindPaymentRequested Kind = "payment_requested"
	KindPaymentTaken     Kind = "payment_taken"
	KindRefundPaid       Kind = "refund_paid"
	KindReceiptIssued    Kind = "receipt_issued"
	KindTokenLost        Kind = "token_lost"
	KindBarrierOpened    Kind = "barrier_opened"
	KindBarrierFailed    Kind = "barrier_failed"
	KindLanePassage      Kind = "lane_passage"
	KindVehicleBackedOut Kind = "vehicle_backed_out"
	KindLaneChanged      Kind = "lane_changed"
	KindShiftOpened      Kind = "shift_opened"
	KindShiftClosed      Kind = "shift_closed"
	KindSignedInOffline  Kind = "signed_in_offline"
	KindInventoryTaken   Kind = "inventory_taken"
	KindClockObserved    Kind = "clock_observed"
	KindReadRejected     Kind = "read_rejected"
	KindAlarm            Kind = "alarm"
	KindMessageRead      Kind = "message_read"
	KindAlive            Kind = "alive"
)

// Kinds that only the cloud writes (gate CloudGate). It also writes
// stay_voided, plate_corrected and class_corrected when it settles a conflict.
const (
	KindConflictSettled  Kind = "conflict_settled"
	KindStayPlaced       Kind = "stay_placed"
	KindExitMatched      Kind = "exit_matched"
	KindPaymentConfirmed Kind = "payment_confirmed"
	KindRefunded         Kind = "refunded"
	KindSlot             Kind = "slot"
	KindPass             Kind = "pass"
	KindToken            Kind = "token"
	KindBlock            Kind = "block"
	KindMessage          Kind = "message"
	KindRight            Kind = "right"
)

// CloudOnly says whether facts of kind k are written by the cloud alone.
func CloudOnly(k Kind) bool {
	switch k {
	case KindConflictSettled, KindStayPlaced, KindExitMatched, KindPaymentConfirmed, KindRefunded,
		KindSlot, KindPass, KindToken, KindBlock, KindMessage, KindRight:
		return true
	}
	return false
}

// Started is the first fact of an epoch.
type Started struct {
	PrevEpoch Epoch  `json:"prev_epoch,omitempty"` // the epoch before at this gate, "" at the first start
	PrevSeq   int64  `json:"prev_seq,omitempty"`   // its last seq
	Version   string `json:"version"`              // of the program
	Machine   string `json:"machine"`              // fingerprint of the machine
}

// PlateRead is how a plate came to be known.
type PlateRead struct {
	Raw        string  `json:"raw,omitempty"`        // as the reader gave it, "" when typed by hand
	Confidence float64 `json:"confidence,omitempty"` // 0..1, of Raw
	Outcome    string  `json:"outcome,omitempty"`    // read, unsure, none, typed
}

// MaxThumbBytes bounds a thumbnail.
const MaxThumbBytes = 8 << 10

// PhotoRef names a photo by what is in it.
type PhotoRef struct {
	Role   string `json:"role"`   // plate, face, overview, overview2
	SHA256 string `json:"sha256"` // hex, of the JPEG
	Bytes  int    `json:"bytes"`
	// Thumb names a small picture (at most 8 KB: the plate, a face) that
	// follows the fact at once and reaches every gate; "" for none.
	Thumb string `json:"thumb,omitempty"`
}

// VehicleIn opens a stay.
type VehicleIn struct {
	Stay     uuid.UUID  `json:"stay"`
	Lane     string     `json:"lane"`
	Class    Class      `json:"class"`
	Plate    Plate      `json:"plate"`                   // canonical; "" when not known yet
	Display  string     `json:"display,omitempty"`       // as written on the plate
	Read     PlateRead  `json:"read"`                    //
	Reason   string     `json:"reason,omitempty"`        // why a plate was allowed that fits no pattern, or none
	Token    string     `json:"token,omitempty"`         // card or ticket, "" for none
	Zone     string     `json:"zone"`                    //
	Slot     string     `json:"slot,omitempty"`          // "" in a counted zone
	Offered  string     `json:"offered,omitempty"`       // the slot that was suggested
	Grant    int64      `json:"grant,omitempty"`         // number of the cloud's grant, evidence only
	Tariff   string     `json:"tariff"`                  // id of the tariff in force
	TariffV  int        `json:"tariff_version"`          // its version; it prices the whole stay
	Pass     string     `json:"pass,omitempty"`          // decided at IN (docs/PASSES.md)
	Photos   []PhotoRef `json:"photos,omitempty"`        //
	TypedAt  *time.Time `json:"typed_at,omitempty"`      // when it came in: entered later, from a paper ticket
	Walk     *uuid.UUID `json:"walk,omitempty"`          // the inventory walk that found it inside
	Offline  bool       `json:"offline,omitempty"`       // the gate had no cloud at that moment
	HomeOnly bool       `json:"own_home_slot,omitempty"` // the slot was the gate's own home slot
}

// Charge is a fee as the gate computed it, with the times that it was priced with.
type Charge struct {
	Fee      Money     `json:"fee"`
	Due      Money     `json:"due"` // left after payments before this fact
	Currency string    `json:"currency"`
	In       time.Time `json:"in"`
	Out      time.Time `json:"out"` // priced_at: when the vehicle was first seen at the exit
	Tariff   string    `json:"tariff"`
	TariffV  int       `json:"tariff_version"`
	Lines    []Line    `json:"lines"`
	// Discounts are the codes of the stay's tariff that were given, in order.
	Discounts []string `json:"discounts,omitempty"`
	Marked    string   `json:"marked,omitempty"` // why the pricing is not by the stay's own version
	// Follows are passes that joined the one that the IN names, where the charge
	// has a line of a pass.
	Follows []string `json:"follows,omitempty"`
}

// Candidate is a stay that the exit offered, with its fee.
type Candidate struct {
	Stay     uuid.UUID `json:"stay"`
	Plate    Plate     `json:"plate"`
	Distance float64   `json:"distance"`
	Fee      Money     `json:"fee"`
}

// VehicleOut closes a stay, or tells of an exit whose stay was not found.
type VehicleOut struct {
	Stay       uuid.UUID   `json:"stay"`
	Unknown    bool        `json:"unknown,omitempty"` // no stay was found: Stay is then a new id, and this fact its only one
	Lane       string      `json:"lane"`
	Class      Class       `json:"class"`
	Plate      Plate       `json:"plate"`
	Display    string      `json:"display,omitempty"`
	Read       PlateRead   `json:"read"`
	Token      string      `json:"token,omitempty"`
	Charge     Charge      `json:"charge"`
	Candidates []Candidate `json:"candidates,omitempty"` // as ranked; more than one, or when another than the first was taken
	Reason     string      `json:"reason,omitempty"`
	Photos     []PhotoRef  `json:"photos,omitempty"`
	TypedAt    *time.Time  `json:"typed_at,omitempty"` // when it left: entered later, from a paper ticket
	Offline    bool        `json:"offline,omitempty"`
	// Receipts are those that the driver showed, and that the charge counts.
	Receipts []ShownReceipt `json:"receipts,omitempty"`
	// Confirmed are the transfers that the charge counts.
	Confirmed []BankWord `json:"confirmed,omitempty"`
}

// ShownReceipt is a receipt that an exit has taken for money.
type ShownReceipt struct {
	Payment  uuid.UUID `json:"payment"`
	Gate     string    `json:"gate"`
	Series   string    `json:"series"`
	Number   int64     `json:"number"`
	Amount   Money     `json:"amount"`
	Unheard  bool      `json:"unheard,omitempty"`  // the payment was not known at that gate
	Unproven bool      `json:"unproven,omitempty"` // nor was the key that signed the receipt
}

// PlateCorrected replaces the plate of a stay.
type PlateCorrected struct {
	Stay    uuid.UUID `json:"stay"`
	Plate   Plate     `json:"plate"`
	Display string    `json:"display,omitempty"`
	Was     Plate     `json:"was"`
	Reason  string    `json:"reason,omitempty"`
	// Pass is the pass that the vehicle came in on by this plate, "" for none; nil
	// leaves what the IN has said.
	Pass *string `json:"pass,omitempty"`
}

// ClassCorrected replaces the class of a stay.
type ClassCorrected struct {
	Stay   uuid.UUID `json:"stay"`
	Class  Class     `json:"class"`
	Was    Class     `json:"was"`
	Reason string    `json:"reason,omitempty"`
	// Pass is the pass that the vehicle came in on as this class, "" for none; nil
	// leaves what the IN has said.
	Pass *string `json:"pass,omitempty"`
}

// SlotChanged moves a stay to another slot or zone.
type SlotChanged struct {
	Stay   uuid.UUID `json:"stay"`
	Zone   string    `json:"zone"`
	Slot   string    `json:"slot,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// StayVoided ends a stay that never was one.
type StayVoided struct {
	Stay   uuid.UUID `json:"stay"`
	Reason string    `json:"reason"`
}

// PaymentRequested is a request for money that was shown to a driver (a VietQR).
type PaymentRequested struct {
	Payment   uuid.UUID `json:"payment"`
	Stay      uuid.UUID `json:"stay"`
	Method    Method    `json:"method"`
	Amount    Money     `json:"amount"`
	Currency  string    `json:"currency"`
	Reference string    `json:"reference"` // in the transfer's purpose
}

// PaymentTaken is money that was received.
type PaymentTaken struct {
	Payment   uuid.UUID  `json:"payment"` // the request's id, or a new one
	Stay      uuid.UUID  `json:"stay"`
	Method    Method     `json:"method"`
	Amount    Money      `json:"amount"`
	Currency  string     `json:"currency"`
	Tendered  Money      `json:"tendered,omitempty"` // cash handed over
	Change    Money      `json:"change,omitempty"`   // cash given back
	Reference string     `json:"reference,omitempty"`
	ByHand    *ByHand    `json:"by_hand,omitempty"` // who saw the transfer, elsewhere than here
	Shift     *uuid.UUID `json:"shift,omitempty"`
}

// ByHand is the proof of a transfer that a person confirmed.
type ByHand struct {
	PayerBank string    `json:"payer_bank"`
	At        time.Time `json:"at"`
}

// BarrierOpened is an opening that the system commanded.
type BarrierOpened struct {
	Lane   string     `json:"lane"`
	Cause  string     `json:"cause"` // stay, again, by_hand
	Stay   *uuid.UUID `json:"stay,omitempty"`
	Reason string     `json:"reason,omitempty"` // of an opening by hand
	Shift  *uuid.UUID `json:"shift,omitempty"`  // of who opened by hand
}

// BarrierFailed is an opening whose device did not answer.
type BarrierFailed struct {
	Lane   string     `json:"lane"`
	Stay   *uuid.UUID `json:"stay,omitempty"`
	Reason string     `json:"reason"`
}

// LanePassage is a vehicle that a loop, barrier contact or camera saw.
type LanePassage struct {
	Lane   string     `json:"lane"`
	Source string     `json:"source"` // loop, contact, motion
	Stay   *uuid.UUID `json:"stay,omitempty"`
	Photos []PhotoRef `json:"photos,omitempty"`
}

// LaneChanged is a lane whose direction was switched.
type LaneChanged struct {
	Lane      string    `json:"lane"`
	Direction Direction `json:"direction"`
	Reason    string    `json:"reason,omitempty"`
}

// ShiftOpened starts a person's drawer.
type ShiftOpened struct {
	Shift uuid.UUID `json:"shift"`
	Guard string    `json:"guard"`
	Float *Money    `json:"float,omitempty"` // nil: not counted
	// ByItself says that money was taken, or the barrier opened by hand, without
	// a shift: it was opened with that.
	ByItself bool `json:"by_itself,omitempty"`
}

// ShiftClosed ends it with a blind count. By the cloud it is an
// administrator's second count.
type ShiftClosed struct {
	Shift   uuid.UUID   `json:"shift"`
	Guard   string      `json:"guard"` // whose shift it is
	Counted Money       `json:"counted"`
	Notes   []NoteCount `json:"notes,omitempty"`  // what the sum is made of, where it was said
	Cards   *int        `json:"cards,omitempty"`  // in the box, handed over with the drawer
	Reason  string      `json:"reason,omitempty"` // of a second count
}

// SignedInOffline is a sign-in that the gate checked by itself.
type SignedInOffline struct {
	Guard string `json:"guard"`
}

// Alarm is something at the gate that a person should look at.
type Alarm struct {
	Code string `json:"code"`
	Lane string `json:"lane,omitempty"`
	Text string `json:"text"`
	// Photos show what the alarm is about, where a camera saw it.
	Photos []PhotoRef `json:"photos,omitempty"`
}

// RefundPaid is money that a gate gave back for a payment.
type RefundPaid struct {
	Stay     uuid.UUID  `json:"stay"`
	Payment  uuid.UUID  `json:"payment"`
	Amount   Money      `json:"amount"`
	Currency string     `json:"currency"`
	Reason   string     `json:"reason"`
	Shift    *uuid.UUID `json:"shift,omitempty"`
}

// ReceiptIssued is a receipt with its gapless number in its gate's series.
type ReceiptIssued struct {
	Stay     uuid.UUID `json:"stay"`
	Payment  uuid.UUID `json:"payment"`
	Series   string    `json:"series"` // gate and local year, "N-2027"
	Number   int64     `json:"number"` // 1, 2, 3… in the series
	Amount   Money     `json:"amount"`
	Currency string    `json:"currency"`
	Method   Method    `json:"method"`
	// What the receipt says beside the payment: see docs/RECEIPTS.md.
	Fee   Money      `json:"fee,omitempty"` // the sum of the lines; Amount is what this payment gave of it
	Lines []Line     `json:"lines,omitempty"`
	Plate string     `json:"plate,omitempty"` // as written on the plate
	In    *time.Time `json:"in,omitempty"`
	Until *time.Time `json:"until,omitempty"` // up to when the fee is counted
	Paid  *time.Time `json:"paid,omitempty"`
	Buyer *Buyer     `json:"buyer,omitempty"`
	// Confirmed is the bank's word about the payment, where it has come.
	Confirmed *BankWord `json:"confirmed,omitempty"`
}

// TokenLost says that the driver of a stay has lost what he held.
type TokenLost struct {
	Stay   uuid.UUID  `json:"stay"`
	Token  string     `json:"token"`
	Reason string     `json:"reason"`
	Photos []PhotoRef `json:"photos,omitempty"`
}

// VehicleBackedOut says that a vehicle did not go through an opening: the
// fact for which the barrier opened (Of, a vehicle_in or vehicle_out of the
// stay) did not come true.
type VehicleBackedOut struct {
	Stay   uuid.UUID `json:"stay"`
	Lane   string    `json:"lane"`
	Of     uuid.UUID `json:"of"`
	Reason string    `json:"reason,omitempty"`
}

// InventoryTaken is what a walk through a zone found.
type InventoryTaken struct {
	Walk  uuid.UUID        `json:"walk"` // facts of one walk share it
	Zone  string           `json:"zone"`
	Found []FoundInventory `json:"found"` // at most 100 in one fact
}

// FoundInventory is one vehicle that a walk saw.
type FoundInventory struct {
	Plate Plate  `json:"plate"`
	Class Class  `json:"class"`
	Slot  string `json:"slot,omitempty"`
	Token string `json:"token,omitempty"`
}

// ClockObserved corrects the times of a boot whose facts were written by the
// machine's wall clock or a typed time. BootAt, when set, is the true time at
// which the boot's monotonic clock stood at 0; without it the correction is
// added to the times as they are. See docs/STATE.md §1.
type ClockObserved struct {
	Boot         string     `json:"boot"`
	BootAt       *time.Time `json:"boot_at,omitempty"`
	CorrectionMS int64      `json:"correction_ms"` // true time minus what the gate believed
}

// ReadRejected is a reading of a plate that a guard turned down.
type ReadRejected struct {
	Lane   string     `json:"lane"`
	Read   PlateRead  `json:"read"`
	Reason string     `json:"reason,omitempty"`
	Photos []PhotoRef `json:"photos,omitempty"`
}

// StayOf returns the stay that a fact is about, the zero id for none or when
// the body cannot be read.
func StayOf(f Fact) uuid.UUID {
	var b struct {
		Stay *uuid.UUID `json:"stay"`
	}
	if err := json.Unmarshal(f.Body, &b); err != nil || b.Stay == nil {
		return uuid.Nil
	}
	return *b.Stay
}

// bodies makes an empty body for each kind that this program can apply.
var bodies = map[Kind]func() any{
	KindStarted:          func() any { return new(Started) },
	KindVehicleIn:        func() any { return new(VehicleIn) },
	KindVehicleOut:       func() any { return new(VehicleOut) },
	KindPlateCorrected:   func() any { return new(PlateCorrected) },
	KindClassCorrected:   func() any { return new(ClassCorrected) },
	KindSlotChanged:      func() any { return new(SlotChanged) },
	KindStayVoided:       func() any { return new(StayVoided) },
	KindPaymentRequested: func() any { return new(PaymentRequested) },
	KindPaymentTaken:     func() any { return new(PaymentTaken) },
	KindBarrierOpened:    func() any { return new(BarrierOpened) },
	KindBarrierFailed:    func() any { return new(BarrierFailed) },
	KindLanePassage:      func() any { return new(LanePassage) },
	KindLaneChanged:      func() any { return new(LaneChanged) },
	KindShiftOpened:      func() any { return new(ShiftOpened) },
	KindShiftClosed:      func() any { return new(ShiftClosed) },
	KindSignedInOffline:  func() any { return new(SignedInOffline) },
	KindAlarm:            func() any { return new(Alarm) },
	KindRefundPaid:       func() any { return new(RefundPaid) },
	KindReceiptIssued:    func() any { return new(ReceiptIssued) },
	KindTokenLost:        func() any { return new(TokenLost) },
	KindVehicleBackedOut: func() any { return new(VehicleBackedOut) },
	KindInventoryTaken:   func() any { return new(InventoryTaken) },
	KindClockObserved:    func() any { return new(ClockObserved) },
	KindReadRejected:     func() any { return new(ReadRejected) },
	KindMessageRead:      func() any { return new(MessageRead) },
	KindConflictSettled:  func() any { return new(ConflictSettled) },
	KindStayPlaced:       func() any { return new(StayPlaced) },
	KindExitMatched:      func() any { return new(ExitMatched) },
	KindPaymentConfirmed: func() any { return new(PaymentConfirmed) },
	KindRefunded:         func() any { return new(RefundMade) },
	KindSlot:             func() any { return new(SlotVersion) },
	KindPass:             func() any { return new(PassVersion) },
	KindToken:            func() any { return new(TokenVersion) },
	KindBlock:            func() any { return new(BlockVersion) },
	KindMessage:          func() any { return new(MessageVersion) },
	KindRight:            func() any { return new(RightVersion) },
	KindAlive:            func() any { return new(struct{}) },
}

// DecodeBody reads the body of f. A kind that this program does not know, or
// a body that is not one of its kind, is an Invalid error: the fact is then
// kept raw in quarantine and applied after an upgrade.
func DecodeBody(f Fact) (any, error) {
	make, ok := bodies[f.Kind]
	if !ok {
		return nil, Errorf(Invalid, "This version does not know facts of kind %q.", cut(string(f.Kind), 64))
	}
	if holdsNUL(f.Body) || strings.ContainsRune(f.Actor, 0) || strings.ContainsRune(f.Boot, 0) {
		return nil, Errorf(Invalid, "A text in this %s holds a NUL character.", f.Kind)
	}
	body := make()
	if err := json.Unmarshal(f.Body, body); err != nil {
		return nil, Errorf(Invalid, "The body of this %s cannot be read: %s.", f.Kind, jsonReason(err))
	}
	if v, ok := body.(interface{ validate() error }); ok {
		if err := v.validate(); err != nil {
			return nil, err
		}
	}
	return body, nil
}
