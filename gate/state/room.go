package state

import (
	"context"
	"fmt"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
)

// lowAtOnce bounds how many sent facts one look at the disk drops.
const lowAtOnce = 5000

// watchRoom looks how much room the disk has left. When it is nearly full, the
// alarm is written first, and from the next look on the oldest facts that the
// cloud has go before their time, those of neighbours first. What the cloud does not have never goes.
func (s *State) watchRoom(ctx context.Context) error {
	low, known := s.store.LowRoom()
	if !known {
		return nil
	}
	if !low {
		s.EndTrouble(TroubleDiskLow)
		return nil
	}
	if !s.hasTrouble(TroubleDiskLow) {
		s.Alarm(ctx, TroubleDiskLow, "The disk of this gate is nearly full: records that the cloud has go before their time. Free some space.")
		return nil
	}
	// What was heard lies on its own gate's disk, too.
	if heard, err := s.pruneHeard(ctx, 0, lowAtOnce/wire.MaxBatchFacts); err != nil || heard > 0 {
		return err
	}
	var dropped int64
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		var err error
		dropped, err = q.PruneOldest(ctx, lowAtOnce)
		return err
	})
	if err != nil {
		return fmt.Errorf("make room on the disk: %w", err)
	}
	if dropped > 0 {
		s.log.Warn("sent facts were dropped before their time, for want of room", "facts", dropped)
	}
	return nil
}

func (s *State) hasTrouble(code string) bool {
	for _, t := range s.Troubles() {
		if t.Code == code {
			return true
		}
	}
	return false
}
