package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline"
)

// watchCommand is vision watch.
type watchCommand struct {
	Camera  string        `arg:"" help:"Camera as a gate takes it: sim:, folder:/path, video:/path, v4l2:/dev/video0, rtsp://…, http://…; behind #: rotate=90&crop=x,y,w,h."`
	JSON    bool          `help:"Print one JSON object a line."`
	Country string        `help:"Grammar of the plates: vn, or any." enum:"vn,any" default:"vn"`
	Every   time.Duration `help:"How often a picture is taken." default:"200ms"`
	Frames  int           `help:"End after so many pictures; 0: when asked to." default:"0"`
	secondReader
}

// frameTimeout is how long watch and doctor wait for a picture: longer than a
// gate does, since a person waits.
const frameTimeout = 15 * time.Second

// watchedReading is one line of vision watch --json: that of vision read with the
// camera in the place of the file, and the time.
type watchedReading struct {
	fileReading
	At time.Time `json:"at"`
}

// Run prints what is read whenever it changes: a plate comes, is read better, or
// goes; the camera fails, or is back.
func (c *watchCommand) Run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	source, err := openCamera(c.Camera)
	if err != nil {
		return err
	}
	defer func() { _ = camera.Close(source) }() // the program ends
	reader, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }() // the program ends
	out := bufio.NewWriter(os.Stdout)
	tick := time.NewTicker(max(c.Every, time.Millisecond))
	defer tick.Stop()
	var shown watchedReading
	for number := 1; ; number++ {
		line, ended := c.see(ctx, source, reader)
		if ctx.Err() != nil {
			return nil
		}
		if number == 1 || changed(shown, line) {
			shown = line
			if err := c.print(out, line); err != nil {
				return err
			}
		}
		if ended || number == c.Frames {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// see takes a picture and reads it. A folder goes on to its next picture; ended
// says that there is none.
func (c *watchCommand) see(ctx context.Context, source camera.Source, reader engine) (line watchedReading, ended bool) {
	line = watchedReading{fileReading{File: camera.Redacted(c.Camera), Reading: vision.None()}, time.Now()}
	limited, cancel := context.WithTimeout(ctx, frameTimeout)
	defer cancel()
	frame, err := source.Frame(limited)
	if err == nil {
		line.At = frame.At
		line.Reading, err = reader.Read(frame.JPEG, pipeline.Country(c.Country))
	}
	if err != nil {
		line.Error = sentence(err)
	}
	if folder, ok := camera.Behind(source).(*camera.Folder); ok {
		line.File = folder.File()
		ended = folder.Arrive() == ""
	}
	return line, ended || parking.ErrorCode(err) == parking.NotFound
}

// changed says whether a reading tells something new.
func changed(before, now watchedReading) bool {
	return before.File != now.File || before.Error != now.Error || before.Outcome != now.Outcome || before.Plate != now.Plate
}

func (c *watchCommand) print(out *bufio.Writer, line watchedReading) error {
	var err error
	if c.JSON {
		err = json.NewEncoder(out).Encode(line)
	} else {
		_, err = io.WriteString(out, line.At.Format("15:04:05.000 "))
		if err == nil {
			err = (&readCommand{}).print(out, line.fileReading)
		}
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write a reading: %w", err)
	}
	return nil
}

// openCamera opens a camera whose video, if it has one, this program decodes in a
// process of its own.
func openCamera(spec string) (camera.Source, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return camera.Open(spec, camera.Options{Vision: self, Log: slog.New(slog.DiscardHandler)})
}
