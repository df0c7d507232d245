package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"gatehouse/vision"
	"gatehouse/vision/pipeline"
)

// captureCommand is vision capture.
type captureCommand struct{}

// Run decodes the camera that the first frame on standard input names, until
// standard input ends or SIGTERM comes.
func (captureCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	out, err := claimStdout()
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = os.Stdin.Close() }) // ends the waiting read
	err = vision.ServeCapture(ctx, os.Stdin, out, func(spec string) (vision.PictureSource, error) {
		camera, err := pipeline.OpenCamera(spec)
		if err != nil {
			return nil, err // not a nil *Camera in an interface
		}
		return camera, nil
	})
	if ctx.Err() != nil {
		return nil // asked to stop
	}
	return err
}
