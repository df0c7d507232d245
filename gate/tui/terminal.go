package tui

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// The largest screen that is drawn: what a terminal says of itself decides how
// much memory that takes.
const (
	maxWidth  = 500
	maxHeight = 200
)

// resizeGap is between two looks whether the line is free for a new size.
const resizeGap = 50 * time.Millisecond

// Bounded is s as a size that a console can be drawn in. A terminal that says
// nothing of its size has 80 × 24 cells.
func (s Size) Bounded() Size {
	if s.Width <= 0 || s.Height <= 0 {
		return Size{Width: 80, Height: 24}
	}
	return Size{Width: min(s.Width, maxWidth), Height: min(s.Height, maxHeight)}
}

// terminal is where a console is shown, and how its size changes.
type terminal struct {
	signals chan os.Signal
	done    chan struct{}
}

// openTerminal fills in what opts leave to the terminal: where to write, in
// which size and colours. A size that is not given is the terminal's own.
func openTerminal(opts *Options) *terminal {
	if opts.Output == nil {
		opts.Output = os.Stdout
	}
	if opts.Profile == colorprofile.Unknown {
		opts.Profile = colorprofile.Detect(opts.Output, opts.Env)
	}
	t := &terminal{}
	file, ok := opts.Output.(term.File)
	if !ok || !term.IsTerminal(file.Fd()) || opts.Sizes != nil {
		s := Size{opts.Width, opts.Height}.Bounded()
		opts.Width, opts.Height = s.Width, s.Height
		return t
	}
	s := sizeOf(file)
	opts.Width, opts.Height = s.Width, s.Height
	sizes := make(chan Size, 1)
	opts.Sizes = sizes
	t.signals, t.done = make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(t.signals, syscall.SIGWINCH)
	go func() {
		defer close(t.done)
		for range t.signals {
			select {
			case <-sizes: // one that nobody has taken is old
			default:
			}
			sizes <- sizeOf(file)
		}
	}()
	return t
}

// mend gives a terminal its lines and its echo back that a program left without
// when it was killed, this one perhaps: a console leaves a terminal as it finds
// it, and what it found would be that.
func mend(input io.Reader) {
	file, ok := input.(term.File)
	if !ok {
		return
	}
	fd := int(file.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil || t.Lflag&unix.ICANON != 0 {
		return // no terminal, or one in order
	}
	t.Iflag |= unix.BRKINT | unix.ICRNL | unix.IXON
	t.Oflag |= unix.OPOST | unix.ONLCR
	t.Lflag |= unix.ICANON | unix.ISIG | unix.IEXTEN | unix.ECHO | unix.ECHOE | unix.ECHOK
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, t)         // the console works without
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) // keys that were meant for the one before
}

// close ends what follows the terminal's size.
func (t *terminal) close() {
	if t.signals == nil {
		return
	}
	signal.Stop(t.signals)
	close(t.signals)
	<-t.done
}

func sizeOf(file term.File) Size {
	w, h, err := term.GetSize(file.Fd())
	if err != nil {
		return Size{}.Bounded()
	}
	return Size{w, h}.Bounded()
}

// resize tells the program of the terminal's newest size until ctx ends, when
// the line is free: each new size is a whole frame.
func resize(ctx context.Context, program *tea.Program, to *line, sizes <-chan Size) {
	ticker := time.NewTicker(resizeGap)
	defer ticker.Stop()
	for {
		var s Size
		select {
		case <-ctx.Done():
			return
		case s = <-sizes:
		}
		for !to.free() {
			select {
			case <-ctx.Done():
				return
			case s = <-sizes:
			case <-ticker.C:
			}
		}
		s = s.Bounded()
		program.Send(tea.WindowSizeMsg{Width: s.Width, Height: s.Height})
	}
}
