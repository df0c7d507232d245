package camera

import (
	"bytes"
	"image"
	"math"

	"golang.org/x/image/draw"

	"gatehouse/parking"
	"gatehouse/vision"
)

// The grid on which pictures are compared, and what counts as a change.
const (
	motionCols = 32
	motionRows = 24
	around     = 3 // cells on each side that a cell is compared with

	cellDiffers = 0.15   // of the grey of what is around
	enough      = 0.10   // of the cells: something has come
	few         = 0.04   // … or has gone
	sureAfter   = 2      // pictures that say so one after the other
	adapts      = 0.05   // how fast an empty lane is learnt anew with each picture
	absorbs     = 0.0002 // … one in which something is
)

// Motion tells from one picture of a camera to the next whether a vehicle is in
// it. It compares each picture with how the lane looks when it is empty, which
// it learns: the first picture counts as empty, and what stays for some twenty
// minutes (a cone, a stain) becomes part of the lane. Compared is how much
// lighter or darker each spot is than what is around it, so that dusk and lamps
// are no vehicles. The zero value is ready.
type Motion struct {
	empty []float64
	there bool
	votes int // pictures in a row that say otherwise
}

// See takes in the next picture and says whether a vehicle is there. The error
// is Invalid or TooLarge for what is no picture, and changes nothing.
func (m *Motion) See(picture []byte) (there bool, err error) {
	cells, err := motionCells(picture)
	if err != nil {
		return m.there, err
	}
	if m.empty == nil {
		m.empty = cells
		return false, nil
	}
	changed := m.changed(cells)
	switch {
	case !m.there && changed >= enough, m.there && changed <= few:
		if m.votes++; m.votes >= sureAfter {
			m.there, m.votes = !m.there, 0
		}
	default:
		m.votes = 0
	}
	rate := adapts
	if m.there || changed >= enough {
		rate = absorbs
	}
	for i := range m.empty {
		m.empty[i] += rate * (cells[i] - m.empty[i])
	}
	return m.there, nil
}

// changed is the part of the cells that differ from the empty lane.
func (m *Motion) changed(cells []float64) float64 {
	n := 0
	for i := range cells {
		if math.Abs(cells[i]-m.empty[i]) > cellDiffers {
			n++
		}
	}
	return float64(n) / float64(len(cells))
}

// motionCells is a picture as a grid: how much lighter each cell is than what
// is around it.
func motionCells(picture []byte) ([]float64, error) {
	if err := vision.CheckPicture(picture); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	small := image.NewGray(image.Rect(0, 0, motionCols, motionRows))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	cells := make([]float64, len(small.Pix))
	for y := range motionRows {
		for x := range motionCols {
			mean := meanGrey(small, image.Rect(x-around, y-around, x+around+1, y+around+1))
			cells[y*motionCols+x] = (float64(small.GrayAt(x, y).Y) - mean) / (mean + darkest)
		}
	}
	return cells, nil
}

// darkest keeps the noise of a black picture from counting.
const darkest = 12

func meanGrey(img *image.Gray, r image.Rectangle) float64 {
	r = r.Intersect(img.Bounds())
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum += int(img.GrayAt(x, y).Y)
		}
	}
	return float64(sum) / float64(r.Dx()*r.Dy())
}
