package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// root of all private servers; short, because a Unix socket's path may
	// have no more than 107 bytes, and open to every user.
	homesRoot = "/tmp"
	// A finished home is named homePrefix + random; one that is still being
	// made has newPrefix, so that a sweep never meets a home without its lock.
	homePrefix = "gatehouse-"
	newPrefix  = ".gatehouse-new-"
	lockName   = "owner.lock"
	pidName    = "server.pid"
	// unfinishedAge is how long a home may take to be made before it counts
	// as left behind.
	unfinishedAge = 10 * time.Minute
)

// home is the directory of one private server. The owner holds an exclusive
// flock on the lock file in it for as long as it lives.
type home struct {
	dir  string
	lock *os.File
}

// held keeps every home of this process reachable until it is removed: the
// garbage collector would close a forgotten lock file, and with it the lock,
// under a server that is still in use.
var (
	heldMu sync.Mutex
	held   = map[*home]struct{}{}
)

// newHome sweeps what dead owners left and makes a fresh home.
func newHome(kind string) (*home, error) {
	sweep(homesRoot)
	dir, err := os.MkdirTemp(homesRoot, newPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a directory for %s: %w", kind, err)
	}
	h, err := lockHome(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	final := filepath.Join(homesRoot, homePrefix+kind+"-"+strings.TrimPrefix(filepath.Base(dir), newPrefix))
	// 0711: the user postgres must be able to pass through to its own folders.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above; nothing in it is readable
		return nil, errors.Join(fmt.Errorf("open %s: %w", dir, err), h.remove())
	}
	if err := os.Rename(dir, final); err != nil {
		return nil, errors.Join(fmt.Errorf("name %s: %w", dir, err), h.remove())
	}
	h.dir = final
	return h, nil
}

func lockHome(dir string) (*home, error) {
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the lock of %s: %w", dir, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), lock.Close())
	}
	h := &home{dir: dir, lock: lock}
	heldMu.Lock()
	defer heldMu.Unlock()
	held[h] = struct{}{}
	return h, nil
}

// folder makes a folder in the home that only the server's user can enter.
func (h *home) folder(name string, cred *syscall.Credential) (string, error) {
	path := filepath.Join(h.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("make %s: %w", path, err)
	}
	if cred != nil {
		if err := os.Chown(path, int(cred.Uid), int(cred.Gid)); err != nil {
			return "", fmt.Errorf("hand over %s: %w", path, err)
		}
	}
	return path, nil
}

// notePID writes down which process serves from this home, so that a sweep
// can end it should it have outlived its owner.
func (h *home) notePID(pid int) error {
	return os.WriteFile(filepath.Join(h.dir, pidName), fmt.Appendf(nil, "%d\n", pid), 0o600)
}

// remove deletes the home and lets its lock go.
func (h *home) remove() error {
	heldMu.Lock()
	delete(held, h)
	heldMu.Unlock()
	return errors.Join(os.RemoveAll(h.dir), h.lock.Close())
}

// sweep removes this user's homes under root whose owner is dead. It is a
// courtesy: whatever it cannot remove stays, and no start fails for it.
func sweep(root string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(root, e.Name())
		switch {
		case !e.IsDir() || !ownedByUs(e):
		case strings.HasPrefix(e.Name(), homePrefix):
			sweepHome(path)
		case strings.HasPrefix(e.Name(), newPrefix):
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > unfinishedAge {
				_ = os.RemoveAll(path)
			}
		}
	}
}

func sweepHome(dir string) {
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return // not one of ours
	}
	defer func() { _ = lock.Close() }()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return // its owner lives
	}
	endOrphan(dir)
	_ = os.RemoveAll(dir)
}

// endOrphan kills the server of a dead owner if it still runs. The kernel has
// normally ended it already. A pid alone proves nothing, it may be in use
// again: the command line must name the home.
func endOrphan(dir string) {
	raw, err := os.ReadFile(filepath.Join(dir, pidName))
	if err != nil {
		return
	}
	var pid int
	if _, err := fmt.Sscan(string(raw), &pid); err != nil || pid <= 1 {
		return
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !strings.Contains(string(cmdline), dir) {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if syscall.Kill(pid, 0) != nil {
			return
		}
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

func ownedByUs(e fs.DirEntry) bool {
	info, err := e.Info()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
