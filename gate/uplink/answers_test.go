package uplink_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/uplink"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func TestAnAnswerThatIsLostIsAskedForAgain(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	before, lost := len(c.facts), 0
	c.onRequest(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/facts" || lost == 3 {
			return false
		}
		lost++
		c.takeFacts(httptestDiscard{}, r) // committed, but nobody hears of it
		panic(http.ErrAbortHandler)
	})
	g.in("30A11111")
	g.untilSynced()
	c.locked(func() {
		if len(c.facts) != before+1 || c.received != before+4 || lost != 3 {
			t.Errorf("%d facts of %d items, %d answers lost", len(c.facts), c.received, lost)
		}
	})
	if n := len(g.state.Site().Inside); n != 1 {
		t.Fatalf("%d inside", n)
	}
}

// A gate alone asks every few seconds: the batch that nobody answers is the same
// every time, and what has come since follows it.
func TestABatchThatNobodyAnswersIsMadeOnce(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	var bodies [][]byte
	c.onRequest(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/facts" || len(bodies) == 4 {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read a batch: %v", err)
		}
		bodies = append(bodies, body)
		if len(bodies) == 2 {
			g.in("30A22222")
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	g.in("30A11111")
	g.untilSynced()
	if len(bodies) != 4 {
		t.Fatalf("%d batches were not answered", len(bodies))
	}
	for i, b := range bodies[1:] {
		if !bytes.Equal(b, bodies[0]) {
			t.Errorf("try %d is not what was tried first", i+2)
		}
	}
	if n := len(g.state.Site().Inside); n != 2 {
		t.Fatalf("%d inside", n)
	}
}

// httptestDiscard is a response that goes nowhere.
type httptestDiscard struct{}

func (httptestDiscard) Header() http.Header         { return http.Header{} }
func (httptestDiscard) Write(p []byte) (int, error) { return len(p), nil }
func (httptestDiscard) WriteHeader(int)             {}

func html(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<html>Welcome to our Wi-Fi</html>"))
}

func TestOnlyTheCloudsAnswerCounts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		cause  uplink.Cause
	}{
		"login page":  {func(w http.ResponseWriter, _ *http.Request) { html(w) }, uplink.LoginPage},
		"redirect":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, uplink.LoginPage},
		"error":       {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) }, uplink.CloudError},
		"our error":   {func(w http.ResponseWriter, _ *http.Request) { problem(w, 500, parking.Internal, "Something broke.") }, uplink.CloudError},
		"other batch": {func(w http.ResponseWriter, _ *http.Request) { answer(w, wire.BatchAnswer{Batch: uuid.New(), Seq: 99}) }, uplink.LoginPage},
		"empty":       {func(w http.ResponseWriter, _ *http.Request) { answer(w, struct{}{}) }, uplink.LoginPage},
		"plain 200":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }, uplink.LoginPage},
		"refusal":     {func(w http.ResponseWriter, _ *http.Request) { problem(w, 400, parking.Invalid, "No.") }, uplink.FactsRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			g := newGate(t, c)
			stay := g.in("30A11111")
			c.onRequest(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/api/v1/facts" {
					return false
				}
				tc.answer(w, r)
				return true
			})
			g.run()
			g.until("it is said why facts wait", func() bool {
				l := g.link.Link()
				return l.State == uplink.Degraded && l.Cause == tc.cause && l.Why != "" && l.Queue == 3 // started, the entry, what the clock was wrong by
			})
			tries := 0
			c.locked(func() { tries = c.asked["/api/v1/facts"] })
			g.until("it is tried again and again", func() bool {
				n := 0
				c.locked(func() { n = c.asked["/api/v1/facts"] })
				return n > tries+5
			})
			if n := strings.Count(g.log.String(), "facts could not be sent"); n != 1 {
				t.Errorf("logged %d times:\n%s", n, g.log)
			}
			c.onRequest(nil)
			g.until("everything is sent", func() bool { return g.link.Link().Queue == 0 })
			c.locked(func() {
				if len(c.facts) != 3 || c.fold(stay).Plate != "30A11111" {
					t.Errorf("%d facts", len(c.facts))
				}
			})
		})
	}
}

func TestALoginPageInFrontOfEverything(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	c.onRequest(func(w http.ResponseWriter, _ *http.Request) bool { html(w); return true })
	g.run()
	g.until("the login page is named", func() bool {
		l := g.link.Link()
		return l.State == uplink.Offline && l.Cause == uplink.LoginPage && strings.Contains(l.Why, "login page")
	})
	if g.state.Site().Ready {
		t.Fatal("a login page made the gate ready")
	}
	c.onRequest(nil)
	g.untilSynced()
}

// A cloud that lost facts while the gate was connected, and so was never
// greeted anew, names what it holds; the gate goes on from there.
func TestAGapIsFilledWithoutANewSession(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.in("30A11111")
	g.in("30A22222")
	g.untilSynced()
	all := len(c.kinds(g.state.Epoch())) + 1
	hellos := func() (n int) {
		c.locked(func() { n = len(c.hellos) })
		return n
	}
	before := hellos()
	c.lose(1)
	g.in("30A33333")
	g.until("the cloud holds all facts again", func() bool { return len(c.kinds(g.state.Epoch())) == all && g.state.Waiting() == 0 })
	if n := hellos(); n != before {
		t.Errorf("%d new sessions", n-before)
	}
}

// No fact stays behind, however its writing falls between the sender's looks.
func TestNoFactIsOverslept(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	g.run()
	g.untilSynced()
	for n := range 100 {
		g.in("30A11111")
		g.until("the fact is sent", func() bool { return g.state.Waiting() == 0 })
		if t.Failed() {
			t.Fatalf("after %d facts", n)
		}
	}
}
