package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

type exportCommand struct {
	Data string `required:"" type:"path" help:"Data folder of the gate."`
	All  bool   `help:"All records that are kept, not only those that the cloud is not known to have."`
	File string `arg:"" help:"File to write; - writes to the standard output."`
}

// Help is what gate export --help adds.
func (exportCommand) Help() string {
	return "Writes this gate's records to a file that can be carried to the cloud by hand (cloud import). " +
		"The gate may be running, or unable to start. What is in the file stays in the queue: the cloud counts every record once, however often it comes."
}

// Run writes the file.
func (c *exportCommand) Run(ctx context.Context) (err error) {
	r, err := store.OpenReader(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var done state.Exported
	export := func(w io.Writer) error {
		done, err = state.Export(ctx, r, c.All, w)
		return err
	}
	if c.File == "-" {
		err = export(os.Stdout)
	} else {
		err = store.WriteFile(c.File, func(f *os.File) error { return export(f) })
	}
	if err != nil {
		return err
	}
	what := "not sent yet"
	if c.All {
		what = "in all"
	}
	fmt.Fprintf(os.Stderr, "%d records %s, in %d batches.\n", done.Facts, what, done.Batches)
	if done.Salvaged {
		fmt.Fprintln(os.Stderr, "The database is damaged: these are the records that could be read. Run: gate recover")
	}
	return nil
}

type recoverCommand struct {
	Data string `required:"" type:"path" help:"Data folder of the gate."`
	Yes  bool   `help:"Make the database anew without asking whether it is damaged."`
}

// Help is what gate recover --help adds.
func (recoverCommand) Help() string {
	return "Makes a new database out of everything that can be read of the damaged one, which is kept aside. " +
		"Stop the gate first. No record that can be read is lost; what the cloud has already is not counted twice."
}

// Run recovers the data folder.
func (c *recoverCommand) Run(ctx context.Context) error {
	if r, err := store.OpenReader(c.Data); err != nil {
		return err // also when there is no such folder: none is made
	} else if err := r.Close(); err != nil {
		return err
	}
	if !c.Yes {
		s, err := store.Open(ctx, c.Data, store.Options{})
		if err == nil {
			return errors.Join(s.Close(),
				parking.Errorf(parking.Conflict, "The database of this gate is not damaged; nothing was done. To make it anew all the same, add --yes."))
		}
		if !store.IsDamaged(err) {
			return err
		}
	}
	r, err := store.Recover(ctx, c.Data, time.Now(), nil)
	if err != nil {
		return err
	}
	fmt.Printf("Saved %d records, %d of them waiting for the cloud. The damaged files are in %s.\n", r.Facts, r.Waiting, r.Aside)
	if r.Missing > 0 {
		fmt.Printf("%d records between them could not be read. Those that were sent are safe with the cloud; the rest is lost, and the cloud will say so.\n", r.Missing)
	}
	if !r.Site {
		fmt.Println("The gate no longer knows its site: its next start needs the cloud.")
	}
	fmt.Println("Now start the gate.")
	return nil
}
