package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"

	"gatehouse/parking"
	"gatehouse/vision"
)

const (
	thumbSide     = 320 // pixels of a thumbnail's longer side, at first
	thumbSmallest = 64  // … at last: less shows nothing
	thumbMargin   = 6   // of the plate's box, a sixth on each side
)

// thumbQualities are tried one after the other at each size.
var thumbQualities = []int{80, 60, 40}

// Thumb makes the thumbnail of a picture (JPEG or PNG): what lies in box (x, y,
// width, height in pixels) with a margin, or the whole picture when box is
// empty or not within it. It has at most parking.MaxThumbBytes. The error is
// Invalid or TooLarge for what is no picture.
func Thumb(picture []byte, box [4]int) ([]byte, error) {
	if err := vision.CheckPicture(picture); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	part := cropped(img.Bounds(), box)
	for side := thumbSide; side >= thumbSmallest; side = side * 3 / 4 {
		small := scaled(img, part, side)
		for _, quality := range thumbQualities {
			var out bytes.Buffer
			if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: quality}); err != nil {
				return nil, fmt.Errorf("encode a thumbnail: %w", err)
			}
			if out.Len() <= parking.MaxThumbBytes {
				return out.Bytes(), nil
			}
		}
	}
	return nil, parking.Errorf(parking.TooLarge, "No thumbnail of this picture is small enough.")
}

// cropped is the box with its margin within the picture.
func cropped(all image.Rectangle, box [4]int) image.Rectangle {
	r := image.Rect(box[0], box[1], box[0]+box[2], box[1]+box[3]).Add(all.Min)
	if box[2] <= 0 || box[3] <= 0 || !r.In(all) {
		return all
	}
	margin := max(box[2], box[3])/thumbMargin + 1
	return r.Inset(-margin).Intersect(all)
}

// scaled is a part of the picture, not larger than it was, with a longer side
// of at most side pixels.
func scaled(img image.Image, part image.Rectangle, side int) image.Image {
	w, h := part.Dx(), part.Dy()
	if longer := max(w, h); longer > side {
		w, h = max(1, w*side/longer), max(1, h*side/longer)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, part, draw.Src, nil)
	return small
}
