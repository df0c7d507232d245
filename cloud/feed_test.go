package cloud_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func challengeOf(g *cloudtest.Gate) wire.ChallengeRequest {
	return wire.ChallengeRequest{Site: g.Site, Gate: g.Code}
}

// mustBye says hello as g and expects to be sent away.
func mustBye(t *testing.T, conn *websocket.Conn, g *cloudtest.Gate, reason string) {
	t.Helper()
	say(t, conn, wire.Message{Hello: &wire.Hello{Protocol: wire.Protocol, Gate: g.Code, Site: g.Site, Epoch: g.Epoch}})
	m := hear(t, conn, func(m *wire.Message) bool { return m.Bye != nil || m.Welcome != nil })
	if m.Bye == nil || !strings.Contains(m.Bye.Reason, reason) {
		t.Fatalf("got %+v, want bye because of %q", m, reason)
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("closed with %v", err)
	}
}

// A fact brought to one replica reaches a gate at another.
func TestFeedOverTwoReplicas(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	redis := privatetest.OwnRedis(t)
	one, two := start(t, s, redis.URL(), c, 0), start(t, s, redis.URL(), c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	token, southToken := one.token(t, n), two.token(t, south)

	conn, _ := two.dial(t, southToken)
	w := greet(t, conn, south, 0, uuid.Nil)
	if !w.Snapshot || w.FeedSeq != 0 || w.Degraded {
		t.Fatalf("welcome %+v", w)
	}
	stay := n.In(t, c.now(), "30A12345", "N07")
	one.bring(t, n, token, n.Facts)
	m := hear(t, conn, delta(1))
	if d := m.Deltas[0]; d.Stays[0].ID != stay || d.Slots[0].Code != "N07" || d.Covers[0].Gate != "N" || d.Covers[0].Seq != 1 {
		t.Errorf("delta %+v", d)
	}
	snap := into[wire.Snapshot](t, two.send(t, "GET", "/api/v1/snapshot", southToken, "", nil))
	if snap.FeedSeq != 1 || snap.Incarnation != w.Incarnation || len(snap.Slots) != 60 || len(snap.Config.Lanes) != 8 || len(snap.Config.Gates) != 4 {
		t.Errorf("snapshot at %d with %d slots", snap.FeedSeq, len(snap.Slots))
	}
	if snap.Config.Tariff.ID != "default" || snap.Config.Tariff.Version != 1 {
		t.Errorf("tariff %+v", snap.Config.Tariff)
	}

	// Redis goes away: later, but nothing is lost.
	if err := redis.Kill(); err != nil {
		t.Fatal(err)
	}
	n.In(t, c.now(), "30A12346", "N08")
	one.bring(t, n, token, n.Facts)
	hear(t, conn, delta(2))
	hear(t, conn, func(m *wire.Message) bool { return m.Heartbeat != nil && m.Heartbeat.Degraded })
	if err := redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	hear(t, conn, func(m *wire.Message) bool { return m.Heartbeat != nil && !m.Heartbeat.Degraded })

	// The gate was away and resumes where it was.
	if err := conn.CloseNow(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n.Fact(t, parking.KindAlive, c.now(), struct{}{})
		one.bring(t, n, token, n.Facts)
	}
	conn, _ = two.dial(t, southToken)
	if w := greet(t, conn, south, 2, w.Incarnation); w.Snapshot || w.FeedSeq > 5 {
		t.Errorf("welcome back %+v", w)
	}
	for seq := int64(3); seq <= 5; seq++ {
		if m := hear(t, conn, func(m *wire.Message) bool { return len(m.Deltas) > 0 }); m.Deltas[0].FeedSeq != seq {
			t.Fatalf("delta %d, want %d", m.Deltas[0].FeedSeq, seq)
		}
	}
	page := into[struct {
		Deltas []wire.Delta `json:"deltas"`
	}](t, one.send(t, "GET", "/api/v1/feed?after=3", token, "", nil))
	if len(page.Deltas) != 2 || page.Deltas[0].FeedSeq != 4 {
		t.Errorf("feed page %+v", page)
	}
}

// Heartbeats come back, the gate's own words are kept, and a gate that is
// revoked at another replica is cut.
func TestHeartbeatAndRevocation(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	redis := privatetest.OwnRedis(t)
	one, two := start(t, s, redis.URL(), c, 0), start(t, s, redis.URL(), c, 0)
	n := s.Enrol(t, "N")
	conn, _ := one.dial(t, one.token(t, n))
	greet(t, conn, n, 0, uuid.Nil)
	hear(t, conn, func(m *wire.Message) bool { return m.Echo != nil && m.Echo.Queue == 3 })
	admin := two.login(t, s, "admin")
	for {
		gates := into[struct {
			Gates []struct {
				Code   string
				Queue  int64
				SeenAt *time.Time `json:"seen_at"`
				RTTMS  *int       `json:"rtt_ms"`
			}
		}](t, two.send(t, "GET", "/api/v1/gates", admin, "", nil)).Gates
		if g := gates[1]; g.Code == "N" && g.SeenAt != nil && g.Queue == 3 && g.RTTMS != nil {
			break
		}
		hear(t, conn, func(m *wire.Message) bool { return m.Heartbeat != nil }) // the next beat, or 20 s
	}
	if a := two.send(t, "POST", "/api/v1/gates/N/revoke", admin, "", nil); a.status != http.StatusNoContent {
		t.Fatalf("revoke: %d %s", a.status, a.body)
	}
	if m := hear(t, conn, func(m *wire.Message) bool { return m.Bye != nil }); !strings.Contains(m.Bye.Reason, "revoked") {
		t.Errorf("bye: %+v", m.Bye)
	}
	if count, head, err := two.Auth.VerifyAudit(t.Context(), s.ID); err != nil || count != 3 || len(head) != 32 {
		t.Errorf("audit: %d entries, %v", count, err) // code, enrolled, revoked
	}
}

// What one gate says of itself, whatever it is, does not keep the cloud from
// writing down that the others are there.
func TestHostileHelloHarmsNobody(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	hostile, _ := r.dial(t, r.token(t, south))
	version := "\x00" + strings.Repeat("ô", 80) // cut in the middle of a letter
	say(t, hostile, wire.Message{Hello: &wire.Hello{Protocol: wire.Protocol, Gate: "S", Site: south.Site, Epoch: south.Epoch, Version: version}})
	hear(t, hostile, func(m *wire.Message) bool { return m.Welcome != nil })
	conn, _ := r.dial(t, r.token(t, n))
	greet(t, conn, n, 0, uuid.Nil)
	waitSeen(t, s, "N")
	waitSeen(t, s, "S")
}

// A token's end ends its socket.
func TestTokenExpiryEndsSocket(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n := s.Enrol(t, "N")
	conn, _ := r.dial(t, r.token(t, n))
	if w := greet(t, conn, n, 0, uuid.Nil); !w.Degraded {
		t.Error("without Redis the cloud must say that it is degraded")
	}
	c.forward(13 * time.Hour)
	hear(t, conn, func(m *wire.Message) bool { return m.Bye != nil && strings.Contains(m.Bye.Reason, "expired") })
}

// No log line holds a secret, whatever goes wrong.
func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	var r *replica
	var secrets []string
	t.Run("traffic", func(t *testing.T) {
		c := new(clock)
		s := cloudtest.NewSite(t, c.now)
		r = start(t, s, "", c, 0)
		admin := r.login(t, s, "admin")
		code := into[struct{ Code string }](t, r.send(t, "POST", "/api/v1/gates/E/code", admin, "", nil)).Code
		r.json(t, "POST", "/api/v1/gates/enrol", "", wire.EnrolRequest{Code: code, PublicKey: make([]byte, 31)})
		r.json(t, "POST", "/api/v1/gates/enrol", "", wire.EnrolRequest{Code: code, PublicKey: make([]byte, 32)})
		r.json(t, "POST", "/api/v1/login", "", wire.LoginRequest{Site: s.Code, Name: "lan", Password: "a wrong password"})
		r.send(t, "GET", "/api/v1/stays?plate=30A12345", admin, "", nil)
		secrets = []string{admin, code, s.People["admin"].Password, "a wrong password", "30A12345"}
	})
	text := r.log.Bytes()
	if !bytes.Contains(text, []byte(`"path":"/api/v1/login"`)) || !json.Valid(bytes.SplitN(text, []byte("\n"), 2)[0]) {
		t.Fatalf("the log is not what it should be: %s", text)
	}
	for _, secret := range secrets {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
