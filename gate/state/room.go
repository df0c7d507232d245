package state

import (
	"context"
	"fmt"
	"time"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// lowAtOnce bounds how many sent facts one look at the disk drops.
const lowAtOnce = 5000

// watchRoom looks how much room the disk has left. When it is nearly full, the
// alarm is written first, and from the next look on the oldest facts that the
// cloud has go before their time. What the cloud does not have never goes.
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

// aliveEvery is how long nothing may happen at a gate before it writes that it
// lives: so that everybody can tell until when its records are whole.
const aliveEvery = time.Minute

// KeepAlive writes a sign of life whenever nothing else was written for a
// minute, until ctx ends. It also brings up what had to wait for the disk.
func (s *State) KeepAlive(ctx context.Context) error {
	timer := time.NewTimer(aliveEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		timer.Reset(s.alive(ctx, aliveEvery))
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
