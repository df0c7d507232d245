package ppocr

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gocv.io/x/gocv"
)

// The finder's input, and how its answer becomes areas: the values of PaddleOCR.
const (
	side       = 640
	ink        = 0.3 // from here on a pixel belongs to a line
	leastInk   = 0.5 // mean of an area's pixels from which on it is one
	widen      = 1.5 // an area is found narrower than its line: area/perimeter to each side
	slightest  = 3   // pixels of the frame that an area is high, at least
	maxAreas   = 100
	standingUp = 1.5 // as many times as high as wide is a line that stands upright
)

var (
	pictureMean      = [3]float32{0.485, 0.456, 0.406}
	pictureDeviation = [3]float32{0.229, 0.224, 0.225}
)

// Point is a place in pixels.
type Point struct{ X, Y float64 }

func (p Point) to(o Point) Point { return Point{o.X - p.X, o.Y - p.Y} }

func (p Point) length() float64 { return math.Hypot(p.X, p.Y) }

// area is where a line of text is: its corners top left, top right, bottom
// right, bottom left, in pixels of the picture.
type area struct{ corners [4]Point }

func (a *area) width() float64 { return a.corners[0].to(a.corners[1]).length() }

func (a *area) height() float64 { return a.corners[0].to(a.corners[3]).length() }

// box is the upright rectangle around it: x, y, width, height.
func (a *area) box() [4]int {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range a.corners {
		x0, y0, x1, y1 = min(x0, c.X), min(y0, c.Y), max(x1, c.X), max(y1, c.Y)
	}
	return [4]int{int(x0), int(y0), int(math.Ceil(x1 - x0)), int(math.Ceil(y1 - y0))}
}

// find lists the areas of a picture that hold text.
func (r *Reader) find(bgr gocv.Mat) ([]area, error) {
	w, h := bgr.Cols(), bgr.Rows()
	scale := side / float64(max(w, h))
	size := image.Pt(max(1, int(math.Round(float64(w)*scale))), max(1, int(math.Round(float64(h)*scale))))
	fitted := gocv.NewMat()
	defer func() { _ = fitted.Close() }()
	gocv.Resize(bgr, &fitted, size, 0, 0, gocv.InterpolationLinear)
	input, err := blob(fitted, side, side, pictureMean, pictureDeviation)
	if err != nil {
		return nil, err
	}
	defer func() { _ = input.Close() }()
	heat, err := forward(&r.finder, input)
	if err != nil {
		return nil, err
	}
	if len(heat) != side*side {
		return nil, fmt.Errorf("the finder of PP-OCRv4 answers with %d numbers, not %d", len(heat), side*side)
	}
	return areas(heat, size, scale)
}

// areas turns the finder's answer into areas of the picture.
func areas(heat []float32, size image.Point, scale float64) ([]area, error) {
	mask := gocv.NewMatWithSize(side, side, gocv.MatTypeCV8U)
	defer func() { _ = mask.Close() }()
	bits, err := mask.DataPtrUint8()
	if err != nil {
		return nil, fmt.Errorf("make a mask: %w", err)
	}
	clear(bits)
	for y := range size.Y {
		for x := range size.X {
			if heat[y*side+x] > ink {
				bits[y*side+x] = 255
			}
		}
	}
	contours := gocv.FindContours(mask, gocv.RetrievalList, gocv.ChainApproxSimple)
	defer contours.Close()
	var out []area
	for i := range min(contours.Size(), maxAreas) {
		around := upright(gocv.MinAreaRect(contours.At(i)).Points)
		if min(around.width(), around.height()) < slightest || meanInside(heat, &around) < leastInk {
			continue
		}
		around.widen()
		for k := range around.corners {
			around.corners[k].X /= scale
			around.corners[k].Y /= scale
		}
		out = append(out, around)
	}
	return out, nil
}

// upright sorts a rectangle's corners: top left, top right, bottom right, bottom
// left.
func upright(points []image.Point) area {
	p := slices.Clone(points)
	slices.SortStableFunc(p, func(a, b image.Point) int { return a.X - b.X })
	if p[0].Y > p[1].Y {
		p[0], p[1] = p[1], p[0]
	}
	if p[2].Y > p[3].Y {
		p[2], p[3] = p[3], p[2]
	}
	at := func(i int) Point { return Point{float64(p[i].X), float64(p[i].Y)} }
	return area{[4]Point{at(0), at(2), at(3), at(1)}}
}

// meanInside is the mean heat of an area's pixels.
func meanInside(heat []float32, a *area) float64 {
	b := a.box()
	sum, n := 0.0, 0
	for y := max(0, b[1]); y <= min(side-1, b[1]+b[3]); y++ {
		for x := max(0, b[0]); x <= min(side-1, b[0]+b[2]); x++ {
			if a.holds(Point{float64(x), float64(y)}) {
				sum += float64(heat[y*side+x])
				n++
			}
		}
	}
	return sum / float64(max(n, 1))
}

// holds says whether a point lies within the area or on its border.
func (a *area) holds(p Point) bool {
	for i, c := range a.corners {
		along, there := c.to(a.corners[(i+1)%4]), c.to(p)
		if along.X*there.Y-along.Y*there.X < 0 {
			return false
		}
	}
	return true
}

// widen moves the sides out as far as the finder has moved them in.
func (a *area) widen() {
	w, h := max(a.width(), 1e-6), max(a.height(), 1e-6)
	by := w * h * widen / (2 * (w + h))
	across, down := a.corners[0].to(a.corners[1]), a.corners[0].to(a.corners[3])
	across, down = Point{across.X / w * by, across.Y / w * by}, Point{down.X / h * by, down.Y / h * by}
	for i, sign := range [4]Point{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		a.corners[i].X += sign.X*across.X + sign.Y*down.X
		a.corners[i].Y += sign.X*across.Y + sign.Y*down.Y
	}
}

// cut warps the area upright; one that stands is turned by a quarter. The caller
// closes it.
func (a *area) cut(bgr gocv.Mat) gocv.Mat {
	w, h := max(1, math.Round(a.width())), max(1, math.Round(a.height()))
	corner := func(p Point) gocv.Point2f { return gocv.Point2f{X: float32(p.X), Y: float32(p.Y)} }
	from := gocv.NewPoint2fVectorFromPoints([]gocv.Point2f{corner(a.corners[0]), corner(a.corners[1]), corner(a.corners[2]), corner(a.corners[3])})
	defer from.Close()
	to := gocv.NewPoint2fVectorFromPoints([]gocv.Point2f{{}, corner(Point{w, 0}), corner(Point{w, h}), corner(Point{0, h})})
	defer to.Close()
	m := gocv.GetPerspectiveTransform2f(from, to)
	defer func() { _ = m.Close() }()
	out := gocv.NewMat()
	gocv.WarpPerspectiveWithParams(bgr, &out, m, image.Pt(int(w), int(h)), gocv.InterpolationCubic, gocv.BorderReplicate, color.RGBA{})
	if h >= standingUp*w {
		gocv.Rotate(out, &out, gocv.Rotate90CounterClockwise)
	}
	return out
}
