package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png" // folders and programs give PNG too

	"golang.org/x/image/draw"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Limits of a photo that is kept with a fact and sent to the cloud.
const (
	MaxPhotoBytes = 1 << 20
	photoSide     = 1920 // pixels of the longer side of a photo that had to be made smaller
	photoQuality  = 85   // of the JPEG
)

// Photo makes of a picture (JPEG or PNG) the JPEG that is kept with a fact. A
// JPEG of at most MaxPhotoBytes stays as it is, byte for byte; anything else
// is encoded anew, and made smaller if its longer side is over 1920 pixels.
// The error is Invalid or TooLarge for what is no picture.
func Photo(picture []byte) ([]byte, error) {
	if err := vision.CheckPicture(picture); err != nil {
		return nil, err
	}
	if len(picture) <= MaxPhotoBytes && bytes.HasPrefix(picture, []byte("\xff\xd8\xff")) {
		return picture, nil
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	b := img.Bounds()
	if longer := max(b.Dx(), b.Dy()); longer > photoSide {
		small := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()*photoSide/longer), max(1, b.Dy()*photoSide/longer)))
		draw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, draw.Src, nil)
		img = small
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: photoQuality}); err != nil {
		return nil, fmt.Errorf("encode a photo: %w", err)
	}
	return out.Bytes(), nil
}
