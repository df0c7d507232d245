// Package qrcode draws QR codes as pictures, for pages, receipts and files.
package qrcode

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/boombuler/barcode/qr"
)

// Measures of a drawn code: the quiet zone is what the QR standard asks for.
const (
	pixelsPerModule = 8
	quietModules    = 4
)

// Draw draws a text dark on light. A text that no QR code can hold is an error.
func Draw(text string) (image.Image, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code of %d bytes: %w", len(text), err)
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*quietModules) * pixelsPerModule
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			mx, my := x/pixelsPerModule-quietModules, y/pixelsPerModule-quietModules
			if mx < 0 || my < 0 || mx >= modules || my >= modules {
				continue
			}
			if r, _, _, _ := code.At(mx, my).RGBA(); r == 0 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img, nil
}

// WritePNG draws a text into w.
func WritePNG(w io.Writer, text string) error {
	img, err := Draw(text)
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}
