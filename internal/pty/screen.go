package pty

import (
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/vt"
)

// Screen is a terminal that shows what a program draws, for a person who reads
// it, and answers what the program asks it.
type Screen struct {
	mu       sync.Mutex
	terminal *vt.Emulator
	changed  chan struct{}
	sum      int
	bells    int
	answered sync.WaitGroup
}

// NewScreen is a screen of w × h cells; what its terminal answers goes to
// answers. It is to be closed.
func NewScreen(w, h int, answers io.Writer) *Screen {
	s := &Screen{terminal: vt.NewEmulator(w, h), changed: make(chan struct{}, 1)}
	s.terminal.SetCallbacks(vt.Callbacks{Bell: func() { s.bells++ }})
	s.answered.Go(func() {
		var buf [256]byte
		for {
			n, err := s.terminal.Read(buf[:])
			_, _ = answers.Write(buf[:n]) // a program that has ended hears nothing
			if err != nil {
				return
			}
		}
	})
	return s
}

// Write draws p.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum += len(p)
	n, err := s.terminal.Write(p)
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return n, err
}

// Text is what stands on the screen, a line for each row without the blanks at
// its end.
func (s *Screen) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for y := range s.terminal.Height() {
		var row strings.Builder
		for x := 0; x < s.terminal.Width(); {
			c := s.terminal.CellAt(x, y)
			if c == nil || c.Content == "" {
				row.WriteByte(' ')
				x++
				continue
			}
			row.WriteString(c.Content)
			x += max(1, c.Width)
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	return b.String()
}

// Changed gets a value after the screen was drawn upon.
func (s *Screen) Changed() <-chan struct{} { return s.changed }

// Bytes is how many have arrived.
func (s *Screen) Bytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum
}

// Bells is how often it rang.
func (s *Screen) Bells() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bells
}

// FullScreen says whether a program has the whole screen for itself.
func (s *Screen) FullScreen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.terminal.IsAltScreen()
}

// Close ends the terminal.
func (s *Screen) Close() error {
	err := s.terminal.Close()
	s.answered.Wait()
	return err
}
