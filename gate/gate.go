// Package gate is one gate node: it wires the store, the state, the uplink,
// the cameras, the vision worker, the desk and the local API together. The
// whole node starts inside a test as it does in the program.
package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/clock"
	"gatehouse/gate/lane"
	"gatehouse/gate/localapi"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/settings"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/uplink"
	"gatehouse/parking"
	"gatehouse/vision"
)

// AddressFile is the file in the data folder that holds the local API's
// address while the gate runs.
const AddressFile = "local-address"

// DefaultFirstWait is how long a first start waits for the site's state.
const DefaultFirstWait = 30 * time.Second

// Config is what a Node is made of. Only DataDir is always needed; CloudURL
// and Code at the first start.
type Config struct {
	DataDir    string
	CloudURL   string            // "" takes the one that the gate was enrolled at
	Code       string            // one-time code; used when the gate is not enrolled yet
	Cameras    map[string]string // specs by lane and role (camera.Open): "1", "1/face"
	Barriers   map[string]string // specs by lane (device.OpenBarrier)
	Sensors    map[string]string // specs by lane and what they tell (device.OpenSensor): "1/arrival"
	Readers    map[string]string // specs by lane (device.OpenReader)
	Signs      map[string]string // specs by lane (device.OpenSign)
	Printers   map[string]string // specs by lane (device.OpenPrinter)
	Tickets    map[string]string // by lane with a printer: classes that get a ticket, with commas; "none"
	VisionPath string            // program of the vision worker; "" for none
	Listen     string            // of the local API; "" for none
	ListenOpen bool              // Listen may be reached from other machines
	SSH        string            // where guards reach consoles over SSH; "" for nowhere
	SSHAct     []string          // addresses and networks from which they may act; nil: this machine
	Keys       settings.Keys     // of consoles over SSH; nil: the usual ones
	Version    string            // of the program
	PhotoLimit int64             // bytes that photos may take; 0 means store.DefaultPhotoLimit
	Built      time.Time         // when the program was built; zero when that is not known
	FirstWait  time.Duration     // 0 means DefaultFirstWait
	Log        *slog.Logger      // nil: gate.log in DataDir
	// Wall and Mono are the machine's clocks, for tests that move them in
	// process; nil for the real ones. Both or neither. Boot names the boot in
	// which Mono counts; "" for one that never ends.
	Wall func() time.Time
	Mono func() time.Duration
	Boot string
	// Disk measures a folder's disk, for tests with a disk of their own; nil for
	// the machine's.
	Disk func(dir string) (free, size int64, err error)
	// NeighbourListen is where neighbours reach this gate, "" for nowhere;
	// Neighbours are addresses of others by gate; Discover looks for them on the
	// local network, and lets this gate be found. Without any of the three there is
	// no link between gates.
	NeighbourListen string
	Neighbours      map[string]string
	Discover        bool
	// NeighbourTiming is that link's; the zero value is right. NeighbourDial and
	// NeighbourListenOn are its network, for tests that bring their own.
	NeighbourTiming   neighbour.Timing
	NeighbourDial     func(ctx context.Context, network, address string) (net.Conn, error)
	NeighbourListenOn func(ctx context.Context, network, address string) (net.Listener, error)
	// Timing is the uplink's; the zero value is right.
	Timing uplink.Timing
	Alive  time.Duration // before a sign of life (state.Config); 0 is right
	// Dial connects to the cloud, for tests that bring their own network; nil
	// for the machine's.
	Dial uplink.Dial
}

// Node is a running gate.
type Node struct {
	cfg      Config
	log      *slog.Logger
	logFile  *os.File
	store    *store.Store
	state    *state.State
	vision   *vision.Client
	uplink   *uplink.Uplink
	others   *neighbour.Neighbours // nil for no link between gates
	desk     *lane.Desk
	listener net.Listener
	consoles consoles
	settings *settings.File
	taken    takeover

	camerasMu sync.Mutex
	cameras   []camera.Source // every one that was opened, to be closed

	stop   context.CancelFunc
	parts  sync.WaitGroup
	failed chan error // the first part that ended by itself

	closing sync.Once
	closed  error
}

