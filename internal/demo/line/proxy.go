package line

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/wire"
)

const (
	// copyPatience bounds how long the copies of a request may take; the gate
	// may have given up long before.
	copyPatience = 30 * time.Second
	// maxBody bounds a request that is kept to be sent again: a photo is the
	// longest.
	maxBody = wire.MaxPhotoBytes + 1<<10
)

// Proxy is a line through a proxy of ours on loopback.
type Proxy struct {
	pick    func() string // address of a replica that runs, "" for none
	url     string
	server  *http.Server
	forward *httputil.ReverseProxy
	rounds  *http.Transport
	served  sync.WaitGroup

	copied, lost atomic.Int64

	mu      sync.Mutex
	rng     *rand.Rand
	trouble Trouble
	changed chan struct{} // closed at the next Set
	conns   map[*conn]struct{}
	closed  bool
}

// NewProxy opens a line to whatever replica pick names for each request. seed
// decides which answers are lost and how often batches arrive.
func NewProxy(seed uint64, pick func() string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // listens at once
	if err != nil {
		return nil, fmt.Errorf("open a line: %w", err)
	}
	p := &Proxy{
		pick: pick, url: "http://" + l.Addr().String(), rng: rand.New(rand.NewPCG(seed, 7)),
		changed: make(chan struct{}), conns: map[*conn]struct{}{},
		rounds: &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, DisableCompression: true},
	}
	silent := log.New(io.Discard, "", 0)
	p.forward = &httputil.ReverseProxy{
		Transport: p.rounds, ErrorLog: silent,
		Rewrite: func(r *httputil.ProxyRequest) {
			if to, err := url.Parse(p.pick()); err == nil && to.Host != "" {
				r.SetURL(to)
			}
		},
		// A replica that is gone is no answer: the connection breaks, as it
		// would without us.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p.server = &http.Server{Handler: p, ErrorLog: silent, ReadHeaderTimeout: time.Minute}
	p.served.Go(func() { _ = p.server.Serve(&listener{Listener: l, proxy: p}) })
	return p, nil
}

// URL is where the gate finds its cloud.
func (p *Proxy) URL() string { return p.url }

// Copied and Lost count the copies of batches that were delivered beyond the
// first, and the answers that were lost.
func (p *Proxy) Copied() int64 { return p.copied.Load() }

// Lost counts the answers that were lost after their request was delivered.
func (p *Proxy) Lost() int64 { return p.lost.Load() }

// Set changes the line.
func (p *Proxy) Set(t Trouble) error {
	if t.Loss > 0 {
		return errors.New("only the kernel can lose single packets: run with --namespaces, or use slow, cut or answers")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trouble = t
	close(p.changed)
	p.changed = make(chan struct{})
	return nil
}

func (p *Proxy) now() (Trouble, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trouble, p.changed
}

// Close ends every connection and stops to listen.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	var open []*conn
	for c := range p.conns {
		open = append(open, c)
	}
	p.mu.Unlock()
	err := p.server.Close()
	for _, c := range open { // sockets that were taken over are ours to close
		_ = c.Close()
	}
	p.served.Wait()
	p.rounds.CloseIdleConnections()
	return err
}

func (p *Proxy) join(raw net.Conn) net.Conn {
	c := &conn{Conn: raw, proxy: p, closed: make(chan struct{})}
	p.mu.Lock()
	closed := p.closed
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	if closed {
		_ = c.Close()
	}
	return c
}

func (p *Proxy) leave(c *conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// ServeHTTP brings one request to the cloud.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t, _ := p.now()
	if t.LostAnswers == 0 && t.Copies <= 1 || !mayGoAstray(r) {
		p.forward.ServeHTTP(w, r)
		return
	}
	copies, lost := p.fate(t, r)
	if copies == 1 && !lost {
		p.forward.ServeHTTP(w, r)
		return
	}
	answer, ok := p.deliver(r, copies)
	if lost && ok {
		p.lost.Add(1)
	}
	if lost || !ok {
		panic(http.ErrAbortHandler) // the cloud has it, and the gate does not know
	}
	for key, values := range answer.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // a gate that is gone asks again
}

// mayGoAstray leaves sockets alone, and what a gate or a guard asks only once
// and at a start: a one-time code and a sign-in.
func mayGoAstray(r *http.Request) bool {
	return r.Header.Get("Upgrade") == "" && !strings.HasSuffix(r.URL.Path, "/enrol") && !strings.HasSuffix(r.URL.Path, "/sign-in")
}

// fate draws what becomes of a request.
func (p *Proxy) fate(t Trouble, r *http.Request) (copies int, lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	copies = 1
	if t.Copies > 1 && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/facts") {
		copies = 1 + p.rng.IntN(t.Copies)
	}
	return copies, p.rng.IntN(100) < t.LostAnswers
}

// deliver sends a request copies times at once and returns the first of its
// good answers; false when no copy was answered at all.
func (p *Proxy) deliver(r *http.Request, copies int) (*httptest.ResponseRecorder, bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), copyPatience)
	defer cancel()
	answers := make(chan *httptest.ResponseRecorder, copies)
	for range copies {
		go func() {
			once := r.Clone(ctx)
			once.Body = io.NopCloser(bytes.NewReader(body))
			once.ContentLength = int64(len(body))
			rec := httptest.NewRecorder()
			defer func() {
				if recover() != nil { // http.ErrAbortHandler: nobody answered
					rec = nil
				}
				answers <- rec
			}()
			p.forward.ServeHTTP(rec, once)
		}()
	}
	var best *httptest.ResponseRecorder
	arrived := int64(0)
	for range copies {
		a := <-answers
		if a == nil {
			continue
		}
		arrived++
		if best == nil || best.Code >= http.StatusBadRequest {
			best = a
		}
	}
	p.copied.Add(max(0, arrived-1))
	return best, best != nil
}
