package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// programPatience bounds how long a program may take to end when asked.
	programPatience = 10 * time.Second
	// readyPatience bounds how long a program may take to say where it listens.
	readyPatience = 60 * time.Second
	lookEvery     = 20 * time.Millisecond
	logLines      = 15 // of a program that failed, shown to the user
)

// programs starts the sibling programs of parksim, which lie beside it, and
// keeps what they print in files.
type programs struct {
	bin string   // folder of the programs
	dir string   // folder for their logs
	env []string // their environment
}

// program is one that runs in the background.
type program struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // why; read after done
}

// ask runs a program to its end and decodes the JSON that it prints into
// answer, unless that is nil.
func (p *programs) ask(ctx context.Context, answer any, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...)
	cmd.Env = p.env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = programPatience
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	what := name + " " + strings.Join(args, " ")
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", what, err, lastLines(said.String()))
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(out, answer); err != nil {
		return fmt.Errorf("%s printed something else than expected: %w", what, err)
	}
	return nil
}

// start starts a program in the background, in a process group of its own: a
// Ctrl-C reaches us, and we end the programs in order.
func (p *programs) start(name string, args ...string) (*program, error) {
	return p.startAs(name, nil, name, args...)
}

// startAs is start for one of several of the same program: label names it and
// its log. What stands in before comes before the command, as "ip netns exec
// NAME" does; it must become the program and not stay as its parent.
func (p *programs) startAs(label string, before []string, name string, args ...string) (*program, error) {
	log := filepath.Join(p.dir, label+".log")
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the log of %s: %w", name, err)
	}
	argv := append(append(slices.Clone(before), filepath.Join(p.bin, name)), args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = p.env
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	prog, err := run(label, log, cmd)
	return prog, errors.Join(err, file.Close())
}

// startAtTerminal starts a program that owns the terminal until it ends. It
// stays in our process group, which is the one that the terminal listens to.
func (p *programs) startAtTerminal(name string, args ...string) (*program, error) {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Env = p.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return run(name, "", cmd)
}

func run(name, log string, cmd *exec.Cmd) (*program, error) {
	prog := &program{name: name, log: log, cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // see private.startProcess
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		prog.err = cmd.Wait()
		close(prog.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return prog, nil
}

// stop asks the program to end and kills it if it does not.
func (g *program) stop() error {
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", g.name, err)
	}
	timer := time.NewTimer(programPatience)
	defer timer.Stop()
	select {
	case <-g.done:
		return nil
	case <-timer.C:
		err := g.cmd.Process.Kill()
		<-g.done
		return errors.Join(fmt.Errorf("%s did not end when asked and was killed", g.name), err)
	}
}

// kill ends the program as a power cut would and waits until it is gone.
func (g *program) kill() error {
	err := g.cmd.Process.Kill()
	<-g.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// failure is the error of a program that ended by itself.
func (g *program) failure() error {
	said := ""
	if raw, err := os.ReadFile(g.log); err == nil {
		said = ":\n" + lastLines(string(raw))
	}
	if g.err == nil {
		return fmt.Errorf("%s ended by itself%s", g.name, said)
	}
	return fmt.Errorf("%s ended by itself (%w)%s", g.name, g.err, said)
}

// address waits until the program has written where it listens, and returns
// that as a URL.
func (g *program) address(ctx context.Context, file string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		raw, err := os.ReadFile(file)
		if addr := strings.TrimSpace(string(raw)); err == nil && addr != "" {
			if !strings.Contains(addr, "://") {
				addr = "http://" + addr
			}
			return addr, nil
		}
		select {
		case <-g.done:
			return "", g.failure()
		case <-ctx.Done():
			return "", fmt.Errorf("%s does not say where it listens: %w", g.name, ctx.Err())
		case <-tick.C:
		}
	}
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if over := len(lines) - logLines; over > 0 {
		lines = lines[over:]
	}
	return strings.Join(lines, "\n")
}
