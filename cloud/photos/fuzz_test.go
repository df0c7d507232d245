package photos

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"testing"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A range is refused, or lies within a photo of bounded length.
func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes 0-65535/183000", "bytes */5", "bytes 0-0/1", "bytes -1-2/3", "bytes 9-1/20", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err != nil {
			return
		}
		asks := r.To == 0 && r.From == 0
		if !asks && (r.From < 0 || r.To <= r.From || r.To > r.Total) || r.Total > wire.MaxPhotoBytes || r.Total < 1 {
			t.Fatalf("%q: %+v", s, r)
		}
	})
}

// The header of a picture never leads to unbounded work, and what is taken
// for a whole picture can be decoded and ends where it says.
func FuzzPicture(f *testing.F) {
	var good bytes.Buffer
	if err := jpeg.Encode(&good, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:40])
	f.Add(append(bytes.Clone(good.Bytes()), 0, 0, 0))
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		if _, err := check(hex.EncodeToString(sum[:]), b); err != nil {
			if parking.ErrorMessage(err) == "" {
				t.Fatalf("refused without a sentence: %v", err)
			}
			return
		}
		cfg, err := jpeg.DecodeConfig(bytes.NewReader(b))
		if err != nil || cfg.Width*cfg.Height > 1<<20 {
			return // within bounds, but slow to fuzz
		}
		if whole(b) == nil {
			if end, ok := pictureEnd(b); !ok || end > len(b) {
				t.Fatalf("the picture of %d bytes ends at %d, %t", len(b), end, ok)
			}
		}
	})
}
