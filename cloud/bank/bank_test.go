package bank_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/bank"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

const account = "0011001234567" // of the seeded site

// house is a site with a gate and what takes its banks' notices.
type house struct {
	*cloudtest.Site
	t      *testing.T
	gate   *cloudtest.Gate
	bank   *bank.Bank
	ingest *ingest.Ingester
	now    time.Time
	sent   int
	id     int
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{Site: cloudtest.NewSite(t, nil), t: t, now: cloudtest.Noon}
	h.gate = h.Enrol(t, "N")
	h.ingest = &ingest.Ingester{Store: h.Store, Log: slog.New(slog.DiscardHandler)}
	h.bank = h.replica(h.Store)
	return h
}

func (h *house) replica(s *store.Store) *bank.Bank {
	return bank.New(bank.Config{
		Store: s, Ingest: &ingest.Ingester{Store: s, Log: slog.New(slog.DiscardHandler)}, Auth: h.Auth,
		Secrets: bank.Secrets{SePaySecret: "k"}, Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
	})
}

// bring brings the gate's facts since the last time.
func (h *house) bring() {
	h.t.Helper()
	b := h.gate.Batch(h.t, h.gate.Facts[h.sent:])
	h.sent = len(h.gate.Facts)
	if _, err := h.ingest.Ingest(h.t.Context(), ingest.Source{Site: h.ID, Gate: "N"}, cloudtest.Raw(h.t, b), h.now); err != nil {
		h.t.Fatal(err)
	}
}

// asked is a car that came in an hour ago, and what its gate asked it to pay.
func (h *house) asked(reference string, amount parking.Money) (stay, payment uuid.UUID) {
	stay = h.gate.In(h.t, h.now.Add(-time.Hour), fmt.Sprintf("30A%05d", len(h.gate.Facts)), fmt.Sprintf("N%02d", 1+len(h.gate.Facts)))
	payment = uuid.New()
	h.gate.Fact(h.t, parking.KindPaymentRequested, h.now.Add(-time.Minute), parking.PaymentRequested{
		Payment: payment, Stay: stay, Method: parking.QR, Amount: amount, Currency: "VND", Reference: reference,
	})
	return stay, payment
}

func (h *house) leave(stay uuid.UUID, fee parking.Money) {
	h.gate.Fact(h.t, parking.KindVehicleOut, h.now, parking.VehicleOut{
		Stay: stay, Lane: "2", Class: parking.Car, Charge: parking.Charge{
			Fee: fee, Due: fee, Currency: "VND", In: h.now.Add(-time.Hour), Out: h.now, Tariff: "default", TariffV: 1,
		},
	})
}

// transfer is SePay's word, and what became of it.
func (h *house) transfer(purpose string, amount parking.Money) cloudsql.NoticesOfSiteRow {
	h.t.Helper()
	return h.told(map[string]any{"content": purpose, "transferAmount": amount})
}

func (h *house) told(with map[string]any) cloudsql.NoticesOfSiteRow {
	h.t.Helper()
	h.take(with)
	return h.last()
}

