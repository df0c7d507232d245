package localapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"gatehouse/parking"
)

// Listen opens the API's address. An address that other machines can reach
// is refused (Invalid) unless open is set.
func Listen(ctx context.Context, address string, open bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The address %q is not one; write for example 127.0.0.1:8181.", address)
	}
	if !open && !loopback(host) {
		return nil, parking.Errorf(parking.Invalid,
			"The address %q can be reached from other machines. The local API stays on 127.0.0.1 unless --listen-open is given.", address)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The address %s cannot be listened on; another program may have it.", address)
	}
	return l, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// How long a caller may take, so that one that hangs holds nothing up.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	idleTimeout   = time.Minute
	closeTimeout  = 3 * time.Second
)

// Serve answers on l until ctx ends, which is no error; then requests under
// way get a moment to finish.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// Streams of events end with the program instead of holding its end up.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if s.Shutdown(ending) != nil {
			_ = s.Close() // what hangs is cut off
		}
	}()
	err := s.Serve(l)
	cancel()
	<-done
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the local API: %w", err)
}
