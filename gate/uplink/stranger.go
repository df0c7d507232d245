package uplink

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
)

// answered is the connection on which a request is answered. When a stranger
// answers on it (a login page), it is closed and not kept for the next request:
// the page is gone for new connections long before it is for those that it
// holds, and facts that go over one of them would never arrive.
type answered struct{ conn net.Conn }

// watch is a context whose request tells its connection.
func (a *answered) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { a.conn = i.Conn }})
}

// by closes the connection when err says that a stranger answered, and returns
// err.
func (a *answered) by(err error) error {
	var page *answerError
	if a.conn != nil && errors.As(err, &page) && page.cause == LoginPage {
		_ = a.conn.Close() // nobody is told anything by it
	}
	return err
}
