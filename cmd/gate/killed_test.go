package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/gate/store"
	"gatehouse/internal/pty"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// step is what a guard presses, and what he then waits to see, "" for nothing:
// the key that the program does not live to answer.
type step struct{ keys, sees string }

// task is one of a guard's, from a lane with nobody to a fact on the disk.
type task struct {
	name  string
	steps []step
	wrote parking.Kind
	who   string // the plate in that fact, "" for one about no vehicle
	pays  parking.Money
}

// The vehicle inside is 51F-44758, come four hours ago, and owes 14,000.
var guardTasks = []task{
	{"IN", []step{{"n", "Type the plate"}, {"30A1", "30A1"}, {"2399", "30A-123.99"}, {"\r", ""}}, parking.KindVehicleIn, "30A12399", 0},
	{"OUT, cash", []step{{"o", "lost ticket"}, {"e51F4", "51F4"}, {"4758\r", "Cash ₫14,000"}, {"\r", ""}}, parking.KindVehicleOut, "51F44758", 14000},
	{"OUT, cash with change", []step{{"o", "lost ticket"}, {"e51F44758\r", "Cash ₫14,000"}, {"t", "Given"}, {"50000", "36,000"}, {"\r", ""}}, parking.KindVehicleOut, "51F44758", 14000},
	{"OUT, transfer by hand", []step{{"o", "lost ticket"}, {"e51F44758\r", "Cash ₫14,000"}, {"M", "Bank"}, {"ACB", "ACB"}, {"\r", ""}}, parking.KindVehicleOut, "51F44758", 14000},
	{"OUT, VietQR", []step{{"o", "lost ticket"}, {"e51F44758\r", "Cash ₫14,000"}, {"Q", ""}}, parking.KindPaymentRequested, "", 0},
	{"OUT, no stay", []step{{"o", "lost ticket"}, {"e88A00001\r", "No open stay"}, {"l", "Reason"}, {"\x1b[B\t3000", "3000"}, {"0\r", ""}}, parking.KindVehicleOut, "88A00001", 0},
	{"barrier", []step{{"x", "Reason"}, {"\x1b[B", "Emergency"}, {"\r", ""}}, parking.KindBarrierOpened, "", 0},
	{"shift", []step{{"h", "Float"}, {"500", "500"}, {"000\r", ""}}, parking.KindShiftOpened, "", 0},
	{"move", []step{{"/", "Search"}, {"44758", "51F-447.58"}, {"\r", "s move"}, {"sN04\tk", "N04"}, {"\r", ""}}, parking.KindSlotChanged, "", 0},
	{"void", []step{{"/", "Search"}, {"44758", "51F-447.58"}, {"\r", "s move"}, {"vk", "k"}, {"\r", ""}}, parking.KindStayVoided, "", 0},
}

// guardPost is the program at a terminal, and the folder that outlives it.
type guardPost struct {
	t      *testing.T
	dir    string
	far    *os.File
	near   *os.File
	screen *pty.Screen
	seen   chan struct{}
	cmd    *exec.Cmd
}

// newGuardPost has a copy of a gate's folder.
func newGuardPost(t *testing.T, folder string) *guardPost {
	t.Helper()
	far, near, err := pty.Open(100, 30)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	p := &guardPost{t: t, dir: dir, far: far, near: near, screen: pty.NewScreen(100, 30, far), seen: make(chan struct{})}
	go func() {
		defer close(p.seen)
		_, _ = io.Copy(p.screen, far) // until the terminal is gone
	}()
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.kill() // the test has failed
		}
		_ = near.Close()
		<-p.seen
		if err := p.screen.Close(); err != nil {
			t.Error(err)
		}
		_ = far.Close()
	})
	return p
}

// start starts the program and signs the guard in.
func (p *guardPost) start() {
	p.t.Helper()
	p.cmd = program(p.t, "run", "--data", p.dir, "--language", "en", "--barrier", "1=sim:", "--barrier", "2=sim:")
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm-256color", "LANG=C.UTF-8")
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = p.near, p.near, p.near
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.sees("Password")
	p.press("lan\rpw\r")
	p.sees("F10")
}

