package slots

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/parking"
)

const (
	// askEvery is how often gates are asked again what they have not answered.
	askEvery = time.Second
	// askPatience is when a question that nobody answers is taken back.
	askPatience = 10 * time.Second
)

// Run asks gates to lend and to return, again and again until they have
// answered, until ctx ends. Each replica asks the gates that are connected to
// it; what there is to ask stands in Postgres, so that none needs another.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(askEvery * time.Duration(max(1, s.cfg.Pace)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.awake:
		}
		if err := s.ask(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("gates cannot be asked about loans", "error", err)
		}
	}
}

func (s *Service) wake() {
	select {
	case s.awake <- struct{}{}:
	default: // it is going to look
	}
}

// ask looks once at what there is to ask.
func (s *Service) ask(ctx context.Context) error {
	rows, err := s.cfg.Store.Q.LoanWork(ctx, s.cfg.AskPatience.Seconds())
	if err != nil {
		return fmt.Errorf("read what is to be asked: %w", err)
	}
	type at struct {
		site uuid.UUID
		gate string
	}
	requests := map[at]*parking.LendRequest{}
	request := func(site uuid.UUID, gate string) *parking.LendRequest {
		if requests[at{site, gate}] == nil {
			requests[at{site, gate}] = new(parking.LendRequest)
		}
		return requests[at{site, gate}]
	}
	late := map[uuid.UUID][]string{}
	moves := map[uuid.UUID][]string{}
	for _, row := range rows {
		switch {
		case row.Late:
			late[row.SiteID] = append(late[row.SiteID], row.Code)
		case row.AskTo != nil:
			r := request(row.SiteID, row.HomeGate)
			r.Lend = append(r.Lend, parking.Asked{
				Slot: row.Code, ForGood: row.AskForGood, Loan: store.Loan(row.LoanNumber+1, row.AskTo, row.AskEpoch, row.AskIncarnation),
			})
		case row.HomeWanted != nil && (row.LoanTo == nil || !row.LoanRecalled):
			moves[row.SiteID] = append(moves[row.SiteID], row.Code)
		case row.LoanTo != nil:
			r := request(row.SiteID, *row.LoanTo)
			r.Recall = append(r.Recall, row.Code)
		}
	}
	for to, r := range requests {
		s.cfg.Tell(to.site, to.gate, r)
	}
	for _, site := range slices.Collect(maps.Keys(late)) {
		if err := s.takeBack(ctx, site, late[site]); err != nil {
			return err
		}
	}
	for site, codes := range moves {
		for _, code := range codes {
			err := s.cfg.Store.SiteTx(ctx, site, func(t *store.SiteTx) error { return s.move(ctx, t, code) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// takeBack ends questions that nobody answered, and loans of gates that have
// lost their right: what such a gate did is for a person to bring in.
func (s *Service) takeBack(ctx context.Context, site uuid.UUID, codes []string) error {
	return s.cfg.Store.SiteTx(ctx, site, func(t *store.SiteTx) error {
		rows, err := t.Q.LoanWork(ctx, s.cfg.AskPatience.Seconds())
		if err != nil {
			return fmt.Errorf("read what is to be asked: %w", err)
		}
		still := map[string]bool{}
		for _, row := range rows {
			still[row.Code] = still[row.Code] || row.SiteID == site && row.Late
		}
		before, err := s.rights(ctx, t.Q, site, codes)
		if err != nil {
			return err
		}
		after := maps.Clone(before)
		for code, r := range before {
			switch {
			case !still[code]:
				continue
			case r.Ask != nil:
				r.Right = r.Refused(r.Home, r.Ask.N)
			case r.Loan.Open():
				r.Right = r.Ended()
			}
			after[code] = r
		}
		return s.write(ctx, t, before, after)
	})
}
