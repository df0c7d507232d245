package remote

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// What the permissions of a connection say of its guard.
const (
	extName    = "guard"
	extDisplay = "guard-display"
	extRole    = "guard-role"
	extKey     = "guard-by-key"
)

// errRefused is all that a client is told of a key.
var errRefused = errors.New("refused")

// authentication is how a connection shows whose it is. What is found goes into
// the permissions of the very attempt that succeeds: a key that was only offered,
// or a name tried before, counts for nothing.
func (s *Server) authentication(ssh.Context) *gossh.ServerConfig {
	return &gossh.ServerConfig{
		MaxAuthTries: maxAuthTries,
		PasswordCallback: func(c gossh.ConnMetadata, password []byte) (*gossh.Permissions, error) {
			guard, err := s.byPassword(c, string(password))
			if err != nil {
				s.cfg.Log.Warn("sign-in over SSH refused", "guard", short(c.User()), "from", c.RemoteAddr().String(), "error", err)
				return nil, &gossh.BannerError{Err: err, Message: parking.ErrorMessage(err) + "\r\n"}
			}
			return permissions(guard, false), nil
		},
		PublicKeyCallback: func(c gossh.ConnMetadata, key gossh.PublicKey) (*gossh.Permissions, error) {
			guard, err := s.byKey(c, key)
			if err != nil {
				return nil, err
			}
			return permissions(guard, true), nil
		},
	}
}

func permissions(g lane.Guard, byKey bool) *gossh.Permissions {
	ext := map[string]string{extName: g.Name, extDisplay: g.Display, extRole: g.Role}
	if byKey {
		ext[extKey] = "yes"
	}
	return &gossh.Permissions{Extensions: ext}
}

// guardOf is whose connection it is.
func guardOf(p *gossh.Permissions) (g lane.Guard, byKey, ok bool) {
	if p == nil || p.Extensions[extName] == "" {
		return lane.Guard{}, false, false
	}
	g = lane.Guard{Name: p.Extensions[extName], Display: p.Extensions[extDisplay], Role: p.Extensions[extRole]}
	return g, p.Extensions[extKey] != "", true
}

// byPassword signs a guard in as the local console does. A guess counts before
// it is tried, so that many at once are no way round the limit.
func (s *Server) byPassword(c gossh.ConnMetadata, password string) (lane.Guard, error) {
	from := "?"
	if ip, ok := addressOf(c.RemoteAddr()); ok {
		from = ip.String()
	}
	if len(c.User()) > 64 || len(password) > 256 {
		return lane.Guard{}, parking.Errorf(parking.Unauthorized, "Name or password is wrong.")
	}
	if !s.guesses.begin(time.Now(), c.User(), from) {
		return lane.Guard{}, parking.Errorf(parking.Unavailable, "Too many wrong passwords. Wait a minute and try again.")
	}
	ctx, cancel := context.WithTimeout(s.ctx, authTimeout)
	defer cancel()
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return lane.Guard{}, parking.Errorf(parking.Unavailable, "Too many sign in at once. Try again.")
	}
	guard, err := s.cfg.Desk.Authenticate(ctx, c.User(), password)
	if err != nil {
		return lane.Guard{}, err
	}
	s.guesses.right(c.User(), from)
	return guard, nil
}

// byKey finds whose a key is, by the name that the client gave.
func (s *Server) byKey(c gossh.ConnMetadata, key gossh.PublicKey) (lane.Guard, error) {
	ok, err := listed(filepath.Join(s.cfg.Dir, KeysFile), c.User(), key)
	if err == nil && !ok {
		return lane.Guard{}, errRefused // most clients offer keys that are for elsewhere
	}
	var guard lane.Guard
	if err == nil {
		ctx, cancel := context.WithTimeout(s.ctx, authTimeout)
		defer cancel()
		guard, err = s.cfg.Desk.KnownGuard(ctx, c.User())
	}
	if err != nil {
		s.cfg.Log.Warn("a listed key was refused", "guard", short(c.User()), "from", c.RemoteAddr().String(), "error", err)
		return lane.Guard{}, errRefused
	}
	return guard, nil
}

// Guesses that are allowed within guessWindow.
const (
	guessesOfName = 3 // fewer than the gate's own limit, so that it stays for the local console
	guessesFrom   = 10
	guessWindow   = time.Minute
	maxGuessers   = 1000
)

// guesses counts passwords that were not right, by name and by address. The zero
// value is ready.
type guesses struct {
	mu sync.Mutex
	by map[string]guess
}

type guess struct {
	n     int
	since time.Time
}

// begin counts a guess, and says whether it may be tried.
func (g *guesses) begin(now time.Time, name, from string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by == nil || len(g.by) > maxGuessers { // somebody types names at random
		old := g.by
		g.by = map[string]guess{}
		for key, one := range old {
			if key[0] == 'a' && now.Sub(one.since) < guessWindow { // addresses are kept: a name is free to choose
				g.by[key] = one
			}
		}
	}
	keys := map[string]int{"n" + name: guessesOfName, "a" + from: guessesFrom}
	for key, most := range keys {
		if one := g.by[key]; now.Sub(one.since) < guessWindow && one.n >= most {
			return false
		}
	}
	for key := range keys {
		one := g.by[key]
		if now.Sub(one.since) >= guessWindow {
			one = guess{since: now}
		}
		one.n++
		g.by[key] = one
	}
	return true
}

// right takes back the guess that was right, and those of its name.
func (g *guesses) right(name, from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.by, "n"+name)
	one := g.by["a"+from]
	one.n--
	g.by["a"+from] = one
}

// short cuts a name for the log.
func short(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}
