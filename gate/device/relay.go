package device

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/parking"
)

// RelayTimeout is how long a relay may take to answer: a vehicle is waiting,
// and the barrier's own key is beside it.
const RelayTimeout = 2 * time.Second

// Relay is a barrier behind a relay with a web server: an empty POST to its
// address opens, any 2xx is its answer. It is never asked twice by itself: a
// relay that answered too late may have opened already.
type Relay struct {
	url    *url.URL
	client *http.Client
}

// NewRelay makes the barrier behind the relay at u. A user and password in
// the address are sent as basic authentication and never shown.
func NewRelay(u *url.URL) *Relay {
	return &Relay{url: u, client: &http.Client{
		Timeout: RelayTimeout,
		// A redirect would be a login page in the way, not a barrier.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Open sends the POST; the cause travels in the header Gate-Cause for relays
// that keep a log.
func (r *Relay) Open(ctx context.Context, cause Cause) error {
	if err := ended(ctx); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url.String(), strings.NewReader(""))
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The barrier's relay cannot be asked: its address is wrong.")
	}
	req.Header.Set("Gate-Cause", string(cause))
	resp, err := r.client.Do(req)
	if err != nil {
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return parking.Errorf(parking.Unavailable, "The barrier's relay did not answer within %s. Look at the barrier before you open again.", RelayTimeout)
		}
		return parking.Errorf(parking.Unavailable, "The barrier's relay cannot be reached.")
	}
	// The answer's text is not needed; reading a little lets the connection be used again.
	_, _ = io.CopyN(io.Discard, resp.Body, 4096)
	_ = resp.Body.Close() // only read
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return parking.Errorf(parking.Unavailable, "The barrier's relay refused: it answered %d.", resp.StatusCode)
	}
	return nil
}
