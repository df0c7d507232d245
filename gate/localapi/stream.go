package localapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"gatehouse/parking"
)

// Bounds of live pictures.
const (
	maxViewers    = 8                      // at one time, of all lanes
	pictureEvery  = 200 * time.Millisecond // of one camera, however many look
	pictureRetry  = time.Second            // after a camera gave none
	viewerTimeout = 5 * time.Second        // who has not taken a picture by then is gone
)

// boundary stands between the pictures of a stream.
const boundary = "picture"

// stream sends the pictures of a lane's camera as they are taken, as browsers
// show them (MJPEG), until the caller goes. Somebody slow gets the newest one
// next, never an old one. Pictures are taken only while somebody looks.
func (a *api) stream(w http.ResponseWriter, r *http.Request) {
	code, role := laneOf(r), roleOf(r)
	f, err := a.live.enter(eye{code, role}, func(ctx context.Context) ([]byte, error) {
		return a.desk.Picture(ctx, code, role)
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	defer a.live.leave(f)
	picture, number, err := f.next(r.Context(), 0)
	if r.Context().Err() != nil {
		return // it has gone before there was one
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	for err == nil {
		_ = control.SetWriteDeadline(time.Now().Add(viewerTimeout)) // without it, as long as TCP waits
		if writePart(w, picture) != nil || control.Flush() != nil {
			return
		}
		picture, number, err = f.next(r.Context(), number)
	}
}

func writePart(w io.Writer, picture []byte) error {
	var part bytes.Buffer
	fmt.Fprintf(&part, "--%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", boundary, http.DetectContentType(picture), len(picture))
	part.Write(picture)
	part.WriteString("\r\n")
	_, err := part.WriteTo(w)
	return err
}

// eye names a camera: a lane and a role there, "" for the one that screens show.
type eye struct {
	lane string
	role parking.CameraRole
}

// live is who looks at which cameras.
type live struct {
	mu      sync.Mutex
	feeds   map[eye]*feed
	viewers int
}

// feed is one camera that somebody looks at.
type feed struct {
	key     eye
	viewers int // guarded by live.mu
	stop    context.CancelFunc

	mu      sync.Mutex
	picture []byte
	number  int64         // of picture
	err     error         // why there is no picture at all, until one comes
	changed chan struct{} // closed, and made anew, when one has come
}

// enter adds a viewer to the feed of key, which take makes the pictures of.
// Unavailable: too many look already.
func (l *live) enter(key eye, take func(context.Context) ([]byte, error)) (*feed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.viewers >= maxViewers {
		return nil, parking.Errorf(parking.Unavailable, "There are %d viewers of live pictures already, as many as this gate serves.", maxViewers)
	}
	l.viewers++
	f := l.feeds[key]
	if f == nil {
		var ctx context.Context
		f = &feed{key: key, changed: make(chan struct{})}
		ctx, f.stop = context.WithCancel(context.Background()) // ends with the last viewer
		l.feeds[key] = f
		go f.run(ctx, take)
	}
	f.viewers++
	return f, nil
}

// leave takes a viewer away; with the last one the camera rests.
func (l *live) leave(f *feed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.viewers--
	f.viewers--
	if f.viewers == 0 {
		f.stop()
		delete(l.feeds, f.key)
	}
}

// run takes pictures until ctx ends.
func (f *feed) run(ctx context.Context, take func(context.Context) ([]byte, error)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		picture, err := take(ctx)
		if ctx.Err() != nil {
			return
		}
		f.tell(picture, err)
		if err != nil {
			timer.Reset(pictureRetry)
		} else {
			timer.Reset(pictureEvery)
		}
	}
}

// tell puts a picture in the place of the last. A camera that fails keeps that
// one shown; who waits for the first is told why there is none.
func (f *feed) tell(picture []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if f.err = err; f.number > 0 {
			return
		}
	} else {
		f.picture, f.err = picture, nil
		f.number++
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// next waits for a picture after number, and returns the newest.
func (f *feed) next(ctx context.Context, number int64) ([]byte, int64, error) {
	for {
		f.mu.Lock()
		picture, at, err, changed := f.picture, f.number, f.err, f.changed
		f.mu.Unlock()
		switch {
		case at > number:
			return picture, at, nil
		case at == 0 && err != nil:
			return nil, 0, err
		}
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-changed:
		}
	}
}
