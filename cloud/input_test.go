package cloud_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// What is no good gets the right status and a sentence that helps.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n := s.Enrol(t, "N")
	gate, admin := r.token(t, n), r.login(t, s, "admin")
	tenMB := bytes.Repeat([]byte(" "), 10<<20)
	picture := []byte("this is no picture")
	name := hash(picture)

	const json = "application/json"
	tests := []struct {
		name, method, path, token, contentType string
		body                                   []byte
		status                                 int
		says                                   string
	}{
		{"broken JSON", "POST", "/api/v1/login", "", json, []byte("{\n \"site\": demo}"), 400, "line 2, column"},
		{"half a JSON", "POST", "/api/v1/login", "", json, []byte(`{"site":"demo"`), 400, "ends before it is whole"},
		{"nothing", "POST", "/api/v1/login", "", json, nil, 400, "empty"},
		{"two documents", "POST", "/api/v1/login", "", json, []byte(`{"site":"a","name":"b","password":"c"}{}`), 400, "follows"},
		{"an unknown field", "POST", "/api/v1/login", "", json, []byte(`{"sight":"demo"}`), 400, "sight"},
		{"a number for a text", "POST", "/api/v1/login", "", json, []byte(`{"site":1}`), 400, "site"},
		{"10 MB of login", "POST", "/api/v1/login", "", json, tenMB, 413, "more than"},
		{"10 MB of facts", "POST", "/api/v1/facts", gate, json, tenMB, 413, "more than"},
		{"10 MB of photo", "PUT", "/api/v1/photos/" + name, gate, "image/jpeg", tenMB, 413, "more than"},
		{"text for JSON", "POST", "/api/v1/login", "", "text/plain", []byte("{}"), 415, "application/json"},
		{"no content type", "POST", "/api/v1/facts", gate, "", []byte("{}"), 415, "application/json"},
		{"PNG for JPEG", "PUT", "/api/v1/photos/" + name, gate, "image/png", picture, 415, "image/jpeg"},
		{"a picture that is none", "PUT", "/api/v1/photos/" + name, gate, "image/jpeg", picture, 400, "no JPEG"},
		{"a photo by another's name", "PUT", "/api/v1/photos/" + hash([]byte("x")), gate, "image/jpeg", picture, 400, "SHA-256"},
		{"a photo without a name", "PUT", "/api/v1/photos/..%2f..%2fetc", gate, "image/jpeg", picture, 400, "64 hex digits"},
		{"an unknown photo", "GET", "/api/v1/photos/" + name, gate, "", nil, 404, "not here"},
		{"an unknown slot", "PATCH", "/api/v1/slots/Z99", admin, json, []byte(`{"out_of_service":true}`), 404, "no slot Z99"},
		{"an unknown gate", "POST", "/api/v1/gates/Z/code", admin, "", nil, 404, `no gate "Z"`},
		{"an absurd plate", "GET", "/api/v1/stays?plate=" + strings.Repeat("9", 100), admin, "", nil, 400, "at most 15"},
		{"an empty plate", "GET", "/api/v1/stays?plate=--", admin, "", nil, 400, "empty"},
		{"an absurd cursor", "GET", "/api/v1/stays?after=x", admin, "", nil, 400, "after"},
		{"an absurd limit", "GET", "/api/v1/stays?limit=1000000", admin, "", nil, 400, "limit"},
		{"a stay that is none", "GET", "/api/v1/stays/7", admin, "", nil, 400, "UUID"},
		{"an unknown stay", "GET", "/api/v1/stays/" + uuid.NewString(), admin, "", nil, 404, "no such stay"},
		{"absurd days", "GET", "/api/v1/revenue?from=yesterday", admin, "", nil, 400, "from"},
		{"days backwards", "GET", "/api/v1/revenue?from=2026-11-02&until=2026-11-01", admin, "", nil, 400, "until"},
		{"a NUL in a name", "POST", "/api/v1/login", "", json, []byte(`{"site":"demo","name":"a\u0000b","password":"long enough"}`), 400, "cannot be read"},
		{"a NUL in a gate", "POST", "/api/v1/gates/challenge", "", json, []byte(`{"site":"` + uuid.NewString() + `","gate":"\u0000"}`), 400, "cannot be read"},
		{"a NUL in a slot", "POST", "/api/v1/reservations/renew", gate, json, []byte(`{"slot":"N\u0000","token":"x"}`), 400, "cannot be read"},
		{"a NUL in an address", "POST", "/api/v1/gates/N%00/code", admin, "", nil, 400, "cannot be read"},
		{"no letters in an address", "POST", "/api/v1/gates/N%ff/revoke", admin, "", nil, 400, "cannot be read"},
		{"a NUL in a question", "GET", "/api/v1/stays?plate=%00", admin, "", nil, 400, "cannot be read"},
		{"a feed after nothing", "GET", "/api/v1/feed", gate, "", nil, 400, "after"},
	}
	for _, test := range tests {
		a := r.send(t, test.method, test.path, test.token, test.contentType, test.body)
		if a.status != test.status || !strings.Contains(a.problem.Detail, test.says) || a.problem.ID == "" || a.problem.Code == "" {
			t.Errorf("%s: %d %s, want %d and %q", test.name, a.status, a.body, test.status, test.says)
		}
	}
	page := r.send(t, "POST", "/login", "", "application/x-www-form-urlencoded", []byte("site=demo&name=a%00b&password=long+enough"))
	if page.status != http.StatusBadRequest {
		t.Errorf("a NUL on the sign-in page: %d", page.status)
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCompressedFacts(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n := s.Enrol(t, "N")
	gate := r.token(t, n)
	n.In(t, c.now(), "30A12345", "N07")
	send := func(body []byte, encoding string) answer {
		return r.send(t, "POST", "/api/v1/facts", gate, "application/json", body, "Content-Encoding", encoding)
	}
	bomb := zipped(t, make([]byte, 100<<20))
	if a := send(bomb, "gzip"); a.status != http.StatusRequestEntityTooLarge || a.problem.Detail == "" {
		t.Errorf("%d bytes that unpack to 100 MB: %d %s", len(bomb), a.status, a.body)
	}
	if a := send([]byte("not gzip"), "gzip"); a.status != http.StatusBadRequest {
		t.Errorf("not gzip: %d", a.status)
	}
	if a := send([]byte("x"), "br"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("another encoding: %d", a.status)
	}
	if a := into[wire.BatchAnswer](t, send(zipped(t, cloudtest.Raw(t, n.Batch(t, n.Facts))), "gzip")); a.Seq != 1 {
		t.Errorf("facts: %+v", a)
	}
	// A gap tells from where to go on.
	for range 2 {
		n.Fact(t, parking.KindAlive, c.now(), struct{}{})
	}
	a := send(zipped(t, cloudtest.Raw(t, n.Batch(t, n.Facts[2:]))), "gzip")
	if a.status != http.StatusConflict || a.problem.Held == nil || *a.problem.Held != 1 {
		t.Errorf("a gap: %d %s", a.status, a.body)
	}
}

func TestPhotos(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n := s.Enrol(t, "N")
	gate, guard := r.token(t, n), r.login(t, s, "lan")
	var photo, fake, large bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	put := func(b []byte) answer {
		return r.send(t, "PUT", "/api/v1/photos/"+hash(b), gate, "image/jpeg", b)
	}
	for range 2 {
		if a := put(photo.Bytes()); a.status != http.StatusNoContent {
			t.Fatalf("put: %d %s", a.status, a.body)
		}
	}
	a := r.send(t, "GET", "/api/v1/photos/"+hash(photo.Bytes()), guard, "", nil)
	if a.status != http.StatusOK || !bytes.Equal(a.body, photo.Bytes()) || a.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("get: %d, %d bytes", a.status, len(a.body))
	}
	if err := png.Encode(&fake, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if a := put(fake.Bytes()); a.status != http.StatusBadRequest {
		t.Errorf("a PNG: %d", a.status)
	}
	if a := put(photo.Bytes()[:40]); a.status != http.StatusBadRequest {
		t.Errorf("a broken JPEG: %d", a.status)
	}
	// What a glance at the beginning lets through.
	for name, b := range map[string][]byte{
		"half a JPEG":             photo.Bytes()[:photo.Len()/2+photo.Len()/3],
		"a JPEG without its end":  photo.Bytes()[:photo.Len()-2],
		"a program behind a JPEG": append(bytes.Clone(photo.Bytes()), "<?php ?>"...),
		"a JPEG behind a JPEG":    append(bytes.Clone(photo.Bytes()), photo.Bytes()...),
	} {
		a := put(b)
		if a.status != http.StatusBadRequest || !strings.HasSuffix(a.problem.Detail, ".") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if a := r.send(t, "GET", "/api/v1/photos/"+hash(b), guard, "", nil); a.status != http.StatusNotFound {
			t.Errorf("%s was kept: %d", name, a.status)
		}
	}
	if a := put(append(bytes.Clone(photo.Bytes()), make([]byte, 100)...)); a.status != http.StatusNoContent {
		t.Errorf("a camera's block filled up with zeros: %d %s", a.status, a.body)
	}
	// A small file that says it has 65,500 × 1,000 pixels.
	if err := jpeg.Encode(&large, image.NewGray(image.Rect(0, 0, 65500, 1000)), &jpeg.Options{Quality: 1}); err != nil {
		t.Fatal(err)
	}
	if a := put(large.Bytes()); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d bytes of 65 million pixels: %d %s", large.Len(), a.status, a.body)
	}
}

