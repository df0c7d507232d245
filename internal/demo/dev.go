package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"

	"gatehouse/internal/private"
)

type devCommand struct {
	NoConsole bool   `help:"Print what happens instead of opening the console, as when standard output is no terminal."`
	Gate      string `default:"N" help:"Code of the gate to start."`
	Seed      uint64 `default:"1" help:"Seed of the simulated drivers."`
}

// seeded is what 'cloud seed --json' prints. Users are named only by the call
// that made them: their passwords are kept nowhere.
type seeded struct {
	SiteCode string       `json:"site_code"`
	Users    []seededUser `json:"users"`
}

type seededUser struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	Password string `json:"password"`
}

// site is everything that one demonstration has started. What is nil was not
// started.
type site struct {
	command devCommand
	console bool
	folder  *private.Folder
	servers *servers
	run     *programs

	cloud    *program
	cloudURL string
	secret   string // of the simulated bank
	seed     seeded
	gate     *program
	gateAPI  *gateAPI
}

// Run starts the site and keeps it up until the console is left, a program
// fails or we are told to stop. PARK_DATABASE_URL and PARK_REDIS_URL, where
// given, are used and left running.
func (c *devCommand) Run(ctx context.Context) (err error) {
	s := &site{command: *c, console: !c.NoConsole && term.IsTerminal(os.Stdout.Fd()) && term.IsTerminal(os.Stdin.Fd())}
	defer func() {
		if told := ctx.Err(); told != nil && errors.Is(err, told) {
			err = nil // told to stop while starting: no failure
		}
		err = errors.Join(err, s.stop())
	}()
	if err := s.start(ctx); err != nil {
		return err
	}
	if s.console {
		return s.atConsole(ctx)
	}
	return s.inPrint(ctx)
}

// start brings everything up but the gate.
func (s *site) start(ctx context.Context) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the programs: %w", err)
	}
	if s.folder, err = private.NewFolder("demo"); err != nil {
		return err
	}
	s.say("Starting PostgreSQL and Redis ...")
	s.servers, err = startServers(ctx, os.Getenv(databaseVariable), os.Getenv(redisVariable), private.Options{Durable: true})
	if err != nil {
		return err
	}
	s.run = &programs{bin: filepath.Dir(self), dir: s.folder.Path(), env: s.servers.environment()}
	s.say("Starting the cloud ...")
	if err := s.run.ask(ctx, nil, "cloud", "migrate"); err != nil {
		return err
	}
	if err := s.run.ask(ctx, &s.seed, "cloud", "seed", "--json"); err != nil {
		return err
	}
	addrFile := filepath.Join(s.folder.Path(), "cloud.addr")
	secretFile, secret, err := bankSecret(s.folder.Path())
	if err != nil {
		return err
	}
	s.secret = secret
	s.cloud, err = s.run.start("cloud", "serve", "--listen", "127.0.0.1:0", "--addr-file", addrFile,
		"--photos", filepath.Join(s.folder.Path(), "photos"), "--sepay-secret-file", secretFile)
	if err != nil {
		return err
	}
	s.cloudURL, err = s.cloud.address(ctx, addrFile)
	return err
}

// stop ends what runs, in the order that loses nothing, and removes the files.
func (s *site) stop() error {
	var err error
	if s.gate != nil {
		err = s.gate.stop()
	}
	if s.cloud != nil {
		err = errors.Join(err, s.cloud.stop())
	}
	if s.servers != nil {
		err = errors.Join(err, s.servers.stop())
	}
	if s.folder != nil {
		err = errors.Join(err, s.folder.Remove())
	}
	return err
}

// atConsole opens the gate's console for its guard; drivers come to the lanes
// and wait to be served.
func (s *site) atConsole(ctx context.Context) error {
	s.announce(os.Stdout)
	if err := countdown(ctx, "The console opens in %d s (Enter: now). ", 5*time.Second); err != nil {
		return err
	}
	addrFile := filepath.Join(s.folder.Path(), "gate.addr")
	args, err := s.gateArguments(ctx, addrFile)
	if err != nil {
		return err
	}
	if s.gate, err = s.run.startAtTerminal("gate", args...); err != nil {
		return err
	}
	// The gate is not ready for drivers before its console is; that is no
	// reason to keep the guard waiting, nor to fail.
	driving, park := context.WithCancel(ctx)
	defer park()
	go func() {
		if api, err := s.connect(driving, addrFile); err == nil {
			go s.phones(api, io.Discard).run(driving)
			s.drivers(api, io.Discard, false).run(driving)
		}
	}()
	select {
	case <-ctx.Done():
		return nil
	case <-s.cloud.done:
		// The gate works on without it; the guard sees that on the banner.
		select {
		case <-ctx.Done():
			return nil
		case <-s.gate.done:
		}
	case <-s.gate.done:
	}
	if s.gate.err != nil {
		return fmt.Errorf("the gate ended: %w", s.gate.err)
	}
	return nil
}

