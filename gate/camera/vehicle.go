package camera

import (
	"image"
	"image/color"
	"math/rand/v2"

	"gatehouse/parking"
)

// stand is where a vehicle stands before the camera. Its drawing methods take
// coordinates with x = 0 in the vehicle's middle, y downwards, in pixels at
// scale 1.
type stand struct {
	c     *canvas
	x, y  float32
	scale float32
	night bool
}

// ground is the y that scaling keeps in place.
const ground = 436

func (s stand) at(x, y float32) point {
	return point{s.x + x*s.scale, s.y + ground + (y-ground)*s.scale}
}

func (s stand) points(xy []float32) []point {
	points := make([]point, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		points = append(points, s.at(xy[i], xy[i+1]))
	}
	return points
}

func (s stand) smooth(paint image.Image, xy ...float32)  { s.c.smooth(paint, s.points(xy)...) }
func (s stand) polygon(paint image.Image, xy ...float32) { s.c.polygon(paint, s.points(xy)...) }

func (s stand) box(paint image.Image, x, y, w, h, r float32) {
	p := s.at(x, y)
	s.c.box(paint, p.x, p.y, w*s.scale, h*s.scale, r*s.scale)
}

func (s stand) ellipse(paint image.Image, x, y, rx, ry float32) {
	p := s.at(x, y)
	s.c.ellipse(paint, p.x, p.y, rx*s.scale, ry*s.scale)
}

func (s stand) line(paint image.Image, x0, y0, x1, y1, width float32) {
	s.c.line(paint, s.at(x0, y0), s.at(x1, y1), width*s.scale)
}

// both draws the same at the left and at the right.
func both(draw func(side float32)) { draw(-1); draw(1) }

// down is a paint from one colour at the vehicle's y0 to another at y1.
func (s stand) down(from, to color.NRGBA, y0, y1 float32) gradient {
	return gradient{from, to, s.at(0, y0).y, s.at(0, y1).y}
}

func (s stand) glow(light color.NRGBA, x, y, r float32) {
	p := s.at(x, y)
	s.c.glow(light, p.x, p.y, r*s.scale)
}

// mount puts the plate with its middle at (0, y).
func (s stand) mount(plate *canvas, y float32) {
	if plate == nil {
		return
	}
	p := s.at(0, y)
	size := plate.img.Bounds().Size()
	s.c.paste(plate, int(p.x)-size.X/2, int(p.y)-size.Y/2)
}

// lights adds what shines at night.
func (s stand) lights(class parking.Class) {
	switch class {
	case "", parking.Bicycle:
	case parking.Motorbike:
		s.glow(color.NRGBA{255, 40, 30, 150}, 0, 238, 64)
	default:
		both(func(side float32) { s.glow(color.NRGBA{255, 246, 214, 225}, side*158, 302, 88) })
	}
}

var (
	black   = color.NRGBA{24, 25, 28, 255}
	rubber  = color.NRGBA{34, 34, 37, 255}
	chrome  = color.NRGBA{196, 201, 208, 255}
	shadow  = color.NRGBA{20, 22, 26, 120}
	amber   = color.NRGBA{240, 150, 40, 255}
	glass   = color.NRGBA{38, 52, 66, 255}
	skyward = color.NRGBA{142, 168, 188, 255}
	skin    = color.NRGBA{196, 148, 116, 255}
	paints  = []color.NRGBA{
		{176, 32, 38, 255},
		{36, 78, 142, 255},
		{198, 203, 210, 255},
		{52, 56, 64, 255},
		{232, 232, 228, 255},
		{22, 104, 92, 255},
		{128, 96, 58, 255},
		{92, 112, 130, 255},
	}
	shirts = []color.NRGBA{
		{52, 92, 150, 255}, {150, 64, 70, 255}, {74, 110, 82, 255}, {196, 178, 140, 255}, {88, 84, 104, 255},
	}
)

func pick(look *rand.Rand, colours []color.NRGBA) color.NRGBA {
	return colours[look.IntN(len(colours))]
}

