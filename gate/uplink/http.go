package uplink

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// The cloud's routes for gates.
const (
	pathEnrol     = "/api/v1/gates/enrol"
	pathChallenge = "/api/v1/gates/challenge"
	pathToken     = "/api/v1/gates/token" //nolint:gosec // a route
	pathFacts     = "/api/v1/facts"
	pathSnapshot  = "/api/v1/snapshot"
	pathSocket    = "/api/v1/ws"
	pathLists     = "/api/v1/gate/lists"
	pathReserve   = "/api/v1/reservations"
	pathRenew     = "/api/v1/reservations/renew"
	pathRelease   = "/api/v1/reservations/release"
	pathSignIn    = "/api/v1/gate/sign-in"
	pathPhotos    = "/api/v1/photos/"
)

const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json"
	typeJPEG    = "image/jpeg"
)

// maxAnswer bounds what is read of an answer; a snapshot is the longest.
const maxAnswer = 64 << 20

// answerError is an answer that is none, or a refusal that is not about the
// request itself.
type answerError struct {
	cause  Cause
	status int
	msg    string
}

func (e *answerError) Error() string { return e.msg }

// gapError is the refusal of a batch before which facts are missing: the cloud
// holds the batch's epoch up to held.
type gapError struct {
	refusal *parking.Error
	held    int64
}

func (e *gapError) Error() string { return e.refusal.Error() }

// Unwrap makes it the Conflict that it is.
func (e *gapError) Unwrap() error { return e.refusal }

func loginPage(status int) error {
	return &answerError{cause: LoginPage, status: status, msg: "A login page is in the way: something answers that is not our cloud. Open a browser in this network and sign in."}
}

// Dial opens a connection to the cloud.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// newHTTP makes a client that never follows a redirect: only a login page or
// a wrong address sends one. Certificates are judged by i; a nil dial is the
// machine's network.
func newHTTP(answer time.Duration, i *inspector, dial Dial) *http.Client {
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial,
			ForceAttemptHTTP2:     true,
			TLSClientConfig:       i.config(),
			MaxIdleConnsPerHost:   4,
			IdleConnTimeout:       60 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: answer,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// cloudURL checks the address of a cloud.
func cloudURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(raw), "/"))
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
		return nil, parking.Errorf(parking.Invalid, "%q is not the address of a cloud. Write it like https://parking.example.com", raw)
	}
	return u, nil
}

// call is one request to the cloud.
type call struct {
	method, path string
	token        string
	body         any    // JSON, nil for none
	raw          []byte // body as it is, with contentType
	contentType  string
	contentRange string // of a piece, "" for a whole body
	gzip         bool   // raw is compressed
	once         bool   // Unauthorized is an answer to the question, not about our token
}

// do sends a call and decodes the JSON of a 200 or 201 into answer (nil to
// take any). Errors: a parking.Error when the cloud has refused in its own
// words, an answerError when what came is not the cloud's answer, or the
// network's.
func do(ctx context.Context, client *http.Client, base string, c call, answer any) error {
	var on answered
	req, err := c.request(on.watch(ctx), base)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", c.method, c.path, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", c.method, c.path, err)
	}
	if err := check(res, body); err != nil {
		return on.by(err)
	}
	if answer == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return &answerError{cause: CloudError, status: res.StatusCode, msg: "The cloud's answer cannot be read."}
	}
	return nil
}

// packers are kept, because each has buffers of most of a megabyte.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// compressed is v as JSON and gzip.
func compressed(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a request: %w", err)
	}
	var out bytes.Buffer
	z := packers.Get().(*gzip.Writer) //nolint:errcheck // it holds nothing else
	defer packers.Put(z)
	z.Reset(&out)
	_, err = z.Write(text)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("compress a request: %w", err)
	}
	return out.Bytes(), nil
}

func (c call) request(ctx context.Context, base string) (*http.Request, error) {
	payload, contentType := c.raw, c.contentType
	if c.body != nil {
		var err error
		if payload, err = json.Marshal(c.body); err != nil {
			return nil, fmt.Errorf("encode a request: %w", err)
		}
		contentType = typeJSON
	}
	req, err := http.NewRequestWithContext(ctx, c.method, base+c.path, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.contentRange != "" {
		req.Header.Set("Content-Range", c.contentRange)
	}
	if c.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("Accept", typeJSON)
	return req, nil
}

// check says whether an answer is the cloud's, and what it refuses.
func check(res *http.Response, body []byte) error {
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	status := res.StatusCode
	switch {
	case status >= 300 && status < 400, mediaType == "text/html", mediaType == "application/xhtml+xml":
		return loginPage(status)
	case len(body) > maxAnswer:
		return &answerError{cause: CloudError, status: status, msg: "The cloud's answer is too long."}
	case status == http.StatusNoContent && len(body) == 0:
		return nil
	case (status == http.StatusOK || status == http.StatusCreated) && mediaType == typeJSON:
		return nil
	case status < 400:
		return loginPage(status)
	}
	var p wire.Problem
	if mediaType == typeProblem && json.Unmarshal(body, &p) == nil && p.Code != "" && p.Detail != "" {
		if status >= 500 {
			return &answerError{cause: CloudError, status: status, msg: fmt.Sprintf("The cloud answers with an error: %s", p.Detail)}
		}
		refusal := &parking.Error{Code: p.Code, Message: p.Detail}
		if status == http.StatusConflict && p.Held != nil {
			return &gapError{refusal: refusal, held: *p.Held}
		}
		return refusal
	}
	return &answerError{cause: CloudError, status: status, msg: fmt.Sprintf("The cloud answers with status %d.", status)}
}
