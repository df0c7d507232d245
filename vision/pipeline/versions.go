package pipeline

import (
	"github.com/otiai10/gosseract/v2"
	"gocv.io/x/gocv"
)

// OpenCVVersion is the version of the OpenCV that the program runs with.
func OpenCVVersion() string { return gocv.OpenCVVersion() }

// TesseractVersion is the version of the Tesseract that the program runs with.
func TesseractVersion() string { return gosseract.Version() }

// TesseractLanguages are the languages whose data Tesseract finds.
func TesseractLanguages() ([]string, error) { return gosseract.GetAvailableLanguages() }
