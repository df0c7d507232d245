package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"gatehouse/gate/lane"
)

type takeCommand struct {
	Data    string            `required:"" type:"path" help:"Data folder of this gate, which runs."`
	Gate    string            `arg:"" help:"Code of the gate whose machine is dead."`
	Lane    []string          `env:"-" placeholder:"LANE" help:"Take only this lane (N/1). May be repeated; all of them if not given."`
	Back    bool              `env:"-" help:"Give the lanes back: the other gate works again."`
	Force   bool              `env:"-" help:"Take over although the other gate may be at work; with --back, although a vehicle stands there."`
	Camera  map[string]string `env:"-" mapsep:"none" placeholder:"LANE=SPEC" help:"Camera of a lane (N/1=, N/1/face=, N/1/overview=), as gate run takes it, where it was not heard of the other gate, or is another now. May be repeated, and so may the others."`
	Barrier map[string]string `env:"-" mapsep:"none" placeholder:"LANE=SPEC" help:"Barrier of a lane: N/1=…"`
	Sensor  map[string]string `env:"-" mapsep:"none" placeholder:"LANE/WHAT=SPEC" help:"Sensor of a lane: N/1/arrival=…"`
	Reader  map[string]string `env:"-" mapsep:"none" placeholder:"LANE=SPEC" help:"Card reader of a lane: N/1=…"`
	Sign    map[string]string `env:"-" mapsep:"none" placeholder:"LANE=SPEC" help:"Sign of a lane: N/1=…"`
	Printer map[string]string `env:"-" mapsep:"none" placeholder:"LANE=SPEC" help:"Ticket printer of a lane: N/1=…"`
	Tickets map[string]string `env:"-" mapsep:"none" placeholder:"LANE=CLASSES" help:"Classes that get a ticket at a lane with a printer: N/1=…"`
	Actor   string            `help:"Who does it."`
	JSON    bool              `env:"-" help:"Print what became of it as JSON."`
}

// Help says what the command does, after its flags.
func (takeCommand) Help() string {
	return `Run this at a gate that works when the machine of another one is dead. This gate then runs the other's
lanes too: their barriers, cameras, sensors, readers, signs and printers, which stand on the local network. It
shows them as N/1, N/2, and what happens there is recorded as its own. Gates that hear each other as
neighbours (gate run --neighbours) have told each other what stands at their lanes; what a machine alone
reaches, like a serial port, or what was never heard, is said with the flags.

A gate runs at most six lanes, its own and others. It keeps them over a restart, until

    gate take N --back

The other gate must be dead: not heard on the local network, and with nothing new written for two minutes.
When it is heard again, both consoles say so, and an alarm is written; nobody gives anything back unasked.

    gate take N --data /var/lib/gatehouse
    gate take N --data /var/lib/gatehouse --lane N/1 --barrier N/1=http://10.0.0.9/open --actor lan`
}

// Run asks the running gate to take lanes over, or to give them back.
func (c *takeCommand) Run(ctx context.Context) error {
	path := "/v1/taken/" + url.PathEscape(c.Gate)
	var answer []byte
	var err error
	if c.Back {
		query := url.Values{"actor": {c.Actor}}
		if c.Force {
			query.Set("force", "1")
		}
		answer, err = ask(ctx, c.Data, http.MethodDelete, path+"?"+query.Encode(), "", nil)
	} else {
		answer, err = c.take(ctx, path)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = os.Stdout.Write(answer)
		return err
	}
	var done lane.TakenOver
	if err := json.Unmarshal(answer, &done); err != nil {
		return fmt.Errorf("read the gate's answer: %w", err)
	}
	what := "taken over"
	if c.Back {
		what = "given back"
	}
	fmt.Printf("%s of gate %s: %s\n", what, done.Gate, strings.Join(done.Lanes, ", "))
	for _, note := range done.Notes {
		fmt.Println(note)
	}
	return nil
}

func (c *takeCommand) take(ctx context.Context, path string) ([]byte, error) {
	body, err := json.Marshal(map[string]any{
		"lanes": c.Lane, "force": c.Force, "actor": c.Actor,
		"devices": lane.DeviceSpecs{
			Cameras: c.Camera, Barriers: c.Barrier, Sensors: c.Sensor, Readers: c.Reader, Signs: c.Sign, Printers: c.Printer, Tickets: c.Tickets,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return ask(ctx, c.Data, http.MethodPut, path, "application/json", body)
}
