package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"gatehouse/internal/private"
)

// The variables by which the programs learn of their servers.
const (
	databaseVariable = "PARK_DATABASE_URL"
	redisVariable    = "PARK_REDIS_URL"
)

// servers are the PostgreSQL and the Redis that a site runs on: private ones,
// or those that were given and are left alone.
type servers struct {
	databaseURL string
	redisURL    string
	postgres    *private.Postgres // nil when given
	redis       *private.Redis    // nil when given
}

// startServers starts, side by side, each server whose URL is not given.
func startServers(ctx context.Context, databaseURL, redisURL string, o private.Options) (*servers, error) {
	s := &servers{databaseURL: databaseURL, redisURL: redisURL}
	group, groupCtx := errgroup.WithContext(ctx)
	if databaseURL == "" {
		group.Go(func() (err error) {
			if s.postgres, err = private.StartPostgres(groupCtx, o); err == nil {
				s.databaseURL = s.postgres.URL()
			}
			return err
		})
	}
	if redisURL == "" {
		group.Go(func() (err error) {
			o := private.RedisOptions{Databases: private.SharedRedisDatabases}
			if s.redis, err = private.StartRedis(groupCtx, o); err == nil {
				s.redisURL = s.redis.URL()
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// stop ends the private servers and leaves given ones alone.
func (s *servers) stop() error {
	var err error
	if s.redis != nil {
		err = s.redis.Stop()
	}
	if s.postgres != nil {
		err = errors.Join(err, s.postgres.Stop())
	}
	return err
}

type servicesCommand struct {
	Durable bool     `help:"Let PostgreSQL wait for the disk, as a real cloud does; without it commits may be lost with the machine."`
	Command []string `arg:"" passthrough:"" help:"The command to run, after --."`
}

// Run starts the servers, runs the command with their addresses in its
// environment and passes signals on to it. A test must never meet a real
// site's database: PARK_DATABASE_URL and PARK_REDIS_URL of the caller are not
// used, only PARK_TEST_DATABASE_URL and PARK_TEST_REDIS_URL are.
func (c *servicesCommand) Run(ctx context.Context) error {
	argv := c.Command
	if len(argv) > 0 && argv[0] == "--" {
		argv = argv[1:]
	}
	if len(argv) == 0 {
		return errors.New("name the command to run: parksim services -- COMMAND")
	}
	s, err := startServers(ctx, os.Getenv(private.TestDatabaseVariable), os.Getenv(private.TestRedisVariable),
		private.Options{Durable: c.Durable})
	if err != nil {
		return err
	}
	status, err := runWith(ctx, argv, s)
	if err = errors.Join(err, s.stop()); err != nil {
		return err
	}
	if status != 0 {
		return exit{status}
	}
	return nil
}

// runWith runs the command in our own process group, so that the keys of a
// terminal reach it, and returns its exit status.
func runWith(ctx context.Context, argv []string, s *servers) (int, error) {
	if ctx.Err() != nil {
		return 128 + int(syscall.SIGTERM), nil
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = s.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	done := make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // see private.startProcess
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		done <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return 0, fmt.Errorf("start %s: %w", argv[0], err)
	}
	for {
		select {
		case sig := <-signals:
			_ = cmd.Process.Signal(sig) // gone already is as good
		case err := <-done:
			return statusOf(cmd, err)
		}
	}
}

func statusOf(cmd *exec.Cmd, err error) (int, error) {
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return 0, fmt.Errorf("wait for %s: %w", cmd.Path, err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// environment is ours with the servers' addresses in place of whatever stood
// there.
func (s *servers) environment() []string {
	set := map[string]string{
		databaseVariable:             s.databaseURL,
		redisVariable:                s.redisURL,
		private.TestDatabaseVariable: s.databaseURL,
		private.TestRedisVariable:    s.redisURL,
	}
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if _, ours := set[strings.TrimSuffix(name, "_FILE")]; !ours {
			env = append(env, pair)
		}
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}
