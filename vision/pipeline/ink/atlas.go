package ink

import (
	"fmt"
	"image"
	"math"
	"slices"

	"gatehouse/vision/pipeline/spell"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Size of the patch on which letters are compared.
const (
	patchWidth  = 16
	patchHeight = 24
)

// patch is a letter brought to one size, with mean 0 and length 1, so that
// the product of two is their correlation.
type patch [patchWidth * patchHeight]float32

// correlation returns −1..1; 1 for equal patches.
func (p *patch) correlation(q *patch) float32 {
	var sum float32
	for i := range p {
		sum += p[i] * q[i]
	}
	return sum
}

// atlas holds drawn patterns of every letter.
type atlas struct {
	patterns [][]patch // one list per letter of the alphabet
}

// newAtlas draws the alphabet in several open fonts, upright and leaning,
// thin and thick. Nothing in it comes from photographs.
func newAtlas() (*atlas, error) {
	a := &atlas{patterns: make([][]patch, len(spell.Alphabet))}
	for _, ttf := range [][]byte{liberationsansbold.TTF, liberationsansregular.TTF, gobold.TTF, gomedium.TTF} {
		face, err := opentype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("parse a font of the letter atlas: %w", err)
		}
		for i, r := range spell.Alphabet {
			for _, lean := range []float32{-0.14, 0, 0.14} {
				drawn, err := drawLetter(face, r, lean)
				if err != nil {
					return nil, err
				}
				for _, weight := range []int{-1, 0, 1} {
					a.patterns[i] = append(a.patterns[i], makePatch(weighted(drawn, weight)))
				}
			}
		}
	}
	for _, flag := range []float32{0.4, 0.6, 0.85} { // the 1 of plates has no foot, unlike those fonts'
		for _, lean := range []float32{-0.05, 0, 0.05} {
			for _, stem := range []float32{5, 7, 9} {
				one := slices.Index(spell.Alphabet, '1')
				a.patterns[one] = append(a.patterns[one], makePatch(drawOne(stem, flag, lean)))
			}
		}
	}
	return a, nil
}

// drawOne draws a 1 without a foot: a stem with a flag at its left.
func drawOne(stem, flag, lean float32) *grey {
	const side = letterHeight * 2
	reach := letterHeight * flag * 0.4
	raster := vector.NewRasterizer(side, side)
	place := func(x, y float32) (float32, float32) { return side/2 + x + lean*(letterHeight-y), side/4 + y }
	for i, p := range [][2]float32{
		{0, 0},
		{0, letterHeight},
		{-stem, letterHeight},
		{-stem, stem * 1.4},
		{-stem - reach, stem*1.4 + reach*0.8},
		{-stem - reach, stem*0.2 + reach*0.7},
		{-stem * 0.8, 0},
	} {
		x, y := place(p[0], p[1])
		if i == 0 {
			raster.MoveTo(x, y)
			continue
		}
		raster.LineTo(x, y)
	}
	raster.ClosePath()
	drawn := image.NewAlpha(image.Rect(0, 0, side, side))
	raster.Draw(drawn, drawn.Bounds(), image.Opaque, image.Point{})
	return cutToInk(&grey{side, side, drawn.Pix})
}

// letterHeight is the height at which patterns are drawn, pixels.
const letterHeight = 48

