package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/charmbracelet/x/term"

	"gatehouse/gate/setup"
)

type initCommand struct {
	Data       string            `required:"" type:"path" help:"Data folder of the gate; it is made where there is none."`
	Cloud      string            `help:"Address of the cloud."`
	Code       string            `help:"One-time code that enrols this gate."`
	Camera     map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Camera of a lane, as gate run takes it; - takes it away. May be repeated, and so may the others."`
	Barrier    map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Barrier of a lane."`
	Sensor     map[string]string `mapsep:"none" placeholder:"LANE/WHAT=SPEC" help:"Sensor of a lane; it is not asked for."`
	Reader     map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Card reader of a lane; it is not asked for."`
	Sign       map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Sign of a lane; it is not asked for."`
	Printer    map[string]string `mapsep:"none" placeholder:"LANE=SPEC" help:"Ticket printer of a lane."`
	Tickets    map[string]string `mapsep:"none" placeholder:"LANE=CLASSES" help:"Classes that get a ticket at a lane with a printer; not asked for."`
	Vision     string            `type:"path" help:"Program of the vision worker."`
	SSH        string            `name:"ssh" placeholder:"ADDR" help:"Address for consoles over SSH."`
	SSHAct     []string          `name:"ssh-act" placeholder:"ADDR" help:"From where they may act; not asked for."`
	Neighbours string            `placeholder:"ADDR" help:"Address for the site's other gates; not asked for."`
	Language   string            `enum:"vi,en," default:"" help:"Language of the questions, and of the console at the start."`
	NoAsk      bool              `help:"Ask nothing: take the flags and what is there, as without a terminal."`
	GoOn       bool              `help:"Where nothing is asked: write although something failed."`
}

// Help says what the command does, after its flags.
func (initCommand) Help() string {
	return `Asks for the address of the cloud and the enrolment code, tries the cloud, the cameras and the printers (a
test ticket comes out; no barrier is opened), and writes gate.yaml into the data folder, which gate run takes by
itself. What is given by a flag is not asked. Run again, it shows what is there and changes what is asked.

    gate init --data /var/lib/gatehouse
    gate init --data /var/lib/gatehouse --cloud https://parking.example.com --code ABCD-EFGH --camera 1=rtsp://… --no-ask`
}

// Run asks and writes.
func (c *initCommand) Run(ctx context.Context) error {
	cfg := setup.Config{
		Dir: c.Data, Code: c.Code, GoOn: c.GoOn, Lang: languageOf(c.Language), Vision: visionBeside(), Out: os.Stdout, Version: programVersion(),
		Given: setup.File{
			Cloud: c.Cloud, Camera: c.Camera, Barrier: c.Barrier, Sensor: c.Sensor, Reader: c.Reader, Sign: c.Sign, Printer: c.Printer,
			Tickets: c.Tickets, Vision: c.Vision, SSH: c.SSH, SSHAct: c.SSHAct, Neighbours: c.Neighbours, Language: c.Language,
		},
	}
	if !c.NoAsk && term.IsTerminal(os.Stdin.Fd()) {
		cfg.In = io.Reader(os.Stdin)
	}
	return setup.Run(ctx, cfg)
}

// languageOf is the language of questions: what was asked for, else the locale's.
func languageOf(asked string) string {
	if asked != "" {
		return asked
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "vi") {
				return "vi"
			}
			return "en"
		}
	}
	return "en"
}

// visionBeside is the vision worker's program beside this one, "" for none.
func visionBeside() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	path := filepath.Join(filepath.Dir(self), "vision")
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// runFile is what gate.yaml says to gate run. It is read when the flags are
// known, and refused when the command runs.
type runFile struct {
	read   bool
	values map[string]any
	err    error
}

// Resolve gives a flag of gate run its value of gate.yaml, where neither the
// command line nor a variable has one.
func (f *runFile) Resolve(k *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if parent.Command == nil || parent.Command.Name != "run" {
		return nil, nil //nolint:nilnil // says nothing
	}
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil //nolint:nilnil // says nothing
		}
	}
	if !f.read {
		f.read = true
		for _, other := range parent.Command.Flags {
			if dir, is := k.FlagValue(other).(string); is && other.Name == "data" && dir != "" {
				_, f.values, f.err = setup.Read(dir)
			}
		}
	}
	value, said := f.values[flag.Name]
	if !said {
		return nil, nil //nolint:nilnil // says nothing
	}
	return value, nil
}

// Validate is part of a resolver.
func (f *runFile) Validate(*kong.Application) error { return nil }
