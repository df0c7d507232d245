// Package models has the weights of the two networks that read plates, their
// card and the operating point that was measured for exactly them. vision/train
// makes them; README.md there says how.
package models

import (
	"crypto/sha256"
	_ "embed" // the weights
	"encoding/hex"
	"encoding/json"
	"fmt"

	"gatehouse/parking"
)

var (
	//go:embed plate_detector.onnx
	detector []byte
	//go:embed plate_reader.onnx
	reader []byte
	//go:embed operating.json
	operating []byte
)

// Weights are what the networks are loaded from.
type Weights struct {
	Detector, Reader []byte // ONNX
	Point            OperatingPoint
}

// OperatingPoint says from which confidence on a reading counts as read, and
// what was measured at it. The threshold is chosen on the evaluation pictures
// whose SHA-256 is even and reported on the odd ones, so that the figures are
// not those of the pictures it was chosen on.
type OperatingPoint struct {
	Detector  string             `json:"detector"`  // SHA-256 of the weights that it is of
	Reader    string             `json:"reader"`    //
	Threshold map[string]float64 `json:"threshold"` // by country; one without is never read, only unsure
	Shown     float64            `json:"shown"`     // below it nothing is said to be there
	How       string             `json:"how"`
	Command   string             `json:"command"`
	Even      []Figures          `json:"chosen_on_even"`
	Odd       []Figures          `json:"reported_on_odd"`
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

// never is above every confidence.
const never = 2

// From is the confidence from which on a reading of a country's plates counts as
// read.
func (o *OperatingPoint) From(country string) float64 {
	if t, ok := o.Threshold[country]; ok {
		return t
	}
	return never
}

// Shipped returns the weights that are part of the program. An error of code
// Unavailable says that their operating point is of other weights: what was never
// measured reads nothing.
func Shipped() (Weights, error) { return check(detector, reader, operating) }

// Unmeasured returns the weights with an operating point that is still to be
// measured: nothing counts as read by it, and everything is shown.
func Unmeasured() Weights {
	return Weights{Detector: detector, Reader: reader, Point: OperatingPoint{
		Detector: sum(detector), Reader: sum(reader), Shown: shown,
	}}
}

// shown is the confidence below which nothing is said to be there.
const shown = 0.02

func check(detector, reader, operating []byte) (Weights, error) {
	w := Weights{Detector: detector, Reader: reader}
	if err := json.Unmarshal(operating, &w.Point); err != nil {
		return Weights{}, fmt.Errorf("parse the operating point: %w", err)
	}
	if w.Point.Detector != sum(detector) || w.Point.Reader != sum(reader) {
		return Weights{}, parking.Errorf(parking.Unavailable,
			"The operating point was measured for other weights than these; plates are read without networks, and none counts as read.")
	}
	return w, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
