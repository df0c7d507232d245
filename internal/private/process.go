package private

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// logTail is how many bytes of a server's output are kept for the message of
// a failed start.
const logTail = 4 << 10

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the server has ended
	err  error         // why it ended; read after done
	out  *tail
}

// startProcess starts a server in a process group of its own, so that a Ctrl-C
// at the terminal reaches its owner only, and has the kernel send it death when
// the owner dies.
func startProcess(argv []string, cred *syscall.Credential, death syscall.Signal) (*process, error) {
	out := &tail{}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/" // the caller's directory may be closed to the server's user
	cmd.Env = serverEnv()
	cmd.Stdout, cmd.Stderr = out, out
	// A server's children keep its output open; do not wait for them.
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true, Pdeathsig: death}

	p := &process{cmd: cmd, done: make(chan struct{}), out: out}
	started := make(chan error, 1)
	go func() {
		// The parent-death signal is sent when the *thread* that started the
		// server ends, so this one is kept until the server has ended.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	return p, nil
}

// stop asks the server to end and kills its process group if it has not done
// so in time.
func (p *process) stop(sig syscall.Signal, patience time.Duration) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
		return nil
	}
}

// failure turns a server that ended by itself into an error with the last
// lines that it printed.
func (p *process) failure(what string) error {
	return fmt.Errorf("%s ended: %w; it said:\n%s", what, errors.Join(p.err), p.out)
}

// serverEnv is the environment of a server: nothing of the caller's PG*
// variables or locale may leak in.
func serverEnv() []string {
	env := []string{"LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC"}
	if path := os.Getenv("PATH"); path != "" {
		env = append(env, "PATH="+path)
	}
	return env
}

// tail keeps the last logTail bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - logTail; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
