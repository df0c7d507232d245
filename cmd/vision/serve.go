package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline"
)

// serveCommand is vision serve. The engine is ours but for vision bench.
type serveCommand struct {
	Engine string `hidden:"" help:"Of vision bench."`
	PPOCR  string `hidden:"" name:"ppocr" type:"path"`
	secondReader
}

// Run serves until standard input ends or SIGTERM comes.
func (c *serveCommand) Run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	out, err := claimStdout()
	if err != nil {
		return err
	}
	reader, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	// A signal must end the waiting read of standard input.
	context.AfterFunc(ctx, func() { _ = os.Stdin.Close() })
	err = vision.Serve(ctx, os.Stdin, out, func(picture []byte, country string) (vision.Reading, error) {
		switch grammar := pipeline.Country(country); grammar {
		case pipeline.Vietnam, pipeline.AnyCountry:
			return reader.Read(picture, grammar)
		default:
			return vision.None(), parking.Errorf(parking.Invalid, "The plate grammar %q is not known; it is vn or any.", country)
		}
	})
	if ctx.Err() != nil {
		return nil // asked to stop
	}
	return err
}

// open starts the engine that vision bench names, or the one that reads for a gate.
func (c *serveCommand) open() (engine, error) {
	if c.Engine != "" {
		return openEngine(c.Engine, c.PPOCR)
	}
	return c.secondReader.open()
}

// claimStdout keeps standard output for the protocol alone: native libraries
// print there at times, and what they print goes to standard error from now.
func claimStdout() (*os.File, error) {
	own, err := unix.Dup(int(os.Stdout.Fd()))
	if err != nil {
		return nil, fmt.Errorf("keep standard output for the protocol: %w", err)
	}
	unix.CloseOnExec(own)
	if err := unix.Dup3(int(os.Stderr.Fd()), int(os.Stdout.Fd()), 0); err != nil {
		return nil, fmt.Errorf("keep standard output for the protocol: %w", err)
	}
	return os.NewFile(uintptr(own), "protocol"), nil
}

// oneThread keeps Tesseract to one thread: its helpers cost more than they
// give on lines this short. It is read when Tesseract starts.
func oneThread() {
	_ = os.Setenv("OMP_THREAD_LIMIT", "1") // fails only on a malformed name
}
