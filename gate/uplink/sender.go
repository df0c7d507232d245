package uplink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// keepSending sends what waits, oldest first, one batch at a time. A batch
// that fails is tried again, for ever: it is neither dropped nor passed over.
func (u *Uplink) keepSending(ctx context.Context) {
	retry := backoff{base: u.timing.BackoffBase, limit: u.timing.BackoffCap}
	said := NoCause
	for ctx.Err() == nil {
		if u.state.Waiting() == 0 {
			u.finishDrain()
			u.idle(ctx)
			continue
		}
		if !u.connected() && !pauseOr(ctx, retry.next(), u.wake) {
			return
		}
		// Also without a socket: a network may let requests through and no socket.
		sent, err := u.sendNext(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			u.finishDrain()
			cause := u.refusedFacts(err)
			if cause != said {
				u.log.Warn("facts could not be sent; they wait", "waiting", u.state.Waiting(), "err", err)
				said = cause
			}
			pauseOr(ctx, retry.next(), u.wake)
		case sent == 0: // what to send has just changed: look again, not in a circle
			pauseOr(ctx, retry.next(), u.wake)
		default:
			retry.reset()
			if said != NoCause {
				u.log.Info("facts are sent again")
				said = NoCause
			}
			u.turn(func(m *machine, _ time.Duration) { m.refused = NoCause })
		}
	}
}

// idle waits until there may be something to send. From idling on, passWakes
// wakes for whatever waits; what was written before is seen here.
func (u *Uplink) idle(ctx context.Context) {
	u.idling.Store(true)
	defer u.idling.Store(false)
	if u.state.Waiting() > 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-u.wake:
	}
}

// refusedFacts shows a refusal of a whole batch while the link itself is up.
func (u *Uplink) refusedFacts(err error) Cause {
	cause, why := causeOf(err)
	var refusal *parking.Error
	if errors.As(err, &refusal) && cause != NotAccepted {
		cause, why = FactsRefused, "The cloud does not take what this gate sends: "+refusal.Message
	}
	if cause != Unreachable && u.connected() {
		u.turn(func(m *machine, _ time.Duration) { m.refused, m.refusedAs = cause, why })
	}
	return cause
}

// sendNext sends the oldest waiting facts and returns how many the cloud has
// now; 0 when none wait, or when others turned out to come first.
func (u *Uplink) sendNext(ctx context.Context) (int, error) {
	if u.unheard == nil {
		run, err := u.state.NextRun(ctx)
		if err != nil || len(run.Items) == 0 {
			return 0, err
		}
		if u.unheard, err = u.pack(run); err != nil {
			return 0, err
		}
	}
	run := u.unheard.run
	answer, err := u.send(ctx, u.unheard)
	if err == nil || isRefusal(err) {
		u.unheard = nil // what to send next may be something else now
	}
	var gap *gapError
	if errors.As(err, &gap) && gap.held < run.FirstSeq-1 {
		u.log.Warn("the cloud holds less of this gate than it did; the rest is sent again", "epoch", run.Epoch, "held", gap.held)
		if again, err := u.state.SendAgain(ctx, run.Epoch, gap.held); err != nil || again > 0 {
			return 0, err
		}
	}
	if err != nil {
		return 0, err
	}
	for i, o := range answer.Outcomes {
		if o == wire.Quarantined {
			u.log.Warn("the cloud keeps a fact that it cannot read", "fact", run.Items[i].ID)
		}
	}
	if err := u.state.Acknowledge(ctx, run, answer.Seq); err != nil {
		return 0, err
	}
	return len(run.Items), nil
}

// packed is a batch as it goes over the line: signed and compressed once,
// however often it is sent.
type packed struct {
	run  state.Run
	id   uuid.UUID
	body []byte // gzip of JSON
}

func (u *Uplink) pack(run state.Run) (*packed, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a batch's id: %w", err)
	}
	b := wire.Batch{ID: id, Site: u.id.Site, Gate: u.id.Gate, Epoch: run.Epoch, FirstSeq: run.FirstSeq, Items: run.Items}
	b.Sign(u.id.PrivateKey)
	body, err := compressed(b)
	if err != nil {
		return nil, err
	}
	return &packed{run: run, id: id, body: body}, nil
}

// factsCall brings a compressed batch.
func factsCall(body []byte) call {
	return call{method: http.MethodPost, path: pathFacts, raw: body, contentType: typeJSON, gzip: true}
}

// send sends one batch. Only an answer that names the batch counts.
func (u *Uplink) send(ctx context.Context, p *packed) (wire.BatchAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, u.timing.Answer)
	defer cancel()
	var a wire.BatchAnswer
	if err := u.ask(ctx, factsCall(p.body), &a); err != nil {
		return wire.BatchAnswer{}, fmt.Errorf("send facts: %w", err)
	}
	if a.Batch != p.id || a.Epoch != p.run.Epoch || len(a.Outcomes) != len(p.run.Items) {
		u.http.CloseIdleConnections() // a stranger's is among them
		return wire.BatchAnswer{}, fmt.Errorf("send facts: %w", loginPage(http.StatusOK))
	}
	return a, nil
}

// isRefusal says whether the cloud has answered, in its own words, that it does
// not take what it was given.
func isRefusal(err error) bool {
	var refusal *parking.Error
	return errors.As(err, &refusal)
}

// connected says whether a session has heard welcome.
func (u *Uplink) connected() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.machine.connected
}

// beginDrain starts the time in which what waits goes up before the feed comes
// down; the channel is closed when it ends.
func (u *Uplink) beginDrain() <-chan struct{} {
	done := make(chan struct{})
	u.mu.Lock()
	u.drained = done
	u.mu.Unlock()
	u.wakeSender()
	return done
}

// finishDrain ends it: nothing waits any more, or it cannot be sent now.
func (u *Uplink) finishDrain() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.drained != nil {
		close(u.drained)
		u.drained = nil
	}
}
