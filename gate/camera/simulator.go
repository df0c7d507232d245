package camera

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"image/jpeg"
	"math/rand/v2"
	"sync"
	"time"

	"gatehouse/parking"
)

// Light is the light in which the simulator draws.
type Light string

// The lights of the simulator.
const (
	LightAuto  Light = "auto" // day from 6 to 18 o'clock of the simulator's clock, else night
	LightDay   Light = "day"
	LightNight Light = "night"
)

// Size of the simulator's pictures in pixels, and their JPEG quality.
const (
	frameWidth   = 640
	frameHeight  = 480
	frameQuality = 88
)

// Simulator is a camera that looks at a drawn lane: empty, or with a vehicle
// that bears its plate as Vietnamese plates look. A car is seen from the
// front, a motorbike and a bicycle from behind. The pictures depend on seed,
// plate, class, light and the number of the frame only, but for the clock in
// the corner.
type Simulator struct {
	Now func() time.Time // clock of the pictures; time.Now unless set before the first Frame

	seed  uint64
	light Light
	fonts *plateFonts

	mu      sync.Mutex
	plate   parking.Plate
	class   parking.Class // "" while the lane is empty
	frames  uint64        // frames taken since the scene changed
	scene   *canvas       // drawn once per scene; nil when it must be drawn
	isNight bool          // light of scene
}

// NewSimulator makes a simulated camera with an empty lane.
func NewSimulator(seed uint64, light Light) (*Simulator, error) {
	fonts, err := loadPlateFonts()
	if err != nil {
		return nil, fmt.Errorf("load the fonts of the simulated camera: %w", err)
	}
	return &Simulator{Now: time.Now, seed: seed, light: light, fonts: fonts}, nil
}

// Arrive puts a vehicle into the lane, in the place of one that is there. A
// plate that is empty makes a vehicle without a plate.
func (s *Simulator) Arrive(plate parking.Plate, class parking.Class) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if class == "" {
		class = parking.Car
	}
	s.plate, s.class, s.scene, s.frames = plate, class, nil, 0
}

// Leave empties the lane.
func (s *Simulator) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plate, s.class, s.scene, s.frames = "", "", nil, 0
}

// Frame draws what the camera sees now, 640×480.
func (s *Simulator) Frame(ctx context.Context) (Frame, error) {
	if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	at := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	night := s.light == LightNight || s.light == LightAuto && (at.Hour() < 6 || at.Hour() >= 18)
	if s.scene == nil || s.isNight != night {
		s.scene, s.isNight = s.drawScene(night), night
	}
	s.frames++
	picture := newCanvas(frameWidth, frameHeight)
	copy(picture.img.Pix, s.scene.img.Pix)
	drawClock(picture, s.fonts, at)
	addNoise(picture, s.sceneSeed()+2*s.frames, night)
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, picture.img, &jpeg.Options{Quality: frameQuality}); err != nil {
		return Frame{}, fmt.Errorf("encode a frame of the simulated camera: %w", err)
	}
	return Frame{JPEG: encoded.Bytes(), At: at}, nil
}

// sceneSeed depends on the camera and on the vehicle.
func (s *Simulator) sceneSeed() uint64 {
	return hashOf(fmt.Sprintf("%d/%s/%s", s.seed, s.plate, s.class))
}

func hashOf(text string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(text)) // a hash never fails
	return hash.Sum64()
}

// drawScene draws lane and vehicle without noise.
func (s *Simulator) drawScene(night bool) *canvas {
	c := newCanvas(frameWidth, frameHeight)
	drawLane(c, rand.New(rand.NewPCG(s.seed, 1)))
	// A vehicle looks the same at every camera, and stands a little differently.
	look := rand.New(rand.NewPCG(hashOf(string(s.plate)), 2))
	place := rand.New(rand.NewPCG(s.sceneSeed(), 3))
	stand := stand{
		c:     c,
		x:     frameWidth/2 + float32(place.IntN(61)-30),
		y:     float32(place.IntN(25) - 12),
		scale: 0.94 + 0.12*float32(place.Float64()),
		night: night,
	}
	switch s.class {
	case "":
	case parking.Motorbike:
		drawMotorbike(stand, look, s.plateCanvas(118*stand.scale, 87*stand.scale))
	case parking.Bicycle:
		drawBicycle(stand, look)
	default:
		drawCar(stand, look, s.plateCanvas(212*stand.scale, 45*stand.scale))
	}
	if night {
		darken(c, stand.x, stand.y+320)
		stand.lights(s.class)
	}
	return c
}

// plateCanvas draws the plate of the present vehicle, nil when it has none.
func (s *Simulator) plateCanvas(w, h float32) *canvas {
	if s.plate == "" {
		return nil
	}
	return drawPlate(s.fonts, s.plate, s.class, w, h)
}

// addNoise lays sensor noise over the picture, the same for the same seed.
func addNoise(c *canvas, seed uint64, night bool) {
	strength := 5
	if night {
		strength = 9
	}
	state := seed*0x9e3779b97f4a7c15 | 1 // xorshift must not start at 0
	for i := 0; i < len(c.img.Pix); i += 4 {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		// The sum of two even draws is closer to real noise than one.
		n := int(state>>8&0xff)*strength/255 + int(state>>40&0xff)*strength/255 - strength
		for k := range 3 {
			c.img.Pix[i+k] = uint8(min(255, max(0, int(c.img.Pix[i+k])+n)))
		}
	}
}

// darken turns the day into night: a lamp beside the camera lights the lane
// around (x, y), where the plate is, and little else.
func darken(c *canvas, x, y float32) {
	for py := range frameHeight {
		for px := range frameWidth {
			dx, dy := float64(float32(px)-x)/290, float64(float32(py)-y)/230
			light := 0.16 + 0.66/(1+dx*dx+dy*dy)
			i := c.img.PixOffset(px, py)
			c.img.Pix[i] = uint8(float64(c.img.Pix[i]) * light * 0.98)
			c.img.Pix[i+1] = uint8(float64(c.img.Pix[i+1]) * light)
			c.img.Pix[i+2] = uint8(min(255, float64(c.img.Pix[i+2])*(light*0.96+0.06)))
		}
	}
}
