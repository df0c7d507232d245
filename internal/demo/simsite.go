package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/internal/demo/line"
	"gatehouse/internal/private"
)

// cloudPort is where the cloud listens in a network namespace of its own.
const cloudPort = "8080"

// startsAtOnce is how many gates are started side by side.
const startsAtOnce = 4

// simGate is one gate of a simulation with its line.
type simGate struct {
	*node
	code  string
	guard string
	data  string
	line  line.Line
	dial  func(ctx context.Context, network, address string) (net.Conn, error) // nil: as usual
	api   atomic.Pointer[gateAPI]                                              // nil while it does not run

	args []string                // of the program, without its one-time code
	lan  string                  // where neighbours reach it, "" for nowhere
	of   *simGate                // the gate whose second machine this is, nil for none
	twin atomic.Pointer[simGate] // its second machine

	trouble sync.Mutex // held while the line, or retired, is changed
	wrong   line.Trouble
	retired []string // data folders that an image has replaced
}

// change changes what is wrong with the gate's line.
func (g *simGate) change(how func(line.Trouble) line.Trouble) error {
	g.trouble.Lock()
	defer g.trouble.Unlock()
	t := how(g.wrong)
	if err := g.line.Set(t); err != nil {
		return err
	}
	g.wrong = t
	return nil
}

// simSite is everything that a simulation has started.
type simSite struct {
	folder  *private.Folder
	servers *servers
	run     *programs
	seed    seeded
	spaces  *line.Namespaces // nil without
	secret  string           // of the simulated bank
	file    string           // that holds it, for the cloud
	clouds  []*node
	gates   []*simGate
	say     func(format string, args ...any)

	twins    chan *simGate // second machines that drivers may come to
	backedUp atomic.Bool   // there is a backup of the cloud

	mu        sync.Mutex
	addresses map[string]string // of the replicas that run, by label
	dice      *rand.Rand
}

// openSite starts servers, cloud and gates, all lines good.
func openSite(ctx context.Context, c *simCommand, say func(string, ...any)) (s *simSite, err error) {
	s = &simSite{say: say, twins: make(chan *simGate, maxGates), addresses: map[string]string{}, dice: rand.New(rand.NewPCG(c.Seed, 3))}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.folder, err = private.NewFolder("sim"); err != nil {
		return s, err
	}
	self, err := os.Executable()
	if err != nil {
		return s, fmt.Errorf("find the programs: %w", err)
	}
	say("Starting PostgreSQL and Redis ...")
	s.servers, err = startServers(ctx, os.Getenv(databaseVariable), os.Getenv(redisVariable), private.Options{Durable: true})
	if err != nil {
		return s, err
	}
	s.run = &programs{bin: filepath.Dir(self), dir: s.folder.Path(), env: s.servers.environment()}
	if err := s.run.ask(ctx, nil, "cloud", "migrate"); err != nil {
		return s, err
	}
	if err := s.run.ask(ctx, &s.seed, "cloud", "seed", "--json", "--gates", strconv.Itoa(c.Gates)); err != nil {
		return s, err
	}
	if len(s.seed.Users) == 0 {
		return s, fmt.Errorf("the database in %s has a site already; a simulation needs an empty one, so that its books hold only what its drivers did", databaseVariable)
	}
	if s.file, s.secret, err = bankSecret(s.folder.Path()); err != nil {
		return s, err
	}
	if c.Namespaces {
		if s.spaces, err = line.NewNamespaces(ctx, c.Gates); err != nil {
			return s, err
		}
	}
	say("Starting the cloud ...")
	for i := range c.Clouds {
		if err := s.addCloud(ctx, i); err != nil {
			return s, err
		}
	}
	codes := gateCodes(c.Gates)
	say("Starting the gates %s ...", strings.Join(codes, ", "))
	return s, s.startGates(ctx, c, codes)
}

// machines are all gates and their second machines.
func (s *simSite) machines() []*simGate {
	all := slices.Clone(s.gates)
	for _, g := range s.gates {
		if twin := g.twin.Load(); twin != nil {
			all = append(all, twin)
		}
	}
	return all
}

