package device

import (
	"context"
	"sync"

	"gatehouse/parking"
)

// ReaderSimulator is a reader whose cards are presented by a program.
type ReaderSimulator struct {
	taps    chan string
	changed chan struct{} // closed and made anew when broken changes
	mu      sync.Mutex
	broken  string
}

// NewReaderSimulator makes a simulator that works.
func NewReaderSimulator() *ReaderSimulator {
	return &ReaderSimulator{taps: make(chan string), changed: make(chan struct{})}
}

// Present holds a card before the reader until it was read, or ctx ends. A
// broken simulator reads nothing until it is repaired.
func (s *ReaderSimulator) Present(ctx context.Context, token string) error {
	select {
	case s.taps <- token:
		return nil
	case <-ctx.Done():
		return parking.Errorf(parking.Unavailable, "Nobody read the card.")
	}
}

// Break makes the reader be away for the reason given; "" repairs it.
func (s *ReaderSimulator) Break(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = reason
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *ReaderSimulator) state() (broken string, changed chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken, s.changed
}

// Read brings what is presented, by the rules of every reader.
func (s *ReaderSimulator) Read(ctx context.Context, on Events) {
	line := &lines{}
	for {
		broken, changed := s.state()
		taps := s.taps
		if broken != "" {
			taps = nil
			on.Health(parking.Errorf(parking.Unavailable, "The card reader does not answer: %s.", broken))
		} else {
			on.Health(nil)
		}
		for again := false; !again; {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				again = true
			case token := <-taps:
				line.line, line.bad = line.line[:0], false
				line.feed([]byte(token+"\n"), line.last, on)
			}
		}
	}
}
