package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// DiscountRules say which discounts of a tariff guards may give at an exit, and
// to how many stays each of them on a day. Administrators may give any.
type DiscountRules struct {
	Guards []string `json:"guards"`
	ADay   int      `json:"a_day"`
}

// Discounts reads the discounts of the tariff in force at p's site, and which
// of them guards may give.
func (s *Service) Discounts(ctx context.Context, p Principal) (map[string]parking.Discount, DiscountRules, error) {
	return discountsOf(ctx, s.Store.Q, p)
}

func discountsOf(ctx context.Context, q *cloudsql.Queries, p Principal) (map[string]parking.Discount, DiscountRules, error) {
	row, err := q.Site(ctx, p.Site)
	if err != nil {
		return nil, DiscountRules{}, fmt.Errorf("read the site: %w", err)
	}
	rules := DiscountRules{Guards: row.GuardDiscounts, ADay: int(row.DiscountsADay)}
	tariffs, err := store.Tariffs(ctx, q, p.Site)
	if err != nil {
		return nil, rules, err
	}
	for _, t := range tariffs {
		if t.ID == row.TariffID && t.Version == int(row.TariffVersion) {
			return t.Discounts, rules, nil
		}
	}
	return nil, rules, nil
}

// SetDiscounts says which discounts of the tariff guards may give, and to how
// many stays a day, with an entry of the audit log, and tells the gates. What is
// as before changes nothing. An Invalid error says what is wrong.
func (s *Service) SetDiscounts(ctx context.Context, p Principal, next DiscountRules) error {
	slices.Sort(next.Guards)
	next.Guards = slices.Compact(next.Guards)
	if next.ADay < 0 || next.ADay > 10_000 {
		return parking.Errorf(parking.Invalid, "A guard may give a discount to 0 to 10,000 stays a day.")
	}
	return s.Store.SiteTx(ctx, p.Site, func(t *store.SiteTx) error {
		known, before, err := discountsOf(ctx, t.Q, p)
		if err != nil {
			return err
		}
		for _, code := range next.Guards {
			if _, ok := known[code]; !ok && !slices.Contains(before.Guards, code) {
				return parking.Errorf(parking.Invalid, "The tariff has no discount %s; it has %v.", code, slices.Sorted(maps.Keys(known)))
			}
		}
		if slices.Equal(before.Guards, next.Guards) && before.ADay == next.ADay {
			return nil
		}
		err = t.Q.SetDiscountRules(ctx, cloudsql.SetDiscountRulesParams{
			ID: p.Site, GuardDiscounts: append([]string{}, next.Guards...), DiscountsADay: int32(next.ADay), //nolint:gosec // up to 10,000
		})
		if err != nil {
			return fmt.Errorf("write who may give discounts: %w", err)
		}
		if err := s.tellKeys(ctx, t, s.Now().UTC()); err != nil {
			return err
		}
		return s.Audit(ctx, t.Q, p, Entry{Action: "site.discounts", Subject: "guards", Before: before, After: next})
	})
}
