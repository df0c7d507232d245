package photos

import (
	"bytes"
	"image/jpeg"

	"gatehouse/parking"
)

// Markers of a JPEG stream: ITU-T T.81, table B.1.
const (
	startOfImage = 0xD8
	endOfImage   = 0xD9
	firstRestart = 0xD0
	lastRestart  = 0xD7
	temporary    = 0x01
)

// whole refuses a picture that breaks off, cannot be decoded, or that something
// else follows. The caller has checked its pixels.
func whole(b []byte) error {
	if _, err := jpeg.Decode(bytes.NewReader(b)); err != nil {
		return parking.Errorf(parking.Invalid, "This JPEG picture is broken or not whole.")
	}
	end, ok := pictureEnd(b)
	if !ok {
		return parking.Errorf(parking.Invalid, "This JPEG picture is broken or not whole.")
	}
	// Some cameras fill up their last block with zeros.
	if len(bytes.TrimRight(b[end:], "\x00")) > 0 {
		return parking.Errorf(parking.Invalid, "Something that is no picture follows the JPEG picture.")
	}
	return nil
}

// pictureEnd is where the picture ends: after the end marker that stands
// between segments, not one within a segment (a thumbnail has its own).
func pictureEnd(b []byte) (end int, ok bool) {
	if len(b) < 2 || b[0] != 0xFF || b[1] != startOfImage {
		return 0, false
	}
	for at := 2; ; {
		for at < len(b) && b[at] != 0xFF { // rests of a scan, which decoders skip
			at++
		}
		for at < len(b) && b[at] == 0xFF { // fill bytes
			at++
		}
		if at >= len(b) {
			return 0, false
		}
		marker := b[at]
		at++
		switch {
		case marker == endOfImage:
			return at, true
		case marker == 0, marker == temporary, marker >= firstRestart && marker <= lastRestart:
			continue // an escaped byte of a scan, or a marker without a segment
		}
		if at+2 > len(b) {
			return 0, false
		}
		at += int(b[at])<<8 | int(b[at+1])
	}
}
