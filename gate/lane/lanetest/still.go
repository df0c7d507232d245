package lanetest

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"sync"

	"gatehouse/gate/camera"
)

// still is a camera that sees the same small picture, for tests that are about
// something else than drawing.
type still struct{}

var stillPicture = sync.OnceValues(func() ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 160, 120)), nil)
	return b.Bytes(), err
})

// Frame is the picture.
func (still) Frame(ctx context.Context) (camera.Frame, error) {
	if ctx.Err() != nil {
		return camera.Frame{}, ctx.Err()
	}
	picture, err := stillPicture()
	return camera.Frame{JPEG: picture}, err
}
