package uplink

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"gatehouse/gate/state"
	"gatehouse/internal/wire"
)

// hello says who we are and waits for the welcome.
func (s *session) hello(ctx context.Context) (*wire.Welcome, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWait)
	defer cancel()
	u, site := s.u, s.u.state.Site()
	began := u.mono()
	err := s.write(ctx, wire.Message{Hello: &wire.Hello{
		Protocol: wire.Protocol, Gate: u.id.Gate, Site: u.id.Site, Epoch: u.state.Epoch(), FeedSeq: site.FeedSeq,
		Incarnation: site.Incarnation, Version: u.version, Queue: u.state.Waiting(), Ranges: true,
	}})
	if err != nil {
		return nil, err
	}
	m, err := s.next(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Bye != nil:
		return nil, &byeError{bye: *m.Bye}
	case m.Welcome == nil:
		return nil, loginPage(http.StatusOK)
	case m.Welcome.Protocol != wire.Protocol:
		return nil, &answerError{cause: NewerProtocol, msg: fmt.Sprintf(
			"The cloud speaks version %d of the protocol and this gate %d. Bring both to the same release.", m.Welcome.Protocol, wire.Protocol)}
	}
	doubt, err := u.certs.doubted(m.Welcome.ServerTime)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err) // by its own time too: its time is not taken
	}
	if doubt {
		u.log.Warn("the cloud's certificate did not fit this gate's clock, which was only a guess; the cloud's time is taken",
			"guess", u.clock.Now(), "cloud", m.Welcome.ServerTime)
	}
	u.observe(ctx, m.Welcome.ServerTime, u.mono()-began)
	return m.Welcome, nil
}

// begin brings the queue to what the cloud holds and starts the upload.
func (s *session) begin(ctx context.Context, w *wire.Welcome) error {
	u := s.u
	site := u.state.Site()
	if err := u.state.ObserveClock(ctx); err != nil {
		u.log.Warn("what the cloud's time says of earlier times was not written yet", "err", err)
	}
	ahead, err := u.state.Rewind(ctx, w.Held)
	if err != nil {
		return err
	}
	if ahead {
		u.tellRolledBack(ctx)
	}
	if strange, err := u.state.Strange(ctx, w.Others); err != nil {
		return err
	} else if strange {
		u.state.Alarm(ctx, state.TroubleCloned,
			"Another machine is connected as this gate just now. The lanes work, and nothing is lost. Stop one of the two machines, and enrol it as a gate of its own.")
	}
	if site.Ready && site.Incarnation != w.Incarnation {
		u.log.Warn("the cloud's database is another one; what it does not hold is sent again", "incarnation", w.Incarnation)
		if err := u.state.ResendPhotos(ctx); err != nil {
			return err
		}
	}
	u.keepAuditHead(ctx, w.Audit)
	u.state.TellLists(w.Incarnation, w.Lists)
	s.head = w.FeedSeq
	u.turn(func(m *machine, now time.Duration) { m.welcome(now, w.Degraded) })
	return nil
}

// keepAuditHead keeps what the cloud told of its audit log. That it cannot be
// kept is no reason to stay away.
func (u *Uplink) keepAuditHead(ctx context.Context, head wire.AuditHead) {
	shorter, err := u.state.KeepAuditHead(ctx, head)
	switch {
	case err != nil:
		u.log.Warn("the head of the cloud's audit log could not be kept", "err", err)
	case shorter:
		u.log.Warn("the cloud's audit log is shorter than it was told before: it was restored, or cut", "told", head.Count)
	}
}

// jumpLimit is by how much the cloud's time may jump against the time that this
// machine has carried forward.
const jumpLimit = time.Minute

// observe takes the cloud's time. One that jumps is itself the suspect: the
// monotonic clock of this machine does not jump.
func (u *Uplink) observe(ctx context.Context, at time.Time, rtt time.Duration) {
	if jump := u.clock.Observe(at, rtt); jump.Abs() > jumpLimit {
		u.state.Alarm(ctx, state.TroubleCloudClock, fmt.Sprintf(
			"The cloud's time has jumped by %s. If other gates say the same, the clock of the cloud is wrong: tell the administrator.", jump.Round(time.Second)))
	}
}

// tellRolledBack raises the alarm of a gate that knows less of itself than the
// cloud does. Its lanes go on: its new records are of a new epoch.
func (u *Uplink) tellRolledBack(ctx context.Context) {
	u.state.Alarm(ctx, state.TroubleRolledBack,
		"The cloud holds records of this gate that this machine does not know: its disk is an older copy, or another machine is the same gate. The lanes work. Stop the other machine if there is one; else compare the vehicles inside with the list.")
}
