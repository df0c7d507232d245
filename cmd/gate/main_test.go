package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/gate/clock"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
)

// The test binary is the program when this is set.
const asProgram = "PARK_GATE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// output runs the program to its end.
func output(t *testing.T, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	cmd := program(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func knownFolder(t testing.TB, change ...func(*wire.Snapshot)) string {
	t.Helper()
	dir := t.TempDir()
	lanetest.Enrol(t, dir)
	s, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	st, err := state.Open(t.Context(), state.Config{Store: s, Clock: clock.System(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	snap := lanetest.Snapshot(t)
	for _, f := range change {
		f(&snap)
	}
	if err := st.ApplySnapshot(t.Context(), snap); err != nil {
		t.Fatal(err)
	}
	if err := st.RememberGuard(t.Context(), state.Guard{Name: "lan", Display: "Lan", Role: "guard"}, "pw", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	keys := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(keys, []byte("search: f3\nserach: f4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"run", "--data", empty, "--headless"}, "not enrolled"},
		{[]string{"run", "--data", empty, "--sign-in", "lan"}, "belong together"},
		{[]string{"run", "--data", empty, "--language", "xx"}, "language"},
		{[]string{"run", "--data", empty, "--keys", keys}, `line 2: there is no action "serach"`},
		{[]string{"keys", "--keys", keys}, `line 2: there is no action "serach"`},
		{[]string{"keys", "--keys", filepath.Join(empty, "none.yaml")}, "cannot be read"},
		{[]string{"status", "--data", empty}, "No gate runs"},
		{[]string{"enrol", "--data", empty, "--cloud", "http://127.0.0.1:1", "--code", "X"}, "."},
		{[]string{"open"}, "open"},
	} {
		_, stderr, exit := output(t, c.args...)
		if exit == 0 || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "goroutine") {
			t.Errorf("%v: exit %d, %q", c.args, exit, stderr)
		}
	}
	if out, errs, exit := output(t, "keys", "--data", empty); exit != 0 || !strings.Contains(out, "\nsearch: \"/\"") {
		t.Errorf("keys: %d %q %q", exit, out, errs)
	}
	if out, _, exit := output(t, "version"); exit != 0 || !strings.HasPrefix(out, "gate ") {
		t.Errorf("version: %d %q", exit, out)
	}
}

// Without a terminal the gate prints a line for each vehicle; SIGTERM ends it
// well.
func TestHeadless(t *testing.T) {
	t.Parallel()
	dir := knownFolder(t)
	addrFile := filepath.Join(t.TempDir(), "addr")
	cmd := program(t, "run", "--data", dir, "--headless", "--addr-file", addrFile, "--camera", "1=sim:?seed=3", "--barrier", "1=sim:")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	next := func(want ...string) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("no further line; %s", errs.String())
		}
		for _, w := range want {
			if !strings.Contains(lines.Text(), w) {
				t.Errorf("line %q lacks %q", lines.Text(), w)
			}
		}
	}
	next("gate N", "Bãi xe Trung Tâm")
	addr, err := os.ReadFile(addrFile)
	if err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "local-token"))
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string, body any) {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSpace(string(addr))+path, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("POST %s: %d, %v", path, resp.StatusCode, err)
		}
	}
	post("/v1/in", map[string]string{"lane": "1", "plate": "30A12345"})
	next("IN", "30A-123.45", "N08")
	post("/v1/out", map[string]string{"lane": "2", "plate": "30A12345", "method": "cash"})
	next("OUT", "30A-123.45", "₫5,000", "cash")
	if out, stderr, exit := output(t, "status", "--data", dir); exit != 0 || !strings.Contains(out, "cloud   offline") {
		t.Errorf("status: %d %q %q", exit, out, stderr)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Errorf("printed at the end: %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil || errs.Len() > 0 {
		t.Errorf("SIGTERM: %v, %q", err, errs.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "local-address")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the address is left behind: %v", err)
	}
}
