package bank

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verifySePay: X-SePay-Signature: sha256=HEX of HMAC-SHA256("{timestamp}.{raw
// body}") with X-SePay-Timestamp in seconds; or Authorization: Apikey KEY.
func verifySePay(s Secrets, h http.Header, body []byte, now time.Time) error {
	switch {
	case s.SePaySecret != "":
		stamp := h.Get("X-SePay-Timestamp")
		given, ok := strings.CutPrefix(h.Get("X-SePay-Signature"), "sha256=")
		if !ok || stamp == "" {
			return refused("This notice is not signed: X-SePay-Signature and X-SePay-Timestamp are needed.")
		}
		mac := hmac.New(sha256.New, []byte(s.SePaySecret))
		mac.Write([]byte(stamp + "."))
		mac.Write(body)
		if !sameHex(given, mac.Sum(nil)) {
			return refused("The signature of this notice is wrong.")
		}
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return refused("X-SePay-Timestamp is no time.")
		}
		if age := now.Sub(time.Unix(seconds, 0)); age > signedFor || age < -signedFor {
			return refused("This notice was signed more than five minutes away from now.")
		}
		return nil
	case s.SePayAPIKey != "":
		key, ok := strings.CutPrefix(h.Get("Authorization"), "Apikey ")
		if !ok || subtle.ConstantTimeCompare([]byte(key), []byte(s.SePayAPIKey)) != 1 {
			return refused("The API key of this notice is missing or wrong.")
		}
		return nil
	}
	return notUsed("SePay")
}

// sameHex compares a signature in hex with one that was computed, in constant
// time.
func sameHex(given string, want []byte) bool {
	got, err := hex.DecodeString(given)
	return err == nil && hmac.Equal(got, want)
}

func readSePay(body []byte) (notice, error) {
	var b struct {
		ID            json.Number `json:"id"`
		AccountNumber string      `json:"accountNumber"`
		SubAccount    string      `json:"subAccount"`
		Content       string      `json:"content"`
		TransferType  string      `json:"transferType"`
		Amount        json.Number `json:"transferAmount"`
		Date          string      `json:"transactionDate"`
	}
	if err := decode(body, &b); err != nil {
		return notice{}, err
	}
	amount, err := whole(b.Amount)
	if err != nil {
		return notice{}, err
	}
	if b.ID == "" || b.TransferType != "in" && b.TransferType != "out" {
		return notice{}, errors.New("a notice without id or direction")
	}
	return notice{
		transaction: b.ID.String(), account: b.AccountNumber, incoming: b.TransferType == "in" && amount > 0,
		amount: amount, purpose: b.Content, at: bankTime(b.Date),
	}, nil
}
