package pipeline

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"gocv.io/x/gocv"
)

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// point is a place in a picture, in pixels.
type point struct{ x, y float64 }

// quad is where a plate is: its corners top left, top right, bottom right, bottom
// left as they are written on, and how sure the finder is.
type quad struct {
	corners [4]point
	p       float64
}

// box is the smallest upright rectangle around the quad.
func (q *quad) box() (x0, y0, x1, y1 float64) {
	x0, y0, x1, y1 = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range q.corners {
		x0, y0, x1, y1 = min(x0, c.x), min(y0, c.y), max(x1, c.x), max(y1, c.y)
	}
	return x0, y0, x1, y1
}

// sides are the mean width and height.
func (q *quad) sides() (w, h float64) {
	far := func(a, b point) float64 { return math.Hypot(a.x-b.x, a.y-b.y) }
	c := q.corners
	return (far(c[0], c[1]) + far(c[3], c[2])) / 2, (far(c[0], c[3]) + far(c[1], c[2])) / 2
}

const (
	// leastPlate is how sure the finder must be of a plate for it to be looked at.
	leastPlate = 0.2
	// maxPlates is how many of a picture are read, the surest first.
	maxPlates = 3
	// samePlate is the overlap of two boxes, by the union, from which they are one.
	samePlate = 0.3
	// slightest is the width of a plate in pixels below which nothing is read.
	slightest = 12
)

// finder finds plates in a picture.
type finder struct{ net *net }

// find lists the plates of a grey picture in its pixels, the surest first.
func (f *finder) find(grey gocv.Mat) ([]quad, error) {
	frame, scale := letterbox(grey)
	defer func() { _ = frame.Close() }()
	answer, err := f.net.run(frame)
	if err != nil {
		return nil, fmt.Errorf("find plates: %w", err)
	}
	var all []quad
	for _, p := range answer.peaks(0, leastPlate) {
		q := quad{p: p.p}
		for i := range q.corners {
			dx, dy := answer.at(1+2*i, p.y, p.x), answer.at(2+2*i, p.y, p.x)
			q.corners[i] = point{
				((float64(p.x)+0.5)*frameStride + float64(dx)*cornerUnit) / scale,
				((float64(p.y)+0.5)*frameStride + float64(dy)*cornerUnit) / scale,
			}
		}
		if w, h := q.sides(); w >= slightest && h >= slightest/5 && !math.IsInf(w+h, 0) {
			all = append(all, q)
		}
	}
	slices.SortStableFunc(all, func(a, b quad) int { return cmp.Compare(b.p, a.p) })
	var out []quad
	for _, q := range all {
		if len(out) < maxPlates && !slices.ContainsFunc(out, func(o quad) bool { return overlap(&o, &q) > samePlate }) {
			out = append(out, q)
		}
	}
	if whole := whole(grey.Cols(), grey.Rows()); whole != nil {
		out = append(out, *whole)
	}
	return out, nil
}

// A picture as wide as a plate of one row may be a plate and nothing else: it is
// read as one, too, whatever the finder says.
const (
	leastAspect, mostAspect = 2.6, 7.0
	wholeP                  = 0.5
)

// whole is the quad of a picture that may be all plate, nil where it cannot.
func whole(w, h int) *quad {
	if aspect := float64(w) / float64(h); aspect < leastAspect || aspect > mostAspect {
		return nil
	}
	x, y := float64(w), float64(h)
	return &quad{corners: [4]point{{0, 0}, {x, 0}, {x, y}, {0, y}}, p: wholeP}
}

// letterbox fits a grey picture into the finder's frame; scale is frame pixels
// per pixel of the picture. The caller closes the frame.
func letterbox(grey gocv.Mat) (frame gocv.Mat, scale float64) {
	w, h := grey.Cols(), grey.Rows()
	scale = min(frameWidth/float64(w), frameHeight/float64(h))
	size := image.Pt(clamp(int(math.Round(float64(w)*scale)), 1, frameWidth), clamp(int(math.Round(float64(h)*scale)), 1, frameHeight))
	how := gocv.InterpolationLinear
	if scale < 1 {
		how = gocv.InterpolationArea
	}
	frame = gocv.NewMatWithSizeFromScalar(gocv.NewScalar(framePad, 0, 0, 0), frameHeight, frameWidth, gocv.MatTypeCV8U)
	part := frame.Region(image.Rectangle{Max: size})
	defer func() { _ = part.Close() }()
	gocv.Resize(grey, &part, size, 0, 0, how)
	return frame, scale
}

func clamp(v, low, high int) int { return min(max(v, low), high) }

// overlap is the part of two boxes that they share, of what both cover.
func overlap(a, b *quad) float64 {
	ax0, ay0, ax1, ay1 := a.box()
	bx0, by0, bx1, by1 := b.box()
	w, h := min(ax1, bx1)-max(ax0, bx0), min(ay1, by1)-max(ay0, by0)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / ((ax1-ax0)*(ay1-ay0) + (bx1-bx0)*(by1-by0) - w*h)
}
