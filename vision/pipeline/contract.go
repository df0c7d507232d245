package pipeline

// What the networks and this package agree on: vision/train/contract.py is the
// other side of it.
const (
	frameWidth, frameHeight = 640, 384 // of the finder's input; the picture lies at its top left
	framePad                = 128      // grey of what the picture leaves free
	frameStride             = 8        // pixels of one of the finder's cells
	cornerUnit              = 64       // pixels of 1.0 in its corners

	cropWidth, cropHeight = 192, 96 // of the letter reader's input
	cropStride            = 4
	letterUnit            = 16   // pixels of a letter's width or height whose logarithm is 0
	cropWiden             = 0.08 // of the plate's width at either side, of its height above and below
)
