// Command gate is one gate of a site: it owns the lanes, their cameras and
// barriers, and works with or without the cloud.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // a gate's machine may have no time zones

	"github.com/alecthomas/kong"

	"gatehouse/parking"
)

// version is set when a release is built; otherwise the module's is taken.
var version string

type cli struct {
	Run       runCommand       `cmd:"" help:"Run the gate: the console in a terminal, else a line for each event."`
	Init      initCommand      `cmd:"" help:"Set a gate up: asks, tries cloud, cameras and printers, and writes gate.yaml, which run takes."`
	Enrol     enrolCommand     `cmd:"" help:"Enrol this machine as a gate with a one-time code from the administrator."`
	Status    statusCommand    `cmd:"" help:"Tell how the gate of a data folder is."`
	Paper     paperCommand     `cmd:"" help:"Enter a numbered paper ticket of a time without the machine."`
	Inventory inventoryCommand `cmd:"" help:"Enter what a walk through a zone found, and let in what is not known."`
	Take      takeCommand      `cmd:"" help:"Run the lanes of another gate, whose machine is dead, at this one."`
	Export    exportCommand    `cmd:"" help:"Write the records that wait for the cloud to a file."`
	Recover   recoverCommand   `cmd:"" help:"Make a damaged database anew out of all that can be read of it."`
	Keys      keysCommand      `cmd:"" help:"Print the console's keys, as a file to change them by."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("gate", programVersion())
	return nil
}

func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}

// programBuilt is when the sources of the program were made, zero when it does
// not say: a clock that tells an earlier time is dead.
func programBuilt() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return t
		}
	}
	return time.Time{}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	file := &runFile{}
	k := kong.Parse(&cli{},
		kong.Name("gate"),
		kong.Description("One gate of a car park: lanes, cameras, barriers, console."),
		kong.UsageOnError(),
		kong.DefaultEnvars("PARK_GATE"),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Resolvers(file),
		kong.Bind(file),
	)
	if err := k.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "gate: %s\n", sentence(err))
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// sentence is what a person reads of an error. A defect is shown in full: on
// a terminal nobody else looks at a log for it.
func sentence(err error) string {
	if parking.ErrorCode(err) == parking.Internal {
		return err.Error()
	}
	return parking.ErrorMessage(err)
}
