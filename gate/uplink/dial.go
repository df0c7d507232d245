package uplink

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"gatehouse/internal/wire"
)

// dial opens the socket.
func (u *Uplink) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWait)
	defer cancel()
	t, err := u.bearer(ctx)
	if err != nil {
		return nil, err
	}
	address := "ws" + strings.TrimPrefix(u.id.CloudURL, "http") + pathSocket
	//nolint:bodyclose // the library says that the body need not be closed
	conn, res, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: u.http, HTTPHeader: http.Header{"Authorization": {"Bearer " + t}},
	})
	if err == nil {
		conn.SetReadLimit(wire.MaxMessageBytes)
		return conn, nil
	}
	if res != nil {
		if res.StatusCode == http.StatusUnauthorized {
			u.forget(ctx, t)
		}
		return nil, u.dialRefused(res, err)
	}
	return nil, fmt.Errorf("connect: %w", err)
}

// dialRefused says what answered instead of a socket.
func (u *Uplink) dialRefused(res *http.Response, err error) error {
	body := make([]byte, 4096)
	n := 0
	if res.Body != nil {
		n, _ = res.Body.Read(body) // the library keeps the first kilobyte
	}
	if refused := check(res, body[:n]); refused != nil {
		return fmt.Errorf("connect: %w", refused)
	}
	return fmt.Errorf("connect: %w (%w)", loginPage(res.StatusCode), err)
}

// fetchSnapshot gets the site's whole state.
func (u *Uplink) fetchSnapshot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, u.timing.Answer)
	defer cancel()
	var snap wire.Snapshot
	if err := u.ask(ctx, call{method: http.MethodGet, path: pathSnapshot}, &snap); err != nil {
		return fmt.Errorf("fetch the snapshot: %w", err)
	}
	if snap.Incarnation == uuid.Nil {
		return loginPage(http.StatusOK)
	}
	return u.state.ApplySnapshot(ctx, snap)
}
