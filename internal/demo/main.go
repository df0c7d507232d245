package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is parksim's command line.
type commands struct {
	Dev      devCommand      `cmd:"" help:"Start a whole site on this machine: servers, cloud, one gate with simulated cameras, drivers."`
	Sim      simCommand      `cmd:"" help:"Simulate many gates and drivers under faults, and compare the books with what the drivers know."`
	Bank     bankCommand     `cmd:"" help:"Pay a VietQR as a driver's bank would: tell a cloud of the transfer, or of one that must not count."`
	Services servicesCommand `cmd:"" help:"Run a command with a private PostgreSQL and Redis."`
}

// exit carries a command's own exit status to main.
type exit struct{ status int }

func (e exit) Error() string { return fmt.Sprintf("ended with status %d", e.status) }

// Main runs parksim with the arguments after its name and returns its exit
// status.
func Main(args []string) int {
	endWithParent()
	// The first signal ends the program in order; later ones change nothing,
	// or an impatient caller would leave things behind.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	var c commands
	parser, err := kong.New(&c, kong.Name("parksim"),
		kong.Description("Gatehouse's simulated site."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "parksim:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%s", err)
		return 2
	}
	err = parsed.Run()
	var status exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return status.status
	default:
		fmt.Fprintln(os.Stderr, "parksim:", err)
		return 1
	}
}

// endWithParent asks the kernel for a SIGTERM when whoever started us dies
// without a word.
func endWithParent() {
	const prSetPDeathSig = 1
	// Failure only means that a killed parent leaves us running.
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetPDeathSig, uintptr(syscall.SIGTERM), 0)
}
