package camera_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"gatehouse/gate/camera"
	"gatehouse/parking"
)

// What a camera sends is made a thumbnail within its bound, or refused.
func FuzzThumb(f *testing.F) {
	var good bytes.Buffer
	if err := jpeg.Encode(&good, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes(), 1, 2, 10, 10)
	f.Add(good.Bytes()[:60], 0, 0, 0, 0)
	f.Add(good.Bytes(), -5, 1<<40, 1<<62, 3)
	f.Fuzz(func(t *testing.T, picture []byte, x, y, w, h int) {
		if len(picture) > 64<<10 {
			return
		}
		b, err := camera.Thumb(picture, [4]int{x, y, w, h})
		if err == nil && (len(b) == 0 || len(b) > parking.MaxThumbBytes) {
			t.Fatalf("a thumbnail of %d bytes", len(b))
		}
	})
}
