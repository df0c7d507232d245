package state

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// settingCovers is set once a snapshot has said how far all gates' facts are in
// it. Before, nothing is heard: it would be laid over a state that has it.
const settingCovers = "covers_known"

// storeCovers writes what an entry of the feed covers.
func (s *State) storeCovers(ctx context.Context, q *gatesql.Queries, covers []wire.Covered) error {
	for _, c := range covers {
		if c.Gate == parking.CloudGate {
			continue
		}
		if c.Gate == s.gate {
			p := gatesql.CoverFactsParams{Epoch: string(c.Epoch), FirstSeq: s.covered[c.Epoch] + 1, LastSeq: c.Seq}
			if err := q.CoverFacts(ctx, p); err != nil {
				return fmt.Errorf("cover own facts: %w", err)
			}
		}
		if err := q.PutCovered(ctx, gatesql.PutCoveredParams{Gate: c.Gate, Epoch: string(c.Epoch), Seq: c.Seq}); err != nil {
			return fmt.Errorf("write what is covered: %w", err)
		}
		if err := coverHeard(ctx, q, c); err != nil {
			return err
		}
	}
	return nil
}

func coverHeard(ctx context.Context, q *gatesql.Queries, c wire.Covered) error {
	if err := q.CoverHeardFacts(ctx, gatesql.CoverHeardFactsParams{Gate: c.Gate, Epoch: string(c.Epoch), Seq: c.Seq}); err != nil {
		return fmt.Errorf("cover heard facts: %w", err)
	}
	if err := q.CoverHeardBatches(ctx, gatesql.CoverHeardBatchesParams{Gate: c.Gate, Epoch: string(c.Epoch), LastSeq: c.Seq}); err != nil {
		return fmt.Errorf("cover heard batches: %w", err)
	}
	return nil
}

// snapshotCovers brings what was heard to what a snapshot says it includes: the
// rest lies over it and is carried, also when an earlier cloud had it.
func (s *State) snapshotCovers(ctx context.Context, q *gatesql.Queries, snap *wire.Snapshot) error {
	if err := q.ClearCovered(ctx); err != nil {
		return fmt.Errorf("clear what was covered: %w", err)
	}
	now := map[Strand]int64{}
	for _, c := range snap.Covers {
		if c.Gate == parking.CloudGate {
			continue
		}
		now[Strand{c.Gate, c.Epoch}] = c.Seq
		if err := q.PutCovered(ctx, gatesql.PutCoveredParams{Gate: c.Gate, Epoch: string(c.Epoch), Seq: c.Seq}); err != nil {
			return fmt.Errorf("write what is covered: %w", err)
		}
	}
	s.mu.Lock()
	known := slices.Collect(maps.Keys(s.strands.of))
	s.mu.Unlock()
	for _, k := range known {
		seq := now[k]
		if err := coverHeard(ctx, q, wire.Covered{Gate: k.Gate, Epoch: k.Epoch, Seq: seq}); err != nil {
			return err
		}
		if err := q.UncoverHeardFacts(ctx, gatesql.UncoverHeardFactsParams{Gate: k.Gate, Epoch: string(k.Epoch), Seq: seq}); err != nil {
			return fmt.Errorf("uncover heard facts: %w", err)
		}
		if err := q.UncoverHeardBatches(ctx, gatesql.UncoverHeardBatchesParams{Gate: k.Gate, Epoch: string(k.Epoch), LastSeq: seq}); err != nil {
			return fmt.Errorf("uncover heard batches: %w", err)
		}
	}
	if err := q.CarryAllAgain(ctx); err != nil {
		return fmt.Errorf("carry again what was heard: %w", err)
	}
	value := ""
	if snap.Covers != nil {
		value = "1"
	}
	if err := q.SetSetting(ctx, gatesql.SetSettingParams{Name: settingCovers, Value: value}); err != nil {
		return fmt.Errorf("write that what is covered is known: %w", err)
	}
	return nil
}
