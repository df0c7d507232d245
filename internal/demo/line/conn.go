package line

import (
	"net"
	"sync"
	"time"
)

// listener wraps what it accepts.
type listener struct {
	net.Listener
	proxy *Proxy
}

// Accept waits for the gate's next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.proxy.join(c), nil
}

// conn is one connection from the gate. While the line is cut its bytes wait,
// as those of a pulled cable wait for TCP to send them again; whoever loses
// patience closes the connection.
type conn struct {
	net.Conn
	proxy   *Proxy
	closed  chan struct{}
	closing sync.Once
}

// Read returns what the gate has sent, once the line lets it through.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.pass(func(t Trouble) bool { return t.CutOut })
	}
	return n, err
}

// Write sends to the gate, once the line lets it through.
func (c *conn) Write(b []byte) (int, error) {
	c.pass(func(t Trouble) bool { return t.CutIn })
	return c.Conn.Write(b)
}

// pass waits for the line, and then as long as it is slow.
func (c *conn) pass(cut func(Trouble) bool) {
	for {
		t, changed := c.proxy.now()
		if !cut(t) {
			c.sleep(t.Delay)
			return
		}
		select {
		case <-changed:
		case <-c.closed:
			return
		}
	}
}

func (c *conn) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.closed:
	}
}

// Close ends the connection at our side.
func (c *conn) Close() error {
	c.closing.Do(func() {
		close(c.closed)
		c.proxy.leave(c)
	})
	return c.Conn.Close()
}
