package pipeline

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gocv.io/x/gocv"

	"gatehouse/vision/pipeline/spell"
)

// Channels of the letter reader's answer, each for a cell of cropStride pixels.
const (
	isLetter   = 0  // logit: a letter's centre lies here
	whichAt    = 1  // logits, one for each letter of spell.Alphabet
	letterDX   = 38 // from the cell's middle to the letter's, in cells
	letterDY   = 39
	letterW    = 40 // logarithms of its width and height, in letterUnit
	letterH    = 41
	lettersAll = 42
)

const (
	// leastLetter is how sure the reader must be that there is a letter.
	leastLetter = 0.25
	// plainLetter is what the network says of a letter that is plainly there: what
	// it is trained by (a focal loss) never asks for more.
	plainLetter = 0.93
	// surest is the most that is believed of a letter.
	surest = 0.99
	// smoothing is the part of a letter's share that training gives to all letters
	// alike (reader_loss in vision/train/train.py), so that no share comes near 1.
	smoothing = 0.05
	// sameLetter is the overlap of two boxes from which they are one letter.
	sameLetter = 0.45
)

// letter is one letter of a crop, in pixels of the crop.
type letter struct {
	x, y, w, h float64   // its middle, and its size
	p          float64   // that there is one
	shares     []float64 // of each letter of spell.Alphabet; their sum is 1
}

// letterReader finds and reads the letters of a rectified plate.
type letterReader struct{ net *net }

// read lists the letters of a crop, in no order.
func (r *letterReader) read(crop gocv.Mat) ([]letter, error) {
	answer, err := r.net.run(crop)
	if err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	var all []letter
	for _, p := range answer.peaks(isLetter, leastLetter) {
		l := letter{
			x: (float64(p.x) + 0.5 + float64(answer.at(letterDX, p.y, p.x))) * cropStride,
			y: (float64(p.y) + 0.5 + float64(answer.at(letterDY, p.y, p.x))) * cropStride,
			w: math.Exp(float64(answer.at(letterW, p.y, p.x))) * letterUnit,
			h: math.Exp(float64(answer.at(letterH, p.y, p.x))) * letterUnit,
			p: min(p.p/plainLetter, surest), shares: make([]float64, len(spell.Alphabet)),
		}
		for k := range l.shares {
			l.shares[k] = float64(answer.at(whichAt+k, p.y, p.x))
		}
		softmax(l.shares)
		unsmooth(l.shares)
		if l.w > 1 && l.h > 3 && l.w < cropWidth && l.h < 2*cropHeight {
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(a, b letter) int { return cmp.Compare(b.p, a.p) })
	var out []letter
	for _, l := range all {
		if !slices.ContainsFunc(out, func(o letter) bool { return o.covers(&l) > sameLetter }) {
			out = append(out, l)
		}
	}
	return out, nil
}

func softmax(v []float64) {
	top, sum := slices.Max(v), 0.0
	for i := range v {
		v[i] = math.Exp(v[i] - top)
		sum += v[i]
	}
	for i := range v {
		v[i] /= sum
	}
}

// unsmooth takes back from the shares what training has given to all alike; what
// was less than that stays a hundredth of it. Their sum stays 1.
func unsmooth(shares []float64) {
	alike, sum := smoothing/float64(len(shares)), 0.0
	for i, s := range shares {
		shares[i] = max(s-alike, alike/100)
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
}

// covers is the part of the smaller of two letters that the other covers.
func (l *letter) covers(o *letter) float64 {
	w := min(l.x+l.w/2, o.x+o.w/2) - max(l.x-l.w/2, o.x-o.w/2)
	h := min(l.y+l.h/2, o.y+o.h/2) - max(l.y-l.h/2, o.y-o.h/2)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / min(l.w*l.h, o.w*o.h)
}

// rows puts letters in one or two rows, each from left to right: what is much
// smaller than the others (a state's name, a town) belongs to none.
func rows(letters []letter) [][]letter {
	if len(letters) == 0 {
		return nil
	}
	usual := usualHeight(letters)
	var of []letter
	for _, l := range letters {
		if l.h >= 0.55*usual && l.h <= 1.8*usual {
			of = append(of, l)
		}
	}
	slope := slopeOf(of)
	height := func(l *letter) float64 { return l.y - slope*l.x }
	slices.SortStableFunc(of, func(a, b letter) int { return cmp.Compare(height(&a), height(&b)) })
	split, gap := 0, 0.0
	for i := 1; i < len(of); i++ {
		if g := height(&of[i]) - height(&of[i-1]); g > gap {
			split, gap = i, g
		}
	}
	out := [][]letter{of}
	if gap > 0.5*usual {
		out = [][]letter{of[:split:split], of[split:]}
	}
	for _, row := range out {
		slices.SortFunc(row, func(a, b letter) int { return cmp.Compare(a.x, b.x) })
	}
	return out
}

// usualHeight is the median of the letters' heights.
func usualHeight(letters []letter) float64 {
	heights := make([]float64, len(letters))
	for i, l := range letters {
		heights[i] = l.h
	}
	slices.Sort(heights)
	return heights[len(heights)/2]
}

// slopeOf is the slope of the rows that is left after rectifying: the median over
// letters that stand beside each other. It sorts them from left to right.
func slopeOf(byX []letter) float64 {
	slices.SortFunc(byX, func(a, b letter) int { return cmp.Compare(a.x, b.x) })
	var slopes []float64
	for i := range byX {
		for j := i + 1; j < len(byX); j++ {
			a, b := &byX[i], &byX[j]
			if dx := b.x - a.x; dx > 0.3*a.h && dx < 2*a.h && math.Abs(b.y-a.y) < 0.45*a.h {
				slopes = append(slopes, (b.y-a.y)/dx)
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	slices.Sort(slopes)
	return slopes[len(slopes)/2]
}
