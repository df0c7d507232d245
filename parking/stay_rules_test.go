package parking_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

// telling makes facts about one stay, a minute after each other unless said.
type telling struct {
	t     *testing.T
	stay  uuid.UUID
	facts []parking.Fact
}

func (s *telling) tell(minute int, kind parking.Kind, body any) uuid.UUID {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	f := parking.Fact{
		ID: uuid.New(), Site: uuid.New(), Gate: "N", Epoch: parking.NewEpoch(1, [8]byte{1}), Seq: int64(len(s.facts)) + 1,
		Kind: kind, At: noon.Add(time.Duration(minute) * time.Minute), V: 1, Body: raw,
	}
	s.facts = append(s.facts, f)
	return f.ID
}

func (s *telling) in(minute int) uuid.UUID {
	return s.tell(minute, parking.KindVehicleIn, parking.VehicleIn{
		Stay: s.stay, Lane: "1", Class: parking.Car, Plate: "51F00001", Zone: "N", Slot: "N01", Token: "0042",
	})
}

func (s *telling) out(minute int) uuid.UUID {
	return s.tell(minute, parking.KindVehicleOut, parking.VehicleOut{
		Stay: s.stay, Lane: "2", Class: parking.Car, Plate: "51F00009", Charge: parking.Charge{Fee: 5000},
	})
}

func (s *telling) backOut(minute int, of uuid.UUID) {
	s.tell(minute, parking.KindVehicleBackedOut, parking.VehicleBackedOut{Stay: s.stay, Lane: "2", Of: of})
}

// Each rule of docs/STATE.md §2, folded from all facts at once and as a gate
// does it: one after the other, in the order told, the last of them twice.
func TestFoldRules(t *testing.T) {
	t.Parallel()
	payment := uuid.New()
	paid := func(s *telling, minute int, amount parking.Money) {
		s.tell(minute, parking.KindPaymentTaken, parking.PaymentTaken{
			Payment: payment, Stay: s.stay, Method: parking.Cash, Amount: amount, Currency: "VND",
		})
	}
	refund := func(s *telling, minute int, amount parking.Money) {
		s.tell(minute, parking.KindRefundPaid, parking.RefundPaid{Stay: s.stay, Payment: payment, Amount: amount, Currency: "VND"})
	}
	tests := map[string]struct {
		tell  func(*telling)
		holds func(*parking.Stay) bool
	}{
		"an OUT that backed out is none": {
			func(s *telling) { s.in(0); s.backOut(2, s.out(1)) },
			func(s *parking.Stay) bool {
				return s.State == parking.Inside && s.OutAt == nil && s.Charge == nil && s.OutPlate == "" && s.OutFact == uuid.Nil
			},
		},
		"and the next one closes the stay": {
			func(s *telling) { s.in(0); s.backOut(2, s.out(1)); s.out(3) },
			func(s *parking.Stay) bool {
				return s.State == parking.Left && s.OutAt.Equal(noon.Add(3*time.Minute))
			},
		},
		"an exit that backed out is no stay": {
			func(s *telling) { s.backOut(2, s.out(1)) },
			func(s *parking.Stay) bool { return s.State == "" },
		},
		"an IN that backed out never was": {
			func(s *telling) { s.backOut(1, s.in(0)) },
			func(s *parking.Stay) bool { return s.State == parking.Voided && len(s.Claims()) == 0 },
		},
		"the first loss of the token counts": {
			func(s *telling) {
				s.in(0)
				s.tell(2, parking.KindTokenLost, parking.TokenLost{Stay: s.stay})
				s.tell(3, parking.KindTokenLost, parking.TokenLost{Stay: s.stay})
				s.out(5)
			},
			func(s *parking.Stay) bool { return s.TokenUntil().Equal(noon.Add(2 * time.Minute)) },
		},
		"a token is held until the OUT": {
			func(s *telling) { s.in(0); s.out(5); s.tell(7, parking.KindTokenLost, parking.TokenLost{Stay: s.stay}) },
			func(s *parking.Stay) bool { return s.TokenUntil().Equal(noon.Add(5 * time.Minute)) },
		},
		"placed by hand is a move": {
			func(s *telling) {
				s.in(0)
				s.tell(1, parking.KindStayPlaced, parking.StayPlaced{Stay: s.stay, Zone: "S", Slot: "S03"})
			},
			func(s *parking.Stay) bool { return s.Slot == "S03" && len(s.Claims()) == 2 },
		},
		"a bank's word makes it paid": {
			func(s *telling) {
				s.tell(0, parking.KindPaymentRequested, parking.PaymentRequested{Payment: payment, Stay: s.stay, Method: parking.QR, Amount: 9000, Currency: "VND", Reference: "R"})
				s.tell(2, parking.KindPaymentConfirmed, parking.PaymentConfirmed{Payment: payment, Stay: s.stay, Method: parking.QR, Amount: 8000, Currency: "VND", BankAt: noon.Add(time.Minute)})
			},
			func(s *parking.Stay) bool {
				m := s.Payments[0]
				return m.Status == parking.Paid && m.Amount == 8000 && m.Reference == "R" && m.BankAt.Equal(noon.Add(time.Minute)) && m.PaidAt.Equal(noon.Add(2*time.Minute))
			},
		},
		"but not twice": {
			func(s *telling) {
				paid(s, 0, 5000)
				s.tell(2, parking.KindPaymentConfirmed, parking.PaymentConfirmed{Payment: payment, Stay: s.stay, Method: parking.QR, Amount: 8000, Currency: "VND"})
			},
			func(s *parking.Stay) bool {
				m := s.Payments[0]
				return m.Amount == 5000 && m.Method == parking.Cash && m.PaidAt.Equal(noon) && m.BankAt.Equal(noon.Add(2*time.Minute))
			},
		},
		"a refund takes from its payment": {
			func(s *telling) { paid(s, 0, 5000); refund(s, 1, 2000) },
			func(s *parking.Stay) bool {
				return s.Payments[0].Refunded == 2000 && s.Payments[0].Status == parking.Paid && s.PaidSum() == 3000
			},
		},
		"never more than it was": {
			func(s *telling) { paid(s, 0, 5000); refund(s, 1, 3000); refund(s, 2, 3000) },
			func(s *parking.Stay) bool {
				return s.Payments[0].Refunded == 5000 && s.Payments[0].Status == parking.Refunded && s.PaidSum() == 0
			},
		},
		"a refund waits for its payment": {
			func(s *telling) { refund(s, 0, 2000); paid(s, 1, 5000) },
			func(s *parking.Stay) bool { return len(s.Payments) == 1 && s.PaidSum() == 3000 },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &telling{t: t, stay: uuid.New()}
			test.tell(s)
			folded := parking.FoldStay(s.stay, s.facts)
			if !test.holds(&folded) {
				t.Errorf("folded: %+v", folded)
			}
			one := parking.Stay{ID: s.stay}
			for _, f := range append(s.facts, s.facts[len(s.facts)-1]) {
				body, err := parking.DecodeBody(f)
				if err != nil {
					t.Fatal(err)
				}
				one.ApplyFact(f, body)
			}
			if !test.holds(&one) {
				t.Errorf("one after the other: %+v", one)
			}
		})
	}
}

