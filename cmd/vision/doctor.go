package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/vision/models"
	"gatehouse/vision/pipeline"
)

// doctorCommand is vision doctor.
type doctorCommand struct {
	Cameras []string `arg:"" optional:"" name:"camera" help:"Cameras to try, as a gate takes them."`
}

// finding is one line of the doctor: what was looked at, what it is, and how to
// get it where it is missing.
type finding struct {
	what, found string
	missing     bool // and needed: the exit status is 1
	remedy      string
}

var errMissing = errors.New("something that is needed is missing; see above")

// Run says what is installed and what is missing, and tries the cameras.
func (c *doctorCommand) Run() error {
	findings := []finding{openCV(), tesseractProgram(), tesseractData(), plateReader(), weights(models.Shipped())}
	for _, spec := range c.Cameras {
		findings = append(findings, tryCamera(spec))
	}
	return report(os.Stdout, findings)
}

func report(out io.Writer, findings []finding) error {
	bad := false
	for _, f := range findings {
		mark := "ok     "
		if f.missing {
			mark, bad = "MISSING", true
		}
		text := fmt.Sprintf("%s  %s: %s", mark, f.what, f.found)
		if f.remedy != "" {
			text += "\n         " + f.remedy
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return fmt.Errorf("write what was found: %w", err)
		}
	}
	if bad {
		return errMissing
	}
	return nil
}

// openCV is linked in: without it this program would not have started.
func openCV() finding {
	return finding{what: "OpenCV", found: pipeline.OpenCVVersion() + ", with video by FFmpeg and V4L2 where Debian's package is used"}
}

func tesseractProgram() finding {
	return finding{what: "Tesseract", found: pipeline.TesseractVersion()}
}

// tesseractData looks for the letters that Tesseract reads by.
func tesseractData() finding {
	f := finding{what: "Tesseract's data", remedy: "apt-get install tesseract-ocr-eng, or set TESSDATA_PREFIX to the folder of eng.traineddata"}
	languages, err := pipeline.TesseractLanguages()
	switch {
	case err != nil || !slices.Contains(languages, "eng"):
		f.found, f.missing = "eng.traineddata is not found", true
	default:
		f.found, f.remedy = strings.Join(languages, ", "), ""
	}
	return f
}

// plateReader starts the reader and gives it a picture without a plate.
func plateReader() finding {
	f := finding{what: "plate reader"}
	began := time.Now()
	reader, err := openEngine(engineOurs, "")
	if err != nil {
		f.found, f.missing, f.remedy = "it does not start", true, err.Error()
		return f
	}
	f.found = fmt.Sprintf("starts in %d ms", time.Since(began).Milliseconds())
	if err := reader.Close(); err != nil {
		f.found, f.missing = "it does not end", true
	}
	return f
}

// weights says which networks the program has, and what was measured of them.
// Without any it reads by ink.
func weights(w models.Weights, err error) finding {
	f := finding{what: "weights"}
	if err != nil {
		f.found = sentence(err)
		return f
	}
	f.found = fmt.Sprintf("%.1f MB, SHA-256 %s… and %s…", float64(len(w.Detector)+len(w.Reader))/1e6, w.Point.Detector[:12], w.Point.Reader[:12])
	for country, from := range w.Point.Threshold {
		f.found += fmt.Sprintf("; %s counts as read from %.3f", country, from)
	}
	return f
}

// tryCamera takes a picture.
func tryCamera(spec string) finding {
	f := finding{what: "camera " + camera.Redacted(spec), missing: true}
	source, err := openCamera(spec)
	if err != nil {
		f.found = sentence(err)
		return f
	}
	defer func() { _ = camera.Close(source) }() // the program ends
	ctx, cancel := context.WithTimeout(context.Background(), frameTimeout)
	defer cancel()
	began := time.Now()
	frame, err := source.Frame(ctx)
	if err != nil {
		f.found = sentence(err)
		return f
	}
	size, kind, err := image.DecodeConfig(bytes.NewReader(frame.JPEG))
	if err != nil {
		f.found = "It sends what is no picture."
		return f
	}
	f.missing = false
	f.found = fmt.Sprintf("%d × %d, %s of %d KB after %d ms", size.Width, size.Height, strings.ToUpper(kind), len(frame.JPEG)>>10, time.Since(began).Milliseconds())
	return f
}
