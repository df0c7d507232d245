package uplink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse/gate/state"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// holeWait is how long a run is left alone of which the cloud lacks something
// that is not here: somebody else has it, or nobody.
const holeWait = time.Minute

// keepCarrying brings the cloud what neighbours told, while no own fact waits:
// batches as their gates signed them, that the feed has not covered for a while.
func (u *Uplink) keepCarrying(ctx context.Context) {
	retry := backoff{base: u.timing.BackoffBase, limit: u.timing.BackoffCap}
	changed, cancel := u.state.Changed()
	defer cancel()
	holes := map[state.Strand]time.Duration{} // until when each is left, on the monotonic clock
	failing := false
	for ctx.Err() == nil {
		if !u.state.HeardUncovered() {
			pauseOr(ctx, time.Hour, changed)
			continue
		}
		_, err := u.carry(ctx, holes)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if !failing {
				u.log.Warn("what neighbours told could not be carried to the cloud; it waits", "err", err)
			}
			failing = true
			pause(ctx, retry.next())
			continue
		}
		failing = false
		retry.reset()
		pauseOr(ctx, u.timing.Carry/2, changed)
		pause(ctx, u.timing.BackoffBase) // not with every change on a busy day
	}
}

// carry sends what waits to be carried and returns how many batches the cloud
// has answered to.
func (u *Uplink) carry(ctx context.Context, holes map[state.Strand]time.Duration) (carried int, err error) {
	skip := func(k state.Strand) bool { return u.mono() < holes[k] }
	for u.connected() && u.state.Waiting() == 0 {
		c, some, err := u.state.NextToCarry(ctx, u.timing.Carry, skip)
		if err != nil || !some {
			return carried, err
		}
		k := state.Strand{Gate: c.Batch.Gate, Epoch: c.Batch.Epoch}
		err = u.sendHeard(ctx, c.Batch)
		var gap *gapError
		switch {
		case errors.As(err, &gap) && gap.held < c.Batch.FirstSeq-1:
			again, err := u.state.CarryAgain(ctx, k, gap.held)
			if err != nil {
				return carried, err
			}
			if !again {
				holes[k] = u.mono() + holeWait
			}
			continue
		case forGood(err):
			u.log.Warn("the cloud does not take what a neighbour told", "gate", k.Gate, "epoch", k.Epoch, "err", err)
		case err != nil:
			return carried, err
		}
		if err := u.state.WasCarried(ctx, c); err != nil {
			return carried, err
		}
		carried++
	}
	return carried, nil
}

// forGood says whether the cloud has refused a heard batch in its own words:
// the same batch will be refused again.
func forGood(err error) bool {
	switch parking.ErrorCode(err) {
	case parking.Invalid, parking.Forbidden, parking.TooLarge:
		return !errors.As(err, new(*answerError))
	}
	return false
}

// sendHeard sends a batch as its gate signed it. Of a revoked gate's batch the
// cloud may take only a part; only an answer that names the batch counts.
func (u *Uplink) sendHeard(ctx context.Context, b *wire.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, u.timing.Answer)
	defer cancel()
	body, err := compressed(b)
	if err != nil {
		return err
	}
	var a wire.BatchAnswer
	if err := u.ask(ctx, factsCall(body), &a); err != nil {
		return fmt.Errorf("carry facts: %w", err)
	}
	if a.Batch != b.ID || a.Epoch != b.Epoch || len(a.Outcomes) > len(b.Items) {
		u.http.CloseIdleConnections() // a stranger's is among them
		return fmt.Errorf("carry facts: %w", loginPage(http.StatusOK))
	}
	return nil
}
