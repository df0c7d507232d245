package demo

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asParksim makes this test binary be parksim.
const asParksim = "GATEHOUSE_TEST_PARKSIM"

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) { // see toySite
	case "cloud":
		os.Exit(toyCloudMain(os.Args[1:]))
	case "gate":
		os.Exit(toyGateMain(os.Args[1:]))
	}
	if os.Getenv(asParksim) == "1" {
		os.Exit(Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// parksim prepares a call of parksim in an environment without servers.
func parksim(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Stderr = os.Stderr
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PARK_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, asParksim+"=1", "PARK_DATABASE_URL=postgres://a.real.site/not-for-tests")
	return cmd
}

func TestServicesGivesBothServersAndTheCommandsStatus(t *testing.T) {
	t.Parallel()
	cmd := parksim("services", "--", "sh", "-c", `echo "$PARK_DATABASE_URL"; echo "$PARK_TEST_DATABASE_URL"; echo "$PARK_REDIS_URL"; echo "$PARK_TEST_REDIS_URL"; exit 9`)
	out, err := cmd.Output()
	var failed *exec.ExitError
	if !errors.As(err, &failed) || failed.ExitCode() != 9 {
		t.Fatalf("ended with %v, want the command's 9", err)
	}
	urls := strings.Fields(string(out))
	if len(urls) != 4 || urls[0] != urls[1] || urls[2] != urls[3] {
		t.Fatalf("the command saw %q", urls)
	}
	if !strings.Contains(urls[0], "gatehouse-pg-") || !strings.HasPrefix(urls[2], "unix://") {
		t.Errorf("the command saw servers that are not private: %q", urls)
	}
	mustLeaveNoFolder(t, urls)
}

func TestServicesNeedsACommand(t *testing.T) {
	t.Parallel()
	cmd := parksim("services", "--")
	cmd.Stderr = nil
	if out, err := cmd.CombinedOutput(); err == nil || strings.Contains(string(out), "panic") {
		t.Errorf("got %v and %s", err, out)
	}
}

func TestServicesEndsInOrderWhenTold(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd, urls, child := startServices(t)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if got, want := cmd.ProcessState.ExitCode(), 128+int(sig); got != want {
			t.Errorf("on %v it ended with %d, want %d", sig, got, want)
		}
		mustEnd(t, child)
		mustLeaveNoFolder(t, urls)
	}
}

func TestAKilledServicesTakesItsCommandAlong(t *testing.T) {
	t.Parallel()
	cmd, _, child := startServices(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	mustEnd(t, child)
}

// startServices starts parksim services over a command that waits, and returns
// the servers' URLs and the command's process.
func startServices(t *testing.T) (cmd *exec.Cmd, urls []string, child int) {
	t.Helper()
	cmd = parksim("services", "--", "sh", "-c", `echo "$PARK_DATABASE_URL"; echo "$PARK_REDIS_URL"; echo $$; exec sleep 1000`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 3 {
		if !lines.Scan() {
			t.Fatalf("parksim printed %q and ended", urls)
		}
		urls = append(urls, lines.Text())
	}
	if _, err := fmt.Sscan(urls[2], &child); err != nil {
		t.Fatal(err)
	}
	return cmd, urls[:2], child
}

// mustLeaveNoFolder looks for the servers' folders by the names in their URLs.
func mustLeaveNoFolder(t *testing.T, urls []string) {
	t.Helper()
	for _, url := range urls {
		_, name, ok := strings.Cut(url, "gatehouse-")
		if !ok {
			t.Fatalf("no folder in %s", url)
		}
		name = "/tmp/gatehouse-" + strings.FieldsFunc(name, func(r rune) bool { return r == '%' || r == '/' })[0]
		if found, err := filepath.Glob(name); err != nil || len(found) > 0 {
			t.Errorf("left behind: %v, %v", found, err)
		}
	}
}

// mustEnd waits for the end of a process that is not our child.
func mustEnd(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("process %d still runs", pid)
		case <-tick.C:
		}
	}
}
