package cloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/cloud"
	"gatehouse/cloud/bank"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// clock is business time that a test moves.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// replica is one cloud that serves over loopback.
type replica struct {
	*cloud.Cloud
	url string
	log *bytes.Buffer // complete after the test's cleanup only
}

func start(t *testing.T, s *cloudtest.Site, redis string, c *clock, ttl time.Duration) *replica {
	t.Helper()
	log := new(bytes.Buffer)
	r, err := cloud.Open(t.Context(), cloud.Config{
		DatabaseURL: s.URL, RedisURL: redis, PhotosDir: t.TempDir(), ReservationTTL: ttl, Now: c.now,
		Bank: bank.Secrets{SePaySecret: bankSecret, Casso: bankSecret, PayOS: bankSecret},
		Log:  slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	server := httptest.NewServer(r.Handler())
	t.Cleanup(func() {
		end, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		r.Hub.Close(end)
		server.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := r.Close(end); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &replica{Cloud: r, url: server.URL, log: log}
}

type answer struct {
	status  int
	header  http.Header
	body    []byte
	problem wire.Problem
}

func (r *replica) send(t *testing.T, method, path, token, contentType string, body []byte, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{status: res.StatusCode, header: res.Header}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return a // it does not end
	}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	if method != http.MethodHead && res.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(a.body, &a.problem); err != nil {
			t.Fatalf("%s %s: the problem is no JSON: %s", method, path, a.body)
		}
	}
	return a
}

func (r *replica) json(t *testing.T, method, path, token string, body any) answer {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return r.send(t, method, path, token, "application/json", raw)
}

func into[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// login signs a person in over HTTP.
func (r *replica) login(t *testing.T, s *cloudtest.Site, name string) string {
	t.Helper()
	a := r.json(t, "POST", "/api/v1/login", "", wire.LoginRequest{Site: s.Code, Name: name, Password: s.People[name].Password})
	return into[wire.TokenAnswer](t, a).Token
}

// token gets a gate its token over HTTP, by challenge and signature.
func (r *replica) token(t *testing.T, g *cloudtest.Gate) string {
	t.Helper()
	a := r.json(t, "POST", "/api/v1/gates/challenge", "", wire.ChallengeRequest{Site: g.Site, Gate: g.Code})
	challenge := into[wire.ChallengeAnswer](t, a).Challenge
	a = r.json(t, "POST", "/api/v1/gates/token", "", signed(g, challenge))
	return into[wire.TokenAnswer](t, a).Token
}

func (r *replica) bring(t *testing.T, g *cloudtest.Gate, token string, facts []parking.Fact) wire.BatchAnswer {
	t.Helper()
	return into[wire.BatchAnswer](t, r.send(t, "POST", "/api/v1/facts", token, "application/json", cloudtest.Raw(t, g.Batch(t, facts))))
}

// dial opens a gate's socket; the status is that of the refusal, 101 else.
func (r *replica) dial(t *testing.T, token string) (*websocket.Conn, int) {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, res, err := websocket.Dial(t.Context(), r.url+"/api/v1/ws", &websocket.DialOptions{HTTPHeader: header})
	if res == nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil, res.StatusCode
	}
	conn.SetReadLimit(wire.MaxMessageBytes)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, res.StatusCode
}

func say(t *testing.T, conn *websocket.Conn, m wire.Message) {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(t.Context(), websocket.MessageText, raw); err != nil {
		t.Fatalf("write to the socket: %v", err)
	}
}

// hear reads messages until one is wanted, within 20 s; it answers heartbeats
// as gates do.
func hear(t *testing.T, conn *websocket.Conn, want func(*wire.Message) bool) wire.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("the socket ended before the message came: %v", err)
		}
		m, err := wire.ParseMessage(raw)
		if err != nil {
			t.Fatal(err)
		}
		if m.Heartbeat != nil {
			say(t, conn, wire.Message{Echo: m.Heartbeat})
			say(t, conn, wire.Message{Heartbeat: &wire.Beat{N: m.Heartbeat.N, Time: time.Now(), Queue: 3}})
		}
		if want(&m) {
			return m
		}
	}
}

// greet says hello and returns the welcome.
func greet(t *testing.T, conn *websocket.Conn, g *cloudtest.Gate, feedSeq int64, incarnation uuid.UUID) *wire.Welcome {
	t.Helper()
	say(t, conn, wire.Message{Hello: &wire.Hello{
		Protocol: wire.Protocol, Gate: g.Code, Site: g.Site, Epoch: g.Epoch, FeedSeq: feedSeq, Incarnation: incarnation, Version: "test",
	}})
	m := hear(t, conn, func(m *wire.Message) bool { return m.Welcome != nil || m.Bye != nil })
	if m.Welcome == nil {
		t.Fatalf("bye instead of welcome: %s", m.Bye.Reason)
	}
	return m.Welcome
}

func delta(seq int64) func(*wire.Message) bool {
	return func(m *wire.Message) bool { return len(m.Deltas) > 0 && m.Deltas[len(m.Deltas)-1].FeedSeq >= seq }
}

func signed(g *cloudtest.Gate, challenge []byte) wire.TokenRequest {
	return wire.TokenRequest{
		Site: g.Site, Gate: g.Code, Challenge: challenge, Signature: sign(g, wire.ChallengeText(g.Site, g.Code, challenge)),
	}
}
