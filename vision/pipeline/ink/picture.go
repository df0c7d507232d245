package ink

import (
	"encoding/binary"
	"fmt"
	"image"

	"gocv.io/x/gocv"
)

// working sizes in pixels: every picture is brought to one of them, so that
// the letters of a plate come out 25 to 120 pixels high.
const (
	workingWidth  = 960
	smallestSide  = 16
	cropWidth     = 420 // a picture that is all plate
	cropMaxHeight = 200 // a picture lower than this is all plate
)

// grey is a grey picture outside of native memory.
type grey struct {
	w, h int
	pix  []byte
}

func (g *grey) at(x, y int) byte { return g.pix[y*g.w+x] }

// picture is a decoded picture at its working size.
type picture struct {
	grey
	scale float64 // working pixels per pixel of the file
	mat   gocv.Mat
}

// scale brings a grey picture to its working size. The caller closes its mat.
func scale(decoded gocv.Mat) *picture {
	w, h := decoded.Cols(), decoded.Rows()
	if w < smallestSide || h < smallestSide {
		return &picture{mat: gocv.NewMat()}
	}
	scale := float64(workingWidth) / float64(w)
	if h < cropMaxHeight {
		scale = float64(cropWidth) / float64(w)
	}
	scaled := gocv.NewMat()
	how := gocv.InterpolationCubic
	if scale < 1 {
		how = gocv.InterpolationArea
	}
	size := image.Pt(int(float64(w)*scale+0.5), max(int(float64(h)*scale+0.5), 1))
	gocv.Resize(decoded, &scaled, size, 0, 0, how)
	return &picture{grey: grey{size.X, size.Y, scaled.ToBytes()}, scale: scale, mat: scaled}
}

// component is a connected patch of ink.
type component struct {
	box   image.Rectangle
	area  int
	label int32
}

// ink is one way of telling ink from ground.
type ink struct {
	block int     // side of the square whose mean is the ground, pixels
	below float32 // how much darker ink is, grey levels
	light bool    // light letters on a dark plate
}

// inking is the result: the components that may be letters, and to which
// component each pixel belongs.
type inking struct {
	components []component
	labels     []byte // int32, little endian, row by row
	w          int
}

func (i *inking) label(x, y int) int32 {
	return int32(binary.LittleEndian.Uint32(i.labels[4*(y*i.w+x):]))
}

// components finds the patches of ink that have the size and shape of letters.
func (p *picture) components(how ink) (*inking, error) {
	mask, labels, stats, centres := gocv.NewMat(), gocv.NewMat(), gocv.NewMat(), gocv.NewMat()
	for _, m := range []*gocv.Mat{&mask, &labels, &stats, &centres} {
		defer func() { _ = m.Close() }()
	}
	kind, below := gocv.ThresholdBinaryInv, how.below
	if how.light {
		kind, below = gocv.ThresholdBinary, -how.below
	}
	gocv.AdaptiveThreshold(p.mat, &mask, 255, gocv.AdaptiveThresholdMean, kind, how.block, below)
	count := gocv.ConnectedComponentsWithStatsWithParams(mask, &labels, &stats, &centres, 8, gocv.MatTypeCV32S, gocv.CCL_DEFAULT)
	table := stats.ToBytes()
	if len(table) < count*20 {
		return nil, fmt.Errorf("component table has %d bytes for %d components", len(table), count)
	}
	field := func(row, column int) int {
		return int(int32(binary.LittleEndian.Uint32(table[(row*5+column)*4:])))
	}
	found := &inking{labels: labels.ToBytes(), w: p.w}
	for row := 1; row < count; row++ { // row 0 is the ground
		x, y, w, h, area := field(row, 0), field(row, 1), field(row, 2), field(row, 3), field(row, 4)
		if letterShaped(w, h, area, p.h) {
			found.components = append(found.components, component{image.Rect(x, y, x+w, y+h), area, int32(row)})
		}
	}
	return found, nil
}

// letterShaped says whether a patch has the size and shape of a letter.
func letterShaped(w, h, area, pictureHeight int) bool {
	return h >= 18 && h <= max(170, pictureHeight*9/10) && w >= 3 &&
		w*100 >= h*10 && w*100 <= h*105 && area*100 >= w*h*18
}
