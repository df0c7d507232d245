// Package vision asks the vision worker to read number plates.
//
// The worker is a process of its own (cmd/vision, with OpenCV and Tesseract
// behind cgo); this package is the gate's side of it and the protocol between
// them, in pure Go. Client starts the worker, watches it and starts it again
// when it dies, with backoff and at most a few times a minute. A gate works
// without it: Read then answers with an Error of code Unavailable at once and
// the guard types the plate.
//
// Delivery: a request is answered once or fails; nothing is queued beyond the
// one request that the worker has in hand, and callers that wait for their
// turn wait no longer than their context.
package vision

import (
	"errors"

	"gatehouse/parking"
)

// Outcome says how far a reading may be trusted.
type Outcome string

// The outcomes of a reading.
const (
	OutcomeRead   Outcome = "read"   // at or above the measured operating point
	OutcomeUnsure Outcome = "unsure" // a plate is there; the candidates are for the guard to choose from
	OutcomeNone   Outcome = "none"   // no plate: an empty lane, a dark lens, noise
)

// Candidate is one plate that the picture may show.
type Candidate struct {
	Plate      parking.Plate `json:"plate"`
	Confidence float64       `json:"confidence"` // 0..1
}

// Reading is what the worker makes of one picture.
type Reading struct {
	Outcome    Outcome       `json:"outcome"`
	Plate      parking.Plate `json:"plate"`      // canonical; the best candidate when unsure, "" when none
	Display    string        `json:"display"`    // as written on the plate
	Confidence float64       `json:"confidence"` // 0..1, of Plate
	Lines      int           `json:"lines"`      // 1 or 2; 0 when none
	Box        [4]int        `json:"box"`        // x, y, width, height of the plate in pixels of the picture
	Candidates []Candidate   `json:"candidates"` // the likeliest first, Plate among them; empty when none
	Ms         int64         `json:"ms"`         // time taken by the worker, milliseconds
}

// None returns the reading of a picture without a plate.
func None() Reading { return Reading{Outcome: OutcomeNone, Candidates: []Candidate{}} }

// maxCandidates bounds what a worker may offer for one plate.
const maxCandidates = 64

var errReading = errors.New("a reading is outside of its bounds")

// check refuses what no worker of ours answers: an outcome that is none of the
// three, a confidence outside 0..1, more candidates than maxCandidates.
func (r *Reading) check() error {
	switch {
	case r.Outcome != OutcomeRead && r.Outcome != OutcomeUnsure && r.Outcome != OutcomeNone,
		r.Lines < 0, r.Lines > 2, !share(r.Confidence), len(r.Candidates) > maxCandidates,
		r.Outcome == OutcomeNone != (r.Plate == ""):
		return errReading
	}
	for _, c := range r.Candidates {
		if !share(c.Confidence) {
			return errReading
		}
	}
	return nil
}

func share(v float64) bool { return v >= 0 && v <= 1 }
