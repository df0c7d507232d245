package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"gatehouse/cloud/auth"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// read takes the JSON body of a request into a new T. Errors are refusals
// with a sentence: what it is not, where it breaks, what it may not hold.
func read[T any](w http.ResponseWriter, r *http.Request) (*T, error) {
	if err := contentType(r, "application/json"); err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, parking.Errorf(auth.WrongType, "This route takes no Content-Encoding.")
	}
	body, err := bounded(w, r, wire.MaxJSONBytes)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte(`\u0000`)) { // which no column can hold
		return nil, parking.Errorf(parking.Invalid, "The document holds a character that cannot be read: \\u0000.")
	}
	v := new(T)
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return nil, broken(body, dec, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, parking.Errorf(parking.Invalid, "Something follows the JSON document; send one document.")
	}
	return v, nil
}

func contentType(r *http.Request, want string) error {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return parking.Errorf(auth.WrongType, "Send this with Content-Type: %s.", want)
	}
	return nil
}

// bounded reads the body up to limit bytes.
func bounded(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	return body, readError(err, limit)
}

func readError(err error, limit int64) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return parking.Errorf(parking.TooLarge, "The body has more than %d bytes.", limit)
	default:
		return parking.Errorf(parking.Invalid, "The body broke off before its end.")
	}
}

// broken says where a JSON document breaks.
func broken(body []byte, dec *json.Decoder, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return parking.Errorf(parking.Invalid, "The body is empty; send a JSON document.")
	case errors.As(err, &syntax):
		line, column := place(body, syntax.Offset)
		return parking.Errorf(parking.Invalid, "The JSON breaks at line %d, column %d: %s.", line, column, err)
	case errors.As(err, &kind):
		return parking.Errorf(parking.Invalid, "The field %q cannot be a %s.", kind.Field, kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return parking.Errorf(parking.Invalid, "The JSON ends before it is whole.")
	default:
		line, column := place(body, dec.InputOffset())
		return parking.Errorf(parking.Invalid, "The JSON cannot be read near line %d, column %d: %s.", line, column, strings.TrimPrefix(err.Error(), "json: "))
	}
}

func place(body []byte, offset int64) (line, column int) {
	before := body[:min(max(offset, 0), int64(len(body)))]
	return 1 + bytes.Count(before, []byte("\n")), max(1, len(before)-bytes.LastIndexByte(before, '\n')-1)
}

// unpacked reads a body that may be compressed; limit bounds it before and
// after unpacking, so that a few bytes cannot become gigabytes.
func unpacked(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body := http.MaxBytesReader(w, r.Body, limit)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
		b, err := io.ReadAll(body)
		return b, readError(err, limit)
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, parking.Errorf(parking.Invalid, "The body is not gzip as its Content-Encoding says.")
		}
		b, err := io.ReadAll(io.LimitReader(z, limit+1))
		if int64(len(b)) > limit {
			return nil, parking.Errorf(parking.TooLarge, "The body has more than %d bytes when unpacked.", limit)
		}
		return b, readError(err, limit)
	default:
		return nil, parking.Errorf(auth.WrongType, "The Content-Encoding may be gzip, or none.")
	}
}
