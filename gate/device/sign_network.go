package device

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/parking"
)

// signTimeout is how long a sign may take to be told: a driver looks at it.
const signTimeout = 2 * time.Second

// HTTPSign is a sign with a web server: a POST of Shown as JSON to its address
// shows it, any 2xx is its answer.
type HTTPSign struct {
	url    *url.URL
	client *http.Client
}

// NewHTTPSign makes the sign at u. A user and password in the address are sent
// as basic authentication and never shown.
func NewHTTPSign(u *url.URL) *HTTPSign {
	return &HTTPSign{url: u, client: &http.Client{
		Timeout: signTimeout,
		// A redirect would be a login page in the way, not a sign.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Show sends the POST.
func (s *HTTPSign) Show(ctx context.Context, shown Shown) error {
	if ctx.Err() != nil {
		return signStopping()
	}
	body, err := json.Marshal(shown)
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The sign was not told: what it should show cannot be written.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.String(), bytes.NewReader(body))
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The sign cannot be told: its address is wrong.")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return signAway()
	}
	// The answer's text is not needed; reading a little lets the connection be used again.
	_, _ = io.CopyN(io.Discard, resp.Body, 4096)
	_ = resp.Body.Close() // only read
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return parking.Errorf(parking.Unavailable, "The sign refused: it answered %d.", resp.StatusCode)
	}
	return nil
}

func signAway() error {
	return parking.Errorf(parking.Unavailable, "The sign cannot be reached. Look at its cable and its power.")
}

// lineSign is a sign that takes lines of text over TCP: for each showing a
// connection of its own, on which come the lines in UTF-8, each ended by CR LF,
// and then the end. It answers nothing; that it took the connection and the lines
// is all that is known of it.
type lineSign string

// Show sends the lines.
func (s lineSign) Show(ctx context.Context, shown Shown) error {
	if ctx.Err() != nil {
		return signStopping()
	}
	ctx, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", string(s))
	if err != nil {
		return signAway()
	}
	deadline, _ := ctx.Deadline()
	if err = conn.SetDeadline(deadline); err == nil {
		_, err = io.WriteString(conn, strings.Join(shown.Lines, "\r\n")+"\r\n")
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return signAway()
	}
	return nil
}
