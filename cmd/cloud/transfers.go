package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/bank"
	"gatehouse/cloud/store"
)

type transfersCommands struct {
	List   transfersList   `cmd:"" help:"List the banks' notices that belong to no site: of an account that none has, or unreadable."`
	Assign transfersAssign `cmd:"" help:"Give one to a site; it is then settled there, or waits on its page Transfers."`
	Aside  transfersAside  `cmd:"" help:"Close one that is about no site of this server."`
}

type transfersList struct {
	databaseFlags
	JSON bool `name:"json" help:"Print JSON, one object a line, with the notice as it came."`
}

// Run lists them.
func (c *transfersList) Run(ctx context.Context, out io.Writer) error {
	return c.withAuth(ctx, func(s *store.Store, _ *auth.Service) error {
		for before, first := int64(0), true; first || before > 0; first = false {
			rows, next, err := bank.ListUnowned(ctx, s, before)
			if err != nil {
				return err
			}
			for _, n := range rows {
				if c.JSON {
					err = printJSON(out, n)
				} else {
					_, err = fmt.Fprintf(out, "%d  %s  %s %s: %d of account %q, %q (%s)\n",
						n.ID, n.Received.UTC().Format(time.RFC3339), n.Provider, n.Transaction, n.Amount, n.Account, n.Text, n.Why)
				}
				if err != nil {
					return err
				}
			}
			before = next
		}
		return nil
	})
}

type transfersAssign struct {
	siteFlags
	ID int64 `arg:"" name:"id" help:"Number of the notice, as the list has it."`
}

// Run gives a notice to a site.
func (c *transfersAssign) Run(ctx context.Context, out io.Writer) error {
	return c.as(ctx, func(s *store.Store, a *auth.Service, p auth.Principal) error {
		if err := bank.Assign(ctx, s, a, p, c.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "Notice %d belongs to site %q now.\n", c.ID, c.Site)
		return err
	})
}

type transfersAside struct {
	databaseFlags
	ID     int64  `arg:"" name:"id" help:"Number of the notice, as the list has it."`
	Reason string `required:"" help:"Why, in a sentence." placeholder:"TEXT"`
}

// Run closes one.
func (c *transfersAside) Run(ctx context.Context, out io.Writer) error {
	return c.withAuth(ctx, func(s *store.Store, _ *auth.Service) error {
		if err := bank.SetUnownedAside(ctx, s, c.ID, "operator", c.Reason, time.Now()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "Notice %d is set aside.\n", c.ID)
		return err
	})
}
