package api

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"testing"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A body is read within its bound, also unpacked, or refused with a sentence.
func FuzzBody(f *testing.F) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 1<<20)); err != nil {
		f.Fatal(err)
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(bomb.Bytes(), true)
	f.Add([]byte(`{"slot":"A01"}`), false)
	f.Add([]byte(`{"slot":"A01"}{}`), false)
	f.Add([]byte(`{"slot":5,`), false)
	f.Add([]byte{0x1f, 0x8b}, true)
	const limit = 64 << 10
	f.Fuzz(func(t *testing.T, body []byte, packed bool) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		if packed {
			r.Header.Set("Content-Encoding", "gzip")
			b, err := unpacked(httptest.NewRecorder(), r, limit)
			if len(b) > limit && err == nil || err != nil && parking.ErrorMessage(err) == "" {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			return
		}
		r.Header.Set("Content-Type", "application/json")
		if _, err := read[wire.ReserveRequest](httptest.NewRecorder(), r); err != nil && parking.ErrorMessage(err) == "" {
			t.Fatalf("refused without a sentence: %v", err)
		}
	})
}