// Open starts a gate. The first start enrols it with the code and waits,
// bounded, for the site's state; later ones need no cloud. Its errors carry a
// sentence. ctx is for starting only; Close ends the node.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.FirstWait == 0 {
		cfg.FirstWait = DefaultFirstWait
	}
	n := &Node{cfg: cfg, failed: make(chan error, 8)}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	var err error
	if err = os.MkdirAll(n.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The data folder %s cannot be made.", n.cfg.DataDir), err)
	}
	if n.log, n.logFile, err = openLog(n.cfg.DataDir, n.cfg.Log); err != nil {
		return err
	}
	if n.store, err = store.Open(ctx, n.cfg.DataDir, store.Options{Log: n.log, PhotoLimit: n.cfg.PhotoLimit, Disk: n.cfg.Disk}); err != nil {
		return err
	}
	if n.settings, err = settings.Open(n.cfg.DataDir); err != nil {
		n.log.Warn("the settings of consoles were not read", "error", err)
	}
	id, err := n.identity(ctx)
	if err != nil {
		return err
	}
	n.state, err = state.Open(ctx, state.Config{Store: n.store, Clock: n.clock(), Version: n.cfg.Version, Built: n.cfg.Built, Log: n.log, Alive: n.cfg.Alive})
	if err != nil {
		return err
	}
	n.uplink, err = uplink.New(uplink.Config{State: n.state, Identity: id, Version: n.cfg.Version, Log: n.log, Timing: n.cfg.Timing, Dial: n.cfg.Dial})
	if err != nil {
		return err
	}
	var running context.Context
	running, n.stop = context.WithCancel(context.WithoutCancel(ctx))
	n.start("uplink", running, n.uplink.Run)
	n.start("signs of life", running, n.state.KeepAlive)
	if err := n.firstSnapshot(ctx); err != nil {
		return err
	}
	if err := n.openNeighbours(ctx, running, id); err != nil {
		return err
	}
	return n.openLanes(ctx, running)
}

// identity is who the gate is, after enrolling where that is still to be done.
func (n *Node) identity(ctx context.Context) (store.Identity, error) {
	id, err := n.store.Identity()
	if parking.ErrorCode(err) == parking.NotFound && n.cfg.Code != "" {
		id, err = uplink.Enrol(ctx, n.store, n.cfg.CloudURL, n.cfg.Code, n.cfg.Version)
	}
	if err != nil {
		return store.Identity{}, err
	}
	if n.cfg.CloudURL != "" {
		id.CloudURL = n.cfg.CloudURL
	}
	return id, nil
}

func (n *Node) clock() *clock.Clock {
	if n.cfg.Wall == nil || n.cfg.Mono == nil {
		return clock.System()
	}
	return clock.New(n.cfg.Wall, n.cfg.Mono, cmp.Or(n.cfg.Boot, "injected"))
}

// firstSnapshot waits until the gate knows its site; one that does returns at
// once.
func (n *Node) firstSnapshot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.FirstWait)
	defer cancel()
	changed, stop := n.state.Changed()
	defer stop()
	for !n.state.Site().Ready {
		select {
		case <-changed:
		case <-ctx.Done():
			why := n.uplink.Link().Why
			if why == "" {
				why = "It has not sent the site's lanes and slots."
			}
			return parking.Errorf(parking.Unavailable,
				"This gate has not been told about its site yet, and needs the cloud for its first start. %s", why)
		}
	}
	return nil
}

