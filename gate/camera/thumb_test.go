package camera_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"gatehouse/gate/camera"
	"gatehouse/parking"
)

// A thumbnail shows the plate, and is small whatever the picture.
func TestThumb(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	img := image.NewRGBA(image.Rect(0, 0, 1280, 960))
	for i := range img.Pix { // noise is the worst to make small
		img.Pix[i] = byte(rng.UintN(256))
	}
	plate := image.Rect(600, 500, 800, 560)
	for y := plate.Min.Y; y < plate.Max.Y; y++ {
		for x := plate.Min.X; x < plate.Max.X; x++ {
			img.SetRGBA(x, y, color.RGBA{R: 250, A: 255})
		}
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, img, nil); err != nil {
		t.Fatal(err)
	}
	for name, box := range map[string][4]int{
		"plate": {600, 500, 200, 60}, "whole": {}, "outside": {1200, 900, 200, 200}, "nowhere": {-5, -5, 3, 3},
	} {
		b, err := camera.Thumb(picture.Bytes(), box)
		if err != nil || len(b) > parking.MaxThumbBytes {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
		got, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		middle := got.At(got.Bounds().Dx()/2, got.Bounds().Dy()/2)
		red, green, _, _ := middle.RGBA()
		if isPlate := red > 0xe000 && green < 0x3000; isPlate != (name == "plate") {
			t.Errorf("%s: the middle is %v", name, middle)
		}
	}
	if _, err := camera.Thumb([]byte("no picture"), [4]int{}); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("no picture: %v", err)
	}
}
