package pipeline

import (
	"math"

	"gatehouse/vision/pipeline/ppocr"
)

// A reading that is believed less than contentWith is worth a second look: through
// the quad that its letters tell, and through a wider one.
const (
	contentWith      = 0.6
	contentWithPlain = 0.45 // by the plain grammar, which believes less for want of patterns
	wider            = 1.3
	// room is what a plate leaves free around its letters, in their heights.
	roomAcross, roomAbove = 0.35, 0.25
)

// enough is the confidence from which on a plate of the country is not looked at again.
func enough(country Country) float64 {
	if country == AnyCountry {
		return contentWithPlain
	}
	return contentWith
}

// again lists the quads to look through a second time.
func again(q *quad, letters []letter, c *cropped) []quad {
	out := []quad{q.grown(wider)}
	if fitted, ok := around(q, letters, c); ok {
		out = append(out, fitted)
	}
	return out
}

// grown is the quad made larger around its middle.
func (q *quad) grown(by float64) quad {
	var middle point
	for _, c := range q.corners {
		middle.x, middle.y = middle.x+c.x/4, middle.y+c.y/4
	}
	out := quad{p: q.p}
	for i, c := range q.corners {
		out.corners[i] = point{middle.x + (c.x-middle.x)*by, middle.y + (c.y-middle.y)*by}
	}
	return out
}

// rowsOf is where the rows of a plate are: around the letters that were seen well,
// or, where these are few, as a plate of its shape has them.
func rowsOf(q *quad, letters []letter, c *cropped) [][4]ppocr.Point {
	var out [][4]ppocr.Point
	seen := wellSeen(letters)
	if len(seen) >= fewLetters {
		for _, row := range rows(seen) {
			if around, ok := enclose(q, row, c); ok {
				out = append(out, around.points())
			}
		}
		return out
	}
	w, h := q.sides()
	if h < twoRows*w {
		return [][4]ppocr.Point{q.points()}
	}
	upper, lower := *q, *q
	left, right := q.corners[0].middle(q.corners[3]), q.corners[1].middle(q.corners[2])
	upper.corners[3], upper.corners[2] = left, right
	lower.corners[0], lower.corners[1] = left, right
	return [][4]ppocr.Point{upper.points(), lower.points()}
}

const (
	// fewLetters are too few to tell where a plate's rows are.
	fewLetters = 4
	// twoRows is the share of its width that a plate of two rows is high, at least.
	twoRows = 0.42
)

func (p point) middle(o point) point { return point{(p.x + o.x) / 2, (p.y + o.y) / 2} }

func (q *quad) points() [4]ppocr.Point {
	var out [4]ppocr.Point
	for i, c := range q.corners {
		out[i] = ppocr.Point{X: c.x, Y: c.y}
	}
	return out
}

// wellSeen are the letters that there are for sure.
func wellSeen(letters []letter) []letter {
	var seen []letter
	for _, l := range letters {
		if l.p >= doubtful {
			seen = append(seen, l)
		}
	}
	return seen
}

// around is the plate that stands around the letters that were seen well, leaning
// as they do; false where they tell nothing new.
func around(q *quad, letters []letter, c *cropped) (quad, bool) {
	seen := wellSeen(letters)
	if len(seen) < fewLetters {
		return quad{}, false
	}
	var of []letter
	for _, row := range rows(seen) {
		of = append(of, row...)
	}
	return enclose(q, of, c)
}

// enclose is the quad around letters, with room at the sides.
func enclose(q *quad, of []letter, c *cropped) (quad, bool) {
	slope, height := slopeOf(of), usualHeight(of)
	left, right, top, low := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, l := range of {
		y := l.y - slope*l.x
		left, right = min(left, l.x-l.w/2), max(right, l.x+l.w/2)
		top, low = min(top, y-l.h/2), max(low, y+l.h/2)
	}
	left, right, top, low = left-roomAcross*height, right+roomAcross*height, top-roomAbove*height, low+roomAbove*height
	out := quad{p: q.p}
	for i, p := range [4]point{{left, top}, {right, top}, {right, low}, {left, low}} {
		out.corners[i] = c.back(point{p.x, p.y + slope*p.x})
		if math.IsNaN(out.corners[i].x+out.corners[i].y) || math.IsInf(out.corners[i].x+out.corners[i].y, 0) {
			return quad{}, false
		}
	}
	return out, true
}
