// Package ink reads plates without networks: for a worker whose weights are
// missing, and to compare with. Ink is told from ground in several ways
// (picture.go); patches of ink of a letter's shape are put in rows, and rows in
// plates of one or two lines (line.go); each letter is compared with drawn
// patterns (atlas.go); the row is set anew, evenly and without border, and given
// to Tesseract (letter.go, tesseract.go); both opinions are weighed under the
// plate grammar (weigh.go). operating.json says what was measured of it.
package ink

import (
	_ "embed" // operating.json
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gocv.io/x/gocv"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/models"
	"gatehouse/vision/pipeline/spell"
)

//go:embed operating.json
var operating []byte

// Reader reads plates. It is not safe for several goroutines.
type Reader struct {
	atlas     *atlas
	tesseract *tesseract
	// Point is its operating point.
	Point models.OperatingPoint
}

// New makes a Reader; it fails where Tesseract has no data.
func New() (*Reader, error) {
	var point models.OperatingPoint
	if err := json.Unmarshal(operating, &point); err != nil {
		return nil, fmt.Errorf("parse operating.json: %w", err)
	}
	drawn, err := newAtlas()
	if err != nil {
		return nil, err
	}
	ocr, err := newTesseract()
	if err != nil {
		return nil, err
	}
	// Tesseract loads its data at the first line; no vehicle shall wait for it.
	if _, err := ocr.read([]*grey{{w: 1, h: 1, pix: []byte{255}}}, digitsOnly); err != nil {
		return nil, errors.Join(err, ocr.close())
	}
	return &Reader{atlas: drawn, tesseract: ocr, Point: point}, nil
}

// Close frees what Tesseract holds.
func (r *Reader) Close() error { return r.tesseract.close() }

// inks are the ways of telling ink from ground that are tried: letters 20 to
// 60 pixels high, letters up to 120, and light letters on dark plates.
var inks = []ink{
	{block: 35, below: 14},
	{block: 61, below: 20},
	{block: 25, below: 6},
	{block: 61, below: 20, light: true},
}

// Read reads the plate of a grey picture.
func (r *Reader) Read(grey gocv.Mat, country spell.Country) (vision.Reading, error) {
	p := scale(grey)
	defer func() { _ = p.mat.Close() }()
	return r.readPicture(p, country)
}

func (r *Reader) readPicture(p *picture, country spell.Country) (vision.Reading, error) {
	if p.w == 0 {
		return vision.None(), nil
	}
	var best *trial
	for _, how := range inks {
		found, err := p.components(how)
		if err != nil {
			return vision.None(), err
		}
		for _, site := range findSites(findLines(found.components), found, how.light) {
			if t := r.try(p, site, country); t != nil && (best == nil || t.score > best.score) {
				best = t
			}
		}
	}
	if best == nil || best.mean < noPlateLikeness {
		return vision.None(), nil
	}
	if err := r.listen(best, country); err != nil {
		return vision.None(), err
	}
	return r.conclude(p, best, country), nil
}

// conclude turns the best trial into a reading.
func (r *Reader) conclude(p *picture, t *trial, country spell.Country) vision.Reading {
	spellings := spell.All(t.shares(), country, t.lettersPerLine())
	if len(spellings) == 0 {
		return vision.None()
	}
	sure := min(max((t.mean-0.5)/0.25, 0), 1) * t.regularity()
	if t.cut > 0 {
		sure *= 0.8 // what was left out may have been a letter
	}
	candidates := spell.Candidates(spellings, func(plate parking.Plate) float64 { return sure * t.agreement(plate) })
	reading := vision.Reading{
		Outcome: vision.OutcomeUnsure, Plate: candidates[0].Plate, Confidence: candidates[0].Confidence,
		Display: candidates[0].Plate.DisplayAs(len(t.lines), t.class()), Lines: len(t.lines), Candidates: candidates,
	}
	box := t.site.box()
	scaleBack := func(v int) int { return int(math.Round(float64(v) / p.scale)) }
	x0, y0 := scaleBack(max(box.Min.X, 0)), scaleBack(max(box.Min.Y, 0))
	if reading.Confidence >= r.Point.From(string(country)) {
		reading.Outcome = vision.OutcomeRead
	}
	reading.Box = [4]int{x0, y0, scaleBack(min(box.Max.X, p.w)) - x0, scaleBack(min(box.Max.Y, p.h)) - y0}
	return reading
}
