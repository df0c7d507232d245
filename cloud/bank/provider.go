package bank

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/parking"
)

// Secrets are what providers prove themselves with; "" for one that is not
// used.
type Secrets struct {
	SePayAPIKey string
	SePaySecret string // with it, SePay must sign
	Casso       string
	PayOS       string
}

// notice is what a provider has told, read.
type notice struct {
	transaction string // the provider's id of it
	account     string
	incoming    bool
	amount      parking.Money
	purpose     string
	at          time.Time // zero if the bank gave none that can be read
}

// provider verifies a request by its headers and raw body, and reads it. An
// error of verify is a refusal; one of read leaves what is kept unread.
type provider struct {
	verify func(s Secrets, h http.Header, body []byte, now time.Time) error
	read   func(body []byte) (notice, error)
}

var providers = map[string]provider{
	"sepay": {verifySePay, readSePay},
	"casso": {verifyCasso, readCasso},
	"payos": {verifyPayOS, readPayOS},
}

// signedFor is how old a signed time may be, and how far ahead.
const signedFor = 5 * time.Minute

func refused(format string, args ...any) error {
	return parking.Errorf(parking.Unauthorized, format, args...)
}

func notUsed(name string) error {
	return parking.Errorf(parking.NotFound, "This cloud has no secret of %s, so it takes no notices from there.", name)
}

// vietnam is the zone of times that come without one. Vietnam has had no
// daylight saving since 1975.
var vietnam = time.FixedZone("+07", 7*60*60)

// bankTime reads a bank's time; zero for what is none.
func bankTime(text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, vietnam); err == nil && t.Year() > 2000 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// whole reads an amount of money as it was sent: an integer, perhaps with
// decimals that are all zero.
func whole(n json.Number) (parking.Money, error) {
	text, decimals, _ := strings.Cut(n.String(), ".")
	amount, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strings.Trim(decimals, "0") != "" || amount < -1e15 || amount > 1e15 {
		return 0, fmt.Errorf("%q is no amount of money", n.String())
	}
	return parking.Money(amount), nil
}

// unread is what is kept of a notice that cannot be read: the same body again
// is the same notice.
func unread(body []byte) notice {
	sum := sha256.Sum256(body)
	return notice{transaction: "unreadable:" + hex.EncodeToString(sum[:])}
}

// decode reads JSON with numbers as they were sent.
func decode(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read a notice: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read a notice: something follows it")
	}
	return nil
}
