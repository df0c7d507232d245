package device

import (
	"context"
	"sync"

	"gatehouse/parking"
)

// maxRemembered bounds the openings that a simulator remembers.
const maxRemembered = 1000

// Simulator is a barrier that opens at once, counts its openings and can be
// broken.
type Simulator struct {
	mu     sync.Mutex
	causes []Cause
	total  int
	broken string
}

// NewSimulator makes a simulator that works.
func NewSimulator() *Simulator { return &Simulator{} }

// Open counts an opening, or fails while the simulator is broken.
func (s *Simulator) Open(ctx context.Context, cause Cause) error {
	if err := ended(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != "" {
		return parking.Errorf(parking.Unavailable, "The barrier does not answer: %s.", s.broken)
	}
	s.total++
	s.causes = append(s.causes, cause)
	if len(s.causes) > maxRemembered {
		s.causes = s.causes[1:]
	}
	return nil
}

// Break makes every opening fail for the reason given; "" repairs it.
func (s *Simulator) Break(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = reason
}

// Openings returns the causes of the last openings, oldest first, and how
// many there were in all.
func (s *Simulator) Openings() (causes []Cause, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Cause(nil), s.causes...), s.total
}
