package camera

import (
	"context"
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

	"github.com/icholy/digest"

	"gatehouse/parking"
	"gatehouse/vision"
)

// maxAge is how old a picture may be that is still what a camera sees now.
const maxAge = time.Second

// web is a camera that is asked over HTTP.
type web struct {
	spec   spec
	client *http.Client
	basic  *http.Client // for a camera that knows no Digest
	times  liveTimes
	arp    string
}

func openWeb(s spec, with Options) (Source, error) {
	if _, _, _, err := s.url(); parking.ErrorCode(err) == parking.Invalid {
		return nil, err
	}
	base := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: usualTimes.dial}).DialContext,
		TLSHandshakeTimeout: usualTimes.dial, MaxResponseHeaderBytes: maxPartHead,
		MaxConnsPerHost: 4, MaxIdleConns: 1, IdleConnTimeout: usualTimes.unused,
	}
	// A camera that sends to another host would have the password sent there.
	same := func(r *http.Request, via []*http.Request) error {
		if len(via) > 3 || r.URL.Host != via[0].URL.Host {
			return parking.Errorf(parking.Unavailable, "The camera sends to another address.")
		}
		return nil
	}
	w := &web{
		spec: s, times: usualTimes, arp: with.arp,
		basic: &http.Client{Transport: base, CheckRedirect: same},
	}
	w.client = w.basic
	return w.source(with), nil
}

func (w *web) source(with Options) Source {
	return watch(newLive(Redacted(w.spec.text), w.dial, with))
}

// get asks the camera for a picture or a stream of them; ctx ends the body, too.
func (w *web) get(ctx context.Context, at *url.URL, user, password string) (*http.Response, error) {
	ask := func(client *http.Client, basic bool) (*http.Response, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("ask a camera: %w", err)
		}
		if basic {
			request.SetBasicAuth(user, password)
		}
		response, err := client.Do(request) //nolint:bodyclose // the caller closes it
		if err != nil {
			return nil, fmt.Errorf("ask a camera: %w", err)
		}
		return response, nil
	}
	if user == "" && password == "" {
		return ask(w.basic, false)
	}
	// Digest first: it does not show the password to who listens.
	client := *w.basic
	client.Transport = &digest.Transport{Username: user, Password: password, Transport: w.basic.Transport}
	response, err := ask(&client, false)
	if err != nil || response.StatusCode != http.StatusUnauthorized || !offersBasic(response.Header) {
		return response, err
	}
	_ = response.Body.Close() // a refusal's text
	return ask(w.basic, true)
}

func offersBasic(h http.Header) bool {
	for _, challenge := range h.Values("WWW-Authenticate") {
		if len(challenge) >= 5 && strings.EqualFold(challenge[:5], "Basic") {
			return true
		}
	}
	return false
}

// dial asks once and sees by the answer what the camera gives: one picture a
// question, or a stream of pictures.
func (w *web) dial(ctx context.Context) (link, error) {
	at, user, password, err := w.spec.url()
	if err != nil {
		return nil, err
	}
	if err := w.spec.sameDevice(ctx, w.arp, at); err != nil {
		return nil, err
	}
	// The stream outlives ctx, which is for connecting only.
	streaming, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, cancel)
	response, err := w.get(streaming, at, user, password)
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return nil, err
	}
	kind, options, err := checkAnswer(response)
	if err != nil {
		cancel()
		_ = response.Body.Close() // refused
		return nil, err
	}
	if kind == "multipart/x-mixed-replace" {
		if !unhook() {
			cancel()
			_ = response.Body.Close() // too late
			return nil, fmt.Errorf("connect to a camera: %w", ctx.Err())
		}
		return newStream(response.Body, options["boundary"], cancel, w.times.silence), nil
	}
	defer cancel()
	first, err := readPicture(response)
	if err != nil {
		return nil, err
	}
	return &snapshots{web: w, first: first, at: time.Now()}, nil
}

// checkAnswer says what a camera's answer is, or what is wrong with it.
func checkAnswer(response *http.Response) (kind string, options map[string]string, err error) {
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "", nil, parking.Errorf(parking.Unavailable, "The camera refuses the password.")
	case code == http.StatusNotFound:
		return "", nil, parking.Errorf(parking.Unavailable, "The camera has nothing at this address.")
	case code != http.StatusOK:
		return "", nil, parking.Errorf(parking.Unavailable, "The camera answered with an error (%d).", code)
	}
	kind, options, err = mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil && kind == "" {
		kind = "application/octet-stream" // the picture itself will tell
	}
	if kind == "text/html" {
		return "", nil, parking.Errorf(parking.Unavailable, "The camera answered with a page and not with a picture; check its address.")
	}
	return kind, options, nil
}

// readPicture reads an answer that is one picture.
func readPicture(response *http.Response) ([]byte, error) {
	defer func() { _ = response.Body.Close() }() // read to its end, or given up
	data, err := io.ReadAll(io.LimitReader(response.Body, vision.MaxPictureBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read a camera's picture: %w", err)
	}
	if vision.CheckPicture(data) != nil {
		return nil, parking.Errorf(parking.Unavailable, "The camera answered with what is no picture.")
	}
	return data, nil
}

// snapshots is a camera that gives one picture a question.
type snapshots struct {
	web *web

	mu    sync.Mutex
	first []byte    // of the question that found out what the camera gives
	at    time.Time // of first
}

func (s *snapshots) picture(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	first := s.first
	s.first = nil
	s.mu.Unlock()
	if first != nil && time.Since(s.at) < maxAge {
		return first, nil
	}
	at, user, password, err := s.web.spec.url()
	if err != nil {
		return nil, err
	}
	response, err := s.web.get(ctx, at, user, password)
	if err != nil {
		return nil, err
	}
	if _, _, err := checkAnswer(response); err != nil {
		_ = response.Body.Close() // refused
		return nil, err
	}
	return readPicture(response)
}

func (s *snapshots) close() { s.web.client.CloseIdleConnections() }
