package private

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// RedisOptions say how a private Redis runs.
type RedisOptions struct {
	// Databases is how many numbered databases it has; 0 means 16.
	Databases int
}

// Redis is a private Redis server. Unlike Postgres it can be stopped and
// started again at the same address, for what happens when Redis is gone. It
// keeps nothing on disk: started again, it is empty.
type Redis struct {
	home      *home
	socket    string
	server    string
	databases int

	mu     sync.Mutex
	proc   *process // nil while stopped
	closed bool
}

// StartRedis starts a server and returns when it answers.
func StartRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("no Redis server is installed (the package redis-server): %w", err)
	}
	h, err := newHome("redis")
	if err != nil {
		return nil, err
	}
	folder, err := h.folder("s", nil)
	if err != nil {
		return nil, errors.Join(err, h.remove())
	}
	r := &Redis{home: h, socket: filepath.Join(folder, "redis.sock"), server: server, databases: o.Databases}
	if r.databases == 0 {
		r.databases = 16
	}
	if err := r.Start(ctx); err != nil {
		return nil, errors.Join(err, h.remove())
	}
	return r, nil
}

// URL is the server's address in the form that go-redis takes. It holds no
// secret and stays the same over Kill and Start.
func (r *Redis) URL() string { return r.urlOf(0) }

func (r *Redis) urlOf(database int) string {
	return "unix://" + r.socket + "?db=" + strconv.Itoa(database)
}

// Start starts the server again after Kill. It is an error to start it twice
// or after Stop.
func (r *Redis) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.proc != nil {
		return errors.New("this Redis is running already or was stopped for good")
	}
	proc, err := startProcess([]string{
		r.server,
		"--port", "0", "--unixsocket", r.socket, "--unixsocketperm", "700",
		"--dir", filepath.Dir(r.socket), "--save", "", "--appendonly", "no",
		"--databases", strconv.Itoa(r.databases), "--daemonize", "no", "--loglevel", "warning",
	}, nil, syscall.SIGKILL)
	if err != nil {
		return err
	}
	opts, err := redis.ParseURL(r.urlOf(0))
	if err == nil {
		client := redis.NewClient(opts)
		err = errors.Join(
			r.home.notePID(proc.cmd.Process.Pid),
			waitFor(ctx, proc, "Redis", func(ctx context.Context) error { return client.Ping(ctx).Err() }),
			client.Close())
	}
	if err != nil {
		return errors.Join(err, proc.stop(syscall.SIGKILL, stopPatience))
	}
	r.proc = proc
	return nil
}

// Kill ends the server at once, as a crash does, and keeps its address for
// Start. Killing a server that is down does nothing.
func (r *Redis) Kill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end(syscall.SIGKILL)
}

// Stop ends the server for good and removes its files. Calling it again does
// nothing.
func (r *Redis) Stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	return errors.Join(r.end(syscall.SIGTERM), r.home.remove())
}

func (r *Redis) end(sig syscall.Signal) error {
	if r.proc == nil {
		return nil
	}
	proc := r.proc
	r.proc = nil
	return proc.stop(sig, stopPatience)
}