func (h *house) take(with map[string]any) {
	h.t.Helper()
	h.id++
	body := map[string]any{
		"id": h.id, "accountNumber": account, "transferType": "in", "transactionDate": "2026-11-22 11:59:30", "code": nil, "description": "",
	}
	for k, v := range with {
		body[k] = v
	}
	raw, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	r := sepay("k", h.now, string(raw))
	if err := h.bank.Take(h.t.Context(), "sepay", r.header, []byte(r.body)); err != nil {
		h.t.Fatal(err)
	}
	if err := h.bank.Settle(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) notices() []cloudsql.NoticesOfSiteRow {
	h.t.Helper()
	rows, err := h.Store.Q.NoticesOfSite(h.t.Context(), cloudsql.NoticesOfSiteParams{SiteID: h.ID, Before: 1 << 60, MaxRows: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

func (h *house) last() cloudsql.NoticesOfSiteRow {
	h.t.Helper()
	rows := h.notices()
	if len(rows) == 0 {
		h.t.Fatal("no notice was kept")
	}
	return rows[0]
}

func (h *house) stay(id uuid.UUID) *parking.Stay {
	h.t.Helper()
	rows, err := h.Store.Q.StaysByID(h.t.Context(), cloudsql.StaysByIDParams{SiteID: h.ID, Ids: []uuid.UUID{id}})
	if err != nil || len(rows) != 1 {
		h.t.Fatalf("stay: %d rows, %v", len(rows), err)
	}
	s, err := store.Decode[parking.Stay](rows[0].Document)
	if err != nil {
		h.t.Fatal(err)
	}
	return &s
}

// conflicts are the kinds that stand open.
func (h *house) conflicts() []string {
	h.t.Helper()
	rows, err := h.Store.Pool.Query(h.t.Context(), "SELECT kind FROM conflicts WHERE site_id = $1 AND state = 'open' ORDER BY kind", h.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	return kinds
}

var (
	one = parking.NewReference("N", "a", 1)
	two = parking.NewReference("N", "a", 2)
)

func TestATransferPaysWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, payment := h.asked(one, 8000)
	h.bring()
	// As banks write it: punctuation gone, text of their own around it.
	n := h.transfer("MBVCB.3278907687."+strings.ToLower(one[:5])+" "+one[5:]+".CT tu 0011 toi", 8000)
	if n.State != bank.StateSettled || *n.StayID != stay || *n.PaymentID != payment {
		t.Fatalf("%+v", n)
	}
	s := h.stay(stay)
	if len(s.Payments) != 1 || s.PaidSum() != 8000 || s.Payments[0].Method != parking.QR || s.Payments[0].Reference != one ||
		!s.Payments[0].BankAt.Equal(time.Date(2026, 11, 22, 4, 59, 30, 0, time.UTC)) {
		t.Errorf("%+v", s.Payments)
	}
	if k := h.conflicts(); len(k) != 0 {
		t.Errorf("conflicts: %v", k)
	}
}

// The same notice again, and many at once at several replicas: once.
func TestATransferCountsOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, _ := h.asked(one, 8000)
	h.bring()
	raw := fmt.Sprintf(`{"id":7,"accountNumber":%q,"transferType":"in","transferAmount":8000,"content":%q}`, account, one)
	r := sepay("k", h.now, raw)
	var all sync.WaitGroup
	for range 4 {
		other, err := store.Open(t.Context(), h.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		replica := h.replica(other)
		all.Go(func() {
			for range 3 {
				if err := replica.Take(t.Context(), "sepay", r.header, []byte(r.body)); err != nil {
					t.Errorf("take: %v", err)
				}
				if err := replica.Settle(t.Context()); err != nil {
					t.Errorf("settle: %v", err)
				}
			}
		})
	}
	all.Wait()
	if n := h.notices(); len(n) != 1 || n[0].State != bank.StateSettled {
		t.Errorf("notices: %+v", n)
	}
	var facts int
	if err := h.Store.Pool.QueryRow(t.Context(), "SELECT count(*) FROM facts WHERE kind = 'payment_confirmed'").Scan(&facts); err != nil || facts != 1 {
		t.Errorf("%d facts, %v", facts, err)
	}
	if s := h.stay(stay); s.PaidSum() != 8000 {
		t.Errorf("%+v", s.Payments)
	}
}

// Money that comes before its request waits for it, for days.
func TestATransferBeforeItsRequest(t *testing.T) {
	t.Parallel()
	h := open(t)
	if n := h.transfer("QR "+one, 8000); n.State != bank.StateReview || n.Why != bank.UnknownReference {
		t.Fatalf("%+v", n)
	}
	h.now = h.now.Add(3 * 24 * time.Hour)
	stay, _ := h.asked(one, 8000)
	h.bring()
	if err := h.bank.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.last(); n.State != bank.StateSettled || *n.StayID != stay || h.stay(stay).PaidSum() != 8000 {
		t.Errorf("%+v", n)
	}
}

// What a guard confirmed by hand is proven by the notice, and taken once.
func TestATransferThatWasConfirmedByHand(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, payment := h.asked(one, 8000)
	h.gate.Fact(t, parking.KindPaymentTaken, h.now, parking.PaymentTaken{
		Payment: payment, Stay: stay, Method: parking.Manual, Amount: 8000, Currency: "VND", Reference: one,
		ByHand: &parking.ByHand{PayerBank: "VCB", At: h.now},
	})
	h.leave(stay, 8000)
	h.bring()
	if n := h.transfer(one, 8000); n.State != bank.StateSettled {
		t.Fatalf("%+v", n)
	}
	if s := h.stay(stay); len(s.Payments) != 1 || s.PaidSum() != 8000 || s.Payments[0].BankAt == nil || s.Payments[0].Method != parking.Manual {
		t.Errorf("%+v", s.Payments)
	}
	if k := h.conflicts(); slices.ContainsFunc(k, func(kind string) bool { return kind != "fee_differs" }) {
		t.Errorf("conflicts: %v", k)
	}
}

// Somebody pays twice: both stand, and a person is told.
func TestATransferPaidAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, _ := h.asked(one, 8000)
	h.bring()
	h.transfer(one, 8000)
	if n := h.transfer(one, 8000); n.State != bank.StateSettled || *n.StayID != stay {
		t.Fatalf("%+v", n)
	}
	if s := h.stay(stay); len(s.Payments) != 2 || s.PaidSum() != 16000 {
		t.Errorf("%+v", s.Payments)
	}
	h.leave(stay, 8000)
	h.bring()
	k := h.conflicts()
	if !slices.ContainsFunc(k, func(kind string) bool { return kind == "paid_twice" || kind == "overpaid" }) || slices.Contains(k, "reference_twice") {
		t.Errorf("conflicts: %v", k)
	}
}

func TestTransfersThatNeedAPerson(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, _ := h.asked(one, 8000)
	gone, _ := h.asked(two, 8000)
	cash := uuid.New()
	h.gate.Fact(t, parking.KindPaymentTaken, h.now, parking.PaymentTaken{
		Payment: cash, Stay: gone, Method: parking.Cash, Amount: 8000, Currency: "VND", Tendered: 8000,
	})
	h.leave(gone, 8000)
	twice := parking.NewReference("N", "b", 1)
	h.asked(twice, 8000)
	h.asked(twice, 8000)
	h.bring()
	before := h.conflicts()
	for name, c := range map[string]struct {
		told map[string]any
		why  string
	}{
		"too little":        {map[string]any{"content": one, "transferAmount": 7999}, bank.TooLittle},
		"too much":          {map[string]any{"content": one, "transferAmount": 8001}, bank.TooMuch},
		"unknown reference": {map[string]any{"content": parking.NewReference("S", "z", 9), "transferAmount": 8000}, bank.UnknownReference},
		"no reference":      {map[string]any{"content": "cam on", "transferAmount": 8000}, bank.UnknownReference},
		"after the exit":    {map[string]any{"content": two, "transferAmount": 8000}, bank.AfterExit},
		"reference twice":   {map[string]any{"content": twice, "transferAmount": 8000}, bank.ReferenceTwice},
		"outgoing":          {map[string]any{"content": one, "transferAmount": 8000, "transferType": "out"}, bank.Outgoing},
		"nothing":           {map[string]any{"content": one, "transferAmount": 0}, bank.Outgoing},
	} {
		if n := h.told(c.told); n.State != bank.StateReview || n.Why != c.why {
			t.Errorf("%s: %s %s", name, n.State, n.Why)
		}
	}
	kept := len(h.notices())
	for _, c := range []map[string]any{
		{"content": one, "transferAmount": 8000, "accountNumber": "999"}, // no site's account
		{"content": one, "transferAmount": "a lot"}, {"content": one, "transferAmount": 8000.5}, {"content": one, "transferAmount": 1, "transferType": "?"},
	} {
		h.take(c)
	}
	var ofNobody []string
	rows, err := h.Store.Pool.Query(t.Context(), "SELECT why FROM bank_notices WHERE site_id IS NULL AND state = 'review' ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	if ofNobody, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		t.Fatal(err)
	}
	if want := []string{bank.WrongAccount, bank.Unreadable, bank.Unreadable, bank.Unreadable}; !slices.Equal(ofNobody, want) || len(h.notices()) != kept {
		t.Errorf("of no site: %v", ofNobody)
	}
	if s := h.stay(stay); s.PaidSum() != 0 {
		t.Errorf("paid: %+v", s.Payments)
	}
	if after := h.conflicts(); !slices.Equal(before, after) {
		t.Errorf("conflicts %v became %v", before, after)
	}
}

func TestAPersonDecides(t *testing.T) {
	t.Parallel()
	h := open(t)
	stay, _ := h.asked(one, 8000)
	h.bring()
	admin := h.Operator(t)
	little := h.transfer(one, 5000)
	out := h.told(map[string]any{"content": one, "transferAmount": 8000, "transferType": "out"})
	ctx := context.WithoutCancel(t.Context())
	for name, c := range map[string]struct {
		err  error
		code parking.Code
	}{
		"no reason":       {h.bank.Credit(ctx, admin, little.ID, stay, " "), parking.Invalid},
		"no such one":     {h.bank.Credit(ctx, admin, 999, stay, "x"), parking.NotFound},
		"no such stay":    {h.bank.Credit(ctx, admin, little.ID, uuid.New(), "x"), parking.NotFound},
		"money that went": {h.bank.Credit(ctx, admin, out.ID, stay, "x"), parking.Invalid},
	} {
		if parking.ErrorCode(c.err) != c.code {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if err := h.bank.Credit(ctx, admin, little.ID, stay, "trả thiếu, phần còn lại bằng tiền mặt"); err != nil {
		t.Fatal(err)
	}
	if s := h.stay(stay); s.PaidSum() != 5000 {
		t.Errorf("%+v", s.Payments)
	}
	if err := h.bank.SetAside(ctx, admin, little.ID, "x"); parking.ErrorCode(err) != parking.Conflict {
		t.Errorf("decided twice: %v", err)
	}
	if err := h.bank.SetAside(ctx, admin, out.ID, "tiền điện"); err != nil {
		t.Fatal(err)
	}
	for _, n := range h.notices() {
		want := map[int64]string{little.ID: bank.StateSettled, out.ID: bank.StateSetAside}[n.ID]
		if n.State != want || n.DecidedBy == nil || n.Reason == nil || n.Why != "" {
			t.Errorf("%+v", n)
		}
	}
	if n, _, err := h.Auth.VerifyAudit(t.Context(), h.ID); err != nil || n < 2 {
		t.Errorf("audit: %d, %v", n, err)
	}
}
