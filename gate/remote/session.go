package remote

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"charm.land/ssh"
	"github.com/charmbracelet/colorprofile"
	gossh "golang.org/x/crypto/ssh"

	"gatehouse/gate/settings"
	"gatehouse/gate/tui"
	"gatehouse/parking"
)

// What a terminal may say of itself.
const (
	maxEnv   = 32
	writeMax = 30 * time.Second // to take what is drawn
)

type consoleKey struct{}

// session lets one console be opened on a connection, and of all that can be
// asked of a session only what a console needs.
func (s *Server) session(srv *ssh.Server, conn *gossh.ServerConn, opened gossh.NewChannel, ctx ssh.Context) {
	ctx.Lock()
	second := ctx.Value(consoleKey{}) != nil
	ctx.SetValue(consoleKey{}, true)
	ctx.Unlock()
	if second {
		_ = opened.Reject(gossh.Prohibited, "one console a connection") // nobody to tell
		return
	}
	ssh.DefaultSessionHandler(srv, conn, console{opened}, ctx)
}

// console is a session's channel without what is no part of a console: commands,
// subsystems, agent, X11, signals.
type console struct{ gossh.NewChannel }

// Accept opens the channel.
func (c console) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	ch, reqs, err := c.NewChannel.Accept()
	if err != nil {
		return nil, nil, err
	}
	kept := make(chan *gossh.Request)
	go func() {
		defer close(kept)
		shell, env := false, 0
		for r := range reqs {
			ok := false
			switch r.Type {
			case "pty-req":
				ok = !shell
			case "shell":
				ok, shell = !shell, true
			case "window-change": // before, nobody takes it
				ok = shell
			case "env":
				env++
				ok = !shell && env <= maxEnv && wantedEnv(r.Payload)
			}
			if ok {
				kept <- r
			} else if r.WantReply {
				_ = r.Reply(false, nil) // the connection's end is told elsewhere
			}
		}
	}()
	return ch, kept, nil
}

// wantedEnv says whether a client's variable is one that the console reads.
func wantedEnv(payload []byte) bool {
	var kv struct{ Key, Value string }
	if gossh.Unmarshal(payload, &kv) != nil || len(kv.Value) > 64 {
		return false
	}
	return slices.Contains([]string{"LANG", "COLORTERM", "NO_COLOR", "PARK_LANGUAGE"}, kv.Key) || strings.HasPrefix(kv.Key, "LC_")
}

// console shows a guard his console until he leaves it, and closes the connection.
func (s *Server) console(sess ssh.Session) {
	conn, ok := sess.Context().Value(ssh.ContextKeyConn).(*gossh.ServerConn)
	if !ok {
		return
	}
	pty, windows, hasPty := sess.Pty()
	ctx, cancel := context.WithCancel(sess.Context())
	defer cancel()
	sizes := make(chan tui.Size, 1)
	if hasPty {
		go follow(windows, sizes)
	}
	go func() { _ = s.keepAlive(ctx, conn) }()

	text := ""
	switch {
	case !hasPty:
		text = "A console needs a terminal: ssh -t."
	case !s.enter():
		text = "Too many consoles are open. Leave one, and connect again."
	default:
		text = s.show(ctx, cancel, sess, pty, sizes)
		s.leave()
	}
	out := &patient{to: sess, conn: conn}
	if text != "" {
		_, _ = io.WriteString(out, text+"\r\n") // it is leaving anyway
	}
	_ = sess.Exit(0)
	_ = conn.Close()
}

// show runs the console, and returns what the guard is to read after it.
func (s *Server) show(ctx context.Context, cancel context.CancelFunc, sess ssh.Session, pty ssh.Pty, sizes chan tui.Size) string {
	guard, byKey, ok := guardOf(sess.Permissions().Permissions)
	if !ok {
		return "Nobody is signed in at this console."
	}
	log := s.cfg.Log.With("guard", guard.Name, "from", sess.RemoteAddr().String())
	if byKey {
		if err := s.cfg.Desk.EnterByKey(ctx, guard); err != nil {
			log.Warn("sign-in over SSH refused", "error", err)
			return parking.ErrorMessage(err)
		}
	}
	viewOnly := !s.mayAct(sess.RemoteAddr())
	log.Info("a console over SSH begins", "by_key", byKey, "view_only", viewOnly)
	view := s.cfg.Desk.GuardConsole(guard, viewOnly, cancel)
	defer view.Close()
	env := append(sess.Environ(), "TERM="+pty.Term)
	conn, _ := sess.Context().Value(ssh.ContextKeyConn).(*gossh.ServerConn)
	opts := tui.Options{
		Language: valueOf(env, "PARK_LANGUAGE"), Input: sess, Output: &patient{to: sess, conn: conn}, Env: env,
		Profile: profileOf(env), Width: pty.Window.Width, Height: pty.Window.Height, Sizes: sizes, Idle: s.cfg.Idle, Keys: s.cfg.Keys,
	}
	if file := s.cfg.Settings; file != nil {
		own := file.Guard(guard.Name)
		opts.Settings, opts.Keep = &own, func(own settings.Settings) error { return file.KeepGuard(guard.Name, own) }
	}
	err := tui.Run(ctx, view, opts)
	log.Info("a console over SSH has ended", "error", err)
	switch {
	case errors.Is(err, tui.ErrIdle):
		return "No key was pressed for " + s.cfg.Idle.String() + ". Connect again to sign in."
	case err != nil:
		return "The console has failed. Connect again."
	}
	return ""
}

// enter counts a console, and says whether there is room for it.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.consoles >= maxConsoles {
		return false
	}
	s.running.Add(1)
	s.consoles++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consoles--
	s.running.Done()
}

// keepAlive closes a connection whose other end no longer answers, until ctx
// ends.
func (s *Server) keepAlive(ctx context.Context, conn *gossh.ServerConn) error {
	tick := time.NewTicker(s.cfg.Alive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		dead := time.AfterFunc(s.cfg.Alive, func() { _ = conn.Close() })
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
		dead.Stop()
		if err != nil {
			return err
		}
	}
}

// follow hands on the terminal's newest size; it ends with the session.
func follow(windows <-chan ssh.Window, sizes chan tui.Size) {
	for w := range windows {
		select {
		case <-sizes: // one that nobody has taken is old
		default:
		}
		sizes <- tui.Size{Width: w.Width, Height: w.Height}
	}
}

// valueOf is the value of a variable, "" for none.
func valueOf(env []string, key string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, key+"="); ok {
			return value
		}
	}
	return ""
}

// profileOf is what the client's variables say of its colours.
func profileOf(env []string) colorprofile.Profile {
	if valueOf(env, "NO_COLOR") != "" { // any value counts, by no-color.org
		return colorprofile.ASCII
	}
	return max(colorprofile.Env(env), colorprofile.ASCII)
}

// patient writes to a client that takes its output, and closes the connection of
// one that takes none.
type patient struct {
	to   io.Writer
	conn *gossh.ServerConn
}

// Write writes p.
func (w *patient) Write(p []byte) (int, error) {
	stuck := time.AfterFunc(writeMax, func() { _ = w.conn.Close() })
	defer stuck.Stop()
	return w.to.Write(p)
}
