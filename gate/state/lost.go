package state

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// kindLost is the kind of what stands for a fact of which nothing is left. No
// program knows how to apply it, so the cloud keeps it in quarantine, counts
// its number as received and shows it to a person.
const kindLost parking.Kind = "lost"

// lostAtOnce bounds how many are written at once.
const lostAtOnce = 1000

// fillHole writes something in the place of facts that the cloud does not hold
// and that are no longer here: they were in a damaged part of the database, or
// were dropped long after the cloud had taken them. Without it everything
// behind them would wait for ever.
func (s *State) fillHole(ctx context.Context, q *gatesql.Queries, epoch parking.Epoch, held int64) (int64, error) {
	next, err := q.FirstSeqAfter(ctx, gatesql.FirstSeqAfterParams{Epoch: string(epoch), Seq: held})
	if err != nil {
		return 0, fmt.Errorf("look for a hole in the queue: %w", err)
	}
	if next <= held+1 {
		return 0, nil
	}
	n := min(next-held-1, lostAtOnce)
	place, err := q.FirstPlace(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for a hole in the queue: %w", err)
	}
	at := parking.BusinessTime(s.clock.Now())
	for i := range n {
		if err := s.addLost(ctx, q, place-n+i, epoch, held+1+i, at); err != nil {
			return 0, err
		}
	}
	s.log.Warn("records are lost; the cloud is told that they were there", "epoch", epoch, "first_seq", held+1, "records", n)
	return n, nil
}

func (s *State) addLost(ctx context.Context, q *gatesql.Queries, place int64, epoch parking.Epoch, seq int64, at time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	now := s.clock.Read()
	f := parking.Fact{
		ID: id, Site: s.site, Gate: s.gate, Epoch: epoch, Seq: seq, Kind: kindLost, At: at, Clock: now.Source,
		Boot: now.Boot, MonoMS: now.MonoMS, V: parking.FactVersion, Body: json.RawMessage(`{}`),
	}
	encoded, err := f.Encode()
	if err != nil {
		return fmt.Errorf("encode a lost record: %w", err)
	}
	err = q.AddLost(ctx, gatesql.AddLostParams{
		N: place, ID: id.String(), Epoch: string(epoch), Seq: seq, Kind: string(kindLost), AtMs: at.UnixMilli(),
		Encoded: encoded, Hash: parking.FactHash(encoded),
	})
	if err != nil {
		return fmt.Errorf("write a lost record: %w", err)
	}
	return nil
}
