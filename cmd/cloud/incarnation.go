package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

type incarnationCommands struct {
	Show  incarnationShow  `cmd:"" help:"Print the incarnation of the database and since when it has it."`
	Renew incarnationRenew `cmd:"" help:"Give the database a new incarnation: every gate takes a snapshot and sends again what the database does not hold. Needed after a restore that cannot be seen from inside (a copied disk or a virtual machine set back); dumps, copies, promotions and recoveries to a point in time are noticed by themselves. Doing it once too often costs a snapshot for each gate and harms nothing."`
}

type incarnationShow struct{ databaseFlags }

// Run prints it.
func (c *incarnationShow) Run(ctx context.Context, out io.Writer) error {
	return c.withAuth(ctx, func(s *store.Store, _ *auth.Service) error {
		row, err := s.Q.IncarnationGround(ctx)
		if err != nil {
			return fmt.Errorf("read the incarnation: %w", err)
		}
		_, err = fmt.Fprintf(out, "%s since %s\n", row.ID, row.CreatedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
		return err
	})
}

// renewWords have to be typed, so that nobody does by a slip what every gate
// feels.
const renewWords = "every gate begins anew"

type incarnationRenew struct {
	databaseFlags
	Confirm string `help:"The words \"every gate begins anew\"." placeholder:"WORDS"`
}

// Run renews it. Replicas that run notice within seconds.
func (c *incarnationRenew) Run(ctx context.Context, out io.Writer) error {
	if c.Confirm != renewWords {
		return parking.Errorf(parking.Invalid,
			"Every gate will take a snapshot and send again what the database does not hold. If that is what you want, add --confirm %q.", renewWords)
	}
	return c.withAuth(ctx, func(s *store.Store, _ *auth.Service) error {
		was, err := s.Q.Incarnation(ctx)
		if err != nil {
			return fmt.Errorf("read the incarnation: %w", err)
		}
		now, err := s.RenewIncarnation(ctx, was)
		if err != nil {
			return err
		}
		if now == was {
			return errors.New("the incarnation did not change")
		}
		_, err = fmt.Fprintf(out, "%s\nReplicas that run notice within seconds; it was %s.\n", now, was)
		return err
	})
}
