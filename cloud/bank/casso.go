package bank

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// verifyCasso: X-Casso-Signature: t=MS,v1=HEX of HMAC-SHA512("{t}." and the
// body as JSON with the keys of every object sorted, compact), Webhook V2.
func verifyCasso(s Secrets, h http.Header, body []byte, _ time.Time) error {
	if s.Casso == "" {
		return notUsed("Casso")
	}
	var stamp, given string
	for part := range strings.SplitSeq(h.Get("X-Casso-Signature"), ",") {
		switch k, v, _ := strings.Cut(strings.TrimSpace(part), "="); k {
		case "t":
			stamp = v
		case "v1":
			given = v
		}
	}
	if stamp == "" || given == "" {
		return refused("This notice is not signed: X-Casso-Signature with t and v1 is needed.")
	}
	sorted, err := sortedJSON(body)
	if err != nil {
		return refused("The signature of this notice cannot be checked: its body is no JSON.")
	}
	mac := hmac.New(sha512.New, []byte(s.Casso))
	mac.Write([]byte(stamp + "."))
	mac.Write(sorted)
	if !sameHex(given, mac.Sum(nil)) {
		return refused("The signature of this notice is wrong.")
	}
	return nil
}

// sortedJSON writes a document as JavaScript's JSON.stringify does, with the
// keys of every object sorted and numbers as they were sent.
func sortedJSON(body []byte) ([]byte, error) {
	var v any
	if err := decode(body, &v); err != nil {
		return nil, err
	}
	return plainJSON(v)
}

// plainJSON is v as JSON without the escapes that only Go makes.
func plainJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	return unescapeSeparators(text), nil
}

// unescapeSeparators writes U+2028 and U+2029 as themselves, but not where a
// backslash before them says that the text has these six characters.
func unescapeSeparators(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u202`)) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		switch rest := text[i:]; {
		case bytes.HasPrefix(rest, []byte(`\u2028`)):
			out, i = append(out, "\u2028"...), i+5
		case bytes.HasPrefix(rest, []byte(`\u2029`)):
			out, i = append(out, "\u2029"...), i+5
		default:
			out, i = append(out, text[i], text[i+1]), i+1
		}
	}
	return out
}

func readCasso(body []byte) (notice, error) {
	var b struct {
		Error json.Number `json:"error"`
		Data  struct {
			ID            json.Number `json:"id"`
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
	id := b.Data.ID.String()
	if id == "" || id == "0" {
		if b.Data.Reference == "" {
			return notice{}, errors.New("a notice without id and reference")
		}
		id = "reference:" + b.Data.Reference
	}
	return notice{
		transaction: id, account: b.Data.AccountNumber, incoming: amount > 0 && (b.Error == "" || b.Error == "0"),
		amount: amount, purpose: b.Data.Description, at: bankTime(b.Data.At),
	}, nil
}