// openLanes opens what stands at the lanes, the desk and the local API.
func (n *Node) openLanes(ctx, running context.Context) error {
	cfg := lane.Config{
		Gate: n.state.Gate(), State: n.state, Now: n.state.Clock().Now, Notes: n.store, Log: n.log,
		Plans: plans{n.uplink}, Link: n.link, LinkChanged: n.uplink.Changed, SignIn: n.signIn,
	}
	if n.others != nil {
		cfg.Neighbours, cfg.NeighboursChanged = n.neighbours, n.others.Changed
	}
	devices, err := n.openDevices(n.cfg.devices())
	if err != nil {
		return err
	}
	id, err := n.store.Identity()
	if err != nil {
		return err
	}
	n.taken.running, n.taken.readers, n.taken.seen = running, map[string]readers{}, map[string]sighting{}
	n.openTaken(&devices)
	cfg.Key, cfg.TakenLanes = id.PrivateKey, n.takenLanes
	cfg.Cameras, cfg.Barriers, cfg.Sensors = devices.Cameras, devices.Barriers, devices.Sensors
	cfg.Signs, cfg.Printers, cfg.Tickets = devices.Signs, devices.Printers, devices.Tickets
	if n.cfg.VisionPath != "" {
		n.vision = vision.NewClient(vision.Config{Path: n.cfg.VisionPath, Log: n.log})
		cfg.Vision, cfg.VisionState = n.vision, n.visionState
	}
	if n.desk, err = lane.New(ctx, cfg); err != nil {
		return err
	}
	n.uplink.SetLoans(n.desk)
	if n.others != nil {
		n.others.SetLoans(n.desk)
	}
	n.start("desk", running, n.desk.Run)
	for code, reader := range devices.readers {
		n.start("card reader of lane "+code, running, func(ctx context.Context) error {
			n.desk.ReadCards(ctx, code, reader)
			return nil
		})
	}
	for _, o := range n.taken.opened {
		n.runReaders(o.gate, o.equipment)
	}
	n.start("look at other gates", running, n.watchOthers)
	if err := n.openConsoles(ctx, running); err != nil {
		return err
	}
	return n.openAPI(ctx, running)
}

// openAPI opens the local API, where there is to be one.
func (n *Node) openAPI(ctx, running context.Context) error {
	if n.cfg.Listen == "" {
		return nil
	}
	token, err := localapi.Token(n.cfg.DataDir)
	if err != nil {
		return err
	}
	if n.listener, err = localapi.Listen(ctx, n.cfg.Listen, n.cfg.ListenOpen); err != nil {
		return err
	}
	handler := localapi.New(localapi.Config{Desk: n.desk, Lanes: n, Token: token, Version: n.cfg.Version, Log: n.log})
	n.start("local API", running, func(ctx context.Context) error { return localapi.Serve(ctx, n.listener, handler, n.log) })
	if err := os.WriteFile(n.addressPath(), []byte(n.LocalAddr()+"\n"), 0o600); err != nil {
		n.log.Warn("the local API's address was not written down", "error", err)
	}
	n.log.Info("gate started", "gate", n.state.Gate(), "listen", n.LocalAddr(), "version", n.cfg.Version)
	return nil
}

// start runs a part until the node is closed; a part that ends before is a
// failure of the node.
func (n *Node) start(name string, ctx context.Context, run func(context.Context) error) { //nolint:revive // the name goes first in a log
	n.parts.Go(func() {
		err := run(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		n.log.Error("a part of the gate ended", "part", name, "error", err)
		select {
		case n.failed <- fmt.Errorf("%s: %w", name, err):
		default: // one is enough
		}
	})
}

// Run waits until ctx ends, which is no error, or a part of the node fails.
func (n *Node) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-n.failed:
		return err
	}
}

// Desk is the gate's desk, for screens.
func (n *Node) Desk() *lane.Desk { return n.desk }

// Settings are those of the gate's consoles.
func (n *Node) Settings() *settings.File { return n.settings }

// State is what the gate knows.
func (n *Node) State() *state.State { return n.state }

// Link is the state of the link to the cloud.
func (n *Node) Link() lane.Link { return n.link() }

// LocalAddr is the address of the local API, "" without one.
func (n *Node) LocalAddr() string {
	if n.listener == nil {
		return ""
	}
	return n.listener.Addr().String()
}

func (n *Node) addressPath() string { return filepath.Join(n.cfg.DataDir, AddressFile) }

// Close ends the node: the API first, then lanes and link, the disk last. A
// second call returns what the first did.
func (n *Node) Close() error {
	n.closing.Do(func() { n.closed = n.close() })
	return n.closed
}

func (n *Node) close() error {
	var errs []error
	if n.stop != nil {
		n.stop()
	}
	n.parts.Wait()
	if n.desk != nil {
		n.desk.Close()
	}
	if n.listener != nil {
		_ = os.Remove(n.addressPath()) // a stale one only makes status ask in vain
	}
	errs = append(errs, n.closeCameras())
	if n.vision != nil {
		errs = append(errs, n.vision.Close())
	}
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	if n.logFile != nil {
		errs = append(errs, n.logFile.Close())
	}
	return errors.Join(errs...)
}
