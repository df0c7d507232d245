package ppocr

import (
	"fmt"
	"image"
	"math"

	"gocv.io/x/gocv"
)

// The recogniser's input.
const (
	lineHeight = 48
	lineWidth  = 320
)

var (
	lineMean      = [3]float32{0.5, 0.5, 0.5}
	lineDeviation = [3]float32{0.5, 0.5, 0.5}
)

// Read reads the line of text within four corners of a picture (BGR): top left,
// top right, bottom right, bottom left, in its pixels.
func (r *Reader) Read(bgr gocv.Mat, corners [4]Point) ([]Character, error) {
	line := (&area{corners}).cut(bgr)
	defer func() { _ = line.Close() }()
	width := int(math.Ceil(lineHeight * float64(line.Cols()) / float64(line.Rows())))
	fitted := gocv.NewMat()
	defer func() { _ = fitted.Close() }()
	gocv.Resize(line, &fitted, image.Pt(min(max(width, 1), lineWidth), lineHeight), 0, 0, gocv.InterpolationLinear)
	input, err := blob(fitted, lineWidth, lineHeight, lineMean, lineDeviation)
	if err != nil {
		return nil, err
	}
	defer func() { _ = input.Close() }()
	steps, err := forward(&r.recogniser, input)
	if err != nil {
		return nil, err
	}
	if len(steps)%len(r.keys) != 0 {
		return nil, fmt.Errorf("the recogniser of PP-OCRv4 answers with %d numbers for %d characters", len(steps), len(r.keys))
	}
	return r.characters(steps), nil
}

// characters joins the likeliest characters of the steps: one that goes on from
// step to step is one (CTC).
func (r *Reader) characters(steps []float32) []Character {
	var out []Character
	before := 0
	for ; len(steps) > 0; steps = steps[len(r.keys):] {
		best := 0
		for i, v := range steps[:len(r.keys)] {
			if v > steps[best] {
				best = i
			}
		}
		if best != 0 && best != before {
			out = append(out, Character{r.keys[best], float64(steps[best])})
		}
		before = best
	}
	return out
}
