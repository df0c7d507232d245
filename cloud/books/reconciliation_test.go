package books_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/books/bookstest"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// confirm is a bank's word about payments, as the cloud writes it.
func confirm(t *testing.T, f *bookstest.Site, at time.Time, bodies ...parking.PaymentConfirmed) {
	t.Helper()
	door := &ingest.Ingester{Store: f.Store, Log: slog.New(slog.DiscardHandler)}
	_, err := door.Write(t.Context(), f.ID, "bank", at, func(context.Context, *store.SiteTx) ([]ingest.Act, error) {
		var acts []ingest.Act
		for _, b := range bodies {
			acts = append(acts, ingest.Act{Kind: parking.KindPaymentConfirmed, Body: b})
		}
		return acts, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// moneyDays writes some days of random money: every way to pay, in parts, given
// back in part and whole, requested and paid later or never, around midnights.
func moneyDays(t *testing.T, f *bookstest.Site, r *rand.Rand) {
	t.Helper()
	g := f.Gate("N", local(f, 22, 23, 0, 0))
	at := local(f, 20, 20, 0, 0)
	var told []parking.PaymentConfirmed
	for i := range 90 {
		at = at.Add(time.Duration(r.IntN(50)+1) * time.Minute)
		actor := []string{"lan", "minh"}[r.IntN(2)]
		stay := uuid.New()
		plate := parking.Plate(fmt.Sprintf("30A%05d", i))
		g.Fact(parking.KindVehicleIn, at.Add(-30*time.Minute), actor, parking.VehicleIn{
			Stay: stay, Lane: "1", Class: parking.Car, Plate: plate, Zone: "N", Tariff: "default", TariffV: 1,
		})
		var paid parking.Money
		for range 1 + r.IntN(2) {
			amount := parking.Money(1000 * (1 + r.IntN(40)))
			p := parking.PaymentTaken{Payment: uuid.New(), Stay: stay, Method: parking.Cash, Amount: amount, Currency: "VND"}
			taken := true
			switch r.IntN(4) {
			case 0:
				p.Tendered, p.Change = amount+500, 500
			case 1:
				p.Method, p.ByHand = parking.Manual, &parking.ByHand{PayerBank: "ACB", At: at}
				if r.IntN(2) == 0 { // proven later
					told = append(told, parking.PaymentConfirmed{Stay: stay, Payment: p.Payment, Method: parking.QR, Amount: amount, Currency: "VND", Notice: "sepay:1"})
				}
			case 2:
				reference := parking.NewReference("N", "a", uint64(1000*i)+uint64(paid))
				g.Fact(parking.KindPaymentRequested, at.Add(-2*time.Minute), actor, parking.PaymentRequested{
					Payment: p.Payment, Stay: stay, Method: parking.QR, Amount: amount, Currency: "VND", Reference: reference,
				})
				taken = false
				if r.IntN(3) > 0 {
					told = append(told, parking.PaymentConfirmed{Stay: stay, Payment: p.Payment, Method: parking.QR, Amount: amount, Currency: "VND", Reference: reference, Notice: "sepay:2"})
				}
			}
			if taken {
				g.Fact(parking.KindPaymentTaken, at, actor, p)
				paid += amount
				if r.IntN(6) == 0 {
					g.Fact(parking.KindRefundPaid, at.Add(time.Minute), actor, parking.RefundPaid{
						Stay: stay, Payment: p.Payment, Amount: max(1, amount/parking.Money(1+r.IntN(2))), Currency: "VND", Reason: "thừa",
					})
				}
			}
		}
		g.Fact(parking.KindVehicleOut, at.Add(2*time.Minute), actor, parking.VehicleOut{
			Stay: stay, Lane: "2", Class: parking.Car, Plate: plate, Charge: parking.Charge{Fee: paid, Currency: "VND", Tariff: "default", TariffV: 1},
		})
	}
	take(t, f, g)
	for i, b := range told {
		confirm(t, f, local(f, 20, 23, 0, 0).Add(time.Duration(i)*70*time.Minute), b)
	}
}

// TestReconciliationsComeToTheRevenue holds the reconciliation of each of some
// days of random money against the page of revenue and against itself.
func TestReconciliationsComeToTheRevenue(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			f, b, site := open(t, saigon)
			f.Ground()
			moneyDays(t, f, rand.New(rand.NewPCG(seed, 7)))
			some := false
			for day := 20; day <= 26; day++ {
				p := november(t, site, day, day)
				r, err := b.Reconcile(t.Context(), site, p.From, local(f, 27, 0, 0, 0))
				if err != nil {
					t.Fatal(err)
				}
				rev, err := b.Revenue(t.Context(), site, p)
				if err != nil {
					t.Fatal(err)
				}
				some = some || rev.Total.Payments > 0
				if !r.Balanced() {
					t.Errorf("day %d does not add up: %+v", day, r.Differences)
				}
				agrees(t, day, &r, &rev)
			}
			if !some {
				t.Error("there was no money at all")
			}
		})
	}
}