// An exit that found its entry takes its facts along and keeps no money.
func TestFoldMatched(t *testing.T) {
	t.Parallel()
	s, x := &telling{t: t, stay: uuid.New()}, &telling{t: t, stay: uuid.New()}
	s.in(0)
	x.out(5)
	x.tell(5, parking.KindPaymentTaken, parking.PaymentTaken{Payment: uuid.New(), Stay: x.stay, Method: parking.Cash, Amount: 5000, Currency: "VND"})
	exit := parking.FoldStay(x.stay, x.facts)
	if !exit.Unknown() {
		t.Fatalf("the exit: %+v", exit)
	}
	whole := parking.FoldStay(s.stay, append(s.facts, x.facts...), x.stay)
	if whole.State != parking.Left || whole.PaidSum() != 5000 || whole.Charge == nil || whole.ID != s.stay {
		t.Errorf("whole: %+v", whole)
	}
	if exit.MergeExit(s.stay); exit.State != parking.Voided || *exit.Into != s.stay || exit.Charge != nil || exit.Payments != nil {
		t.Errorf("the exit afterwards: %+v", exit)
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	fact := func(clock parking.ClockSource, monoMS int64) parking.Fact {
		return parking.Fact{Gate: "N", Boot: "b", Clock: clock, MonoMS: monoMS, At: noon}
	}
	observed := func(epoch int, seq int64, correctionMS int64, bootAt *time.Time) (parking.Fact, *parking.ClockObserved) {
		return parking.Fact{ID: uuid.New(), Gate: "N", Epoch: parking.NewEpoch(epoch, [8]byte{}), Seq: seq},
			&parking.ClockObserved{Boot: "b", BootAt: bootAt, CorrectionMS: correctionMS}
	}
	hour := noon.Add(time.Hour)
	clocks := parking.Clocks{}
	want := func(what string, f parking.Fact, at time.Time) {
		t.Helper()
		if got := clocks.TimeOf(f); !got.Equal(at) {
			t.Errorf("%s: %s, want %s", what, got, at)
		}
	}
	want("nothing observed", fact(parking.ClockWall, 5), noon)
	clocks.Observe(observed(2, 1, 60_000, nil))
	want("moved", fact(parking.ClockWall, 5), noon.Add(time.Minute))
	want("typed too", fact(parking.ClockTyped, 5), noon.Add(time.Minute))
	want("a clock that was right", fact(parking.ClockSynced, 5), noon)
	clocks.Observe(observed(2, 2, 1, nil))
	want("a later one", fact(parking.ClockWall, 5), noon.Add(time.Minute))
	clocks.Observe(observed(1, 9, 2000, nil))
	want("an earlier one", fact(parking.ClockWall, 5), noon.Add(2*time.Second))
	clocks.Observe(observed(3, 1, 0, &hour))
	want("the boot's own begin", fact(parking.ClockWall, 5), hour.Add(5*time.Millisecond))
	want("out of all years", fact(parking.ClockWall, 1<<62), noon)
	want("before all years", fact(parking.ClockWall, -200_000_000_000_0), noon)
	other := fact(parking.ClockWall, 5)
	other.Gate = "S"
	want("another gate's boot of that name", other, noon)
}
