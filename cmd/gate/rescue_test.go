package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lines counts the lines in a packed file.
func lines(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

// What somebody does whose gate's database is damaged: the program says what
// to type, the queue can be carried away before, and after a recovery the gate
// starts as if nothing had been.
func TestExportAndRecover(t *testing.T) {
	t.Parallel()
	dir := knownFolder(t)
	file := filepath.Join(t.TempDir(), "queue.gz")
	if _, stderr, exit := output(t, "export", "--data", dir, file); exit != 0 || !strings.Contains(stderr, "1 records not sent yet, in 1 batches") || lines(t, file) != 1 {
		t.Fatalf("export: %d %q", exit, stderr)
	}
	if _, stderr, exit := output(t, "recover", "--data", dir); exit == 0 || !strings.Contains(stderr, "not damaged") {
		t.Fatalf("recovering what is whole: %d %q", exit, stderr)
	}
	path := filepath.Join(dir, "gate.db")
	b, err := os.ReadFile(path) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	clear(b[:200])
	if err := os.WriteFile(path, b, 0o600); err != nil { //nolint:gosec // the test's own
		t.Fatal(err)
	}
	if _, stderr, exit := output(t, "run", "--data", dir, "--headless"); exit == 0 || !strings.Contains(stderr, "damaged") || !strings.Contains(stderr, "gate recover") {
		t.Fatalf("starting on a damaged database: %d %q", exit, stderr)
	}
	if _, stderr, exit := output(t, "export", "--all", "--data", dir, file); exit != 0 || !strings.Contains(stderr, "1 records in all") || !strings.Contains(stderr, "gate recover") || lines(t, file) != 1 {
		t.Fatalf("export of a damaged database: %d %q", exit, stderr)
	}
	out, stderr, exit := output(t, "recover", "--data", dir)
	if exit != 0 || !strings.Contains(out, "Saved 1 records, 1 of them waiting") || !strings.Contains(out, "start the gate") {
		t.Fatalf("recover: %d %q %q", exit, out, stderr)
	}
	if _, stderr, exit := output(t, "recover", "--data", dir); exit == 0 || !strings.Contains(stderr, "not damaged") {
		t.Fatalf("recovering twice: %d %q", exit, stderr)
	}
	empty := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{{"recover", "--data", empty}, {"export", "--data", empty, file}} {
		if _, stderr, exit := output(t, args...); exit == 0 || !strings.Contains(stderr, "There is no gate") {
			t.Errorf("%v: %d %q", args, exit, stderr)
		}
	}
	if _, err := os.Stat(empty); err == nil {
		t.Error("a folder was made")
	}
}
