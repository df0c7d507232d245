package ink

import (
	"bytes"
	"fmt"
	"math"
	"slices"
)

// letterImage is a component cut out of the picture: ink 255 on ground 0,
// whatever the colours of the plate, with the strangers beside it taken out.
func letterImage(p *picture, found *inking, c component, light bool) *grey {
	box := c.box
	var inkLevels, groundLevels []byte
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			switch found.label(x, y) {
			case c.label:
				inkLevels = append(inkLevels, p.at(x, y))
			case 0:
				groundLevels = append(groundLevels, p.at(x, y))
			}
		}
	}
	for x := max(box.Min.X-2, 0); x < min(box.Max.X+2, p.w); x++ { // 1 has no ground of its own
		for _, y := range []int{max(box.Min.Y-2, 0), min(box.Max.Y+1, p.h-1)} {
			groundLevels = append(groundLevels, p.at(x, y))
		}
	}
	inkLevel, ground := quantile(inkLevels, 0.3), quantile(groundLevels, 0.7)
	if light {
		inkLevel, ground = quantile(inkLevels, 0.7), quantile(groundLevels, 0.3)
	}
	out := &grey{box.Dx(), box.Dy(), make([]byte, box.Dx()*box.Dy())}
	span := float64(ground) - float64(inkLevel)
	if span == 0 {
		return out
	}
	for y := range out.h {
		for x := range out.w {
			if label := found.label(box.Min.X+x, box.Min.Y+y); label != c.label && label != 0 {
				continue
			}
			depth := (float64(ground) - float64(p.at(box.Min.X+x, box.Min.Y+y))) / span
			out.pix[y*out.w+x] = byte(255 * min(max(depth, 0), 1))
		}
	}
	return out
}

func quantile(levels []byte, q float64) byte {
	if len(levels) == 0 {
		return 0
	}
	slices.Sort(levels)
	return levels[int(q*float64(len(levels)-1))]
}

// Measures of a line that is set anew for Tesseract, pixels. It was trained on
// printed text: even spacing, no border, no bolts, no slant of the row.
const (
	setHeight = 40
	setGap    = 9
	setMargin = 16
)

// setLine sets the letters anew in one even row, black on white, as a PGM
// picture, and returns the middle of each letter in it.
func setLine(letters []*grey) (pgm []byte, middles []float64) {
	width := setMargin
	starts, widths := make([]int, len(letters)), make([]int, len(letters))
	for i, letter := range letters {
		starts[i], widths[i] = width, max(letter.w*setHeight/letter.h, 4)
		width += widths[i] + setGap
		middles = append(middles, float64(starts[i])+float64(widths[i])/2)
	}
	width += setMargin - setGap
	height := setHeight + 2*setMargin
	pix := bytes.Repeat([]byte{255}, width*height)
	for i, letter := range letters {
		for y := range setHeight {
			for x := range widths[i] {
				v := letter.sample(float64(x)/float64(widths[i]), float64(y)/setHeight, 1/float64(widths[i]), 1.0/setHeight)
				pix[(setMargin+y)*width+starts[i]+x] = 255 - v
			}
		}
	}
	return append(fmt.Appendf(nil, "P5\n%d %d\n255\n", width, height), pix...), middles
}

// sample takes the picture's value at a place given in fractions of its
// sides: the mean when it is made smaller, in between when made larger.
func (g *grey) sample(fx, fy, fw, fh float64) byte {
	if fw*float64(g.w) > 1.5 || fh*float64(g.h) > 1.5 {
		return byte(g.mean(fx, fy, fx+fw, fy+fh))
	}
	x, y := (fx+fw/2)*float64(g.w)-0.5, (fy+fh/2)*float64(g.h)-0.5
	x, y = min(max(x, 0), float64(g.w-1)), min(max(y, 0), float64(g.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, g.w-1), min(y0+1, g.h-1)
	tx, ty := x-math.Floor(x), y-math.Floor(y)
	top := float64(g.at(x0, y0))*(1-tx) + float64(g.at(x1, y0))*tx
	bottom := float64(g.at(x0, y1))*(1-tx) + float64(g.at(x1, y1))*tx
	return byte(top*(1-ty) + bottom*ty)
}
