package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asAttendant makes this test binary be the attendant.
const asAttendant = "GATEHOUSE_TEST_ATTENDANT"

func TestMain(m *testing.M) {
	if os.Getenv(asAttendant) == "1" {
		main()
	}
	os.Exit(m.Run())
}

// attendant prepares the attendant over a shell script, in a process group of
// its own as an interactive shell would start it.
func attendant(script string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "sh", "-c", script)
	cmd.Env = append(os.Environ(), asAttendant+"=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func TestExitStatusIsTheCommands(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 128 + 9} {
		err := attendant(script).Run()
		var exit *exec.ExitError
		got := 0
		if errors.As(err, &exit) {
			got = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q ended with %d, want %d", script, got, want)
		}
	}
}

func TestSignalsReachEverybodyBelow(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The command ignores the signal, as Task does; its child dies of it,
			// and so the command ends. 0.01 s bounds how long sh takes to notice.
			cmd := attendant(`trap : TERM INT; sh -c 'trap "exit 5" TERM INT; echo $$; while :; do sleep 0.01; done'; exit $?`)
			pids := startAndRead(t, cmd, 1)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 5 {
				t.Errorf("ended with %d, want the child's 5", code)
			}
			mustNotRun(t, pids)
		})
	}
}

func TestStraysAreEnded(t *testing.T) {
	t.Parallel()
	// One in the group, one that fled into a session of its own and lost its
	// parent; the command ends at once.
	cmd := attendant(`sleep 1000 & echo $!; setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.3; exit 0`)
	pids := startAndRead(t, cmd, 2)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the attendant ended with %v", err)
	}
	mustNotRun(t, pids)
}

func TestAKilledAttendantTakesItsCommandAlong(t *testing.T) {
	t.Parallel()
	cmd := attendant(`trap "" TERM; echo $$; while :; do sleep 0.01; done`)
	pids := startAndRead(t, cmd, 1)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	mustNotRun(t, pids)
}

func TestMissingCommandIsSaid(t *testing.T) {
	t.Parallel()
	if _, err := attend([]string{"no-such-program-anywhere"}); err == nil || !strings.Contains(err.Error(), "find the command") {
		t.Errorf("got %v", err)
	}
}

// startAndRead starts cmd and reads so many process ids that it prints.
func startAndRead(t *testing.T, cmd *exec.Cmd, n int) []int {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	pids := make([]int, n)
	for i := range pids {
		if !lines.Scan() {
			t.Fatalf("the command printed %d process ids, want %d", i, n)
		}
		if _, err := fmt.Sscan(lines.Text(), &pids[i]); err != nil {
			t.Fatal(err)
		}
	}
	return pids
}

func mustNotRun(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		deadline := time.Now().Add(5 * time.Second)
		for {
			if _, ok := readProcess(pid); !ok {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("process %d was left behind", pid)
				break
			}
		}
	}
}
