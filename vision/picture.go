package vision

import (
	"bytes"
	"image"
	_ "image/jpeg" // the formats of cameras
	_ "image/png"

	"gatehouse/parking"
)

// Bounds of a picture that is read. They are checked on the header, before
// anything is decoded, so that a small file cannot unpack into gigabytes.
const (
	MaxPictureBytes  = 20 << 20
	MaxPicturePixels = 40_000_000
)

// CheckPicture refuses what is no JPEG or PNG picture (code Invalid) or is
// beyond MaxPictureBytes or MaxPicturePixels (code TooLarge). Only the header
// is read.
func CheckPicture(data []byte) error {
	if len(data) == 0 {
		return parking.Errorf(parking.Invalid, "The picture is empty.")
	}
	if len(data) > MaxPictureBytes {
		return parking.Errorf(parking.TooLarge, "The picture is larger than %d MB.", MaxPictureBytes>>20)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return parking.Errorf(parking.Invalid, "This is no JPEG or PNG picture.")
	}
	if config.Width <= 0 || config.Height <= 0 {
		return parking.Errorf(parking.Invalid, "The picture has no size.")
	}
	if config.Width > MaxPicturePixels/config.Height {
		return parking.Errorf(parking.TooLarge, "The picture has more than %d megapixels.", MaxPicturePixels/1_000_000)
	}
	return nil
}
