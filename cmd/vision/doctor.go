package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/vision/pipeline"
)

// doctorCommand is vision doctor.
type doctorCommand struct {
	Cameras []string `arg:"" optional:"" name:"camera" help:"Cameras to try, as a gate takes them."`
	Models  string   `type:"path" default:"vision/models" help:"Folder of the weights and their card."`
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
	findings := []finding{openCV(), tesseractProgram(), tesseractData(), plateReader()}
	findings = append(findings, weights(c.Models)...)
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
	reader, err := openEngine(engineOurs)
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

// weights looks whether each network lies beside a card that names its SHA-256.
// Without any the reader does with what is built in.
func weights(dir string) []finding {
	models, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil || len(models) == 0 {
		return []finding{{
			what: "weights", found: "none in " + dir + "; plates are read with what is built in",
			remedy: "they come with the source; name their folder with --models",
		}}
	}
	var cards [][]byte
	for _, pattern := range []string{"*.json", "*.md"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is well formed
		for _, name := range names {
			if card, err := os.ReadFile(name); err == nil { //nolint:gosec // of the folder that was named
				cards = append(cards, card)
			}
		}
	}
	findings := make([]finding, 0, len(models))
	for _, name := range models {
		f := finding{what: "weights " + filepath.Base(name), remedy: "take the file and its card from one and the same release"}
		data, err := os.ReadFile(name) //nolint:gosec // of the folder that was named
		sum := sha256.Sum256(data)
		text := hex.EncodeToString(sum[:])
		switch {
		case err != nil:
			f.found, f.missing = "cannot be read", true
		case !slices.ContainsFunc(cards, func(card []byte) bool { return bytes.Contains(bytes.ToLower(card), []byte(text)) }):
			f.found, f.missing = fmt.Sprintf("%.1f MB, SHA-256 %s…, which no card beside it names", float64(len(data))/1e6, text[:12]), true
		default:
			f.found, f.remedy = fmt.Sprintf("%.1f MB, as its card says", float64(len(data))/1e6), ""
		}
		findings = append(findings, f)
	}
	return findings
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
