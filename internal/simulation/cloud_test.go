package simulation

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gatehouse/cloud"
)

// replica is the cloud's one replica, which may be away. It has no Redis:
// go-redis cannot be stopped in simulated time, and everything must work
// without it.
type replica struct {
	cfg cloud.Config
	tap *tap

	mu       sync.Mutex // guards listener
	listener *listener  // nil: nobody is there

	cloud  *cloud.Cloud
	server *http.Server
	stop   context.CancelFunc
	parts  sync.WaitGroup
}

// serve starts the replica.
func (r *replica) serve(ctx context.Context) error {
	if r.cloud != nil {
		return nil
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	c, err := cloud.Open(ctx, r.cfg)
	if err != nil {
		stop()
		return err
	}
	l := newListener()
	r.cloud, r.stop = c, stop
	r.server = newServer(r.tap.over(c.Handler()))
	r.parts.Go(func() { _ = r.server.Serve(l) })
	r.parts.Go(func() { _ = c.Run(running) })
	r.mu.Lock()
	r.listener = l
	r.mu.Unlock()
	return nil
}

// newServer has the deadlines of the program's own.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// answers is who answers at the cloud's address now, nil for nobody.
func (r *replica) answers() *listener {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.listener
}

// leave ends the replica: as a program does that is told to end, or, when
// killed, with all its connections at once.
func (r *replica) leave(killed bool, lines []*line) error {
	if r.cloud == nil {
		return nil
	}
	r.mu.Lock()
	l := r.listener
	r.listener = nil
	r.mu.Unlock()
	_ = l.Close() // it has no error
	if killed {
		for _, line := range lines {
			line.dropAll()
		}
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var err error
	if !killed {
		err = errors.Join(r.cloud.Close(end), r.server.Shutdown(end))
		if errors.Is(err, context.DeadlineExceeded) { // somebody did not take his answer
			err = nil
		}
	}
	r.stop()
	err = errors.Join(err, r.server.Close(), r.cloud.Close(end))
	r.parts.Wait()
	r.cloud = nil
	return err
}

// impostor answers in the cloud's place: a network's login page, or a proxy.
type impostor struct {
	listener *listener
	server   *http.Server
	part     sync.WaitGroup
}

func newImpostor(h http.HandlerFunc) *impostor {
	i := &impostor{listener: newListener(), server: newServer(h)}
	i.part.Go(func() { _ = i.server.Serve(i.listener) })
	return i
}

func (i *impostor) leave() {
	_ = i.server.Close()
	i.part.Wait()
}

// loginPage answers as hotels do: by a redirect, by a page, or with 200 and
// something that looks like JSON.
func loginPage(w http.ResponseWriter, r *http.Request) {
	switch len(r.URL.Path) % 3 {
	case 0:
		http.Redirect(w, r, "http://login.example/", http.StatusFound)
	case 1:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<html><body>Sign in to this network</body></html>"))
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"login":"required"}`))
	}
}

func badGateway(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = w.Write([]byte("<html><h1>502 Bad Gateway</h1></html>"))
}
