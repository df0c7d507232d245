package line

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// proxyTo opens a line to a server that counts what arrives.
func proxyTo(t *testing.T, h http.HandlerFunc) *Proxy {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p, err := NewProxy(1, func() string { return server.URL })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func set(t *testing.T, l Line, trouble Trouble) {
	t.Helper()
	if err := l.Set(trouble); err != nil {
		t.Fatal(err)
	}
}

// post sends one batch on a connection of its own and returns the answer.
func post(t *testing.T, base string) (string, error) {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post(base+"/api/v1/facts", "application/json", strings.NewReader("{}"))
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// What is sent while the line is cut waits and arrives when it is healed; one
// way only, what goes the other way passes.
func TestACutLineHoldsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble Trouble
		arrives bool // the request, while the line is bad
	}{
		"both ways":           {Trouble{CutIn: true, CutOut: true}, false},
		"nothing goes out":    {Trouble{CutOut: true}, false},
		"nothing comes back":  {Trouble{CutIn: true}, true},
		"slow is not cut off": {Trouble{Delay: time.Millisecond}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan struct{}, 1)
			p := proxyTo(t, func(w http.ResponseWriter, _ *http.Request) {
				arrived <- struct{}{}
				_, _ = io.WriteString(w, "done")
			})
			set(t, p, c.trouble)
			answered := make(chan string, 1)
			go func() {
				body, err := post(t, p.URL())
				answered <- fmt.Sprint(body, err)
			}()
			if c.arrives {
				mustCome(t, arrived)
			}
			if c.trouble.CutIn || c.trouble.CutOut {
				// The bytes are at the line for certain once it holds one connection.
				until(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.conns) == 1 })
				select {
				case got := <-answered:
					t.Fatalf("answered over a cut line: %s", got)
				case <-time.After(50 * time.Millisecond): // nothing to wait for: it must not come
				}
				if !c.arrives && len(arrived) > 0 {
					t.Fatal("the request went over a cut line")
				}
				set(t, p, Trouble{})
			}
			if !c.arrives {
				mustCome(t, arrived)
			}
			select {
			case got := <-answered:
				if got != "done<nil>" {
					t.Errorf("healed, it answered %s", got)
				}
			case <-time.After(patience):
				t.Error("healed, it did not answer")
			}
		})
	}
}

func mustCome(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		t.Fatal("the request did not arrive")
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// An answer is lost after its request was delivered, and the gate sees a
// broken connection, no answer.
func TestLostAnswersWereDelivered(t *testing.T) {
	t.Parallel()
	var delivered atomic.Int64
	p := proxyTo(t, func(http.ResponseWriter, *http.Request) { delivered.Add(1) })
	set(t, p, Trouble{LostAnswers: 100})
	for range 5 {
		if body, err := post(t, p.URL()); err == nil {
			t.Fatalf("answered %q", body)
		}
	}
	// A client tries a POST once, so what arrived is what was sent.
	if delivered.Load() != 5 || p.Lost() != 5 {
		t.Errorf("%d requests were delivered and %d answers lost, want 5 each", delivered.Load(), p.Lost())
	}
	res, err := http.Post(p.URL()+"/api/v1/gates/enrol", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatalf("an enrolment, whose code is good only once, was lost: %v", err)
	}
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

// Copies of a batch arrive besides it, and one answer goes back; other
// requests come once.
func TestCopies(t *testing.T) {
	t.Parallel()
	var facts, others atomic.Int64
	p := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/facts" {
			facts.Add(1)
		} else {
			others.Add(1)
		}
		_, _ = io.Copy(w, r.Body)
	})
	set(t, p, Trouble{Copies: 5})
	for range 20 {
		if body, err := post(t, p.URL()); err != nil || body != "{}" {
			t.Fatalf("answered %q, %v", body, err)
		}
	}
	if n := facts.Load(); n < 30 || n > 100 || p.Copied() != n-20 {
		t.Errorf("20 batches arrived %d times, and %d copies were counted", n, p.Copied())
	}
	for range 5 {
		res, err := http.Get(p.URL() + "/api/v1/snapshot")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	if others.Load() != 5 {
		t.Errorf("5 questions arrived %d times", others.Load())
	}
}

// A socket that was taken over is cut like anything else, and ends with the
// line.
func TestSocketsAreCutToo(t *testing.T) {
	t.Parallel()
	p := proxyTo(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Upgrade", "echo")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = c.Close() }()
		if line, err := rw.ReadString('\n'); err == nil {
			_, _ = c.Write([]byte(line))
		}
		_, _ = rw.ReadString('\n') // until the other end is gone
	})
	c, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "GET /api/v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("no socket: %v, %v", res, err)
	}
	set(t, p, Trouble{CutIn: true, CutOut: true})
	_, _ = io.WriteString(c, "hello\n")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got, err := r.ReadString('\n'); err == nil {
		t.Fatalf("%q came over a cut line", got)
	}
	set(t, p, Trouble{})
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if got, err := r.ReadString('\n'); err != nil || got != "hello\n" {
		t.Fatalf("healed, %q came, %v", got, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadByte(); err == nil {
		t.Error("the socket outlived its line")
	}
}

func TestAProxyDoesNotLosePackets(t *testing.T) {
	t.Parallel()
	p := proxyTo(t, func(http.ResponseWriter, *http.Request) {})
	if err := p.Set(Trouble{Loss: 5}); err == nil || !strings.Contains(err.Error(), "--namespaces") {
		t.Errorf("lossy: %v", err)
	}
}
