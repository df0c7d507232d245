package pipeline

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strconv"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"gatehouse/parking"
	"gatehouse/vision"
)

// encode makes a JPEG of a picture whose pixels paint gives.
func encode(t testing.TB, w, h int, paint func(x, y int) uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetGray(x, y, color.Gray{Y: paint(x, y)})
		}
	}
	return encodeImage(t, img)
}

func encodeImage(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// writing is a picture of text, dark on a light plate on a grey ground.
func writing(t testing.TB, lines ...string) []byte {
	t.Helper()
	parsed, err := opentype.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: 40, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, 640, 480))
	for i := range img.Pix {
		img.Pix[i] = 110
	}
	for y := 180; y < 200+50*len(lines); y++ {
		for x := 180; x < 460; x++ {
			img.SetGray(x, y, color.Gray{Y: 235})
		}
	}
	drawer := font.Drawer{Dst: img, Src: image.Black, Face: face}
	for i, line := range lines {
		drawer.Dot = fixed.P(320-drawer.MeasureString(line).Round()/2, 222+48*i)
		drawer.DrawString(line)
	}
	return encodeImage(t, img)
}

func TestReadsDrawnPlates(t *testing.T) {
	reader := newReader(t)
	for _, c := range []struct {
		lines   []string
		display string
	}{
		{[]string{"51F-123.45"}, "51F-123.45"},
		{[]string{"29-B1", "456.78"}, "29-B1 456.78"},
		{[]string{"30A", "987.65"}, "30A-987.65"},
		{[]string{"72-X1", "8179"}, "72-X1 8179"},
	} {
		want, err := parking.ParsePlate(c.display)
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.Read(writing(t, c.lines...), Vietnam)
		if err != nil || got.Plate != want || got.Display != c.display || got.Lines != len(c.lines) {
			t.Errorf("%v is read as %+v, %v", c.lines, got, err)
		}
		if got.Outcome == vision.OutcomeNone || len(got.Candidates) == 0 || got.Candidates[0].Plate != want {
			t.Errorf("%v: outcome %s, candidates %v", c.lines, got.Outcome, got.Candidates)
		}
		if x, y, w, h := got.Box[0], got.Box[1], got.Box[2], got.Box[3]; x < 170 || y < 170 || x+w > 470 || y+h > 320 || w < 80 {
			t.Errorf("%v: the box %v is not around the letters", c.lines, got.Box)
		}
	}
	if got, err := reader.Read(writing(t, "EXIT ONLY"), Vietnam); err != nil || got.Outcome == vision.OutcomeRead {
		t.Errorf("a sign that is no plate: %+v, %v", got, err)
	}
}

func TestNoPlateIsNone(t *testing.T) {
	reader := newReader(t)
	random := rand.New(rand.NewPCG(1, 2))
	pictures := map[string][]byte{
		"black":         encode(t, 640, 480, func(int, int) uint8 { return 0 }),
		"white":         encode(t, 640, 480, func(int, int) uint8 { return 255 }),
		"dark lens":     encode(t, 640, 480, func(int, int) uint8 { return uint8(random.IntN(9)) }),
		"noise":         encode(t, 640, 480, func(int, int) uint8 { return uint8(random.IntN(256)) }),
		"coarse noise":  encode(t, 640, 480, func(x, y int) uint8 { return uint8((x/9*7919 ^ y/17*104729) * 2654435761 >> 13) }),
		"stripes":       encode(t, 640, 480, func(x, _ int) uint8 { return uint8(x / 12 % 2 * 200) }),
		"chess board":   encode(t, 640, 480, func(x, y int) uint8 { return uint8((x/24 + y/24) % 2 * 220) }),
		"fence":         encode(t, 640, 480, func(x, y int) uint8 { return uint8(min(1, x%40/30*(y/60%2)) * 200) }),
		"slope of grey": encode(t, 640, 480, func(x, y int) uint8 { return uint8((x + y) / 5) }),
		"one pixel":     encode(t, 1, 1, func(int, int) uint8 { return 90 }),
		"a thread":      encode(t, 3000, 1, func(x, _ int) uint8 { return uint8(x) }),
		"a tall thread": encode(t, 17, 2000, func(x, y int) uint8 { return uint8(x * y) }),
	}
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 9))
		block := 2 + random.IntN(14)
		cells := map[[2]int]uint8{}
		pictures["blocks "+strconv.FormatUint(seed, 10)] = encode(t, 472, 303, func(x, y int) uint8 {
			cell := [2]int{x / block, y / (block * 2)}
			if _, ok := cells[cell]; !ok {
				cells[cell] = uint8(random.IntN(256))
			}
			return cells[cell]
		})
	}
	for name, picture := range pictures {
		got, err := reader.Read(picture, Vietnam)
		if err != nil || got.Outcome != vision.OutcomeNone || got.Plate != "" || len(got.Candidates) != 0 {
			t.Errorf("%s: %+v, %v; want none", name, got, err)
		}
	}
}

func TestReadRefusesWhatIsNoPicture(t *testing.T) {
	reader := newReader(t)
	good := writing(t, "51F-123.45")
	var huge bytes.Buffer
	if err := png.Encode(&huge, image.NewPaletted(image.Rect(0, 0, 10_000, 5_000), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
		want parking.Code
	}{
		{"nothing", nil, parking.Invalid},
		{"text", []byte("no picture"), parking.Invalid},
		{"a header alone", good[:300], parking.Invalid},
		{"fifty megapixels", huge.Bytes(), parking.TooLarge},
	} {
		got, err := reader.Read(c.data, Vietnam)
		if parking.ErrorCode(err) != c.want || got.Outcome != vision.OutcomeNone {
			t.Errorf("%s: %+v, code %q; want %q", c.name, got, parking.ErrorCode(err), c.want)
		}
	}
	// A picture cut off half way decodes to half a picture: never a defect,
	// and the reader works on afterwards.
	if _, err := reader.Read(good[:len(good)/2], Vietnam); err != nil && parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("half a picture: %v", err)
	}
	if got, err := reader.Read(good, Vietnam); err != nil || got.Plate != "51F12345" {
		t.Errorf("after bad pictures: %+v, %v", got, err)
	}
}