// looks is the time that an act wants between a change and a key.
func (p *guardPost) looks() { time.Sleep(300 * time.Millisecond) }

func (p *guardPost) press(keys string) {
	p.t.Helper()
	if _, err := p.far.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

func (p *guardPost) sees(text string) {
	p.t.Helper()
	deadline := time.After(20 * time.Second)
	for !strings.Contains(p.screen.Text(), text) {
		select {
		case <-p.screen.Changed():
		case <-deadline:
			p.t.Fatalf("%q does not come to the screen:\n%s", text, p.screen.Text())
		}
	}
}

// do presses steps of a task, waiting for what each brings.
func (p *guardPost) do(steps []step) {
	p.t.Helper()
	for i, s := range steps {
		if i > 0 {
			p.looks()
		}
		for _, k := range keysOf(s.keys) {
			p.press(k)
			time.Sleep(20 * time.Millisecond) // a key held down comes faster
		}
		if s.sees != "" {
			p.sees(s.sees)
		}
	}
}

// keysOf are the keys of a text; a sequence is one.
func keysOf(text string) (keys []string) {
	for text != "" {
		n := len(string([]rune(text)[0]))
		if strings.HasPrefix(text, "\x1b[") {
			n = 3
		}
		keys, text = append(keys, text[:n]), text[n:]
	}
	return keys
}

func (p *guardPost) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // killed
}

// end ends the program well.
func (p *guardPost) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatalf("%v\n%s", err, p.screen.Text())
	}
}

