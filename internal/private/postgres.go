package private

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	databaseUser = "gatehouse"
	databaseName = "gatehouse"
	// startPatience bounds how long a server may take to answer.
	startPatience = 60 * time.Second
	// stopPatience bounds how long a clean end may take before the kill.
	stopPatience = 15 * time.Second
	probeEvery   = 10 * time.Millisecond
)

// Options say how a private PostgreSQL runs.
type Options struct {
	// Durable keeps fsync and synchronous commits on, as a real cloud has
	// them. Tests, whose databases die with them, leave it off.
	Durable bool
	// MaxConnections is PostgreSQL's max_connections; 0 means 200.
	MaxConnections int
}

// Postgres is a running private PostgreSQL server.
type Postgres struct {
	home   *home
	proc   *process
	socket string
	stop   sync.Once
	err    error
}

// StartPostgres makes a new, empty cluster with one database and starts a
// server on it. It returns when the server answers. Nobody but the server's
// user and root can connect, so no password is needed.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	cred, err := postgresUser()
	if err != nil {
		return nil, err
	}
	server, err := findPostgres("postgres")
	if err != nil {
		return nil, err
	}
	h, err := newHome("pg")
	if err != nil {
		return nil, err
	}
	p, err := startPostgresIn(ctx, h, server, cred, o)
	if err != nil {
		return nil, errors.Join(err, h.remove())
	}
	return p, nil
}

func startPostgresIn(ctx context.Context, h *home, server string, cred *syscall.Credential, o Options) (*Postgres, error) {
	data, err := h.folder("data", cred)
	if err != nil {
		return nil, err
	}
	socket, err := h.folder("s", cred)
	if err != nil {
		return nil, err
	}
	initdb := filepath.Join(filepath.Dir(server), "initdb")
	if err := makeCluster(ctx, initdb, data, cred); err != nil {
		return nil, err
	}
	// SIGQUIT is PostgreSQL's immediate end: nothing is waited for.
	proc, err := startProcess(postgresArgs(server, data, socket, o), cred, syscall.SIGQUIT)
	if err != nil {
		return nil, err
	}
	p := &Postgres{home: h, proc: proc, socket: socket}
	err = errors.Join(h.notePID(proc.cmd.Process.Pid), p.waitReady(ctx))
	if err == nil {
		err = p.createDatabase(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, proc.stop(syscall.SIGQUIT, stopPatience))
	}
	return p, nil
}

func makeCluster(ctx context.Context, initdb, data string, cred *syscall.Credential) error {
	cmd := exec.CommandContext(ctx, initdb,
		"--pgdata="+data, "--username="+databaseUser, "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	cmd.Dir = "/"
	cmd.Env = serverEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w; initdb said:\n%s", err, out)
	}
	return nil
}

func postgresArgs(server, data, socket string, o Options) []string {
	connections := o.MaxConnections
	if connections == 0 {
		connections = 200
	}
	args := []string{
		server, "-D", data,
		"-c", "listen_addresses=",
		"-c", "unix_socket_directories=" + socket,
		"-c", "max_connections=" + strconv.Itoa(connections),
		"-c", "timezone=UTC",
		"-c", "log_min_messages=warning",
		"-c", "logging_collector=off",
	}
	if !o.Durable {
		args = append(args,
			"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	return args
}

// URL is the connection string of the server's first database, in the form
// that pgx and libpq take. It holds no secret.
func (p *Postgres) URL() string { return p.urlOf(databaseName) }

func (p *Postgres) urlOf(database string) string {
	q := url.Values{"host": {p.socket}, "sslmode": {"disable"}}
	return "postgres://" + databaseUser + "@/" + database + "?" + q.Encode()
}

// Done is closed when the server has ended, by Stop or by itself.
func (p *Postgres) Done() <-chan struct{} { return p.proc.done }

// Stop ends the server, disconnecting whoever is connected, and removes its
// files. Calling it again does nothing and returns the same error.
func (p *Postgres) Stop() error {
	p.stop.Do(func() {
		// SIGINT is PostgreSQL's fast end: sessions are cut, files are closed.
		p.err = errors.Join(p.proc.stop(syscall.SIGINT, stopPatience), p.home.remove())
	})
	return p.err
}

func (p *Postgres) waitReady(ctx context.Context) error {
	return waitFor(ctx, p.proc, "PostgreSQL", func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.urlOf("postgres"))
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

func (p *Postgres) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.urlOf("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the new PostgreSQL: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+databaseName)
	if err != nil {
		err = fmt.Errorf("create the database: %w", err)
	}
	return errors.Join(err, conn.Close(ctx))
}

// waitFor tries probe until it succeeds, the server ends, or patience does.
func waitFor(ctx context.Context, proc *process, what string, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-proc.done:
			return proc.failure(what)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w (last try: %w)", what, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// postgresUser is the user that the server runs as: nil, meaning ourselves,
// unless we are root.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no user postgres (install the package postgresql): %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the id of the user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the group of the user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// findPostgres finds a program of PostgreSQL's server: the newest version
// that Debian has installed beside the path, else the one in PATH.
func findPostgres(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", name, err)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if len(found) > 0 {
		return found[0], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL server is installed (the package postgresql): %w", err)
	}
	return filepath.EvalSymlinks(path)
}
