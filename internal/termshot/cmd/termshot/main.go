// Command termshot reads a captured terminal screen from standard input and
// writes an SVG picture of it to standard output.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"gatehouse/internal/termshot"
)

func main() {
	title := flag.String("title", "", "what the picture shows, for screen readers")
	flag.Parse()
	screen, err := io.ReadAll(os.Stdin)
	if err == nil {
		_, err = io.WriteString(os.Stdout, termshot.SVG(string(screen), termshot.Options{Title: *title}))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "termshot: %v\n", err)
		os.Exit(1)
	}
}