// drawLane draws the empty lane: concrete, a striped kerb, a handrail.
func drawLane(c *canvas, at *rand.Rand) {
	c.box(gradient{color.NRGBA{138, 141, 142, 255}, color.NRGBA{168, 169, 166, 255}, 0, frameHeight}, 0, 0, frameWidth, frameHeight, 0)
	for range 26 { // stains
		tone := color.NRGBA{96, 97, 96, uint8(10 + at.IntN(22))}
		c.ellipse(plain(tone), at.Float32()*frameWidth, at.Float32()*frameHeight, 14+at.Float32()*70, 5+at.Float32()*20)
	}
	for _, y := range []float32{118, 322} { // joints of the slabs
		c.line(plain(color.NRGBA{112, 114, 114, 255}), point{0, y}, point{frameWidth, y + 2}, 2)
	}
	c.box(plain(color.NRGBA{84, 86, 90, 255}), 0, 0, 60, frameHeight, 0)
	for y := float32(-60); y < frameHeight; y += 84 {
		c.polygon(plain(color.NRGBA{234, 190, 40, 255}), point{4, y + 44}, point{50, y}, point{50, y + 42}, point{4, y + 86})
	}
	c.line(plain(color.NRGBA{60, 62, 66, 255}), point{52, 0}, point{52, frameHeight}, 4)
	steel := color.NRGBA{186, 190, 196, 255}
	for _, y := range []float32{150, 390} {
		c.box(plain(color.NRGBA{70, 72, 74, 90}), 582, y+6, 42, 12, 6)
		c.box(gradient{steel, shade(steel, 0.7), y - 110, y}, 596, y-110, 11, 118, 4)
	}
	c.line(plain(color.NRGBA{90, 92, 96, 255}), point{606, 0}, point{622, frameHeight}, 9)
	c.line(plain(steel), point{603, 0}, point{619, frameHeight}, 7)
}

// drawCar draws a car from the front.
func drawCar(s stand, look *rand.Rand, plate *canvas) {
	body := pick(look, paints)
	s.ellipse(plain(shadow), 0, 424, 236, 26)
	both(func(side float32) {
		s.box(plain(rubber), side*168-26, 348, 52, 84, 12)
		s.smooth(s.down(body, shade(body, 0.6), 195, 232), side*146, 212, side*164, 196, side*192, 198, side*194, 222, side*160, 230)
	})
	// Cabin and windscreen.
	s.smooth(s.down(shade(body, 1.15), shade(body, 0.8), 80, 230), -168, 250, -138, 140, -112, 84, -50, 76, 50, 76, 112, 84, 138, 140, 168, 250)
	s.polygon(s.down(skyward, glass, 92, 200), -140, 224, -108, 104, 108, 104, 140, 224)
	s.ellipse(plain(color.NRGBA{24, 32, 42, 255}), -52, 176, 22, 27)
	s.ellipse(plain(color.NRGBA{24, 32, 42, 255}), 52, 176, 22, 27)
	s.polygon(plain(color.NRGBA{24, 32, 42, 255}), -100, 224, -86, 202, 86, 202, 100, 224)
	s.polygon(plain(color.NRGBA{255, 255, 255, 26}), -96, 106, -30, 106, -76, 222, -128, 222)
	// Bonnet, front, bumper.
	s.smooth(s.down(body, shade(body, 0.72), 250, 410), -206, 268, -196, 236, 196, 236, 206, 268, 214, 388, 196, 418, -196, 418, -214, 388)
	s.smooth(s.down(shade(body, 1.22), shade(body, 0.9), 222, 290), -172, 222, 172, 222, 204, 284, 120, 292, -120, 292, -204, 284)
	both(func(side float32) {
		s.line(plain(shade(body, 0.75)), side*92, 228, side*112, 284, 2.5)
		s.smooth(plain(shade(body, 0.4)), side*110, 284, side*200, 276, side*206, 312, side*190, 324, side*122, 318)
		s.smooth(s.down(color.NRGBA{250, 251, 252, 255}, color.NRGBA{176, 190, 204, 255}, 282, 320), side*118, 288, side*194, 281, side*200, 310, side*186, 318, side*128, 313)
		s.ellipse(plain(color.NRGBA{232, 240, 246, 255}), side*158, 301, 13, 13)
		s.box(plain(shade(body, 0.35)), side*168-24, 368, 48, 24, 9)
		s.ellipse(plain(color.NRGBA{226, 226, 214, 255}), side*168, 380, 10, 9)
	})
	s.smooth(plain(black), -106, 288, 106, 288, 96, 316, -96, 316)
	for y := float32(292); y < 314; y += 7 {
		s.line(plain(shade(chrome, 0.55)), -92, y, 92, y, 2)
	}
	s.ellipse(plain(chrome), 0, 302, 14, 10)
	s.ellipse(plain(shade(body, 0.5)), 0, 302, 9, 6)
	s.box(plain(black), -132, 378, 264, 28, 12)
	s.box(plain(shade(body, 0.45)), -114, 326, 228, 54, 6)
	s.mount(plate, 352)
}

