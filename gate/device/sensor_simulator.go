package device

import (
	"context"
	"sync"

	"gatehouse/parking"
)

// SensorSimulator is a sensor that tests and demonstrations move by hand.
type SensorSimulator struct {
	mu     sync.Mutex
	now    Signal
	queues map[chan struct{}]*[]Signal // of those who watch
}

// NewSensorSimulator makes one that is not active.
func NewSensorSimulator() *SensorSimulator {
	return &SensorSimulator{queues: map[chan struct{}]*[]Signal{}}
}

// Set makes it active or not.
func (s *SensorSimulator) Set(active bool) { s.tell(Signal{Active: active}) }

// Break makes it unreadable for a reason; Set repairs it.
func (s *SensorSimulator) Break(reason string) {
	s.tell(Signal{Err: parking.Errorf(parking.Unavailable, "The sensor does not answer: %s.", reason)})
}

// Watched says whether somebody watches it.
func (s *SensorSimulator) Watched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queues) > 0
}

func (s *SensorSimulator) tell(now Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if (now.Err == nil) == (s.now.Err == nil) && now.Active == s.now.Active {
		return
	}
	s.now = now
	for wake, queue := range s.queues {
		*queue = append(*queue, now)
		select {
		case wake <- struct{}{}:
		default: // it is about to look
		}
	}
}

// Watch tells the level and each change until ctx ends.
func (s *SensorSimulator) Watch(ctx context.Context, tell func(Signal)) {
	wake := make(chan struct{}, 1)
	s.mu.Lock()
	queue := []Signal{s.now}
	s.queues[wake] = &queue
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.queues, wake)
	}()
	for {
		s.mu.Lock()
		signals := queue
		queue = nil
		s.mu.Unlock()
		for _, signal := range signals {
			tell(signal)
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
	}
}
