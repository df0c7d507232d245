package state

import (
	"context"
	"fmt"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
)

// lowAtOnce bounds how many sent facts one look at the disk drops.
const lowAtOnce = 5000

// watchRoom looks how much room the disk has left. While there is still some
// for days, an alarm says what will happen. Once the disk is nearly full, and
// that was said, the oldest facts that the cloud has go before their time, those
// of neighbours first. What the cloud does not have never goes.
func (s *State) watchRoom(ctx context.Context) error {
	room, known := s.store.DiskRoom()
	if !known {
		return nil
	}
	if !room.Scant() {
		s.EndTrouble(TroubleDiskLow)
		s.EndTrouble(TroubleDiskDrops)
		return nil
	}
	told := s.hasTrouble(TroubleDiskLow)
	s.Alarm(ctx, TroubleDiskLow, fmt.Sprintf(
		"The disk of this gate fills up: %d MB are left. Below %d MB the oldest records that the cloud has go before their 35 days, what was heard of other gates first; what the cloud lacks stays. Free some space now.",
		room.Free>>20, room.LowMark()>>20))
	if !room.Low() {
		s.EndTrouble(TroubleDiskDrops)
		return nil
	}
	if !told {
		return nil
	}
	s.Alarm(ctx, TroubleDiskDrops, "The disk of this gate is nearly full: the oldest records that the cloud has go before their 35 days. Free some space now.")
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
