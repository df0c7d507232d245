package bank

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// verifyPayOS: signature in the body is HMAC-SHA256 in hex over data as
// k=v&…, keys in alphabetical order, null as empty.
func verifyPayOS(s Secrets, _ http.Header, body []byte, _ time.Time) error {
	if s.PayOS == "" {
		return notUsed("payOS")
	}
	var b struct {
		Data      map[string]any `json:"data"`
		Signature string         `json:"signature"`
	}
	if err := decode(body, &b); err != nil || b.Data == nil || b.Signature == "" {
		return refused("This notice is not signed: data and signature are needed.")
	}
	text, err := pairs(b.Data)
	if err != nil {
		return refused("The signature of this notice cannot be checked.")
	}
	mac := hmac.New(sha256.New, []byte(s.PayOS))
	mac.Write([]byte(text))
	if !sameHex(b.Signature, mac.Sum(nil)) {
		return refused("The signature of this notice is wrong.")
	}
	return nil
}

// pairs writes an object as k=v&…, as payOS signs it; what is nested is JSON.
func pairs(data map[string]any) (string, error) {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		var v string
		switch d := data[k].(type) {
		case nil:
		case string:
			v = d
		case json.Number:
			v = d.String()
		case bool:
			v = fmt.Sprint(d)
		default:
			nested, err := plainJSON(d)
			if err != nil {
				return "", err
			}
			v = string(nested)
		}
		out = append(out, k+"="+v)
	}
	return strings.Join(out, "&"), nil
}

func readPayOS(body []byte) (notice, error) {
	var b struct {
		Data struct {
			Code          string      `json:"code"`
			Reference     string      `json:"reference"`
			Description   string      `json:"description"`
			Amount        json.Number `json:"amount"`
			AccountNumber string      `json:"accountNumber"`
			At            string      `json:"transactionDateTime"`
		} `json:"data"`
	}
	if err := decode(body, &b); err != nil {
		return notice{}, err
	}
	amount, err := whole(b.Data.Amount)
	if err != nil {
		return notice{}, err
	}
	if b.Data.Reference == "" {
		return notice{}, errors.New("a notice without reference")
	}
	return notice{
		transaction: b.Data.Reference, account: b.Data.AccountNumber, incoming: amount > 0 && b.Data.Code == "00",
		amount: amount, purpose: b.Data.Description, at: bankTime(b.Data.At),
	}, nil
}