func agrees(t *testing.T, day int, r *books.Reconciliation, rev *books.Revenue) {
	t.Helper()
	if r.Total.Payments.Amount != rev.Total.Amount || r.Total.Payments.Payments != rev.Total.Payments {
		t.Errorf("day %d: in all %+v, revenue %+v", day, r.Total.Payments, rev.Total)
	}
	var all parking.Money
	for _, m := range r.Methods {
		i := slices.IndexFunc(rev.Methods, func(s books.Sum) bool { return s.Key == string(m.Method) })
		if m.Payments.Amount != rev.Methods[i].Amount || m.Off() != 0 {
			t.Errorf("day %d, %s: %+v, revenue %+v", day, m.Method, m, rev.Methods[i])
		}
		all += m.Payments.Amount
	}
	if all != r.Total.Payments.Amount {
		t.Errorf("day %d: methods come to %d, the total is %d", day, all, r.Total.Payments.Amount)
	}
	var drawers parking.Money
	for _, d := range r.Drawers {
		drawers += d.Taken.Amount
	}
	if drawers != r.Methods[0].Facts.Amount {
		t.Errorf("day %d: drawers %d, cash by facts %d", day, drawers, r.Methods[0].Facts.Amount)
	}
	if q := r.QR; q.Requested.Amount != q.Confirmed.Amount+q.ByPerson.Amount+q.Open.Amount {
		t.Errorf("day %d: requests %+v", day, q)
	}
	h := r.ByHand
	if by := r.Methods[2].Facts.Amount; h.Proven.Amount+h.Waiting.Amount+h.Unproven.Amount != by {
		t.Errorf("day %d: by hand %+v, by facts %d", day, h, by)
	}
}

// TestReconciliationNamesWhatIsOff breaks the books in each way that a
// reconciliation looks for.
func TestReconciliationNamesWhatIsOff(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Ground()
	at := func(hour, minute int) time.Time { return local(f, 21, hour, minute, 0) }
	g := &watch{Gate: f.Gate("N", at(9, 0)), t: t, last: at(8, 0)}
	payments := make([]uuid.UUID, 5)
	stays := make([]uuid.UUID, 5)
	for i := range payments {
		stays[i] = g.come(at(8, i), "lan", parking.Car, parking.Plate(fmt.Sprintf("30A%05d", i)))
		charge := parking.Charge{Fee: 5000, Due: 5000}
		if i == 4 {
			charge.Fee = 9000 // more than was paid
		}
		pay := cash(5000)
		if i == 3 {
			pay.Tendered, pay.Change = 20000, 10000 // and not 15000
		}
		g.leave(at(9, i), "lan", parking.VehicleOut{Stay: stays[i], Charge: charge}, pay)
		payments[i] = pay.Payment
	}
	g.tell(at(10, 0), parking.KindRefundPaid, "lan", parking.RefundPaid{Stay: stays[0], Payment: uuid.New(), Amount: 700, Currency: "VND", Reason: "?"})
	take(t, f, g.Gate)
	f.Exec(`DELETE FROM payments WHERE id = $1`, payments[0])
	f.Exec(`UPDATE payments SET amount = 4000 WHERE id = $1`, payments[1])
	f.Exec(`INSERT INTO payments (tenant_id, site_id, id, stay_id, method, status, amount, currency, gate, actor, paid_at)
		VALUES ($1, $2, $3, $4, 'cash', 'paid', 1000, 'VND', 'N', 'lan', $5)`, f.Tenant, f.ID, uuid.New(), stays[2], at(9, 30))
	notice := func(id, state, why string, amount int64, payment uuid.UUID) {
		f.Exec(`INSERT INTO bank_notices (provider, transaction, raw, received_at, account, incoming, amount, purpose, refs, bank_at, tenant_id, site_id,
			state, why, stay_id, payment_id, decided_at) VALUES ('sepay', $1, '', $2, '1', true, $3, 'x', '{}', $2, $4, $5, $6, $7,
			nullif($8, '00000000-0000-0000-0000-000000000000'::uuid), nullif($9, '00000000-0000-0000-0000-000000000000'::uuid),
			CASE WHEN $6 = 'settled' THEN $2::timestamptz END)`,
			id, at(11, 0), amount, f.Tenant, f.ID, state, why, stays[2], payment)
	}
	notice("a", "settled", "", 6000, payments[2])
	notice("b", "settled", "", 5000, uuid.New())
	f.Exec(`INSERT INTO bank_notices (provider, transaction, raw, received_at, account, incoming, amount, purpose, refs, tenant_id, site_id, state,
		stay_id, payment_id, decided_at, told, carried_by, carried_stay, carried_payment, carried_reference, carried_heard_at)
		SELECT 'sepay', 'e', '', $1, '', true, amount, '', '{}', tenant_id, site_id, 'settled', stay_id, id, $1, false, 'N', stay_id, id, '', $1
		FROM payments WHERE id = $2`, at(11, 0), payments[2])
	notice("c", "review", "too_little", 100, uuid.Nil)
	notice("d", "new", "", 100, uuid.Nil)
	r, err := b.Reconcile(t.Context(), site, parking.MakeLocalDate(2026, time.November, 21), at(12, 0))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, d := range r.Differences {
		kinds[d.Kind]++
	}
	want := map[string]int{
		books.DiffFactOnly: 1, books.DiffAmount: 1, books.DiffPaymentOnly: 1, books.DiffChange: 1, books.DiffRefund: 1, books.DiffOwing: 1,
		books.DiffNoticeAmount: 1, books.DiffNoticeLost: 1, books.DiffNoticeOnly: 1, books.DiffNotice: 1, books.DiffNoticeNew: 1,
	}
	for kind, n := range want {
		if kinds[kind] != n {
			t.Errorf("%s: %d, want %d", kind, kinds[kind], n)
		}
	}
	for kind, n := range kinds {
		if want[kind] == 0 && kind != books.DiffConflict {
			t.Errorf("%s: %d", kind, n)
		}
	}
	if r.Balanced() || r.Total.Off() != 5000+1000-1000 {
		t.Errorf("off by %d", r.Total.Off())
	}
}
