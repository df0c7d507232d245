package pipeline

import (
	"fmt"
	"image"

	"gocv.io/x/gocv"
)

// net is a network with one input and one output, both of a fixed shape. It is
// not safe for several goroutines.
type net struct {
	net                gocv.Net
	channels, rows     int // of the output
	cols               int
	pictureW, pictureH int // of the input
}

// newNet loads a network from the bytes of an ONNX file and runs it once, so that
// a wrong shape is found now and the first vehicle does not wait.
func newNet(onnx []byte, w, h, stride, channels int) (*net, error) {
	loaded, err := gocv.ReadNetFromONNXBytes(onnx)
	if err != nil {
		return nil, fmt.Errorf("load a network: %w", err)
	}
	n := &net{net: loaded, channels: channels, rows: h / stride, cols: w / stride, pictureW: w, pictureH: h}
	blank := gocv.NewMatWithSize(h, w, gocv.MatTypeCV8U)
	defer func() { _ = blank.Close() }()
	if _, err := n.run(blank); err != nil {
		_ = loaded.Close()
		return nil, err
	}
	return n, nil
}

func (n *net) close() error { return n.net.Close() }

// field is a network's answer: channels of rows×cols numbers.
type field struct {
	rows, cols int
	all        []float32
}

func (f *field) at(channel, y, x int) float32 { return f.all[(channel*f.rows+y)*f.cols+x] }

// run feeds a grey picture of the input's size, as 0..1.
func (n *net) run(grey gocv.Mat) (*field, error) {
	blob := gocv.BlobFromImage(grey, 1.0/255, image.Pt(n.pictureW, n.pictureH), gocv.NewScalar(0, 0, 0, 0), false, false)
	defer func() { _ = blob.Close() }()
	n.net.SetInput(blob, "")
	out := n.net.Forward("")
	defer func() { _ = out.Close() }()
	all, err := out.DataPtrFloat32()
	if err != nil {
		return nil, fmt.Errorf("read a network's answer: %w", err)
	}
	if len(all) != n.channels*n.rows*n.cols {
		return nil, fmt.Errorf("a network answers with %d numbers, not %d×%d×%d", len(all), n.channels, n.rows, n.cols)
	}
	return &field{rows: n.rows, cols: n.cols, all: append([]float32(nil), all...)}, nil
}

// peak is a cell that stands above its neighbours.
type peak struct {
	x, y int
	p    float64 // 0..1
}

// peaks lists the cells of a channel of logits at or above least that stand above
// their eight neighbours.
func (f *field) peaks(channel int, least float64) []peak {
	var out []peak
	floor := float32(logit(least))
	for y := range f.rows {
		for x := range f.cols {
			v := f.at(channel, y, x)
			if v < floor || !f.highest(channel, y, x, v) {
				continue
			}
			out = append(out, peak{x, y, sigmoid(float64(v))})
		}
	}
	return out
}

func (f *field) highest(channel, y, x int, v float32) bool {
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			ny, nx := y+dy, x+dx
			if ny < 0 || nx < 0 || ny >= f.rows || nx >= f.cols || dy == 0 && dx == 0 {
				continue
			}
			if n := f.at(channel, ny, nx); n > v || n == v && (dy < 0 || dy == 0 && dx < 0) {
				return false
			}
		}
	}
	return true
}
