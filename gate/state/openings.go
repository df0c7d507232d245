package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Opening is a fact after which a lane's barrier was to open.
type Opening struct {
	Fact      uuid.UUID
	Lane      string
	Stay      uuid.UUID
	At        time.Time
	Confirmed bool // the barrier has answered
	Over      bool // its vehicle has passed, has backed out, or was taken off the lane
}

// ConfirmOpening notes that the barrier opened after fact.
func (s *State) ConfirmOpening(ctx context.Context, fact uuid.UUID) error {
	ms := s.clock.Now().UnixMilli()
	return s.tx(ctx, func(q *gatesql.Queries) error {
		n, err := q.ConfirmOpening(ctx, gatesql.ConfirmOpeningParams{OpenedMs: &ms, Fact: fact.String()})
		if err != nil {
			return fmt.Errorf("confirm an opening: %w", err)
		}
		if n == 0 {
			return parking.Errorf(parking.NotFound, "There is no opening of that record.")
		}
		return nil
	})
}

// EndOpening notes that an opening is over without a fact that says so: a
// guard took its vehicle off the lane.
func (s *State) EndOpening(ctx context.Context, fact uuid.UUID) error {
	ms := s.clock.Now().UnixMilli()
	return s.tx(ctx, func(q *gatesql.Queries) error {
		if err := q.EndOpening(ctx, gatesql.EndOpeningParams{OverMs: &ms, Fact: fact.String()}); err != nil {
			return fmt.Errorf("end an opening: %w", err)
		}
		return nil
	})
}

// Openings returns the last opening of each lane, confirmed or not.
func (s *State) Openings(ctx context.Context) ([]Opening, error) {
	rows, err := s.store.Read().LastOpenings(ctx)
	if err != nil {
		return nil, s.diskError("read the openings", err)
	}
	var out []Opening
	for _, r := range rows {
		if len(out) > 0 && out[len(out)-1].Lane == r.Lane {
			continue // two in one millisecond: the one written last counts
		}
		fact, err1 := uuid.Parse(r.Fact)
		stay, err2 := uuid.Parse(r.Stay)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read the openings: %w", err)
		}
		out = append(out, Opening{Fact: fact, Lane: r.Lane, Stay: stay, At: time.UnixMilli(r.AtMs).UTC(), Confirmed: r.OpenedMs != nil, Over: r.OverMs != nil})
	}
	return out, nil
}
