package bank_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/cloud/bank"
	"gatehouse/parking"
)

// sign is the proof in hex that a provider would send.
func sign(h func() hash.Hash, key, text string) string {
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// told is a request of a provider.
type told struct {
	header http.Header
	body   string
}

func sepay(key string, at time.Time, body string) told {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return told{http.Header{"X-Sepay-Timestamp": {stamp}, "X-Sepay-Signature": {"sha256=" + sign(sha256.New, key, stamp+"."+body)}}, body}
}

// casso signs what text is as sorted JSON, and sends body.
func casso(key, stamp, sorted, body string) told {
	return told{http.Header{"X-Casso-Signature": {"t=" + stamp + ",v1=" + sign(sha512.New, key, stamp+"."+sorted)}}, body}
}

func payos(key string, data map[string]any) told {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		if data[k] == nil {
			pairs = append(pairs, k+"=")
			continue
		}
		pairs = append(pairs, fmt.Sprintf("%s=%v", k, data[k]))
	}
	body, err := json.Marshal(map[string]any{"code": "00", "desc": "success", "data": data, "signature": sign(sha256.New, key, strings.Join(pairs, "&"))})
	if err != nil {
		panic(err)
	}
	return told{http.Header{}, string(body)}
}

// The vectors of the providers themselves. What they signed is known; the
// bodies are made from it.
func TestVectorsOfTheProviders(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "webhooks.json"))
	if err != nil {
		if os.Getenv("PARK_SHARED_REQUIRED") == "1" {
			t.Fatal(err)
		}
		t.Skip("../shared is not beside this checkout")
	}
	var v struct {
		PayOS struct {
			Key    string `json:"checksum_key"`
			Signed string `json:"signed_string"`
			MAC    string `json:"signature_hmac_sha256_hex"`
		} `json:"payos"`
		Casso struct {
			Key    string `json:"checksum_key"`
			Header string `json:"header"`
			Signed string `json:"signed_string"`
		} `json:"casso_v2"`
		SePay struct {
			Body json.RawMessage `json:"example_body"`
		} `json:"sepay"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

	data := map[string]any{}
	for pair := range strings.SplitSeq(v.PayOS.Signed, "&") {
		k, value, _ := strings.Cut(pair, "=")
		data[k] = value
		if k == "amount" || k == "orderCode" {
			data[k] = json.Number(value)
		}
		if value == "" {
			data[k] = nil
		}
	}
	body, err := json.Marshal(map[string]any{"data": data, "signature": v.PayOS.MAC})
	if err != nil {
		t.Fatal(err)
	}
	p := told{http.Header{}, string(body)}
	n := checked(t, "payos", bank.Secrets{PayOS: v.PayOS.Key}, p, now)
	if n.Transaction != "TF230204212323" || n.Amount != 3000 || n.Account != "12345678" || n.Purpose != "VQRIO123" || !n.Incoming ||
		!n.At.Equal(time.Date(2023, 2, 4, 11, 25, 0, 0, time.UTC)) {
		t.Errorf("payOS: %+v", n)
	}

	_, header, _ := strings.Cut(v.Casso.Header, ": ")
	_, sorted, _ := strings.Cut(v.Casso.Signed, ".")
	var shuffled map[string]any
	if err := json.Unmarshal([]byte(sorted), &shuffled); err != nil {
		t.Fatal(err)
	}
	spaced, err := json.MarshalIndent(struct {
		Error any `json:"error"` // before data, other than it is signed
		Data  any `json:"data"`
	}{shuffled["error"], shuffled["data"]}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	n = checked(t, "casso", bank.Secrets{Casso: v.Casso.Key}, told{http.Header{"X-Casso-Signature": {header}}, string(spaced)}, now)
	if n.Transaction != "reference:MA_GIAO_DICH_THU_NGHIEM" || n.Amount != 599000 || n.Account != "88888888" || n.Purpose != "giao dich thu nghiem" || !n.Incoming {
		t.Errorf("Casso: %+v", n)
	}

	n = checked(t, "sepay", bank.Secrets{SePaySecret: "k"}, sepay("k", now, string(v.SePay.Body)), now)
	if n.Transaction != "92704" || n.Amount != 2277000 || n.Account != "0123499999" || n.Purpose != "payment content" || !n.Incoming ||
		!n.At.Equal(time.Date(2023, 3, 25, 7, 2, 37, 0, time.UTC)) {
		t.Errorf("SePay: %+v", n)
	}
	key := told{http.Header{"Authorization": {"Apikey KEY"}}, string(v.SePay.Body)}
	checked(t, "sepay", bank.Secrets{SePayAPIKey: "KEY"}, key, now)
}

// checked verifies and reads a request that is good, then sees that it is
// refused with one byte of what was signed changed, for each byte of the body
// that means something, and with another secret.
func checked(t *testing.T, provider string, s bank.Secrets, r told, now time.Time) bank.Read {
	t.Helper()
	if err := bank.Verify(provider, s, r.header, []byte(r.body), now); err != nil {
		t.Fatalf("%s: %v", provider, err)
	}
	n, err := bank.ReadNotice(provider, []byte(r.body))
	if err != nil {
		t.Fatalf("%s: %v", provider, err)
	}
	other := bank.Secrets{SePayAPIKey: s.SePayAPIKey + "x", PayOS: s.PayOS + "x", Casso: s.Casso + "x"}
	if s.SePaySecret != "" {
		other.SePaySecret = s.SePaySecret + "x"
	}
	if err := bank.Verify(provider, other, r.header, []byte(r.body), now); parking.ErrorCode(err) != parking.Unauthorized {
		t.Errorf("%s with another secret: %v", provider, err)
	}
	if s.SePayAPIKey != "" {
		return n // a key signs nothing
	}
	amount := strconv.FormatInt(int64(n.Amount), 10)
	for _, signed := range []string{amount, n.Account, n.Purpose, strings.TrimPrefix(n.Transaction, "reference:")} {
		at := strings.Index(r.body, signed)
		if at < 0 {
			t.Fatalf("%s: no %q in the body", provider, signed)
		}
		for i := range len(signed) {
			body := []byte(r.body)
			body[at+i] ^= 1
			if err := bank.Verify(provider, s, r.header, body, now); parking.ErrorCode(err) != parking.Unauthorized {
				t.Errorf("%s with %q changed to %q: %v", provider, r.body[at:at+len(signed)], body[at:at+len(signed)], err)
			}
		}
	}
	return n
}

func TestProofsThatAreNone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	body := `{"id":1,"transferType":"in","transferAmount":1}`
	both := bank.Secrets{SePayAPIKey: "KEY", SePaySecret: "k", Casso: "c", PayOS: "p"}
	old, future := sepay("k", now.Add(-301*time.Second), body), sepay("k", now.Add(301*time.Second), body)
	for name, c := range map[string]struct {
		provider string
		secrets  bank.Secrets
		told     told
		code     parking.Code
	}{
		"five minutes old":               {"sepay", both, old, parking.Unauthorized},
		"five minutes ahead":             {"sepay", both, future, parking.Unauthorized},
		"a key where a secret is set":    {"sepay", both, told{http.Header{"Authorization": {"Apikey KEY"}}, body}, parking.Unauthorized},
		"no key":                         {"sepay", bank.Secrets{SePayAPIKey: "KEY"}, told{http.Header{}, body}, parking.Unauthorized},
		"no secret at all":               {"sepay", bank.Secrets{}, told{http.Header{"Authorization": {"Apikey "}}, body}, parking.NotFound},
		"no signature":                   {"casso", both, told{http.Header{}, "{}"}, parking.Unauthorized},
		"no JSON":                        {"casso", both, casso("c", "1", "{", "{"), parking.Unauthorized},
		"half a signature":               {"casso", both, told{http.Header{"X-Casso-Signature": {"t=1,v1=00"}}, "{}"}, parking.Unauthorized},
		"casso without a key":            {"casso", bank.Secrets{}, casso("", "1", "{}", "{}"), parking.NotFound},
		"payos unsigned":                 {"payos", both, told{http.Header{}, `{"data":{}}`}, parking.Unauthorized},
		"payos without data":             {"payos", both, told{http.Header{}, `{"signature":"00"}`}, parking.Unauthorized},
		"payos without a key":            {"payos", bank.Secrets{}, payos("", map[string]any{"a": 1}), parking.NotFound},
		"something after what is signed": {"payos", both, told{http.Header{}, payos("p", map[string]any{"a": "1"}).body + "{}"}, parking.Unauthorized},
	} {
		if err := bank.Verify(c.provider, c.secrets, c.told.header, []byte(c.told.body), now); parking.ErrorCode(err) != c.code || !strings.HasSuffix(parking.ErrorMessage(err), ".") {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if err := bank.Verify("sepay", both, sepay("k", now.Add(-299*time.Second), body).header, []byte(body), now); err != nil {
		t.Errorf("four minutes old: %v", err)
	}
}

// What Casso signs is JavaScript's JSON, whose text Go would escape.
func TestCassoSignsPlainJSON(t *testing.T) {
	t.Parallel()
	sorted := "{\"data\":{\"amount\":5000,\"description\":\"a<b>&\u2028 \\\\u2028 Đỗ\",\"id\":7},\"error\":0}"
	body := "{ \"error\": 0, \"data\": {\"id\": 7, \"description\": \"a\\u003cb>&\\u2028 \\\\u2028 Đỗ\", \"amount\": 5000}}"
	r := casso("c", "1", sorted, body)
	if err := bank.Verify("casso", bank.Secrets{Casso: "c"}, r.header, []byte(r.body), time.Time{}); err != nil {
		t.Error(err)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("sepay", []byte(`{"id":92704,"accountNumber":"0123499999","content":"x","transferType":"in","transferAmount":2277000,"transactionDate":"2023-03-25 14:02:37"}`))
	f.Add("casso", []byte(`{"error":0,"data":{"id":0,"reference":"R","amount":599000,"description":"x","accountNumber":"1"}}`))
	f.Add("payos", []byte(`{"data":{"amount":3000,"code":"00","reference":"R","description":"x"},"signature":"00"}`))
	f.Fuzz(func(t *testing.T, provider string, body []byte) {
		if !slices.Contains([]string{"sepay", "casso", "payos"}, provider) {
			return
		}
		s := bank.Secrets{SePaySecret: "a", Casso: "b", PayOS: "c"}
		h := http.Header{"X-Casso-Signature": {"t=1,v1=00"}, "X-Sepay-Timestamp": {"1"}, "X-Sepay-Signature": {"sha256=00"}}
		if bank.Verify(provider, s, h, body, time.Unix(1, 0)) == nil {
			t.Errorf("%s believed %q", provider, body)
		}
		if n, err := bank.ReadNotice(provider, body); err == nil && (n.Transaction == "" || n.Incoming && n.Amount <= 0) {
			t.Errorf("%s read %+v of %q", provider, n, body)
		}
	})
}
