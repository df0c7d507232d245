package settle

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// MaxCandidates is how many stays are offered for an exit without an entry.
const MaxCandidates = 12

// looked bounds the stays among which likeness is judged: those that came last.
const looked = 5000

// Candidate is a stay to which an exit may belong.
type Candidate struct {
	cloudsql.InsideBeforeRow
	SameToken bool
	Distance  float64 // of the plates, 0 for the same
}

// Candidates lists the stays that are inside and came before an exit, the most
// likely first: the same card, then the plate most alike, then the latest.
func (s *Settler) Candidates(ctx context.Context, site uuid.UUID, exit *parking.Stay) ([]Candidate, error) {
	if exit.OutAt == nil {
		return nil, nil
	}
	rows, err := s.Store.Q.InsideBefore(ctx, cloudsql.InsideBeforeParams{
		SiteID: site, OutAt: *exit.OutAt, Plate: string(exit.Plate), Most: looked,
	})
	if err != nil {
		return nil, fmt.Errorf("look for the entry of an exit: %w", err)
	}
	out := make([]Candidate, 0, len(rows))
	for _, r := range rows {
		c := Candidate{InsideBeforeRow: r, SameToken: r.Token != "" && r.Token == exit.Token, Distance: 1e9}
		if r.Plate != "" && exit.Plate != "" {
			c.Distance = float64(parking.PlateDistance(parking.Plate(r.Plate), exit.Plate))
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		switch {
		case a.SameToken != b.SameToken:
			if a.SameToken {
				return -1
			}
			return 1
		case a.Distance < b.Distance:
			return -1
		case a.Distance > b.Distance:
			return 1
		}
		return b.InAt.Compare(a.InAt)
	})
	return out[:min(len(out), MaxCandidates)], nil
}
