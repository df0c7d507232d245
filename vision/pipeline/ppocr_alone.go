package pipeline

import (
	"time"

	"gocv.io/x/gocv"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline/ppocr"
)

// PPOCRAlone reads a plate by giving PP-OCRv4 the whole picture and taking the
// text that looks most like a plate, to compare with (vision bench). It has no
// operating point: whatever it answers, it says is read. It is not safe for
// several goroutines.
type PPOCRAlone struct {
	reader *ppocr.Reader
	now    func() time.Time
}

// NewPPOCRAlone makes one of the networks in a folder; now is the clock by which
// it states how long it took.
func NewPPOCRAlone(folder string, now func() time.Time) (*PPOCRAlone, error) {
	reader, err := ppocr.New(folder)
	if err != nil {
		return nil, err
	}
	return &PPOCRAlone{reader, now}, nil
}

// Close frees what the networks hold.
func (a *PPOCRAlone) Close() error { return a.reader.Close() }

// Read reads one picture file, as Reader.Read does.
func (a *PPOCRAlone) Read(data []byte, country Country) (vision.Reading, error) {
	began := a.now()
	if err := vision.CheckPicture(data); err != nil {
		return vision.None(), err
	}
	picture, err := gocv.IMDecode(data, gocv.IMReadColor)
	if err != nil {
		return vision.None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	defer func() { _ = picture.Close() }()
	if picture.Empty() {
		return vision.None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
	}
	found, err := a.reader.Lines(picture)
	if err != nil {
		return vision.None(), err
	}
	lines := make([]textLine, 0, len(found))
	for i := range found {
		lines = append(lines, textLine{found[i].Text(), found[i].Confidence(), found[i].Box})
	}
	reading := likeliest(lines, country)
	reading.Ms = a.now().Sub(began).Milliseconds()
	return reading, nil
}
