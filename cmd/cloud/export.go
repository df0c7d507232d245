package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/export"
	"gatehouse/cloud/store"
)

// exportCommand writes a site's state. The only form so far is the canonical
// one; it has to be named, so that others may come.
type exportCommand struct {
	siteFlags
	Canonical bool `required:"" help:"As JSON lines that depend on the facts alone: the same facts, in whatever order they came, give the same bytes."`
}

// Run writes the dump.
func (c *exportCommand) Run(ctx context.Context, out io.Writer) error {
	return c.withAuth(ctx, func(s *store.Store, _ *auth.Service) error {
		w := bufio.NewWriter(out)
		if err := export.Canonical(ctx, s, c.Site, w); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		return nil
	})
}
