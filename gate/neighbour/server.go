package neighbour

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/gate/state"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Bounds of what neighbours may ask at once.
const (
	maxConnections = 128
	ratePerSecond  = 100 // requests of one neighbour
	rateBurst      = 200
	askedAtOnce    = 4 // requests of one neighbour that are worked on
)

// serve answers neighbours until ctx ends.
func (n *Neighbours) serve(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathHello, n.answering(n.takeHello))
	mux.HandleFunc("POST "+pathFacts, n.answering(n.takeFacts))
	mux.HandleFunc("POST "+pathSlots, n.answering(n.takeSlots))
	mux.HandleFunc("PUT "+pathThumbs+"{sha}", n.answering(n.takeThumb))
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: n.timing.Answer, WriteTimeout: n.timing.Answer,
		IdleTimeout: n.timing.idle(), MaxHeaderBytes: 8 << 10, ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	defer server.Close() //nolint:errcheck // whatever it was, it is over
	err := server.Serve(tls.NewListener(&bounded{Listener: n.listener, free: make(chan struct{}, maxConnections)}, n.config("")))
	if ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// bounded lets in only so many connections at once; one more is closed.
type bounded struct {
	net.Listener
	free chan struct{}
}

// Accept returns the next connection for which there is room.
func (l *bounded) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return &counted{Conn: c, done: sync.OnceFunc(func() { <-l.free })}, nil
		default:
			_ = c.Close() // it may come again
		}
	}
}

type counted struct {
	net.Conn
	done func()
}

// Close frees the connection's place.
func (c *counted) Close() error {
	c.done()
	return c.Conn.Close()
}

// rate is a bucket of requests that fills by and by.
type rate struct {
	left float64
	at   time.Time
}

func (r *rate) take(now time.Time) bool {
	if r.at.IsZero() {
		r.left = rateBurst
	} else {
		r.left = min(rateBurst, r.left+now.Sub(r.at).Seconds()*ratePerSecond)
	}
	r.at = now
	if r.left < 1 {
		return false
	}
	r.left--
	return true
}

type handler func(w http.ResponseWriter, r *http.Request, p *peer) error

// answering finds out who asks, bounds how much, and answers a refusal with a
// problem document. Whoever is no neighbour (any more) loses the connection.
func (n *Neighbours) answering(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := func() error {
			gate, ok := n.whose(r.TLS)
			if !ok {
				w.Header().Set("Connection", "close")
				return parking.Errorf(parking.Forbidden, "This key is not (any more) that of a gate of this site.")
			}
			p := n.peer(gate)
			if p == nil {
				w.Header().Set("Connection", "close")
				return parking.Errorf(parking.Forbidden, "Gate %s is no neighbour of this gate.", gate)
			}
			if !p.mayAsk() {
				return errTooMuch
			}
			defer p.asked()
			return h(w, r, p)
		}()
		if err != nil {
			problem(w, err)
		}
	}
}

var errTooMuch = errors.New("too much at once")

func problem(w http.ResponseWriter, err error) {
	p := wire.Problem{Type: "about:blank", Status: http.StatusServiceUnavailable, Detail: "This gate cannot take it now.", Code: parking.Unavailable}
	var gap *state.HeardGapError
	var lie *state.HeardError
	var refusal *parking.Error
	switch {
	case errors.As(err, &gap):
		p.Status, p.Code, p.Detail, p.Held = http.StatusConflict, parking.Conflict, gap.Error(), &gap.Held
	case errors.As(err, &lie):
		p.Status, p.Code, p.Detail = http.StatusForbidden, parking.Forbidden, lie.Error()
	case errors.Is(err, errTooMuch):
		p.Status, p.Detail = http.StatusTooManyRequests, "Too much was asked at once. Ask again in a while."
	case errors.As(err, &refusal):
		p.Code, p.Detail = refusal.Code, refusal.Message
		switch refusal.Code {
		case parking.Invalid:
			p.Status = http.StatusBadRequest
		case parking.Forbidden:
			p.Status = http.StatusForbidden
		case parking.TooLarge:
			p.Status = http.StatusRequestEntityTooLarge
		}
	}
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the other side asks again
}

func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

func body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, parking.Errorf(parking.TooLarge, "At most %d bytes are taken.", limit)
	}
	return raw, err
}

func (n *Neighbours) takeHello(w http.ResponseWriter, r *http.Request, p *peer) error {
	raw, err := body(w, r, maxHelloBytes)
	if err != nil {
		return err
	}
	h, err := parseHello(raw)
	if err != nil {
		return err
	}
	if h.Gate != p.gate {
		return parking.Errorf(parking.Forbidden, "The key is that of gate %s.", p.gate)
	}
	address := ""
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil && h.Port > 0 {
		address = net.JoinHostPort(host, strconv.Itoa(h.Port))
	}
	p.heard(r.Context(), &h, address)
	return answer(w, n.hello())
}

func (n *Neighbours) takeFacts(w http.ResponseWriter, r *http.Request, p *peer) error {
	raw, err := body(w, r, wire.MaxBatchBytes)
	if err != nil {
		return err
	}
	b, err := parseBatch(raw)
	if err != nil {
		return err
	}
	held, err := n.state.Hear(r.Context(), b)
	if err != nil {
		var lie *state.HeardError
		if errors.As(err, &lie) && !p.mayNotKnow(lie) {
			n.lied(r.Context(), p.gate, lie)
		}
		return err
	}
	p.spoke()
	return answer(w, FactsAnswer{Gate: b.Gate, Epoch: b.Epoch, Held: held})
}

func (n *Neighbours) takeThumb(w http.ResponseWriter, r *http.Request, _ *peer) error {
	jpeg, err := body(w, r, parking.MaxThumbBytes)
	if err != nil {
		return err
	}
	sha := strings.ToLower(r.PathValue("sha"))
	if sum := sha256.Sum256(jpeg); hex.EncodeToString(sum[:]) != sha {
		return parking.Errorf(parking.Invalid, "The picture is not what its name says.")
	}
	if n.state.WantsThumb(sha) {
		// It goes to the cloud from here, too: its own gate may be dead by now.
		if _, err := n.state.SaveThumb(r.Context(), jpeg); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
