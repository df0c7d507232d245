package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// toySite lays parksim and toy programs, all of them this test binary, into
// one folder, and prepares 'parksim dev'. The real programs together are the
// end-to-end tests' matter; here it is what dev starts, prints and ends.
func toySite(t *testing.T) *exec.Cmd {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"parksim", "cloud", "gate"} {
		if err := os.WriteFile(filepath.Join(bin, name), raw, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(bin, "parksim"), "dev")
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PARK_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, asParksim+"=1")
	return cmd
}

func toyCloudMain(args []string) int {
	switch strings.Join(args[:min(2, len(args))], " ") {
	case "migrate":
		if !strings.Contains(os.Getenv(databaseVariable), "gatehouse-pg-") {
			fmt.Fprintln(os.Stderr, "no database")
			return 1
		}
	case "seed --json":
		fmt.Println(`{"site":"0192","site_code":"demo","users":[{"name":"admin","role":"admin","password":"apw"},{"name":"lan","role":"guard","password":"lpw"}]}`)
	case "gate code":
		fmt.Println(`{"code":"one-time","expires":"2026-11-22T00:00:00Z"}`)
	default: // serve
		return toyServe(args[1:], http.NotFoundHandler(), "")
	}
	return 0
}

// toyGateMain serves the toy gate, if it is called as a gate must be.
func toyGateMain(args []string) int {
	for _, want := range []string{"--headless", "--code one-time", "--camera 1=sim: --camera 2=sim:", "--sign-in lan"} {
		if !strings.Contains(strings.Join(args, " "), want) {
			fmt.Fprintln(os.Stderr, "the gate was called without", want)
			return 1
		}
	}
	if password, err := os.ReadFile(args[slices.Index(args, "--password-file")+1]); err != nil || string(password) != "lpw\n" {
		fmt.Fprintln(os.Stderr, "the gate was given another password")
		return 1
	}
	g := &toyGate{fail: func(f string, a ...any) { fmt.Fprintf(os.Stderr, f, a...) }, at: map[string]arrival{}, asked: map[uuid.UUID]bool{}}
	return toyServe(args[1:], g.handler(), args[slices.Index(args, "--data")+1])
}

// toyServe listens, says where, and ends on SIGTERM.
func toyServe(args []string, h http.Handler, data string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil && data != "" {
		err = errors.Join(os.MkdirAll(data, 0o700), os.WriteFile(filepath.Join(data, "local-token"), []byte(toyToken), 0o600))
	}
	if err == nil {
		err = os.WriteFile(args[slices.Index(args, "--addr-file")+1], []byte("http://"+listener.Addr().String()), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	<-ctx.Done()
	return 0
}

func TestDevPrintsWhatHappensAndLeavesNothing(t *testing.T) {
	t.Parallel()
	cmd := toySite(t)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var printed []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		printed = append(printed, lines.Text())
		if strings.HasPrefix(lines.Text(), "IN ") {
			break
		}
	}
	children := childrenOf(t, cmd.Process.Pid)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // drivers may be quicker than the signal
		printed = append(printed, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("told to stop, it ended with %v and said\n%s", err, &said)
	}
	text := strings.Join(printed, "\n")
	for _, want := range []string{`Admin site  http://127\.0\.0\.1:\d+`, `admin +apw`, `lan +lpw`, `IN   \d\d:\d\d:\d\d  gate N lane 1 .* slot N07`} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no line like %s in\n%s\n%s", want, text, &said)
		}
	}
	if len(children) < 4 {
		t.Errorf("only %d programs ran: %v", len(children), children)
	}
	for _, pid := range children {
		mustEnd(t, pid)
	}
}

func TestDevSaysWhyAProgramFailed(t *testing.T) {
	t.Parallel()
	cmd := toySite(t)
	// A gate that cannot be started as it must: one without its guard's sign-in
	// would do; here the program is missing altogether.
	if err := os.Remove(filepath.Join(filepath.Dir(cmd.Path), "gate")); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if !errors.As(err, &failed) || failed.ExitCode() != 1 || !strings.Contains(string(out), "start gate") {
		t.Errorf("ended with %v and said %s", err, out)
	}
}

// childrenOf lists the processes whose parent is pid.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		var child, parent int
		var state string
		_, tail, _ := strings.Cut(string(raw), ") ")
		if _, err := fmt.Sscan(string(raw), &child); err != nil {
			continue
		}
		if _, err := fmt.Sscan(tail, &state, &parent); err == nil && parent == pid && state != "Z" {
			found = append(found, child)
		}
	}
	return found
}
