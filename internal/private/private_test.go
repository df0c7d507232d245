package private

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// ownerRole makes this test binary act as the owner of two servers, for the
// tests in which an owner dies.
const ownerRole = "GATEHOUSE_PRIVATE_TEST_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerRole) == "1" {
		actAsOwner()
	}
	os.Exit(m.Run())
}

// actAsOwner starts both servers, prints their processes and homes, and lives
// until it is killed.
func actAsOwner() {
	ctx := context.Background()
	pg, err := StartPostgres(ctx, Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	rd, err := StartRedis(ctx, RedisOptions{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println(pg.proc.cmd.Process.Pid, pg.home.dir)
	fmt.Println(rd.proc.cmd.Process.Pid, rd.home.dir)
	select {}
}

func TestPostgresAnswersAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{false, true} {
		p, err := StartPostgres(t.Context(), Options{Durable: durable})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), p.URL())
		if err != nil {
			t.Fatal(err)
		}
		var name, fsync, listen string
		err = conn.QueryRow(t.Context(),
			"SELECT current_database(), current_setting('fsync'), current_setting('listen_addresses')").
			Scan(&name, &fsync, &listen)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{true: "on", false: "off"}[durable]; name != databaseName || fsync != want || listen != "" {
			t.Errorf("database %q, fsync %q, listening on %q", name, fsync, listen)
		}
		// The open session must not hold up the end.
		if err := errors.Join(p.Stop(), p.Stop()); err != nil {
			t.Error(err)
		}
		_ = conn.Close(t.Context())
		mustBeGone(t, p.home.dir)
		mustEnd(t, p.proc.cmd.Process.Pid)
	}
}

func TestRedisComesBackEmptyAtTheSameAddress(t *testing.T) {
	t.Parallel()
	r, err := StartRedis(t.Context(), RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	opts, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.MaxRetries = -1
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Kill(), r.Kill()); err != nil {
		t.Fatal(err)
	}
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed Redis answers")
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("after the restart the key is %v, want none", err)
	}
	if err := r.Start(t.Context()); err == nil {
		t.Error("a running Redis was started again")
	}
	if err := errors.Join(r.Stop(), r.Stop()); err != nil {
		t.Error(err)
	}
	mustBeGone(t, r.home.dir)
	if err := r.Start(t.Context()); err == nil {
		t.Error("a stopped Redis was started again")
	}
}

func TestServersDieWithTheirOwner(t *testing.T) {
	t.Parallel()
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerRole+"=1")
	owner.Stderr = os.Stderr
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	pids, homes := readOwner(t, out)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // "signal: killed"
	for _, pid := range pids {
		mustEnd(t, pid)
	}
	// The next start cleans up what the killed owner left.
	r, err := StartRedis(t.Context(), RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Stop() }()
	for _, home := range homes {
		mustBeGone(t, home)
	}
}

func readOwner(t *testing.T, out io.Reader) (pids []int, homes []string) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() {
			t.Fatalf("the owner stopped early: %v", lines.Err())
		}
		var pid int
		var home string
		if _, err := fmt.Sscan(lines.Text(), &pid, &home); err != nil {
			t.Fatalf("the owner said %q", lines.Text())
		}
		pids, homes = append(pids, pid), append(homes, home)
	}
	return pids, homes
}

func TestSweepSparesTheLiving(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	home := func(name string) string {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	living, err := lockHome(home(homePrefix + "living"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = living.lock.Close() }()
	dead, err := lockHome(home(homePrefix + "dead"))
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.lock.Close(); err != nil {
		t.Fatal(err)
	}
	stranger := home(homePrefix + "no-lock-so-not-ours")
	making := home(newPrefix + "now")
	abandoned := home(newPrefix + "old")
	old := time.Now().Add(-2 * unfinishedAge)
	if err := os.Chtimes(abandoned, old, old); err != nil {
		t.Fatal(err)
	}
	sweep(root)
	for _, dir := range []string{living.dir, stranger, making} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("the sweep took %s: %v", dir, err)
		}
	}
	mustBeGone(t, dead.dir)
	mustBeGone(t, abandoned)
}

// The story: a test program kept only the URL of its PostgreSQL; the garbage
// collector closed the lock file, and the next program to start swept the
// living server away.
func TestAForgottenServerKeepsItsLock(t *testing.T) {
	t.Parallel()
	url, dir := forgottenRedis(t)
	for range 3 {
		runtime.GC()
	}
	sweep(homesRoot)
	opts, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("the forgotten server is gone: %v", err)
	}
	heldMu.Lock()
	defer heldMu.Unlock()
	for h := range held {
		if h.dir == dir {
			return
		}
	}
	t.Error("nobody holds the forgotten server's lock")
}

// forgottenRedis starts a server and keeps nothing of it but names.
func forgottenRedis(t *testing.T) (url, dir string) {
	t.Helper()
	r, err := StartRedis(t.Context(), RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.URL(), r.home.dir
}

func TestFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := StartPostgres(ctx, Options{}); err == nil {
		t.Error("PostgreSQL started under a cancelled context")
	}
	proc, err := startProcess([]string{"/bin/sh", "-c", "echo the reason >&2; exit 3"}, nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	err = waitFor(t.Context(), proc, "Redis", func(context.Context) error { return fs.ErrNotExist })
	if err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("the failure does not carry the server's words: %v", err)
	}
}

func mustBeGone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s was left behind (%v)", path, err)
	}
}

// mustEnd waits until no process has this pid; the caller's deadline is the
// test's own.
func mustEnd(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for running(pid) {
		select {
		case <-ctx.Done():
			t.Fatalf("process %d still runs", pid)
		case <-tick.C:
		}
	}
}

// running is false for a process that has ended, reaped or not: an orphan's
// remains wait for whatever reaps them.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}
