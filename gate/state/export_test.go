package state

import (
	"context"
	"time"

	"gatehouse/gate/store/gatesql"
)

// WriteUnheard puts facts on the disk like Write, but learns nothing of it:
// what a commit looks like that reached the disk and reported an error.
func (s *State) WriteUnheard(ctx context.Context, drafts ...Draft) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	batch, err := s.compose(drafts)
	if err != nil {
		return err
	}
	s.unsure = true
	return s.store.Tx(ctx, func(q *gatesql.Queries) error { return s.insert(ctx, q, batch) })
}

// Alive is one look of KeepAlive.
func (s *State) Alive(ctx context.Context, every time.Duration) time.Duration {
	return s.alive(ctx, every)
}
