package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// node is one program of a simulation that can be killed and started again on
// what it left: a gate, or a replica of the cloud.
type node struct {
	label    string
	addrFile string
	// start starts the program; first is its first start.
	start func(first bool) (*program, error)
	// ready is told where it listens, and "" when it is gone.
	ready func(address string) error

	mu      sync.Mutex // held while it is started or ended
	program *program   // nil: it does not run
	started bool
	kills   int
}

// up starts the node unless it runs, and waits until it listens.
func (n *node) up(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.program != nil && n.runs() {
		return nil
	}
	if err := os.Remove(n.addrFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("start %s: %w", n.label, err)
	}
	prog, err := n.start(!n.started)
	if err != nil {
		return err
	}
	address, err := prog.address(ctx, n.addrFile)
	if err == nil {
		err = n.ready(address)
	}
	if err != nil {
		return errors.Join(err, prog.stop())
	}
	n.program, n.started = prog, true
	return nil
}

// kill ends it without a word; one that does not run stays as it is.
func (n *node) kill() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.program == nil {
		return nil
	}
	prog := n.program
	n.program = nil
	n.kills++
	return errors.Join(n.ready(""), prog.kill())
}

// down asks it to end.
func (n *node) down() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.program == nil {
		return nil
	}
	prog := n.program
	n.program = nil
	return errors.Join(n.ready(""), prog.stop())
}

// runs says whether the program that was started is still there.
func (n *node) runs() bool {
	select {
	case <-n.program.done:
		return false
	default:
		return true
	}
}

// died says why a node that should run does not; nil while all is well.
func (n *node) died() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.program == nil || n.runs() {
		return nil
	}
	return n.program.failure()
}

// upSoon starts a killed node after a while, and tries again while that fails
// for want of something that is also down.
func (n *node) upSoon(ctx context.Context, after time.Duration) error {
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-timer.C:
	}
	return n.up(ctx)
}
