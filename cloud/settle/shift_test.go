package settle_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/settle"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// told writes a fact of a gate by somebody.
func told(t *testing.T, g *cloudtest.Gate, actor string, at time.Time, kind parking.Kind, body any) {
	t.Helper()
	g.Fact(t, kind, at, body)
	g.Facts[len(g.Facts)-1].Actor = actor
}

func (d *desk) site() books.Site {
	d.t.Helper()
	site, err := d.books.Site(d.t.Context(), d.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return site
}

// bankTells settles a payment by a bank's notice.
func (d *desk) bankTells(stay, payment uuid.UUID, sum parking.Money, at time.Time) {
	d.t.Helper()
	_, err := d.in.Write(d.t.Context(), d.ID, "bank", at, func(context.Context, *store.SiteTx) ([]ingest.Act, error) {
		return []ingest.Act{{Kind: parking.KindPaymentConfirmed, Body: parking.PaymentConfirmed{
			Stay: stay, Payment: payment, Method: parking.QR, Amount: sum, Currency: "VND", BankAt: at,
		}}}, nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// A day at two gates with two people each comes to the cloud gate by gate, the
// later gate first: each drawer's expected cash is a plain sum of what was done,
// and the money of all shifts together is the money of the cash-up.
func TestShiftsAddUpToTheCashUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rng := rand.New(rand.NewPCG(7, 5))
	type drawer struct {
		gate     *cloudtest.Gate
		who      string
		id       uuid.UUID
		expected parking.Money
	}
	var drawers []*drawer
	at := noon.Add(-6 * time.Hour)
	for _, g := range []*cloudtest.Gate{d.n, d.s} {
		for _, who := range []string{"lan", "minh"} {
			float := parking.Money(rng.IntN(9)) * 50_000
			x := &drawer{g, who, uuid.New(), float}
			told(t, g, who, at, parking.KindShiftOpened, parking.ShiftOpened{Shift: x.id, Guard: who, Float: &float})
			drawers = append(drawers, x)
		}
	}
	type asked struct {
		stay, payment uuid.UUID
		sum           parking.Money
	}
	var waiting []asked
	for range 60 {
		at = at.Add(time.Duration(rng.IntN(200)) * time.Second)
		x, stay, payment, sum := drawers[rng.IntN(4)], uuid.New(), uuid.New(), parking.Money(2+rng.IntN(40))*1000
		take := parking.PaymentTaken{Payment: payment, Stay: stay, Method: parking.Cash, Amount: sum, Currency: "VND", Shift: &x.id}
		x.gate.Fact(t, parking.KindVehicleIn, at, parking.VehicleIn{Stay: stay, Lane: "1", Class: parking.Motorbike, Zone: "M", Tariff: "default", TariffV: 1})
		switch rng.IntN(4) {
		case 0: // by VietQR
			told(t, x.gate, x.who, at, parking.KindPaymentRequested, parking.PaymentRequested{Payment: payment, Stay: stay, Method: parking.QR, Amount: sum, Currency: "VND"})
			waiting = append(waiting, asked{stay, payment, sum})
		case 1: // seen on a telephone
			take.Method = parking.Manual
			told(t, x.gate, x.who, at, parking.KindPaymentTaken, take)
		default:
			x.expected += sum
			told(t, x.gate, x.who, at, parking.KindPaymentTaken, take)
			if rng.IntN(3) == 0 {
				x.expected -= 1000
				told(t, x.gate, x.who, at, parking.KindRefundPaid, parking.RefundPaid{Stay: stay, Payment: payment, Amount: 1000, Currency: "VND", Reason: "r", Shift: &x.id})
			}
		}
	}
	site := d.site()
	kiosk, paidThere := parking.MachineShift(d.ID, "N", at, site.Zone), uuid.New()
	d.n.Fact(t, parking.KindVehicleIn, at, parking.VehicleIn{Stay: paidThere, Lane: "1", Class: parking.Motorbike, Zone: "M", Tariff: "default", TariffV: 1})
	told(t, d.n, parking.LocalAPI, at, parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: uuid.New(), Stay: paidThere, Method: parking.Cash, Amount: 4000, Currency: "VND", Shift: &kiosk,
	})
	for _, w := range waiting { // the bank tells before the gates do
		d.bankTells(w.stay, w.payment, w.sum, at)
	}
	d.n, d.s = d.s, d.n // the later gate first
	d.bring()

	today := site.Today(noon)
	day, err := d.books.Shifts(t.Context(), site, today, "", decided)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[parking.Method]parking.Money{}
	byID := map[uuid.UUID]books.Shift{}
	machines := 0
	for _, s := range day.Shifts {
		byID[s.ID] = s
		if s.Machine {
			machines++
		}
		for _, m := range s.Methods {
			sums[m.Method] += m.Taken
		}
	}
	if own := byID[kiosk]; !own.Machine || own.Address != "N."+today.String() || own.Taken(parking.Cash) != 4000 {
		t.Errorf("the kiosk at N: %+v", own)
	}
	for _, x := range drawers {
		if got := byID[x.id]; got.Expected() != x.expected || got.Guard != x.who || got.Gate != x.gate.Code {
			t.Errorf("%s at %s: expected %d, want %d", x.who, x.gate.Code, got.Expected(), x.expected)
		}
	}
	period, err := site.Period(today, today)
	if err != nil {
		t.Fatal(err)
	}
	cashUp, err := d.books.CashUp(t.Context(), site, period)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range cashUp.Methods {
		if sums[parking.Method(m.Key)] != m.Amount || m.Amount == 0 {
			t.Errorf("%s: shifts %d, cash-up %d", m.Key, sums[parking.Method(m.Key)], m.Amount)
		}
	}
	if len(day.Guards) != 2 || machines != 2 || day.Without != 0 {
		t.Errorf("guards %v, %d machine shifts, %d payments without a shift", day.Guards, machines, day.Without)
	}
	one, err := d.books.Shifts(t.Context(), site, today, "minh", decided)
	if err != nil || len(one.Shifts) != 2 {
		t.Errorf("minh's: %d, %v", len(one.Shifts), err)
	}
	// Each page tells the same as the list.
	for _, s := range day.Shifts {
		got, err := d.books.ShiftAt(t.Context(), site, s.Address, decided)
		if err != nil || got.Expected() != s.Expected() || len(got.Entries) != len(s.Entries) || got.Machine != s.Machine {
			t.Errorf("%s: %+v, %v", s.Address, got, err)
		}
	}
	for _, address := range []string{uuid.NewString(), "N", "N.2026-13-01", "N.2020-01-01", ".2026-01-01"} {
		if _, err := d.books.ShiftAt(t.Context(), site, address, decided); parking.ErrorCode(err) != parking.NotFound {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// An administrator counts again: the guard's count stays, the newest second count
// holds, and the audit log says who and why.
func TestASecondCount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	shift, float, cards := uuid.New(), parking.Money(100_000), 30
	start := noon.Add(-26 * time.Hour)
	stay, byHand := d.n.In(t, start, "30A12345", "N01"), uuid.New()
	told(t, d.n, "lan", start, parking.KindShiftOpened, parking.ShiftOpened{Shift: shift, Guard: "lan", Float: &float})
	told(t, d.n, "lan", start, parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: byHand, Stay: stay, Method: parking.Manual, Amount: 8000, Currency: "VND", Shift: &shift, ByHand: &parking.ByHand{PayerBank: "VCB", At: start},
	})
	told(t, d.n, "lan", start.Add(8*time.Hour), parking.KindShiftClosed, parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: 99_000, Cards: &cards})
	d.bring()
	site := d.site()
	look := func() books.Shift {
		t.Helper()
		s, err := d.books.ShiftAt(t.Context(), site, shift.String(), decided)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := look()
	if over := s.Over(); *over != -1000 {
		t.Errorf("over %d", *over)
	}
	if n, sum := s.Unproven(decided); n != 1 || sum != 8000 || *s.Methods[2].Over != -8000 {
		t.Errorf("%d unproven, %d; %+v", n, sum, s.Methods[2])
	}
	d.bankTells(stay, byHand, 8000, decided)
	s = look()
	if n, _ := s.Unproven(decided); n != 0 || *s.Methods[2].Over != 0 {
		t.Errorf("%d unproven after the bank's notice", n)
	}
	for _, bad := range []struct {
		count settle.SecondCount
		code  parking.Code
	}{
		{settle.SecondCount{Shift: shift, Sum: 1, Reason: "  "}, parking.Invalid},
		{settle.SecondCount{Shift: shift, Sum: -1, Reason: "r"}, parking.Invalid},
		{settle.SecondCount{Shift: uuid.New(), Sum: 1, Reason: "r"}, parking.NotFound},
	} {
		if err := d.settle.CountAgain(t.Context(), d.me, bad.count); parking.ErrorCode(err) != bad.code {
			t.Errorf("%+v: %v", bad.count, err)
		}
	}
	for _, sum := range []parking.Money{98_000, 100_000} {
		if err := d.settle.CountAgain(t.Context(), d.me, settle.SecondCount{Shift: shift, Sum: sum, Reason: "a note lay under the drawer"}); err != nil {
			t.Fatal(err)
		}
	}
	s = look()
	if *s.Over() != 0 || s.Count.Cash != 99_000 || s.Second.Cash != 100_000 || s.Second.By != d.me.Name {
		t.Errorf("counted %+v, again %+v, over %d", s.Count, s.Second, *s.Over())
	}
	var entries int
	err := d.Store.Pool.QueryRow(t.Context(), "SELECT count(*) FROM audit_log WHERE site_id = $1 AND action = 'shift.counted_again'", d.ID).Scan(&entries)
	if err != nil || entries != 2 {
		t.Errorf("%d entries in the audit log, %v", entries, err)
	}
}
