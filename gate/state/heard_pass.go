package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// NextFor is the next batch for a neighbour who holds theirs: of this gate's own
// facts first, then of what was heard of others. What it brings of its own is
// unsigned (own): the caller signs it. Runs in skip are passed over, and the
// neighbour's own runs that it writes now. nil when there is nothing to pass on.
func (s *State) NextFor(ctx context.Context, theirs Held, skip map[Strand]bool) (batch *wire.Batch, own bool, err error) {
	s.mu.Lock()
	mine, others := s.lacking(theirs, skip)
	s.mu.Unlock()
	for _, k := range mine {
		run, err := s.ownRun(ctx, k.Epoch, theirs.Of(k)+1)
		if err != nil || len(run.Items) > 0 {
			return &wire.Batch{Site: s.site, Gate: s.gate, Epoch: run.Epoch, FirstSeq: run.FirstSeq, Items: run.Items}, true, err
		}
	}
	for _, k := range others {
		row, err := s.store.Read().HeardBatchWith(ctx, gatesql.HeardBatchWithParams{Gate: k.Gate, Epoch: string(k.Epoch), Seq: theirs.Of(k) + 1})
		if errors.Is(err, sql.ErrNoRows) {
			continue // it was dropped meanwhile
		}
		if err != nil {
			return nil, false, s.diskError("read what was heard", err)
		}
		if b, err := s.heardBatch(ctx, row); err != nil || b != nil {
			return b, false, err
		}
	}
	return nil, false, nil
}

// lacking lists the runs of which this disk has what comes after theirs; mu is
// held.
func (s *State) lacking(theirs Held, skip map[Strand]bool) (mine, others []Strand) {
	for k, st := range s.strands.of {
		next := theirs.Of(k) + 1
		if skip[k] {
			continue
		}
		if st.own.first > 0 && st.own.first <= next && next <= st.own.last {
			mine = append(mine, k)
		} else if slices.ContainsFunc(st.heard, func(r seqRun) bool { return r.first <= next && next <= r.last }) {
			others = append(others, k)
		}
	}
	for _, list := range [][]Strand{mine, others} {
		slices.SortFunc(list, func(a, b Strand) int {
			if c := strings.Compare(a.Gate, b.Gate); c != 0 {
				return c
			}
			return strings.Compare(string(a.Epoch), string(b.Epoch))
		})
	}
	return mine, others
}

// ownRun are own facts of an epoch from a seq on, as many as a batch may hold.
func (s *State) ownRun(ctx context.Context, epoch parking.Epoch, from int64) (Run, error) {
	var run Run
	rows, err := s.store.Read().OwnFacts(ctx, gatesql.OwnFactsParams{
		Epoch: string(epoch), FirstSeq: from, LastSeq: from + wire.MaxBatchFacts - 1, MaxRows: wire.MaxBatchFacts,
	})
	if err != nil {
		return run, s.diskError("read own facts", err)
	}
	size := 0
	for i, r := range rows {
		id, err := uuid.Parse(r.ID)
		if err != nil {
			return run, fmt.Errorf("read own facts: %w", err)
		}
		item := wire.NewItem(id, r.Encoded)
		if r.Seq != from+int64(i) || !run.takes(epoch, r.Seq, size, item) {
			break
		}
		size = run.add(epoch, r.Seq, size, item)
	}
	return run, nil
}

// heardBatch is a batch as it was signed; nil when the disk has lost a part of
// it: it is then forgotten, and may be heard again.
func (s *State) heardBatch(ctx context.Context, row gatesql.HeardBatch) (*wire.Batch, error) {
	facts, err := s.store.Read().HeardFacts(ctx, gatesql.HeardFactsParams{Gate: row.Gate, Epoch: row.Epoch, FirstSeq: row.FirstSeq, LastSeq: row.LastSeq})
	if err != nil {
		return nil, s.diskError("read what was heard", err)
	}
	id, err := uuid.Parse(row.ID)
	b := &wire.Batch{ID: id, Site: s.site, Gate: row.Gate, Epoch: parking.Epoch(row.Epoch), FirstSeq: row.FirstSeq, Signature: row.Signature}
	for _, f := range facts {
		of, bad := uuid.Parse(f.ID)
		err = errors.Join(err, bad)
		b.Items = append(b.Items, wire.NewItem(of, f.Encoded))
	}
	if err == nil {
		_, err = b.SignedBy([]wire.GateKey{{PublicKey: row.Signer}})
	}
	if err == nil {
		return b, nil
	}
	s.log.Warn("a batch that was heard is no longer whole on this disk, and is forgotten", "gate", row.Gate, "epoch", row.Epoch, "first_seq", row.FirstSeq, "err", err)
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	err = s.tx(ctx, func(q *gatesql.Queries) error {
		if err := q.DropHeardBatch(ctx, row.N); err != nil {
			return err
		}
		return q.PruneHeardFacts(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("forget a heard batch: %w", err)
	}
	return nil, s.reloadStrands(ctx)
}

// Carried is a heard batch on its way to the cloud.
type Carried struct {
	Batch *wire.Batch
	n     int64
}

// carryLook bounds how many batches one look for the next to carry reads.
const carryLook = 500

// NextToCarry is the next heard batch that the cloud is not known to have, heard
// at least after ago; runs in skip are passed over. false when there is none.
func (s *State) NextToCarry(ctx context.Context, after time.Duration, skip func(Strand) bool) (Carried, bool, error) {
	rows, err := s.store.Read().HeardToCarry(ctx, gatesql.HeardToCarryParams{
		BeforeMs: s.clock.Now().Add(-after).UnixMilli(), MaxRows: carryLook,
	})
	if err != nil {
		return Carried{}, false, s.diskError("read what was heard", err)
	}
	for _, row := range rows {
		if skip(Strand{row.Gate, parking.Epoch(row.Epoch)}) {
			continue
		}
		if b, err := s.heardBatch(ctx, row); err != nil || b != nil {
			return Carried{Batch: b, n: row.N}, b != nil, err
		}
	}
	return Carried{}, false, nil
}

// WasCarried notes that the cloud has answered to a heard batch: it has it, or
// does not take it.
func (s *State) WasCarried(ctx context.Context, c Carried) error {
	now := s.clock.Now().UnixMilli()
	return s.tx(ctx, func(q *gatesql.Queries) error {
		return q.HeardCarried(ctx, gatesql.HeardCarriedParams{NowMs: &now, N: c.n})
	})
}

// CarryAgain makes what is here of a run after seq wait to be carried again,
// because the cloud turned out not to have it; false when nothing here goes on
// after seq.
func (s *State) CarryAgain(ctx context.Context, k Strand, seq int64) (bool, error) {
	var again int64
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		var err error
		again, err = q.CarryAgain(ctx, gatesql.CarryAgainParams{Gate: k.Gate, Epoch: string(k.Epoch), Seq: seq})
		return err
	})
	return again > 0, err
}
