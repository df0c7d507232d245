package pipeline

import (
	"image"
	"image/color"

	"gocv.io/x/gocv"
)

// cropped is a rectified plate, and where it was.
type cropped struct {
	gocv.Mat
	toPicture [9]float64 // a homography, row by row
}

// back is where a point of the crop was in the picture.
func (c *cropped) back(p point) point {
	m := &c.toPicture
	w := m[6]*p.x + m[7]*p.y + m[8]
	return point{(m[0]*p.x + m[1]*p.y + m[2]) / w, (m[3]*p.x + m[4]*p.y + m[5]) / w}
}

// crop rectifies a plate: it stands in the middle of a picture of
// cropWidth×cropHeight, a little narrower than that, and keeps its aspect; one
// that would be taller is pressed to fit. The caller closes it.
func crop(grey gocv.Mat, q *quad) *cropped {
	w, h := q.sides()
	corners := q.corners
	source, scale := grey, 1.0
	if w > 2*cropWidth { // averaged down first, so that nothing is lost between pixels
		scale = 1.3 * cropWidth / w
		smaller := gocv.NewMat()
		defer func() { _ = smaller.Close() }()
		gocv.Resize(grey, &smaller, image.Point{}, scale, scale, gocv.InterpolationArea)
		source = smaller
		for i := range corners {
			corners[i].x, corners[i].y = corners[i].x*scale, corners[i].y*scale
		}
	}
	cw := cropWidth / (1 + 2*cropWiden)
	ch := min(cropHeight/(1+2*cropWiden), cw*h/max(w, 1e-3))
	x, y := (cropWidth-cw)/2, (cropHeight-ch)/2
	from := gocv.NewPoint2fVectorFromPoints([]gocv.Point2f{at(corners[0]), at(corners[1]), at(corners[2]), at(corners[3])})
	defer from.Close()
	to := gocv.NewPoint2fVectorFromPoints([]gocv.Point2f{at(point{x, y}), at(point{x + cw, y}), at(point{x + cw, y + ch}), at(point{x, y + ch})})
	defer to.Close()
	m := gocv.GetPerspectiveTransform2f(from, to)
	defer func() { _ = m.Close() }()
	back := gocv.GetPerspectiveTransform2f(to, from)
	defer func() { _ = back.Close() }()
	out := &cropped{Mat: gocv.NewMat()}
	for i := range out.toPicture {
		out.toPicture[i] = back.GetDoubleAt(i/3, i%3)
		if i < 6 {
			out.toPicture[i] /= scale
		}
	}
	gocv.WarpPerspectiveWithParams(source, &out.Mat, m, image.Pt(cropWidth, cropHeight), gocv.InterpolationLinear, gocv.BorderReplicate, color.RGBA{})
	return out
}

func at(p point) gocv.Point2f { return gocv.Point2f{X: float32(p.x), Y: float32(p.y)} }
