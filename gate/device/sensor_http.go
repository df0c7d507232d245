package device

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/parking"
)

// HTTPSensor is an input behind a small web server: a GET of its address
// answers 1, on or true while it is active, and 0, off or false while not.
type HTTPSensor struct {
	url    *url.URL
	client *http.Client
}

// NewHTTPSensor makes the sensor at u. A user and password in the address are
// sent as basic authentication and never shown.
func NewHTTPSensor(u *url.URL) *HTTPSensor {
	return &HTTPSensor{url: u, client: &http.Client{
		Timeout: RelayTimeout,
		// A redirect would be a login page in the way, not a sensor.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Watch asks again and again until ctx ends.
func (s *HTTPSensor) Watch(ctx context.Context, tell func(Signal)) {
	defer s.client.CloseIdleConnections()
	Poll(ctx, pollEvery, s.ask, tell)
}

func (s *HTTPSensor) ask(ctx context.Context) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), http.NoBody)
	if err != nil {
		return false, parking.Errorf(parking.Unavailable, "The sensor cannot be asked: its address is wrong.")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return false, parking.Errorf(parking.Unavailable, "The sensor cannot be reached.")
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	_ = resp.Body.Close() // only read
	if err != nil || resp.StatusCode != http.StatusOK {
		return false, parking.Errorf(parking.Unavailable, "The sensor answered %d.", resp.StatusCode)
	}
	switch strings.ToLower(strings.TrimSpace(string(text))) {
	case "1", "on", "true":
		return true, nil
	case "0", "off", "false":
		return false, nil
	}
	return false, parking.Errorf(parking.Unavailable, "The sensor answers neither 0 nor 1.")
}
