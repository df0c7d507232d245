package uplink

import (
	"context"
	"time"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// loanPause is how long the gate waits at least between two notes that it sends
// because the feed has changed; with every heartbeat it sends one anyway.
const loanPause = 200 * time.Millisecond

// sayLoans tells the cloud what there is to say about loans of slots. It may be
// lost, and is said again with the next heartbeat while it holds.
func (s *session) sayLoans(ctx context.Context) error {
	desk := s.u.loans.Load()
	if desk == nil || !s.ready {
		return nil
	}
	s.saidLoans = s.u.mono()
	note, err := (*desk).LoanNote(ctx)
	return s.sendLoans(ctx, note, err)
}

// lend answers the cloud's question about loans.
func (s *session) lend(ctx context.Context, r *parking.LendRequest) error {
	desk := s.u.loans.Load()
	if desk == nil || !s.ready {
		return nil // asked again
	}
	note, err := (*desk).Lend(ctx, *r)
	return s.sendLoans(ctx, note, err)
}

func (s *session) sendLoans(ctx context.Context, note parking.LoanNote, err error) error {
	if err != nil {
		s.u.log.Warn("there is no word about loans", "error", err)
		return nil
	}
	if note.Empty() {
		return nil
	}
	return s.write(ctx, wire.Message{Loans: &note})
}
