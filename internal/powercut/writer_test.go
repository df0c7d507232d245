package powercut_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"gatehouse/gate/clock"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// What a re-executed test binary finds in its environment.
const (
	envWriter = "POWERCUT_WRITER" // one of the writers below: write until killed
	envFolder = "POWERCUT_FOLDER"
	envMounts = "POWERCUT_OWN_MOUNTS" // set: the mounts of this process are its own
)

// The writers.
const (
	asGate      = "gate"   // a gate's store and state
	plainFull   = "FULL"   // the gate's tables by plain SQL, with synchronous=FULL
	plainNormal = "NORMAL" // the same with synchronous=NORMAL
)

func TestMain(m *testing.M) {
	if how := os.Getenv(envWriter); how != "" {
		if err := write(context.Background(), how, os.Getenv(envFolder)); err != nil {
			fmt.Fprintln(os.Stderr, "the writer:", err)
		}
		os.Exit(1) // a writer ends by being killed
	}
	if err := ownMounts(); err != nil {
		fmt.Fprintln(os.Stderr, "the mounts of this test are not its own:", err)
	}
	os.Exit(m.Run())
}

// ownMounts starts this binary anew among mounts of its own, so that none is
// left over however the test ends.
func ownMounts() error {
	if os.Geteuid() != 0 || os.Getenv(envMounts) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // the new mounts are the thread's, and exec makes them the process's
	defer runtime.UnlockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), envMounts+"=1"))
}

// write writes facts until the process is killed, and prints the id of each
// once the disk has it.
func write(ctx context.Context, how, dir string) error {
	if how != asGate {
		return writePlain(ctx, how, dir)
	}
	st, s, err := openGate(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for {
		for _, drafts := range visit() {
			facts, err := s.Write(ctx, drafts...)
			if err != nil {
				return err
			}
			if err := acknowledge(facts...); err != nil {
				return err
			}
		}
	}
}

// visit is what a gate writes, transaction by transaction, while one vehicle
// leaves and another stays inside.
func visit() [][]state.Draft {
	out, stays := uuid.New(), uuid.New()
	pay := parking.PaymentTaken{Payment: uuid.New(), Stay: out, Method: parking.Cash, Amount: 5000, Currency: "VND"}
	leave := parking.VehicleOut{Stay: out, Lane: "2", Class: parking.Car, Plate: "30A12345", Charge: parking.Charge{Fee: 5000, Currency: "VND"}}
	return [][]state.Draft{
		{enter(out)},
		{{Kind: parking.KindAlive, Body: struct{}{}}},
		{enter(stays)},
		{{Kind: parking.KindPaymentTaken, Body: pay, Actor: "an"}, {Kind: parking.KindVehicleOut, Body: leave, Actor: "an", Opens: "2"}},
	}
}

func enter(stay uuid.UUID) state.Draft {
	in := parking.VehicleIn{Stay: stay, Lane: "1", Class: parking.Car, Plate: "30A12345", Zone: "A", Tariff: "default", TariffV: 1}
	return state.Draft{Kind: parking.KindVehicleIn, Body: in, Actor: "an", Opens: "1"}
}

// acknowledge tells the parent, in one piece.
func acknowledge(facts ...parking.Fact) error {
	var b strings.Builder
	for _, f := range facts {
		b.WriteString(f.ID.String() + "\n")
	}
	_, err := os.Stdout.WriteString(b.String())
	return err
}

// openGate opens a gate's folder; one that was never enrolled is enrolled.
func openGate(ctx context.Context, dir string) (*store.Store, *state.State, error) {
	st, err := store.Open(ctx, dir, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	_, err = st.Identity()
	if parking.ErrorCode(err) == parking.NotFound {
		var public ed25519.PublicKey
		var private ed25519.PrivateKey
		if public, private, err = ed25519.GenerateKey(rand.Reader); err == nil {
			err = st.SaveIdentity(store.Identity{Site: uuid.New(), Gate: "N", CloudURL: "http://127.0.0.1:0", PublicKey: public, PrivateKey: private})
		}
	}
	var s *state.State
	if err == nil {
		s, err = state.Open(ctx, state.Config{Store: st, Clock: clock.System(), Version: "powercut"})
	}
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return st, s, nil
}

// writePlain writes a gate's facts by SQL, without the gate's store, so that
// synchronous can be chosen: the gate's own has no such door.
func writePlain(ctx context.Context, synchronous, dir string) error {
	st, s, err := openGate(ctx, dir) // makes the tables and the first epoch
	if err != nil {
		return err
	}
	site, epoch := s.SiteID(), s.Epoch()
	last, err := st.Read().LastFact(ctx)
	if err = errors.Join(err, st.Close()); err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Opaque: filepath.Join(dir, "gate.db"), RawQuery: url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(" + synchronous + ")"}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	for seq, prev := last.Seq+1, last.Hash; ; seq++ {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		f := parking.Fact{
			ID: id, Site: site, Gate: "N", Epoch: epoch, Seq: seq, Prev: prev, Kind: parking.KindAlive,
			At: parking.BusinessTime(time.Now()), Clock: parking.ClockWall, V: parking.FactVersion, Body: []byte("{}"),
		}
		encoded, err := f.Encode()
		if err != nil {
			return err
		}
		prev = parking.FactHash(encoded)
		err = gatesql.New(db).AddFact(ctx, gatesql.AddFactParams{
			ID: id.String(), Epoch: string(epoch), Seq: seq, Kind: string(f.Kind), AtMs: f.At.UnixMilli(), Encoded: encoded, Hash: prev,
		})
		if err != nil {
			return err
		}
		if err := acknowledge(f); err != nil {
			return err
		}
	}
}

