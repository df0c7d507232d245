package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// gateConn is a gate's socket that is read and kept alive all the time, whatever
// the test does meanwhile, as gates do it.
type gateConn struct {
	t    *testing.T
	conn *websocket.Conn
	mu   sync.Mutex
	got  []wire.Message
}

func connect(t *testing.T, r *replica, g *cloudtest.Gate, token string) (*gateConn, *wire.Welcome) {
	t.Helper()
	conn, _ := r.dial(t, token)
	welcome := greet(t, conn, g, 0, uuid.Nil)
	c := &gateConn{t: t, conn: conn}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, raw, err := conn.Read(context.Background())
			if err != nil {
				return // the test's end
			}
			m, err := wire.ParseMessage(raw)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return // the same, within a message
			}
			if err != nil {
				t.Errorf("message: %v", err)
				return
			}
			if m.Heartbeat != nil {
				c.say(wire.Message{Heartbeat: &wire.Beat{N: m.Heartbeat.N, Time: time.Now()}})
			}
			c.mu.Lock()
			c.got = append(c.got, m)
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = conn.CloseNow()
		<-ended
	})
	return c, welcome
}

func (c *gateConn) say(m wire.Message) {
	raw, err := json.Marshal(m)
	if err != nil {
		c.t.Error(err)
		return
	}
	_ = c.conn.Write(context.Background(), websocket.MessageText, raw) // a socket that ended shows in what is not heard
}

// until asks again and again.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(5 * time.Millisecond) // between two looks
	}
}

// heard waits for a message, also one that came before.
func (c *gateConn) heard(what string, want func(*wire.Message) bool) (found wire.Message) {
	c.t.Helper()
	until(c.t, what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i := range c.got {
			if want(&c.got[i]) {
				found = c.got[i]
				return true
			}
		}
		return false
	})
	return found
}

// told waits for a slot in the feed with this loan and home.
func (c *gateConn) told(code, home string, loan parking.Loan) (found parking.Slot) {
	c.t.Helper()
	c.heard(code+" is told", func(m *wire.Message) bool {
		for _, d := range m.Deltas {
			for _, s := range d.Slots {
				if s.Code == code && s.Home == home && s.Loan == loan {
					found = s
					return true
				}
			}
		}
		return false
	})
	return found
}

// insist says a note again and again until it has had its effect: words about
// loans may be lost.
func (c *gateConn) insist(note *parking.LoanNote, done func() bool) {
	c.t.Helper()
	said := time.Time{}
	until(c.t, "the note has its effect", func() bool {
		if done() {
			return true
		}
		if time.Since(said) > 300*time.Millisecond {
			said = time.Now()
			c.say(wire.Message{Loans: note})
		}
		return false
	})
}

func loanIn(t *testing.T, s *cloudtest.Site, code string) (to, ask string) {
	t.Helper()
	err := s.Store.Pool.QueryRow(t.Context(), "SELECT coalesce(loan_to, ''), coalesce(ask_to, '') FROM slots WHERE code = $1", code).Scan(&to, &ask)
	if err != nil {
		t.Fatal(err)
	}
	return to, ask
}

