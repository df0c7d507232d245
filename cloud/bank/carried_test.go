package bank_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/bank"
	"gatehouse/parking"
)

// word is what the gate knows of the bank's first notice, twelve minutes before
// noon.
func (h *house) word(payment uuid.UUID, amount parking.Money) parking.BankWord {
	heard := h.now.Add(-12 * time.Minute)
	return parking.BankWord{Payment: payment, Amount: amount, Reference: one, Notice: "sepay:1", BankAt: heard.Add(-time.Second), HeardAt: heard}
}

func (h *house) leavesOn(stay uuid.UUID, fee parking.Money, words ...parking.BankWord) {
	h.gate.Fact(h.t, parking.KindVehicleOut, h.now, parking.VehicleOut{
		Stay: stay, Lane: "2", Class: parking.Car, Confirmed: words, Charge: parking.Charge{
			Fee: fee, Currency: "VND", In: h.now.Add(-time.Hour), Out: h.now, Tariff: "default", TariffV: 1,
		},
	})
}

func (h *house) settle() {
	h.t.Helper()
	if err := h.bank.Settle(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) confirmed() (n int) {
	h.t.Helper()
	if err := h.Store.Pool.QueryRow(h.t.Context(), "SELECT count(*) FROM facts WHERE kind = 'payment_confirmed'").Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// A cloud that was restored from a backup hears from the gate's exit what the
// bank had told it: the money is there, when it came, once; also when the bank
// tells it again.
func TestAnExitCarriesTheBanksWord(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, payment := h.asked(one, 5000)
	w := h.word(payment, 5000)
	h.leavesOn(stay, 5000, w)
	h.bring()
	h.settle()
	h.settle()
	check := func(told bool) {
		t.Helper()
		s := h.stay(stay)
		if len(s.Payments) != 1 || s.PaidSum() != 5000 || !s.Payments[0].PaidAt.Equal(w.HeardAt) || !s.Payments[0].BankAt.Equal(w.BankAt) ||
			s.Payments[0].Notice != w.Notice {
			t.Errorf("payments %+v", s.Payments)
		}
		n := h.last()
		if n.State != bank.StateSettled || *n.StayID != stay || *n.PaymentID != payment || n.Told != told || n.CarriedBy == nil || *n.CarriedBy != "N" {
			t.Errorf("notice %+v", n)
		}
		if got := h.confirmed(); got != 1 {
			t.Errorf("%d facts", got)
		}
		if k := h.conflicts(); len(k) != 0 {
			t.Errorf("conflicts %v", k)
		}
	}
	check(false)
	h.take(map[string]any{"content": "QR " + one, "transferAmount": 5000})
	check(true)
	h.id = 0
	h.take(map[string]any{"content": "QR " + one, "transferAmount": 5000})
	check(true)
}

// A cloud that has the notice learns nothing from the exit.
func TestAWordThatIsKnownChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, payment := h.asked(one, 5000)
	h.bring()
	if n := h.transfer("QR "+one, 5000); n.State != bank.StateSettled {
		t.Fatalf("%+v", n)
	}
	words := h.stay(stay).Words()
	if len(words) != 1 || words[0].Payment != payment || words[0].Notice != "sepay:1" || !words[0].HeardAt.Equal(h.now) {
		t.Fatalf("%+v", words)
	}
	h.leavesOn(stay, 5000, words...)
	h.bring()
	h.settle()
	if n := h.notices(); len(n) != 1 || !n[0].Told || n[0].CarriedBy != nil || h.confirmed() != 1 || h.stay(stay).PaidSum() != 5000 {
		t.Errorf("notices %+v", n)
	}
}

// The bank tells it again before the gate's facts are back: it waits for review,
// and the exit says what came of it, though the vehicle has left.
func TestAWordSettlesWhatWaitsForReview(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]bool{"before its request": true, "after the exit": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			stay, payment := h.asked(one, 5000)
			if !before {
				h.leave(stay, 5000) // another fact of the exit, without the word
				h.bring()
			}
			if n := h.transfer("QR "+one, 5000); n.State != bank.StateReview {
				t.Fatalf("%+v", n)
			}
			h.gate.Fact(t, parking.KindReceiptIssued, h.now, parking.ReceiptIssued{
				Stay: stay, Payment: payment, Series: "N-2026", Number: 1, Amount: 5000, Currency: "VND", Method: parking.QR,
				Confirmed: new(h.word(payment, 5000)),
			})
			h.bring()
			h.settle()
			if n := h.last(); n.State != bank.StateSettled || !n.Told || *n.PaymentID != payment || h.stay(stay).PaidSum() != 5000 {
				t.Errorf("notice %+v", n)
			}
		})
	}
}

// A gate that tells of a transfer that was another's takes nothing from it.
func TestAWordOfMoneyThatCameElsewhere(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, payment := h.asked(one, 5000)
	h.leavesOn(stay, 5000, h.word(payment, 5000))
	h.bring()
	h.settle()
	h.take(map[string]any{"content": "QR " + one, "transferAmount": 5000, "accountNumber": "999"})
	var state, why string
	var site *uuid.UUID
	err := h.Store.Pool.QueryRow(t.Context(), "SELECT state, why, site_id FROM bank_notices WHERE told").Scan(&state, &why, &site)
	if err != nil || state != bank.StateReview || why != bank.WrongAccount || site != nil {
		t.Errorf("%s %s %v, %v", state, why, site, err)
	}
}

// Words that no bank can have said are no reason to refuse or to lose an exit.
func TestWordsThatAreNone(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, payment := h.asked(one, 5000)
	later := h.word(payment, 5000)
	later.Notice = "zalopay:1"
	h.leavesOn(stay, 5000, later)
	h.bring()
	h.settle()
	if s := h.stay(stay); s.State != parking.Left || s.PaidSum() != 0 || len(h.notices()) != 0 {
		t.Errorf("%+v", s)
	}
}
