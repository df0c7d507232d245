package pipeline

import (
	_ "embed" // operating.json
	"encoding/json"
	"fmt"
)

//go:embed operating.json
var operatingJSON []byte

// OperatingPoint says from which confidence on a reading counts as read, and
// what was measured at it. The threshold is chosen on the evaluation pictures
// whose SHA-256 is even and reported on the odd ones, so that the figures are
// not those of the pictures it was chosen on.
type OperatingPoint struct {
	Threshold map[Country]float64 `json:"threshold"` // a country without one is never read, only unsure
	How       string              `json:"how"`
	Command   string              `json:"command"`
	Even      []Figures           `json:"chosen_on_even"`
	Odd       []Figures           `json:"reported_on_odd"`
}

// Figures are the counts of one folder of evaluation pictures.
type Figures struct {
	Set       string `json:"set"`
	Pictures  int    `json:"pictures"`
	ReadRight int    `json:"read_right"`
	ReadWrong int    `json:"read_wrong"`
	Unsure    int    `json:"unsure"`
	BestRight int    `json:"best_right"` // read or unsure, with the right plate first
	None      int    `json:"none"`
}

func loadOperatingPoint() (OperatingPoint, error) {
	var point OperatingPoint
	if err := json.Unmarshal(operatingJSON, &point); err != nil {
		return OperatingPoint{}, fmt.Errorf("parse operating.json: %w", err)
	}
	return point, nil
}

func (o OperatingPoint) threshold(country Country) float64 {
	if t, ok := o.Threshold[country]; ok {
		return t
	}
	return 2 // above every confidence
}
