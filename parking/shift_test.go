package parking_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

var (
	shiftSite = uuid.MustParse("018f0000-0000-7000-8000-000000000009")
	shiftDay  = time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	vietnam   = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)
)

func machineShift(gate string, at time.Time) uuid.UUID {
	return parking.MachineShift(shiftSite, gate, at, vietnam)
}

// shiftTeller writes facts of several gates.
type shiftTeller struct {
	t    *testing.T
	seqs map[string]int64
	told []parking.Told
}

func (s *shiftTeller) tell(gate, actor string, after time.Duration, kind parking.Kind, body any) uuid.UUID {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.seqs == nil {
		s.seqs = map[string]int64{}
	}
	s.seqs[gate]++
	f := parking.Fact{
		ID: uuid.New(), Site: shiftSite, Gate: gate, Epoch: parking.NewEpoch(1, [8]byte{1}), Seq: s.seqs[gate], Kind: kind,
		At: shiftDay.Add(after), Clock: parking.ClockSynced, Actor: actor, V: parking.FactVersion, Body: raw,
	}
	says, err := parking.DecodeBody(f)
	if err != nil {
		s.t.Fatalf("%s: %v", kind, err)
	}
	s.told = append(s.told, parking.Told{Fact: f, Says: says})
	return f.ID
}

func TestAShiftIsWhatItsFactsSay(t *testing.T) {
	t.Parallel()
	s := shiftTeller{t: t}
	shift, float, cards := uuid.New(), parking.Money(200_000), 40
	stay, qr, byHand := uuid.New(), uuid.New(), uuid.New()
	s.tell("N", "lan", 0, parking.KindShiftOpened, parking.ShiftOpened{Shift: shift, Guard: "lan", Float: &float})
	s.tell("N", "lan", time.Hour, parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: uuid.New(), Stay: stay, Method: parking.Cash, Amount: 8000, Tendered: 10_000, Change: 2000, Shift: &shift,
	})
	s.tell("N", "lan", 2*time.Hour, parking.KindRefundPaid, parking.RefundPaid{Stay: stay, Payment: uuid.New(), Amount: 3000, Reason: "r", Shift: &shift})
	s.tell("N", "lan", 2*time.Hour, parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: byHand, Stay: stay, Method: parking.Manual, Amount: 5000, Shift: &shift, ByHand: &parking.ByHand{PayerBank: "VCB", At: shiftDay},
	})
	s.tell("N", "lan", 3*time.Hour, parking.KindBarrierOpened, parking.BarrierOpened{Lane: "2", Cause: "by_hand", Reason: "ambulance", Shift: &shift})
	s.tell("N", "lan", 3*time.Hour, parking.KindBarrierOpened, parking.BarrierOpened{Lane: "2", Cause: "again"})
	s.tell("N", "lan", 4*time.Hour, parking.KindPaymentRequested, parking.PaymentRequested{Payment: qr, Stay: stay, Method: parking.QR, Amount: 9000})
	s.tell(parking.CloudGate, "", 4*time.Hour, parking.KindPaymentConfirmed, parking.PaymentConfirmed{Payment: qr, Stay: stay, Method: parking.QR, Amount: 9000})
	s.tell("N", "lan", 8*time.Hour, parking.KindShiftClosed, parking.ShiftClosed{
		Shift: shift, Guard: "lan", Counted: 204_000, Notes: []parking.NoteCount{{Value: 200_000, Count: 1}, {Value: 2000, Count: 2}}, Cards: &cards,
	})
	// Told again by a gate whose disk was copied back: the first count stands.
	s.tell("N", "lan", 9*time.Hour, parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: 205_000})

	all := parking.FoldShifts(s.told, machineShift)
	got := all[shift]
	if got.Guard != "lan" || got.Gate != "N" || got.Expected() != 205_000 || got.Count.Cash != 204_000 || *got.Count.Cards != 40 {
		t.Errorf("shift %+v, count %+v, expected %d", got, got.Count, got.Expected())
	}
	if over := got.Over(); over == nil || *over != -1000 {
		t.Errorf("over %v", over)
	}
	if got.Taken(parking.Manual) != 5000 || got.Proven(parking.Manual) != 0 || got.CountOf(parking.KindBarrierOpened) != 1 {
		t.Errorf("entries %+v", got.Entries)
	}
	for after, want := range map[time.Duration]int{25 * time.Hour: 0, 26 * time.Hour: 1} { // it was confirmed at 2 h
		if n, _ := got.Unproven(shiftDay.Add(after)); n != want {
			t.Errorf("after %v: %d unproven", after, n)
		}
	}
	own := all[machineShift("N", shiftDay)]
	if own == nil || own.Gate != "N" || own.Taken(parking.QR) != 9000 || own.Guard != "" {
		t.Errorf("the machine's shift: %+v", own)
	}

	// A bank's notice and an administrator's second count come later.
	s.tell(parking.CloudGate, "", 40*time.Hour, parking.KindPaymentConfirmed, parking.PaymentConfirmed{
		Payment: byHand, Stay: stay, Method: parking.QR, Amount: 5000, BankAt: shiftDay.Add(2 * time.Hour),
	})
	s.tell(parking.CloudGate, "minh", 41*time.Hour, parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: 205_000, Reason: "a note behind the till"})
	got = parking.FoldShifts(s.told, machineShift)[shift]
	if n, _ := got.Unproven(shiftDay.Add(48 * time.Hour)); n != 0 || got.Proven(parking.Manual) != 5000 {
		t.Errorf("%d unproven", n)
	}
	if over := got.Over(); *over != 0 || got.Count.Cash != 204_000 || got.Second.By != "minh" {
		t.Errorf("over %d, counts %+v %+v", *over, got.Count, got.Second)
	}
}