// startGates starts all gates, as many at a time as passwords may be hashed:
// each start enrols a gate and signs a guard in.
func (s *simSite) startGates(ctx context.Context, c *simCommand, codes []string) error {
	for i, code := range codes {
		g, err := s.newGate(c, i, code)
		if err != nil {
			return err
		}
		s.gates = append(s.gates, g)
		if c.Neighbours {
			if g.lan, err = freePort(ctx); err != nil {
				return err
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(startsAtOnce)
	for i, g := range s.gates {
		group.Go(func() error { return s.startGate(ctx, i, g) })
	}
	return group.Wait()
}

func (s *simSite) addCloud(ctx context.Context, i int) error {
	label := "cloud" + strconv.Itoa(i+1)
	listen, before := "127.0.0.1:0", []string(nil)
	if s.spaces != nil {
		listen, before = net.JoinHostPort(s.spaces.CloudIP(), cloudPort), s.spaces.InCloud()
	}
	n := &node{label: label, addrFile: filepath.Join(s.folder.Path(), label+".addr")}
	n.start = func(bool) (*program, error) {
		return s.run.startAs(label, before, "cloud", "serve", "--listen", listen, "--addr-file", n.addrFile,
			"--photos", filepath.Join(s.folder.Path(), "photos"), "--log-level", "warn", "--sepay-secret-file", s.file)
	}
	n.ready = func(address string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if address == "" {
			delete(s.addresses, label)
		} else {
			s.addresses[label] = address
		}
		return nil
	}
	s.clouds = append(s.clouds, n)
	return n.up(ctx)
}

// replica is the address of a replica that runs, any of them; "" for none.
func (s *simSite) replica() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var up []string
	for _, n := range s.clouds { // in their order: a map's is not the seed's
		if address := s.addresses[n.label]; address != "" {
			up = append(up, address)
		}
	}
	if len(up) == 0 {
		return ""
	}
	return up[s.dice.IntN(len(up))]
}

// newGate makes a gate with its line; it does not run yet.
func (s *simSite) newGate(c *simCommand, i int, code string) (*simGate, error) {
	label := "gate-" + code
	g := &simGate{
		code: code, data: filepath.Join(s.folder.Path(), label),
		node: &node{label: label, addrFile: filepath.Join(s.folder.Path(), label+".addr")},
	}
	if s.spaces != nil {
		g.dial = s.spaces.DialGate(i)
		g.line = s.spaces.Line(i, "http://"+net.JoinHostPort(s.spaces.CloudIP(), cloudPort))
		return g, nil
	}
	proxy, err := line.NewProxy(c.Seed+uint64(i), s.replica)
	g.line = proxy
	return g, err
}

// startGate enrols a gate, starts it and signs its guard in.
func (s *simSite) startGate(ctx context.Context, i int, g *simGate) error {
	var before []string
	if s.spaces != nil {
		before = s.spaces.InGate(i)
	}
	args, err := s.gateArguments(ctx, i, g)
	if err != nil {
		return err
	}
	g.args = args[:len(args)-2]
	g.start = func(first bool) (*program, error) {
		if first {
			return s.run.startAs(g.label, before, "gate", args...)
		}
		return s.run.startAs(g.label, before, "gate", g.args...) // its code is used up
	}
	g.ready = g.listens
	if err := g.up(ctx); err != nil {
		return err
	}
	return g.signedIn(ctx)
}

// listens takes in where the gate's local API is, "" when it is gone.
func (g *simGate) listens(address string) error {
	if address == "" {
		g.api.Store(nil)
		return nil
	}
	api, err := newGateAPI(address, filepath.Join(g.data, "local-token"))
	if err != nil {
		return err
	}
	if g.dial != nil {
		api.http.Transport = &http.Transport{DialContext: g.dial}
	}
	g.api.Store(api)
	return nil
}

// anyPort lets the system choose a port of this machine.
const anyPort = "127.0.0.1:0"

// freePort is a port that nobody has: a gate comes back at the same one.
func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", anyPort)
	if err != nil {
		return "", fmt.Errorf("find a port for neighbours: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// neighbours are the arguments that make a gate one of those that reach each
// other.
func (s *simSite) neighbours(g *simGate) []string {
	if g.lan == "" {
		return nil
	}
	args := []string{"--neighbours", g.lan}
	for _, o := range s.gates {
		if o != g {
			args = append(args, "--neighbour", o.code+"="+o.lan)
		}
	}
	return args
}

// isCut says whether the internet is cut: no gate reaches the cloud.
func (s *simSite) isCut() bool {
	for _, g := range s.machines() {
		g.trouble.Lock()
		cut := g.wrong.CutIn && g.wrong.CutOut
		g.trouble.Unlock()
		if !cut {
			return false
		}
	}
	return true
}

// signedIn waits until the guard is signed in. A guard whom the gate has never
// seen needs the cloud for that, so nothing may go wrong before.
func (g *simGate) signedIn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	for {
		if err := g.died(); err != nil {
			return err
		}
		if api := g.api.Load(); api != nil {
			if st, err := api.status(ctx); err == nil && st.Guard != nil {
				return nil
			}
		}
		if !sleep(ctx, lookEvery) {
			return fmt.Errorf("nobody is signed in at gate %s: %w", g.code, ctx.Err())
		}
	}
}

// gateArguments are those of 'gate run'; the one-time code and its flag stand
// last.
func (s *simSite) gateArguments(ctx context.Context, i int, g *simGate) ([]string, error) {
	var enrolment struct {
		Code string `json:"code"`
	}
	err := s.run.ask(ctx, &enrolment, "cloud", "gate", "code", "--site", s.seed.SiteCode, "--gate", g.code, "--json")
	if err != nil {
		return nil, err
	}
	var guards []seededUser
	for _, u := range s.seed.Users {
		if u.Role == "guard" {
			guards = append(guards, u)
		}
	}
	if len(guards) == 0 {
		return nil, errors.New("the seeded site has no guard")
	}
	guard := guards[i%len(guards)]
	g.guard = guard.Name
	file := filepath.Join(s.folder.Path(), g.label+".password")
	if err := os.WriteFile(file, []byte(guard.Password+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the guard's password for the gate: %w", err)
	}
	args := []string{
		"run", "--headless", "--data", g.data, "--cloud", g.line.URL(), "--listen", anyPort, "--addr-file", g.addrFile,
		"--barrier", "1=sim:", "--barrier", "2=sim:", "--sign-in", guard.Name, "--password-file", file,
	}
	return append(append(args, s.neighbours(g)...), "--code", enrolment.Code), nil
}

// heal makes every line good and starts whatever was killed.
func (s *simSite) heal(ctx context.Context) error {
	var err error
	for _, g := range s.machines() {
		err = errors.Join(err, g.change(func(line.Trouble) line.Trouble { return line.Trouble{} }))
	}
	for _, n := range s.nodes() {
		err = errors.Join(err, n.up(ctx))
	}
	return err
}

// nodes are the cloud's replicas and then the gates.
func (s *simSite) nodes() []*node {
	all := append([]*node{}, s.clouds...)
	for _, g := range s.machines() {
		all = append(all, g.node)
	}
	return all
}

// died is the first program that ended by itself, nil if none has.
func (s *simSite) died() error {
	for _, n := range s.nodes() {
		if err := n.died(); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything, gates first.
func (s *simSite) close() error {
	var err error
	var ending sync.WaitGroup
	machines := s.machines()
	errs := make([]error, len(machines))
	for i, g := range machines {
		ending.Go(func() { errs[i] = g.down() })
	}
	ending.Wait()
	err = errors.Join(errs...)
	for _, g := range machines {
		err = errors.Join(err, g.line.Close())
	}
	for _, n := range s.clouds {
		err = errors.Join(err, n.down())
	}
	if s.spaces != nil {
		err = errors.Join(err, s.spaces.Close())
	}
	if s.servers != nil {
		err = errors.Join(err, s.servers.stop())
	}
	if s.folder != nil {
		err = errors.Join(err, s.folder.Remove())
	}
	return err
}

// cloudClient speaks to the cloud as a browser in its network would.
func (s *simSite) cloudClient() *http.Client {
	client := &http.Client{Timeout: 10 * time.Second}
	if s.spaces != nil {
		client.Transport = &http.Transport{DialContext: s.spaces.DialCloud}
	}
	return client
}

// gateCodes are the codes of the seeded site's first n gates: N, S, E, W, then
// N2, S2 and so on outwards.
func gateCodes(n int) []string {
	var out []string
	for i := range n {
		code := []string{"N", "S", "E", "W"}[i%4]
		if ring := i / 4; ring > 0 {
			code += strconv.Itoa(ring + 1)
		}
		out = append(out, code)
	}
	return out
}
