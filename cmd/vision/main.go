// Command vision reads number plates: picture files by hand (vision read), and
// as the worker of a gate (vision serve, which the gate starts itself).
package main

import (
	"os"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Read    readCommand    `cmd:"" help:"Read the plates of picture files, one line a file."`
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