// inPrint lets drivers come and go and prints a line for each IN and OUT.
func (s *site) inPrint(ctx context.Context) error {
	addrFile := filepath.Join(s.folder.Path(), "gate.addr")
	args, err := s.gateArguments(ctx, addrFile)
	if err != nil {
		return err
	}
	s.say("Starting gate %s ...", s.command.Gate)
	if s.gate, err = s.run.start("gate", append(args, "--headless")...); err != nil {
		return err
	}
	if s.gateAPI, err = s.connect(ctx, addrFile); err != nil {
		return err
	}
	s.announce(os.Stdout)
	driving, park := context.WithCancel(ctx)
	parked := make(chan struct{})
	go func() {
		defer close(parked)
		var paying sync.WaitGroup
		paying.Go(func() { s.phones(s.gateAPI, os.Stdout).run(driving) })
		s.drivers(s.gateAPI, os.Stdout, true).run(driving)
		paying.Wait()
	}()
	defer func() { park(); <-parked }()
	select {
	case <-ctx.Done():
		return nil
	case <-s.cloud.done:
		return s.cloud.failure()
	case <-s.gate.done:
		return s.gate.failure()
	}
}

func (s *site) drivers(api *gateAPI, out io.Writer, act bool) *drivers {
	return &drivers{
		gate: api, name: s.command.Gate, out: out, now: time.Now, act: act,
		rng: rand.New(rand.NewPCG(s.command.Seed, 0)),
	}
}

func (s *site) phones(api *gateAPI, out io.Writer) *phones {
	return &phones{
		gate: api, bank: newBank(func() string { return s.cloudURL }, s.secret), out: out,
		rng: rand.New(rand.NewPCG(s.command.Seed, 1)),
	}
}

// gateArguments are the arguments of 'gate run' for a gate that is enrolled
// at its start and has a guard signed in, if the passwords are known.
func (s *site) gateArguments(ctx context.Context, addrFile string) ([]string, error) {
	var enrolment struct {
		Code string `json:"code"`
	}
	err := s.run.ask(ctx, &enrolment, "cloud", "gate", "code",
		"--site", s.seed.SiteCode, "--gate", s.command.Gate, "--json")
	if err != nil {
		return nil, err
	}
	args := []string{
		"run", "--data", s.gateData(), "--cloud", s.cloudURL, "--code", enrolment.Code,
		"--listen", "127.0.0.1:0", "--addr-file", addrFile,
		"--camera", "1=sim:", "--camera", "2=sim:",
		"--vision", filepath.Join(s.run.bin, "vision"),
	}
	for _, u := range s.seed.Users {
		if u.Role != "guard" {
			continue
		}
		file := filepath.Join(s.folder.Path(), "guard.password")
		if err := os.WriteFile(file, []byte(u.Password+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("write the guard's password for the gate: %w", err)
		}
		return append(args, "--sign-in", u.Name, "--password-file", file), nil
	}
	return args, nil
}

func (s *site) gateData() string { return filepath.Join(s.folder.Path(), "gate") }

func (s *site) connect(ctx context.Context, addrFile string) (*gateAPI, error) {
	addr, err := s.gate.address(ctx, addrFile)
	if err != nil {
		return nil, err
	}
	return newGateAPI(addr, filepath.Join(s.gateData(), "local-token"))
}

// announce prints where the site is and how to sign in.
func (s *site) announce(out io.Writer) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe site %s is up.\n  Admin site  %s\n", strconv.Quote(s.seed.SiteCode), s.cloudURL)
	if len(s.seed.Users) == 0 {
		b.WriteString("  Sign in as before: this database was seeded earlier, its passwords were printed then.\n")
	} else {
		fmt.Fprintf(&b, "  Sign in at site %s as\n", strconv.Quote(s.seed.SiteCode))
	}
	for _, u := range s.seed.Users {
		fmt.Fprintf(&b, "    %-8s %-24s (%s)\n", u.Name, u.Password, u.Role)
	}
	b.WriteString("  Ctrl-C ends everything.\n\n")
	_, _ = io.WriteString(out, b.String())
}

// say prints a line of progress to standard error.
func (s *site) say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...)
}
