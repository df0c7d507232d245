package parking_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// A request that one gate's clock puts after the money of another does not
// change how much was received.
func TestRequestAfterItsMoney(t *testing.T) {
	t.Parallel()
	stay, payment, site := uuid.New(), uuid.New(), uuid.New()
	noon := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	fact := func(gate string, kind parking.Kind, at time.Time, body any) parking.Fact {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return parking.Fact{
			ID: uuid.New(), Site: site, Gate: gate, Epoch: parking.NewEpoch(1, [8]byte{1}), Seq: 1, Kind: kind, At: at, V: 1, Body: raw,
		}
	}
	s := parking.FoldStay(stay, []parking.Fact{
		fact("N", parking.KindPaymentRequested, noon.Add(time.Minute), parking.PaymentRequested{
			Payment: payment, Stay: stay, Method: parking.QR, Amount: 8000, Currency: "VND", Reference: "REF",
		}),
		fact("S", parking.KindPaymentTaken, noon, parking.PaymentTaken{
			Payment: payment, Stay: stay, Method: parking.Manual, Amount: 5000, Currency: "VND",
		}),
	})
	if len(s.Payments) != 1 || s.PaidSum() != 5000 || s.Payments[0].Method != parking.Manual || s.Payments[0].Gate != "S" || s.Payments[0].Reference != "REF" {
		t.Errorf("payments %+v", s.Payments)
	}
}
