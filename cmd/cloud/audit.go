package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

type auditCommands struct {
	Verify auditVerify `cmd:"" help:"Verify the chain of the audit log; exit 1 if it is broken."`
	Head   auditHead   `cmd:"" help:"Print the log's head, COUNT:HASH, to keep it somewhere else."`
}

type auditVerify struct {
	siteFlags
	Head string `help:"A head that was published before: finds a log that was cut short or written anew." placeholder:"COUNT:HASH"`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run verifies the log.
func (c *auditVerify) Run(ctx context.Context, out io.Writer) error {
	var published *wire.AuditHead
	if c.Head != "" {
		h, err := wire.ParseAuditHead(c.Head)
		if err != nil {
			return err
		}
		published = &h
	}
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		head, err := a.VerifyAuditHead(ctx, p.Site, published)
		if c.JSON {
			said := map[string]any{"ok": err == nil, "head": head}
			if err != nil {
				said["broken"] = parking.ErrorMessage(err)
			}
			if perr := printJSON(out, said); perr != nil {
				return perr
			}
		}
		if err != nil || c.JSON {
			return err
		}
		_, err = fmt.Fprintf(out, "The audit log of %s is whole: %d entries.\n%s\n", c.Site, head.Count, head)
		return err
	})
}

type auditHead struct {
	siteFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the head.
func (c *auditHead) Run(ctx context.Context, out io.Writer) error {
	return c.as(ctx, func(_ *store.Store, a *auth.Service, p auth.Principal) error {
		head, err := a.AuditHead(ctx, p.Site)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(out, head)
		}
		_, err = fmt.Fprintln(out, head)
		return err
	})
}

type factsCommands struct {
	Verify factsVerify `cmd:"" help:"Verify each gate's chain of facts; names the first break of each run, exit 1 if there is one."`
	Head   factsHead   `cmd:"" help:"Print how far each run is held, GATE:EPOCH:SEQ:HASH, to keep it somewhere else."`
}

type factsVerify struct {
	siteFlags
	Head []string `help:"A head that was published before; give it again for others." placeholder:"GATE:EPOCH:SEQ:HASH" sep:"none"`
	JSON bool     `name:"json" help:"Print JSON."`
}

// Run verifies the facts.
func (c *factsVerify) Run(ctx context.Context, out io.Writer) error {
	var published []ingest.Head
	for _, text := range c.Head {
		h, err := parseHead(text)
		if err != nil {
			return err
		}
		published = append(published, h)
	}
	return c.as(ctx, func(s *store.Store, _ *auth.Service, p auth.Principal) error {
		n, breaks, err := ingest.VerifyFacts(ctx, s, p.Site, published)
		if err != nil {
			return err
		}
		return c.tell(out, n, breaks)
	})
}

func (c *factsVerify) tell(out io.Writer, n int64, breaks []*ingest.Break) error {
	if c.JSON {
		if err := printJSON(out, map[string]any{"ok": len(breaks) == 0, "facts": n, "breaks": breaks}); err != nil {
			return err
		}
	} else {
		for _, b := range breaks {
			if _, err := fmt.Fprintln(out, b); err != nil {
				return err
			}
		}
	}
	if len(breaks) > 0 {
		return parking.Errorf(auth.Broken, "%d of the site's chains are broken.", len(breaks))
	}
	if c.JSON {
		return nil
	}
	_, err := fmt.Fprintf(out, "The facts of %s are whole: %d of them.\n", c.Site, n)
	return err
}

func parseHead(text string) (ingest.Head, error) {
	part := strings.Split(text, ":")
	if len(part) == 4 {
		seq, err := strconv.ParseInt(part[2], 10, 64)
		h := ingest.Head{Gate: part[0], Epoch: parking.Epoch(part[1]), Seq: seq, Hash: part[3]}
		if err == nil && seq > 0 && h.Epoch.Valid() && len(h.Hash) == 64 {
			return h, nil
		}
	}
	return ingest.Head{}, parking.Errorf(parking.Invalid, "A head is written GATE:EPOCH:SEQ:HASH, as the command cloud facts head prints it, not %q.", text)
}

type factsHead struct {
	siteFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the heads.
func (c *factsHead) Run(ctx context.Context, out io.Writer) error {
	return c.as(ctx, func(s *store.Store, _ *auth.Service, p auth.Principal) error {
		heads, err := ingest.Heads(ctx, s.Q, p.Site)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(out, heads)
		}
		for _, h := range heads {
			if _, err := fmt.Fprintln(out, h); err != nil {
				return err
			}
		}
		return nil
	})
}
