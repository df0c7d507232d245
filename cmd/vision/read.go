package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline"
)

// readCommand is vision read.
type readCommand struct {
	JSON    bool     `help:"Print one JSON object a line."`
	Country string   `help:"Grammar of the plates: vn, or any." enum:"vn,any" default:"vn"`
	Files   []string `arg:"" name:"file" help:"Picture files, JPEG or PNG."`
	secondReader
}

// fileReading is one line of vision read --json; error stands in the line of a
// file that is no picture.
type fileReading struct {
	File string `json:"file"`
	vision.Reading
	Error string `json:"error,omitempty"`
}

var errSomeFailed = errors.New("some files could not be read; see their lines")

// Run reads every file; one that is no picture does not stop the others, and
// makes the exit status 1.
func (c *readCommand) Run() (err error) {
	reader, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	out := bufio.NewWriter(os.Stdout)
	failed := false
	for _, name := range c.Files {
		line := readFile(reader, name, pipeline.Country(c.Country))
		failed = failed || line.Error != ""
		if err := c.print(out, line); err != nil {
			return err
		}
		if err := out.Flush(); err != nil { // a line as soon as it is known
			return fmt.Errorf("write a reading: %w", err)
		}
	}
	if failed {
		return errSomeFailed
	}
	return nil
}

func readFile(reader engine, name string, country pipeline.Country) fileReading {
	line := fileReading{File: name, Reading: vision.None()}
	data, err := readBounded(name)
	if err == nil {
		line.Reading, err = reader.Read(data, country)
	}
	if err != nil {
		line.Error = sentence(err)
	}
	return line
}

// readBounded reads a file, at most one byte more than a picture may have.
func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, parking.Errorf(parking.NotFound, "The file cannot be opened.")
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, vision.MaxPictureBytes+1))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The file cannot be read.")
	}
	return data, nil
}

func (c *readCommand) print(out io.Writer, line fileReading) error {
	if c.JSON {
		if err := json.NewEncoder(out).Encode(line); err != nil {
			return fmt.Errorf("write a reading: %w", err)
		}
		return nil
	}
	text := fmt.Sprintf("%s: %s", line.File, line.Outcome)
	switch {
	case line.Error != "":
		text = fmt.Sprintf("%s: %s", line.File, line.Error)
	case line.Outcome != vision.OutcomeNone:
		text = fmt.Sprintf("%s: %s %s (%.0f %%, %d ms)", line.File, line.Outcome, line.Display, 100*line.Confidence, line.Ms)
	}
	if _, err := fmt.Fprintln(out, text); err != nil {
		return fmt.Errorf("write a reading: %w", err)
	}
	return nil
}

// sentence is what a person is told of err.
func sentence(err error) string {
	switch {
	case errors.As(err, new(*parking.Error)):
		return parking.ErrorMessage(err)
	case errors.Is(err, errSomeFailed):
		return "Some files could not be read; see their lines."
	case errors.Is(err, errMissing):
		return "Something that is needed is missing; see its line."
	}
	return parking.ErrorMessage(err)
}
