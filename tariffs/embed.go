// Package tariffs reads tariff documents in YAML and holds those that the
// product ships with.
package tariffs

import (
	_ "embed" // the documents below are part of the program

	"gatehouse/parking"
)

//go:embed default.yaml
var defaultYAML []byte

//go:embed hanoi_motorbike.yaml
var hanoiMotorbikeYAML []byte

//go:embed city_caps.yaml
var cityCapsYAML []byte

// DefaultTariff is what a new site starts with: cars 5,000 ₫ for the first
// hour and 3,000 ₫ for each started hour after, motorbikes and bicycles by
// day and night.
func DefaultTariff() *parking.Tariff { return mustParse(defaultYAML) }

// HanoiMotorbike is a motorbike park at the caps of Hà Nội.
func HanoiMotorbike() *parking.Tariff { return mustParse(hanoiMotorbikeYAML) }

// mustParse reads a document that the tests have read before it shipped.
func mustParse(b []byte) *parking.Tariff {
	t, err := Parse(b)
	if err != nil {
		panic("tariffs: a shipped document is broken: " + parking.ErrorMessage(err))
	}
	return t
}
