package state

import (
	"context"
	"time"

	"gatehouse/gate/store"
	"gatehouse/parking"
)

// aliveEvery is how long nothing may happen at a gate before it writes that it
// lives: so that everybody can tell until when its records are whole.
const aliveEvery = time.Minute

// KeepAlive writes a sign of life whenever nothing else was written for a
// minute, until ctx ends. It also brings up what had to wait for the disk.
func (s *State) KeepAlive(ctx context.Context) error {
	timer := time.NewTimer(s.aliveEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		timer.Reset(s.alive(ctx, s.aliveEvery))
	}
}

// alive writes a sign of life if nothing was written for the last every, and
// returns when to look again.
func (s *State) alive(ctx context.Context, every time.Duration) time.Duration {
	s.writeMu.Lock()
	since := s.mono() - s.lastMono
	s.writeMu.Unlock()
	if since < every {
		return every - since
	}
	if _, err := s.Write(ctx, Draft{Kind: parking.KindAlive, Body: struct{}{}}); err != nil && !store.IsFull(err) {
		s.log.Warn("no sign of life was written", "err", err)
	}
	return every
}
