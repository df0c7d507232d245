package parking

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Whatever a body holds, it is either refused or can be folded and written
// again: a fact that is taken never spoils its stay later.
func FuzzDecodeBody(f *testing.F) {
	stay := uuid.NewSHA1(uuid.NameSpaceOID, []byte("stay"))
	other := uuid.NewSHA1(uuid.NameSpaceOID, []byte("other"))
	at := noon.Add(time.Hour)
	for kind, body := range map[Kind]any{
		KindVehicleIn:        VehicleIn{Stay: stay, Lane: "1", Class: Car, Plate: "30A12345", Zone: "A", Slot: "A01", TypedAt: &at},
		KindVehicleOut:       VehicleOut{Stay: stay, Lane: "2", Class: Car, Charge: Charge{Fee: 5000, In: noon, Out: at}},
		KindPlateCorrected:   PlateCorrected{Stay: stay, Plate: "30A1"},
		KindSlotChanged:      SlotChanged{Stay: stay, Zone: "A", Slot: "A02"},
		KindPaymentRequested: PaymentRequested{Stay: stay, Payment: other, Method: QR, Amount: 1},
		KindPaymentTaken:     PaymentTaken{Stay: stay, Payment: other, Method: Cash, Amount: 5000, Tendered: 10000},
		KindRefundPaid:       RefundPaid{Stay: stay, Payment: other, Amount: 1000},
		KindShiftOpened:      ShiftOpened{Shift: other, Guard: "lan"},
		KindShiftClosed:      ShiftClosed{Shift: other, Guard: "lan", Counted: 1000, Notes: []NoteCount{{Value: 500, Count: 2}}},
		KindReceiptIssued:    ReceiptIssued{Stay: stay, Payment: other, Series: "N-2027", Number: 1},
		KindTokenLost:        TokenLost{Stay: stay, Token: "0042"},
		KindVehicleBackedOut: VehicleBackedOut{Stay: stay, Lane: "1", Of: other},
		KindInventoryTaken:   InventoryTaken{Walk: other, Zone: "A", Found: []FoundInventory{{Plate: "30A1"}}},
		KindClockObserved:    ClockObserved{Boot: "b", BootAt: &at, CorrectionMS: -5},
		KindLaneChanged:      LaneChanged{Lane: "1", Direction: Out},
		KindConflictSettled:  ConflictSettled{Conflict: "00", How: "accept", Saw: []uuid.UUID{stay}},
		KindStayPlaced:       StayPlaced{Stay: stay, Zone: "A", Slot: "A03"},
		KindExitMatched:      ExitMatched{Stay: stay, Exit: other},
		KindPaymentConfirmed: PaymentConfirmed{Stay: stay, Payment: other, Method: QR, Amount: 5, BankAt: at},
		KindRefunded:         RefundMade{Stay: stay, Payment: other, Amount: 5},
		KindSlot:             SlotVersion{Slot: "A01", OutOfService: true, From: at},
		KindPass:             PassVersion{Pass: "P1", Places: 2, Begins: noon, Ends: at, From: at},
		KindToken:            TokenVersion{Token: "0042", Type: "card", State: "lost", From: at},
		KindBlock:            BlockVersion{Plate: "30A1", Blocked: true, From: at},
		KindMessage:          MessageVersion{Message: other, Gates: []string{"N"}, Text: "hi\nthere", By: "an", Until: &at, From: noon},
		KindMessageRead:      MessageRead{Message: other},
		KindRight:            RightVersion{Name: "an", From: at},
	} {
		raw, err := json.Marshal(body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(kind), raw)
	}
	f.Add("alive", []byte(`null`))
	f.Add("vehicle_in", []byte(`{"stay":"x\u0000"}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if len(body) > MaxFactBytes {
			return
		}
		in := fact(t, "N", 1, 0, KindVehicleIn, VehicleIn{Stay: stay, Lane: "1", Class: Car, Zone: "A", Slot: "A01"})
		g := fact(t, "N", 2, 1, KindAlive, struct{}{})
		g.Kind, g.Body = Kind(kind), body
		if _, err := DecodeBody(g); err != nil {
			if ErrorMessage(err) == "" {
				t.Fatalf("refused without a sentence: %v", err)
			}
			return
		}
		for _, id := range []uuid.UUID{stay, StayOf(g)} {
			s := FoldStay(id, []Fact{g, in})
			s.Claims()
			if _, err := json.Marshal(s); err != nil {
				t.Fatalf("a stay that cannot be written: %v", err)
			}
			for _, p := range s.Payments {
				if p.Amount < 0 || p.Amount > MaxMoney {
					t.Fatalf("a payment of %d", p.Amount)
				}
			}
		}
	})
}
