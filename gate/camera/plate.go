package camera

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"time"

	"github.com/go-fonts/liberation/liberationmonobold"
	"github.com/go-fonts/liberation/liberationsansbold"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"gatehouse/parking"
)

// plateFonts are the faces that the simulator writes with.
type plateFonts struct {
	plate *sfnt.Font
	clock font.Face
}

func loadPlateFonts() (*plateFonts, error) {
	plate, err := opentype.Parse(liberationsansbold.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse the plate font: %w", err)
	}
	mono, err := opentype.Parse(liberationmonobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse the clock font: %w", err)
	}
	clock, err := opentype.NewFace(mono, &opentype.FaceOptions{Size: 13, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, fmt.Errorf("size the clock font: %w", err)
	}
	return &plateFonts{plate: plate, clock: clock}, nil
}

// drawClock writes date and time into the corner, as cameras do.
func drawClock(c *canvas, fonts *plateFonts, at time.Time) {
	text := at.Format("02/01/2006 15:04:05")
	c.text(plain(color.NRGBA{0, 0, 0, 160}), fonts.clock, text, frameWidth-161, frameHeight-11)
	c.text(plain(color.NRGBA{250, 220, 60, 255}), fonts.clock, text, frameWidth-162, frameHeight-12)
}

// plateStyle is a plate's metal and letters.
type plateStyle struct{ metal, ink color.NRGBA }

var (
	whitePlate  = plateStyle{color.NRGBA{240, 241, 238, 255}, color.NRGBA{22, 22, 26, 255}}
	yellowPlate = plateStyle{color.NRGBA{244, 200, 48, 255}, color.NRGBA{22, 22, 26, 255}}
	bluePlate   = plateStyle{color.NRGBA{26, 76, 168, 255}, color.NRGBA{245, 246, 250, 255}}
	redPlate    = plateStyle{color.NRGBA{186, 28, 34, 255}, color.NRGBA{248, 246, 240, 255}}
)

// styleOf chooses the colours: white for private vehicles, yellow for some
// cars (transport for hire), blue for the state (province 80 is its own), red
// for the military.
func styleOf(plate parking.Plate, class parking.Class) plateStyle {
	switch kind := plate.Kind(); {
	case kind == parking.PlateMilitary:
		return redPlate
	case strings.HasPrefix(string(plate), "80") && kind != parking.PlateDiplomatic && plate.Known():
		return bluePlate
	case class != parking.Motorbike && hashOf(string(plate))%6 == 0:
		return yellowPlate
	default:
		return whitePlate
	}
}

// plateLines splits a plate as it is written on a vehicle of the class: one
// line on cars, two on motorbikes.
func plateLines(plate parking.Plate, class parking.Class) []string {
	if class != parking.Motorbike {
		return []string{plate.DisplayAs(1, class)}
	}
	shown := plate.DisplayAs(2, class)
	for _, separator := range []string{" ", "-"} {
		if i := strings.LastIndex(shown, separator); i > 0 {
			return []string{shown[:i], shown[i+1:]}
		}
	}
	letters := []rune(shown)
	half := (len(letters) + 1) / 2
	return []string{string(letters[:half]), string(letters[half:])}
}

// drawPlate draws a plate of w × h pixels.
func drawPlate(fonts *plateFonts, plate parking.Plate, class parking.Class, w, h float32) *canvas {
	c := newCanvas(int(w)+1, int(h)+1)
	style := styleOf(plate, class)
	lines := plateLines(plate, class)
	c.box(plain(shade(style.metal, 0.62)), 0, 0, w, h, h*0.1)
	c.box(gradient{style.metal, shade(style.metal, 0.93), 0, h}, 1, 1, w-2, h-2, h*0.09)
	rim := max(1.2, h*0.022) // a thin line in the letters' colour runs around the plate
	c.box(plain(style.ink), 3, 3, w-6, h-6, h*0.08)
	c.box(gradient{style.metal, shade(style.metal, 0.93), 0, h}, 3+rim, 3+rim, w-6-2*rim, h-6-2*rim, h*0.07)
	margin := 3 + rim + max(3, h*0.07)
	if len(lines) == 1 {
		fonts.line(c, plain(style.ink), lines[0], margin, h*0.19, w-2*margin, h*0.62)
		return c
	}
	fonts.line(c, plain(style.ink), lines[0], margin+w*0.07, h*0.115, w*0.86-2*margin, h*0.345)
	fonts.line(c, plain(style.ink), lines[1], margin, h*0.54, w-2*margin, h*0.345)
	return c
}

// plateGlyph is a letter of a line with its place in font units.
type plateGlyph struct {
	segments sfnt.Segments
	x        float32
}

// line writes s in letters h pixels high into the box, centred, squeezed
// sideways as the narrow letters of plates are.
func (f *plateFonts) line(c *canvas, paint image.Image, s string, x, y, w, h float32) {
	const em = 1000
	var buffer sfnt.Buffer
	var glyphs []plateGlyph
	var advance float32
	for _, r := range s {
		gap := float32(60)
		index, err := f.plate.GlyphIndex(&buffer, r)
		if err != nil || index == 0 {
			continue // a letter that the font lacks leaves a gap
		}
		segments, err := f.plate.LoadGlyph(&buffer, index, fixed.I(em), nil)
		if err != nil {
			continue
		}
		width, err := f.plate.GlyphAdvance(&buffer, index, fixed.I(em), font.HintingNone)
		if err != nil {
			continue
		}
		glyphs = append(glyphs, plateGlyph{append(sfnt.Segments(nil), segments...), advance})
		advance += float32(width)/64 + gap
	}
	if len(glyphs) == 0 {
		return
	}
	const capHeight = 0.729 * em // of Liberation Sans Bold, digits alike
	sy := h / capHeight
	sx := min(sy*0.86, w/advance)
	left, baseline := x+(w-advance*sx)/2, y+h
	for _, glyph := range glyphs {
		place := func(p fixed.Point26_6) (float32, float32) {
			return left + (glyph.x+float32(p.X)/64)*sx, baseline + float32(p.Y)/64*sy
		}
		for _, segment := range glyph.segments {
			ax, ay := place(segment.Args[0])
			bx, by := place(segment.Args[1])
			switch segment.Op {
			case sfnt.SegmentOpMoveTo:
				c.path.MoveTo(ax, ay)
			case sfnt.SegmentOpLineTo:
				c.path.LineTo(ax, ay)
			case sfnt.SegmentOpQuadTo:
				c.path.QuadTo(ax, ay, bx, by)
			case sfnt.SegmentOpCubeTo:
				ex, ey := place(segment.Args[2])
				c.path.CubeTo(ax, ay, bx, by, ex, ey)
			}
		}
		c.path.ClosePath()
	}
	c.fill(paint)
}
