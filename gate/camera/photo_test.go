package camera

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"gatehouse/parking"
)

// noise is a picture that no encoder makes small.
func noise(w, h int) image.Image {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's picture
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}) //nolint:gosec // any colour
		}
	}
	return img
}

func TestPhoto(t *testing.T) {
	t.Parallel()
	var small, large, drawn bytes.Buffer
	for _, err := range []error{
		jpeg.Encode(&small, noise(64, 48), nil),
		jpeg.Encode(&large, noise(2400, 1200), &jpeg.Options{Quality: 100}),
		png.Encode(&drawn, noise(64, 48)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Photo(small.Bytes()); err != nil || !bytes.Equal(got, small.Bytes()) {
		t.Errorf("a small JPEG was changed: %v", err)
	}
	for name, c := range map[string]struct {
		in   []byte
		w, h int
	}{"large JPEG": {large.Bytes(), 1920, 960}, "PNG": {drawn.Bytes(), 64, 48}} {
		got, err := Photo(c.in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		size, err := jpeg.DecodeConfig(bytes.NewReader(got))
		if err != nil || size.Width != c.w || size.Height != c.h {
			t.Errorf("%s became %d×%d (%v), want %d×%d", name, size.Width, size.Height, err, c.w, c.h)
		}
	}
	if _, err := Photo([]byte("no picture")); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("no picture gave %v", err)
	}
	if _, err := Photo(drawn.Bytes()[:200]); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("a cut picture gave %v", err)
	}
}