// A whole visit over HTTP: two gates, the list, the money.
func TestOneVisit(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	in := c.now()
	stay := n.In(t, in, "30A12345", "N07")
	n.In(t, in, "30A12346", "N08")
	r.bring(t, n, r.token(t, n), n.Facts)
	c.forward(90 * 60e9)
	south.Out(t, stay, in, c.now(), "30A12345", 8000)
	r.bring(t, south, r.token(t, south), south.Facts)

	admin := r.login(t, s, "admin")
	type page struct {
		Stays []parking.Stay
		Next  string
	}
	first := into[page](t, r.send(t, "GET", "/api/v1/stays?limit=1", admin, "", nil))
	second := into[page](t, r.send(t, "GET", "/api/v1/stays?limit=1&after="+first.Next, admin, "", nil))
	if len(first.Stays) != 1 || len(second.Stays) != 1 || second.Next != "" || first.Stays[0].ID == second.Stays[0].ID {
		t.Errorf("pages %+v %+v", first, second)
	}
	left := into[page](t, r.send(t, "GET", "/api/v1/stays?state=left&plate=30a-123.45", admin, "", nil))
	if len(left.Stays) != 1 || left.Stays[0].ID != stay || left.Stays[0].PaidSum() != 8000 {
		t.Errorf("left: %+v", left)
	}
	one := into[parking.Stay](t, r.send(t, "GET", "/api/v1/stays/"+stay.String(), admin, "", nil))
	if one.OutGate != "S" || one.Charge.Fee != 8000 {
		t.Errorf("stay: %+v", one)
	}
	day := c.now().UTC().Add(7 * 3600e9).Format("2006-01-02")
	money := into[struct {
		Total int64
		Days  []struct {
			Day, Method      string
			Payments, Amount int64
		}
	}](t, r.send(t, "GET", "/api/v1/revenue?from="+day, admin, "", nil))
	if money.Total != 8000 || len(money.Days) != 1 || money.Days[0].Method != "cash" || money.Days[0].Day != day {
		t.Errorf("revenue: %+v", money)
	}
	conflicts := into[map[string][]json.RawMessage](t, r.send(t, "GET", "/api/v1/conflicts", admin, "", nil))
	if len(conflicts["conflicts"]) != 0 {
		t.Errorf("conflicts: %s", conflicts)
	}
	signIn := r.json(t, "POST", "/api/v1/gate/sign-in", r.token(t, n), wire.SignInRequest{Name: "lan", Password: s.People["lan"].Password})
	if got := into[wire.SignInAnswer](t, signIn); got.Role != "guard" || got.ValidMS <= 0 || got.Display == "" {
		t.Errorf("sign-in: %+v", got)
	}
	if a := r.json(t, "POST", "/api/v1/gate/sign-in", r.token(t, n), wire.SignInRequest{Name: "lan", Password: "not hers"}); a.status != http.StatusForbidden {
		t.Errorf("sign-in with a wrong password: %d", a.status)
	}
}
