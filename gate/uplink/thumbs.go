package uplink

import (
	"context"
	"time"

	"gatehouse/parking"
)

// Thumbnails of vehicles inside are fetched as soon as the feed tells of them,
// so that an exit can show them when the line is cut.
const (
	thumbsAtOnce = 50
	thumbRetry   = 2 * time.Second // the first wait for one that is not there yet
	thumbRetries = 5 * time.Minute // the longest
)

// missing is when to ask again for thumbnails that were not there.
type missing map[string]struct {
	next time.Duration // on the monotonic clock
	wait time.Duration
}

// keepThumbs fetches the thumbnails that this gate does not have.
func (u *Uplink) keepThumbs(ctx context.Context) {
	changed, cancel := u.state.Changed()
	defer cancel()
	later := missing{}
	for ctx.Err() == nil {
		u.fetchThumbs(ctx, later)
		pauseOr(ctx, u.timing.PhotoLook, changed)
	}
}

func (u *Uplink) fetchThumbs(ctx context.Context, later missing) {
	now := u.mono()
	wanted := u.state.ThumbsMissing()
	still := missing{}
	asked := 0
	for _, sha := range wanted {
		m, known := later[sha]
		if known {
			still[sha] = m
		}
		// Facts go up before anything comes down.
		if ctx.Err() != nil || asked >= thumbsAtOnce || !u.connected() || u.state.Waiting() > 0 || (known && m.next > now) {
			continue
		}
		asked++
		if u.fetchThumb(ctx, sha) {
			delete(still, sha)
			continue
		}
		m.wait = min(max(2*m.wait, thumbRetry), thumbRetries)
		m.next = now + m.wait
		still[sha] = m
	}
	clear(later)
	for sha, m := range still {
		later[sha] = m
	}
}

// fetchThumb says whether the thumbnail is kept here now.
func (u *Uplink) fetchThumb(ctx context.Context, sha string) bool {
	timed, cancel := context.WithTimeout(ctx, u.timing.Answer)
	defer cancel()
	jpeg, err := u.fetchPhoto(timed, sha)
	if err != nil {
		if parking.ErrorCode(err) != parking.NotFound { // it may still be on its way
			u.log.Debug("a thumbnail could not be fetched", "photo", sha, "err", err)
		}
		return false
	}
	if _, err := u.state.CachePhoto(ctx, jpeg); err != nil {
		u.log.Warn("a thumbnail could not be kept", "err", err)
		return false
	}
	return true
}
