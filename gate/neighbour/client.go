package neighbour

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// client asks one neighbour at one address.
type client struct {
	http    *http.Client
	timeout time.Duration
}

// client connects to a neighbour, who must prove to be the gate.
func (n *Neighbours) client(gate, address string) *client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := n.cfg.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(conn, n.config(gate))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
	return &client{
		timeout: n.timing.Answer,
		http: &http.Client{
			Transport:     &http.Transport{DialTLSContext: dial, MaxIdleConnsPerHost: 1, IdleConnTimeout: n.timing.idle(), DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// ask sends a request and returns the answer's body. A refusal in the
// neighbour's words is a parking.Error, a gap a gapError.
func (c *client) ask(ctx context.Context, method, path, kind string, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "https://neighbour"+path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask a neighbour: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxHelloBytes+1))
	if err != nil {
		return nil, fmt.Errorf("ask a neighbour: %w", err)
	}
	if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNoContent {
		return raw, nil
	}
	if res.StatusCode == http.StatusNotFound {
		return nil, errNotThere
	}
	var p wire.Problem
	if json.Unmarshal(raw, &p) != nil || p.Code == "" {
		return nil, fmt.Errorf("a neighbour answers with status %d", res.StatusCode)
	}
	refusal := &parking.Error{Code: p.Code, Message: p.Detail}
	if res.StatusCode == http.StatusConflict && p.Held != nil && *p.Held >= 0 {
		return nil, &gapError{refusal: refusal, held: *p.Held}
	}
	return nil, refusal
}

// errNotThere is a neighbour whose program is too old for a request.
var errNotThere = errors.New("the neighbour does not know this request")

// gapError says from where the neighbour lacks a run.
type gapError struct {
	refusal *parking.Error
	held    int64
}

func (e *gapError) Error() string { return e.refusal.Error() }

// Unwrap makes it the refusal that it is.
func (e *gapError) Unwrap() error { return e.refusal }

const typeJSON = "application/json"

func (c *client) hello(ctx context.Context, h Hello) (Hello, error) {
	raw, err := json.Marshal(h)
	if err != nil {
		return Hello{}, fmt.Errorf("encode a greeting: %w", err)
	}
	raw, err = c.ask(ctx, http.MethodPost, pathHello, typeJSON, raw)
	if err != nil {
		return Hello{}, err
	}
	return parseHello(raw)
}

// facts passes on a batch and returns up to where the neighbour has its run now.
func (c *client) facts(ctx context.Context, b *wire.Batch) (int64, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return 0, fmt.Errorf("encode a batch: %w", err)
	}
	raw, err = c.ask(ctx, http.MethodPost, pathFacts, typeJSON, raw)
	var gap *gapError
	if errors.As(err, &gap) {
		return gap.held, nil
	}
	if err != nil {
		return 0, err
	}
	a, err := parseAnswer(raw, b)
	return a.Held, err
}

func (c *client) thumb(ctx context.Context, sha string, jpeg []byte) error {
	_, err := c.ask(ctx, http.MethodPut, pathThumbs+sha, "image/jpeg", jpeg)
	return err
}

// sign makes a batch of own facts this gate's.
func (n *Neighbours) sign(b *wire.Batch) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make a batch's id: %w", err)
	}
	b.ID = id
	b.Sign(n.cfg.Identity.PrivateKey)
	return nil
}