// drawMotorbike draws a motorbike with its rider from behind.
func drawMotorbike(s stand, look *rand.Rand, plate *canvas) {
	body, shirt := pick(look, paints), pick(look, shirts)
	helmet := pick(look, paints)
	s.ellipse(plain(shadow), 0, 432, 130, 20)
	both(func(side float32) { // handlebar with mirrors, in front of the rider
		s.line(plain(black), side*40, 168, side*136, 150, 11)
		s.line(plain(black), side*112, 152, side*126, 96, 5)
		s.ellipse(plain(black), side*130, 86, 25, 16)
		s.ellipse(s.down(skyward, glass, 74, 100), side*130, 86, 20, 12)
	})
	s.smooth(s.down(rubber, black, 290, 440), -23, 282, 23, 282, 23, 400, 18, 442, -18, 442, -23, 400)
	for y := float32(392); y < 436; y += 9 {
		s.line(plain(color.NRGBA{62, 62, 66, 255}), -15, y, 15, y+5, 2.5)
	}
	both(func(side float32) { // shock absorbers
		s.box(s.down(chrome, shade(chrome, 0.4), 270, 372), side*40-6, 268, 12, 104, 5)
	})
	s.box(s.down(shade(chrome, 0.9), shade(chrome, 0.35), 318, 396), 52, 316, 42, 80, 18) // exhaust
	s.ellipse(plain(black), 73, 386, 14, 12)
	both(func(side float32) { // legs and shoes
		s.smooth(s.down(color.NRGBA{48, 52, 66, 255}, color.NRGBA{34, 37, 48, 255}, 180, 390), side*36, 186, side*92, 190, side*116, 280, side*124, 392, side*94, 398, side*80, 300, side*44, 240)
		s.smooth(plain(color.NRGBA{58, 42, 34, 255}), side*90, 388, side*128, 386, side*136, 414, side*88, 416)
	})
	// Seat and tail.
	s.smooth(plain(black), -72, 184, 72, 184, 78, 214, 40, 228, -40, 228, -78, 214)
	s.smooth(s.down(shade(body, 1.2), shade(body, 0.65), 196, 290), -64, 200, 64, 200, 60, 248, 36, 286, -36, 286, -60, 248)
	s.smooth(s.down(color.NRGBA{236, 46, 40, 255}, color.NRGBA{140, 14, 18, 255}, 220, 258), -46, 222, 46, 222, 40, 250, 20, 260, -20, 260, -40, 250)
	both(func(side float32) { s.ellipse(plain(amber), side*56, 246, 12, 9) })
	s.smooth(plain(black), -34, 272, 34, 272, 30, 300, 24, 392, -24, 392, -30, 300)
	// Rider.
	both(func(side float32) {
		s.smooth(s.down(shirt, shade(shirt, 0.8), 60, 160), side*56, 62, side*92, 74, side*116, 150, side*96, 160, side*62, 116)
		s.ellipse(plain(skin), side*108, 154, 13, 11)
	})
	s.smooth(s.down(shade(shirt, 1.12), shade(shirt, 0.72), 40, 210), -58, 52, 58, 52, 84, 90, 70, 204, 40, 214, -40, 214, -70, 204, -84, 90)
	s.line(plain(shade(shirt, 0.66)), 0, 74, 0, 200, 2)
	s.box(plain(skin), -18, 36, 36, 26, 8)
	s.ellipse(s.down(shade(helmet, 1.25), shade(helmet, 0.6), -40, 50), 0, 4, 46, 45)
	s.box(plain(shade(helmet, 0.45)), -42, 12, 84, 9, 4)
	s.mount(plate, 330)
}

// drawBicycle draws a bicycle with its rider from behind; it bears no plate.
func drawBicycle(s stand, look *rand.Rand) {
	frame, shirt := pick(look, paints), pick(look, shirts)
	s.ellipse(plain(shadow), 0, 432, 90, 14)
	s.line(plain(black), -120, 150, 120, 150, 8)
	s.box(plain(rubber), -8, 250, 16, 190, 8)
	both(func(side float32) {
		s.line(plain(frame), side*14, 258, side*14, 372, 6)
		s.line(plain(chrome), side*10, 372, side*46, 372, 5)
		s.smooth(plain(color.NRGBA{44, 48, 60, 255}), side*14, 196, side*58, 200, side*66, 300, side*58, 376, side*34, 376, side*36, 300)
		s.smooth(plain(color.NRGBA{214, 214, 210, 255}), side*30, 372, side*62, 372, side*68, 392, side*30, 392)
		s.smooth(plain(shirt), side*50, 66, side*84, 78, side*108, 146, side*92, 156, side*58, 118)
		s.ellipse(plain(skin), side*102, 150, 11, 10)
	})
	s.smooth(plain(black), -40, 204, 40, 204, 30, 226, -30, 226)
	s.ellipse(plain(color.NRGBA{214, 30, 30, 255}), 0, 268, 9, 9)
	s.smooth(s.down(shade(shirt, 1.12), shade(shirt, 0.75), 40, 210), -54, 56, 54, 56, 76, 92, 60, 204, -60, 204, -76, 92)
	s.box(plain(skin), -15, 34, 30, 30, 8)
	s.ellipse(plain(color.NRGBA{40, 32, 28, 255}), 0, 12, 32, 36)
}
