package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/books"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
)

type quarantineCommands struct {
	List   quarantineList   `cmd:"" help:"List what could not be read, newest first."`
	Replay quarantineReplay `cmd:"" help:"Try to read it again; what can be read now is applied."`
}

type quarantineList struct {
	siteFlags
	JSON bool `name:"json" help:"Print JSON, one object a line."`
}

// Run lists the quarantine.
func (c *quarantineList) Run(ctx context.Context, out io.Writer) error {
	return c.as(ctx, func(s *store.Store, _ *auth.Service, p auth.Principal) error {
		b := books.New(s.Q)
		var older *books.QuarantineCursor
		for {
			rows, next, err := b.Quarantine(ctx, p.Site, older)
			if err != nil {
				return err
			}
			for _, q := range rows {
				if c.JSON {
					err = printJSON(out, q)
				} else {
					_, err = fmt.Fprintf(out, "%s %s %d, %d bytes, came %s: %s\n", q.Gate, q.Epoch, q.Seq, len(q.Raw), q.Received.UTC().Format(time.RFC3339), q.Reason)
				}
				if err != nil {
					return err
				}
			}
			if next == nil {
				return nil
			}
			older = next
		}
	})
}

type quarantineReplay struct{ siteFlags }

// Run tries again.
func (c *quarantineReplay) Run(ctx context.Context, out io.Writer) error {
	return c.as(ctx, func(s *store.Store, _ *auth.Service, p auth.Principal) error {
		in := &ingest.Ingester{Store: s, Log: slog.New(slog.DiscardHandler)}
		applied, left, err := in.Replay(ctx, p.Site, time.Now(), true)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%d applied, %d left\n", applied, left)
		return err
	})
}
