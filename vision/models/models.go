// Package models has the weights of the two networks that read plates, their
// card and the operating point that was measured for exactly them. vision/train
// makes them; README.md there says how.
package models

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"gatehouse/parking"
)

//go:embed weights
var files embed.FS

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
	Detector string  `json:"detector,omitempty"` // SHA-256 of the weights that it is of
	Reader   string  `json:"reader,omitempty"`   //
	Shown    float64 `json:"shown"`              // below it nothing is said to be there
	How      string  `json:"how"`
	Command  string  `json:"command"`
	Measured
	WithSecond *Measured `json:"with_second_reader,omitempty"`
}

// Measured is a threshold and what was measured at it.
type Measured struct {
	Threshold map[string]float64 `json:"threshold"` // by country; one without is never read, only unsure
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
func (m *Measured) From(country string) float64 {
	if m == nil {
		return never
	}
	if t, ok := m.Threshold[country]; ok {
		return t
	}
	return never
}

// Shipped returns the weights that are part of the program. An error of code
// Unavailable says that there are none, or that their operating point is of
// others: what was never measured reads nothing.
func Shipped() (Weights, error) {
	w, err := load(files)
	if err != nil {
		return Weights{}, err
	}
	operating, err := fs.ReadFile(files, "weights/operating.json")
	if errors.Is(err, fs.ErrNotExist) {
		return Weights{}, refuse()
	}
	if err != nil {
		return Weights{}, fmt.Errorf("read the operating point: %w", err)
	}
	return check(w, operating)
}

// Unmeasured returns the weights with an operating point that is still to be
// measured: nothing counts as read by it.
func Unmeasured() (Weights, error) { return load(files) }

// shown is the confidence below which nothing is said to be there.
const shown = 0.02

func load(from fs.FS) (Weights, error) {
	var w Weights
	for name, into := range map[string]*[]byte{"weights/plate_detector.onnx": &w.Detector, "weights/plate_reader.onnx": &w.Reader} {
		b, err := fs.ReadFile(from, name)
		if errors.Is(err, fs.ErrNotExist) {
			return Weights{}, parking.Errorf(parking.Unavailable, "This program has no weights; plates are read by ink and Tesseract.")
		}
		if err != nil {
			return Weights{}, fmt.Errorf("read weights: %w", err)
		}
		*into = b
	}
	w.Point = OperatingPoint{Detector: sum(w.Detector), Reader: sum(w.Reader), Shown: shown}
	return w, nil
}

func check(w Weights, operating []byte) (Weights, error) {
	var p OperatingPoint
	if err := json.Unmarshal(operating, &p); err != nil {
		return Weights{}, fmt.Errorf("parse the operating point: %w", err)
	}
	if p.Detector != w.Point.Detector || p.Reader != w.Point.Reader {
		return Weights{}, refuse()
	}
	w.Point = p
	return w, nil
}

func refuse() error {
	return parking.Errorf(parking.Unavailable,
		"The operating point was measured for other weights than these, or never; plates are read by ink and Tesseract.")
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
