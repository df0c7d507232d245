package cloud_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/bank"
	"gatehouse/internal/demo/banks"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const bankSecret = "what-the-bank-signs-with"

// sepayHeader proves a body as SePay does.
func sepayHeader(at time.Time, body string) []string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(bankSecret))
	mac.Write([]byte(stamp + "." + body))
	return []string{"X-SePay-Timestamp", stamp, "X-SePay-Signature", "sha256=" + hex.EncodeToString(mac.Sum(nil))}
}

// A transfer reaches the gate that asked for it, over the feed.
func TestATransferTurnsAStayToPaid(t *testing.T) {
	t.Parallel()
	var r *replica
	var proof string
	t.Run("traffic", func(t *testing.T) { r, proof = transfers(t) })
	if log := r.log.String(); strings.Contains(log, bankSecret) || strings.Contains(log, proof) {
		t.Error("the log holds a secret or a proof")
	}
}

func transfers(t *testing.T) (r *replica, proof string) {
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r = start(t, s, "", c, 0)
	g := s.Enrol(t, "N")
	token := r.token(t, g)
	stay := g.In(t, c.now().Add(-time.Hour), "30A12345", "N01")
	reference := parking.NewReference("N", string(g.Epoch), 1)
	g.Fact(t, parking.KindPaymentRequested, c.now(), parking.PaymentRequested{
		Payment: uuid.New(), Stay: stay, Method: parking.QR, Amount: 5000, Currency: "VND", Reference: reference,
	})
	r.bring(t, g, token, g.Facts)

	body := fmt.Sprintf(`{"id":1,"accountNumber":"0011001234567","transferType":"in","transferAmount":5000,"content":"QR %s GD 1234"}`, reference)
	if a := r.send(t, "POST", "/webhooks/sepay", "", "application/json", []byte(body), sepayHeader(c.now(), body)...); a.status != http.StatusOK || !strings.Contains(string(a.body), `"success":true`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	paid := func() bool {
		a := r.send(t, "GET", "/api/v1/feed?after=0", token, "", nil)
		var feed struct {
			Deltas []wire.Delta `json:"deltas"`
		}
		if err := json.Unmarshal(a.body, &feed); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s %v", a.status, a.body, err)
		}
		for _, d := range feed.Deltas {
			for _, told := range d.Stays {
				if told.ID == stay && told.PaidSum() == 5000 {
					return true
				}
			}
		}
		return false
	}
	for deadline := time.Now().Add(time.Minute); !paid(); {
		if time.Now().After(deadline) {
			t.Fatal("the gate is not told")
		}
		time.Sleep(10 * time.Millisecond)
	}

	bad := sepayHeader(c.now(), body+" ")
	for name, c := range map[string]struct {
		path, body string
		header     []string
		status     int
	}{
		"another body":        {"/webhooks/sepay", body, bad, http.StatusUnauthorized},
		"no proof":            {"/webhooks/sepay", body, nil, http.StatusUnauthorized},
		"of another provider": {"/webhooks/casso", body, nil, http.StatusUnauthorized},
		"no provider":         {"/webhooks/nobody", body, nil, http.StatusNotFound},
		"too long":            {"/webhooks/sepay", strings.Repeat("x", bank.MaxBody+1), nil, http.StatusRequestEntityTooLarge},
	} {
		if a := r.send(t, "POST", c.path, "", "application/json", []byte(c.body), c.header...); a.status != c.status || !strings.HasSuffix(a.problem.Detail, ".") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	return r, bad[3]
}

// What the simulated banks tell is taken from each provider and settles; what
// was changed after it was signed is not.
func TestSimulatedBanksAreUnderstood(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	g := s.Enrol(t, "N")
	token := r.token(t, g)
	references := map[banks.Provider]string{}
	for n, provider := range []banks.Provider{banks.SePay, banks.Casso, banks.PayOS} {
		stay := g.In(t, c.now().Add(-time.Hour), fmt.Sprintf("30A1234%d", n), fmt.Sprintf("N0%d", n+1))
		references[provider] = parking.NewReference("N", string(g.Epoch), uint64(n+1))
		g.Fact(t, parking.KindPaymentRequested, c.now(), parking.PaymentRequested{
			Payment: uuid.New(), Stay: stay, Method: parking.QR, Amount: 5000, Currency: "VND", Reference: references[provider],
		})
	}
	r.bring(t, g, token, g.Facts)
	for provider, reference := range references {
		for _, secret := range []string{"another", bankSecret} {
			bank := banks.Bank{
				Cloud: func() string { return r.url }, Provider: provider, Proof: banks.Proof{Key: secret}, Client: http.DefaultClient,
			}
			err := bank.Tell(t.Context(), banks.Transfer{
				ID: bank.NewID(), Account: "0011001234567", Amount: 5000, Text: "CT " + reference + " <&> á", At: c.now(),
			})
			refused, is := errors.AsType[*banks.Refused](err)
			if secret == bankSecret && err != nil || secret != bankSecret && (!is || refused.Status != http.StatusUnauthorized) {
				t.Errorf("%s with %q: %v", provider, secret, err)
			}
		}
	}
	settled := func() (n int) {
		a := r.send(t, "GET", "/api/v1/feed?after=0", token, "", nil)
		var feed struct {
			Deltas []wire.Delta `json:"deltas"`
		}
		if err := json.Unmarshal(a.body, &feed); err != nil {
			t.Fatal(err)
		}
		paid := map[uuid.UUID]bool{}
		for _, d := range feed.Deltas {
			for _, told := range d.Stays {
				if told.PaidSum() == 5000 {
					paid[told.ID] = true
				}
			}
		}
		return len(paid)
	}
	for deadline := time.Now().Add(time.Minute); settled() < 3; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of 3 transfers settled", settled())
		}
		time.Sleep(10 * time.Millisecond)
	}
}
