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
	"gatehouse/vision/pipeline/ppocr"
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
	second  *secondReader // nil where none is asked for
	ink     *ink.Reader   // nil where there are networks
	why     string        // there are none
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

// NewWithSecond makes a Reader that asks PP-OCRv4, which lies in a folder
// (./task vision:ppocr), about what its own networks are not sure of.
func NewWithSecond(folder string, now func() time.Time) (*Reader, error) {
	r, err := New(now)
	if err != nil || r.ink != nil {
		return r, err
	}
	ocr, err := ppocr.New(folder)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.second = &secondReader{ocr}
	return r, nil
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
	err := errors.Join(r.finder.net.close(), r.letters.net.close())
	if r.second != nil {
		err = errors.Join(err, r.second.ocr.Close())
	}
	return err
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
		reading, err = r.readPicture(grey, data, country)
	}
	reading.Ms = r.now().Sub(started).Milliseconds()
	return reading, err
}

func (r *Reader) readPicture(grey gocv.Mat, data []byte, country Country) (vision.Reading, error) {
	if min(grey.Cols(), grey.Rows()) < smallestSide {
		return vision.None(), nil
	}
	best, err := r.bestLook(grey, country)
	if err != nil {
		return vision.None(), err
	}
	if r.second != nil && best.reading.Confidence < contentWith {
		colour, err := gocv.IMDecode(data, gocv.IMReadColor)
		if err != nil {
			return vision.None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
		}
		defer func() { _ = colour.Close() }()
		theirs, err := r.second.read(colour, &best, country)
		if err != nil {
			return vision.None(), err
		}
		if best.missing && len(theirs.Plate) == len(best.reading.Plate) {
			// What is not there the other reader does not see either.
			theirs.Confidence = rounded(theirs.Confidence * letterGone)
			theirs.Candidates[0].Confidence = theirs.Confidence
		}
		best.reading = together(best.reading, theirs)
	}
	reading := best.reading
	switch {
	case reading.Confidence < r.point.Shown:
		return vision.None(), nil
	case reading.Confidence >= r.measured().From(string(country)):
		reading.Outcome = vision.OutcomeRead
	}
	return reading, nil
}

// measured is the operating point of what reads.
func (r *Reader) measured() *models.Measured {
	if r.second != nil {
		return r.point.WithSecond
	}
	return &r.point.Measured
}

// bestLook finds the plates of a picture and reads them; of what is believed most,
// where that is not much, through other quads, too.
func (r *Reader) bestLook(grey gocv.Mat, country Country) (look, error) {
	plates, err := r.finder.find(grey)
	if err != nil || len(plates) == 0 {
		return look{reading: vision.None()}, err
	}
	content := enough(country)
	var best look
	for i := range plates {
		q := &plates[i]
		l, err := r.readPlate(grey, q, country)
		if err != nil {
			return look{}, err
		}
		if i == 0 || l.reading.Confidence > best.reading.Confidence {
			best = l
		}
		if q.p > 0.6 && best.reading.Confidence >= content {
			return best, nil // the surest plate is read
		}
	}
	if best.reading.Confidence >= content {
		return best, nil
	}
	for _, q := range best.again {
		l, err := r.readPlate(grey, &q, country)
		if err != nil {
			return look{}, err
		}
		if l.reading.Confidence > best.reading.Confidence {
			l.again = best.again
			best = l
		}
		if best.reading.Confidence >= content {
			break
		}
	}
	return best, nil
}

// look is what one plate was read as, and where to look again if that is not
// believed.
type look struct {
	reading vision.Reading // unsure, or none
	missing bool           // a letter, at the end of a row
	again   []quad
	rows    [][4]ppocr.Point // where its rows of letters are
}

// readPlate reads one plate.
func (r *Reader) readPlate(grey gocv.Mat, q *quad, country Country) (look, error) {
	rectified := crop(grey, q)
	defer func() { _ = rectified.Close() }()
	letters, err := r.letters.read(rectified.Mat)
	if err != nil {
		return look{}, err
	}
	best, mostLikely, missing := vision.None(), 0.0, false
	for _, choice := range choices(rows(letters)) {
		reading, likely := weigh(choice, q, country)
		if likely > mostLikely {
			best, mostLikely, missing = reading, likely, letterMissing(choice.rows, country)
		}
	}
	l := look{reading: best, missing: missing, again: again(q, letters, rectified), rows: rowsOf(q, letters, rectified)}
	if best.Outcome == vision.OutcomeNone {
		return l, nil
	}
	x0, y0, x1, y1 := q.box()
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, float64(grey.Cols())), min(y1, float64(grey.Rows()))
	l.reading.Box = [4]int{int(x0), int(y0), max(int(math.Ceil(x1-x0)), 1), max(int(math.Ceil(y1-y0)), 1)}
	return l, nil
}
