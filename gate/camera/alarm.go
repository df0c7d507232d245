package camera

import (
	"context"
	"crypto/sha256"
	"math"
	"sync"
	"time"

	"gatehouse/parking"
)

// When a picture is frozen or moved.
const (
	frozenAfter = 30 * time.Second // of pictures that are equal to the byte

	placeEvery  = 5 * time.Second  // how often a picture is compared with the lane
	placeAdapts = 0.05             // how fast the lane is learnt anew with each
	placeOdd    = 0.6              // of the cells: this is another lane
	movedAfter  = 2 * time.Minute  // of pictures of another lane
	movedLearnt = 30 * time.Minute // … which is the lane from then on
)

// warnMoved says what can be said of a picture alone.
const warnMoved = "The picture looks unlike this lane: the camera was moved, or something stands before it."

// watched is a camera whose pictures are looked at for two faults that it does
// not tell of itself: a frozen picture, which is refused since it would show the
// plate of a vehicle that has left, and a moved one, which carries an alarm.
type watched struct {
	Source

	mu    sync.Mutex
	sum   [sha256.Size]byte // of the newest picture
	since time.Time         // when a picture with this sum was first seen
	place place
}

func watch(s Source) *watched { return &watched{Source: s} }

// Frame returns the camera's picture, with an alarm where it looks moved. A frozen
// one is refused (Unavailable).
func (w *watched) Frame(ctx context.Context) (Frame, error) {
	frame, err := w.Source.Frame(ctx)
	if err != nil {
		return Frame{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if sum := sha256.Sum256(frame.JPEG); sum != w.sum || w.since.IsZero() {
		w.sum, w.since = sum, frame.At
	} else if frame.At.Sub(w.since) >= frozenAfter {
		return Frame{}, parking.Errorf(parking.Unavailable, "The camera's picture has stood still for %d seconds; it is frozen.", int(frozenAfter.Seconds()))
	}
	if w.place.moved(frame.JPEG, frame.At) {
		frame.Alarm = warnMoved
	}
	return frame, nil
}

// Close closes the camera.
func (w *watched) Close() error { return Close(w.Source) }

// place is how the lane looks where the camera stands. It is learnt from the first
// picture on; a program that starts anew learns anew.
type place struct {
	cells []float64
	at    time.Time // of the last comparison
	odd   time.Time // since when the picture is another lane's; zero while it is not
	alarm bool
}

// moved takes in a picture, of which it looks at one in placeEvery, and says
// whether it has long been another lane's.
func (p *place) moved(picture []byte, at time.Time) bool {
	if !p.at.IsZero() && at.Sub(p.at) < placeEvery {
		return p.alarm
	}
	cells, err := motionCells(picture)
	if err != nil {
		return p.alarm // what is no picture is refused elsewhere
	}
	p.at = at
	if p.cells == nil {
		p.cells = cells
		return false
	}
	differ := 0
	for i := range cells {
		if math.Abs(cells[i]-p.cells[i]) > cellDiffers {
			differ++
		}
	}
	switch {
	case float64(differ) < placeOdd*float64(len(cells)):
		p.odd, p.alarm = time.Time{}, false
		for i := range cells {
			p.cells[i] += placeAdapts * (cells[i] - p.cells[i])
		}
	case p.odd.IsZero():
		p.odd = at
	case at.Sub(p.odd) >= movedLearnt:
		p.cells, p.odd, p.alarm = cells, time.Time{}, false
	case at.Sub(p.odd) >= movedAfter:
		p.alarm = true
	}
	return p.alarm
}