// starting is locked while a program is started, and shared by whoever has a
// folder open. Between its fork and its exec a program has copies of all open
// files, with which it would hold a gate's lock or keep a disk mounted.
var starting sync.RWMutex

func start(cmd *exec.Cmd) error {
	starting.Lock()
	defer starting.Unlock()
	return cmd.Start()
}

// patience bounds how long a test waits for a writer before it fails.
const patience = time.Minute

// A writer is a child process that writes into a folder.
type writer struct {
	t      *testing.T
	pid    int
	wait   func() error
	pipe   *os.File
	stderr *bytes.Buffer
	rest   string   // the beginning of a line that is not whole yet
	acked  []string // ids of the facts that were acknowledged
}

func startWriter(t *testing.T, how, dir string) *writer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &writer{t: t, pipe: r, stderr: &bytes.Buffer{}}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), envWriter+"="+how, envFolder+"="+dir)
	cmd.Stdout, cmd.Stderr = w, p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := errors.Join(start(cmd), w.Close(), r.SetReadDeadline(time.Now().Add(patience))); err != nil {
		t.Fatalf("start a writer: %v", err)
	}
	p.pid, p.wait = cmd.Process.Pid, cmd.Wait
	return p
}

// read takes what is in the pipe, waiting for something; false at its end.
func (p *writer) read() bool {
	p.t.Helper()
	var b [4096]byte
	n, err := p.pipe.Read(b[:])
	lines := strings.Split(p.rest+string(b[:n]), "\n")
	p.rest = lines[len(lines)-1]
	p.acked = append(p.acked, lines[:len(lines)-1]...)
	if err != nil && !errors.Is(err, io.EOF) {
		p.t.Fatalf("after %d facts the writer writes no more: %v", len(p.acked), err)
	}
	return err == nil
}

// readTo waits until n facts are acknowledged.
func (p *writer) readTo(n int) {
	p.t.Helper()
	for len(p.acked) < n {
		if !p.read() {
			err := p.wait()
			p.t.Fatalf("the writer ended by itself: %v\n%s", err, p.stderr)
		}
	}
}

// kill ends the writer as nothing can be refused and takes its last words.
func (p *writer) kill() {
	p.t.Helper()
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	for p.read() {
		continue
	}
	err := p.wait()
	if p.stderr.Len() > 0 {
		p.t.Fatalf("the writer: %v\n%s", err, p.stderr)
	}
	_ = p.pipe.Close()
}

// stop halts the writer where it is and takes its last words. When it
// returns, none of its threads runs.
func (p *writer) stop() {
	p.t.Helper()
	if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
		p.t.Fatal(err)
	}
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(p.pid, &status, unix.WUNTRACED, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || !status.Stopped() {
			p.t.Fatalf("the writer did not stop: %v, %v\n%s", status, err, p.stderr)
		}
		break
	}
	for p.unread() > 0 {
		p.read()
	}
}

// unread is how many bytes wait in the pipe.
func (p *writer) unread() (n int) {
	p.t.Helper()
	raw, err := p.pipe.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	var askErr error
	err = raw.Control(func(fd uintptr) { n, askErr = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	if err := errors.Join(err, askErr); err != nil {
		p.t.Fatal(err)
	}
	return n
}
