package ingest_test

import (
	"slices"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// matches says which exits are those of which stays (§3), from stays folded
// from their own facts alone.
func matches(facts []*naiveFact, own map[uuid.UUID]*naiveStay) map[uuid.UUID]uuid.UUID {
	into, taken := map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]bool{}
	var exits []*naiveStay
	for id, s := range own {
		if s.out == nil || s.in != nil || s.voided() {
			continue
		}
		if target := byHand(facts, id); own[target] != nil && own[target].in != nil && !own[target].voided() {
			into[id], taken[target] = target, true
		} else {
			exits = append(exits, s)
		}
	}
	slices.SortFunc(exits, func(a, b *naiveStay) int {
		if c := a.outAt.Compare(b.outAt); c != 0 {
			return c
		}
		return compareUUID(a.out.ID, b.out.ID)
	})
	for _, x := range exits {
		var fit []uuid.UUID
		for id, s := range own {
			if x.plate != "" && s.plate == x.plate && s.in != nil && !s.inAt.After(x.outAt) && s.out == nil && !s.voided() && !taken[id] {
				fit = append(fit, id)
			}
		}
		if len(fit) == 1 {
			into[x.id], taken[fit[0]] = fit[0], true
		}
	}
	return into
}

// byHand is the stay with which a person matched an exit first.
func byHand(facts []*naiveFact, exit uuid.UUID) uuid.UUID {
	for _, f := range facts {
		if m, ok := f.body.(*parking.ExitMatched); ok && m.Exit == exit {
			return m.Stay
		}
	}
	return uuid.Nil
}
