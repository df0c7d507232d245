package pty

import (
	"sync"
	"time"
)

// piece is how many bytes a slow line carries at once.
const piece = 32

// Slow is one direction of a slow line with a buffer that never fills up, like
// the window of an SSH connection. It runs in the time of the bubble that it
// was made in (testing/synctest).
type Slow struct {
	rate  int // bytes a second
	delay time.Duration

	mu      sync.Mutex
	waiting []byte
	behind  int // bytes that were written while others still waited
	wake    chan struct{}
	far     chan arriving
	closed  chan struct{}
	running sync.WaitGroup
}

type arriving struct {
	bytes []byte
	at    time.Time
}

// NewSlow carries what is written to it to a function, at rate bytes a second
// and delay later, until it is closed.
func NewSlow(rate int, delay time.Duration, to func(p []byte)) *Slow {
	s := &Slow{rate: rate, delay: delay, wake: make(chan struct{}, 1), far: make(chan arriving, 1<<16), closed: make(chan struct{})}
	s.running.Go(s.carry)
	s.running.Go(func() { s.arrive(to) })
	return s
}

// Write takes p at once.
func (s *Slow) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) > 0 {
		s.behind += len(p)
	}
	s.waiting = append(s.waiting, p...)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

// Behind is how many bytes were written while earlier ones had not left yet.
func (s *Slow) Behind() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behind
}

// Close forgets what has not arrived.
func (s *Slow) Close() error {
	close(s.closed)
	s.running.Wait()
	return nil
}

func (s *Slow) carry() {
	for {
		s.mu.Lock()
		p := s.waiting[:min(piece, len(s.waiting))]
		s.mu.Unlock()
		if len(p) == 0 {
			select {
			case <-s.wake:
				continue
			case <-s.closed:
				return
			}
		}
		if !s.sleep(time.Duration(len(p)) * time.Second / time.Duration(s.rate)) {
			return
		}
		s.mu.Lock()
		s.waiting = s.waiting[len(p):]
		s.mu.Unlock()
		s.far <- arriving{p, time.Now().Add(s.delay)}
	}
}

func (s *Slow) arrive(to func(p []byte)) {
	for {
		select {
		case a := <-s.far:
			if !s.sleep(time.Until(a.at)) {
				return
			}
			to(a.bytes)
		case <-s.closed:
			return
		}
	}
}

// sleep says whether the line still is open after d.
func (s *Slow) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closed:
		return false
	}
}
