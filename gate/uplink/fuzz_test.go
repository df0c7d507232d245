package uplink

import (
	"net/http"
	"testing"
)

// Whatever answers, it is the cloud's answer only if it looks like one.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", []byte(`{}`))
	f.Add(302, "text/html", []byte(`<html>`))
	f.Add(409, "application/problem+json", []byte(`{"code":"conflict","detail":"A gap.","held":5}`))
	f.Add(503, "application/problem+json", []byte(`{"code":"unavailable","detail":"Later."}`))
	f.Add(200, "text/html; charset=utf-8", []byte(`{}`))
	f.Add(204, "", []byte(``))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		err := check(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}}, body)
		if err == nil && status != http.StatusOK && status != http.StatusCreated && status != http.StatusNoContent {
			t.Fatalf("%d %q counts as an answer", status, contentType)
		}
		if err != nil && err.Error() == "" {
			t.Fatal("refused without a word")
		}
	})
}
