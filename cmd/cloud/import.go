package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// importCommand takes in what a gate has exported: JSON lines, each one batch
// as the gate signed it, packed with gzip or not.
type importCommand struct {
	databaseFlags
	File string `arg:"" help:"File that the command gate export wrote; - for the standard input."`
	JSON bool   `name:"json" help:"Print JSON, one object a line."`
}

// imported is what is said of a line, and of all.
type imported struct {
	Line        int    `json:"line,omitempty"`
	Gate        string `json:"gate,omitempty"`
	Applied     int    `json:"applied"`
	Duplicate   int    `json:"duplicate"`
	Quarantined int    `json:"quarantined"`
	After       int    `json:"after_revocation,omitempty"` // not taken
	Failed      int    `json:"failed,omitempty"`           // lines
	Error       string `json:"error,omitempty"`
}

// Run imports line by line. A line that is damaged is named, and the rest goes on.
func (c *importCommand) Run(ctx context.Context, out io.Writer) (err error) {
	file := io.ReadCloser(os.Stdin)
	if c.File != "-" {
		if file, err = os.Open(c.File); err != nil {
			return parking.Errorf(parking.Invalid, "The file %s cannot be read.", c.File)
		}
		defer func() { _ = file.Close() }() // only read
	}
	lines, err := unpack(file)
	if err != nil {
		return err
	}
	return c.withAuth(ctx, func(s *store.Store, _ *auth.Service) error {
		in := &ingest.Ingester{Store: s, Log: slog.New(slog.DiscardHandler)}
		return c.lines(ctx, in, lines, out)
	})
}

// unpack reads a file that may be packed.
func unpack(file io.Reader) (*bufio.Reader, error) {
	lines := bufio.NewReaderSize(file, 64<<10)
	// What cannot be read even so far is told of with its first line.
	if magic, _ := lines.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return lines, nil
	}
	z, err := gzip.NewReader(lines)
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The file is no gzip, although it begins as one.")
	}
	return bufio.NewReaderSize(z, 64<<10), nil
}

func (c *importCommand) lines(ctx context.Context, in *ingest.Ingester, lines *bufio.Reader, out io.Writer) error {
	var all imported
	for n := 1; ; n++ {
		raw, err := nextLine(lines)
		if errors.Is(err, io.EOF) && len(raw) == 0 {
			break
		}
		said, stop := imported{Line: n}, false
		switch {
		case err == nil || errors.Is(err, io.EOF):
			stop = take(ctx, in, raw, &said)
		case errors.Is(err, errLong):
			said.Error = fmt.Sprintf("The line has more than %d bytes.", wire.MaxBatchBytes)
		default:
			said.Error, stop = "The file breaks off or is damaged here; what follows cannot be read.", true
		}
		all.Applied += said.Applied
		all.Duplicate += said.Duplicate
		all.Quarantined += said.Quarantined
		all.After += said.After
		if said.Error != "" {
			all.Failed++
		}
		if err := c.tell(out, &said); err != nil {
			return err
		}
		if stop {
			break
		}
	}
	if err := c.tell(out, &all); err != nil {
		return err
	}
	if all.Failed > 0 {
		return parking.Errorf(parking.Unavailable, "%d lines could not be imported. The others were; importing the file again changes nothing for them.", all.Failed)
	}
	return nil
}

// take imports one line; stop says that the database is away and that going on
// makes no sense.
func take(ctx context.Context, in *ingest.Ingester, raw []byte, said *imported) (stop bool) {
	if len(raw) == 0 {
		return false
	}
	done, err := in.Import(ctx, raw, time.Now())
	said.Gate, said.After = done.Gate, done.After
	for _, o := range done.Outcomes {
		switch o {
		case wire.Applied:
			said.Applied++
		case wire.Duplicate:
			said.Duplicate++
		case wire.Quarantined:
			said.Quarantined++
		}
	}
	if err != nil {
		said.Error = err.Error()
		var refused *parking.Error
		if !errors.As(err, &refused) {
			return true
		}
		said.Error = refused.Message
	}
	return false
}

func (c *importCommand) tell(out io.Writer, said *imported) error {
	if c.JSON {
		return printJSON(out, said)
	}
	var err error
	switch {
	case said.Error != "":
		_, err = fmt.Fprintf(out, "line %d: %s\n", said.Line, said.Error)
	case said.Line == 0:
		_, err = fmt.Fprintf(out, "%d applied, %d duplicate, %d quarantined\n", said.Applied, said.Duplicate, said.Quarantined)
	}
	if err == nil && said.After > 0 && said.Line > 0 {
		_, err = fmt.Fprintf(out, "line %d: %d facts were made after gate %s had been revoked; they were not taken\n", said.Line, said.After, said.Gate)
	}
	return err
}

var errLong = errors.New("the line is too long")

// nextLine reads a line without its end, of bounded length: a longer one is
// read to its end and is errLong.
func nextLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > wire.MaxBatchBytes+1; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case long && (err == nil || errors.Is(err, io.EOF)):
			return []byte{'\n'}, errLong
		case err != nil:
			return trimEnd(line), err
		default:
			return trimEnd(line), nil
		}
	}
}

func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}
