package camera

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"

	"gatehouse/parking"
	"gatehouse/vision"
)

// view is how a camera's picture is turned and cut. The zero value leaves it as it
// is.
type view struct {
	quarters   int // clockwise, 0 to 3
	x, y, w, h int // pixels of the turned picture; w is 0 for all of it
}

func (v view) none() bool { return v == view{} }

// viewQuality is the JPEG quality of a picture that had to be encoded anew: high,
// since letters are read off it.
const viewQuality = 92

// turned is a camera whose pictures are turned and cut. A picture costs a
// decoding and an encoding: about 15 ms at 640×480, 90 ms at 1920×1080.
type turned struct {
	Source
	view view
}

// Frame returns the camera's picture as the view has it, JPEG.
func (t *turned) Frame(ctx context.Context) (Frame, error) {
	frame, err := t.Source.Frame(ctx)
	if err != nil {
		return Frame{}, err
	}
	frame.JPEG, err = t.view.of(frame.JPEG)
	if err != nil {
		return Frame{}, err
	}
	return frame, nil
}

// Close closes the camera.
func (t *turned) Close() error { return Close(t.Source) }

// of turns and cuts a picture.
func (v view) of(picture []byte) ([]byte, error) {
	if err := vision.CheckPicture(picture); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The camera's picture is broken.")
	}
	// Cut first, on the picture as it came: only what stays is turned.
	b := img.Bounds()
	part := b
	if v.w > 0 {
		part = v.unturned(image.Rect(v.x, v.y, v.x+v.w, v.y+v.h), b.Dx(), b.Dy()).Add(b.Min).Intersect(b)
	}
	if part.Empty() {
		return nil, parking.Errorf(parking.Unavailable, "The cut of the camera's picture lies outside of it: it has %d × %d pixels.", b.Dx(), b.Dy())
	}
	flat := image.NewRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	draw.Draw(flat, flat.Bounds(), img, part.Min, draw.Src)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, rotated(flat, v.quarters), &jpeg.Options{Quality: viewQuality}); err != nil {
		return nil, fmt.Errorf("encode a turned picture: %w", err)
	}
	return out.Bytes(), nil
}

// unturned is where a part of the turned picture lies in the picture as it came,
// w × h pixels.
func (v view) unturned(r image.Rectangle, w, h int) image.Rectangle {
	switch v.quarters {
	case 1: // (x, y) of the turned picture is (y, h-1-x) of the other
		return image.Rect(r.Min.Y, h-r.Max.X, r.Max.Y, h-r.Min.X)
	case 2:
		return image.Rect(w-r.Max.X, h-r.Max.Y, w-r.Min.X, h-r.Min.Y)
	case 3:
		return image.Rect(w-r.Max.Y, r.Min.X, w-r.Min.Y, r.Max.X)
	}
	return r
}

// rotated turns a picture clockwise by quarters.
func rotated(img *image.RGBA, quarters int) *image.RGBA {
	if quarters == 0 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	size := image.Rect(0, 0, h, w)
	if quarters == 2 {
		size = image.Rect(0, 0, w, h)
	}
	out := image.NewRGBA(size)
	for y := range h {
		row := img.Pix[y*img.Stride:]
		for x := range w {
			tx, ty := h-1-y, x
			switch quarters {
			case 2:
				tx, ty = w-1-x, h-1-y
			case 3:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[ty*out.Stride+4*tx:ty*out.Stride+4*tx+4], row[4*x:4*x+4])
		}
	}
	return out
}
