package ingest_test

import (
	"github.com/google/uuid"

	"gatehouse/parking"
)

// moneyContradictions are those of money: it came twice, came to more than the
// fee, or used a number twice.
func (h *tale) moneyContradictions() {
	p := h.car(8, "51A00030", "", nil) // paid_twice
	h.takes(9, p.stay, 5000)
	h.takes(10, p.stay, 5000)
	h.exit(11, p.stay, "51A00030", "", 5000)

	p = h.car(8, "51A00031", "", nil) // overpaid; some of it was given back
	payment := h.takes(9, p.stay, 9000)
	h.exit(11, p.stay, "51A00031", "", 5000)
	h.cloudSays(20, parking.KindRefunded, parking.RefundMade{Stay: p.stay, Payment: payment, Amount: 1000, Currency: "VND", Reason: "test"})

	for _, hours := range []int{15, 25} { // reference_twice
		p = h.car(hours, "", "", nil)
		h.steady(h.hour(hours), h.rng.IntN(3), parking.KindPaymentRequested, parking.PaymentRequested{
			Payment: h.id(), Stay: p.stay, Method: parking.QR, Amount: 5000, Currency: "VND", Reference: "GHX",
		})
	}
	for _, hours := range []int{16, 26} { // receipt_twice
		h.steady(h.hour(hours), h.rng.IntN(3), parking.KindReceiptIssued, parking.ReceiptIssued{
			Stay: h.id(), Payment: h.id(), Series: "X-2026", Number: 7, Amount: 5000, Currency: "VND", Method: parking.Cash,
		})
	}
}

func (h *tale) takes(hours int, stay uuid.UUID, amount parking.Money) uuid.UUID {
	payment := h.id()
	h.steady(h.hour(hours), h.rng.IntN(3), parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: payment, Stay: stay, Method: parking.Cash, Amount: amount, Currency: "VND",
	})
	return payment
}

// moneyAct is an act of the disorder about money.
func (h *tale) moneyAct(a act) {
	var (
		fee       = one[parking.Money](h, 3000, 5000, 8000, 11000)
		reference = one(h, "", "GH1", "GH2")
		method    = one(h, parking.Cash, parking.QR, parking.Manual)
	)
	switch h.rng.IntN(9) {
	case 0, 1:
		h.add(a.at, a.gate, parking.KindPaymentRequested, parking.PaymentRequested{
			Payment: a.payment, Stay: a.stay, Method: parking.QR, Amount: fee, Currency: "VND", Reference: reference,
		})
	case 2, 3, 4:
		h.add(a.at, a.gate, parking.KindPaymentTaken, parking.PaymentTaken{
			Payment: a.payment, Stay: a.stay, Method: method, Amount: fee, Currency: "VND", Tendered: one[parking.Money](h, 0, 20000),
			Reference: one(h, "", reference, "GH3"),
		})
	case 5:
		b := parking.PaymentConfirmed{
			Payment: a.payment, Stay: a.stay, Method: parking.QR, Amount: fee, Currency: "VND", Reference: reference, Notice: "test 1",
		}
		if h.rng.IntN(3) > 0 {
			b.BankAt = a.at.Add(h.minutes(60) + 4321)
		}
		if h.rng.IntN(3) == 0 { // written again
			heard := parking.BusinessTime(a.at.Add(-h.minutes(90)))
			b.HeardAt = &heard
		}
		h.add(a.at, cloud, parking.KindPaymentConfirmed, b)
	case 6:
		h.add(a.at, a.gate, parking.KindRefundPaid, parking.RefundPaid{
			Payment: a.payment, Stay: a.stay, Amount: one(h, fee, 1000), Currency: "VND", Reason: "test",
		})
	case 7:
		h.add(a.at, cloud, parking.KindRefunded, parking.RefundMade{
			Payment: a.payment, Stay: a.stay, Amount: one(h, fee, 1000), Currency: "VND", Reason: "test",
		})
	default:
		h.add(a.at, a.gate, parking.KindReceiptIssued, parking.ReceiptIssued{
			Stay: a.stay, Payment: a.payment, Series: one(h, "N-2026", "S-2026"), Number: int64(1 + h.rng.IntN(2)),
			Amount: fee, Currency: "VND", Method: method,
		})
	}
}