// Random facts of two gates and four people, told in any order and twice, give
// the same shifts; what is expected is a plain sum over what was done.
func TestExpectedIsTheSumInAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 5))
			s := shiftTeller{t: t}
			naive := naiveShifts(rng, &s)
			var first map[uuid.UUID]*parking.Shift
			for range 4 {
				told := append([]parking.Told(nil), s.told...)
				told = append(told, told[:rng.IntN(len(told))]...)
				rng.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
				got := parking.FoldShifts(told, machineShift)
				for id, want := range naive {
					if got[id] == nil || got[id].Expected() != want {
						t.Fatalf("shift %s: expected %+v, want %d", id, got[id], want)
					}
				}
				a, _ := json.Marshal(first)
				b, _ := json.Marshal(got)
				if first != nil && string(a) != string(b) {
					t.Fatalf("another order gives other shifts:\n%s\n%s", a, b)
				}
				first = got
			}
		})
	}
}

// naiveShifts lets things happen and sums up what must lie in each drawer.
func naiveShifts(rng *rand.Rand, s *shiftTeller) map[uuid.UUID]parking.Money {
	drawers := map[uuid.UUID]parking.Money{}
	type open struct {
		id          uuid.UUID
		gate, guard string
	}
	var shifts []open
	at := time.Duration(0)
	for _, gate := range []string{"N", "S"} {
		for _, guard := range []string{"an", "binh"} {
			o := open{uuid.New(), gate, guard}
			shifts = append(shifts, o)
			drawers[o.id] = 0
			body := parking.ShiftOpened{Shift: o.id, Guard: guard}
			if rng.IntN(3) > 0 {
				float := parking.Money(rng.IntN(500)) * 1000
				body.Float = &float
				drawers[o.id] = float
			}
			s.tell(gate, guard, at, parking.KindShiftOpened, body)
		}
	}
	var asked []uuid.UUID
	for range 60 {
		at += time.Duration(rng.IntN(600)) * time.Second
		o, sum, payment := shifts[rng.IntN(len(shifts))], parking.Money(1+rng.IntN(50))*1000, uuid.New()
		switch rng.IntN(6) {
		case 0, 1:
			drawers[o.id] += sum
			s.tell(o.gate, o.guard, at, parking.KindPaymentTaken, parking.PaymentTaken{Payment: payment, Stay: uuid.New(), Method: parking.Cash, Amount: sum, Shift: &o.id})
		case 2:
			drawers[o.id] -= sum
			s.tell(o.gate, o.guard, at, parking.KindRefundPaid, parking.RefundPaid{Payment: payment, Stay: uuid.New(), Amount: sum, Shift: &o.id})
		case 3:
			asked = append(asked, payment)
			s.tell(o.gate, o.guard, at, parking.KindPaymentRequested, parking.PaymentRequested{Payment: payment, Stay: uuid.New(), Method: parking.QR, Amount: sum})
			if rng.IntN(2) == 0 { // seen on the driver's phone
				s.tell(o.gate, o.guard, at, parking.KindPaymentTaken, parking.PaymentTaken{Payment: payment, Stay: uuid.New(), Method: parking.Manual, Amount: sum, Shift: &o.id})
			}
		case 4:
			if len(asked) > 0 {
				s.tell(parking.CloudGate, "", at, parking.KindPaymentConfirmed, parking.PaymentConfirmed{Payment: asked[rng.IntN(len(asked))], Stay: uuid.New(), Method: parking.QR, Amount: sum})
			}
		case 5:
			s.tell(o.gate, o.guard, at, parking.KindShiftClosed, parking.ShiftClosed{Shift: o.id, Guard: o.guard, Counted: sum})
		}
	}
	return drawers
}

func TestWhatIsNoShift(t *testing.T) {
	t.Parallel()
	shift, less, cards := uuid.New(), parking.Money(-1), -1
	for name, c := range map[string]struct {
		kind parking.Kind
		body any
	}{
		"no id":                {parking.KindShiftOpened, parking.ShiftOpened{Guard: "lan"}},
		"nobody":               {parking.KindShiftOpened, parking.ShiftOpened{Shift: shift}},
		"float below nothing":  {parking.KindShiftOpened, parking.ShiftOpened{Shift: shift, Guard: "lan", Float: &less}},
		"count below nothing":  {parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: -1}},
		"cards below nothing":  {parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Cards: &cards}},
		"notes make another":   {parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: 999, Notes: []parking.NoteCount{{Value: 500, Count: 2}}}},
		"notes below nothing":  {parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: 0, Notes: []parking.NoteCount{{Value: 500, Count: -2}, {Value: 1000, Count: 1}}}},
		"a note of no value":   {parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Notes: []parking.NoteCount{{Count: 3}}}},
		"more than can be":     {parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: parking.MaxMoney + 1}},
		"a refund of no money": {parking.KindRefundPaid, parking.RefundPaid{Stay: shift, Payment: shift, Amount: 0}},
	} {
		raw, err := json.Marshal(c.body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parking.DecodeBody(parking.Fact{Kind: c.kind, Body: raw}); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheMachineShiftIsOfALocalDay(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, 11, 20, 16, 59, 59, 0, time.UTC) // 23:59:59 in Hà Nội
	a, b := machineShift("N", evening), machineShift("N", evening.Add(time.Second))
	if a == b || a == machineShift("S", evening) || a != machineShift("N", evening.Add(-23*time.Hour)) {
		t.Errorf("%s, %s", a, b)
	}
	for actor, want := range map[string]bool{"": true, "lane:1": true, "local-api": true, "kiosk": true, "kiosk:2": true, "lan": false, "kioskman": false} {
		if parking.IsMachine(actor) != want {
			t.Errorf("%q is a machine: %v", actor, !want)
		}
	}
}
