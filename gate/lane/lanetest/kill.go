package lanetest

import (
	"maps"
	"os"
	"sync"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
)

// Stopper stops a desk at a step of a vehicle's life, for good.
type Stopper struct {
	mu      sync.Mutex
	at      lane.Step
	reached chan struct{}
	release chan struct{}
}

// NewStopper makes one that stops nothing yet. What it stops goes on when the
// test ends.
func NewStopper() *Stopper {
	return &Stopper{reached: make(chan struct{}), release: make(chan struct{})}
}

// Step is for lane.Config.AtStep.
func (s *Stopper) Step(step lane.Step) {
	s.mu.Lock()
	stop := s.at == step
	if stop {
		s.at = ""
		close(s.reached)
	}
	s.mu.Unlock()
	if stop {
		<-s.release
	}
}

// Stop lets act run until the step is reached, where it stands still.
func (s *Stopper) Stop(b *Bench, step lane.Step, act func()) {
	b.T.Helper()
	s.mu.Lock()
	s.at = step
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		act()
	}()
	b.T.Cleanup(func() {
		close(s.release)
		<-ended
	})
	b.Until("the desk is at step "+string(step), func() bool {
		select {
		case <-s.reached:
			return true
		default:
			return false
		}
	})
}

// Killed starts the gate from what its disk holds at this moment, while the
// program that wrote it stands still: as after a power cut. The barriers of
// the new bench have counted nothing.
func (b *Bench) Killed(change func(*lane.Config)) *Bench {
	b.T.Helper()
	n := &Bench{T: b.T, Dir: b.T.TempDir(), Clock: b.Clock, Vision: b.Vision, Cameras: b.Cameras, Config: b.Config}
	if err := os.CopyFS(n.Dir, os.DirFS(b.Dir)); err != nil {
		b.T.Fatal(err)
	}
	n.Barriers, n.Config.Barriers = map[string]*device.Simulator{}, maps.Clone(b.Config.Barriers)
	for code := range b.Barriers {
		n.Barriers[code] = device.NewSimulator()
		n.Config.Barriers[code] = n.Barriers[code]
	}
	n.Config.AtStep = nil
	if change != nil {
		change(&n.Config)
	}
	n.open()
	n.SignIn()
	b.T.Cleanup(n.Close)
	return n
}
