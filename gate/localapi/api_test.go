package localapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/localapi"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const token = "0123456789abcdef0123456789abcdef"

type caller struct {
	t      *testing.T
	bench  *lanetest.Bench
	server *httptest.Server
}

func serve(t *testing.T) *caller { return serveWith(t, lanetest.Options{}) }

func serveWith(t *testing.T, o lanetest.Options) *caller {
	t.Helper()
	b := lanetest.New(t, o)
	s := httptest.NewServer(localapi.New(localapi.Config{Desk: b.Desk, Token: token, Version: "test"}))
	t.Cleanup(s.Close)
	return &caller{t, b, s}
}

// send sends a request with the token and returns status and body.
func (c *caller) send(method, path, contentType string, body []byte, change ...func(*http.Request)) (int, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for _, f := range change {
		f(req)
	}
	resp, err := c.server.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	c.judge(method, path, resp, answer)
	return resp.StatusCode, answer
}

// post sends JSON, wants 200 and decodes the answer.
func (c *caller) post(path, body string, into any) {
	c.t.Helper()
	status, answer := c.send(http.MethodPost, path, "application/json", []byte(body))
	if status != http.StatusOK {
		c.t.Fatalf("POST %s %s: %d %s", path, body, status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		c.t.Fatal(err)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	c := serve(t)
	const j = "application/json"
	big := []byte(`{"lane":"1","plate":"` + strings.Repeat("A", 10<<20) + `"}`)
	for _, bad := range []struct {
		name, method, path, contentType, body string
		status                                int
		says                                  string
	}{
		{"broken JSON", "POST", "/v1/in", j, `{"lane":`, 400, "not valid JSON"},
		{"no body", "POST", "/v1/in", j, ``, 400, "empty"},
		{"two values", "POST", "/v1/in", j, `{"lane":"1"}{}`, 400, "more than one"},
		{"unknown field", "POST", "/v1/in", j, `{"lane":"1","plat":"x"}`, 400, `"plat"`},
		{"wrong type", "POST", "/v1/in", j, `{"lane":1}`, 400, `"lane"`},
		{"wrong content type", "POST", "/v1/in", "text/plain", `{}`, 415, "application/json"},
		{"no content type", "POST", "/v1/in", "", `{}`, 415, "application/json"},
		{"ten megabytes", "POST", "/v1/in", j, string(big), 413, "64 KiB"},
		{"no lane", "POST", "/v1/in", j, `{"plate":"30A12345"}`, 400, "lane"},
		{"unknown lane", "POST", "/v1/in", j, `{"lane":"7","plate":"30A12345"}`, 404, "7"},
		{"exit lane", "POST", "/v1/in", j, `{"lane":"2","plate":"30A12345"}`, 409, "out"},
		{"empty plate", "POST", "/v1/in", j, `{"lane":"1","plate":""}`, 400, "plate"},
		{"absurd plate", "POST", "/v1/in", j, `{"lane":"1","plate":"` + strings.Repeat("9", 60) + `"}`, 400, "at most 15"},
		{"plate with a line break", "POST", "/v1/in", j, `{"lane":"1","plate":"30A\n1"}`, 400, "line break"},
		{"actor with NUL", "POST", "/v1/in", j, `{"lane":"1","plate":"30A12345","actor":"a\u0000b"}`, 400, "actor"},
		{"reason that clears a screen", "POST", "/v1/in", j, `{"lane":"1","reason":"\u001b[2J"}`, 400, "reason"},
		{"bank written backwards", "POST", "/v1/out", j, `{"lane":"2","plate":"30A12345","method":"by_hand","payer_bank":"\u202eBCV"}`, 400, "bank"},
		{"unknown slot", "POST", "/v1/in", j, `{"lane":"1","plate":"30A12345","slot":"Z99"}`, 404, "Z99"},
		{"unknown class", "POST", "/v1/in", j, `{"lane":"1","plate":"30A12345","class":"ufo"}`, 400, "ufo"},
		{"bad id", "POST", "/v1/in", j, `{"id":"7","lane":"1","plate":"30A12345"}`, 400, "field"},
		{"paper without a number", "POST", "/v1/paper", j, `{"lane":"1","in":"2026-11-20 07:00"}`, 400, "number"},
		{"paper with a strange time", "POST", "/v1/paper", j, `{"lane":"1","number":"7","in":"yesterday"}`, 400, "yesterday"},
		{"paper of tomorrow", "POST", "/v1/paper", j, `{"lane":"1","number":"7","in":"2126-11-20T07:00:00Z"}`, 400, "future"},
		{"walk without a UUID", "PUT", "/v1/inventories/N/7", "text/csv", "class\n", 400, "UUID"},
		{"walk through nothing", "PUT", "/v1/inventories/X/018f0000-0000-7000-8000-000000000009", "text/csv", "class\n", 404, "zone"},
		{"walk that is no list", "PUT", "/v1/inventories/N/018f0000-0000-7000-8000-000000000009", "text/csv", "\x00\"", 400, "Line 1"},
		{"walk as JSON", "PUT", "/v1/inventories/N/018f0000-0000-7000-8000-000000000009", j, "{}", 415, "text/csv"},
		{"nobody inside", "POST", "/v1/out", j, `{"lane":"2","plate":"30A12345","method":"cash"}`, 404, "30A-123.45"},
		{"no plate out", "POST", "/v1/out", j, `{"lane":"2","method":"cash"}`, 400, "empty"},
		{"negative cash", "POST", "/v1/out", j, `{"lane":"2","plate":"30A12345","method":"cash","tendered":-1}`, 400, "negative"},
		{"fee of nobody", "POST", "/v1/fee", j, `{"plate":"30A12345"}`, 404, "inside"},
		{"picture that is none", "POST", "/v1/lanes/1/arrive", "image/jpeg", `not a picture`, 400, "no JPEG"},
		{"video", "POST", "/v1/lanes/1/arrive", "image/gif", `GIF89a`, 415, "image/jpeg"},
		{"passage seen by nobody", "POST", "/v1/lanes/1/passage", j, `{"source":"a dog"}`, 400, "a dog"},
		{"passage of no lane", "POST", "/v1/lanes/9/passage", j, `{"source":"loop"}`, 404, "9"},
		{"backing out of nothing", "POST", "/v1/lanes/1/back-out", j, `{}`, 409, "gone"},
		{"up", "POST", "/v1/lanes/1/direction", j, `{"direction":"up","reason":"x"}`, 400, "up"},
		{"turned without a reason", "POST", "/v1/lanes/1/direction", j, `{"direction":"out"}`, 400, "reason"},
		{"recalled from nowhere", "POST", "/v1/lanes/2/recall", j, `{}`, 404, "aside"},
		{"unknown path", "GET", "/v2", "", ``, 404, "/v2"},
		{"wrong method", "DELETE", "/v1/in", "", ``, 405, "DELETE"},
		{"class of nothing", "GET", "/v1/suggestion?class=", "", ``, 400, "class"},
		{"picture of no lane", "GET", "/v1/lanes/9/picture", "", ``, 404, "9"},
	} {
		t.Run(bad.name, func(t *testing.T) {
			status, answer := c.send(bad.method, bad.path, bad.contentType, []byte(bad.body))
			var p wire.Problem
			if err := json.Unmarshal(answer, &p); err != nil {
				t.Fatalf("no problem document: %q", answer)
			}
			if status != bad.status || p.Status != status || !strings.Contains(p.Detail, bad.says) || !strings.HasSuffix(p.Detail, ".") {
				t.Errorf("%d %+v; want %d and %q", status, p, bad.status, bad.says)
			}
		})
	}
	for _, e := range c.bench.State.Recent(200) {
		if e.Kind == parking.KindVehicleIn || e.Kind == parking.KindVehicleOut || e.Kind == parking.KindBarrierOpened {
			t.Errorf("bad input had an effect: %+v", e)
		}
	}
	if l := c.bench.Lane("1"); l.Subject != nil {
		t.Errorf("bad input left a vehicle at the lane: %+v", l.Subject)
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	c := serve(t)
	for name, bad := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"no token":      {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"wrong token":   {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x"+token) }, 401},
		"basic":         {func(r *http.Request) { r.SetBasicAuth("lan", token) }, 401},
		"rebound name":  {func(r *http.Request) { r.Host = "evil.example:80" }, 403},
		"local address": {func(r *http.Request) { r.Host = "[::1]:80" }, 200},
		"localhost":     {func(r *http.Request) { r.Host = "localhost:8181" }, 200},
	} {
		if status, answer := c.send("GET", "/v1/status", "", nil, bad.change); status != bad.status {
			t.Errorf("%s: %d %s, want %d", name, status, answer, bad.status)
		} else if strings.Contains(string(answer), token) {
			t.Errorf("%s: the token is in the answer", name)
		}
	}
}

type passed struct {
	parking.Stay
	Opened bool `json:"opened"`
	Due    parking.Money
	Change parking.Money
	Paying bool
	QR     string
}

// The same request sent again answers the same and does nothing.
func TestInAndOutOnce(t *testing.T) {
	t.Parallel()
	c := serve(t)
	in := `{"id":"` + uuid.NewString() + `","lane":"1","plate":"30A-123.45","class":"car","slot":"N03","actor":"kiosk"}`
	var first, second passed
	c.post("/v1/in", in, &first)
	c.post("/v1/in", in, &second)
	if first.Stay.Slot != "N03" || !first.Opened || first.Stay.InBy != "kiosk" || second.Stay.ID != first.Stay.ID {
		t.Fatalf("in: %+v, then %+v", first, second)
	}
	other := strings.Replace(in, "30A-123.45", "51F-999.99", 1)
	if status, _ := c.send("POST", "/v1/in", "application/json", []byte(other)); status != 409 {
		t.Errorf("the id for another vehicle: %d", status)
	}
	c.bench.Clock.Pass(61 * time.Minute)
	var fee struct{ Quote parking.Quote }
	c.post("/v1/fee", `{"plate":"30A12345"}`, &fee)
	if fee.Quote.Due != 8000 {
		t.Fatalf("fee %d", fee.Quote.Due)
	}
	out := `{"id":"` + uuid.NewString() + `","lane":"2","plate":"30a12345","method":"cash","tendered":10000}`
	c.post("/v1/out", out, &first)
	c.post("/v1/out", out, &second)
	if first.Stay.State != parking.Left || first.Change != 2000 || second.Stay.PaidSum() != 8000 || second.Change != 2000 {
		t.Fatalf("out: %+v, then %+v", first, second)
	}
	count := map[parking.Kind]int{}
	for _, e := range c.bench.State.Recent(200) {
		count[e.Kind]++
	}
	if count[parking.KindVehicleIn] != 1 || count[parking.KindVehicleOut] != 1 || count[parking.KindPaymentTaken] != 1 || count[parking.KindBarrierOpened] != 2 {
		t.Errorf("facts: %v", count)
	}
}

func TestOutByVietQRThenByHand(t *testing.T) {
	t.Parallel()
	c := serve(t)
	var in, asked, left passed
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	c.post("/v1/out", `{"lane":"2","plate":"30A12345","method":"vietqr"}`, &asked)
	if !asked.Paying || asked.Due != 5000 || asked.QR == "" {
		t.Fatalf("asked: %+v", asked)
	}
	body, err := json.Marshal(map[string]any{
		"lane": "2", "stay": in.Stay.ID, "method": "by_hand", "payer_bank": "VCB",
		"paid_at": c.bench.Clock.Wall(),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.post("/v1/out", string(body), &left)
	if left.Stay.State != parking.Left || len(left.Stay.Payments) != 1 || left.Stay.PaidSum() != 5000 {
		t.Errorf("left: %+v", left)
	}
}

func TestArriveThenIn(t *testing.T) {
	t.Parallel()
	c := serve(t)
	c.bench.Vision.Next(lanetest.Sure("51F12345"), nil)
	var arrived struct{ Subject uuid.UUID }
	c.post("/v1/lanes/1/arrive", `{"plate":"51F12345","class":"car"}`, &arrived)
	c.bench.Until("the first is read", func() bool { return c.bench.Subject("1").Stage == lane.Offered })
	var second, again struct{ Subject uuid.UUID }
	id := `{"id":"018f0000-0000-7000-8000-00000000000a"}`
	c.post("/v1/lanes/1/arrive", id, &second)
	c.post("/v1/lanes/1/arrive", id, &again)
	if waiting := c.bench.Lane("1").Waiting; len(waiting) != 1 || waiting[0].ID != second.Subject || again.Subject != second.Subject {
		t.Errorf("a second vehicle waits behind the first: %+v", waiting)
	}
	status, answer := c.send("POST", "/v1/in", "application/json", []byte(`{"lane":"1","subject":"`+second.Subject.String()+`","plate":"30A12345"}`))
	if status != 409 || !strings.Contains(string(answer), "not in front") {
		t.Errorf("an act on who is not in front: %d %s", status, answer)
	}
	var in passed
	c.post("/v1/in", `{"lane":"1"}`, &in)
	if in.Stay.Plate != "51F12345" || len(in.Stay.InPhotos) != 1 {
		t.Errorf("in: %+v", in.Stay)
	}
	if status, picture := c.send("GET", "/v1/lanes/1/picture", "", nil); status != 200 || http.DetectContentType(picture) != "image/jpeg" {
		t.Errorf("picture: %d", status)
	}
	for _, path := range []string{"/v1/status", "/v1/slots", "/v1/lanes", "/v1/lanes/1", "/v1/suggestion?class=car", "/v1/stays?query=51F"} {
		if status, answer := c.send("GET", path, "", nil); status != 200 || !json.Valid(answer) {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
}

// What a loop, a second screen or a kiosk tells of a lane.
func TestLaneActs(t *testing.T) {
	t.Parallel()
	c := serve(t)
	var in passed
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	act := func(path, body string) (l lane.LaneView) {
		c.post(path, body, &l)
		return l
	}
	l := act("/v1/lanes/1/passage", `{"source":"loop"}`)
	if l.Subject == nil || l.Subject.Stage != lane.HasPassed {
		t.Errorf("after the passage: %+v", l.Subject)
	}
	var arrived struct{ Subject uuid.UUID }
	c.post("/v1/lanes/2/arrive", `{"plate":"30A12345"}`, &arrived)
	c.bench.Vision.Next(lanetest.Sure("30A12345"), nil)
	var out passed
	c.post("/v1/out", `{"lane":"2","plate":"30A12345","method":"cash"}`, &out)
	subject := `{"subject":"` + arrived.Subject.String() + `","reason":"no fuel"}`
	l = act("/v1/lanes/2/back-out", subject)
	if s, err := c.bench.State.Stay(t.Context(), in.Stay.ID); err != nil || s.State != parking.Inside || s.PaidSum() != 5000 || l.Subject != nil {
		t.Errorf("after backing out: %+v, %v", s, err)
	}
	c.post("/v1/lanes/2/arrive", `{"plate":"30A12345"}`, &arrived)
	subject = `{"subject":"` + arrived.Subject.String() + `"}`
	status, answer := c.send("POST", "/v1/lanes/2/direction", "application/json", []byte(`{"direction":"in","reason":"evening"}`))
	if status != 409 || !strings.Contains(string(answer), "lane 2") {
		t.Errorf("turned under a vehicle: %d %s", status, answer)
	}
	if err := c.bench.Desk.Correct(lane.WithActor(t.Context(), "lan"), "2", arrived.Subject, "30A12345", ""); err != nil {
		t.Fatal(err)
	}
	l = act("/v1/lanes/2/aside", subject)
	if len(l.Aside) != 1 || !l.Aside[0].Paid {
		t.Errorf("aside: %+v", l.Aside)
	}
	l = act("/v1/lanes/2/recall", subject)
	if l.Subject == nil || l.Subject.ID != arrived.Subject || len(l.Aside) != 0 {
		t.Errorf("recalled: %+v", l)
	}
	l = act("/v1/lanes/1/direction", `{"direction":"out","reason":"evening"}`)
	if l.Lane.Direction != parking.Out {
		t.Errorf("turned: %+v", l.Lane)
	}
}

// What was written on paper, and what a walk found, is entered in the site's
// local time.
func TestEnteredLater(t *testing.T) {
	t.Parallel()
	c := serve(t)
	var paper struct {
		parking.Stay
		Tariff parking.Money `json:"fee_by_tariff"`
	}
	c.post("/v1/paper", `{"lane":"1","number":"17","plate":"30A12345","in":"2026-11-20 06:30","out":"2026-11-20T07:30:00+07:00","paid":5000,"actor":"an"}`, &paper)
	if paper.State != parking.Left || !paper.InAt.Equal(lanetest.Start.Add(-90*time.Minute)) || paper.Tariff != 5000 || paper.InBy != "an" {
		t.Errorf("paper: %+v", paper)
	}
	status, answer := c.send("PUT", "/v1/inventories/N/018f0000-0000-7000-8000-000000000009?actor=an", "text/csv", []byte("plate,class,slot\n51F12345,car,N03\n"))
	var walk struct {
		LetIn []parking.Stay `json:"let_in"`
	}
	if err := json.Unmarshal(answer, &walk); status != 200 || err != nil || len(walk.LetIn) != 1 || walk.LetIn[0].Slot != "N03" {
		t.Errorf("walk: %d %s", status, answer)
	}
}

// A stream of events tells of an entry as it happens.
func TestEvents(t *testing.T) {
	t.Parallel()
	c := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.bench.Desk.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var in passed
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	var got strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(got.String(), "event: vehicle_in"); {
		n, err := resp.Body.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			t.Fatalf("the stream ended: %v\n%s", err, got.String())
		}
	}
}

func TestListenStaysLocal(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
		if _, err := localapi.Listen(t.Context(), address, false); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("Listen(%q): %v", address, err)
		}
	}
	l, err := localapi.Listen(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestTokenIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := localapi.Token(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := localapi.Token(dir)
	if err != nil || second != first || len(first) < 32 {
		t.Fatalf("%q, then %q, %v", first, second, err)
	}
	info, err := os.Stat(filepath.Join(dir, localapi.TokenFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
