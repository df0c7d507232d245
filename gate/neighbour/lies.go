package neighbour

import (
	"context"
	"fmt"
	"time"

	"gatehouse/gate/state"
)

// lies is when a neighbour last passed on what its gate never signed. The
// neighbours' mu guards it.
type lies struct {
	last  time.Time // on this machine's monotonic clock
	wrote time.Time // when it was last written down
}

// lied shows that a neighbour passes on what is not as its gate signed it, and
// writes it down as an alarm, at most once an hour. Nothing of it was applied.
func (n *Neighbours) lied(ctx context.Context, gate string, e *state.HeardError) {
	text := fmt.Sprintf("Gate %s passes on records that are not as their gate signed them; none of it was taken. Look at that machine: it may have been tampered with.", gate)
	n.log.Warn("a neighbour passes on what was not signed so", "neighbour", gate, "of", e.Gate, "why", e.Why, "err", e)
	now := time.Now()
	n.mu.Lock()
	write := n.lies.wrote.IsZero() || now.Sub(n.lies.wrote) >= n.timing.Alarm
	n.lies.last = now
	if write {
		n.lies.wrote = now
	}
	n.mu.Unlock()
	if !write {
		n.state.SetTrouble(state.TroubleNeighbourLies, text)
		return
	}
	n.state.EndTrouble(state.TroubleNeighbourLies) // so that it is written down again
	n.state.Alarm(context.WithoutCancel(ctx), state.TroubleNeighbourLies, text)
}

// forgive ends the trouble when nobody has lied for as long as an alarm lasts.
func (n *Neighbours) forgive() {
	n.mu.Lock()
	over := !n.lies.last.IsZero() && time.Since(n.lies.last) >= n.timing.Alarm
	if over {
		n.lies = lies{}
	}
	n.mu.Unlock()
	if over {
		n.state.EndTrouble(state.TroubleNeighbourLies)
	}
}
