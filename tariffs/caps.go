package tariffs

import (
	"gatehouse/parking"
)

// ExampleCaps are the prices that some Vietnamese cities allow at most, as
// examples that an operator must check against the decision in force.
func ExampleCaps() []parking.CityCaps {
	caps, err := parseCaps(cityCapsYAML)
	if err != nil {
		panic("tariffs: the shipped caps are broken: " + parking.ErrorMessage(err))
	}
	return caps
}

func parseCaps(b []byte) ([]parking.CityCaps, error) {
	document, err := parse(b)
	if err != nil {
		return nil, err
	}
	var caps []parking.CityCaps
	if err := decode(document, &caps); err != nil {
		return nil, err
	}
	return caps, nil
}
