package localapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"gatehouse/parking"
)

// Bounds of previews (docs/VISION.md).
const (
	maxPreviews     = 8                      // viewers at one time
	previewInterval = 200 * time.Millisecond // between two pictures
	previewWrite    = 5 * time.Second        // for a viewer to take a picture
)

// previews shows cameras to who looks. All viewers of a lane share one look at its
// camera; without a viewer nothing runs and no picture is taken.
type previews struct {
	picture func(ctx context.Context, lane string) ([]byte, error)

	mu      sync.Mutex
	shows   map[string]*show
	viewers int
}

// show is one lane that is looked at.
type show struct {
	stop    context.CancelFunc
	viewers map[chan []byte]bool // each holds the newest picture that was not taken yet
}

// join adds a viewer; leave must be called. The error is Unavailable when there
// are too many. Pictures that a viewer has not taken when the next one comes are
// dropped.
func (p *previews) join(lane string) (pictures <-chan []byte, leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.viewers >= maxPreviews {
		return nil, nil, parking.Errorf(parking.Unavailable, "There are too many viewers already.")
	}
	s := p.shows[lane]
	if s == nil {
		ctx, stop := context.WithCancel(context.Background())
		s = &show{stop: stop, viewers: map[chan []byte]bool{}}
		if p.shows == nil {
			p.shows = map[string]*show{}
		}
		p.shows[lane] = s
		go p.run(ctx, lane, s)
	}
	viewer := make(chan []byte, 1)
	s.viewers[viewer] = true
	p.viewers++
	return viewer, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(s.viewers, viewer)
		p.viewers--
		if len(s.viewers) == 0 {
			s.stop()
			delete(p.shows, lane)
		}
	}, nil
}

// run takes pictures until the last viewer has left.
func (p *previews) run(ctx context.Context, lane string, s *show) {
	tick := time.NewTicker(previewInterval)
	defer tick.Stop()
	for {
		picture, err := p.picture(ctx, lane)
		if err == nil {
			p.mu.Lock()
			for viewer := range s.viewers {
				select {
				case <-viewer: // not taken: it is old now
				default:
				}
				viewer <- picture
			}
			p.mu.Unlock()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// preview streams a lane's camera as MJPEG until the viewer goes. A camera that is
// away stops the pictures; they go on when it is back.
func (a *api) preview(w http.ResponseWriter, r *http.Request) {
	lane := laneOf(r)
	first, err := a.desk.Picture(r.Context(), lane) // a lane without a camera is refused with its reason
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	pictures, leave, err := a.previews.join(lane)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	defer leave()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=picture")
	for picture := first; ; {
		if err := control.SetWriteDeadline(time.Now().Add(previewWrite)); err != nil {
			a.log.Debug("a preview has no deadline", "error", err)
			return
		}
		_, err := fmt.Fprintf(w, "--picture\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n", http.DetectContentType(picture), len(picture), picture) //nolint:gosec // a checked picture, sent as one and with nosniff
		if err == nil {
			err = control.Flush()
		}
		if err != nil {
			return // the viewer has gone, or does not keep up
		}
		select {
		case picture = <-pictures:
		case <-r.Context().Done():
			return
		}
	}
}