// drawLetter draws a letter, cut to its outline; ink is 255.
func drawLetter(face *sfnt.Font, r rune, lean float32) (*grey, error) {
	var buffer sfnt.Buffer
	index, err := face.GlyphIndex(&buffer, r)
	if err != nil || index == 0 {
		return nil, fmt.Errorf("a font of the letter atlas lacks %q: %w", r, err)
	}
	segments, err := face.LoadGlyph(&buffer, index, fixed.I(letterHeight*4/3), nil)
	if err != nil {
		return nil, fmt.Errorf("load %q of the letter atlas: %w", r, err)
	}
	const side = letterHeight * 2
	raster := vector.NewRasterizer(side, side)
	place := func(p fixed.Point26_6) (float32, float32) {
		x, y := float32(p.X)/64, float32(p.Y)/64
		return x - lean*y + side/4, y + side*3/4
	}
	for _, segment := range segments {
		ax, ay := place(segment.Args[0])
		bx, by := place(segment.Args[1])
		switch segment.Op {
		case sfnt.SegmentOpMoveTo:
			raster.ClosePath()
			raster.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			raster.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			raster.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			cx, cy := place(segment.Args[2])
			raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	raster.ClosePath()
	drawn := image.NewAlpha(image.Rect(0, 0, side, side))
	raster.Draw(drawn, drawn.Bounds(), image.Opaque, image.Point{})
	return cutToInk(&grey{side, side, drawn.Pix}), nil
}

// cutToInk cuts a picture to the bounds of what is at least half ink.
func cutToInk(g *grey) *grey {
	var box image.Rectangle
	for y := range g.h {
		for x := range g.w {
			if g.at(x, y) >= 128 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	cut := &grey{box.Dx(), box.Dy(), make([]byte, 0, box.Dx()*box.Dy())}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		cut.pix = append(cut.pix, g.pix[y*g.w+box.Min.X:y*g.w+box.Max.X]...)
	}
	return cut
}

// weighted makes strokes thicker (1) or thinner (−1) by about a tenth of
// their width.
func weighted(g *grey, weight int) *grey {
	if weight == 0 {
		return g
	}
	out := &grey{g.w, g.h, make([]byte, len(g.pix))}
	for y := range g.h {
		for x := range g.w {
			best := g.at(x, y)
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					nx, ny := min(max(x+dx, 0), g.w-1), min(max(y+dy, 0), g.h-1)
					if n := g.at(nx, ny); weight > 0 && n > best || weight < 0 && n < best {
						best = n
					}
				}
			}
			out.pix[y*g.w+x] = best
		}
	}
	return out
}

// makePatch brings a letter (ink high, cut to its outline) to the patch's
// size, whatever its proportions: the letters of plates are narrower than
// those of any font. How wide a letter was is judged beside (see narrowness).
func makePatch(g *grey) patch {
	var p patch
	for y := range patchHeight {
		for x := range patchWidth {
			p[y*patchWidth+x] = g.mean(float64(x)/patchWidth, float64(y)/patchHeight, float64(x+1)/patchWidth, float64(y+1)/patchHeight)
		}
	}
	p.soften()
	p.normalise()
	return p
}

// mean is the mean of a part of the picture, in fractions of its sides.
func (g *grey) mean(x0, y0, x1, y1 float64) float32 {
	ax, ay := int(x0*float64(g.w)), int(y0*float64(g.h))
	bx, by := max(ax+1, int(math.Ceil(x1*float64(g.w)))), max(ay+1, int(math.Ceil(y1*float64(g.h))))
	bx, by = min(bx, g.w), min(by, g.h)
	ax, ay = min(ax, bx-1), min(ay, by-1)
	sum := 0
	for y := ay; y < by; y++ {
		for x := ax; x < bx; x++ {
			sum += int(g.at(x, y))
		}
	}
	return float32(sum) / float32((bx-ax)*(by-ay))
}

// soften blurs the patch a little, so that a pixel's shift costs little.
func (p *patch) soften() {
	var out patch
	kernel := [3]float32{1, 2, 1}
	for y := range patchHeight {
		for x := range patchWidth {
			var sum, weight float32
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					nx, ny := x+dx, y+dy
					if nx < 0 || ny < 0 || nx >= patchWidth || ny >= patchHeight {
						continue
					}
					k := kernel[dx+1] * kernel[dy+1]
					sum += k * p[ny*patchWidth+nx]
					weight += k
				}
			}
			out[y*patchWidth+x] = sum / weight
		}
	}
	*p = out
}

func (p *patch) normalise() {
	var mean, square float32
	for _, v := range p {
		mean += v
	}
	mean /= float32(len(p))
	for i := range p {
		p[i] -= mean
		square += p[i] * p[i]
	}
	if square == 0 {
		return
	}
	length := float32(math.Sqrt(float64(square)))
	for i := range p {
		p[i] /= length
	}
}

// likeness returns the best correlation of the letter with each letter of the
// alphabet.
func (a *atlas) likeness(letter *patch) []float64 {
	best := make([]float64, len(a.patterns))
	for i, patterns := range a.patterns {
		best[i] = -1
		for k := range patterns {
			best[i] = max(best[i], float64(letter.correlation(&patterns[k])))
		}
	}
	return best
}
