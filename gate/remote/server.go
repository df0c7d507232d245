package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"
	gossh "golang.org/x/crypto/ssh"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/parking"
)

// Files in the data folder.
const (
	HostKeyFile = "ssh-host-key"
	KeysFile    = "ssh-keys" // lines of a guard's name and a public key
)

// Bounds of what comes over the network.
const (
	maxConns         = 32
	maxConsoles      = 8
	maxAuthTries     = 6 // keys that a client only offers count too
	handshakeTimeout = 30 * time.Second
	unusedTimeout    = 2 * time.Minute // of a connection that says nothing
	authTimeout      = 10 * time.Second
)

// DefaultIdle is how long a console stays without a key.
const DefaultIdle = 15 * time.Minute

// Desk makes consoles for guards who have shown who they are.
type Desk interface {
	Authenticate(ctx context.Context, name, password string) (lane.Guard, error)
	KnownGuard(ctx context.Context, name string) (lane.Guard, error)
	EnterByKey(ctx context.Context, guard lane.Guard) error
	GuardConsole(guard lane.Guard, viewOnly bool, left context.CancelFunc) *lane.Console
}

// Config is what a Server is made of.
type Config struct {
	Desk  Desk
	Dir   string         // the gate's data folder: host key and guards' keys
	Act   []netip.Prefix // who comes from there may act; nil: this machine only
	Idle  time.Duration  // 0: DefaultIdle
	Alive time.Duration  // between keep-alives; 0: 15 s
	Log   *slog.Logger
	// Settings keeps what guards change of their consoles; nil keeps nothing.
	Settings *settings.File
	Keys     settings.Keys // of the consoles; nil: the usual ones
}

// Server serves consoles.
type Server struct {
	cfg      Config
	ssh      *ssh.Server
	host     gossh.PublicKey
	guesses  guesses
	checking chan struct{} // passwords are checked two at a time

	ctx      context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup // consoles
	mu       sync.Mutex
	conns    map[net.Conn]struct{}
	consoles int
	closed   bool
}

// New makes a server; the host key is made when there is none. Errors carry a
// sentence.
func New(cfg Config) (*Server, error) {
	if cfg.Idle == 0 {
		cfg.Idle = DefaultIdle
	}
	if cfg.Alive == 0 {
		cfg.Alive = 15 * time.Second
	}
	if cfg.Act == nil {
		cfg.Act = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	host, err := hostKey(filepath.Join(cfg.Dir, HostKeyFile))
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, host: host.PublicKey(), checking: make(chan struct{}, 2), conns: map[net.Conn]struct{}{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.ssh, err = wish.NewServer(
		wish.WithVersion("gate"),
		wish.WithIdleTimeout(unusedTimeout),
		wish.WithMiddleware(func(ssh.Handler) ssh.Handler { return s.console }),
		func(srv *ssh.Server) error {
			srv.AddHostKey(host)
			srv.HandshakeTimeout = handshakeTimeout
			srv.ConnCallback = s.accept
			srv.ServerConfigCallback = s.authentication
			srv.ChannelHandlers = map[string]ssh.ChannelHandler{"session": s.session}
			srv.RequestHandlers = map[string]ssh.RequestHandler{}
			srv.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
			return nil
		},
	)
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("make the SSH server: %w", err)
	}
	return s, nil
}

// Fingerprint is the host key's, as ssh shows it at the first connection.
func (s *Server) Fingerprint() string { return gossh.FingerprintSHA256(s.host) }

// Listen opens the address that guards come to.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, parking.Errorf(parking.Invalid, "The address %q of --ssh is not one; write for example 0.0.0.0:2222.", address)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The address %s cannot be listened on; another program may have it.", address)
	}
	return l, nil
}

// Serve serves consoles on l until ctx ends, which is no error. It closes l and
// every connection, and returns when the consoles have ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ended := context.AfterFunc(ctx, s.close)
	defer ended()
	err := s.ssh.Serve(l)
	s.close()
	s.running.Wait()
	if ctx.Err() != nil || errors.Is(err, ssh.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve consoles: %w", err)
}

func (s *Server) close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close() // ends its console
	}
	s.mu.Unlock()
	_ = s.ssh.Close() // it closes the listener; nothing is to be kept
}

// accept bounds the connections.
func (s *Server) accept(_ ssh.Context, c net.Conn) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= maxConns {
		return nil
	}
	counted := &conn{Conn: c, server: s}
	s.conns[counted] = struct{}{}
	return counted
}

// conn is a connection that counts until it is closed.
type conn struct {
	net.Conn
	server *Server
	once   sync.Once
}

// Close closes it.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		go c.forget() // the server may be closing it with its lock held
	})
	return err
}

func (c *conn) forget() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.server.conns, c)
}

// mayAct says whether a guard at address may do more than look.
func (s *Server) mayAct(address net.Addr) bool {
	ip, ok := addressOf(address)
	if !ok {
		return false
	}
	for _, p := range s.cfg.Act {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// addressOf is the bare IP address of a connection's other end.
func addressOf(a net.Addr) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}, false
	}
	return ap.Addr().Unmap().WithZone(""), true
}

// ParseAct reads addresses and networks from which a guard may act.
func ParseAct(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return nil, parking.Errorf(parking.Invalid, "%q of --ssh-act is no address and no network; write for example 192.168.1.20 or 192.168.1.0/24.", text)
		}
		out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
	}
	return out, nil
}