// Two gates at two replicas without Redis: S is granted a home slot of N only
// after N has said that it lends it, and N has it back only after S has said
// that it is done and the cloud holds all that S did.
func TestLendingOverTwoReplicas(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	one, two := start(t, s, "", c, 0), start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	nToken, sToken := one.token(t, n), two.token(t, south)
	nConn, welcome := connect(t, one, n, nToken)
	sConn, _ := connect(t, two, south, sToken)
	inc := welcome.Incarnation
	waitSeen(t, s, "N")
	reserve := func(token string) answer {
		return two.json(t, "POST", "/api/v1/reservations", token, wire.ReserveRequest{Slot: "N03"})
	}
	refused := func(token, why string) {
		t.Helper()
		if a := reserve(token); a.status != http.StatusConflict || !strings.Contains(a.problem.Detail, why) {
			t.Errorf("%d %s, want %q", a.status, a.body, why)
		}
	}
	refused(sToken, "which has not lent it")

	// A word of another incarnation is not heard; E01's gate is away and lends nothing.
	sConn.say(wire.Message{Loans: &parking.LoanNote{Incarnation: uuid.New(), Want: []string{"N04"}}})
	sConn.insist(&parking.LoanNote{Incarnation: inc, Want: []string{"N03", "E01", "Z99", "no slot"}}, func() bool {
		_, ask := loanIn(t, s, "N03")
		return ask == "S"
	})
	for _, code := range []string{"N04", "E01"} {
		if _, ask := loanIn(t, s, code); ask != "" {
			t.Errorf("%s is asked for", code)
		}
	}
	m := nConn.heard("N is asked", func(m *wire.Message) bool { return m.Lend != nil && len(m.Lend.Lend) > 0 })
	ask := m.Lend.Lend[0]
	if ask.Slot != "N03" || ask.To != "S" || ask.Epoch != south.Epoch || ask.N != 1 || ask.Incarnation != inc {
		t.Fatalf("asked %+v", ask)
	}
	refused(sToken, "which has not lent it")
	sConn.insist(&parking.LoanNote{Incarnation: inc, Lent: []parking.LentWord{{Asked: ask}}, Want: []string{"N07"}}, func() bool {
		_, also := loanIn(t, s, "N07")
		return also == "S"
	})
	if to, _ := loanIn(t, s, "N03"); to != "" {
		t.Error("S has lent itself a slot of N")
	}
	nConn.insist(&parking.LoanNote{Incarnation: inc, Lent: []parking.LentWord{{Asked: ask}}}, func() bool {
		to, _ := loanIn(t, s, "N03")
		return to == "S"
	})
	sConn.told("N03", "N", ask.Loan)
	refused(nToken, "lent to gate S")
	granted := into[wire.Reservation](t, reserve(sToken))

	// N would like to have it back; S took it, and says so before its fact is here.
	nConn.insist(&parking.LoanNote{Incarnation: inc, Want: []string{"N03"}}, func() bool {
		var recalled bool
		if err := s.Store.Pool.QueryRow(t.Context(), "SELECT loan_recalled FROM slots WHERE code = 'N03'").Scan(&recalled); err != nil {
			t.Fatal(err)
		}
		return recalled
	})
	sConn.heard("S is asked to return it", func(m *wire.Message) bool {
		return m.Lend != nil && len(m.Lend.Recall) == 1 && m.Lend.Recall[0] == "N03"
	})
	stay := south.In(t, c.now(), "30A12345", "N03")
	back := &parking.LoanNote{Incarnation: inc, Returned: []parking.Returned{{Slot: "N03", N: 1, Epoch: south.Epoch, Seq: 1}}}
	early := *back
	early.Want = []string{"N08"}
	sConn.insist(&early, func() bool {
		_, ask := loanIn(t, s, "N08")
		return ask == "S"
	})
	if to, _ := loanIn(t, s, "N03"); to != "S" {
		t.Error("the loan is over before the cloud holds what was done with it")
	}
	two.bring(t, south, sToken, south.Facts)
	sConn.insist(back, func() bool { to, _ := loanIn(t, s, "N03"); return to == "" })
	over := nConn.told("N03", "N", parking.Loan{N: 1})
	if over.Stay != stay {
		t.Errorf("the loan is over, and N does not know what stands there: %+v", over)
	}
	if a := two.json(t, "POST", "/api/v1/reservations/renew", sToken, wire.ReserveRequest{Slot: "N03", Token: granted.Token}); a.status != http.StatusConflict {
		t.Errorf("a plan is renewed after the loan: %d %s", a.status, a.body)
	}
}

// A question that nobody answers is taken back under its number, a revoked
// gate's loans end, and a home changes at once when nobody is there to agree.
func TestLoansOfGatesThatAreGone(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	admin := r.login(t, s, "admin")
	conn, welcome := connect(t, r, n, r.token(t, n))
	inc := welcome.Incarnation
	if _, err := s.Store.Pool.Exec(t.Context(), `UPDATE slots SET loan_number = 7, loan_to = 'S', loan_epoch = $1, loan_incarnation = $2
		WHERE code = 'N05'`, string(south.Epoch), inc); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.Pool.Exec(t.Context(), `UPDATE slots SET ask_to = 'S', ask_epoch = $1, ask_incarnation = $2, asked_at = clock_timestamp() - interval '1 minute'
		WHERE code = 'N06'`, string(south.Epoch), inc); err != nil {
		t.Fatal(err)
	}
	conn.told("N06", "N", parking.Loan{N: 1})
	if a := r.send(t, "POST", "/api/v1/gates/S/revoke", admin, "", nil); a.status != http.StatusNoContent {
		t.Fatalf("revoke: %d %s", a.status, a.body)
	}
	conn.told("N05", "N", parking.Loan{N: 7})

	for _, test := range []struct{ slot, gate, says string }{{"E01", "Z", "no gate Z"}, {"Z99", "N", "no slot Z99"}, {"E01", "", "cannot be the code"}} {
		if a := r.json(t, "PATCH", "/api/v1/slots/"+test.slot, admin, map[string]string{"home_gate": test.gate}); a.status/100 != 4 || !strings.Contains(a.problem.Detail, test.says) {
			t.Errorf("%+v: %d %s", test, a.status, a.body)
		}
	}
	if a := r.json(t, "PATCH", "/api/v1/slots/E01", admin, map[string]string{"home_gate": "N"}); a.status != http.StatusOK {
		t.Fatalf("change of home: %d %s", a.status, a.body)
	}
	conn.told("E01", "N", parking.Loan{N: 1}) // E was never enrolled
}
