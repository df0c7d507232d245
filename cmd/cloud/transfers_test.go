package main

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/cloud/bank"
	"gatehouse/cloud/ingest"
	"gatehouse/internal/demo/banks"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// A notice of an account that no site has is seen by the operator, who gives it
// to a site, where it settles; another is set aside.
func TestTransfersOfNoSite(t *testing.T) {
	s := cloudtest.NewSite(t, nil)
	t.Setenv("PARK_DATABASE_URL", s.URL)
	g := s.Enrol(t, "N")
	stay := g.In(t, time.Now().Add(-time.Hour), "30A12345", "N01")
	reference := parking.NewReference("N", string(g.Epoch), 1)
	g.Fact(t, parking.KindPaymentRequested, time.Now(), parking.PaymentRequested{
		Payment: stay, Stay: stay, Method: parking.QR, Amount: 5000, Currency: "VND", Reference: reference,
	})
	in := &ingest.Ingester{Store: s.Store, Log: slog.New(slog.DiscardHandler)}
	raw := cloudtest.Raw(t, g.Batch(t, g.Facts))
	if _, err := in.Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: "N"}, raw, time.Now()); err != nil {
		t.Fatal(err)
	}
	b := bank.New(bank.Config{
		Store: s.Store, Ingest: in, Auth: s.Auth, Secrets: bank.Secrets{SePaySecret: "key"}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	tell := func(id int64, account, text string) {
		t.Helper()
		n, err := banks.Transfer{ID: id, Account: account, Amount: 5000, Text: text, At: time.Now()}.Notice(banks.SePay, banks.Proof{Key: "key"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Take(t.Context(), "sepay", n.Header, n.Body); err != nil {
			t.Fatal(err)
		}
	}
	tell(1, "999", "CT "+reference)
	tell(2, "998", "rent")
	list := strings.Split(strings.TrimSpace(must(t, "transfers", "list")), "\n")
	if len(list) != 2 || !strings.Contains(list[0], `5000 of account "998", "rent" (wrong_account)`) || !strings.Contains(list[1], reference) {
		t.Fatalf("listed %q", list)
	}
	var ids []int64
	for line := range strings.Lines(must(t, "transfers", "list", "--json")) {
		var n bank.Unowned
		if err := json.Unmarshal([]byte(line), &n); err != nil || len(n.Raw) == 0 {
			t.Fatalf("%s: %v", line, err)
		}
		ids = append(ids, n.ID)
	}
	must(t, "transfers", "assign", "--site", s.Code, strconv.FormatInt(ids[1], 10))
	if err := b.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	var paid int64
	if err := s.Store.Pool.QueryRow(t.Context(), `SELECT coalesce(sum(amount), 0) FROM payments WHERE stay_id = $1 AND status = 'paid'`, stay).Scan(&paid); err != nil || paid != 5000 {
		t.Errorf("paid %d, %v", paid, err)
	}
	must(t, "transfers", "aside", "--reason", "The landlord's.", strconv.FormatInt(ids[0], 10))
	if out := must(t, "transfers", "list"); out != "" {
		t.Errorf("left: %s", out)
	}
	for _, args := range [][]string{
		{"assign", "--site", s.Code, strconv.FormatInt(ids[1], 10)},
		{"aside", "--reason", "x", strconv.FormatInt(ids[0], 10)},
		{"aside", "--reason", " ", "1"},
		{"assign", "--site", "nowhere", "1"},
	} {
		if code, out, errs := try(t.Context(), append([]string{"transfers"}, args...)...); code == 0 || !strings.HasSuffix(strings.TrimSpace(errs), ".") {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
}