// lineMode says whether the terminal has its lines and its echo.
func (p *guardPost) lineMode() bool {
	p.t.Helper()
	modes, err := unix.IoctlGetTermios(int(p.near.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	const line = unix.ICANON | unix.ECHO | unix.ISIG
	return modes.Lflag&line == line && modes.Oflag&unix.OPOST != 0
}

// restored waits until no program has the screen any more.
func (p *guardPost) restored() bool {
	deadline := time.After(20 * time.Second)
	for p.screen.FullScreen() { // what the program has sent is on its way
		select {
		case <-p.screen.Changed():
		case <-deadline:
			return false
		}
	}
	return p.lineMode()
}

// facts are the bodies on the disk, oldest first.
func (p *guardPost) facts() (out []killedFact) {
	p.t.Helper()
	r, err := store.OpenReader(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			p.t.Error(err)
		}
	}()
	rows, err := r.FactsFrom(p.t.Context(), 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, row := range rows {
		f, err := parking.DecodeFact(row.Encoded)
		if err != nil {
			p.t.Fatal(err)
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			p.t.Fatal(err)
		}
		out = append(out, killedFact{f.Kind, body})
	}
	return out
}

type killedFact struct {
	kind parking.Kind
	body any
}

// wrote says how often a task has been written, and fails on half of one.
func (p *guardPost) wrote(k task) (n int) {
	p.t.Helper()
	var taken parking.Money
	outs := 0
	for _, f := range p.facts() {
		switch b := f.body.(type) {
		case *parking.VehicleIn:
			if f.kind == k.wrote && string(b.Plate) == k.who {
				n++
			} else {
				p.t.Errorf("in with %q", b.Plate)
			}
		case *parking.VehicleOut:
			outs++
			if f.kind == k.wrote && string(b.Plate) == k.who {
				n++
			} else {
				p.t.Errorf("out with %q", b.Plate)
			}
		case *parking.PaymentTaken:
			taken += b.Amount
		case *parking.BarrierOpened:
			if f.kind == k.wrote {
				n++
				if b.Reason == "" {
					p.t.Error("opened by hand without a reason")
				}
			}
		case *parking.ShiftOpened:
			if f.kind != k.wrote {
				break // it opens by itself when money is taken
			}
			if n++; b.Float == nil || *b.Float != 500_000 {
				p.t.Errorf("a shift opened with %v", b.Float)
			}
		case *parking.SlotChanged:
			if n++; b.Slot != "N04" || b.Reason != "k" {
				p.t.Errorf("moved: %+v", b)
			}
		default:
			if f.kind == k.wrote {
				n++
			}
		}
	}
	if k.pays > 0 && taken != k.pays*parking.Money(min(1, outs)) {
		p.t.Errorf("%d taken, %d have left", taken, outs)
	}
	return n
}

// onePaying is the bench's site with one vehicle inside that owes 14,000, and
// cash that is exactly that for hours.
func onePaying(snap *wire.Snapshot) {
	morning(snap)
	snap.Stays = snap.Stays[4:5]
}

// TestKilledInTheMiddle kills the program in the middle of each of a guard's
// tasks: after each step, and at moments around the last key. Nothing that was
// typed is half done, the program starts as if it had ended well and leaves the
// terminal as terminals are; and the guard who does the rest has done it once.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	folder := knownFolder(t, onePaying)
	var running sync.WaitGroup
	defer running.Wait()
	room := make(chan struct{}, 6) // they mostly wait, as guards do
	for i, k := range guardTasks {
		dice := rand.New(rand.NewPCG(7, uint64(i)))
		for after := range len(k.steps) + 2 {
			late := time.Duration(-1)
			if after >= len(k.steps) {
				late = time.Duration(dice.Int64N(int64(6*time.Millisecond))) << (3 * (after - len(k.steps)))
			}
			room <- struct{}{}
			running.Go(func() {
				defer func() { <-room }()
				t.Run(fmt.Sprintf("%s, step %d", k.name, after+1), func(t *testing.T) {
					killAndGoOn(t, newGuardPost(t, folder), k, k.steps[:min(after+1, len(k.steps))], late)
				})
			})
		}
	}
}

// killAndGoOn presses the first steps of a task, kills the program so long after
// the last key (less than 0: after all of its keys) and does the rest of it.
func killAndGoOn(t *testing.T, p *guardPost, k task, steps []step, late time.Duration) {
	t.Helper()
	p.start()
	p.do(steps[:len(steps)-1])
	last := steps[len(steps)-1]
	p.looks()
	if late < 0 {
		p.do([]step{{last.keys, ""}})
	} else {
		p.press(last.keys)
		time.Sleep(late)
	}
	p.kill()
	if p.lineMode() {
		t.Fatal("the terminal is as if nothing had been: the test sees nothing")
	}
	before := p.wrote(k)
	if len(steps) < len(k.steps) && before > 0 || before > 1 {
		t.Fatalf("written %d times by step %d", before, len(steps))
	}
	p.start()
	p.rest(k, before)
	p.end()
	if got := p.wrote(k); got != 1 {
		t.Errorf("written %d times", got)
	}
	if !p.restored() {
		t.Errorf("the terminal is not as it was:\n%s", p.screen.Text())
	}
}

// rest does what is left of a task after a start.
func (p *guardPost) rest(k task, before int) {
	p.t.Helper()
	if before == 1 {
		if strings.Contains(p.screen.Text(), "Open the barrier again") {
			p.looks()
			p.press(map[bool]string{true: " ", false: "\r"}[k.wrote == parking.KindVehicleIn])
			p.sees("barrier opened")
		}
		return
	}
	for !strings.Contains(p.screen.Text(), "Waiting · n") || !strings.Contains(p.screen.Text(), "Waiting · o") {
		p.press("\x1b") // a vehicle that was announced still stands there
		p.sees("Enter")
		p.looks()
		p.press("\r")
		p.looks()
	}
	p.do(k.steps)
	deadline := time.After(20 * time.Second)
	for p.wrote(k) == 0 {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			p.t.Fatalf("it is not written:\n%s", p.screen.Text())
		}
	}
}
