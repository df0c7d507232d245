package admin_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/bank"
	"gatehouse/cloud/ingest"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

func (o *office) bank(log *slog.Logger) *bank.Bank {
	return bank.New(bank.Config{
		Store: o.Store, Ingest: &ingest.Ingester{Store: o.Store, Log: log}, Auth: o.Auth,
		Secrets: bank.Secrets{SePayAPIKey: "key"}, Now: func() time.Time { return o.now }, Log: log,
	})
}

// transferred keeps what SePay tells of transfers, and settles what it can.
func (o *office) transferred(bodies ...string) {
	o.t.Helper()
	b := o.bank(slog.New(slog.DiscardHandler))
	for i, body := range bodies {
		text := fmt.Sprintf(`{"id":%d,"accountNumber":"0011001234567","transferType":"in","transactionDate":"2026-11-22 14:10:00",%s}`, i+1, body)
		if err := b.Take(o.t.Context(), "sepay", http.Header{"Authorization": {"Apikey key"}}, []byte(text)); err != nil {
			o.t.Fatal(err)
		}
	}
	if err := b.Settle(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// asks is a gate with two cars that were asked to pay by transfer.
func (o *office) asks() (references []string) {
	o.t.Helper()
	o.Ground()
	o.Exec("UPDATE sites SET bank_account = '0011001234567' WHERE id = $1", o.ID)
	g := o.Gate("N", at.Add(-time.Second))
	for i, plate := range []string{"30A-123.45", "51F-678.90"} {
		parsed, err := parking.ParsePlate(plate)
		if err != nil {
			o.t.Fatal(err)
		}
		stay := uuid.New()
		g.Fact("vehicle_in", at.Add(-time.Hour), "lan", parking.VehicleIn{
			Stay: stay, Lane: "1", Class: parking.Car, Plate: parsed, Display: plate, Zone: "N", Slot: fmt.Sprintf("N%02d", i+1), Tariff: "default", TariffV: 1,
		})
		references = append(references, parking.NewReference("N", "a", uint64(i))) //nolint:gosec // 0 and 1
		g.Fact("payment_requested", at.Add(-10*time.Minute), "lan", parking.PaymentRequested{
			Payment: uuid.New(), Stay: stay, Method: parking.QR, Amount: 5000, Currency: "VND", Reference: references[i],
		})
	}
	door := &ingest.Ingester{Store: o.Store, Log: slog.New(slog.DiscardHandler)}
	if _, err := door.Ingest(o.t.Context(), ingest.Source{Site: o.ID, Gate: "N"}, g.Batch(), at); err != nil {
		o.t.Fatal(err)
	}
	return references
}

var transferForm = regexp.MustCompile(`action="(/transfers/[0-9]+)"`)

func TestTransfersAreReviewedOnAPage(t *testing.T) {
	t.Parallel()
	o := open(t)
	asked := o.asks()
	o.transferred(
		fmt.Sprintf(`"transferAmount":5000,"content":"QR %s"`, asked[0]),
		fmt.Sprintf(`"transferAmount":3000,"content":"QR %s <b>"`, asked[1]),
		`"transferAmount":900000,"content":"tien dien"`,
	)
	b := o.signedIn()
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	status, page := o.get(b, "/transfers")
	wellFormed(t, "/transfers", page)
	for _, want := range []string{vi("transfers.why.too_little"), vi("transfers.why.unknown_reference"), "3.000", "900.000", "&lt;b&gt;"} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%d, without %q", status, want)
		}
	}
	forms := transferForm.FindAllStringSubmatch(page, -1) // newest first, each with two ways
	if len(forms) != 4 {
		t.Fatalf("%d forms", len(forms))
	}
	electricity, little := forms[0][1], forms[2][1]
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		"no reason":      {little, url.Values{"how": {"credit"}, "stay": {"51F-678.90"}}, http.StatusUnprocessableEntity, "Hãy ghi lý do."},
		"no such plate":  {little, url.Values{"how": {"credit"}, "stay": {"99Z-999.99"}, "reason": {"x"}}, http.StatusUnprocessableEntity, "Có 0 xe đang gửi"},
		"nothing":        {little, url.Values{"how": {"credit"}, "stay": {""}, "reason": {"giữ lại"}}, http.StatusUnprocessableEntity, `value="giữ lại"`},
		"no such way":    {little, url.Values{"how": {"?"}}, http.StatusNotFound, ""},
		"no such notice": {"/transfers/999", url.Values{"how": {"set_aside"}, "reason": {"x"}}, http.StatusNotFound, ""},
	} {
		if status, page := o.post(b, c.path, c.form); status != c.status || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d %s", name, status, page)
		}
	}
	if _, page := o.post(b, electricity, url.Values{"how": {"credit"}, "stay": {"99Z-999.99"}, "reason": {"x"}}); strings.Contains(page, uuid.Nil.String()) {
		t.Error("a form that was refused links to a stay that is none")
	}
	if status, page := o.post(b, little, url.Values{"how": {"credit"}, "stay": {"51f 678.90"}, "reason": {"thiếu 2.000, trả nốt tiền mặt"}}); status != http.StatusSeeOther {
		t.Fatalf("credit: %d %s", status, page)
	}
	if status, page := o.post(b, electricity, url.Values{"how": {"set_aside"}, "reason": {"tiền điện"}}); status != http.StatusSeeOther {
		t.Fatalf("set aside: %d %s", status, page)
	}
	if status, page := o.post(b, electricity, url.Values{"how": {"set_aside"}, "reason": {"x"}}); status != http.StatusConflict || !strings.Contains(page, "đã được quyết định") {
		t.Errorf("again: %d %s", status, page)
	}
	if _, page := o.get(b, "/transfers?done=1"); !strings.Contains(page, vi("transfers.none_review")) || !strings.Contains(page, vi("transfers.done")) {
		t.Error("the list is not empty")
	}
	if _, page := o.get(b, "/transfers?state=settled"); strings.Count(page, vi("case.stay_open")) != 2 || !strings.Contains(page, "thiếu 2.000") {
		t.Errorf("settled: %s", page)
	}
	for _, path := range []string{"/transfers?state=x", "/transfers?older=x", "/transfers?older=-1"} {
		if status, _ := o.get(b, path); status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, status)
		}
	}
}
