// Command vision reads number plates: of picture files (vision read) and cameras
// (vision watch) by hand, and as the workers of a gate (vision serve and vision
// capture, which the gate starts itself). It looks after its installation (vision
// doctor) and measures itself (vision bench).
package main

import (
	"os"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Read    readCommand    `cmd:"" help:"Read the plates of picture files, one line a file."`
	Watch   watchCommand   `cmd:"" help:"Print the readings of a camera as they happen."`
	Doctor  doctorCommand  `cmd:"" help:"Say what is installed, what is missing and how to get it; try cameras. Exit status 1 if something needed is missing."`
	Bench   benchCommand   `cmd:"" help:"Measure how well and how fast folders of pictures are read, beside other engines."`
	Capture captureCommand `cmd:"" help:"Decode a camera for a gate over standard input and output. The gate starts this itself."`
	Serve   serveCommand   `cmd:"" help:"Serve a gate over standard input and output. The gate starts this itself."`
}

func main() {
	context := kong.Parse(&cli{},
		kong.Name("vision"),
		kong.Description("Reads number plates with OpenCV and Tesseract."),
		kong.UsageOnError(),
	)
	if err := context.Run(); err != nil {
		context.Errorf("%s", sentence(err))
		os.Exit(1)
	}
}
