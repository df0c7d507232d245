package localapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/localapi"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// counted is a camera that counts how often it is asked.
type counted struct {
	camera.Source
	asked atomic.Int64
}

func (c *counted) Frame(ctx context.Context) (camera.Frame, error) {
	c.asked.Add(1)
	return c.Source.Frame(ctx)
}

// open starts a request whose answer goes on; the caller closes its body.
func (c *caller) open(ctx context.Context, path string, change ...func(*http.Request)) *http.Response {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.URL+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for _, f := range change {
		f(req)
	}
	resp, err := c.server.Client().Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// Pictures come one after the other for longer than a request may take to
// arrive, only while somebody looks, to eight viewers at most, and one camera is
// asked once for all of them.
func TestLivePictures(t *testing.T) {
	t.Parallel()
	face := &counted{}
	b := lanetest.New(t, lanetest.Options{Still: true, Setup: func(c *lane.Config) {
		face.Source = c.Cameras["1"]
		c.Cameras["1/face"] = face
	}})
	server := httptest.NewUnstartedServer(localapi.New(localapi.Config{Desk: b.Desk, Token: token, Version: "test"}))
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	c := &caller{t, b, server}
	if face.asked.Load() != 0 {
		t.Fatal("a picture was taken for nobody")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	resp := c.open(ctx, "/v1/lanes/1/stream?role=face")
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" {
		t.Fatalf("%d %q, %v", resp.StatusCode, kind, err)
	}
	for range 7 {
		c.open(ctx, "/v1/lanes/1/stream?role=face")
	}
	if status, answer := c.send("GET", "/v1/lanes/1/stream", "", nil); status != 503 || !strings.Contains(string(answer), "8 viewers") {
		t.Errorf("a ninth viewer: %d %s", status, answer)
	}
	parts, began, before := multipart.NewReader(resp.Body, params["boundary"]), time.Now(), face.asked.Load()
	for range 4 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		picture, err := io.ReadAll(part)
		if err != nil || part.Header.Get("Content-Type") != "image/jpeg" || http.DetectContentType(picture) != "image/jpeg" {
			t.Fatalf("%v: %d bytes, %v", part.Header, len(picture), err)
		}
	}
	if asked, most := face.asked.Load()-before, int64(time.Since(began)/(200*time.Millisecond))+2; asked > most {
		t.Errorf("asked %d times for eight viewers, want %d at most", asked, most)
	}
	stop()
	b.Until("the places are free", func() bool {
		again, cancel := context.WithCancel(t.Context())
		defer cancel()
		return c.open(again, "/v1/lanes/1/stream?role=face").StatusCode == http.StatusOK
	})
	for path, status := range map[string]int{
		"/v1/lanes/9/stream": 404, "/v1/lanes/1/stream?role=overview": 404, "/v1/lanes/1/picture?role=tail": 404, "/v1/lanes/1/picture?role=face": 200,
	} {
		if got, answer := c.send("GET", path, "", nil); got != status {
			t.Errorf("%s: %d %s", path, got, answer)
		}
	}
}

// Somebody slow gets the newest picture, and a camera that fails in between
// keeps the last one.
func TestSlowViewersSkip(t *testing.T) {
	t.Parallel()
	if got := localapi.SlowViewer(t); got != "3" {
		t.Errorf("the picture after the first is %q, want the newest", got)
	}
}

type event struct{ id, kind, data string }

// eventsOf reads a stream until it has n events.
func eventsOf(t *testing.T, body io.Reader, n int) []event {
	t.Helper()
	var out []event
	var e event
	lines := bufio.NewScanner(body)
	for len(out) < n && lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == "" && e.kind != "":
			out, e = append(out, e), event{}
		case name == "id":
			e.id = text
		case name == "event":
			e.kind = text
		case name == "data":
			e.data = text
		}
	}
	if len(out) < n {
		t.Fatalf("the stream ended after %+v: %v", out, lines.Err())
	}
	return out
}

// Who comes back with the last event that it has gets what came after it; who
// has been away for longer than the gate remembers is told so.
func TestEventsGoOn(t *testing.T) {
	t.Parallel()
	c := serve(t)
	var in passed
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	history := c.bench.Desk.History()
	last := func(id string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Last-Event-ID", id) }
	}
	oldest := history[len(history)-1].Fact.String()
	got := eventsOf(t, c.open(t.Context(), "/v1/events", last(oldest)).Body, len(history)-1)
	doc, err := theDocument()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range got {
		if err := doc.validate([]byte(e.data), "components", "schemas", "Event"); err != nil {
			t.Errorf("an event is otherwise than is described: %v\n%s", err, e.data)
		}
		want := history[len(history)-2-i]
		var told lane.Event
		if err := json.Unmarshal([]byte(e.data), &told); err != nil || e.id != want.Fact.String() || e.kind != string(want.Kind) || told.Fact != want.Fact {
			t.Errorf("event %d is %+v, want %+v (%v)", i, e, want, err)
		}
	}
	if got := eventsOf(t, c.open(t.Context(), "/v1/events", last("long ago")).Body, 1)[0]; got.kind != "missed" || got.id != "" {
		t.Errorf("after too long away: %+v", got)
	}
}

// A second screen gives a discount as the console does.
func TestDiscountAtAnExit(t *testing.T) {
	t.Parallel()
	c := serveWith(t, lanetest.Options{Change: func(s *wire.Snapshot) {
		all, some := 100, parking.Money(3000)
		s.Config.Tariff.Discounts = map[string]parking.Discount{"STAFF": {Percent: &all}, "SHOP": {Amount: &some}}
		s.Config.Discounts = wire.DiscountRules{Guards: []string{"SHOP"}, ADay: 2}
	}})
	var in, arrived passed
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	c.bench.Clock.Pass(61 * time.Minute)
	if status, answer := c.send("POST", "/v1/lanes/2/discount", "application/json", []byte(`{"discount":"SHOP"}`)); status != 404 {
		t.Errorf("to nobody: %d %s", status, answer)
	}
	c.bench.Vision.Next(lanetest.Sure("30A12345"), nil)
	c.post("/v1/lanes/2/arrive", `{"plate":"30A12345"}`, &arrived)
	c.bench.Until("the fee is known", func() bool { s := c.bench.Subject("2"); return s.Stage == lane.Offered && s.Due == 8000 })
	var l lane.LaneView
	c.post("/v1/lanes/2/discount", `{"discount":"SHOP","actor":"second screen"}`, &l)
	if l.Subject.Due != 5000 || l.Subject.Discount != "SHOP" {
		t.Errorf("with it: %+v", l.Subject)
	}
	for body, status := range map[string]int{
		`{"discount":"STAFF"}`: 403, `{"discount":"GHOST"}`: 404, `{"discount":"a\u001b"}`: 400,
		`{"subject":"018f0000-0000-7000-8000-00000000000a","discount":"SHOP"}`: 409,
	} {
		if got, answer := c.send("POST", "/v1/lanes/2/discount", "application/json", []byte(body)); got != status {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	c.post("/v1/lanes/2/discount", `{"discount":""}`, &l)
	if l.Subject.Due != 8000 {
		t.Errorf("taken back: %+v", l.Subject)
	}
}
