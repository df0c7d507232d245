// Command cloud is the cloud of a car park: the server that gates and browsers
// talk to, and the commands to set it up. `cloud --help` lists them.
//
// It ends with 0 when all went well, with 1 when something failed, and with 2
// when what was asked for makes no sense.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the site's local time, also where no time zones are installed

	"github.com/alecthomas/kong"

	"gatehouse/cloud/quote"
	"gatehouse/parking"
)

type cli struct {
	Serve       serveCommand        `cmd:"" help:"Serve gates and browsers until told to stop."`
	Migrate     migrateCommand      `cmd:"" help:"Bring the database's schema up to date."`
	Seed        seedCommand         `cmd:"" help:"Make the first site, with an administrator and four guards; prints their passwords once."`
	User        userCommands        `cmd:"" help:"People of a site."`
	Gate        gateCommands        `cmd:"" help:"Gates of a site."`
	Incarnation incarnationCommands `cmd:"" help:"Which database this is, for gates: after a restore it must be another."`
	Export      exportCommand       `cmd:"" help:"Write a site's state, to compare it with another's."`
	Quarantine  quarantineCommands  `cmd:"" help:"What could not be read."`
	Transfers   transfersCommands   `cmd:"" help:"Notices of banks that belong to no site."`
	Import      importCommand       `cmd:"" help:"Take in the facts that a gate exported to a file."`
	Audit       auditCommands       `cmd:"" help:"The audit log of a site."`
	Facts       factsCommands       `cmd:"" help:"The chains of facts of a site."`
	Quote       quote.Quote         `cmd:"" help:"Price a stay by a tariff file."`
	Vietqr      quote.VietQR        `cmd:"" name:"vietqr" help:"Write or read a VietQR code."`
	Config      configCommand       `cmd:"" help:"Print what is in force, secrets blotted out."`
	Health      healthCommand       `cmd:"" help:"Ask a server on this machine whether it is ready; exit 1 if not."`
	Version     versionCommand      `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// helped is thrown when kong has printed help and wants to end the program.
type helped int

func run(ctx context.Context, args []string, out, errs io.Writer) (code int) {
	defer func() {
		if h, ok := recover().(helped); ok {
			code = int(h)
		}
	}()
	parser, err := kong.New(&cli{},
		kong.Name("cloud"),
		kong.Description("The cloud of a car park: gates and browsers talk to it."),
		kong.Writers(out, errs),
		kong.Exit(func(c int) { panic(helped(c)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
	)
	if err != nil {
		return fail(errs, err, 1)
	}
	k, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(errs, "cloud: %s (see cloud --help)\n", err)
		return 2
	}
	if err := k.Run(); err != nil {
		return fail(errs, err, 1)
	}
	return 0
}

// fail prints the sentence of err and returns the exit code: the error's own,
// 2 for what was refused as making no sense, else code.
func fail(errs io.Writer, err error, code int) int {
	text := err.Error()
	var refused *parking.Error
	if errors.As(err, &refused) {
		text = refused.Message
		if refused.Code == parking.Invalid {
			code = 2
		}
	}
	var own interface{ ExitCode() int }
	if errors.As(err, &own) {
		code = own.ExitCode()
	}
	_, _ = fmt.Fprintf(errs, "cloud: %s\n", text)
	return code
}
