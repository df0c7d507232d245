package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/gate/tui"
	"gatehouse/parking"
)

type runCommand struct {
	Data         string            `required:"" type:"path" help:"Data folder of the gate."`
	Cloud        string            `help:"Address of the cloud; needed at the first start."`
	Code         string            `help:"One-time code that enrols this gate at its first start."`
	Listen       string            `default:"127.0.0.1:0" help:"Address of the local API; - for none."`
	ListenOpen   bool              `help:"Allow an address of the local API that other machines can reach."`
	SSH          string            `name:"ssh" placeholder:"ADDR" help:"Address at which guards reach consoles of this gate over SSH, like 0.0.0.0:2222; none if not given."`
	SSHAct       []string          `name:"ssh-act" placeholder:"ADDR" help:"Address or network, like 192.168.1.0/24, from which a console over SSH may act; from elsewhere it only looks. This machine if not given. May be repeated."`
	AddrFile     string            `type:"path" help:"Write the local API's address to this file once it listens."`
	Keys         string            `type:"path" placeholder:"FILE" help:"Keys of the console (gate keys prints them); keys.yaml of the data folder, where it is, if not given."`
	Headless     bool              `help:"No console: print a line for each vehicle."`
	Neighbours   string            `placeholder:"ADDR" help:"Address at which the site's other gates reach this one over the local network, like 0.0.0.0:7600; none if not given."`
	Neighbour    map[string]string `mapsep:"none" placeholder:"CODE=HOST:PORT" help:"Address of another gate. May be repeated."`
	NoDiscovery  bool              `help:"With --neighbours: do not look for other gates on the local network, and do not be found."`
	Camera       map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Camera of a lane, up to four by role (1=, 1/face=, 1/overview=, 1/overview2=): rtsp://…, http://… (snapshot or MJPEG), v4l2:/dev/video0, video:/path, folder:/path or sim:; behind #: rotate=90&crop=x,y,w,h. May be repeated."`
	Barrier      map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Barrier of a lane: sim:, none:, or the http or modbus address of a relay. May be repeated."`
	Sensor       map[string]string `mapsep:"none" placeholder:"LANE/WHAT=SPEC" help:"Sensor of a lane, what is arrival, passage or contact: sim:, api:, motion:, or an http or modbus address. May be repeated."`
	Reader       map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Card reader of a lane: sim:, tcp:HOST:PORT, serial:/dev/…?baud=9600 or evdev:/dev/input/…. May be repeated."`
	Sign         map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Sign of a lane that drivers see: sim:, tcp:HOST:PORT or an http address. May be repeated."`
	Printer      map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Ticket printer of a lane that leads in: sim:, tcp:HOST:PORT or file:/dev/…. May be repeated."`
	Tickets      map[string]string `mapsep:"none" placeholder:"LANE=CLASSES" help:"Classes that get a ticket at a lane with a printer, with commas, or none; all if not given. May be repeated."`
	Vision       string            `type:"path" help:"Program of the vision worker."`
	PhotosGB     int64             `name:"photos-gb" default:"20" help:"How much of the disk photos may take, in GB; a gigabyte is always left to the records."`
	SignIn       string            `placeholder:"USER" help:"Sign this guard in at the start."`
	PasswordFile string            `type:"path" help:"File with that guard's password."`
	Language     string            `enum:"vi,en," default:"" help:"Language of the console at the start: vi or en; if not given, the one that was last chosen there, else the site's."`
}

// Run runs the gate until it is told to end.
func (c *runCommand) Run(ctx context.Context, file *runFile) error {
	if file.err != nil {
		return file.err
	}
	if (c.SignIn == "") != (c.PasswordFile == "") {
		return parking.Errorf(parking.Invalid, "--sign-in and --password-file belong together.")
	}
	if c.PhotosGB < 1 || c.PhotosGB > 1<<20 {
		return parking.Errorf(parking.Invalid, "--photos-gb must be at least 1.")
	}
	if c.Listen == "-" {
		c.Listen = ""
	}
	keys, err := keyMap(c.Keys, c.Data)
	if err != nil {
		return err
	}
	node, err := gate.Open(ctx, gate.Config{
		DataDir: c.Data, CloudURL: c.Cloud, Code: c.Code, VisionPath: c.Vision,
		Cameras: c.Camera, Barriers: c.Barrier, Sensors: c.Sensor, Readers: c.Reader, Signs: c.Sign, Printers: c.Printer, Tickets: c.Tickets,
		Listen: c.Listen, ListenOpen: c.ListenOpen, Version: programVersion(), PhotoLimit: c.PhotosGB << 30, Built: programBuilt(),
		SSH: c.SSH, SSHAct: c.SSHAct, Keys: keys,
		NeighbourListen: c.Neighbours, Neighbours: c.Neighbour, Discover: c.Neighbours != "" && !c.NoDiscovery,
	})
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, node, keys), node.Close())
}

func (c *runCommand) serve(ctx context.Context, node *gate.Node, keys settings.Keys) error {
	if c.AddrFile != "" {
		if err := writeWhole(c.AddrFile, "http://"+node.LocalAddr()+"\n"); err != nil {
			return err
		}
	}
	if c.SSH != "" {
		fmt.Fprintf(os.Stderr, "consoles at %s, host key %s\n", node.SSHAddr(), node.SSHFingerprint())
	}
	headless := c.Headless || !term.IsTerminal(os.Stdout.Fd()) || !term.IsTerminal(os.Stdin.Fd())
	if c.SignIn != "" {
		if err := c.signIn(ctx, node); err != nil && headless {
			return err
		} // the console asks for it again
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	screen := make(chan error, 1)
	go func() {
		defer cancel() // leaving the console ends the gate
		if headless {
			screen <- report(ctx, node, os.Stdout)
			return
		}
		console := node.Desk().Console()
		defer console.Close()
		own := node.Settings().Local()
		screen <- tui.Run(ctx, console, tui.Options{Language: c.Language, Settings: &own, Keep: node.Settings().KeepLocal, Keys: keys})
	}()
	err := node.Run(ctx)
	cancel()
	return errors.Join(err, <-screen)
}

// signInWait is how long a sign-in at the start waits for the line: a guard
// who was never here can only be signed in by the cloud.
const signInWait = 5 * time.Second

func (c *runCommand) signIn(ctx context.Context, node *gate.Node) error {
	password, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return parking.Errorf(parking.Invalid, "The password file %s cannot be read.", c.PasswordFile)
	}
	changed, stop := node.Desk().Changed()
	defer stop()
	timer := time.NewTimer(signInWait)
	defer timer.Stop()
	for waiting := true; waiting && node.Link().State == lane.Offline; {
		select {
		case <-changed:
		case <-timer.C:
			waiting = false
		case <-ctx.Done():
			return nil
		}
	}
	return node.Desk().SignIn(ctx, c.SignIn, strings.TrimRight(string(password), "\r\n"))
}

// writeWhole writes a file that another program waits for: whole or not at all.
func writeWhole(path, text string) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
