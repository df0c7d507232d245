package banks

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/parking"
)

// Provider is who tells a cloud of transfers.
type Provider string

// Providers.
const (
	SePay Provider = "sepay"
	Casso Provider = "casso"
	PayOS Provider = "payos"
)

// Transfer is money that went from one account to another.
type Transfer struct {
	ID      int64 // the provider's, once for each
	Account string
	Amount  parking.Money
	Text    string // its purpose, as the bank passes it on
	Out     bool   // it left the account
	At      time.Time
}

// Proof is what a provider signs with.
type Proof struct {
	Key    string
	APIKey bool // SePay: Key is an API key, and nothing is signed
}

// Notice is a request to the cloud's webhook.
type Notice struct {
	Header http.Header
	Body   []byte
}

// vietnam is the zone of the banks' times.
var vietnam = time.FixedZone("+07", 7*60*60)

// Notice writes a transfer as the provider does, signed at a time.
func (t Transfer) Notice(p Provider, proof Proof, signed time.Time) (Notice, error) {
	switch p {
	case SePay:
		return t.sepay(proof, signed)
	case Casso:
		return t.casso(proof, signed)
	case PayOS:
		return t.payos(proof)
	}
	return Notice{}, fmt.Errorf("there is no provider %q: sepay, casso or payos", p)
}

func notice(body any) (Notice, error) {
	raw, err := compact(body)
	return Notice{Header: http.Header{"Content-Type": {"application/json"}}, Body: raw}, err
}

// compact writes JSON as other languages do: without Go's escapes.
func compact(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write a notice: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func sign(h func() hash.Hash, key, text string) string {
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func (t Transfer) time() string { return t.At.In(vietnam).Format("2006-01-02 15:04:05") }

func (t Transfer) sepay(proof Proof, signed time.Time) (Notice, error) {
	direction := "in"
	if t.Out {
		direction = "out"
	}
	n, err := notice(map[string]any{
		"id": t.ID, "gateway": "Vietcombank", "transactionDate": t.time(), "accountNumber": t.Account, "code": nil,
		"content": t.Text, "transferType": direction, "transferAmount": t.Amount, "accumulated": 0, "subAccount": nil,
		"referenceCode": "MBVCB." + strconv.FormatInt(t.ID, 10), "description": "",
	})
	if err != nil {
		return n, err
	}
	if proof.APIKey {
		n.Header.Set("Authorization", "Apikey "+proof.Key)
		return n, nil
	}
	stamp := strconv.FormatInt(signed.Unix(), 10)
	n.Header.Set("X-SePay-Timestamp", stamp)
	n.Header.Set("X-SePay-Signature", "sha256="+sign(sha256.New, proof.Key, stamp+"."+string(n.Body)))
	return n, nil
}

// casso: a map is written with its keys sorted, which is what Casso signs.
func (t Transfer) casso(proof Proof, signed time.Time) (Notice, error) {
	n, err := notice(map[string]any{"error": 0, "data": map[string]any{
		"id": t.ID, "reference": "FT" + strconv.FormatInt(t.ID, 10), "description": t.Text, "amount": t.signedAmount(),
		"accountNumber": t.Account, "bankName": "VPBank", "bankAbbreviation": "VPB", "transactionDateTime": t.time(),
		"runningBalance": 0, "virtualAccountName": "", "virtualAccountNumber": "", "counterAccountName": "NGUYEN VAN A",
	}})
	if err != nil {
		return n, err
	}
	stamp := strconv.FormatInt(signed.UnixMilli(), 10)
	n.Header.Set("X-Casso-Signature", "t="+stamp+",v1="+sign(sha512.New, proof.Key, stamp+"."+string(n.Body)))
	return n, nil
}

func (t Transfer) signedAmount() parking.Money {
	if t.Out {
		return -t.Amount
	}
	return t.Amount
}

func (t Transfer) payos(proof Proof) (Notice, error) {
	reference := "TF" + strconv.FormatInt(t.ID, 10)
	data := map[string]string{
		"accountNumber": t.Account, "amount": strconv.FormatInt(int64(t.signedAmount()), 10), "code": "00", "currency": "VND",
		"desc": "Thành công", "description": t.Text, "orderCode": strconv.FormatInt(t.ID, 10), "reference": reference,
		"transactionDateTime": t.time(), "counterAccountBankId": "", "counterAccountName": "", "virtualAccountName": "",
	}
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(data)) {
		pairs = append(pairs, key+"="+data[key])
	}
	body := map[string]any{}
	for key, value := range data {
		body[key] = value
	}
	body["amount"], body["orderCode"] = t.signedAmount(), t.ID
	return notice(map[string]any{
		"code": "00", "desc": "success", "success": true, "data": body,
		"signature": sign(sha256.New, proof.Key, strings.Join(pairs, "&")),
	})
}
