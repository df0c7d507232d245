// Package pipeline reads number plates with two networks of our own
// (vision/train), run by OpenCV. It and what is below it are the only packages
// that use cgo, and run in the vision worker alone.
//
// A picture goes through these stages: a network finds the corners of plates
// (find.go); each is rectified (crop.go); a second network finds and reads its
// letters (letters.go), which geometry puts in one or two rows; the plate grammar
// says which spellings are plates (spell); what is believed is weighed, and
// counts as read only at or above the operating point that was measured for
// exactly these networks (operating.go). Without networks, ink and Tesseract
// read, and nothing is more than unsure (ink).
package pipeline

import (
	"errors"
	"math"
	"time"

	"gocv.io/x/gocv"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/models"
	"gatehouse/vision/pipeline/ink"
	"gatehouse/vision/pipeline/spell"
)

// Country is the grammar that a site expects.
type Country = spell.Country

// The grammars.
const (
	Vietnam    = spell.Vietnam
	AnyCountry = spell.AnyCountry
)

// Reader reads plates. It is not safe for several goroutines.
type Reader struct {
	finder  finder
	letters letterReader
	point   models.OperatingPoint
	ink     *ink.Reader // nil where there are networks
	why     string      // there are none
	now     func() time.Time
}

// New makes a Reader of the weights that are shipped; now is the clock by which
// it states how long it took. Without weights that fit their operating point it
// reads by ink, and Why says so.
func New(now func() time.Time) (*Reader, error) {
	w, err := models.Shipped()
	if parking.ErrorCode(err) == parking.Unavailable {
		return withoutNetworks(now, parking.ErrorMessage(err))
	}
	if err != nil {
		return nil, err
	}
	return withNetworks(now, w)
}

func withNetworks(now func() time.Time, w models.Weights) (*Reader, error) {
	finding, err := newNet(w.Detector, frameWidth, frameHeight, frameStride, 9)
	if err != nil {
		return nil, err
	}
	reading, err := newNet(w.Reader, cropWidth, cropHeight, cropStride, lettersAll)
	if err != nil {
		return nil, errors.Join(err, finding.close())
	}
	return &Reader{finder: finder{finding}, letters: letterReader{reading}, point: w.Point, now: now}, nil
}

func withoutNetworks(now func() time.Time, why string) (*Reader, error) {
	r, err := ink.New()
	if err != nil {
		return nil, err
	}
	return &Reader{ink: r, why: why, now: now}, nil
}

// Why says in a sentence why the networks do not read, "" where they do.
func (r *Reader) Why() string { return r.why }

// Close frees what the networks hold.
func (r *Reader) Close() error {
	if r.ink != nil {
		return r.ink.Close()
	}
	return errors.Join(r.finder.net.close(), r.letters.net.close())
}

// smallestSide is the side in pixels below which a picture shows nothing.
const smallestSide = 16

// Read reads the plate of one picture file (JPEG or PNG): the one that is
// believed most, where there are several. The error is an Error of code Invalid
// or TooLarge for what is no picture, and a defect otherwise; no plate is no
// error.
func (r *Reader) Read(data []byte, country Country) (vision.Reading, error) {
	started := r.now()
	if err := vision.CheckPicture(data); err != nil {
		return vision.None(), err
	}
	grey, err := gocv.IMDecode(data, gocv.IMReadGrayScale)
	if err != nil {
		return vision.None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	defer func() { _ = grey.Close() }()
	if grey.Empty() {
		return vision.None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	var reading vision.Reading
	if r.ink != nil {
		reading, err = r.ink.Read(grey, country)
	} else {
		reading, err = r.readPicture(grey, country)
	}
	reading.Ms = r.now().Sub(started).Milliseconds()
	return reading, err
}

func (r *Reader) readPicture(grey gocv.Mat, country Country) (vision.Reading, error) {
	if min(grey.Cols(), grey.Rows()) < smallestSide {
		return vision.None(), nil
	}
	plates, err := r.finder.find(grey)
	if err != nil {
		return vision.None(), err
	}
	best := vision.None()
	for i := range plates {
		q := &plates[i]
		reading, err := r.readPlate(grey, q, country)
		if err != nil {
			return vision.None(), err
		}
		if reading.Confidence > best.Confidence {
			best = reading
		}
		if q.p > 0.6 && best.Confidence >= r.point.From(string(country)) {
			break // the surest plate is read
		}
	}
	if best.Confidence < r.point.Shown {
		return vision.None(), nil
	}
	if best.Confidence >= r.point.From(string(country)) {
		best.Outcome = vision.OutcomeRead
	}
	return best, nil
}

// readPlate reads one plate; its outcome is unsure, or none.
func (r *Reader) readPlate(grey gocv.Mat, q *quad, country Country) (vision.Reading, error) {
	rectified := crop(grey, q)
	defer func() { _ = rectified.Close() }()
	letters, err := r.letters.read(rectified)
	if err != nil {
		return vision.None(), err
	}
	best := vision.None()
	for _, choice := range choices(rows(letters)) {
		reading := weigh(choice, q, country)
		if reading.Confidence > best.Confidence {
			best = reading
		}
	}
	if best.Outcome == vision.OutcomeNone {
		return best, nil
	}
	x0, y0, x1, y1 := q.box()
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, float64(grey.Cols())), min(y1, float64(grey.Rows()))
	best.Box = [4]int{int(x0), int(y0), max(int(math.Ceil(x1-x0)), 1), max(int(math.Ceil(y1-y0)), 1)}
	return best, nil
}
