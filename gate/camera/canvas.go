package camera

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// point is a place on a canvas, in pixels.
type point struct{ x, y float32 }

// canvas draws smooth shapes onto a picture.
type canvas struct {
	img  *image.RGBA
	path *outline
}

// outline collects a path, so that it is filled within its own bounds only:
// filling the whole picture for each shape takes half a second a scene.
type outline struct {
	steps    []step
	min, max point
}

// step is a move or a curve to the last of its n points (0 closes the path).
type step struct {
	n    int
	move bool
	p    [3]point
}

func (o *outline) add(move bool, points ...point) {
	next := step{n: len(points), move: move}
	for i, p := range points {
		if len(o.steps) == 0 && i == 0 {
			o.min, o.max = p, p
		}
		o.min = point{min(o.min.x, p.x), min(o.min.y, p.y)}
		o.max = point{max(o.max.x, p.x), max(o.max.y, p.y)}
		next.p[i] = p
	}
	o.steps = append(o.steps, next)
}

// The methods carry the names of vector.Rasterizer.
func (o *outline) MoveTo(x, y float32)           { o.add(true, point{x, y}) }
func (o *outline) LineTo(x, y float32)           { o.add(false, point{x, y}) }
func (o *outline) QuadTo(ax, ay, bx, by float32) { o.add(false, point{ax, ay}, point{bx, by}) }
func (o *outline) CubeTo(ax, ay, bx, by, cx, cy float32) {
	o.add(false, point{ax, ay}, point{bx, by}, point{cx, cy})
}
func (o *outline) ClosePath() { o.add(false) }

// raster returns the filled outline relative to the corner of area.
func (o *outline) raster(area image.Rectangle) *vector.Rasterizer {
	r := vector.NewRasterizer(area.Dx(), area.Dy())
	left, top := float32(area.Min.X), float32(area.Min.Y)
	for _, s := range o.steps {
		a, b, c := s.p[0], s.p[1], s.p[2]
		switch {
		case s.move:
			r.MoveTo(a.x-left, a.y-top)
		case s.n == 1:
			r.LineTo(a.x-left, a.y-top)
		case s.n == 2:
			r.QuadTo(a.x-left, a.y-top, b.x-left, b.y-top)
		case s.n == 3:
			r.CubeTo(a.x-left, a.y-top, b.x-left, b.y-top, c.x-left, c.y-top)
		default:
			r.ClosePath()
		}
	}
	return r
}

func newCanvas(width, height int) *canvas {
	return &canvas{
		img:  image.NewRGBA(image.Rect(0, 0, width, height)),
		path: &outline{},
	}
}

// gradient is a paint that runs from one colour at y0 to another at y1.
type gradient struct {
	from, to color.NRGBA
	y0, y1   float32
}

func (g gradient) ColorModel() color.Model { return color.NRGBAModel }
func (g gradient) Bounds() image.Rectangle { return image.Rect(-1e9, -1e9, 1e9, 1e9) }
func (g gradient) At(_, y int) color.Color {
	t := (float32(y) - g.y0) / (g.y1 - g.y0)
	return mix(g.from, g.to, min(max(t, 0), 1))
}

func mix(a, b color.NRGBA, t float32) color.NRGBA {
	channel := func(x, y uint8) uint8 { return uint8(float32(x)*(1-t) + float32(y)*t + 0.5) }
	return color.NRGBA{channel(a.R, b.R), channel(a.G, b.G), channel(a.B, b.B), channel(a.A, b.A)}
}

// shade makes a colour lighter (above 1) or darker (below 1).
func shade(c color.NRGBA, factor float64) color.NRGBA {
	channel := func(x uint8) uint8 { return uint8(min(255, float64(x)*factor)) }
	return color.NRGBA{channel(c.R), channel(c.G), channel(c.B), c.A}
}

func plain(c color.NRGBA) image.Image { return image.NewUniform(c) }

func (c *canvas) fill(paint image.Image) {
	o := c.path
	area := image.Rect(int(o.min.x)-1, int(o.min.y)-1, int(o.max.x)+2, int(o.max.y)+2).Intersect(c.img.Bounds())
	if !area.Empty() {
		o.raster(area).Draw(c.img, area, paint, area.Min)
	}
	*o = outline{steps: o.steps[:0]}
}

