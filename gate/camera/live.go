package camera

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"gatehouse/parking"
)

// link is one connection to a camera, while it holds.
type link interface {
	// picture returns the newest picture. An error that is not the context's
	// means that the link is of no use any more.
	picture(ctx context.Context) ([]byte, error)
	close()
}

// Times of a live camera (docs/VISION.md).
type liveTimes struct {
	dial    time.Duration // to connect and have the first answer
	silence time.Duration // without a picture, after which a link is given up
	unused  time.Duration // since the last question, after which a link is closed
	retry   time.Duration // before the next connection, doubled with each in vain …
	slowest time.Duration // … up to this
}

var usualTimes = liveTimes{
	dial: 10 * time.Second, silence: 10 * time.Second, unused: 10 * time.Second,
	retry: 500 * time.Millisecond, slowest: 15 * time.Second,
}

// live is a camera that has to be connected to: when a picture is wanted, and for
// as long as pictures are wanted. While it is away Frame says at once why.
type live struct {
	name  string // redacted spec, for the log
	dial  func(ctx context.Context) (link, error)
	times liveTimes
	now   func() time.Time
	log   *slog.Logger

	ctx  context.Context // of everything that runs for this camera
	stop context.CancelFunc
	work sync.WaitGroup

	mu      sync.Mutex
	link    link
	dialing chan struct{} // closed when the connecting under way has ended; nil without one
	heard   time.Time     // last picture over link, or its beginning
	unused  *time.Timer   // closes the link; set while there is one
	why     error         // what ended the last link or connecting; nil once a picture came
	vain    int           // connections in vain since the last picture
	retryAt time.Time
}

func newLive(name string, dial func(ctx context.Context) (link, error), with Options) *live {
	l := &live{name: name, dial: dial, times: usualTimes, now: with.Now, log: with.Log}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// Frame returns what the camera sees now. The error is Unavailable with the
// reason, or the context's when it was cancelled.
func (l *live) Frame(ctx context.Context) (Frame, error) {
	k, err := l.linked(ctx)
	if err != nil {
		return Frame{}, err
	}
	picture, err := k.picture(ctx)
	switch {
	case err == nil:
		l.mu.Lock()
		defer l.mu.Unlock()
		at := l.now()
		if l.link == k {
			if l.vain > 0 {
				l.log.Info("a camera is back", "camera", l.name)
			}
			l.heard, l.why, l.vain = at, nil, 0
		}
		return Frame{JPEG: picture, At: at}, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return Frame{}, fmt.Errorf("take a picture: %w", ctx.Err())
	case ctx.Err() != nil && !l.silent(k):
		return Frame{}, parking.Errorf(parking.Unavailable, "The camera does not send a picture in time.")
	case ctx.Err() != nil:
		err = parking.Errorf(parking.Unavailable, "The camera is connected and sends no pictures.")
	}
	l.drop(k, err)
	return Frame{}, reason(err)
}

// linked returns the link, after connecting where there is none.
func (l *live) linked(ctx context.Context) (link, error) {
	for {
		l.mu.Lock()
		if l.link != nil {
			defer l.mu.Unlock()
			l.unused.Reset(l.times.unused)
			return l.link, nil
		}
		if l.ctx.Err() != nil {
			defer l.mu.Unlock()
			return nil, parking.Errorf(parking.Unavailable, "The camera was closed.")
		}
		if l.dialing == nil {
			if l.why != nil && l.now().Before(l.retryAt) {
				defer l.mu.Unlock()
				return nil, reason(l.why)
			}
			l.dialing = make(chan struct{})
			l.work.Go(l.connect)
		}
		ended, why := l.dialing, l.why
		l.mu.Unlock()
		select {
		case <-ended:
			l.mu.Lock()
			why, linked := l.why, l.link != nil
			l.mu.Unlock()
			if !linked && why != nil {
				return nil, reason(why)
			}
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, fmt.Errorf("connect to a camera: %w", ctx.Err())
			}
			if why != nil {
				return nil, reason(why)
			}
			return nil, parking.Errorf(parking.Unavailable, "The camera is being connected and has not answered yet.")
		}
	}
}

// connect makes a link, whoever waits for it.
func (l *live) connect() {
	ctx, cancel := context.WithTimeout(l.ctx, l.times.dial)
	defer cancel()
	k, err := l.dial(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.dialing)
	l.dialing = nil
	if err == nil && l.ctx.Err() != nil {
		k.close()
		return
	}
	if err != nil {
		l.failed(err)
		return
	}
	l.link, l.heard = k, l.now()
	l.unused = time.AfterFunc(l.times.unused, func() { l.release(k) })
}

// failed notes why the camera is away and when it is tried again. mu is held.
func (l *live) failed(err error) {
	pause := min(l.times.retry<<min(l.vain, 10), l.times.slowest)
	pause += rand.N(pause/2 + 1)
	if l.vain == 0 && l.ctx.Err() == nil {
		l.log.Warn("a camera is away", "camera", l.name, "why", parking.ErrorMessage(reason(err)), "error", Redacted(err.Error()))
	}
	l.vain++
	l.why, l.retryAt = err, l.now().Add(pause)
}

// silent says whether nothing has come over the link for too long.
func (l *live) silent(k link) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.link == k && l.now().Sub(l.heard) >= l.times.silence
}

// drop ends a link that failed.
func (l *live) drop(k link, err error) {
	l.mu.Lock()
	mine := l.link == k
	if mine {
		l.unused.Stop()
		l.link = nil
		l.failed(err)
	}
	l.mu.Unlock()
	if mine {
		k.close()
	}
}

// release closes a link that nobody wants pictures of.
func (l *live) release(k link) {
	l.mu.Lock()
	mine := l.link == k
	if mine {
		l.unused.Stop()
		l.link = nil
	}
	l.mu.Unlock()
	if mine {
		k.close()
	}
}

// Close ends the connection; Frame fails from then on.
func (l *live) Close() error {
	l.stop()
	l.work.Wait()
	l.mu.Lock()
	k := l.link
	l.mu.Unlock()
	if k != nil {
		l.release(k)
	}
	return nil
}
