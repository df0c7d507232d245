package pipeline

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/models"
	"gatehouse/vision/pipeline/spell"
)

// nothings is how many pictures without a plate are read.
const nothings = 1000

// nothing draws the nth picture without a plate: noise, darkness, glare, slopes,
// blocks, shapes, empty lanes, vehicles that have none, texts that are none.
func nothing(t testing.TB, n int) (kind string, picture []byte) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 77))
	const w, h = 640, 480
	level, spread := random.IntN(256), 1+random.IntN(60)
	noisy := func(around int) uint8 { return uint8(clamp(around+random.IntN(2*spread+1)-spread, 0, 255)) }
	switch n % 10 {
	case 0:
		return "noise", encode(t, w, h, func(int, int) uint8 { return uint8(random.IntN(256)) })
	case 1:
		return "dark", encode(t, w, h, func(int, int) uint8 { return noisy(level / 16) })
	case 2:
		return "blown out", encode(t, w, h, func(int, int) uint8 { return noisy(255 - level/16) })
	case 3:
		x0, y0, reach := random.IntN(w), random.IntN(h), 20+random.IntN(200)
		return "a lamp in the dark", encode(t, w, h, func(x, y int) uint8 {
			return noisy(10 + 245*reach*reach/(reach*reach+(x-x0)*(x-x0)+(y-y0)*(y-y0)))
		})
	case 4:
		dx, dy := random.IntN(9)-4, random.IntN(9)-4
		return "a slope", encode(t, w, h, func(x, y int) uint8 { return noisy(level + (x*dx+y*dy)/16) })
	case 5:
		block := 2 + random.IntN(40)
		seed := random.Uint32()
		return "blocks", encode(t, w, h, func(x, y int) uint8 {
			return uint8((uint32(x/block)*7919 ^ uint32(y/(block*2))*104729 ^ seed) * 2654435761 >> 13)
		})
	case 6:
		return "shapes", encodeImage(t, shapes(random, w, h))
	case 7, 8:
		light := []camera.Light{camera.LightDay, camera.LightNight}[n/10%2]
		s, err := camera.NewSimulator(uint64(n), light)
		if err != nil {
			t.Fatal(err)
		}
		s.Now = func() time.Time { return time.Date(2026, 3, 1+n%28, n%24, n%60, 0, 0, time.UTC) }
		kind = "an empty lane"
		if n%10 == 8 {
			kind = "a vehicle without a plate"
			s.Arrive("", []parking.Class{parking.Car, parking.Motorbike}[n/20%2])
		}
		frame, err := s.Frame(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return kind, frame.JPEG
	}
	return "a text", encodeImage(t, text(t, random, w, h))
}

// shapes are kerbs, doors, shadows.
func shapes(random *rand.Rand, w, h int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for range 5 + random.IntN(40) {
		at := image.Pt(random.IntN(w), random.IntN(h))
		size := image.Pt(1+random.IntN(w/2), 1+random.IntN(h/2))
		draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(size)}, image.NewUniform(color.Gray{Y: uint8(random.IntN(256))}), image.Point{}, draw.Src)
	}
	return img
}

// text is a board with words, prices, telephone numbers, a clock.
func text(t testing.TB, random *rand.Rand, w, h int) image.Image {
	t.Helper()
	parsed, err := opentype.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(18 + random.IntN(40)), DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	boards := []string{
		"EXIT", "NO PARKING", "P|MOTORBIKES", "5.000 VND", "TEL 0903 123 456", "TICKET|LOST 50.000", "HONDA", "HEIGHT 2.1 m", "2026-03-14 12:45:10",
		"IN|OUT", "FULL", "12:45", "OPEN 24/7", "0912345678", "ZONE B2", "SPEED 5", "CAMERA 24", "LEVEL|12345",
	}
	lines := strings.Split(boards[random.IntN(len(boards))], "|")
	img := image.NewGray(image.Rect(0, 0, w, h))
	ground, ink := uint8(random.IntN(90)), uint8(160+random.IntN(96))
	if random.IntN(2) == 0 {
		ground, ink = ink, ground
	}
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: ground}), image.Point{}, draw.Src)
	drawer := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: ink}), Face: face}
	x, y := 20+random.IntN(200), 80+random.IntN(250)
	for i, line := range lines {
		drawer.Dot = fixed.P(x, y+i*face.Metrics().Height.Ceil())
		drawer.DrawString(line)
	}
	return img
}

// readNothings reads all of them and says what was seen in which kind.
func readNothings(t *testing.T, reader *Reader) (f models.Figures, most float64) {
	t.Helper()
	f.Set = "nothing"
	seen := map[string]int{}
	for n := range nothings {
		kind, picture := nothing(t, n)
		reading, err := reader.Read(picture, spell.Vietnam)
		if err != nil {
			t.Fatalf("%s (%d): %v", kind, n, err)
		}
		most = max(most, reading.Confidence)
		count(&f, reading, "none of it")
		if reading.Outcome != vision.OutcomeNone {
			seen[fmt.Sprintf("%s: %s", kind, reading.Outcome)]++
		}
	}
	t.Logf("%+v, the most believed at %.3f; %v", f, most, seen)
	return f, most
}

// A thousand pictures without a plate: none is said to be read (plates.md §3).
func TestNothingIsReadWhereNothingIs(t *testing.T) {
	if f, _ := readNothings(t, newReader(t)); f.ReadWrong != 0 {
		t.Errorf("%d pictures without a plate are read as one", f.ReadWrong)
	}
}
