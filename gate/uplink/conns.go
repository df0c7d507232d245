package uplink

import (
	"context"
	"net"
	"sync"
)

// conns are the connections to the cloud that are open, so that they can be
// dropped all at once: a line that went away leaves sockets that look well and
// carry nothing, and requests on them would wait until they time out.
type conns struct {
	mu   sync.Mutex
	open map[*trackedConn]struct{}
}

// trackedConn is a connection that is on the list until it is closed.
type trackedConn struct {
	net.Conn
	list *conns
}

// Close closes the connection and takes it off the list.
func (c *trackedConn) Close() error {
	c.list.mu.Lock()
	delete(c.list.open, c)
	c.list.mu.Unlock()
	return c.Conn.Close()
}

// tracked is dial with its connections on the list.
func (l *conns) tracked(dial Dial) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c := &trackedConn{Conn: conn, list: l}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.open == nil {
			l.open = map[*trackedConn]struct{}{}
		}
		l.open[c] = struct{}{}
		return c, nil
	}
}

// drop closes every connection.
func (l *conns) drop() {
	l.mu.Lock()
	open := make([]*trackedConn, 0, len(l.open))
	for c := range l.open {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		_ = c.Close() // whoever still uses it is told
	}
}
