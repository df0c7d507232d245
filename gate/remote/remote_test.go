package remote_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	gossh "golang.org/x/crypto/ssh"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/remote"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "mật khẩu"

// rig is a gate's desk with its consoles over SSH: lan is known from the bench,
// binh too.
type rig struct {
	*lanetest.Bench
	address string
	host    string // fingerprint
	log     *logged
	end     func()
}

// logged is a log that may be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func newRig(t *testing.T, change func(*remote.Config)) *rig {
	t.Helper()
	b := lanetest.New(t, lanetest.Options{Still: true})
	b.Desk.SignOut(t.Context()) // nobody is at the gate's own console
	if err := b.State.RememberGuard(t.Context(), state.Guard{Name: "binh", Display: "Binh", Role: "guard"}, password, time.Hour); err != nil {
		t.Fatal(err)
	}
	r := &rig{Bench: b, log: &logged{}}
	stopDesk := b.RunDesk()
	r.serve(t, change)
	t.Cleanup(func() {
		r.end()
		stopDesk()
	})
	return r
}

// serve starts the server; end stops it.
func (r *rig) serve(t *testing.T, change func(*remote.Config)) {
	t.Helper()
	cfg := remote.Config{Desk: r.Desk, Dir: r.Dir, Log: slog.New(slog.NewTextHandler(r.log, nil))}
	if change != nil {
		change(&cfg)
	}
	server, err := remote.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := remote.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address, r.host = l.Addr().String(), server.Fingerprint()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	r.end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// frozen is a connection that can be made to hear nothing any more, as if a
// cable was pulled.
type frozen struct {
	net.Conn
	once sync.Once
	from chan struct{} // closed: from now on nothing is read
	over chan struct{} // closed with the connection
}

func (f *frozen) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	select {
	case <-f.from:
		<-f.over
		return 0, io.EOF
	default:
		return n, err
	}
}

func (f *frozen) Close() error {
	f.once.Do(func() { close(f.over) })
	return f.Conn.Close()
}

// dial signs in; the client is closed with the test.
func (r *rig) dial(t *testing.T, name string, how ...gossh.AuthMethod) (*gossh.Client, *frozen, error) {
	t.Helper()
	var d net.Dialer
	raw, err := d.DialContext(t.Context(), "tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	conn := &frozen{Conn: raw, from: make(chan struct{}), over: make(chan struct{})}
	cfg := &gossh.ClientConfig{User: name, Auth: how, HostKeyCallback: func(_ string, _ net.Addr, key gossh.PublicKey) error {
		if gossh.FingerprintSHA256(key) != r.host {
			return errors.New("another host key")
		}
		return nil
	}}
	c, chans, reqs, err := gossh.NewClientConn(conn, r.address, cfg)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	client := gossh.NewClient(c, chans, reqs)
	t.Cleanup(func() { _ = client.Close() })
	return client, conn, nil
}

// screen is a console as a guard sees it.
type screen struct {
	t       *testing.T
	client  *gossh.Client
	conn    *frozen
	session *gossh.Session
	keys    io.Writer
	shown   *logged
}

func (r *rig) open(t *testing.T, name string, env ...string) *screen {
	t.Helper()
	client, conn, err := r.dial(t, name, gossh.Password(password))
	if err != nil {
		t.Fatal(err)
	}
	return console(t, client, conn, env...)
}

func console(t *testing.T, client *gossh.Client, conn *frozen, env ...string) *screen {
	t.Helper()
	s := &screen{t: t, client: client, conn: conn, shown: &logged{}}
	var err error
	if s.session, err = client.NewSession(); err != nil {
		t.Fatal(err)
	}
	for _, e := range env {
		k, v, _ := strings.Cut(e, "=")
		if err := s.session.Setenv(k, v); err != nil {
			t.Fatal(err)
		}
	}
	s.session.Stdout = s.shown
	if s.keys, err = s.session.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.session.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.session.Shell(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *screen) text() string {
	s.shown.mu.Lock()
	defer s.shown.mu.Unlock()
	return s.shown.text.String()
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
}

// wait polls until done.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *screen) shows(want string) {
	s.t.Helper()
	wait(s.t, want+" on the screen", func() bool { return strings.Contains(s.text(), want) })
}

// refused presses a key and waits for the bell that refuses it.
func (s *screen) refused(key string) {
	s.t.Helper()
	bells := strings.Count(s.text(), "\a")
	s.press(key)
	wait(s.t, "a bell", func() bool { return strings.Count(s.text(), "\a") > bells })
}

// pressUntil presses a key again and again, as a guard who is told to look first
// does, until done.
func (s *screen) pressUntil(keys, what string, done func() bool) {
	s.t.Helper()
	var last time.Time
	wait(s.t, what, func() bool {
		if done() {
			return true
		}
		if time.Since(last) > 300*time.Millisecond { // sooner it is a key held down
			last = time.Now()
			s.press(keys)
		}
		return false
	})
}

func (r *rig) heldBy(code string) string {
	for _, l := range r.Desk.View().Lanes {
		if l.Lane.Code == code {
			return l.HeldBy
		}
	}
	return "no lane"
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if _, _, err := r.dial(t, "lan", gossh.Password("wrong")); err == nil {
		t.Fatal("a wrong password was taken")
	}
	if _, _, err := r.dial(t, "nobody", gossh.Password(password)); err == nil {
		t.Fatal("a stranger was taken")
	}
	if _, _, err := r.dial(t, "lan"); err == nil {
		t.Fatal("no password was needed")
	}
	s := r.open(t, "lan", "PARK_LANGUAGE=en")
	s.shows("Lan")
	if n := len(r.FactsOf(parking.KindSignedInOffline)); n != 2 { // the bench's own sign-in, and this
		t.Errorf("%d sign-ins are written", n)
	}
	if r.Desk.View().Guard != nil {
		t.Error("the guard of a console is signed in at the gate")
	}
}

// After three wrong passwords the name waits, also for the right one, and
// however many connections there are; the local console still takes it.
func TestGuessesAreLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, _, err := r.dial(t, "lan", gossh.Password("wrong")); err == nil {
				t.Error("a wrong password was taken")
			}
		})
	}
	all.Wait()
	if _, _, err := r.dial(t, "lan", gossh.Password(password)); err == nil {
		t.Error("the name does not wait")
	}
	if err := r.Desk.SignIn(t.Context(), "lan", password); err != nil {
		t.Errorf("guesses over SSH keep a guard from the local console: %v", err)
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	if !strings.Contains(r.log.text.String(), "Too many wrong passwords") || strings.Contains(r.log.text.String(), password) {
		t.Errorf("logged: %s", r.log.text.String())
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := gossh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name, why string) {
		t.Helper()
		if _, _, err := r.dial(t, name, gossh.PublicKeys(key)); err == nil {
			t.Errorf("taken: %s", why)
		}
	}
	refused("lan", "no file")
	path := filepath.Join(r.Dir, remote.KeysFile)
	line := strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key.PublicKey())))
	list := "# guards\nnobody " + line + "\nbinh ssh-ed25519 damaged\nlan " + line + " lan's laptop\n"
	if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("binh", "the key of another")
	refused("nobody", "a listed name that the gate does not know")
	client, conn, err := r.dial(t, "lan", gossh.PublicKeys(key))
	if err != nil {
		t.Fatal(err)
	}
	before := len(r.FactsOf(parking.KindSignedInOffline))
	console(t, client, conn).shows("Lan")
	if got := r.FactsOf(parking.KindSignedInOffline); len(got) != before+1 || got[len(got)-1].Actor != "lan" {
		t.Error("entering by key is not written")
	}
	if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // what is to be refused
		t.Fatal(err)
	}
	refused("lan", "a file that anybody may write to")
}