// polygon fills the shape with the given corners.
func (c *canvas) polygon(paint image.Image, corners ...point) {
	c.path.MoveTo(corners[0].x, corners[0].y)
	for _, p := range corners[1:] {
		c.path.LineTo(p.x, p.y)
	}
	c.path.ClosePath()
	c.fill(paint)
}

// smooth fills a closed curve that runs near the given corners.
func (c *canvas) smooth(paint image.Image, corners ...point) {
	between := func(a, b point) point { return point{(a.x + b.x) / 2, (a.y + b.y) / 2} }
	last := corners[len(corners)-1]
	start := between(last, corners[0])
	c.path.MoveTo(start.x, start.y)
	for i, p := range corners {
		end := between(p, corners[(i+1)%len(corners)])
		c.path.QuadTo(p.x, p.y, end.x, end.y)
	}
	c.path.ClosePath()
	c.fill(paint)
}

// box fills a rectangle with rounded corners.
func (c *canvas) box(paint image.Image, x, y, w, h, r float32) {
	r = min(r, w/2, h/2)
	c.path.MoveTo(x+r, y)
	c.path.LineTo(x+w-r, y)
	c.path.QuadTo(x+w, y, x+w, y+r)
	c.path.LineTo(x+w, y+h-r)
	c.path.QuadTo(x+w, y+h, x+w-r, y+h)
	c.path.LineTo(x+r, y+h)
	c.path.QuadTo(x, y+h, x, y+h-r)
	c.path.LineTo(x, y+r)
	c.path.QuadTo(x, y, x+r, y)
	c.path.ClosePath()
	c.fill(paint)
}

// ellipse fills an ellipse around (x, y).
func (c *canvas) ellipse(paint image.Image, x, y, rx, ry float32) {
	const k = 0.5523 // the usual four-curve circle
	c.path.MoveTo(x+rx, y)
	c.path.CubeTo(x+rx, y+k*ry, x+k*rx, y+ry, x, y+ry)
	c.path.CubeTo(x-k*rx, y+ry, x-rx, y+k*ry, x-rx, y)
	c.path.CubeTo(x-rx, y-k*ry, x-k*rx, y-ry, x, y-ry)
	c.path.CubeTo(x+k*rx, y-ry, x+rx, y-k*ry, x+rx, y)
	c.path.ClosePath()
	c.fill(paint)
}

// line draws a straight stroke of the given width.
func (c *canvas) line(paint image.Image, a, b point, width float32) {
	dx, dy := float64(b.x-a.x), float64(b.y-a.y)
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	nx, ny := float32(-dy/length)*width/2, float32(dx/length)*width/2
	c.polygon(paint, point{a.x + nx, a.y + ny}, point{b.x + nx, b.y + ny}, point{b.x - nx, b.y - ny}, point{a.x - nx, a.y - ny})
}

// glow lays soft light of radius r around (x, y) over the picture.
func (c *canvas) glow(light color.NRGBA, x, y, r float32) {
	area := image.Rect(int(x-r), int(y-r), int(x+r)+1, int(y+r)+1).Intersect(c.img.Bounds())
	for py := area.Min.Y; py < area.Max.Y; py++ {
		for px := area.Min.X; px < area.Max.X; px++ {
			d := float32(math.Hypot(float64(float32(px)-x), float64(float32(py)-y))) / r
			if d >= 1 {
				continue
			}
			strength := (1 - d) * (1 - d) * float32(light.A) / 255
			i := c.img.PixOffset(px, py)
			for k, add := range [3]uint8{light.R, light.G, light.B} {
				c.img.Pix[i+k] = uint8(min(255, float32(c.img.Pix[i+k])+strength*float32(add)))
			}
		}
	}
}

// text writes s with its baseline starting at (x, y).
func (c *canvas) text(paint image.Image, face font.Face, s string, x, y float32) {
	drawer := font.Drawer{
		Dst: c.img, Src: paint, Face: face,
		Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)},
	}
	drawer.DrawString(s)
}

// paste copies another canvas onto this one at (x, y).
func (c *canvas) paste(other *canvas, x, y int) {
	target := other.img.Bounds().Add(image.Pt(x, y))
	draw.Draw(c.img, target, other.img, image.Point{}, draw.Over)
}
