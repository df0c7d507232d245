package ingest_test

import (
	"testing"

	"gatehouse/parking"
)

// TestADiscountIsPricedAgain closes stays with discounts: what the tariff gives
// is no conflict, what it does not give is one.
func TestADiscountIsPricedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		charge  parking.Charge
		differs bool
	}{
		"as the tariff says":        {parking.Charge{Fee: 2000, Discounts: []string{"SHOP1"}}, false},
		"all of it":                 {parking.Charge{Fee: 0, Discounts: []string{"STAFF"}}, false},
		"two":                       {parking.Charge{Fee: 0, Discounts: []string{"SHOP1", "STAFF"}}, false},
		"more than the tariff says": {parking.Charge{Fee: 1000, Discounts: []string{"SHOP1"}}, true},
		"less":                      {parking.Charge{Fee: 5000, Discounts: []string{"SHOP1"}}, true},
		"none that is known":        {parking.Charge{Fee: 2000, Discounts: []string{"VIP"}}, true},
		"a line and no code, as older gates wrote": {parking.Charge{Fee: 2000, Lines: []parking.Line{
			{Code: parking.LineBlockFirst, Amount: 5000}, {Code: parking.LineDiscount, Amount: -3000},
		}}, false},
		"a reduced fee and neither": {parking.Charge{Fee: 2000}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			if _, err := s.Store.Pool.Exec(t.Context(), `UPDATE tariffs SET document = document ||
				'{"discounts": {"SHOP1": {"amount": 3000}, "STAFF": {"percent": 100}}}' WHERE site_id = $1`, s.ID); err != nil {
				t.Fatal(err)
			}
			stay := s.in("N", 0, parking.VehicleIn{Plate: "51F00001", Slot: "N01"})
			c.charge.Currency, c.charge.In, c.charge.Out, c.charge.Tariff, c.charge.TariffV = "VND", minute(0), minute(10), "default", 1
			s.tell("N", 10, parking.KindVehicleOut, parking.VehicleOut{Stay: stay, Lane: "2", Class: parking.Car, Plate: "51F00001", Charge: c.charge})
			if c.differs {
				s.want(name, "fee_differs open")
			} else {
				s.want(name)
			}
		})
	}
}