// Two guards see one act at once, and the fact names who acted.
func TestTwoConsolesSeeOneAct(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	lan, binh := r.open(t, "lan"), r.open(t, "binh")
	r.Arrive("1", lane.Arrival{Plate: "30A12345"})
	lan.shows("30A-123.45")
	binh.shows("30A-123.45")
	binh.pressUntil(" ", "the entry", func() bool { return len(r.FactsOf(parking.KindVehicleIn)) == 1 })
	if in := r.FactsOf(parking.KindVehicleIn); in[0].Actor != "binh" {
		t.Errorf("the entry is %s's", in[0].Actor)
	}
	slot := r.Desk.Search("30A12345")[0].Slot
	lan.shows("→ " + slot)
	binh.shows("→ " + slot)
	// The drawer that the money goes to is of who takes it.
	r.Arrive("2", lane.Arrival{Plate: "30A12345"})
	r.Clock.Pass(time.Hour)
	lan.pressUntil("\r", "the exit", func() bool { return len(r.FactsOf(parking.KindVehicleOut)) == 1 })
	wait(t, "lan's drawer", func() bool { // the disk has the fact before memory does
		open := r.State.OpenShifts()
		return len(open) == 1 && open[0].Guard == "lan"
	})
}

// A lane is with who types there; others see it, and cannot act there until it
// is left or the connection has ended, however it ends.
func TestLaneIsHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *remote.Config) { c.Alive = 500 * time.Millisecond })
	r.Arrive("1", lane.Arrival{Plate: "30A12345"})
	binh := r.open(t, "binh", "PARK_LANGUAGE=en")
	binh.shows("30A-123.45")
	for how, end := range map[string]func(lan *screen){
		"esc":        func(lan *screen) { lan.press("\x1b") },
		"disconnect": func(lan *screen) { _ = lan.client.Close() },
		"dead line":  func(lan *screen) { close(lan.conn.from) },
	} {
		lan := r.open(t, "lan")
		lan.shows("30A-123.45")
		lan.pressUntil("e", how+": the lane to be held", func() bool { return r.heldBy("1") == "Lan" })
		if how == "esc" {
			binh.shows("Lan is at lane 1.")
		}
		binh.refused(" ")
		end(lan)
		wait(t, how+": the lane to be free", func() bool { return r.heldBy("1") == "" })
		if n := len(r.FactsOf(parking.KindVehicleIn)); n != 0 {
			t.Fatalf("%s: %d entries at a lane that was held", how, n)
		}
	}
	binh.pressUntil(" ", "the entry", func() bool { return len(r.FactsOf(parking.KindVehicleIn)) == 1 })
}

func TestViewOnlyFromElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *remote.Config) { c.Act = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")} })
	r.Arrive("1", lane.Arrival{Plate: "30A12345"})
	s := r.open(t, "lan", "PARK_LANGUAGE=en")
	s.shows("30A-123.45")
	s.shows("view only")
	for _, key := range []string{" ", "\r", "e", "x", "o", "1", "v", "w", "f", "h", "m"} {
		s.press(key)
	}
	s.press("?") // a key that only looks
	s.shows("scroll")
	if got := r.FactsOf(parking.KindVehicleIn); len(got) != 0 || r.heldBy("1") != "" {
		t.Error("a console from elsewhere has acted")
	}
	c := r.Desk.GuardConsole(lane.Guard{Name: "lan", Display: "Lan", Role: "guard"}, true, func() {})
	defer c.Close()
	if _, err := c.AcceptIn(t.Context(), "1", r.Subject("1").ID); parking.ErrorCode(err) != parking.Forbidden {
		t.Errorf("an act that the screen let through: %v", err)
	}
}

func TestNothingButAConsole(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	client, _, err := r.dial(t, "lan", gossh.Password(password))
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.1:1", "127.0.0.1:5432"} {
		if c, err := client.Dial("tcp", address); err == nil {
			_ = c.Close()
			t.Error("forwarded to", address)
		}
	}
	if l, err := client.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
		t.Error("forwards back")
	}
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start("id"); err == nil {
		t.Error("a command was taken")
	}
	if err := session.RequestSubsystem("sftp"); err == nil {
		t.Error("sftp was taken")
	}
	for _, what := range []string{"auth-agent-req@openssh.com", "x11-req", "signal", "break"} {
		if ok, _ := session.SendRequest(what, true, nil); ok {
			t.Error(what, "was taken")
		}
	}
	if err := session.Setenv("LD_PRELOAD", "x"); err == nil {
		t.Error("any variable is taken")
	}
	if _, err := client.NewSession(); err == nil {
		t.Error("a second session was opened")
	}
	if err := session.Shell(); err != nil { // without a terminal it is told so, and over
		t.Fatal(err)
	}
	wait(t, "the connection to end", func() bool {
		_, _, err := client.SendRequest("still there?", true, nil)
		return err != nil
	})
}

func TestHostKeyStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	first := r.host
	r.end()
	r.serve(t, nil)
	if r.host != first {
		t.Errorf("host key %s, then %s", first, r.host)
	}
	path := filepath.Join(r.Dir, remote.HostKeyFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.New(remote.Config{Desk: r.Desk, Dir: r.Dir, Log: slog.New(slog.DiscardHandler)}); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("a damaged host key: %v", err)
	}
}

// Sizes, languages and colours are of each terminal; lies do no harm.
func TestTerminal(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	colours := r.open(t, "lan", "PARK_LANGUAGE=vi")
	colours.shows("VÀO")
	colours.shows("38;5;")
	plain := r.open(t, "binh", "PARK_LANGUAGE=en", "NO_COLOR=1")
	plain.shows("OFFLINE")
	if strings.Contains(plain.text(), "38;5;") || strings.Contains(plain.text(), "\x1b[3") && strings.Contains(plain.text(), "38;2;") {
		t.Error("a terminal without colours got some")
	}
	if err := plain.session.WindowChange(10, 20); err != nil {
		t.Fatal(err)
	}
	plain.shows("80")
	if err := plain.session.WindowChange(1<<30, 1<<30); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if err := plain.session.WindowChange(24+i%7, 80+i%50); err != nil {
			t.Fatal(err)
		}
	}
	plain.press("\x1bOQ") // F2
	plain.shows("VÀO")
}

// Who presses no key is signed out; who signs out is disconnected.
func TestEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *remote.Config) { c.Idle = 1500 * time.Millisecond })
	s := r.open(t, "lan")
	s.shows("No key was pressed")
	if err := s.session.Wait(); err != nil && !errors.As(err, new(*gossh.ExitMissingError)) {
		t.Error(err)
	}
	out := r.open(t, "lan", "PARK_LANGUAGE=en")
	out.shows("Lan")
	out.press("\x1b[21~") // F10
	out.press("\r")
	if err := out.session.Wait(); err != nil && !errors.As(err, new(*gossh.ExitMissingError)) {
		t.Error(err)
	}
}

func TestParseAct(t *testing.T) {
	t.Parallel()
	got, err := remote.ParseAct([]string{"192.168.1.7", "10.1.2.3/8", "fd00::/8", "::ffff:10.0.0.1"})
	want := []string{"192.168.1.7/32", "10.0.0.0/8", "fd00::/8", "10.0.0.1/32"}
	if err != nil || len(got) != len(want) {
		t.Fatal(got, err)
	}
	for i := range want {
		if got[i].String() != want[i] {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
	for _, bad := range []string{"here", "10.0.0.0/33", "", "fe80::1%eth0"} {
		if _, err := remote.ParseAct([]string{bad}); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
